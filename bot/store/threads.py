"""Threads that work for an event loop.

As an executor of the standard library, at a third of the cost to the loop: an answer takes one call back, where a
future of threads that is chained to one of the loop takes four and as many locks. A turn goes through here twice.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, TypeVar

Result = TypeVar("Result")


class Threads:
    """`count` threads, made with the first work; what is urgent goes before what waits. Close it in the end."""

    def __init__(self, count: int, name: str) -> None:
        self._count = count
        self._name = name
        self._started: list[threading.Thread] = []
        self._urgent: deque[Callable[[], None]] = deque()
        self._line: deque[Callable[[], None]] = deque()
        self._calls: SimpleQueue[bool] = SimpleQueue()  # one for each piece of work in line; False: go home
        self._is_closed = False

    async def run(self, work: Callable[[], Result], *, is_urgent: bool = False) -> Result:
        """What `work` answers or raises in one of the threads; given up before it began, it is not done at all."""
        if self._is_closed:
            raise RuntimeError(f"{self._name}: closed")
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Result] = loop.create_future()

        def job() -> None:
            if done.cancelled():
                return
            try:
                result = work()
            except BaseException as error:  # whoever waits for it hears of it
                _tell(loop, _fail, done, error)
            else:
                _tell(loop, _settle, done, result)

        (self._urgent if is_urgent else self._line).append(job)
        self._calls.put(True)
        if len(self._started) < self._count:
            thread = threading.Thread(
                target=self._work, name=f"{self._name}_{len(self._started)}", daemon=True
            )
            self._started.append(thread)
            thread.start()
        return await done

    def close(self) -> None:
        """Do what is in line, and nothing after it."""
        self._is_closed = True
        for _ in self._started:
            self._calls.put(False)
        for thread in self._started:
            thread.join()

    def _work(self) -> None:
        while self._calls.get():
            self._next()()

    def _next(self) -> Callable[[], None]:
        try:
            return self._urgent.popleft()
        except IndexError:
            return self._line.popleft()


def _tell(
    loop: asyncio.AbstractEventLoop, how: Callable[[Any, Any], None], done: asyncio.Future[Any], what: Any
) -> None:
    try:
        loop.call_soon_threadsafe(how, done, what)
    except RuntimeError:  # the loop has ended, and nobody waits any more
        if not loop.is_closed():
            raise


def _settle(done: asyncio.Future[Result], result: Result) -> None:
    if not done.cancelled():
        done.set_result(result)


def _fail(done: asyncio.Future[Any], error: BaseException) -> None:
    if not done.cancelled():
        done.set_exception(error)
