"""Telegram on the wire: secret, sending, refusals, courtesies, files, check and set-up, against a loopback API."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from bot.core.channel import Outgoing, Piece, Platform
from bot.core.errors import BadSignature, NotDelivered, NotFound, TooLarge
from connectors import telegram
from connectors.telegram_api import BotApi, Pace
from connectors.telegram_heard import UPDATES
from tests.connectors.loopback import Loopback, loopback

TOKEN = "7000001:AAtest-token_x"
BASE = f"/bot{TOKEN}"
SENT = (200, {"ok": True, "result": {"message_id": 91, "chat": {"id": 5551001, "type": "private"}}})
DONE = (200, {"ok": True, "result": True})


def refusal(code: int, description: str, **parameters: Any) -> tuple[int, Any]:
    extra = {"parameters": parameters} if parameters else {}
    return code, {"ok": False, "error_code": code, "description": description, **extra}


@pytest.fixture
async def api() -> AsyncIterator[Loopback]:
    async with loopback() as platform:
        yield platform


@pytest.fixture
async def channel(api: Loopback) -> AsyncIterator[telegram.Telegram]:
    found = telegram.connector(
        {
            "AISLE_TELEGRAM_TOKEN": TOKEN,
            "AISLE_TELEGRAM_SECRET": "new-secret old_secret",
            "AISLE_TELEGRAM_API": api.url,
        }
    )
    yield found
    await found.close()


def message(recipient: str = "5551001") -> Outgoing:
    return Outgoing(77, "c1", "7000001", recipient, "", (), None)


TEXT = Piece(0, {"method": "sendMessage", "chat_id": 5551001, "text": "Hello"})
PHOTO = Piece(
    1, {"method": "sendPhoto", "chat_id": 5551001, "photo": "https://shop.example/1.jpg", "caption": "Throw"}
)


def test_it_is_a_platform() -> None:
    found = telegram.connector({})
    assert isinstance(found, Platform)
    assert found.missing == ("TOKEN", "SECRET")
    assert found.accounts == ()


@pytest.mark.parametrize("token", ["", "no-colon", "12:", "a:b", "12:sp ace", "12:x/../getMe"])
def test_a_token_that_is_none_leaves_the_channel_off(token: str) -> None:
    found = telegram.connector({"AISLE_TELEGRAM_TOKEN": token, "AISLE_TELEGRAM_SECRET": "s"})
    assert found.missing == ("TOKEN",)


def test_the_account_is_in_the_token(channel: telegram.Telegram) -> None:
    assert channel.missing == ()
    assert channel.accounts == ("7000001",)


@pytest.mark.parametrize("secret", ["new-secret", "old_secret"])
def test_each_listed_secret_is_taken(channel: telegram.Telegram, secret: str) -> None:
    channel.check_signature({"x-telegram-bot-api-secret-token": secret}, b"{}")


@pytest.mark.parametrize(
    "headers", [{}, {"x-telegram-bot-api-secret-token": ""}, {"x-telegram-bot-api-secret-token": "x"}]
)
def test_a_call_without_the_secret_is_refused(channel: telegram.Telegram, headers: dict[str, str]) -> None:
    with pytest.raises(BadSignature):
        channel.check_signature(headers, b"{}")


def test_an_empty_secret_opens_nothing() -> None:
    found = telegram.connector({"AISLE_TELEGRAM_TOKEN": TOKEN, "AISLE_TELEGRAM_SECRET": " , "})
    assert found.missing == ("SECRET",)
    with pytest.raises(BadSignature):
        found.check_signature({"x-telegram-bot-api-secret-token": ""}, b"{}")


def test_no_address_is_verified_by_get(channel: telegram.Telegram) -> None:
    assert channel.challenge({"hub.mode": "subscribe", "hub.challenge": "1", "hub.verify_token": "s"}) is None


async def test_a_piece_is_sent_and_its_id_is_of_the_chat(api: Loopback, channel: telegram.Telegram) -> None:
    api.answer(f"{BASE}/sendMessage", SENT)
    receipt = await channel.send(message(), TEXT)
    assert (receipt.platform_id, receipt.person) == ("5551001:91", "5551001")
    assert api.bodies(f"{BASE}/sendMessage") == [{"chat_id": 5551001, "text": "Hello"}]


@pytest.mark.parametrize(
    ("answer", "cause", "heals", "pause"),
    [
        (refusal(429, "Too Many Requests: retry after 7", retry_after=7), "busy", True, 7.0),
        (refusal(429, "Too Many Requests"), "busy", True, 5.0),
        (refusal(403, "Forbidden: bot was blocked by the user"), "person", False, None),
        (refusal(403, "Forbidden: user is deactivated"), "person", False, None),
        (refusal(400, "Bad Request: chat not found"), "person", False, None),
        (refusal(400, "Bad Request: PEER_ID_INVALID"), "person", False, None),
        (refusal(401, "Unauthorized"), "account", False, None),
        (refusal(404, "Not Found"), "account", False, None),
        (refusal(400, "Bad Request: message is too long"), "message", False, None),
        (refusal(400, "Bad Request: BUTTON_URL_INVALID"), "message", False, None),
        ((502, b"<html>Bad Gateway</html>"), "busy", True, None),
        ((500, {"ok": False, "error_code": 500, "description": "Internal"}), "busy", True, None),
        ((200, b"not json"), "lost", True, None),
    ],
)
async def test_a_refusal_says_whose_matter_it_is(
    api: Loopback,
    channel: telegram.Telegram,
    answer: tuple[int, Any],
    cause: str,
    heals: bool,
    pause: float | None,
) -> None:
    api.answer(f"{BASE}/sendMessage", answer)
    with pytest.raises(NotDelivered) as caught:
        await channel.send(message(), TEXT)
    assert (caught.value.cause, caught.value.heals, caught.value.retry_after_seconds) == (cause, heals, pause)
    assert TOKEN not in str(caught.value)


async def test_a_call_that_breaks_off_may_have_been_taken(api: Loopback, channel: telegram.Telegram) -> None:
    async def break_off(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    api.answer(f"{BASE}/sendMessage", break_off)
    with pytest.raises(NotDelivered) as caught:
        await channel.send(message(), TEXT)
    assert caught.value.cause == "lost"
    assert TOKEN not in str(caught.value)


async def test_a_platform_that_is_not_there_was_not_asked(api: Loopback) -> None:
    found = BotApi("http://127.0.0.1:9", TOKEN)
    with pytest.raises(NotDelivered) as caught:
        await found.say("sendMessage", {"chat_id": 1, "text": "x"})
    await found.close()
    assert (caught.value.cause, caught.value.heals) == ("busy", True)


async def test_a_picture_that_cannot_be_fetched_goes_as_words(
    api: Loopback, channel: telegram.Telegram
) -> None:
    api.answer(f"{BASE}/sendPhoto", refusal(400, "Bad Request: failed to get HTTP URL content"))
    api.answer(f"{BASE}/sendMessage", SENT)
    receipt = await channel.send(message(), PHOTO)
    assert receipt.platform_id == "5551001:91"
    assert api.bodies(f"{BASE}/sendMessage") == [
        {"chat_id": 5551001, "text": "Throw\nhttps://shop.example/1.jpg"}
    ]


async def test_a_photo_refused_for_another_reason_is_not_sent_as_words(
    api: Loopback, channel: telegram.Telegram
) -> None:
    api.answer(f"{BASE}/sendPhoto", refusal(403, "Forbidden: bot was blocked by the user"))
    with pytest.raises(NotDelivered):
        await channel.send(message(), PHOTO)
    assert api.bodies(f"{BASE}/sendMessage") == []


def test_a_chat_gets_one_call_a_second_after_a_short_burst() -> None:
    at = [100.0]
    pace = Pace(clock=lambda: at[0])
    assert [pace.reserve("1") for _ in range(5)] == pytest.approx([0, 0, 0, 1, 2])
    assert pace.reserve("2") == 0
    at[0] += 10
    assert pace.reserve("1") == 0


def test_the_bot_makes_thirty_calls_a_second() -> None:
    pace = Pace(clock=lambda: 100.0)
    waits = [pace.reserve(str(chat)) for chat in range(60)]
    assert waits[:30] == [0.0] * 30
    assert waits[59] == pytest.approx(1.0)


def test_a_long_queue_is_put_off_instead_of_held() -> None:
    pace = Pace(clock=lambda: 100.0)
    for _ in range(8):
        pace.reserve("1")
    with pytest.raises(NotDelivered) as caught:
        pace.reserve("1")
    assert (caught.value.cause, caught.value.is_shared) == ("busy", False)
    assert caught.value.retry_after_seconds == pytest.approx(6.0)


async def test_typing_is_shown_and_a_tap_is_answered(api: Loopback, channel: telegram.Telegram) -> None:
    api.answer(f"{BASE}/sendChatAction", DONE)
    api.answer(f"{BASE}/answerCallbackQuery", DONE)
    await channel.mark("7000001", "5551001", what="typing", target="5551001:41")
    await channel.mark("7000001", "5551001", what="seen", target="callback:438")
    assert [(call.path, call.body) for call in api.calls] == [
        (f"{BASE}/sendChatAction", {"chat_id": "5551001", "action": "typing"}),
        (f"{BASE}/answerCallbackQuery", {"callback_query_id": "438"}),
    ]


async def test_a_courtesy_that_is_refused_is_no_error(api: Loopback, channel: telegram.Telegram) -> None:
    api.answer(f"{BASE}/answerCallbackQuery", refusal(400, "Bad Request: query is too old"))
    await channel.mark("7000001", "5551001", what="seen", target="callback:438")
    assert len(api.calls) == 1


async def test_a_file_of_a_shopper_is_fetched(api: Loopback, channel: telegram.Telegram) -> None:
    api.answer(
        f"{BASE}/getFile", (200, {"ok": True, "result": {"file_id": "A", "file_path": "photos/file_1.jpg"}})
    )
    api.answer(f"/file{BASE}/photos/file_1.jpg", (200, b"\xff\xd8picture"))
    assert await channel.media("7000001", "A") == (b"\xff\xd8picture", "image/jpeg")


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (refusal(400, "Bad Request: file is too big"), TooLarge),
        (refusal(400, "Bad Request: wrong file_id or the file is temporarily unavailable"), NotFound),
        ((200, {"ok": True, "result": {"file_id": "A"}}), NotFound),
        ((200, {"ok": True, "result": {"file_path": "../../etc/passwd"}}), NotFound),
        ((200, {"ok": True, "result": {"file_path": "gone.jpg"}}), NotFound),
        (refusal(429, "Too Many Requests", retry_after=1), NotDelivered),
    ],
)
async def test_a_file_that_does_not_come_says_why(
    api: Loopback, channel: telegram.Telegram, answer: tuple[int, Any], error: type[Exception]
) -> None:
    api.answer(f"{BASE}/getFile", answer)
    api.answer(f"/file{BASE}/gone.jpg", (404, b""))
    with pytest.raises(error):
        await channel.media("7000001", "A")


async def test_a_file_that_is_too_large_is_broken_off(api: Loopback, channel: telegram.Telegram) -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b"0" * 1_000_000)
            await asyncio.sleep(0)

    api.answer(f"{BASE}/getFile", (200, {"ok": True, "result": {"file_path": "big.mp4"}}))
    api.answer(f"/file{BASE}/big.mp4", endless)
    with pytest.raises(TooLarge):
        await channel.media("7000001", "A")


ME = (200, {"ok": True, "result": {"id": 7000001, "username": "larch_loom_bot"}})


def hook(**values: Any) -> tuple[int, Any]:
    found = {"url": "https://shop.example/webhooks/telegram", "allowed_updates": list(UPDATES), **values}
    return 200, {"ok": True, "result": found}


@pytest.mark.parametrize(
    ("me", "info", "states", "words"),
    [
        (ME, hook(pending_update_count=0), ["ok", "ok"], "t.me/larch_loom_bot"),
        (refusal(401, "Unauthorized"), hook(), ["broken"], "The token does not work"),
        ((502, b""), hook(), ["warning"], "could not be asked"),
        (ME, hook(url=""), ["ok", "warning"], "No webhook is set"),
        (ME, hook(allowed_updates=["message"]), ["ok", "ok", "warning"], "callback_query"),
        (
            ME,
            hook(
                last_error_message="Wrong response: 502", last_error_date=1772445600, pending_update_count=3
            ),
            ["ok", "ok", "warning", "ok"],
            "Telegram could not deliver (2026-03-02 10:00 UTC): Wrong response: 502",
        ),
        (ME, hook(pending_update_count=400), ["ok", "ok", "warning"], "400 updates wait"),
        (ME, (200, {"ok": True, "result": None}), ["ok", "warning"], "No webhook is set"),
    ],
)
async def test_a_check_says_what_is_the_matter(
    api: Loopback,
    channel: telegram.Telegram,
    me: tuple[int, Any],
    info: tuple[int, Any],
    states: list[str],
    words: str,
) -> None:
    api.answer(f"{BASE}/getMe", me)
    api.answer(f"{BASE}/getWebhookInfo", info)
    found = await channel.check("7000001")
    assert [finding.state for finding in found] == states
    assert words in " ".join(finding.what for finding in found)
    assert all(finding.advice for finding in found if finding.state != "ok")
    assert TOKEN not in repr(found)


PROFILE = {
    "locale": "lt",
    "greeting": {"lt": "Labas, aš Lumi.", "en": "Hello, I am Lumi.", "pt-BR": "Olá."},
}


async def test_set_up_points_the_webhook_and_sets_commands_by_language(
    api: Loopback, channel: telegram.Telegram
) -> None:
    for method in ("setWebhook", "setMyCommands", "setMyDescription", "setMyShortDescription"):
        api.answer(f"{BASE}/{method}", DONE)
    found = await channel.set_up(
        "7000001", webhook_url="https://shop.example/webhooks/telegram", profile=PROFILE
    )
    assert [finding.state for finding in found] == ["ok"] * 4
    assert api.bodies(f"{BASE}/setWebhook") == [
        {
            "url": "https://shop.example/webhooks/telegram",
            "secret_token": "new-secret",
            "allowed_updates": list(UPDATES),
            "max_connections": 40,
        }
    ]
    default, english, portuguese = api.bodies(f"{BASE}/setMyCommands")
    assert "language_code" not in default
    assert [item["command"] for item in default["commands"]] == ["start", "help", "person", "stop"]
    assert {item["command"]: item["description"] for item in default["commands"]}[
        "person"
    ] == "Kalbėti su žmogumi"
    assert english["language_code"] == "en"
    assert english["commands"][2] == {"command": "person", "description": "Talk to a person"}
    assert portuguese["language_code"] == "pt"
    assert api.bodies(f"{BASE}/setMyDescription")[0] == {"description": "Labas, aš Lumi."}
    assert api.bodies(f"{BASE}/setMyShortDescription")[1] == {
        "short_description": "Hello, I am Lumi.",
        "language_code": "en",
    }


async def test_an_address_telegram_refuses_stops_the_set_up(
    api: Loopback, channel: telegram.Telegram
) -> None:
    api.answer(f"{BASE}/setWebhook", refusal(400, "Bad Request: bad webhook: HTTPS url must be provided"))
    (finding,) = await channel.set_up("7000001", webhook_url="http://x", profile=PROFILE)
    assert finding.state == "broken"
    assert "HTTPS url must be provided" in finding.what
    assert len(api.calls) == 1


async def test_a_secret_of_other_letters_is_named(api: Loopback) -> None:
    found = telegram.connector(
        {"AISLE_TELEGRAM_TOKEN": TOKEN, "AISLE_TELEGRAM_SECRET": "sécret", "AISLE_TELEGRAM_API": api.url}
    )
    (finding,) = await found.set_up("7000001", webhook_url="https://x", profile={})
    assert (finding.state, api.calls) == ("broken", [])
    assert "AISLE_TELEGRAM_SECRET" in finding.what
