"""The fault run: shoppers on three channels while platforms lie, webhooks stumble and parts of the product are killed.

    python -m benchmarks.faults [--short] [--seed N] [--write]

The stand-in of the platforms (`bot.sandbox`) runs inside this program and outlives everything; desk, brain and actions
are killed with SIGKILL and brought back by the supervisor. At the end its log is compared with the database
(`benchmarks.judgement`). Ends with code 1 when a message was lost, doubled, out of order, or sent after a hand-off.
"""

import argparse
import asyncio
import contextlib
import itertools
import os
import random
import signal
import sys
import time
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from benchmarks import document, judgement, street, talk
from benchmarks.judgement import Verdict
from benchmarks.product import Product
from benchmarks.tables import Report, Table
from bot.cli.supervise import secrets
from bot.sandbox.serving import Sandbox, running
from bot.sandbox.world import Entry, Thread

TITLE = "Faults"
PARTS = ("desk", "brain", "actions")
ECHO_WAIT_SECONDS = 5.0  # more than webhooks are late, also where this machine is
RETRIES_SECONDS = (
    0.2,
    0.5,
    *[1.0] * 180,
)  # denser than the platforms', so that the run can wait for the last
CALLS = {
    "drop": 0.04,
    "lost": 0.04,
    "garbled": 0.03,
    "hang": 0.01,
    "hang_seconds": 4.0,
    "error": 0.02,
    "throttle": 0.01,
    "throttle_minutes": 0,
    "throttle_seconds": 1,
    "slow": 0.05,
    "slow_seconds": 0.7,
}
WEBHOOKS = {
    "twice": 0.1,
    "batch": 6,
    "batch_seconds": 0.1,
    "shuffle": 0.3,
    "late": 0.1,
    "late_seconds": 1.5,
}
CODES = {"messenger": "calls", "instagram": "", "whatsapp": ""}  # 613, 80002, 429
PERSON = "i want to talk to a person"


@dataclass(frozen=True)
class Plan:
    """How much of everything; seconds are bounds or ranges."""

    messages: int = 2_000
    conversations: int = 200
    handed: int = 20
    at_once: int = 32
    between_kills: tuple[float, float] = (20.0, 40.0)
    kills_most: int = 1_000  # of each part
    answer_seconds: float = 8.0  # a shopper waits this long before writing on
    drain_seconds: float = 300.0


SHORT = Plan(
    messages=200,
    conversations=24,
    handed=4,
    at_once=24,
    between_kills=(4.0, 9.0),
    kills_most=2,
    answer_seconds=4.0,
    drain_seconds=120.0,
)


@dataclass
class Run:
    """One run while it goes on."""

    plan: Plan
    product: Product
    sandbox: Sandbox
    http: aiohttp.ClientSession
    chance: random.Random
    kills: Counter[str] = field(default_factory=Counter)
    taken: int = 0
    done: asyncio.Event = field(default_factory=asyncio.Event)
    csrf: str = ""

    # --- shoppers

    async def shoppers(self) -> None:
        """All conversations, `at_once` side by side."""
        places = asyncio.Semaphore(self.plan.at_once)
        orders = talk.proofs(self.product)
        keys = [account.key for account in self.sandbox.world.accounts.values()]
        stride = self.plan.conversations // self.plan.handed

        async def one(number: int, lines: Sequence[str]) -> None:
            async with places:
                await self._talk(keys[number % len(keys)], f"31065{number:05d}", lines, number % stride == 0)

        each = self.plan.messages // self.plan.conversations
        async with asyncio.TaskGroup() as group:
            for number in range(self.plan.conversations):
                said = [line.text for line in talk.conversation(*next(orders))]
                start = self.chance.randrange(len(said))
                group.create_task(
                    one(number, list(itertools.islice(itertools.cycle(said), start, start + each)))
                )

    async def _talk(self, account: str, person: str, lines: Sequence[str], is_handed: bool) -> None:
        middle = len(lines) // 2
        for place, line in enumerate(lines):
            if is_handed and place == middle:
                await self._hand_over(account, person)
                continue
            heard = len(self._answers(account, person))
            self.sandbox.say(account, person, line)
            if self.chance.random() < 0.3:
                await asyncio.sleep(self.chance.random())  # writes on at once
            else:
                await self._until_answered(account, person, heard)

    def _answers(self, account: str, person: str) -> list[Entry]:
        thread = self.sandbox.world.thread(self.sandbox.world.account(account), person)
        return [entry for entry in thread.entries if entry.side == "shop"] if thread else []

    async def _until_answered(self, account: str, person: str, heard: int, seconds: float = 0) -> bool:
        end = time.monotonic() + (seconds or self.plan.answer_seconds)
        while time.monotonic() < end:
            if len(self._answers(account, person)) > heard:
                return True
            await asyncio.sleep(0.1)
        return False

    # --- the agent

    async def _hand_over(self, account: str, person: str) -> None:
        """The shopper asks for a person, who answers; every other time the bot gets the conversation back."""
        self.sandbox.say(account, person, PERSON)
        conversation = await self._conversation(account, person)
        await self._step(conversation, "take")
        self.taken += 1
        word = f"This is Robin, about {uuid.uuid4().hex[:6]}."
        await self._insist(conversation, "reply", {"client_id": str(uuid.uuid4()), "text": word})
        for text in ("are you there?", "how long does delivery take"):
            self.sandbox.say(account, person, text)
            await asyncio.sleep(self.chance.uniform(0.5, 2.0))
        if self.taken % 2:
            await self._step(conversation, "hand_back")

    async def _conversation(self, account: str, person: str) -> str:
        query = (
            "SELECT c.id FROM conversations c JOIN identities i ON i.contact_id = c.contact_id"
            " AND i.account = c.account AND i.channel = c.channel WHERE i.external_id = ?"
        )
        while True:
            found = await asyncio.to_thread(self.product.rows, query, person)
            if found:
                return str(found[0][0])
            await asyncio.sleep(0.3)

    async def _owner(self, conversation: str) -> tuple[str, int]:
        query = "SELECT owner, owner_version FROM conversations WHERE id = ?"
        ((owner, version),) = await asyncio.to_thread(self.product.rows, query, conversation)
        return str(owner), int(version)

    async def _step(self, conversation: str, step: str) -> None:
        """Take a conversation or hand it back, however often somebody is faster or the desk is away."""
        wanted = {"take": "agent", "hand_back": "bot"}[step]
        while True:
            owner, version = await self._owner(conversation)
            if owner == wanted:
                return
            await self._call(f"/api/inbox/conversations/{conversation}/{step}", {"version": version})
            await asyncio.sleep(0.3)

    async def _insist(self, conversation: str, step: str, body: dict[str, Any]) -> None:
        path = f"/api/inbox/conversations/{conversation}/{step}"
        while await self._call(path, body) != 200:  # noqa: ASYNC110 - the desk is another process
            await asyncio.sleep(0.5)

    async def _call(self, path: str, body: dict[str, Any]) -> int:
        with contextlib.suppress(aiohttp.ClientError, TimeoutError):
            headers = {"X-CSRF-Token": self.csrf}
            async with self.http.post(self.product.url + path, json=body, headers=headers) as response:
                await response.read()
                return response.status
        return 0

    async def sign_in(self) -> None:
        """As the demo agent."""
        person = next(one for one in secrets.sign_ins(self.product.home) if one.role == "agent")
        body = {"email": person.email, "password": person.password}
        async with self.http.post(f"{self.product.url}/api/sign-in", json=body) as response:
            self.csrf = (await response.json())["csrf"]

    # --- kills

    async def killer(self, part: str) -> None:
        """Kill a part at random moments, each time after it has been well again for a while."""
        chance = random.Random(f"{self.chance.random()}:{part}")
        ports = {
            "desk": self.product.port,
            "brain": self.product.brain_port,
            "actions": self.product.actions_port,
        }
        paths = {"desk": "/health", "brain": "/webhooks/desk/", "actions": "/health"}
        url = f"http://127.0.0.1:{ports[part]}{paths[part]}"
        while self.kills[part] < self.plan.kills_most:
            await asyncio.sleep(chance.uniform(*self.plan.between_kills))
            for pid in (await asyncio.to_thread(self.product.processes))[part]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self.kills[part] += 1
            await asyncio.sleep(0.3)
            while not await self._is_up(url):  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.3)

    async def _is_up(self, url: str) -> bool:
        with contextlib.suppress(aiohttp.ClientError, TimeoutError):
            async with self.http.get(url, timeout=aiohttp.ClientTimeout(total=4)) as response:
                return response.status in (200, 503)
        return False

    # --- the end

    def left(self) -> dict[str, int]:
        """What is still on its way, by the database and the stand-in."""
        ((turns, leaving, events),) = self.product.rows(
            "SELECT (SELECT count(*) FROM messages WHERE direction = 'in' AND handled_at IS NULL),"
            " (SELECT count(*) FROM messages WHERE state IN ('pending', 'sending')),"
            " (SELECT count(*) FROM platform_events WHERE state = 'new')"
        )
        postings = sum(posting.state == "waiting" for posting in self.sandbox.hooks.postings)
        return {"webhooks": postings, "events": events, "turns": turns, "messages leaving": leaving}

    async def drained(self) -> dict[str, int]:
        """Wait until nothing is on its way; what is left when the time is over."""
        end = time.monotonic() + self.plan.drain_seconds
        calm = 0
        while True:
            left = await asyncio.to_thread(self.left)
            calm = 0 if any(left.values()) else calm + 1
            if calm == 3 or time.monotonic() > end:
                return {name: number for name, number in left.items() if number}
            await asyncio.sleep(1.0)

    async def progress(self, started: float) -> None:
        """A bar on standard error."""
        while True:
            threads = self.sandbox.world.threads.values()
            said = Counter(entry.side for thread in threads for entry in thread.entries)
            share = min(1.0, said["person"] / self.plan.messages)
            bar = "#" * int(share * 30)
            kills = " ".join(f"{part} {self.kills[part]}" for part in PARTS)
            line = f"[{bar:<30}] {said['person']:>5} said, {said['shop']:>5} heard; killed: {kills}"
            print(f"\r{line} {time.monotonic() - started:4.0f} s", end="", file=sys.stderr, flush=True)
            await asyncio.sleep(1.0)


def measure(*, is_short: bool = False, seed: int = 0) -> Report:
    """One run on an install of its own."""
    return asyncio.run(_measure(SHORT if is_short else Plan(), seed))


async def _measure(plan: Plan, seed: int) -> Report:
    product = Product()
    known = street.made(product.url, each=2)
    async with running(known, seed=f"{seed}-{uuid.uuid4().hex[:6]}", pauses=RETRIES_SECONDS) as sandbox:
        product.more = street.environment(known, sandbox.url) | {
            "AISLE_ECHO_WAIT_SECONDS": str(ECHO_WAIT_SECONDS),
        }
        await asyncio.to_thread(product.__enter__)
        try:
            return await _run(plan, seed, product, sandbox)
        finally:
            await asyncio.to_thread(product.stop)


async def _run(plan: Plan, seed: int, product: Product, sandbox: Sandbox) -> Report:
    jar = aiohttp.CookieJar(unsafe=True)
    timeout = aiohttp.ClientTimeout(total=10)
    async with aiohttp.ClientSession(cookie_jar=jar, timeout=timeout) as http:
        run = Run(plan, product, sandbox, http, random.Random(seed))
        await run.sign_in()
        for number, account in enumerate(sandbox.world.accounts.values()):
            faults = {**CALLS, **WEBHOOKS, "throttle_code": CODES[account.channel]}
            sandbox.faults(account.key, seed=seed * 100 + number, **faults)
        started = time.monotonic()
        watching = asyncio.create_task(run.progress(started))
        killing = [asyncio.create_task(run.killer(part)) for part in PARTS]
        try:
            await run.shoppers()
            if plan.kills_most < Plan.kills_most:
                await asyncio.gather(*killing)
            for task in killing:
                task.cancel()
            await asyncio.gather(*killing, return_exceptions=True)
            left = await run.drained()
        finally:
            for task in (watching, *killing):
                task.cancel()
            print(file=sys.stderr)
        seconds = time.monotonic() - started
        found = judgement.kept(product.database)
        threads: list[Thread] = list(sandbox.world.threads.values())
        verdict = judgement.judge(threads, found)
        for name, number in left.items():
            verdict.fault("still on the way", f"{number} {name}", number)
        return _report(run, verdict, seed, seconds)


def _report(run: Run, verdict: Verdict, seed: int, seconds: float) -> Report:
    counts, world = verdict.counts, run.sandbox.world
    outcomes: Counter[str] = Counter()
    for name, number in world.calls.items():
        outcomes[name.split(" ", 1)[1]] += number
    answers = Counter(status for posting in run.sandbox.hooks.postings for status in posting.statuses)
    reasons = run.product.rows(
        "SELECT label, count(*) FROM facts WHERE kind = 'handed_off' AND is_demo = 0 GROUP BY label"
    )
    names = {
        "shoppers' messages sent": "sent",
        "· stored once": "stored once",
        "· stored twice": "stored twice",
        "· missing": "missing",
        "· answered by the bot": "answered",
        "· written to a person": "written to a person",
        "· answers missing": "missing answers",
        "replies accepted by the platforms": "accepted",
        "· out of order": "out of order",
        "· accepted twice": "sent twice",
        "· counted as sent, never accepted": "never accepted",
        "· of the bot after a hand-off": "after a hand-off",
        "· failed": "failed",
        "· dropped, overtaken by a person": "overtaken by a person",
        "still on the way at the end": "still on the way",
    }
    rows = [(words, f"{counts[name]:,}") for words, name in names.items()]
    rows += [(f"kills of {part} survived", str(run.kills[part])) for part in PARTS]
    rows += [("conversations taken by an agent", str(run.taken)), ("seconds", f"{seconds:.0f}")]
    trouble = ", ".join(f"{name} {number}" for name, number in sorted(outcomes.items()))
    note = (
        f"Seed {seed}: {len(world.threads)} conversations on {len(world.accounts)} accounts of Messenger, Instagram "
        f"and WhatsApp. Calls of the product by outcome: {trouble}. Webhook attempts: {sum(answers.values())}, of them "
        f"{answers[200]} answered with 200. Hand-offs by reason: "
        + (", ".join(f"{label} {number}" for label, number in reasons) or "none")
        + f". Load at the end: {os.getloadavg()[0]:.1f}."
    )
    table = Table("Fault run", ("", "number"), tuple(rows), note)
    return Report([table], [], [f"fault run, seed {seed}: {words}" for words in verdict.wrong[:50]])


def main() -> int:
    """Print the table; 1 when anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--short", action="store_true", help="200 messages, two kills of each part")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", action="store_true", help="put the table into docs/benchmarks.md")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that a kill, too, stops what was started
    report = measure(is_short=given.short, seed=given.seed)
    print(report.markdown())
    if given.write:
        document.write(TITLE, report, made_by=f"python -m benchmarks.faults --seed {given.seed}")
    for fault in report.faults:
        print(f"FAULT: {fault}", file=sys.stderr)
    return 1 if report.faults else 0


if __name__ == "__main__":
    sys.exit(main())
