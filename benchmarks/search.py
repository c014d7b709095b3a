"""Measures import and search: time, size, and how good the answers are, clean and with a typo in each query.

    python benchmarks/search.py FEED [JUDGEMENTS] [--database URL] [--json]

FEED is a product feed. JUDGEMENTS is a CSV with the columns query, product_id, rating (0 to 3); the ranking is
scored by nDCG@10 (Järvelin & Kekäläinen 2002, gain 2^rating - 1, products without a judgement count 0) over
queries that have a relevant product. Typos are one slip (letter lost, added, changed or two swapped) in one word of
at least four letters, the same in every run. Without --database a SQLite file in a temporary folder is used.
"""

import argparse
import csv
import json
import math
import random
import resource
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

from bot.core.profile import Profile
from bot.shop import import_catalogue, publishing
from bot.shop import index as indexing
from bot.shop.contract import Query
from bot.shop.local import LocalShop
from bot.store import migrate
from bot.store.database import Database

SEEDS = range(5)
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def slip(query: str, chance: random.Random) -> str:
    """`query` with one slip in one of its longer words."""
    words = query.split()
    places = [place for place, word in enumerate(words) if len(word) >= 4]
    if not places:
        return query
    place = chance.choice(places)
    word, at = words[place], chance.randrange(len(words[place]) - 1)
    letter = chance.choice(LETTERS)
    words[place] = chance.choice(
        (
            word[:at] + word[at + 1 :],
            word[:at] + letter + word[at:],
            word[:at] + letter + word[at + 1 :],
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
        )
    )
    return " ".join(words)


def gain(ratings: Sequence[float]) -> float:
    """Discounted gain of ratings in the order shown."""
    return sum((2**rating - 1) / math.log2(place + 2) for place, rating in enumerate(ratings))


def judgements(path: Path) -> dict[str, dict[str, float]]:
    """query -> product id -> rating, without queries that have no relevant product."""
    judged: dict[str, dict[str, float]] = defaultdict(dict)
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            judged[row["query"]][row["product_id"]] = float(row["rating"])
    return {query: ratings for query, ratings in judged.items() if max(ratings.values()) > 0}


def score(
    shop: LocalShop, judged: dict[str, dict[str, float]], say: Callable[[str], str]
) -> tuple[float, list[float]]:
    """Mean nDCG@10 and the milliseconds of each search, cards included."""
    scores, times = [], []
    for query, ratings in judged.items():
        text = say(query)
        began = time.perf_counter()
        found = shop.search(Query(text, limit=10))
        times.append((time.perf_counter() - began) * 1000)
        best = gain(sorted(ratings.values(), reverse=True)[:10])
        scores.append(gain([ratings.get(card.product_id, 0.0) for card in found.items]) / best)
    return statistics.fmean(scores), times


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of `values` lie."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def measure(feed: Path, judged: dict[str, dict[str, float]], url: str, home: Path) -> dict[str, float]:
    """All numbers of one run, by what they mean."""
    migrate.upgrade(url)
    database = Database(url)
    numbers: dict[str, float] = {}
    report = import_catalogue(database, feed, home=home, replace=True)
    numbers["products imported"] = report.products
    numbers["problems reported"] = len(report.problems)
    numbers["import, index included (s)"] = report.seconds
    began = time.perf_counter()
    index = publishing.build(database, version=report.version)
    numbers["index build alone (s)"] = time.perf_counter() - began
    file = publishing.index_file(home, report.version)
    numbers["index on disk (MB)"] = file.stat().st_size / 1e6
    began = time.perf_counter()
    indexing.load(file, version=report.version)
    numbers["index load by another process (s)"] = time.perf_counter() - began
    numbers["words in the index"] = len(index.words)
    shop = LocalShop(database, home, Profile(name="Benchmark"))
    shop.search(Query("warm up"))
    if judged:
        times: list[float] = []
        clean, took = score(shop, judged, lambda query: query)
        times += took
        asked, took = score(shop, judged, lambda query: f"Hi, do you have any {query}?")
        times += took
        slipped = []
        for seed in SEEDS:
            value, took = score(
                shop, judged, lambda query, seed=seed: slip(query, random.Random(f"{seed}{query}"))
            )
            slipped.append(value)
            times += took
        numbers["queries judged"] = len(judged)
        numbers["nDCG@10 clean"] = clean
        numbers["nDCG@10 in a sentence"] = asked
        numbers[f"nDCG@10 one typo (mean of {len(slipped)})"] = statistics.fmean(slipped)
        numbers["nDCG@10 one typo (worst seed)"] = min(slipped)
        numbers["searches timed"] = len(times)
        numbers["search with cards p50 (ms)"] = percentile(times, 0.5)
        numbers["search with cards p95 (ms)"] = percentile(times, 0.95)
        numbers["search with cards worst (ms)"] = max(times)
    numbers["memory of the process at most (MB)"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    database.close()
    return numbers


def main() -> None:
    """Read the arguments, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("feed", type=Path)
    parser.add_argument("judgements", type=Path, nargs="?")
    parser.add_argument(
        "--database", default="", help="SQLAlchemy address; its catalogue is replaced by the feed"
    )
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    judged = judgements(options.judgements) if options.judgements else {}
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        url = options.database or f"sqlite:///{home / 'aisle.db'}"
        numbers = measure(options.feed, judged, url, home)
    if options.json:
        print(json.dumps(numbers, indent=1))
        return
    width = max(map(len, numbers))
    print(f"| {'measure':{width}} | {'value':>10} |\n| {'-' * width} | {'-' * 9}: |")
    for name, value in numbers.items():
        shown = f"{value:,}" if isinstance(value, int) else f"{value:.3f}"
        print(f"| {name:{width}} | {shown:>10} |")


if __name__ == "__main__":
    main()
