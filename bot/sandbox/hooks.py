"""Posting webhooks to the product as the platforms do: signed, in batches, tried again when not answered with 200."""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from bot.sandbox.accounts import Account
from bot.sandbox.world import Occurrence, World

ANSWER_SECONDS = 5.0  # Meta gives up on an answer after this long
PAUSES_SECONDS = (0.2, 1.0, 3.0, 10.0, 30.0, *(60.0,) * 20)  # the platforms go on for an hour and more
AT_ONCE = 20
OBJECTS = {"messenger": "page", "instagram": "instagram", "whatsapp": "whatsapp_business_account"}


@dataclass
class Posting:
    """One webhook call: what was sent and how it went. `statuses` holds one number an attempt, 0 for no answer."""

    account: str
    body: bytes
    events: int
    statuses: list[int] = field(default_factory=list)
    state: str = "waiting"  # waiting | taken | given_up


def wire_bytes(body: Mapping[str, Any]) -> bytes:
    """JSON as Meta writes it: ASCII only, slashes escaped; the signature is over these bytes."""
    return json.dumps(body, ensure_ascii=True, separators=(",", ":")).replace("/", "\\/").encode()


def signature(secret: str, body: bytes) -> dict[str, str]:
    """The headers that prove a body is Meta's."""
    return {
        "X-Hub-Signature-256": "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest(),
        "X-Hub-Signature": "sha1=" + hmac.new(secret.encode(), body, hashlib.sha1).hexdigest(),
    }


def headers_for(account: Account, body: bytes) -> dict[str, str]:
    """What comes with a posting of this account."""
    common = {"Content-Type": "application/json"}
    if account.channel == "telegram":
        return common | (
            {"X-Telegram-Bot-Api-Secret-Token": account.secret_token} if account.secret_token else {}
        )
    return common | {"User-Agent": "facebookexternalua"} | signature(account.app_secret, body)


def envelope(occurrences: Sequence[Occurrence], at_ms: int) -> dict[str, Any]:
    """One body for events of accounts that share an app; neighbours of one account and place share an entry."""
    account = occurrences[0].account
    if account.channel == "telegram":
        return dict(occurrences[0].payload)
    entries: list[dict[str, Any]] = []
    for one in occurrences:
        identity = one.account.waba_id or one.account.id
        last = entries[-1] if entries else None
        if last is None or last["id"] != identity or one.place not in last:
            last = {"id": identity, one.place: []}
            last["time"] = at_ms // 1000 if one.place == "changes" else at_ms
            entries.append(last)
        payload = {"field": one.field, "value": one.payload} if one.place == "changes" else one.payload
        last[one.place].append(payload)
    return {"object": OBJECTS[account.channel], "entry": entries}


class Hooks:
    """Takes what occurs and posts it; `postings` keeps what was sent."""

    def __init__(self, world: World, *, pauses: Sequence[float] = PAUSES_SECONDS) -> None:
        self.postings: list[Posting] = []
        self._world = world
        self._pauses = pauses
        self._gathered: dict[str, list[Occurrence]] = {}
        self._tails: dict[str, asyncio.Event] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._open = asyncio.Event()
        self._open.set()
        self._session: aiohttp.ClientSession | None = None
        world.emit = self.take

    async def start(self) -> None:
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_SECONDS))

    async def stop(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    @property
    def is_paused(self) -> bool:
        """Whether the platform holds everything back for now."""
        return not self._open.is_set()

    @is_paused.setter
    def is_paused(self, value: bool) -> None:
        self._open.clear() if value else self._open.set()

    async def settled(self, seconds: float = 30.0) -> None:
        """Wait until everything is posted or given up.

        Raises:
            TimeoutError: not within the time.
        """
        async with asyncio.timeout(seconds):
            while self._tasks:  # one that ends may have begun another
                await asyncio.wait(self._tasks)

    def take(self, occurrence: Occurrence) -> None:
        """Post an event if the app is subscribed to it."""
        account = occurrence.account
        is_subscribed = account.channel == "telegram" or occurrence.field in account.fields
        if not account.webhook or not is_subscribed:
            return
        faults = self._world.faults[account.key]
        if faults.batch <= 1 or account.channel == "telegram":
            self._spawn([occurrence])
            return
        group = f"{account.channel} {account.webhook} {account.app_secret}"
        waiting = self._gathered.setdefault(group, [])
        waiting.append(occurrence)
        if len(waiting) >= faults.batch:
            self._flush(group)
        elif len(waiting) == 1:
            task = asyncio.create_task(self._flush_later(group, faults.batch_seconds))
            self._keep(task)

    async def _flush_later(self, group: str, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self._flush(group)

    def _flush(self, group: str) -> None:
        occurrences = self._gathered.pop(group, [])
        if not occurrences:
            return
        faults = self._world.faults[occurrences[0].account.key]
        if faults.chance("shuffle") < faults.shuffle:
            occurrences.sort(key=lambda _one: faults.chance("order"))
        self._spawn(occurrences)

    def _spawn(self, occurrences: list[Occurrence]) -> None:
        account = occurrences[0].account
        faults = self._world.faults[account.key]
        body = wire_bytes(envelope(occurrences, int(time.time() * 1000)))
        delay = faults.late_seconds if faults.chance("late") < faults.late else 0.0
        times = 2 if faults.chance("twice") < faults.twice else 1
        # Telegram posts a bot's updates one after the other; Meta promises no order, but does not shuffle idly.
        lanes = {account.key} if account.channel == "telegram" else {one.lane for one in occurrences}
        for _ in range(times):
            posting = Posting(account.key, body, len(occurrences))
            self.postings.append(posting)
            before = [self._tails[lane] for lane in lanes if lane in self._tails] if not delay else []
            done = asyncio.Event()
            if not delay:
                self._tails.update(dict.fromkeys(lanes, done))
            self._keep(asyncio.create_task(self._post(account, posting, before, done, delay, lanes)))

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _post(
        self,
        account: Account,
        posting: Posting,
        before: list[asyncio.Event],
        done: asyncio.Event,
        delay: float,
        lanes: set[str],
    ) -> None:
        try:
            await asyncio.sleep(delay)
            for event in before:
                await event.wait()
            keeps_order = account.channel == "telegram"
            for pause in (*self._pauses, None):
                await self._open.wait()
                status = await self._attempt(account, posting)
                if not keeps_order:
                    done.set()  # the rest of the lane does not wait for what is tried again
                if status == 200 or (keeps_order and 200 <= status < 300):
                    posting.state = "taken"
                    return
                if pause is None:
                    break
                await asyncio.sleep(pause)
            posting.state = "given_up"
        finally:
            done.set()
            for lane in lanes:
                if self._tails.get(lane) is done:
                    del self._tails[lane]
            self._world.tell({"event": "posting", "account": account.key, "state": posting.state})

    async def _attempt(self, account: Account, posting: Posting) -> int:
        assert self._session is not None  # noqa: S101 - started before anything occurs
        status = 0
        async with self._gate:
            try:
                headers = headers_for(account, posting.body)
                async with self._session.post(
                    account.webhook, data=posting.body, headers=headers
                ) as response:
                    status = response.status
                    await response.read()
            except (TimeoutError, aiohttp.ClientError, OSError):
                status = 0
        posting.statuses.append(status)
        return status
