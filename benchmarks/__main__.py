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
from benchmarks.systems import started
from benchmarks.tables import Aim, Report, aims_table

DOCUMENT = machine.ROOT / "docs" / "benchmarks.md"
INTRODUCTION = """\
# Benchmarks

What the product costs and how quick it is, measured through the whole path and beside a default Rasa server on
the same machine. Made by the command below. Absolute times depend on the machine
and on what else it does: compare ratios, and measure on yours.
"""


def run(*, is_short: bool, feed: Path | None, judgements: Path | None) -> tuple[str, list[Aim]]:
    """Measure everything; the sections as Markdown and all aims."""
    parts = [machine.describe().markdown()]
    aims: list[Aim] = []

    def keep(title: str, program: Callable[[], Report]) -> None:
        began = time.monotonic()
        report = program()
        print(f"{title}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
        aims.extend(report.aims)
        tables = "\n".join(table.markdown() for table in report.tables)
        parts.append(f"## {title}\n\n{tables}" if tables else "")
        print(parts[-1], file=sys.stderr, flush=True)  # a later program may fail

    with started(is_short=is_short, twice=True) as systems:
        keep("Start-up and memory", lambda: footprint.measure(systems, is_short=is_short))
        keep("Turns", lambda: turns.measure(systems, is_short=is_short))
        keep("Acknowledgement", lambda: acknowledge.measure(systems, is_short=is_short))
        keep("Growth", lambda: growth.measure(systems, is_short=is_short))
    keep(
        "Training, import, search",
        lambda: footprint.prepare(is_short=is_short, feed=feed, judgements=judgements),
    )
    return "\n".join(part for part in parts if part), aims


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
