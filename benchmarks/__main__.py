"""All measurements one after the other, written to docs/benchmarks.md.

python -m benchmarks [--feed FILE [--judgements FILE]]     or: make bench
python -m benchmarks --short [--alone] [--out FILE]        for CI: fewer rounds, a few minutes; into FILE, if any

Compared with a default Rasa server, in short runs only when that has been trained before; `--alone` leaves it out.
Ends with code 1 when something is wrong that is no matter of speed: a turn without an answer, a message refused, lost
or doubled (see `benchmarks.faults`), a turn that grows with what was said before.
"""

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from benchmarks import acknowledge, faults, footprint, growth, ingest, machine, parse, turns
from benchmarks.default_rasa import is_trained
from benchmarks.document import DOCUMENT, section
from benchmarks.systems import started
from benchmarks.tables import Aim, Report, aims_table

INTRODUCTION = """\
# Benchmarks

What the product costs and how quick it is, measured through the whole path and beside a default Rasa server on
the same machine. Made by the command below. Absolute times depend on the machine
and on what else it does: compare ratios, and measure on yours.
"""


def run(
    *, is_short: bool, compares: bool, feed: Path | None, judgements: Path | None
) -> tuple[str, list[Aim], list[str]]:
    """Measure everything; the sections as Markdown, all aims and all faults."""
    parts = [machine.describe().markdown()]
    aims: list[Aim] = []
    wrong: list[str] = []

    def keep(title: str, program: Callable[[], Report]) -> None:
        began = time.monotonic()
        report = program()
        print(f"{title}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
        aims.extend(report.aims)
        wrong.extend(report.all_faults)
        parts.append(section(title, report) if report.tables else "")
        print(parts[-1], file=sys.stderr, flush=True)  # a later program may fail

    with started(compares=compares, twice=True) as systems:
        ours = replace(systems, default=None) if is_short else systems  # a short run compares turns only
        keep("Start-up and memory", lambda: footprint.measure(ours, is_short=is_short))
        keep("Turns", lambda: turns.measure(systems, is_short=is_short))
        keep("Acknowledgement", lambda: acknowledge.measure(systems, is_short=is_short))
        keep("Growth", lambda: growth.measure(ours, is_short=is_short))
    keep(
        "Training, import, search",
        lambda: footprint.prepare(is_short=is_short, feed=feed, judgements=judgements),
    )
    keep(parse.TITLE, lambda: parse.measure(languages=("en", "sw") if is_short else ()))
    keep(ingest.TITLE, lambda: ingest.measure(is_short=is_short))
    keep(faults.TITLE, lambda: faults.measure(is_short=is_short, seed=int(time.time()) % 10_000))
    return "\n".join(part for part in parts if part), aims, wrong


def command(feed: Path | None, judgements: Path | None) -> str:
    """The command that makes the document, with files by name only."""
    words = ["python -m benchmarks"]
    words += [f"--feed {feed.name}"] if feed else []
    words += [f"--judgements {judgements.name}"] if judgements else []
    return " ".join(words)


def main() -> int:
    """Measure, print and keep; 1 when there are faults."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--short", action="store_true", help="fewer rounds; docs/benchmarks.md is left alone")
    parser.add_argument("--alone", action="store_true", help="leave the default Rasa server out")
    parser.add_argument("--out", type=Path, help="write to this file instead of docs/benchmarks.md")
    parser.add_argument("--feed", help="a product feed to import and search (else AISLE_BENCH_FEED)")
    parser.add_argument("--judgements", help="judged queries of that feed (else AISLE_BENCH_JUDGEMENTS)")
    chosen = parser.parse_args()
    feed = footprint.file_from(chosen.feed, "AISLE_BENCH_FEED")
    judgements = footprint.file_from(chosen.judgements, "AISLE_BENCH_JUDGEMENTS")
    compares = not chosen.alone and (not chosen.short or is_trained())
    sections, aims, wrong = run(is_short=chosen.short, compares=compares, feed=feed, judgements=judgements)
    verdicts = aims_table(aims).markdown()
    text = f"{INTRODUCTION}\n```bash\n{command(feed, judgements)}\n```\n\n{verdicts}\n{sections}"
    print(text)
    out = chosen.out or (None if chosen.short else DOCUMENT)
    if out is not None:
        out.write_text(text, encoding="utf-8")
    for fault in wrong:
        print(f"FAULT: {fault}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
