"""Waking open pages: who waits for a conversation hears that something new is committed, or that someone types."""

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bot.store.conversations import Fresh

INBOX = "inbox"  # key woken by a change of any conversation


class Subscription:
    """One open page, waited for by one task. `signals` holds passing things (typing) that are not stored."""

    def __init__(self) -> None:
        self._is_woken = False
        self._sleeping: asyncio.Future[None] | None = None
        self.signals: deque[dict[str, Any]] = deque(maxlen=20)
        self.changed: set[str] = set()
        self._fresh: list[Fresh | None] = []

    def _wake(self, key: str, signal: dict[str, Any] | None, fresh: Fresh | None = None) -> None:
        if signal is None:
            self.changed.add(key)
            self._fresh = [*self._fresh, fresh][-20:]
        else:
            self.signals.append(signal)
        self._is_woken = True
        if self._sleeping is not None:
            _end(self._sleeping)

    async def wait(self, timeout_seconds: float) -> bool:
        """True when woken, False after `timeout_seconds`. Read `changed` and `signals`, then `clear()`."""
        if self._is_woken:
            return True
        loop = asyncio.get_running_loop()
        self._sleeping = sleeping = loop.create_future()
        timer = loop.call_later(timeout_seconds, _end, sleeping)
        try:
            await sleeping
        finally:
            timer.cancel()
        return self._is_woken

    def clear(self) -> tuple[set[str], list[dict[str, Any]]]:
        """What happened since the last call: keys changed and signals, oldest first."""
        changed, signals = self.changed, list(self.signals)
        self.changed = set()
        self._fresh = []
        self.signals.clear()
        self._is_woken = False
        return changed, signals

    def events_since(self, after: int) -> list[dict[str, Any]] | None:
        """What shoppers may see after event `after`, without asking the database; None when only that can tell.

        Call before `clear()`. Commits may be heard of out of order, or without their events: then it is None.
        """
        found: list[dict[str, Any]] = []
        for fresh in self._fresh:
            if fresh is None or fresh.after > after:
                return None
            if fresh.upto > after:
                if fresh.after != after:
                    return None
                found += fresh.events
                after = fresh.upto
        return found


def _end(sleeping: asyncio.Future[None]) -> None:
    if not sleeping.done():
        sleeping.set_result(None)


class Live:
    """The waiting pages of this process, by key (a conversation id, or `INBOX`). Use from the event loop only."""

    def __init__(self) -> None:
        self._pages: dict[str, set[Subscription]] = {}

    @contextmanager
    def subscribe(self, *keys: str) -> Iterator[Subscription]:
        """A subscription to `keys` for the length of the block."""
        page = Subscription()
        for key in keys:
            self._pages.setdefault(key, set()).add(page)
        try:
            yield page
        finally:
            for key in keys:
                pages = self._pages.get(key, set())
                pages.discard(page)
                if not pages:
                    self._pages.pop(key, None)

    def wake(self, conversation_id: str, fresh: Fresh | None = None) -> None:
        """Something about this conversation was committed; `fresh` saves its pages from reading it again."""
        for key in (conversation_id, INBOX):
            for page in self._pages.get(key, ()):
                page._wake(conversation_id, None, fresh)

    def signal(self, conversation_id: str, signal: dict[str, Any]) -> None:
        """Tell the pages of this conversation something passing, e.g. `{"kind": "typing", "author": "agent"}`."""
        for page in self._pages.get(conversation_id, ()):
            page._wake(conversation_id, signal)

    def watchers(self, key: str) -> int:
        """How many pages are open on `key`."""
        return len(self._pages.get(key, ()))

    @property
    def pages(self) -> int:
        """Open subscriptions in all."""
        return len({id(page) for pages in self._pages.values() for page in pages})
