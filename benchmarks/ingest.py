"""How soon a webhook is acknowledged while the product is busy with those before, and whether all were kept.

    python -m benchmarks.ingest [--short] [--rates 50,200,500] [--seconds 20] [--write]

Signed calls of one event each, at a fixed rate whatever the answers do (an open loop), over connections that stay open
as the platforms' do. Every event is a shopper's message, so that turns are taken meanwhile; people chat on the website
beside it. The platforms' side of the answers is played by `bot.sandbox` in a process of its own.
"""

import argparse
import asyncio
import contextlib
import itertools
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import aiohttp

from benchmarks import document, machine, street, talk
from benchmarks.product import Product, free_port
from benchmarks.shoppers import Side, Speaker, WebShopper
from benchmarks.tables import Aim, Report, Table, median, milliseconds, percentile
from benchmarks.wire import Wire
from bot.sandbox import accounts
from bot.sandbox.accounts import Account
from bot.sandbox.hooks import headers_for, wire_bytes

TITLE = "Webhooks"
RATES, SECONDS = (50, 200, 500), 20
CONNECTIONS = 64
PEOPLE = 400
CHATS = 8
AIM_RATE, AIM_SECONDS = 200, 0.050
APPLIED_SECONDS = 240.0


def calls(known: Sequence[Account]) -> Iterator[tuple[str, dict[str, str], bytes]]:
    """(path, headers, body) of webhooks, each a new message of one of `PEOPLE` shoppers of Messenger and Instagram."""
    mine = [account for account in known if account.channel in ("messenger", "instagram")]
    run = secrets.token_hex(6)
    for number in itertools.count():
        account = mine[number % len(mine)]
        at = int(time.time() * 1000)
        message = {"mid": f"m_{run}{number}", "text": talk.QUESTIONS[number % len(talk.QUESTIONS)].text}
        event = {
            "sender": {"id": person(number)},
            "recipient": {"id": account.id},
            "timestamp": at,
            "message": message,
        }
        entry = {"id": account.id, "time": at, "messaging": [event]}
        kind = "page" if account.channel == "messenger" else "instagram"
        body = wire_bytes({"object": kind, "entry": [entry]})
        yield f"/webhooks/{account.channel}", headers_for(account, body), body


def person(number: int) -> str:
    """The shopper who writes the message of this number."""
    return f"77{number % PEOPLE:010d}"


@contextmanager
def platforms(known: Sequence[Account], port: int) -> Iterator[None]:
    """The stand-in in a process of its own, which posts no webhooks and knows the shoppers."""
    bare = [{**accounts.to_json(account), "webhook": ""} for account in known]
    process = subprocess.Popen(
        [sys.executable, "-m", "bot.sandbox", "--port", str(port)],
        cwd=machine.ROOT,
        env=os.environ | {"AISLE_SANDBOX": json.dumps({"accounts": bare})},
    )
    try:
        asyncio.run(_meet(known, f"http://127.0.0.1:{port}"))
        yield
    finally:
        process.terminate()
        process.wait(10)


async def _meet(known: Sequence[Account], url: str) -> None:
    async with aiohttp.ClientSession() as http:
        for _ in range(300):
            with contextlib.suppress(aiohttp.ClientError):
                async with http.get(f"{url}/sandbox/health"):
                    break
            await asyncio.sleep(0.1)
        for account in known:
            for number in range(PEOPLE):
                body = {"account": account.key, "person": person(number), "kind": "text", "text": "hello"}
                async with http.post(f"{url}/sandbox/act", json=body) as response:
                    response.raise_for_status()


async def _at(
    rate: int, seconds: int, wires: asyncio.Queue[Wire], made: Iterator[tuple[str, dict[str, str], bytes]]
) -> tuple[list[float], int]:
    """Seconds until each acknowledgement, and how many were not acknowledged with 200."""
    took: list[float] = []
    refused = 0

    async def one(path: str, headers: dict[str, str], body: bytes, due: float) -> None:
        nonlocal refused
        wire = await wires.get()
        status, _answer = await wire.post(path, headers, body)
        took.append(time.perf_counter() - due)
        wires.put_nowait(wire)
        refused += status != 200

    ready = list(itertools.islice(made, rate * seconds))
    started = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number, call in enumerate(ready):
            due = started + number / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            group.create_task(one(*call, time.perf_counter()))
    return took, refused


async def _chat(shopper: Speaker, stop: asyncio.Event) -> None:
    for line in itertools.cycle(talk.QUESTIONS):
        if stop.is_set():
            return
        with contextlib.suppress(TimeoutError):
            await shopper.say(line)


def _counts(product: Product) -> tuple[int, int, int, int]:
    """(events kept, events not applied, messages stored, turns to take) of the channels."""
    (found,) = product.rows(
        "SELECT (SELECT count(*) FROM platform_events WHERE kind LIKE 'message.%'),"
        " (SELECT count(*) FROM platform_events WHERE state = 'new'),"
        " (SELECT count(*) FROM messages WHERE direction = 'in' AND channel IN ('messenger', 'instagram')"
        " AND platform_id LIKE 'm@_%' ESCAPE '@'),"
        " (SELECT count(*) FROM messages WHERE direction = 'in' AND handled_at IS NULL AND channel <> 'web')"
    )
    return tuple(found)


async def _applied(product: Product) -> float:
    """Seconds until everything kept was applied."""
    started = time.monotonic()
    while _counts(product)[1] and time.monotonic() - started < APPLIED_SECONDS:  # noqa: ASYNC110 - another process
        await asyncio.sleep(0.2)
    return time.monotonic() - started


def measure(*, rates: Sequence[int] = RATES, seconds: int = SECONDS, is_short: bool = False) -> Report:
    """One install of its own, all rates one after the other; `is_short`: two of them, not for long."""
    if is_short:
        rates, seconds = rates[:2], 4
    product = Product()
    known = street.made(product.url, each=2)
    port = free_port()
    product.more = street.environment(known, f"http://127.0.0.1:{port}")
    with platforms(known, port), product:
        return asyncio.run(_measure(product, known, rates=rates, seconds=seconds))


async def _measure(
    product: Product, known: Sequence[Account], *, rates: Sequence[int], seconds: int
) -> Report:
    rows, aims, faults = [], [], []
    wires: asyncio.Queue[Wire] = asyncio.Queue()
    for _ in range(CONNECTIONS):
        wires.put_nowait(Wire(product.url))
    made = calls(known)
    accepted = 0
    side = Side("Aisle", product, WebShopper)
    chats = [side.speaker() for _ in range(CHATS)]
    await asyncio.gather(*(chat.open() for chat in chats))
    stop = asyncio.Event()
    talking = [asyncio.create_task(_chat(chat, stop)) for chat in chats]
    await _at(20, 3, wires, made)
    accepted += 60
    for rate in rates:
        before, used = _counts(product), machine.processor_seconds_of(product.processes())
        took, refused = await _at(rate, seconds, wires, made)
        after = machine.processor_seconds_of(product.processes())
        accepted += len(took) - refused
        waiting = _counts(product)[1]
        applied = await _applied(product)
        kept, unapplied, stored, turns = _counts(product)
        if refused:
            faults.append(f"{refused} of {len(took)} webhooks were refused at {rate} a second")
        if kept != accepted or stored != accepted or unapplied:
            faults.append(f"at {rate} a second {accepted} were acknowledged, {kept} kept, {stored} stored")
        shares = [percentile(took, share) for share in (0.5, 0.95, 0.99)]
        if rate == AIM_RATE:
            aims.append(
                Aim(
                    f"p99 of a webhook's acknowledgement at {rate}/s",
                    shares[2] * 1000,
                    AIM_SECONDS * 1000,
                    "ms",
                )
            )
        busy = sum(after.values()) - sum(used.values())
        rows.append(
            (
                str(rate),
                f"{len(took):,}",
                str(len(took) - refused - (accepted - kept)),
                *(milliseconds(share) for share in shares),
                milliseconds(max(took)),
                str(waiting),
                f"{applied:.1f}",
                f"{stored - before[2] - (turns - before[3]):,}",
                f"{busy / seconds:.2f}",
            )
        )
        print(rows[-1], median(took), f"load {os.getloadavg()[0]:.1f}", file=sys.stderr, flush=True)
    stop.set()
    for task in talking:
        task.cancel()
    await asyncio.gather(*talking, return_exceptions=True)
    await asyncio.gather(*(chat.close() for chat in chats))
    while not wires.empty():
        wires.get_nowait().close()
    return Report([_table(rows, seconds)], aims, faults)


def _table(rows: list[tuple[str, ...]], seconds: int) -> Table:
    head = (
        "webhooks/s",
        "sent",
        "kept",
        "p50 ms",
        "p95 ms",
        "p99 ms",
        "max ms",
        "not yet applied",
        "applied after s",
        "turns taken",
        "processors",
    )
    note = (
        f"{seconds} s at each rate over {CONNECTIONS} open connections, {PEOPLE} shoppers, beside {CHATS} chats on the "
        "website without a pause. Kept: rows of acknowledged webhooks. Not yet applied: events kept when the last was "
        "sent; applied after: seconds until none was left. Turns taken of these messages until then. Processors: cores "
        f"that desk, brain and actions used. Load at the end: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores."
    )
    return Table("Acknowledgement of webhooks while the bot is busy", head, tuple(rows), note)


def main() -> int:
    """Print the table; 1 when something was lost."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--short", action="store_true", help="two rates, a few seconds each")
    parser.add_argument("--write", action="store_true", help="put the table into docs/benchmarks.md")
    parser.add_argument("--rates", default=",".join(map(str, RATES)))
    parser.add_argument("--seconds", type=int, default=SECONDS)
    given = parser.parse_args()
    rates = [int(rate) for rate in given.rates.split(",")]
    report = measure(rates=rates, seconds=given.seconds, is_short=given.short)
    print(report.markdown())
    if given.write:
        words = f"--rates {','.join(map(str, rates))} --seconds {given.seconds}"
        document.write(TITLE, report, made_by=f"python -m benchmarks.ingest {words}")
    for fault in report.faults:
        print(f"FAULT: {fault}", file=sys.stderr)
    return 1 if report.faults else 0


if __name__ == "__main__":
    sys.exit(main())
