"""Memory at rest and under load, start-up, training, import of a large feed, and search.

python -m benchmarks.footprint [--short] [--feed FILE [--judgements FILE]]
"""

import argparse
import asyncio
import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks import machine, search, talk
from benchmarks.default_rasa import DefaultRasa, project
from benchmarks.product import Product
from benchmarks.shoppers import RestShopper, Side, WebShopper
from benchmarks.systems import Systems, started
from benchmarks.tables import Aim, Report, Table, megabytes
from benchmarks.talk import Line

REST_SECONDS = 10.0
AT_ONCE = 16


def measure(systems: Systems, *, is_short: bool = False) -> Report:
    """Start-up and memory of what has just been started (the product twice)."""
    report = Report()
    if systems.first is not None:
        _start_up(report, systems.first, systems.product)
    _memory(report, systems.product, systems.default, rounds=2 if is_short else 3)
    return report


def prepare(*, is_short: bool = False, feed: Path | None = None, judgements: Path | None = None) -> Report:
    """Training, import and search: what needs nothing running."""
    report = Report()
    if not is_short:
        _training(report)
    if feed is not None:
        _import(report, feed)
        _search(report, feed, judgements)
    return report


def _training(report: Report) -> None:
    with tempfile.TemporaryDirectory(prefix="aisle-bench-") as home:
        done = json.loads(Product(Path(home)).aisle("train", "--force", "--json").splitlines()[-1])
    seconds = float(done["seconds"])
    rows = (("Aisle", f"{seconds:.0f}"), ("default Rasa (sample data of `rasa init`)", f"{project()[1]:.0f}"))
    note = "Wall-clock seconds of training from nothing, start of Rasa included."
    report.tables.append(Table("Training", ("model", "seconds"), rows, note))
    report.aims.append(Aim("training from nothing", seconds, 60, "s"))


def _start_up(report: Report, first: Product, second: Product) -> None:
    rows = tuple(
        (name, f"{start.serving:.1f}", f"{start.answering:.1f}")
        for name, start in (
            ("first, with the demo shop and its past", first),
            ("second, of the same install", second),
        )
    )
    note = "From `aisle up` until pages are served, and until all parts answer; the model was trained before."
    report.tables.append(Table("Start-up", ("start", "pages s", "bot s"), rows, note))
    report.aims.append(Aim("second start, pages served", second.serving, 3, "s"))
    report.aims.append(Aim("second start, bot answers", second.answering, 25, "s"))


def _sum(processes: dict[str, list[int]]) -> dict[str, tuple[int, int]]:
    return {
        part: (
            sum(machine.memory(pid)[0] for pid in pids),
            sum(machine.memory(pid)[1] for pid in pids),
        )
        for part, pids in processes.items()
        if pids
    }


def _memory(report: Report, product: Product, default: DefaultRasa | None, *, rounds: int) -> None:
    proofs = talk.proofs(product)
    systems: list[tuple[str, Product | DefaultRasa, Side, Callable[[], tuple[Line, ...]]]] = [
        (
            "Aisle",
            product,
            Side("Aisle", product, WebShopper),
            lambda: talk.conversation(*next(proofs)),
        ),
    ]
    if default is not None:
        side = Side("default Rasa", default, RestShopper)
        systems.append(("default Rasa", default, side, talk.default_conversation))
    time.sleep(REST_SECONDS)
    rows = []
    for name, system, side, says in systems:
        rest = _sum(system.processes())
        busy = asyncio.run(_under_load(system, side, says, rounds))
        for part in rest:
            rows.append((name, part, *(megabytes(size) for size in (*rest[part], *busy[part]))))
        total = [
            sum(sizes[column] for sizes in found.values()) for found in (rest, busy) for column in (0, 1)
        ]
        rows.append((name, "**sum**", *(megabytes(size) for size in total)))
    head = ("system", "part", "RSS at rest MB", "PSS at rest MB", "RSS under load MB", "PSS under load MB")
    note = (
        f"At rest: {REST_SECONDS:.0f} s after the start. Under load: the most seen while {AT_ONCE} conversations "
        f"at once ran {rounds * AT_ONCE * 12:,} turns. PSS counts shared pages once."
    )
    report.tables.append(Table("Memory", head, tuple(rows), note))


async def _under_load(
    system: Product | DefaultRasa, side: Side, says: Callable[[], tuple[Line, ...]], rounds: int
) -> dict[str, tuple[int, int]]:
    most: dict[str, tuple[int, int]] = {}

    async def watch() -> None:
        while True:
            for part, (rss, pss) in (await asyncio.to_thread(_sum, system.processes())).items():
                before = most.get(part, (0, 0))
                most[part] = (max(before[0], rss), max(before[1], pss))
            await asyncio.sleep(0.5)

    watching = asyncio.create_task(watch())
    try:
        for _ in range(rounds):
            await side.round([says() for _ in range(AT_ONCE)])
        await asyncio.sleep(0.6)
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
    return most


def _import(report: Report, feed: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="aisle-bench-") as folder:
        product = Product(Path(folder))
        product.aisle("migrate")
        started = time.monotonic()
        product.aisle("catalog", "import", str(feed), "--json")
        seconds = time.monotonic() - started
        (products,) = product.rows("SELECT count(*) FROM products")[0]
        rows = ((feed.name, f"{products:,}", f"{seconds:.1f}", f"{products / seconds:,.0f}"),)
    head = ("feed", "products", "seconds", "products/s")
    note = (
        "`aisle catalog import` as a whole, into an empty shop: reading, keeping, building the search index."
    )
    report.tables.append(Table("Import", head, rows, note))
    report.aims.append(Aim(f"import of {products:,} products", seconds, 60, "s"))


def _search(report: Report, feed: Path, judgements: Path | None) -> None:
    judged = search.judgements(judgements) if judgements else _titles(feed)
    with tempfile.TemporaryDirectory(prefix="aisle-bench-") as folder:
        home = Path(folder)
        found = search.measure(feed, judged, f"sqlite:///{home / 'aisle.db'}", home)
    p50, p95 = found["search with cards p50 (ms)"], found["search with cards p95 (ms)"]
    rows = (
        (f"{found['products imported']:,.0f}", f"{found['searches timed']:,.0f}", f"{p50:.1f}", f"{p95:.1f}"),
    )
    said = (
        "clean, in a sentence, and with a typo; of judged real queries"
        if judgements
        else "of words from titles"
    )
    note = f"Searches with their ten cards, {said}, in one process with a warm index."
    report.tables.append(Table("Search", ("products", "searches", "p50 ms", "p95 ms"), rows, note))
    report.aims.append(Aim("search p95", p95, 10, "ms"))


def _titles(feed: Path) -> dict[str, dict[str, float]]:
    """Queries of three words from every 150th product's title, when there are no judged ones."""
    with tempfile.TemporaryDirectory(prefix="aisle-bench-") as folder:
        product = Product(Path(folder))
        product.aisle("migrate")
        product.aisle("catalog", "import", str(feed), "--json")
        found = product.rows("SELECT title, product_id FROM products WHERE id % 150 = 0")
    return {" ".join(title.split()[:3]): {str(number): 3.0} for title, number in found}


def file_from(argument: str | None, variable: str) -> Path | None:
    """The file named by an argument, else by an environment variable."""
    name = argument or os.environ.get(variable)
    return Path(name).resolve() if name else None


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--short", action="store_true", help="no training, no comparison, less load")
    parser.add_argument("--feed", help="a product feed to import (else AISLE_BENCH_FEED)")
    parser.add_argument("--judgements", help="judged queries of that feed (else AISLE_BENCH_JUDGEMENTS)")
    chosen = parser.parse_args()
    feed = file_from(chosen.feed, "AISLE_BENCH_FEED")
    judgements = file_from(chosen.judgements, "AISLE_BENCH_JUDGEMENTS")
    with started(compares=not chosen.short, twice=True) as systems:
        print(measure(systems, is_short=chosen.short).markdown())
    print(prepare(is_short=chosen.short, feed=feed, judgements=judgements).markdown())


if __name__ == "__main__":
    main()
