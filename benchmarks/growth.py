"""Whether a turn stays as quick when a conversation grows long, and when the database grows large.

python -m benchmarks.growth [--short] [--conversations 100000]
"""

import argparse
import asyncio
from collections.abc import Sequence

from benchmarks import bulk, talk
from benchmarks.default_rasa import DefaultRasa
from benchmarks.product import Product
from benchmarks.shoppers import RestShopper, Round, Side, WebShopper
from benchmarks.systems import Systems, started
from benchmarks.tables import Aim, Report, Table, median, milliseconds, percentile
from benchmarks.talk import Line

BLOCK = 25
FLAT = 1.5
ABSURD = 6.0


def measure(systems: Systems, *, is_short: bool = False, conversations: int | None = None) -> Report:
    """Both kinds of growth."""
    report = Report()
    asyncio.run(_long(report, systems.product, systems.default, messages=150 if is_short else 500))
    wanted = conversations or (5_000 if is_short else 100_000)
    full = Product()
    try:
        filled = bulk.fill(full, conversations=wanted)
        with full:
            asyncio.run(_large(report, systems.product, full, filled, rounds=3 if is_short else 7))
    finally:
        full.stop()
    return report


async def _long(report: Report, product: Product, default: DefaultRasa | None, *, messages: int) -> None:
    """One conversation of `messages` shopper messages on each side, a block on one, then a block on the other."""
    sides: list[tuple[Side, tuple[Line, ...]]] = [
        (Side("Aisle", product, WebShopper), talk.QUESTIONS),
    ]
    if default is not None:
        sides.append((Side("default Rasa", default, RestShopper), talk.default_conversation()[:4]))
    found: dict[str, list[list[float]]] = {side.name: [] for side, _ in sides}
    speakers = []
    for side, says in sides:
        await side.round([says])  # warm
        speaker = side.speaker()
        await speaker.open()
        speakers.append(speaker)
    try:
        for block in range(messages // BLOCK):
            for (side, says), speaker in zip(sides, speakers, strict=True):
                lines = [says[(block * BLOCK + number) % len(says)] for number in range(BLOCK)]
                found[side.name].append([(await speaker.say(line)).seconds for line in lines])
    finally:
        for speaker in speakers:
            await speaker.close()
    report.tables.append(_long_table(found, messages))
    ours = found["Aisle"]
    ratio = median([median(block) for block in ours[-3:]]) / median([median(block) for block in ours[:3]])
    report.aims.append(
        Aim(f"turn at message {messages} against the first ones", ratio, FLAT, "×", absurd=ABSURD)
    )


def _long_table(found: dict[str, list[list[float]]], messages: int) -> Table:
    blocks = len(found["Aisle"])
    shown = sorted({0, blocks // 5, blocks // 2 - 1, blocks * 4 // 5 - 1, blocks - 1})
    rows = []
    for name, by_block in found.items():
        first = median(by_block[0])
        for number in shown:
            rows.append(
                (
                    f"{number * BLOCK + 1}–{(number + 1) * BLOCK}",
                    name,
                    milliseconds(median(by_block[number])),
                    milliseconds(percentile(by_block[number], 0.95)),
                    f"{median(by_block[number]) / first:.2f}",
                )
            )
    return Table(
        f"One conversation grows to {messages} messages of the shopper",
        ("messages", "system", "p50 ms", "p95 ms", "p50 ÷ first"),
        tuple(rows),
        f"As many replies come on top. Blocks of {BLOCK} messages, the systems in turn; the aim compares the medians "
        "of the last three blocks and the first three.",
    )


async def _large(report: Report, empty: Product, full: Product, filled: bulk.Filled, *, rounds: int) -> None:
    found: dict[str, list[Round]] = {"as installed": [], "full": []}
    one, other = Side("as installed", empty, WebShopper), Side("full", full, WebShopper)
    proofs = talk.proofs(empty)
    for side in (one, other):
        await side.round([talk.conversation(*next(proofs)) for _ in range(4)])
    for number in range(rounds):
        for side in (one, other) if number % 2 == 0 else (other, one):
            said = talk.conversation(*next(proofs))
            found[side.name].append(await side.round([said, said]))
    rows = []
    for name, done in found.items():
        seconds = _seconds(done)
        counts = bulk.count(empty if name == "as installed" else full)
        rows.append(
            (
                name,
                f"{counts.conversations:,}",
                f"{counts.messages:,}",
                f"{counts.facts:,}",
                str(len(seconds)),
                milliseconds(median(seconds)),
                milliseconds(percentile(seconds, 0.95)),
            )
        )
    report.tables.append(
        Table(
            "The database grows",
            ("database", "conversations", "messages", "facts", "turns", "p50 ms", "p95 ms"),
            tuple(rows),
            "Two mixed conversations at once; two whole products side by side, in alternating rounds. "
            f"The rows were laid down in {filled.seconds:.0f} s; the file is {filled.size / 1e6:,.0f} MB.",
        )
    )
    pairs = zip(found["full"], found["as installed"], strict=True)
    ratio = median([median(_seconds([a])) / median(_seconds([b])) for a, b in pairs])
    report.aims.append(
        Aim(
            f"turn with {filled.conversations:,} conversations against as installed",
            ratio,
            FLAT,
            "×",
            absurd=ABSURD,
        )
    )


def _seconds(done: Sequence[Round]) -> list[float]:
    return [turn.seconds for each in done for turn in each.turns]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--short", action="store_true", help="a shorter conversation, a smaller database, no comparison"
    )
    parser.add_argument("--conversations", type=int, help="how many to lay down (100000; 5000 with --short)")
    chosen = parser.parse_args()
    with started(compares=not chosen.short) as systems:
        report = measure(systems, is_short=chosen.short, conversations=chosen.conversations)
    print(report.markdown())


if __name__ == "__main__":
    main()
