"""The stand-in refuses what Telegram's Bot API refuses."""

from typing import Any

import pytest

from bot.sandbox.serving import Sandbox
from tests.sandbox.callers import Caller, Listener

PERSON = "99000111"


def inline(data: str) -> dict[str, Any]:
    return {"inline_keyboard": [[{"text": "Yes", "callback_data": data}]]}


@pytest.mark.parametrize(
    ("method", "given", "description"),
    [
        ("sendMessage", {"text": "x" * 4097}, "message is too long"),
        ("sendMessage", {"text": "😀" * 2049}, "message is too long"),  # 4098 UTF-16 units
        ("sendMessage", {"text": " "}, "message text is empty"),
        ("sendMessage", {"text": "hi", "reply_markup": inline("")}, "BUTTON_DATA_INVALID"),
        ("sendMessage", {"text": "hi", "reply_markup": inline("ė" * 33)}, "BUTTON_DATA_INVALID"),  # 66 bytes
        ("sendMessage", {"text": "<b>bold", "parse_mode": "HTML"}, "can't parse entities"),
        ("sendMessage", {"text": "a < b", "parse_mode": "HTML"}, "can't parse entities"),
        ("sendPhoto", {"photo": "https://shop.test/a.png", "caption": "x" * 1025}, "caption is too long"),
        ("sendPhoto", {"photo": "http://shop.test/a.png"}, "wrong file identifier"),
        ("sendPhoto", {}, "there is no photo"),
        (
            "sendMediaGroup",
            {"media": [{"type": "photo", "media": "https://shop.test/a.png"}]},
            "wrong number",
        ),
        ("sendChatAction", {"action": "juggling"}, "wrong parameter action"),
        ("answerCallbackQuery", {"callback_query_id": "1"}, "query is too old"),
        ("getFile", {"file_id": "none"}, "invalid file_id"),
        ("setWebhook", {"url": "http://shop.test/hook"}, "HTTPS"),
        (
            "setWebhook",
            {"url": "https://shop.test/hook", "secret_token": "no spaces"},
            "unallowed characters",
        ),
    ],
)
async def test_bad_requests(
    method: str, given: dict[str, Any], description: str, sandbox: Sandbox, caller: Caller
) -> None:
    sandbox.say("telegram", PERSON, "hello")
    status, answer = await caller.bot(method, chat_id=PERSON, **given)
    assert (status, answer["ok"], answer["error_code"]) == (400, False, 400)
    assert description in answer["description"]
    assert sandbox.accepted("telegram", PERSON) == []


@pytest.mark.parametrize(
    "given",
    [
        {"text": "😀" * 2048},
        {"text": "hi", "reply_markup": inline("x" * 64)},
        {"text": "<b>bold</b> &amp; plain", "parse_mode": "HTML"},
    ],
)
async def test_messages_at_the_limit(given: dict[str, Any], sandbox: Sandbox, caller: Caller) -> None:
    sandbox.say("telegram", PERSON, "hello")
    status, answer = await caller.bot("sendMessage", chat_id=int(PERSON), **given)
    assert status == 200, answer
    assert answer["result"]["chat"]["id"] == int(PERSON)
    assert str(answer["result"]["message_id"]) == sandbox.accepted("telegram", PERSON)[0].platform_id


async def test_whom_a_bot_may_write_to(sandbox: Sandbox, caller: Caller) -> None:
    assert (await caller.bot("sendMessage", chat_id=1, text="hi"))[1][
        "description"
    ] == "Bad Request: chat not found"
    sandbox.meet("telegram", PERSON)
    status, answer = await caller.bot("sendMessage", chat_id=PERSON, text="hi")
    assert (status, answer["error_code"]) == (403, 403)
    sandbox.act("telegram", PERSON, "start", ref="newsletter")
    assert (await caller.bot("sendMessage", chat_id=PERSON, text="hi"))[0] == 200
    sandbox.act("telegram", PERSON, "block")
    status, answer = await caller.bot("sendMessage", chat_id=PERSON, text="hi")
    assert (status, answer["description"]) == (403, "Forbidden: bot was blocked by the user")


async def test_a_tap_comes_with_its_message_and_is_answered_once(
    sandbox: Sandbox, caller: Caller, listener: Listener
) -> None:
    sandbox.say("telegram", PERSON, "hello")
    _, sent = await caller.bot("sendMessage", chat_id=PERSON, text="Shall I?", reply_markup=inline("c:7:yes"))
    tapped = sandbox.tap("telegram", PERSON, "Yes")
    await sandbox.hooks.settled()
    update = listener.bodies("telegram")[-1]
    query = update["callback_query"]
    assert query["data"] == "c:7:yes"
    assert query["message"]["message_id"] == sent["result"]["message_id"]
    assert (await caller.bot("answerCallbackQuery", callback_query_id=query["id"]))[1] == {
        "ok": True,
        "result": True,
    }
    assert tapped.marks["answered"] is True


async def test_updates_carry_the_secret_and_growing_numbers(
    sandbox: Sandbox, caller: Caller, listener: Listener
) -> None:
    account = sandbox.world.account("telegram")
    hook = {
        "url": f"{listener.url}/webhooks/telegram",
        "secret_token": "open_sesame-1",
        "allowed_updates": ["message"],
    }
    assert (await caller.bot("setWebhook", **hook))[0] == 200
    first = sandbox.say("telegram", PERSON, "one")
    sandbox.act("telegram", PERSON, "edit", target=first.platform_id, text="not asked for")
    sandbox.say("telegram", PERSON, "two")
    await sandbox.hooks.settled()
    assert [body["message"]["text"] for body in listener.bodies("telegram")] == ["one", "two"]
    numbers = [body["update_id"] for body in listener.bodies("telegram")]
    assert numbers == sorted(set(numbers))
    assert {headers["x-telegram-bot-api-secret-token"] for _, headers, _ in listener.heard} == {
        "open_sesame-1"
    }
    assert (await caller.bot("getWebhookInfo"))[1]["result"]["url"] == account.webhook


async def test_an_update_that_is_not_taken_holds_the_next_back(sandbox: Sandbox, listener: Listener) -> None:
    listener.answers = [500, 200, 200]
    sandbox.say("telegram", PERSON, "one")
    sandbox.say("telegram", PERSON, "two")
    await sandbox.hooks.settled()
    assert [body["message"]["text"] for body in listener.bodies("telegram")] == ["one", "one", "two"]


async def test_too_many_requests_say_how_long_to_wait(sandbox: Sandbox, caller: Caller) -> None:
    sandbox.say("telegram", PERSON, "hello")
    sandbox.faults("telegram", script=["throttle"], throttle_seconds=5)
    status, answer = await caller.bot("sendMessage", chat_id=PERSON, text="hi")
    assert (status, answer["parameters"]) == (429, {"retry_after": 5})
    assert (await caller.bot("sendMessage", chat_id=PERSON, text="hi"))[0] == 200


async def test_tokens(sandbox: Sandbox, caller: Caller) -> None:
    assert (await caller.bot("getMe"))[1]["result"]["username"] == "aisle_outdoor_bot"
    assert (await caller.bot("noSuchMethod"))[0] == 404
    sandbox.faults("telegram", dead_token="revoked")
    assert (await caller.bot("getMe"))[0] == 401


async def test_files_are_fetched_with_the_token_in_the_address(sandbox: Sandbox, caller: Caller) -> None:
    await caller.own("POST", "/sandbox/act", {"account": "telegram", "person": PERSON, "kind": "image"})
    photo = sandbox.thread("telegram", PERSON).entries[0].wire["photo"][-1]
    path = (await caller.bot("getFile", file_id=photo["file_id"]))[1]["result"]["file_path"]
    token = sandbox.world.account("telegram").token
    for address, expected in ((f"file/bot{token}/{path}", 200), (f"file/bot1:wrong/{path}", 404)):
        async with caller.http.get(f"{sandbox.url}/{address}") as response:
            assert response.status == expected
