"""Acknowledging comes first: while platforms tell us more than the desk can also work on, work is let through in drops.

A webhook that is not acknowledged in time is posted again, and in the end the platform stops telling us anything; an
answer that comes a second later harms nobody. So above a rate of calls no shop has on an ordinary day, each piece of
work (applying an event, a turn, a message sent) waits its turn, and one is let through only while the event loop keeps
its time. Work that waits is taken at once when the rush is over.
"""

import asyncio
from collections import deque

HIGH_PER_SECOND = 100.0
TICK_SECONDS = 0.01
MOST_LAG_SECONDS = 0.004  # a loop that wakes later than this has enough to do


class Pressure:
    """One per desk; use from its event loop only."""

    def __init__(self, high_per_second: float = HIGH_PER_SECOND) -> None:
        self._high = high_per_second
        self._second = 0
        self._now = self._before = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._ticker: asyncio.Task[None] | None = None

    @property
    def per_second(self) -> float:
        """Calls in the last second, smoothed over its edge."""
        time = asyncio.get_running_loop().time()
        self._turn_to(int(time))
        return self._now + self._before * (1 - time % 1)

    def arrived(self) -> None:
        """A platform has called."""
        self._turn_to(int(asyncio.get_running_loop().time()))
        self._now += 1
        if self._ticker is None and self._now + self._before >= self._high and self.per_second >= self._high:
            self._ticker = asyncio.create_task(self._drip(), name="pressure")

    async def step_aside(self) -> None:
        """Wait for leave to do a piece of work; returns at once on an ordinary day."""
        if self._ticker is None:
            return
        leave: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(leave)
        await leave

    def _turn_to(self, second: int) -> None:
        if second != self._second:
            self._before = self._now if second == self._second + 1 else 0
            self._now, self._second = 0, second

    async def _drip(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self.per_second >= self._high / 2:
                started = loop.time()
                await asyncio.sleep(TICK_SECONDS)
                if loop.time() - started - TICK_SECONDS <= MOST_LAG_SECONDS:
                    self._let_one_go()
        finally:
            self._ticker = None
            while self._waiting:
                self._let_one_go()

    def _let_one_go(self) -> None:
        while self._waiting:
            leave = self._waiting.popleft()
            if not leave.done():  # else its worker was stopped
                leave.set_result(None)
                return
