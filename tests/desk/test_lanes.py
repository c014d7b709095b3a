"""Work by key: in order, side by side, never lost."""

import asyncio
import time
from collections.abc import Callable

import pytest

from bot.desk import lanes
from bot.desk.lanes import Lanes


async def _until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while True:
        if is_so():
            return
        assert time.monotonic() < deadline
        await asyncio.sleep(0)


async def test_work_goes_on_until_there_is_no_more() -> None:
    left = {"a": 3}

    async def work(key: str) -> bool:
        left[key] -= 1
        return left[key] > 0

    Lanes("test", work).notify("a")
    await _until(lambda: left["a"] == 0)
    await asyncio.sleep(0.01)
    assert left["a"] == 0


async def test_calls_during_work_make_one_more_run() -> None:
    gate, runs = asyncio.Event(), []

    async def work(key: str) -> bool:
        runs.append(key)
        await gate.wait()
        return False

    these = Lanes("test", work)
    for _ in range(5):
        these.notify("a")
        await asyncio.sleep(0)
    assert runs == ["a"]
    gate.set()
    await _until(lambda: len(runs) == 2)
    await asyncio.sleep(0.01)
    assert runs == ["a", "a"]


async def test_one_key_never_runs_twice_at_once_and_does_not_hold_up_another() -> None:
    gate, inside, most = asyncio.Event(), {"a": 0, "b": 0}, {"a": 0, "b": 0}

    async def work(key: str) -> bool:
        inside[key] += 1
        most[key] = max(most[key], inside[key])
        await gate.wait() if key == "a" else await asyncio.sleep(0)
        inside[key] -= 1
        return False

    these = Lanes("test", work)
    for key in ("a", "b", "a"):
        these.notify(key)
    await _until(lambda: most["b"] == 1 and inside["b"] == 0)
    assert inside["a"] == 1
    gate.set()
    await _until(lambda: inside["a"] == 0)
    assert most == {"a": 1, "b": 1}


async def test_an_error_is_logged_and_the_key_tried_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(lanes, "RETRY_SECONDS", 0.01)
    tries = []

    async def work(key: str) -> bool:
        tries.append(key)
        if len(tries) == 1:
            raise RuntimeError("out of paper")
        return False

    Lanes("test", work).notify("a")
    await _until(lambda: len(tries) == 2)
    assert "out of paper" in caplog.text


async def test_stopping_cancels_work_and_starts_none() -> None:
    runs, cancelled = [], []

    async def work(key: str) -> bool:
        runs.append(key)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(key)
            raise
        return False

    these = Lanes("test", work)
    these.notify("a")
    await _until(lambda: runs == ["a"])
    await these.stop()
    these.notify("b")
    await asyncio.sleep(0.01)
    assert (runs, cancelled) == (["a"], ["a"])


async def test_however_often_something_is_put_off_it_is_looked_at_once() -> None:
    runs: list[float] = []

    async def work(_key: str) -> bool:
        runs.append(time.monotonic())
        return False

    put_off = Lanes("test", work)
    started = time.monotonic()
    for seconds in (0.3, 0.1, 0.2, 0.15):
        put_off.notify_later("a", seconds)
    await asyncio.sleep(0.4)
    assert [0.1 <= at - started < 0.3 for at in runs] == [True]
