"""How soon the desk acknowledges a message when messages come faster than the bot can answer.

    python -m benchmarks.acknowledge [--short]

Messages are sent at a fixed rate whatever the answers do (an open loop), from many shoppers, while the brain is busy
with those before. A 202 means the message is committed.
"""

import argparse
import asyncio
import time

from benchmarks import talk
from benchmarks.product import Product
from benchmarks.shoppers import Side, WebShopper
from benchmarks.systems import Systems, started
from benchmarks.tables import Aim, Report, Table, median, milliseconds, percentile

SHOPPERS = 48
RATES = (10, 25, 50, 100)
DRAIN_SECONDS = 240.0


def measure(systems: Systems, *, is_short: bool = False) -> Report:
    """The product alone: a REST channel answers when the turn is over."""
    rates = RATES[1:4:2] if is_short else RATES
    return asyncio.run(_measure(systems.product, rates=rates, seconds=4 if is_short else 6))


async def _measure(product: Product, *, rates: tuple[int, ...], seconds: int) -> Report:
    rows, worst = [], 0.0
    faults: list[str] = []
    side = Side("Aisle", product, WebShopper)
    shoppers = [side.speaker() for _ in range(SHOPPERS)]
    await asyncio.gather(*(shopper.open() for shopper in shoppers))
    await asyncio.gather(*(shopper.say(talk.QUESTIONS[0]) for shopper in shoppers[:8]))
    for rate in rates:
        took, refused = await _at(rate, seconds, shoppers)  # type: ignore[arg-type]
        waiting = _waiting(product)
        drained = await _drained(product)
        worst = max(worst, percentile(took, 0.95))
        if refused:
            faults.append(f"{refused} of {len(took)} messages were refused at {rate} a second")
        rows.append(
            (
                str(rate),
                str(len(took)),
                str(refused),
                milliseconds(median(took)),
                milliseconds(percentile(took, 0.95)),
                milliseconds(max(took)),
                str(waiting),
                f"{drained:.1f}",
            )
        )
    await asyncio.gather(*(shopper.close() for shopper in shoppers))
    head = (
        "messages/s",
        "sent",
        "refused",
        "p50 ms",
        "p95 ms",
        "max ms",
        "still to answer",
        "answered after s",
    )
    note = (
        f"{SHOPPERS} shoppers with the live stream open, {seconds} s at each rate. Still to answer: messages without "
        "an answer when the last was sent; answered after: seconds until none was left. Nothing was lost."
    )
    table = Table("Acknowledgement while the bot is busy", head, tuple(rows), note)
    aim = Aim("p95 of the acknowledgement, at any rate above", worst * 1000, 500, "ms")
    return Report([table], [aim], faults)


async def _at(rate: int, seconds: int, shoppers: list[WebShopper]) -> tuple[list[float], int]:
    took: list[float] = []
    refused = 0

    async def one(number: int) -> None:
        nonlocal refused
        line = talk.QUESTIONS[number % len(talk.QUESTIONS)]
        started = time.perf_counter()
        status, _answer = await shoppers[number % len(shoppers)].post(line.text)
        took.append(time.perf_counter() - started)
        refused += status != 202

    started = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number in range(rate * seconds):
            await asyncio.sleep(max(0.0, started + number / rate - time.perf_counter()))
            group.create_task(one(number))
    return took, refused


def _waiting(product: Product) -> int:
    query = "SELECT count(*) FROM messages WHERE handled_at IS NULL AND direction = 'in'"
    return int(product.rows(query)[0][0])


async def _drained(product: Product) -> float:
    started = time.monotonic()
    while _waiting(product):
        if time.monotonic() - started > DRAIN_SECONDS:
            raise RuntimeError(f"{_waiting(product)} messages are still without an answer")
        await asyncio.sleep(0.1)
    return time.monotonic() - started


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--short", action="store_true", help="two rates, half as long")
    is_short = parser.parse_args().short
    with started(compares=False) as systems:
        print(measure(systems, is_short=is_short).markdown())


if __name__ == "__main__":
    main()
