"""Captured bodies posted to the public webhook of a running desk: kept as their kinds, once, in any order alike.

Our own bodies are in `payloads/`; with AISLE_PAYLOADS naming a folder with an `index.json` (secret, signatures and
kinds of each file), those are replayed as well.
"""

import asyncio
import dataclasses
import hashlib
import hmac
import json
import os
import random
import shutil
import time
import uuid
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from sqlalchemy import select

from bot.bootstrap import build_connectors
from bot.core.settings import Settings
from bot.core.times import now
from bot.store.tables import Conversation, Identity, Message, PlatformEvent, Touch
from tests.running import RunningDesk, running

CHANNELS = ("messenger", "instagram", "whatsapp", "telegram")
OURS = Path(__file__).parent / "payloads"
SECRET, TELEGRAM_SECRET = "test_app_secret", "from-telegram"  # of the bodies, nobody's
TIMES = ("timestamp", "time", "created_time", "date", "edit_date")
TOLD_BEFORE_SECONDS = 1200  # the arrival of the first body
YEARS = 3650 * 86_400.0
# Kinds of an `index.json` that stand for several events, or for one that is rightly nothing.
SEVERAL = {
    "messenger/batch_two_entries.json": ["message.text", "message.text"],
    "messenger/batch_two_events_one_entry.json": ["message.text", "message.text"],
    "whatsapp/duplicate_in_one_post.json": ["message.text"],
}
OF_MESSAGES = ("channel", "platform_id", "direction", "author", "text", "parts", "page")


@dataclass(frozen=True)
class Posting:
    """A call of a platform; `kind` is what an index says of it."""

    channel: str
    name: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()
    kind: str = ""


def ours(channel: str) -> list[Posting]:
    return [
        Posting(channel, path.stem, path.read_bytes()) for path in sorted((OURS / channel).glob("*.json"))
    ]


def theirs(folder: Path) -> list[Posting]:
    index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    found = []
    for entry in index["payloads"]:
        channel, name = entry["file"].split("/")
        if channel in CHANNELS:
            body = (folder / entry["file"]).read_bytes()
            found.append(Posting(channel, name, body, tuple(entry["headers"].items()), entry["kind"]))
    return found


def accounts(postings: Iterable[Posting]) -> dict[str, set[str]]:
    """Of whom the bodies tell: Page and Instagram account ids, WhatsApp's phone numbers."""
    found: dict[str, set[str]] = {channel: set() for channel in CHANNELS}
    for posting in postings:
        body = json.loads(posting.body)
        for entry in body.get("entry") or () if isinstance(body, dict) else ():
            if not isinstance(entry, dict):
                continue
            ids = [str(entry.get("id"))]
            if posting.channel == "whatsapp":
                values = [change.get("value") or {} for change in entry.get("changes", ())]
                ids = [str((value.get("metadata") or {}).get("phone_number_id", "")) for value in values]
            found[posting.channel] |= {one for one in ids if one.isdigit() and len(one) > 1}
    return found


def environment(postings: Sequence[Posting], api: str) -> dict[str, str]:
    found = {"AISLE_TELEGRAM_TOKEN": "5550001:abc", "AISLE_TELEGRAM_SECRET": TELEGRAM_SECRET}
    for channel, known in accounts(postings).items():
        name = f"AISLE_{channel.upper()}"
        found |= {f"{name}_API": api}
        if channel == "telegram":
            continue
        found |= {
            f"{name}_APP_SECRET": SECRET,
            f"{name}_VERIFY_TOKEN": "word",
            # Of bodies caught elsewhere nobody says which app is the shop's own.
            f"{name}_APP_ID": "" if any(one.headers for one in postings) else "900100200300",
        }
        for account in known or {"10"}:
            found |= {f"{name}_TOKEN__{account}": "token", f"{name}_BUSINESS__{account}": "1"}
    return found


def signed(posting: Posting) -> dict[str, str]:
    if posting.headers:
        return dict(posting.headers)
    if posting.channel == "telegram":
        return {"X-Telegram-Bot-Api-Secret-Token": TELEGRAM_SECRET}
    digest = hmac.new(SECRET.encode(), posting.body, hashlib.sha256).hexdigest()
    return {"X-Hub-Signature-256": f"sha256={digest}"}


def recent(posting: Posting, *, by: float) -> Posting:
    """The same call `by` seconds later by the platform's clock, signed anew."""
    body = json.dumps(_later(json.loads(posting.body), by)).encode()
    return dataclasses.replace(posting, body=body, headers=())


def _later(value: Any, by: float) -> Any:
    if isinstance(value, list):
        return [_later(item, by) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: _moved(item, by) if name in TIMES and _seconds(item) else _later(item, by)
        for name, item in value.items()
    }


def _seconds(value: Any) -> float:
    """A moment in seconds, 0.0 when it is none."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return 0.0
    number = number / 1000 if number > 1e12 else number
    return number if 1e9 < number < 4e9 else 0.0


def _moved(value: Any, by: float) -> Any:
    moved = int(float(value) + by * (1000 if float(value) > 1e12 else 1))
    return str(moved) if isinstance(value, str) else moved


def moments(value: Any) -> Iterator[float]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from [_seconds(item)] if name in TIMES and _seconds(item) else moments(item)
    for item in value if isinstance(value, list) else ():
        yield from moments(item)


def by_platform(moment: datetime | None) -> datetime | None:
    """A moment the platform told; None when it told none and that of arrival stands in for it."""
    return moment if moment and moment < now() - timedelta(seconds=TOLD_BEFORE_SECONDS / 2) else None


class Replay:
    """A desk that knows the accounts of some bodies, and platforms that take whatever it says."""

    def __init__(self, desk: RunningDesk) -> None:
        self.desk = desk

    async def post(self, posting: Posting) -> int:
        url = f"{self.desk.url}/webhooks/{posting.channel}"
        headers = {"Content-Type": "application/json", **signed(posting)}
        async with self.desk.http.post(url, data=posting.body, headers=headers) as response:
            return response.status

    async def post_all(self, postings: Sequence[Posting]) -> None:
        """Each taken, and what came of all of them done."""
        taken = [(posting.name, await self.post(posting)) for posting in postings]
        assert [one for one in taken if one[1] != 200] == []
        await self.quiet()

    async def quiet(self) -> None:
        """Until nothing is left to apply, to answer or to send."""
        deadline, calm = time.monotonic() + 30, 0
        while calm < 2:  # what waits for news of the outbox is looked at once more when there is none to come
            assert time.monotonic() < deadline, f"waited in vain: {self._left()}"
            await self.desk.services.intake.recover()
            await self.desk.services.outbox.recover()
            await asyncio.sleep(0.02)
            calm = 0 if self._left() else calm + 1

    def _left(self) -> list[str]:
        events = [event.key for event in self.look(select(PlatformEvent).where(PlatformEvent.state == "new"))]
        asked = select(Message).where(Message.direction == "in", Message.handled_at.is_(None))
        leaving = select(Message).where(Message.state.in_(("pending", "sending")))
        return events + [f"{one.state} {one.text}" for one in self.look(asked) + self.look(leaving)]

    def look(self, query: Any) -> list[Any]:
        with self.desk.services.database.reading() as session:
            return list(session.scalars(query))

    def kinds(self) -> dict[str, str]:
        return {event.key: event.kind for event in self.look(select(PlatformEvent))}

    def state(self) -> dict[str, Any]:
        """What the platforms have told, as pages and numbers would show it, without ids and counters of ours."""
        told = select(Message).where((Message.direction == "in") | (Message.user_id.is_(None)))
        messages = [
            {
                **{name: getattr(one, name) for name in OF_MESSAGES},
                "created_at": by_platform(one.created_at),
                "extra": {name: value for name, value in one.extra.items() if name != "event"},
            }
            for one in self.look(told)
            if one.direction == "in" or "elsewhere" in one.extra
        ]
        talks = self.look(select(Conversation))
        touches = self.look(select(Touch))
        return {
            "events": sorted(
                (one.channel, one.key, one.kind, one.state) for one in self.look(select(PlatformEvent))
            ),
            "messages": sorted(messages, key=lambda one: (one["channel"], str(one["platform_id"]))),
            "owners": sorted((one.channel, one.owner, one.reason, one.unreachable) for one in talks),
            "last": sorted(
                (one.channel, str(by_platform(one.last_shopper_at)), str(by_platform(one.window_at)))
                for one in talks
            ),
            "people": sorted((one.channel, one.external_id) for one in self.look(select(Identity))),
            # Whether a comment is answered depends on whether somebody talks to the person when it comes.
            "touches": sorted(
                (one.channel, one.platform_id, one.text, one.state == "removed") for one in touches
            ),
        }


@asynccontextmanager
async def agreeable() -> AsyncIterator[str]:
    """The address of platforms that take whatever the shop says."""
    numbers = iter(range(10_000_000, 11_000_000))  # of no message in a body

    async def take(_request: web.Request) -> web.Response:
        number = next(numbers)
        taken: dict[str, Any] = {"message_id": f"taken.{number}", "messages": [{"id": f"taken.{number}"}]}
        return web.json_response({"ok": True, "result": {"message_id": number, "chat": {"id": 1}}, **taken})

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def replaying(settings: Settings, postings: Sequence[Posting]) -> AsyncIterator[Replay]:
    # What the bodies tell happened months ago: no episode of theirs must end for that in the middle of a test.
    chosen = dataclasses.replace(settings, episode_idle_seconds=YEARS, echo_wait_seconds=0.1)
    async with agreeable() as api:
        channels = build_connectors(environment(postings, api))
        assert [name for name in CHANNELS if getattr(channels[name], "missing", ())] == []
        async with running(chosen, channels=channels) as desk:
            yield Replay(desk)


def until_lately(postings: Sequence[Posting]) -> float:
    """Seconds by which bodies have to be later for the last of them to have happened some minutes ago."""
    latest = max((at for posting in postings for at in moments(json.loads(posting.body))), default=0.0)
    return time.time() - TOLD_BEFORE_SECONDS - latest


def alone(postings: Sequence[Posting], random_: random.Random) -> list[Posting]:
    """Of bodies that give one id to different things, as files do and platforms do not, any one of them."""
    chosen: list[Posting] = []
    platforms = build_connectors(environment(postings, "http://127.0.0.1:9"))
    seen: set[tuple[str, str, str]] = set()
    for posting in random_.sample(postings, len(postings)):
        heard = platforms[posting.channel].parse(posting.body, at=now())
        keys = {
            (posting.channel, one.account, name)
            for one in heard
            for name in (one.key, one.platform_id)
            if name
        }
        if not keys & seen:
            chosen.append(posting)
            seen |= keys
    return chosen


def differing(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """What only one of two states holds, both sides of it."""
    return {
        name: (
            [item for item in one[name] if item not in other[name]],
            [item for item in other[name] if item not in one[name]],
        )
        for name in one
        if one[name] != other[name]
    }


class Orders:
    """Desks of their own for the same bodies, told in different orders."""

    def __init__(self, folder: Path, template: Path, port: int) -> None:
        self._folder, self._template, self._port = folder, template, port

    async def end_alike(self, postings: Sequence[Posting], *, seed: int) -> None:
        """Tell two desks the same in two orders, the second some of it twice."""
        chance = random.Random(seed)
        by = until_lately(postings)
        # A few seconds lie between any two: of what happens in the same moment, whatever comes last counts.
        told = [recent(posting, by=by + 3 * place) for place, posting in enumerate(alone(postings, chance))]
        first = await self._told(postings, chance.sample(told, len(told)))
        again = chance.sample(told, len(told) // 4)
        assert differing(first, await self._told(postings, chance.sample(told, len(told)) + again)) == {}

    async def _told(self, known: Sequence[Posting], told: Sequence[Posting]) -> dict[str, Any]:
        home = self._folder / uuid.uuid4().hex
        home.mkdir()
        shutil.copy(self._template, home / "aisle.db")
        settings = Settings(
            home=home,
            database_url=f"sqlite:///{home / 'aisle.db'}",
            port=self._port,
            secret_key="s" * 40,
            internal_secret="i" * 40,
        )
        async with replaying(settings, known) as replay:
            await replay.post_all(told)
            return replay.state()


@pytest.fixture
def orders(tmp_path: Path, _sqlite_template: Path, free_port: int) -> Orders:
    return Orders(tmp_path, _sqlite_template, free_port)


@pytest.mark.parametrize("channel", CHANNELS)
async def test_our_bodies_are_taken_and_known_again(channel: str, settings: Settings) -> None:
    bodies = ours(channel)
    # told as of today: what a person answered elsewhere months ago is closed at some moment of the test
    bodies = [recent(posting, by=until_lately(bodies)) for posting in bodies]
    async with replaying(settings, bodies) as replay:
        await replay.post_all(bodies)
        before = replay.state()
        assert {kind for _, _, kind, _ in before["events"]} > {"message.text", "ignored"}
        assert "new" not in {state for *_, state in before["events"]}
        await replay.post_all(bodies)
        assert differing(before, replay.state()) == {}


@pytest.mark.parametrize("channel", CHANNELS)
async def test_our_bodies_end_alike_in_any_order(channel: str, orders: Orders) -> None:
    await orders.end_alike(ours(channel), seed=11)


async def test_a_body_with_another_signature_is_refused(settings: Settings) -> None:
    bodies = [posting for channel in CHANNELS[:3] for posting in ours(channel) if posting.name == "text"]
    async with replaying(settings, bodies) as replay:
        forged = [
            dataclasses.replace(one, body=one.body + b" ", headers=tuple(signed(one).items()))
            for one in bodies
        ]
        assert [await replay.post(posting) for posting in forged] == [401, 401, 401]
        assert replay.look(select(PlatformEvent)) == []


if "AISLE_PAYLOADS" in os.environ:
    THEIRS = theirs(Path(os.environ["AISLE_PAYLOADS"]))

    async def test_captured_bodies_are_kept_as_their_kinds(settings: Settings) -> None:
        found: dict[str, list[str]] = {}
        async with replaying(settings, THEIRS) as replay:
            for posting in THEIRS:
                before = replay.kinds()
                assert await replay.post(posting) == 200, posting.name
                kinds = [kind for key, kind in replay.kinds().items() if key not in before]
                found[f"{posting.channel}/{posting.name}"] = kinds
            await replay.quiet()
            state = replay.state()
            await replay.post_all(THEIRS)
            assert differing(state, replay.state()) == {}
        wanted = {
            f"{one.channel}/{one.name}": SEVERAL.get(f"{one.channel}/{one.name}", [one.kind])
            for one in THEIRS
        }
        assert {name: kinds for name, kinds in found.items() if kinds != wanted[name]} == {}

    @pytest.mark.parametrize("seed", range(5))
    async def test_captured_bodies_end_alike_in_any_order(seed: int, orders: Orders) -> None:
        await orders.end_alike(THEIRS, seed=seed)
