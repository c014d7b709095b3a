"""Workers by key: one at a time for each key, keys side by side, and no call for work is lost."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

RETRY_SECONDS = 2.0  # after an error that nobody expected


class Lanes:
    """Calls `work(key)` for each key that was notified, until it answers False: nothing more to do for now.

    Being notified while `work` runs makes it run once more, however often it was. An error is logged and the key
    is tried again. `step_aside` is awaited before each call. Use from one event loop only.
    """

    def __init__(
        self,
        name: str,
        work: Callable[[str], Awaitable[bool]],
        *,
        step_aside: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._name = name
        self._work = work
        self._step_aside = step_aside
        self._log = logging.getLogger(f"aisle.{name}")
        self._running: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()
        self._later: dict[str, asyncio.TimerHandle] = {}
        self._is_stopping = False

    def notify(self, key: str) -> bool:
        """There is something to do for `key`; returns at once: True when nothing was being done for it."""
        if self._is_stopping:
            return False
        if key in self._running:
            self._again.add(key)
            return False
        self._running[key] = asyncio.create_task(self._run(key), name=f"{self._name} {key}")
        return True

    def notify_later(self, key: str, seconds: float) -> None:
        """`notify` after a pause; of several for one key the first to end counts, for it looks anew."""
        loop = asyncio.get_running_loop()
        known = self._later.get(key)
        if known is not None and known.when() <= loop.time() + seconds:
            return
        if known is not None:
            known.cancel()
        self._later[key] = loop.call_later(seconds, self._due, key)

    def _due(self, key: str) -> None:
        del self._later[key]
        self.notify(key)

    async def stop(self, *, patience_seconds: float = 0.0) -> None:
        """Nothing is started any more; what runs may end its present piece of work, then it is cancelled."""
        self._is_stopping = True
        for timer in self._later.values():
            timer.cancel()
        tasks = list(self._running.values())
        if tasks and patience_seconds:
            await asyncio.wait(tasks, timeout=patience_seconds)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, key: str) -> None:
        try:
            is_wanted = True
            while is_wanted:
                if self._step_aside is not None:
                    await self._step_aside()
                self._again.discard(key)
                is_wanted = (await self._work(key) or key in self._again) and not self._is_stopping
        except asyncio.CancelledError:
            raise
        except Exception:
            self._log.exception("work failed", extra={"key": key})
            self.notify_later(key, RETRY_SECONDS)
        finally:
            del self._running[key]
