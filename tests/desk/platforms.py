"""A channel of another house with scripted outcomes, and an outbox that sends over it."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import event, select
from sqlalchemy.orm import Session

from bot.core.channel import Capabilities, Finding, Heard, Outgoing, Person, Piece, Receipt, own_id
from bot.core.errors import NotDelivered
from bot.core.ids import new_id
from bot.core.messages import Part, Text
from bot.core.times import now
from bot.desk.figures import Figures
from bot.desk.live import Live
from bot.desk.outbox import Outbox
from bot.desk.say import say
from bot.desk.sending import Terms
from bot.store import conversations
from bot.store.database import Database
from bot.store.tables import Conversation, Event, Fact, Message
from bot.store.tables import Piece as PieceRow

PATIENCE = 8.0
ECHO_WAIT = 0.25
CAPABILITIES = Capabilities(
    text_limit=2_000,
    quick_replies=5,
    has_cards=False,
    window_seconds=86_400,
    agent_window_seconds=604_800,
    comment_window_seconds=604_800,
    settles=True,
)


class FakePlatform:
    """Takes everything unless told otherwise: `script` holds what the next calls meet, one by one.

    An item is an error to raise, a function called with the call (which may raise or wait), or None. A message's
    pieces are the parts of its text between bars.
    """

    name = "fake"
    is_live = False
    needs = ()
    missing = ()
    accounts = ("shop",)

    def __init__(self, **capabilities: Any) -> None:
        self.capabilities = replace(CAPABILITIES, **capabilities)
        self.script: list[Any] = []
        self.calls: list[str] = []  # every call's text
        self.taken: list[str] = []  # what the shopper sees
        self.own_ids: list[str] = []
        self.seen: list[Outgoing] = []
        self.person_told = ""
        self.gate: asyncio.Event | None = None
        self.is_lost_after = False
        self.at_once = self.most_at_once = 0
        self.findings: list[Finding] = []

    def challenge(self, query: Mapping[str, str]) -> str | None:
        return None

    def check_signature(self, headers: Mapping[str, str], body: bytes) -> None:
        return None

    def parse(self, body: bytes, *, at: datetime) -> list[Heard]:
        return []

    def render(self, message: Outgoing) -> Sequence[Piece]:
        if message.text == "unrenderable":
            raise KeyError(message.text)
        bodies = [{"text": text, "own_id": ""} for text in message.text.split("|") if text]
        return [
            Piece(number, body | {"own_id": own_id(message.message_id, number)}, words=body["text"])
            for number, body in enumerate(bodies)
        ]

    async def send(self, message: Outgoing, piece: Piece) -> Receipt:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            return await self._send(message, piece)
        finally:
            self.at_once -= 1

    async def _send(self, message: Outgoing, piece: Piece) -> Receipt:
        text = piece.body["text"]
        self.calls.append(text)
        self.own_ids.append(piece.body["own_id"])
        self.seen.append(message)
        outcome = self.script.pop(0) if self.script else None
        if isinstance(outcome, Exception):
            raise outcome
        if outcome is not None:
            await outcome(self, text)
        if self.gate is not None:
            await self.gate.wait()
        self.taken.append(text)
        return Receipt(f"mid.{len(self.taken)}", person=self.person_told)

    async def mark(self, account: str, person: str, *, what: str, target: str = "") -> None:
        return None

    async def person(self, account: str, person: str) -> Person | None:
        return None

    async def check(self, account: str) -> list[Finding]:
        return self.findings

    async def set_up(self, account: str, *, webhook_url: str, profile: Mapping[str, Any]) -> list[Finding]:
        return []

    async def close(self) -> None:
        return None


async def arrives_unanswered(platform: FakePlatform, text: str) -> None:
    """The platform takes the message, but its answer is lost."""
    platform.taken.append(text)
    raise NotDelivered("no answer came", heals=True, cause="lost")


async def vanishes(platform: FakePlatform, text: str) -> None:
    """Neither the message nor an answer arrives, which looks the same from here."""
    raise NotDelivered("no answer came", heals=True, cause="lost")


async def hangs(platform: FakePlatform, text: str) -> None:
    """The call never ends."""
    await asyncio.Event().wait()


async def arrives_and_hangs(platform: FakePlatform, text: str) -> None:
    """The platform takes the message, and we die before its answer comes."""
    platform.taken.append(text)
    await asyncio.Event().wait()


def refusal(
    cause: str, *, heals: bool = False, after: float | None = None, is_shared: bool = True
) -> NotDelivered:
    """What a connector raises."""
    return NotDelivered(
        f"it is the {cause}", heals=heals, retry_after_seconds=after, cause=cause, is_shared=is_shared
    )


@dataclass
class Sender:
    """An outbox at work over a fake platform, with the database behind it."""

    database: Database
    platform: FakePlatform
    outbox: Outbox

    def conversation(self, *, account: str = "shop", wrote: timedelta | None = timedelta(0)) -> str:
        """A shopper who wrote so long ago."""
        with self.database.writing() as session:
            made = conversations.make(
                session,
                conversation_id=new_id(),
                contact_id=new_id(),
                channel="fake",
                account=account,
                external_id=new_id(),
                language="en",
                at=now(),
            )
            made.last_shopper_at = None if wrote is None else now() - wrote
            conversations.open_episode(session, made, now())
            return made.id

    def say(
        self, conversation_id: str, text: str, *, author: str = "bot", extra: dict[str, Any] | None = None
    ) -> int:
        """A message in the outbox, of which it is told."""
        with self.database.writing() as session:
            conversation = conversations.locked(session, conversation_id)
            parts: list[Part] = [Text(text)]
            written = say(session, conversation, parts, author=author, at=now())
            if extra:
                session.get_one(Message, written.id).extra = extra
        self.outbox.notify(conversation_id)
        return written.id

    def change(self, work: Callable[[Session], Any]) -> Any:
        """Run `work` as one unit of work."""
        with self.database.writing() as session:
            return work(session)

    def message(self, message_id: int) -> Message:
        with self.database.reading() as session:
            found = session.get_one(Message, message_id)
            session.expunge(found)
            return found

    def states(self, conversation_id: str) -> list[str]:
        with self.database.reading() as session:
            query = select(Message.state).where(Message.conversation_id == conversation_id)
            return list(session.scalars(query.order_by(Message.id)))

    def row(self, conversation_id: str) -> Conversation:
        with self.database.reading() as session:
            found = session.get_one(Conversation, conversation_id)
            session.expunge(found)
            return found

    def pieces(self, message_id: int) -> list[tuple[str, str | None]]:
        """(state, platform id) of each piece tried."""
        with self.database.reading() as session:
            query = select(PieceRow).where(PieceRow.message_id == message_id).order_by(PieceRow.number)
            return [(piece.state, piece.platform_id) for piece in session.scalars(query)]

    def facts(self, kind: str) -> list[str]:
        """Labels of the facts of a kind."""
        with self.database.reading() as session:
            return list(session.scalars(select(Fact.label).where(Fact.kind == kind).order_by(Fact.id)))

    def told(self, conversation_id: str) -> list[dict[str, Any]]:
        """What agents were told of deliveries."""
        with self.database.reading() as session:
            query = select(Event.data).where(
                Event.conversation_id == conversation_id, Event.kind == "delivery", Event.audience == "agents"
            )
            return list(session.scalars(query.order_by(Event.seq)))

    async def until(self, is_so: Callable[[], bool], what: str = "") -> None:
        deadline = time.monotonic() + PATIENCE
        while not is_so():
            assert time.monotonic() < deadline, f"waited in vain: {what}"
            await asyncio.sleep(0.01)

    async def settled(self, message_id: int, state: str = "sent") -> Message:
        await self.until(lambda: self.message(message_id).state == state, f"{state} {message_id}")
        return self.message(message_id)

    async def quiet(self) -> None:
        """Let whatever is going to happen at once happen."""
        await asyncio.sleep(0.15)

    async def kill(self) -> None:
        """The process dies where it stands; another one starts on the same database."""
        running = [task for task in asyncio.all_tasks() if task.get_name().startswith("outbox ")]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        self.outbox = make_outbox(self.database, self.platform)
        await self.outbox.recover()

    def count_commits(self) -> list[int]:
        """A list that grows with every commit of a unit of work that writes."""
        commits: list[int] = []
        event.listen(self.database.writer, "commit", lambda _connection: commits.append(1))
        return commits


def make_outbox(
    database: Database, platform: FakePlatform, *, echo_wait_seconds: float = ECHO_WAIT
) -> Outbox:
    terms = Terms(echo_wait_seconds=echo_wait_seconds, public_url="https://shop.test", since=now())
    return Outbox(database, {"fake": platform}, Live(), Figures(), terms=terms)


@asynccontextmanager
async def sending_over(
    database: Database, platform: FakePlatform, *, echo_wait_seconds: float = ECHO_WAIT
) -> AsyncIterator[Sender]:
    """A working outbox, stopped at the end of the block."""
    outbox = make_outbox(database, platform, echo_wait_seconds=echo_wait_seconds)
    sender = Sender(database, platform, outbox)
    try:
        yield sender
    finally:
        if platform.gate is not None:
            platform.gate.set()
        stopping = asyncio.create_task(sender.outbox.stop())
        await asyncio.sleep(0)
        for task in asyncio.all_tasks():
            if task.get_name().startswith("outbox "):
                task.cancel()
        await stopping
