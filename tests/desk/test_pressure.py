"""In a rush of webhooks work goes in drops, and all of it when the rush is over."""

import asyncio

from bot.desk.lanes import Lanes
from bot.desk.pressure import Pressure


async def test_on_an_ordinary_day_nothing_waits() -> None:
    pressure = Pressure(high_per_second=50)
    for _ in range(40):
        pressure.arrived()
    await asyncio.wait_for(pressure.step_aside(), timeout=0.001)


async def test_in_a_rush_work_goes_in_drops() -> None:
    pressure, done = Pressure(high_per_second=50), []

    async def work(key: str) -> bool:
        done.append(key)
        return False

    lanes = Lanes("test", work, step_aside=pressure.step_aside)
    for _ in range(60):
        pressure.arrived()
    for number in range(400):
        lanes.notify(str(number))
    await asyncio.sleep(0.2)
    assert len(done) < 40, "at most one for each tick of the loop"
    await lanes.stop()


async def test_what_waited_is_done_when_the_rush_is_over_in_the_order_it_came() -> None:
    pressure, done, is_all_done = Pressure(high_per_second=50), [], asyncio.Event()

    async def work(key: str) -> bool:
        done.append(int(key))
        if len(done) == 1000:
            is_all_done.set()
        return False

    lanes = Lanes("test", work, step_aside=pressure.step_aside)
    for _ in range(60):
        pressure.arrived()
    for number in range(1000):
        lanes.notify(str(number))
    await asyncio.wait_for(is_all_done.wait(), timeout=5)
    assert done == sorted(done)
    await asyncio.wait_for(pressure.step_aside(), timeout=0.001)


async def test_a_worker_that_is_stopped_while_it_waits_holds_up_nobody() -> None:
    pressure, done, is_b_done = Pressure(high_per_second=50), [], asyncio.Event()

    async def work(key: str) -> bool:
        done.append(key)
        if key == "b":
            is_b_done.set()
        return False

    for _ in range(60):
        pressure.arrived()
    first = Lanes("first", work, step_aside=pressure.step_aside)
    for number in range(50):
        first.notify(f"a{number}")
    await asyncio.sleep(0)
    await first.stop()
    second = Lanes("second", work, step_aside=pressure.step_aside)
    second.notify("b")
    await asyncio.wait_for(is_b_done.wait(), timeout=5)
    assert len(done) < 10
