"""What shoppers do on a platform, as tests say it, and what became of it."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.core.channel import Heard
from bot.store.tables import Conversation, Fact, Identity, Message, PlatformEvent
from tests.running import RunningDesk
from tests.small_platform import ACCOUNT, SmallPlatform, post

PATIENCE = 10.0


class Clock:
    """The platforms' clock: `start` is twenty minutes before the test."""

    start = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=20)


def moment(seconds: float) -> datetime:
    """A platform's time, in seconds after its clock's start."""
    return Clock.start + timedelta(seconds=seconds)


def heard(kind: str, key: str, seconds: float = 0.0, **values: Any) -> Heard:
    values.setdefault("person", "ona")
    return Heard(kind, ACCOUNT, key, moment(seconds), **values)


def said(text: str, mid: str = "m1", seconds: float = 0.0, **values: Any) -> Heard:
    return heard("message.text", f"message:{mid}", seconds, platform_id=mid, text=text, **values)


class Street:
    """A desk with one small platform before it."""

    def __init__(self, desk: RunningDesk, platform: SmallPlatform) -> None:
        self.desk, self.platform = desk, platform
        Clock.start = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=20)

    async def tell(self, *events: Heard) -> None:
        """Told by the platform and applied as far as it goes."""
        assert (await post(self.desk.http, self.desk.url, *events))[0] == 200
        await self.quiet()

    async def quiet(self) -> None:
        await self.until(lambda session: not self._left(session))

    @staticmethod
    def _left(session: Session) -> bool:
        new = session.scalar(select(PlatformEvent.id).where(PlatformEvent.state == "new").limit(1))
        turn = session.scalar(
            select(Message.id).where(Message.direction == "in", Message.handled_at.is_(None)).limit(1)
        )
        leaving = session.scalar(select(Message.id).where(Message.state.in_(("pending", "sending"))).limit(1))
        return any(one is not None for one in (new, turn, leaving))

    async def until(self, is_so: Callable[[Session], Any]) -> None:
        deadline = time.monotonic() + PATIENCE
        while True:
            with self.desk.services.database.reading() as session:
                if is_so(session):
                    return
            assert time.monotonic() < deadline, "waited in vain"
            await asyncio.sleep(0.01)

    def look(self, query: Any) -> list[Any]:
        with self.desk.services.database.reading() as session:
            return list(session.scalars(query))

    def messages(self) -> list[Message]:
        return self.look(select(Message).order_by(Message.id))

    def thread(self) -> list[tuple[str, str]]:
        return [(message.author, message.text) for message in self.messages()]

    def conversation(self) -> Conversation:
        (found,) = self.look(select(Conversation))
        return found  # type: ignore[no-any-return]

    def identities(self) -> list[Identity]:
        return self.look(select(Identity).order_by(Identity.external_id))

    def facts(self, kind: str) -> list[Fact]:
        return self.look(select(Fact).where(Fact.kind == kind).order_by(Fact.id))

    def events(self, state: str = "") -> list[PlatformEvent]:
        query = select(PlatformEvent).order_by(PlatformEvent.id)
        return self.look(query.where(PlatformEvent.state == state) if state else query)
