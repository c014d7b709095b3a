"""How an account that its platform asks to wait is sent to: nobody for a while, then one, then all."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass

from bot.core.errors import NotDelivered

BACK_OFF_SECONDS = (1, 5, 30, 120, 300)


@dataclass(frozen=True)
class Pause:
    """How long a refused message waits; `is_attempt`: the refusal counts against it."""

    seconds: float
    is_attempt: bool


def back_off(attempt: int) -> float:
    """Seconds to wait after the `attempt`th refusal (from 1), with jitter."""
    seconds = BACK_OFF_SECONDS[min(max(attempt, 1), len(BACK_OFF_SECONDS)) - 1]
    return seconds * random.uniform(0.7, 1.3)  # noqa: S311 - jitter, not a secret


class Pace:
    """One per account of a channel. Keys are conversations; `wake` is called with those that may go on.

    After a pause one conversation tries; when its message is taken, all others follow. Use from one event loop.
    """

    def __init__(self, wake: Callable[[str], object]) -> None:
        self._wake = wake
        self._waiting: dict[str, None] = {}  # in order
        self._is_open = True
        self._is_ready = False  # the pause is over and one may try
        self._trying = ""
        self._pauses = 0  # in a row
        self._timer: asyncio.TimerHandle | None = None
        self._taken = 0
        self._taken_before: dict[str, int] = {}  # by key that was refused: what had been taken by then

    def holds(self, key: str) -> bool:
        """Whether a conversation waits here and will be woken."""
        return key in self._waiting

    def enter(self, key: str) -> bool:
        """Whether a conversation may send now; if not it is woken when it may. Pair with `leave`."""
        if self._is_open:
            return True
        if self._is_ready and self._trying in ("", key):
            self._trying = key
            self._waiting.pop(key, None)
            return True
        self._waiting[key] = None
        return False

    def leave(self, key: str) -> None:
        """A conversation is done for now; if it was the one to try, the next one is."""
        if self._trying == key:
            self._trying = ""
            self._wake_next()

    def taken(self, key: str) -> None:
        """The platform took something: the account is well."""
        self._taken += 1
        self._pauses = 0
        self._taken_before.pop(key, None)
        if self._is_open:
            return
        self._is_open, self._trying = True, ""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        waiting, self._waiting = self._waiting, {}
        for waiter in waiting:
            self._wake(waiter)

    def busy(self, key: str, error: NotDelivered, *, attempts: int) -> Pause:
        """The platform asks to wait, or is down: for how long this message does, and with it the account.

        A refusal counts as an attempt only when no time was given and others got through meanwhile: then it is
        the message, not the account.
        """
        asked = error.retry_after_seconds
        others = self._taken > self._taken_before.get(key, self._taken)
        self._taken_before[key] = self._taken
        if not error.is_shared or (asked is None and others):
            seconds = back_off(attempts) if asked is None else asked * _stretch()
            return Pause(seconds, is_attempt=asked is None)
        if self._is_open or self._is_ready:
            self._pauses += 1
        seconds = back_off(self._pauses) if asked is None else asked * _stretch()
        self._pause(seconds)
        self._waiting[key] = None
        return Pause(seconds, is_attempt=False)

    def close(self) -> None:
        """Wake nobody any more."""
        if self._timer is not None:
            self._timer.cancel()
        self._waiting.clear()

    def _pause(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        if self._timer is not None and not self._is_ready and self._timer.when() > loop.time() + seconds:
            return  # a longer pause is running
        if self._timer is not None:
            self._timer.cancel()
        self._is_open = self._is_ready = False
        self._timer = loop.call_later(seconds, self._resume)

    def _resume(self) -> None:
        self._is_ready, self._timer = True, None
        self._wake_next()

    def _wake_next(self) -> None:
        if self._is_ready and not self._is_open and not self._trying and self._waiting:
            self._wake(next(iter(self._waiting)))


def _stretch() -> float:
    return random.uniform(1.0, 1.2)  # noqa: S311 - jitter, not a secret
