"""Trouble on purpose: what was accepted, what the caller saw, and that a seed repeats it."""

import asyncio
from typing import Any

import aiohttp
import pytest

from bot.core.errors import BadInput
from bot.sandbox.faults import CALLS, Faults
from bot.sandbox.serving import Sandbox
from tests.sandbox.callers import Caller

PERSON = "7412589630147"
CHANNELS = ("messenger", "instagram", "whatsapp", "telegram")


async def say(caller: Caller, channel: str, person: str, text: str) -> tuple[int, Any]:
    ways = {
        "whatsapp": lambda: caller.whatsapp(person, "text", {"body": text}),
        "telegram": lambda: caller.bot("sendMessage", chat_id=person, text=text),
    }
    return await ways.get(channel, lambda: caller.send(channel, person, {"text": text}))()


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize(("fault", "is_accepted"), [("drop", False), ("lost", True), ("hang", True)])
async def test_the_connection_breaks(
    channel: str, fault: str, is_accepted: bool, sandbox: Sandbox, caller: Caller
) -> None:
    sandbox.say(channel, PERSON, "hello")
    sandbox.faults(channel, script=[fault], hang_seconds=0.05)
    with pytest.raises((aiohttp.ClientError, ConnectionError, asyncio.IncompleteReadError)):
        await say(caller, channel, PERSON, "hi")
    assert len(sandbox.accepted(channel, PERSON)) == is_accepted
    assert (await say(caller, channel, PERSON, "after"))[0] == 200


@pytest.mark.parametrize("channel", CHANNELS)
async def test_an_answer_nobody_can_read(channel: str, sandbox: Sandbox, caller: Caller) -> None:
    sandbox.say(channel, PERSON, "hello")
    sandbox.faults(channel, script=["garbled"])
    with pytest.raises(ValueError, match=r"delimiter|Unterminated|control"):
        await say(caller, channel, PERSON, "hi")
    assert len(sandbox.accepted(channel, PERSON)) == 1


@pytest.mark.parametrize("channel", CHANNELS)
async def test_an_error_of_the_platform(channel: str, sandbox: Sandbox, caller: Caller) -> None:
    sandbox.say(channel, PERSON, "hello")
    sandbox.faults(channel, script=["error"])
    assert (await say(caller, channel, PERSON, "hi"))[0] == 500
    assert sandbox.accepted(channel, PERSON) == []


async def test_a_slow_answer_is_an_answer(sandbox: Sandbox, caller: Caller) -> None:
    sandbox.say("messenger", PERSON, "hello")
    sandbox.faults("messenger", script=["slow"], slow_seconds=0.2)
    started = asyncio.get_running_loop().time()
    assert (await say(caller, "messenger", PERSON, "hi"))[0] == 200
    assert asyncio.get_running_loop().time() - started >= 0.2


async def test_marks_are_spared(sandbox: Sandbox, caller: Caller) -> None:
    sandbox.say("messenger", PERSON, "hello")
    sandbox.faults("messenger", drop=1.0)
    body = {"recipient": {"id": PERSON}, "sender_action": "typing_on"}
    assert (await caller.graph("messenger", "me/messages", body))[0] == 200


def drawn(seed: int, count: int = 300) -> list[str]:
    faults = Faults()
    faults.change({"seed": seed, "drop": 0.1, "lost": 0.2, "slow": 0.1})
    return [faults.of_call() for _ in range(count)]


def test_a_seed_repeats_the_trouble() -> None:
    assert drawn(7) == drawn(7)
    assert drawn(7) != drawn(8)
    counts = {name: drawn(7).count(name) / 300 for name in (*CALLS, "")}
    assert counts["drop"] == pytest.approx(0.1, abs=0.05)
    assert counts["lost"] == pytest.approx(0.2, abs=0.06)
    assert counts["error"] == counts["hang"] == 0


def test_webhook_faults_do_not_move_those_of_calls() -> None:
    plain, mixed = Faults(seed=7, drop=0.5), Faults(seed=7, drop=0.5)
    mixed.chance("twice")
    mixed.chance("late")
    assert [plain.of_call() for _ in range(20)] == [mixed.of_call() for _ in range(20)]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"drop": 0.6, "lost": 0.6}, "faults"),
        ({"drop": -0.1}, "drop"),
        ({"drop": "often"}, "drop"),
        ({"dropp": 0.1}, "dropp"),
        ({"script": ["explode"]}, "script"),
        ({"dead_token": "maybe"}, "dead_token"),
    ],
)
def test_wrong_values_change_nothing(values: dict[str, Any], field: str) -> None:
    faults = Faults(slow=0.5)
    with pytest.raises(BadInput) as refused:
        faults.change({"slow": 0.25, **values})
    assert refused.value.field == field
    assert faults == Faults(slow=0.5)


async def test_faults_are_switched_by_http(sandbox: Sandbox, caller: Caller) -> None:
    status, answer = await caller.own(
        "POST", "/sandbox/faults", {"account": "instagram", "error": 1.0, "seed": 5}
    )
    assert status == 200
    assert answer["faults"][sandbox.world.account("instagram").key]["error"] == 1.0
    assert answer["faults"][sandbox.world.account("messenger").key]["error"] == 0.0
    sandbox.say("instagram", PERSON, "hello")
    assert (await say(caller, "instagram", PERSON, "hi"))[0] == 500
    assert (await caller.own("POST", "/sandbox/faults", {"account": "fax", "error": 1.0}))[0] == 404


async def test_the_log_shows_what_was_accepted_twice(sandbox: Sandbox, caller: Caller) -> None:
    sandbox.say("messenger", PERSON, "hello")
    for own, text in (("aisle:1:0", "one"), ("aisle:1:0", "one"), ("aisle:2:0", "one"), ("aisle:3:0", "two")):
        await caller.send("messenger", PERSON, {"text": text, "metadata": own})
    status, answer = await caller.own("GET", f"/sandbox/threads?account=messenger&person={PERSON}")
    assert status == 200
    [thread] = answer["threads"]
    assert [one["own_id"] for one in thread["accepted"]] == [
        "aisle:1:0",
        "aisle:1:0",
        "aisle:2:0",
        "aisle:3:0",
    ]
    assert thread["duplicates"]["by_own_id"] == {"aisle:1:0": 2}
    assert list(thread["duplicates"]["by_content"].values()) == [3]
    assert [entry["number"] for entry in thread["entries"]] == sorted(e["number"] for e in thread["entries"])
    assert answer["calls"] == {f"{sandbox.world.account('messenger').key} accepted": 4}
