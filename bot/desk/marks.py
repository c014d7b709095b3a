"""Telling the shopper's app that we have read and are typing, when the bot starts a turn; never a reason to wait."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.core.channel import Platform
from bot.store.database import Database
from bot.store.tables import Conversation, Identity, Message

log = logging.getLogger("aisle.turns")


class Marks:
    """Use from the event loop only."""

    def __init__(self, database: Database, platforms: Mapping[str, Platform]) -> None:
        self._database = database
        self._platforms = platforms
        self._tasks: set[asyncio.Task[None]] = set()

    def began(self, conversation_id: str, channel: str) -> None:
        """A turn has begun; returns at once."""
        platform = self._platforms.get(channel)
        if platform is None or not (platform.capabilities.has_seen or platform.capabilities.has_typing):
            return
        self._start(platform, partial(self._mark, platform, conversation_id))

    def seen(self, channel: str, account: str, person: str, target: str) -> None:
        """What the shopper did (`target`) has arrived; returns at once."""
        platform = self._platforms.get(channel)
        if platform is not None and platform.capabilities.has_seen:
            self._start(platform, partial(platform.mark, account, person, what="seen", target=target))

    def _start(self, platform: Platform, work: Callable[[], Awaitable[None]]) -> None:
        task = asyncio.create_task(self._tried(platform, work), name="mark")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """Cancel what runs."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _mark(self, platform: Platform, conversation_id: str) -> None:
        found = await self._database.read(_whom, conversation_id)
        if found is None:
            return
        account, person, target = found
        if platform.capabilities.has_seen:
            await platform.mark(account, person, what="seen", target=target)
        if platform.capabilities.has_typing:
            await platform.mark(account, person, what="typing", target=target)

    async def _tried(self, platform: Platform, work: Callable[[], Awaitable[None]]) -> None:
        try:
            async with asyncio.timeout(10):
                await work()
        except Exception as error:  # a courtesy
            log.warning("not marked", extra={"channel": platform.name, "error": type(error).__name__})


def _whom(session: Session, conversation_id: str) -> tuple[str, str, str] | None:
    """(account, person, platform id of their latest message)."""
    row = session.execute(
        select(Message.account, Identity.external_id, Message.platform_id)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .join(
            Identity,
            (Identity.contact_id == Conversation.contact_id)
            & (Identity.channel == Conversation.channel)
            & (Identity.account == Conversation.account),
        )
        .where(Message.conversation_id == conversation_id, Message.direction == "in")
        .order_by(Message.id.desc(), Identity.id)
        .limit(1)
    ).first()
    return (row[0], row[1], row[2] or "") if row else None
