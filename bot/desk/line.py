"""The line of those who wait for a person: each hears their place as it changes, at most once a second.

Places are passing things: they are told to open pages and not stored. One query reads the whole line, however many
conversations have changed meanwhile.
"""

import asyncio
import logging
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.core.ownership import Owner
from bot.core.profile import Profile
from bot.core.times import now
from bot.desk import presence
from bot.desk.live import INBOX, Live
from bot.store.database import Database
from bot.store.tables import Conversation

log = logging.getLogger("aisle.line")
PACE_SECONDS = 1.0
LOOK_SECONDS = 15.0  # people come and go without a conversation changing
MOST = 500  # further back a place says nothing

Wait = dict[str, Any]
_LINE = (
    select(Conversation.id, Conversation.queued_at)
    .where(Conversation.owner == Owner.QUEUE.value, Conversation.queued_at.is_not(None))
    .order_by(Conversation.queued_at)
    .limit(MOST)
)


def waits(session: Session, profile: Profile, at: datetime) -> dict[str, Wait]:
    """What each waiting conversation is told, by its id: `position` (from 1), `agents`, `minutes`, `opens_at`."""
    line = session.execute(_LINE).all()
    if not line:
        return {}
    people = presence.people(session, profile, at)
    told = {
        "agents": people.state,
        "minutes": presence.usual_wait_minutes(session, at),
        "opens_at": people.opens_at.isoformat() if people.opens_at else None,
    }
    found: dict[str, Wait] = {}
    place, before = 0, None
    for number, (conversation_id, queued_at) in enumerate(line, start=1):
        if queued_at != before:  # who came at the same moment stands at the same place
            place, before = number, queued_at
        found[conversation_id] = {"position": place, **told}
    return found


class Line:
    """Watches the line of this database and tells open pages of this process."""

    def __init__(self, database: Database, live: Live, profile: Profile) -> None:
        self._database, self._live, self._profile = database, live, profile
        self._waits: dict[str, Wait] = {}
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Watch from now on."""
        self._task = asyncio.create_task(self._run(), name="line")

    async def stop(self) -> None:
        """Watch no longer."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def of(self, conversation_id: str) -> Wait | None:
        """Where a conversation stood when last looked at; None when it does not wait."""
        return self._waits.get(conversation_id)

    async def look(self) -> None:
        """Read the line and tell the pages of those for whom something changed."""
        found = await self._database.read(waits, self._profile, now())
        before, self._waits = self._waits, found
        for conversation_id, wait in found.items():
            if wait != before.get(conversation_id):
                self._live.signal(conversation_id, {"kind": "wait", "wait": wait})

    async def _run(self) -> None:
        with self._live.subscribe(INBOX) as page:
            while True:
                page.clear()
                try:
                    await self.look()
                except Exception:
                    log.exception("the line could not be read")
                await asyncio.sleep(PACE_SECONDS)
                await page.wait(LOOK_SECONDS)
