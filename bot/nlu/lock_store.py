"""One turn at a time per conversation; the next waits on an asyncio lock and wakes at once.

Rasa's in-memory lock store polls once a second.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from rasa.core.lock import TicketLock
from rasa.core.lock_store import LockError, LockStore

LONGEST_WAIT_SECONDS = 60.0


class WakingLockStore(LockStore):
    """Locks of this process; several brains are kept apart by the desk, sticky by conversation."""

    def __init__(self, endpoint_config: Any = None) -> None:
        self._locks: dict[str, asyncio.Lock] = {}
        self._users: dict[str, int] = {}

    @asynccontextmanager
    async def lock(
        self,
        conversation_id: str,
        lock_lifetime: float = LONGEST_WAIT_SECONDS,
        wait_time_in_seconds: float = 1,
    ) -> AsyncGenerator[TicketLock, None]:
        """Hold the conversation.

        Raises:
            LockError: another turn held it for longer than `lock_lifetime` seconds.
        """
        lock = self._locks.setdefault(conversation_id, asyncio.Lock())
        self._users[conversation_id] = self._users.get(conversation_id, 0) + 1
        try:
            try:
                if (
                    self._users[conversation_id] == 1
                ):  # nobody holds it or waits: at once, and without a timer
                    await lock.acquire()
                else:
                    await asyncio.wait_for(lock.acquire(), lock_lifetime)
            except asyncio.TimeoutError as error:
                raise LockError(f"Conversation {conversation_id!r} is still busy.") from error
            try:
                yield TicketLock(conversation_id)
            finally:
                lock.release()
        finally:
            self._users[conversation_id] -= 1
            if not self._users[conversation_id]:
                del self._users[conversation_id], self._locks[conversation_id]

    def get_lock(self, conversation_id: str) -> TicketLock | None:
        """A lock as Rasa asks for it, if the conversation is held."""
        return TicketLock(conversation_id) if conversation_id in self._locks else None

    def delete_lock(self, conversation_id: str) -> None:
        """Locks go away with their last user."""

    def save_lock(self, lock: TicketLock) -> None:
        """Locks live in this process."""
