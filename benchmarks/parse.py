"""How long understanding a message takes, part by part, on messages the model has never seen.

python -m benchmarks.parse

The newest model in one process with one thread, as the brain loads it: once with Rasa's own runner (`rasa run`), once
with the product's. One message in five is four held-out messages put together, so that long ones count.
"""

import argparse
import sys

from benchmarks import machine
from benchmarks.inside import told
from benchmarks.tables import Aim, Report, Table, median, milliseconds, percentile
from bot.brain import train

TITLE = "Understanding a message"
HEAD = ("language", "messages", "runner", "p50 ms", "p95 ms", "processor p50 ms", "processor p95 ms")
RUNNERS = {"plain": "Rasa's", "quick": "ours"}


def measure(*, languages: tuple[str, ...] = ()) -> Report:
    """Wall-clock and processor time of a parse, and of each part; in all languages unless some are named."""
    model = train.newest(machine.ROOT)
    if model is None:
        raise SystemExit("There is no model: run `aisle train`.")
    named = ("--languages", *languages) if languages else ()
    found = told("benchmarks.parse_inside", str(model), *named)
    rows = []
    for code in found["quick"]:
        for name, runner in RUNNERS.items():
            wall = [seconds for seconds, _ in found[name][code]]
            used = [seconds for _, seconds in found[name][code]]
            rows.append((code, str(len(wall)), runner, *_p50_p95(wall), *_p50_p95(used)))
    report = Report()
    report.tables.append(Table("Parsing", HEAD, tuple(rows), "One thread; embeddings are not remembered."))
    parts = tuple((name, *_p50_p95(seconds)) for name, seconds in found["parts"].items())
    report.tables.append(
        Table("Parsing, part by part", ("part", "processor p50 ms", "processor p95 ms"), parts)
    )
    for share, bound in ((0.5, 8.0), (0.95, 15.0)):
        slowest = max(percentile([s for s, _ in times], share) for times in found["quick"].values())
        report.aims.append(
            Aim(f"p{share * 100:.0f} of a parse, slowest language", slowest * 1000, bound, "ms")
        )
    return report


def _p50_p95(seconds: list[float]) -> tuple[str, str]:
    return milliseconds(median(seconds)), milliseconds(percentile(seconds, 0.95))


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.parse", description=__doc__)
    parser.add_argument("--languages", nargs="*", default=())
    print(measure(languages=tuple(parser.parse_args().languages)).markdown())
    return 0


if __name__ == "__main__":
    sys.exit(main())
