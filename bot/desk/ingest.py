"""Keeping what platforms tell us before it is acknowledged: calls that come while a commit runs share the next one."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from bot.core.channel import Heard
from bot.core.errors import StoreUnavailable
from bot.core.times import now
from bot.store import platform_events
from bot.store.database import Database
from bot.store.platform_events import Lane

log = logging.getLogger("aisle.intake")
Waiting = tuple[Sequence[dict[str, Any]], asyncio.Future[None]]


class Ingest:
    """One per process; use from the event loop only. `kept` hears of the lanes that have something new, `arrived` of
    each call before it is stored."""

    def __init__(
        self, database: Database, kept: Callable[[Iterable[Lane]], None], arrived: Callable[[], None]
    ) -> None:
        self._database = database
        self._kept = kept
        self._arrived = arrived
        self._waiting: list[Waiting] = []
        self._task: asyncio.Task[None] | None = None

    @property
    def is_busy(self) -> bool:
        """Whether something waits to be stored, or is being."""
        return self._task is not None

    async def keep(self, channel: str, heard: Sequence[Heard]) -> None:
        """Store `heard`; returns when it is committed.

        Raises:
            StoreUnavailable: the database does not take it; the platform will send it again.
        """
        self._arrived()
        rows = platform_events.rows(channel, heard, at=now())
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((rows, done))
        if self._task is None:
            self._task = asyncio.create_task(self._commit(), name="ingest")
        await done

    async def _commit(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting, []
                rows = [row for own, _ in batch for row in own]
                failure: StoreUnavailable | None = None
                try:
                    await self._database.write(platform_events.keep, rows, is_urgent=True)
                except SQLAlchemyError as error:
                    log.error(
                        "events of a platform could not be stored", extra={"error": type(error).__name__}
                    )
                    failure = StoreUnavailable()
                    failure.__cause__ = error
                for _, done in batch:
                    if not done.done() and failure is not None:
                        done.set_exception(failure)
                    elif not done.done():
                        done.set_result(None)
                if failure is None:
                    new = {
                        Lane(row["channel"], row["account"], row["person"])
                        for row in rows
                        if row["state"] == platform_events.NEW
                    }
                    self._kept(new)
        finally:
            self._task = None
