"""Work of an event loop is done in threads: in order, what is urgent first, and what nobody waits for not at all."""

import asyncio
import threading
from collections.abc import Iterator

import pytest

from bot.store.threads import Threads


@pytest.fixture
def threads() -> Iterator[Threads]:
    made = Threads(1, "test")
    yield made
    made.close()


class Gate:
    """Keeps the thread busy until it is opened."""

    def __init__(self, threads: Threads) -> None:
        self._opened = threading.Event()
        self._work = asyncio.create_task(threads.run(self._opened.wait))

    async def open(self) -> None:
        await asyncio.sleep(0.05)
        self._opened.set()
        await self._work


async def test_an_answer_and_an_error_reach_who_waits(threads: Threads) -> None:
    assert await threads.run(lambda: threading.current_thread().name) == "test_0"
    with pytest.raises(ZeroDivisionError):
        await threads.run(lambda: 1 // 0)
    assert await threads.run(lambda: 2) == 2


async def test_what_is_urgent_goes_before_what_waits_and_each_kind_keeps_its_order(threads: Threads) -> None:
    done: list[str] = []
    gate = Gate(threads)
    await asyncio.sleep(0)
    kinds = (("a", False), ("b", False), ("c", True), ("d", True))
    work = [
        asyncio.create_task(threads.run(lambda name=name: done.append(name), is_urgent=is_urgent))
        for name, is_urgent in kinds
    ]
    await gate.open()
    await asyncio.gather(*work)
    assert done == ["c", "d", "a", "b"]


async def test_what_is_given_up_before_it_began_is_not_done(threads: Threads) -> None:
    done: list[str] = []
    gate = Gate(threads)
    await asyncio.sleep(0)
    given_up = asyncio.create_task(threads.run(lambda: done.append("given up")))
    kept = asyncio.create_task(threads.run(lambda: done.append("kept")))
    await asyncio.sleep(0)
    given_up.cancel()
    await gate.open()
    await kept
    assert done == ["kept"]


async def test_what_is_in_line_is_done_before_the_threads_go_home(threads: Threads) -> None:
    done: list[int] = []
    work = [
        asyncio.create_task(threads.run(lambda number=number: done.append(number))) for number in range(50)
    ]
    await asyncio.sleep(0)
    threads.close()
    await asyncio.gather(*work)
    assert done == list(range(50))
    with pytest.raises(RuntimeError, match="closed"):
        await threads.run(lambda: None)
