"""The place in line counts down on the pages of those who wait."""

import asyncio
from typing import Any

from bot.core.times import now
from bot.desk import assign, line
from bot.desk.line import waits
from tests.desk.test_hand_off import add_agent
from tests.running import RunningDesk, Shopper


async def waiting(desk: RunningDesk) -> Shopper:
    shopper = await desk.shopper()
    await shopper.send("person please")
    await shopper.until("in line")
    return shopper


async def places(shopper: Shopper, until: int) -> list[int]:
    """Positions told live, up to and including `until`."""
    told: list[int] = []
    async with asyncio.timeout(10):
        async for event in shopper.live():
            if event["kind"] == "wait":
                told.append(event["wait"]["position"])
                if told[-1] == until:
                    break
    return told


def standing(desk: RunningDesk) -> dict[str, Any]:
    with desk.services.database.reading() as session:
        return waits(session, desk.services.profile, now())


async def test_who_stands_behind_hears_the_new_place_when_somebody_is_taken(desk: RunningDesk) -> None:
    ona = add_agent(desk, "Ona")
    first, second = await waiting(desk), await waiting(desk)
    hearing = asyncio.create_task(places(second, until=1))
    await asyncio.sleep(1.2)  # told its place on arrival
    await desk.services.database.write(assign.take, first.conversation_id, user=ona)
    desk.services.changed(first.conversation_id)
    assert await hearing == [2, 1]


async def test_leaving_the_line_moves_the_others_up_for_those_who_poll_too(desk: RunningDesk) -> None:
    add_agent(desk, "Ona")
    first, second = await waiting(desk), await waiting(desk)
    await first.send(choice={"id": "keep_bot"})
    await first.until("talking to the bot again")
    seen = len(await second.events())
    async with asyncio.timeout(10):
        while True:
            _, answer = await second.call("GET", f"/api/chat/events?after={seen}&wait=1")
            if answer["wait"]["position"] == 1:
                break
    assert "wait" not in (await first.call("GET", "/api/chat/events"))[1]


async def test_many_changes_at_once_are_told_as_one(desk: RunningDesk) -> None:
    ona = add_agent(desk, "Ona")
    before = [await waiting(desk) for _ in range(4)]
    last = await waiting(desk)
    hearing = asyncio.create_task(places(last, until=1))
    await asyncio.sleep(line.PACE_SECONDS + 0.2)
    for shopper in before:
        await desk.services.database.write(assign.take, shopper.conversation_id, user=ona)
        desk.services.changed(shopper.conversation_id)
    told = await hearing
    assert (told[0], told[-1]) == (5, 1)
    assert len(told) <= 3


async def test_a_conversation_put_back_in_line_has_a_place_again(desk: RunningDesk) -> None:
    ona = add_agent(desk, "Ona")
    first, second = await waiting(desk), await waiting(desk)
    await desk.services.database.write(assign.take, first.conversation_id, user=ona)
    await desk.services.database.write(assign.release, first.conversation_id, user=ona)
    assert {key: wait["position"] for key, wait in standing(desk).items()} == {
        second.conversation_id: 1,
        first.conversation_id: 2,
    }
