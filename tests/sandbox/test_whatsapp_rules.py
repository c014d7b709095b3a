"""The stand-in refuses what the WhatsApp Cloud API refuses, at once or by a status."""

from typing import Any

import pytest

from bot.sandbox.serving import Sandbox
from tests.sandbox.callers import Caller, Listener

PERSON = "37060000001"
DAY = 86_400


def interactive(kind: str, action: Any, body: str = "Which?") -> dict[str, Any]:
    return {"type": kind, "body": {"text": body}, "action": action}


def reply(title: str, number: int = 0) -> dict[str, Any]:
    return {"type": "reply", "reply": {"id": f"c:1:{number}", "title": title}}


def rows(count: int, **more: Any) -> dict[str, Any]:
    found = [{"id": f"c:1:{n}", "title": f"Row {n}", **more} for n in range(count)]
    return {"button": "Choose", "sections": [{"rows": found}]}


@pytest.mark.parametrize(
    ("kind", "content", "code"),
    [
        ("text", {"body": "x" * 4097}, 131009),
        ("text", {"body": " "}, 131008),
        ("image", {"link": "https://shop.test/a.png", "caption": "x" * 1025}, 131009),
        ("image", {"link": "ftp://shop.test/a.png"}, 131009),
        ("interactive", interactive("button", {"buttons": [reply(f"T{n}", n) for n in range(4)]}), 131009),
        ("interactive", interactive("button", {"buttons": [reply("T" * 21)]}), 131009),
        ("interactive", interactive("button", {"buttons": [reply("Same", 1), reply("Same", 2)]}), 131009),
        ("interactive", interactive("button", {"buttons": [reply("One")]}, "x" * 1025), 131009),
        ("interactive", {"type": "button", "action": {"buttons": [reply("One")]}}, 131008),
        ("interactive", interactive("list", rows(11)), 131009),
        ("interactive", interactive("list", rows(1, title="T" * 25)), 131009),
        ("interactive", interactive("list", rows(1, description="D" * 73)), 131009),
        ("interactive", interactive("list", {**rows(1), "button": "B" * 21}), 131009),
        (
            "interactive",
            interactive("cta_url", {"name": "cta_url", "parameters": {"url": "nowhere"}}),
            131009,
        ),
        ("template", {"name": "unknown", "language": {"code": "en"}}, 132001),
        ("template", {"name": "order_update", "language": {"code": "lt"}}, 132001),
        ("hologram", {}, 131051),
    ],
)
async def test_a_message_that_holds_what_it_may_not_is_refused(
    kind: str, content: Any, code: int, sandbox: Sandbox, caller: Caller
) -> None:
    sandbox.say("whatsapp", PERSON, "hello")
    status, answer = await caller.whatsapp(PERSON, kind, content)
    assert status >= 400
    assert answer["error"]["code"] == code
    assert answer["error"]["error_data"]["messaging_product"] == "whatsapp"
    assert sandbox.accepted("whatsapp", PERSON) == []


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("text", {"body": "x" * 4096}),
        (
            "interactive",
            interactive("button", {"buttons": [reply("T" * 20 if n else "U", n) for n in range(2)]}),
        ),
        ("interactive", interactive("list", rows(10, description="D" * 72))),
        (
            "interactive",
            interactive(
                "cta_url",
                {"name": "cta_url", "parameters": {"display_text": "Open", "url": "https://shop.test/"}},
            ),
        ),
        ("image", {"link": "https://shop.test/a.png", "caption": "x" * 1024}),
        ("template", {"name": "order_update", "language": {"code": "en"}}),
    ],
)
async def test_a_message_at_the_limit_is_taken_and_its_fate_follows(
    kind: str, content: Any, sandbox: Sandbox, caller: Caller, listener: Listener
) -> None:
    sandbox.say("whatsapp", PERSON, "hello")
    status, answer = await caller.whatsapp(PERSON, kind, content, biz_opaque_callback_data="aisle:7:0")
    assert status == 200, answer
    wamid = answer["messages"][0]["id"]
    sandbox.act("whatsapp", PERSON, "read")
    await sandbox.hooks.settled()
    statuses = [one for value in listener.values("whatsapp") for one in value.get("statuses", [])]
    assert [one["status"] for one in statuses] == ["sent", "delivered", "read"]
    assert {one["id"] for one in statuses} == {wamid}
    assert {one["biz_opaque_callback_data"] for one in statuses} == {"aisle:7:0"}


@pytest.mark.parametrize(
    ("kind", "content", "fate"),
    [
        ("text", {"body": "hi"}, ("failed", 131047)),
        ("template", {"name": "order_update", "language": {"code": "en"}}, ("delivered", None)),
    ],
)
async def test_outside_the_window_only_templates_arrive(
    kind: str,
    content: Any,
    fate: tuple[str, int | None],
    sandbox: Sandbox,
    caller: Caller,
    listener: Listener,
) -> None:
    sandbox.say("whatsapp", PERSON, "hello")
    sandbox.wait("whatsapp", PERSON, DAY + 60)
    assert (await caller.whatsapp(PERSON, kind, content))[0] == 200
    await sandbox.hooks.settled()
    last = [one for value in listener.values("whatsapp") for one in value.get("statuses", [])][-1]
    assert (last["status"], last.get("errors", [{}])[0].get("code")) == fate


@pytest.mark.parametrize("is_blocked", [True, False], ids=["blocked", "a stranger"])
async def test_who_cannot_be_reached_fails_later(
    is_blocked: bool, sandbox: Sandbox, caller: Caller, listener: Listener
) -> None:
    sandbox.act("whatsapp", PERSON, "block", is_on=is_blocked)
    assert (await caller.whatsapp(PERSON if is_blocked else "37060000404", "text", {"body": "hi"}))[0] == 200
    await sandbox.hooks.settled()
    [status] = [one for value in listener.values("whatsapp") for one in value.get("statuses", [])]
    assert (status["status"], status["errors"][0]["code"]) == ("failed", 131026)


async def test_reading_and_typing_is_one_call(sandbox: Sandbox, caller: Caller) -> None:
    said = sandbox.say("whatsapp", PERSON, "hello")
    number = sandbox.world.account("whatsapp").id
    body = {
        "messaging_product": "whatsapp",
        "status": "read",
        "message_id": said.platform_id,
        "typing_indicator": {"type": "text"},
    }
    assert await caller.graph("whatsapp", f"{number}/messages", body) == (200, {"success": True})
    assert said.marks["seen"] is True
    assert sandbox.thread("whatsapp", PERSON).typing_until is not None
    status, answer = await caller.graph(
        "whatsapp", f"{number}/messages", {**body, "message_id": "wamid.none"}
    )
    assert (status, answer["error"]["code"]) == (400, 131009)


async def test_a_person_under_a_username_only(sandbox: Sandbox, caller: Caller, listener: Listener) -> None:
    sandbox.meet("whatsapp", PERSON, username="maria.ex", user_id="LT.1349120865530274", has_number=False)
    sandbox.say("whatsapp", PERSON, "hello")
    await sandbox.hooks.settled()
    [value] = listener.values("whatsapp")
    assert value["contacts"] == [
        {"profile": {"name": "Maria Example", "username": "maria.ex"}, "user_id": "LT.1349120865530274"}
    ]
    assert "from" not in value["messages"][0]
    account = sandbox.world.account("whatsapp")
    body = {
        "messaging_product": "whatsapp",
        "recipient": "LT.1349120865530274",
        "type": "text",
        "text": {"body": "hi"},
    }
    status, answer = await caller.graph("whatsapp", f"{account.id}/messages", body)
    assert (status, answer["contacts"][0]["user_id"]) == (200, "LT.1349120865530274")
    assert len(sandbox.accepted("whatsapp", PERSON)) == 1


async def test_pictures_are_fetched_in_two_steps_with_the_token(sandbox: Sandbox, caller: Caller) -> None:
    await caller.own("POST", "/sandbox/act", {"account": "whatsapp", "person": PERSON, "kind": "image"})
    media_id = sandbox.thread("whatsapp", PERSON).entries[0].wire["image"]["id"]
    status, about = await caller.graph("whatsapp", media_id, method="GET")
    assert (status, about["mime_type"]) == (200, "image/png")
    token = sandbox.world.account("whatsapp").token
    for headers, expected in (({}, 401), ({"Authorization": f"Bearer {token}"}, 200)):
        async with caller.http.get(about["url"], headers=headers) as response:
            assert response.status == expected
