"""All measurements one after the other, written to docs/benchmarks.md.

python -m benchmarks [--feed FILE [--judgements FILE]]     or: make bench
python -m benchmarks --short                               prints only, for CI: no comparison, a few minutes
"""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks import acknowledge, footprint, growth, machine, turns
from benchmarks.tables import Aim, Report, aims_table

DOCUMENT = machine.ROOT / "docs" / "benchmarks.md"
INTRODUCTION = """\
# Benchmarks

What the product costs and how quick it is, measured through the whole path and beside a default Rasa server on
the same machine. Made by the command below; nothing here is written by hand. Absolute times depend on the machine
and on what else it does: compare ratios, and measure on yours.
"""


def run(*, is_short: bool, feed: Path | None, judgements: Path | None) -> tuple[str, list[Aim]]:
    """Measure everything; the sections as Markdown and all aims."""
    programs: tuple[tuple[str, Callable[[], Report]], ...] = (
        ("Turns", lambda: turns.measure(is_short=is_short)),
        ("Growth", lambda: growth.measure(is_short=is_short)),
        ("Acknowledgement", lambda: acknowledge.measure(is_short=is_short)),
        ("Footprint", lambda: footprint.measure(is_short=is_short, feed=feed, judgements=judgements)),
    )
    parts = [machine.describe().markdown()]
    aims: list[Aim] = []
    for title, program in programs:
        started = time.monotonic()
        report = program()
        print(f"{title}: {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
        aims += report.aims
        tables = "\n".join(table.markdown() for table in report.tables)
        parts.append(f"## {title}\n\n{tables}")
    return "\n".join(parts), aims


def command(feed: Path | None, judgements: Path | None) -> str:
    """The command that makes the document, with files by name only."""
    words = ["python -m benchmarks"]
    words += [f"--feed {feed.name}"] if feed else []
    words += [f"--judgements {judgements.name}"] if judgements else []
    return " ".join(words)


def main() -> None:
    """Measure, print, and write the document unless `--short`."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--short", action="store_true", help="print only: fewer rounds, no comparison")
    parser.add_argument("--feed", help="a product feed to import and search (else AISLE_BENCH_FEED)")
    parser.add_argument("--judgements", help="judged queries of that feed (else AISLE_BENCH_JUDGEMENTS)")
    chosen = parser.parse_args()
    feed = footprint.file_from(chosen.feed, "AISLE_BENCH_FEED")
    judgements = footprint.file_from(chosen.judgements, "AISLE_BENCH_JUDGEMENTS")
    sections, aims = run(is_short=chosen.short, feed=feed, judgements=judgements)
    verdicts = aims_table(aims).markdown()
    text = f"{INTRODUCTION}\n```bash\n{command(feed, judgements)}\n```\n\n{verdicts}\n{sections}"
    print(text)
    if not chosen.short:
        DOCUMENT.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
