"""Turn latency and turns per second of the whole path, beside a default Rasa server on the same machine.

    python -m benchmarks.turns [--short]

A turn is the shopper's POST until the bot's reply is read from the live stream of that conversation. The two systems
take turns in rounds, so that a slow minute of the machine hits both; ratios are the median of the rounds' ratios.
What a turn takes differs by a quarter from one start of the same program to the next and stays so as long as it runs
(how its memory comes to lie), so there are several sittings, and before each one of the two is started anew. A virtual
machine that had nothing to do, or something else, takes a moment to come back: each round begins with a conversation
that does not count, and what the first turn after a pause takes is told apart.
"""

import argparse
import asyncio
import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from benchmarks import talk
from benchmarks.default_rasa import DefaultRasa
from benchmarks.product import Product
from benchmarks.shoppers import RestShopper, Round, Side, Taken, WebShopper
from benchmarks.systems import Systems, started
from benchmarks.tables import Aim, Report, Table, median, milliseconds, percentile
from benchmarks.talk import Line

Talks = Callable[[], tuple[Line, ...]]
CONCURRENT = (1, 4, 16)
ROUNDS = 2  # of each system in a sitting
COUNTED = {1: 9, 4: 2, 16: 1}  # conversations of each shopper in a round, after one that warms up
PAUSE_SECONDS = 1.5
HEAD = (
    *("conversations", "system", "turns", "p50 ms", "p95 ms"),
    *("turns/s", "turns/s ÷ default", "processor ms a turn", "of these"),
)


def measure(systems: Systems, *, is_short: bool = False) -> Report:
    """Turns of both systems."""
    product, default = systems.product, systems.default
    sittings = [asyncio.run(_mixed(product, default, ROUNDS))]
    for number in range(1, (2 if is_short else 4) if default is not None else 1):
        assert default is not None
        (product if number % 2 else default).start_again()
        sittings.append(asyncio.run(_mixed(product, default, ROUNDS)))
    found = {
        name: {at_once: [each for one in sittings for each in one[name][at_once]] for at_once in CONCURRENT}
        for name in sittings[0]
    }
    report = Report()
    report.tables.append(_compared(found, trained=default.trained if default else None))
    if default is not None:
        report.tables.append(_sittings(sittings))
    report.tables.append(asyncio.run(_after_pauses(product, default, times=4 if is_short else 10)))
    report.tables.append(_by_kind(found["Aisle"]))
    report.tables.append(asyncio.run(_alone(Side("Aisle", product, WebShopper))))
    one = [turn.seconds for each in found["Aisle"][1] for turn in each.turns]
    report.aims.append(Aim("p50 of a turn at 1 conversation", median(one) * 1000, 25, "ms"))
    if default is not None:
        for at_once in CONCURRENT:
            ratio = _ratio(found["Aisle"][at_once], found["default Rasa"][at_once])
            report.aims.append(
                Aim(
                    f"turns/s against the default Rasa server, {at_once} at once",
                    ratio,
                    3,
                    "×",
                    at_least=True,
                )
            )
    return report


def _sides(product: Product, default: DefaultRasa | None) -> list[tuple[Side, Talks]]:
    proofs = talk.proofs(product)
    sides: list[tuple[Side, Talks]] = [
        (Side("Aisle", product, WebShopper), lambda: talk.conversation(*next(proofs)))
    ]
    if default is not None:
        sides.append((Side("default Rasa", default, RestShopper), talk.default_conversation))
    return sides


Found = dict[str, dict[int, list[Round]]]


async def _mixed(product: Product, default: DefaultRasa | None, rounds: int) -> Found:
    """A sitting: `rounds` of each system, in turns."""
    sides = _sides(product, default)
    found: Found = {side.name: {at_once: [] for at_once in CONCURRENT} for side, _ in sides}
    for side, says in sides:  # the first turns load lazily; not counted
        await side.round([says() for _ in range(4)])
    for at_once in CONCURRENT:
        for number in range(rounds):
            ordered = sides if number % 2 == 0 else sides[::-1]
            for side, says in ordered:
                found[side.name][at_once].append(await _several(side, says, at_once))
    return found


async def _several(side: Side, says: Talks, at_once: int) -> Round:
    """One round: about a hundred turns or more, in conversations of twelve."""
    await side.round([says() for _ in range(at_once)])
    parts = [await side.round([says() for _ in range(at_once)]) for _ in range(COUNTED[at_once])]
    turns = tuple(turn for part in parts for turn in part.turns)
    processor: Counter[str] = Counter()
    for part in parts:
        processor.update(part.processor)
    return Round(turns, sum(part.seconds for part in parts), processor)


def _ratio(ours: Sequence[Round], theirs: Sequence[Round]) -> float:
    return median([a.rate / b.rate for a, b in zip(ours, theirs, strict=True)])


def _compared(found: Found, *, trained: float | None) -> Table:
    rows = []
    for at_once in CONCURRENT:
        for name, by_count in found.items():
            rounds = by_count[at_once]
            seconds = [turn.seconds for each in rounds for turn in each.turns]
            ratio = "1"
            if name == "Aisle":
                theirs = found.get("default Rasa")
                ratio = f"{_ratio(rounds, theirs[at_once]):.1f}" if theirs else "not measured"
            rows.append(
                (
                    str(at_once),
                    name,
                    str(len(seconds)),
                    milliseconds(median(seconds)),
                    milliseconds(percentile(seconds, 0.95)),
                    f"{median([each.rate for each in rounds]):.0f}",
                    ratio,
                    *_processor(rounds),
                )
            )
    note = (
        "Aisle: desk, `rasa run` and action server with everything kept in SQLite; a conversation is greeting, "
        "questions, two product searches with cards, an order's state with proof of identity, small talk. "
    )
    if trained is not None:
        note += (
            "Default: the `rasa init` project with the default pipeline (DIET, TED, UnexpecTED), `rasa run` with its "
            "in-memory tracker store and no action server, its own sample messages. "
            f"It was trained in {trained:.0f} s. "
        )
    note += (
        "Both in the same run, in alternating rounds; the ratio is the median of the rounds' ratios. "
        "Before each sitting one of the two was started anew; each round begins with a conversation that does not "
        "count. The measuring "
        "client shares the machine; processor time is that of the system's own processes, all of them together."
    )
    return Table("Turns, mixed conversation", HEAD, tuple(rows), note)


def _sittings(sittings: Sequence[Found]) -> Table:
    rows = [
        (
            str(at_once),
            *(f"{_ratio(one['Aisle'][at_once], one['default Rasa'][at_once]):.2f}" for one in sittings),
        )
        for at_once in CONCURRENT
    ]
    head = ("conversations", *(f"sitting {number}" for number in range(1, len(sittings) + 1)))
    return Table("Turns/s ÷ default, by sitting", head, tuple(rows))


def _processor(rounds: Sequence[Round]) -> tuple[str, str]:
    """Processor milliseconds a turn: all parts together, and each that takes any."""
    used: Counter[str] = Counter()
    for each in rounds:
        used.update(each.processor)
    turns = sum(len(each.turns) for each in rounds)
    a_turn = {
        part: milliseconds(seconds / turns) for part, seconds in used.items() if seconds >= 0.001 * turns / 10
    }
    return milliseconds(used.total() / turns), ", ".join(f"{part} {text}" for part, text in a_turn.items())


def _by_kind(found: dict[int, list[Round]]) -> Table:
    rows = []
    for at_once in CONCURRENT:
        turns = [turn for each in found[at_once] for turn in each.turns]
        for kind in (talk.TALK, talk.FAQ, talk.ACTION):
            rows.append((str(at_once), kind, *_figures([turn for turn in turns if turn.line.kind == kind])))
    return Table(
        "Aisle's turns by kind, within the mixed conversation",
        ("conversations", "kind", "turns", "p50 ms", "p95 ms", "as meant"),
        tuple(rows),
        "As meant: the bot spoke, and a product search showed products, an order's state the order.",
    )


def _figures(turns: Sequence[Taken]) -> tuple[str, str, str, str]:
    seconds = [turn.seconds for turn in turns]
    right = sum(turn.is_right for turn in turns)
    return (
        str(len(turns)),
        milliseconds(median(seconds)),
        milliseconds(percentile(seconds, 0.95)),
        f"{right / len(turns):.0%}",
    )


async def _after_pauses(product: Product, default: DefaultRasa | None, *, times: int) -> Table:
    rows = []
    for side, says in _sides(product, default):
        first, others = [], []
        for _ in range(times):
            await asyncio.sleep(PAUSE_SECONDS)
            one, *more = [turn.seconds for turn in (await side.round([says()])).turns]
            first.append(one)
            others += more
        rows.append((side.name, str(times), *(milliseconds(median(part)) for part in (first, others))))
    return Table(
        f"One conversation after {PAUSE_SECONDS:.1f} s in which nothing was said",
        ("system", "pauses", "first turn p50 ms", "those after it p50 ms"),
        tuple(rows),
        "What the machine needs to come back from idleness; a shop with few shoppers meets it often.",
    )


async def _alone(ours: Side) -> Table:
    rows = []
    unasked = talk.unasked()
    kinds: tuple[tuple[str, Talks], ...] = (
        ("questions only", talk.questions),
        ("questions with words never met", lambda: tuple(itertools.islice(unasked, 12))),
        ("product searches only", talk.searches),
    )
    for name, says in kinds:
        for at_once in CONCURRENT:
            done = [await _several(ours, says, at_once) for _ in range(ROUNDS)]
            turns = [turn for each in done for turn in each.turns]
            rate = f"{median([each.rate for each in done]):.0f}"
            rows.append((str(at_once), name, *_figures(turns), rate))
    return Table(
        "Aisle's turns, one kind at a time",
        ("conversations", "kind", "turns", "p50 ms", "p95 ms", "as meant", "turns/s"),
        tuple(rows),
        "The bot remembers the embeddings of messages and the letters of words, and the scripted messages come again "
        "and again: what it costs to read new words is the difference of the first two kinds.",
    )


def misread(found: Sequence[Round]) -> Iterator[Taken]:
    """Turns that were not answered as meant, for a look at why."""
    return (turn for each in found for turn in each.turns if not turn.is_right)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--short", action="store_true", help="fewer rounds, without the comparison")
    is_short = parser.parse_args().short
    with started(compares=not is_short) as systems:
        print(measure(systems, is_short=is_short).markdown())


if __name__ == "__main__":
    main()
