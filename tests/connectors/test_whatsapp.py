"""WhatsApp on the wire: signature, sending, refusals, courtesies, files, check and set-up, against a loopback API."""

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web

from bot.core.channel import Outgoing, Piece, Platform
from bot.core.errors import BadSignature, NotDelivered, NotFound, TooLarge
from connectors import whatsapp
from tests.connectors.loopback import Loopback, loopback

NUMBER, BUSINESS, TOKEN = "210000000000001", "310000000000001", "EAAtest"
BASE = f"/v25.0/{NUMBER}/messages"
SENT = (
    200,
    {
        "messaging_product": "whatsapp",
        "contacts": [{"input": "37060000123", "wa_id": "37060000123"}],
        "messages": [{"id": "wamid.OUR1"}],
    },
)


def environment(api: str = "http://127.0.0.1:9", **more: str) -> dict[str, str]:
    values = {
        "ACCOUNT": NUMBER,
        "BUSINESS": BUSINESS,
        "TOKEN": TOKEN,
        "APP_SECRET": "new-secret, old-secret",
        "VERIFY_TOKEN": "let-me-in",
        "API": api,
    }
    return {f"AISLE_WHATSAPP_{name}": value for name, value in {**values, **more}.items()}


@pytest.fixture
async def api() -> AsyncIterator[Loopback]:
    async with loopback() as platform:
        yield platform


@pytest.fixture
async def channel(api: Loopback) -> AsyncIterator[whatsapp.WhatsApp]:
    found = whatsapp.connector(environment(api.url))
    yield found
    await found.close()


def message(account: str = NUMBER) -> Outgoing:
    return Outgoing(77, "c1", account, "37060000123", "", (), None)


TEXT = Piece(
    0, {"messaging_product": "whatsapp", "to": "37060000123", "type": "text", "text": {"body": "Hello"}}
)
IMAGE = Piece(
    1,
    {
        "messaging_product": "whatsapp",
        "to": "37060000123",
        "type": "image",
        "image": {"link": "https://shop.example/1.jpg", "caption": "Throw"},
    },
)


def refusal(code: int, status: int = 400, message: str = "no") -> tuple[int, Any]:
    error = {"message": f"(#{code}) {message}", "type": "OAuthException", "code": code, "fbtrace_id": "A1"}
    return status, {"error": error}


def test_it_is_a_platform_and_says_what_it_lacks() -> None:
    found = whatsapp.connector({})
    assert isinstance(found, Platform)
    assert set(found.missing) == {"ACCOUNT", "TOKEN", "APP_SECRET", "VERIFY_TOKEN"}
    assert found.accounts == ()


def test_further_numbers_have_a_token_and_a_business_of_their_own() -> None:
    found = whatsapp.connector(
        environment() | {"AISLE_WHATSAPP_TOKEN__42": "t2", "AISLE_WHATSAPP_BUSINESS__42": "b2"}
    )
    assert found.accounts == (NUMBER, "42")
    change = {"field": "account_update", "value": {"event": "ACCOUNT_DELETED"}}
    envelope = {"object": "whatsapp_business_account", "entry": [{"id": "b2", "changes": [change]}]}
    body = json.dumps(envelope).encode()
    (event,) = found.parse(body, at=datetime.now(UTC))
    assert event.account == "42"


@pytest.mark.parametrize("secret", ["new-secret", "old-secret"])
def test_a_call_signed_with_either_secret_is_taken(channel: whatsapp.WhatsApp, secret: str) -> None:
    body = b'{"object":"whatsapp_business_account"}'
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    channel.check_signature({"x-hub-signature-256": f"sha256={digest}"}, body)
    with pytest.raises(BadSignature):
        channel.check_signature({"x-hub-signature-256": f"sha256={digest}"}, body + b" ")


def test_the_address_is_verified_with_our_token_only(channel: whatsapp.WhatsApp) -> None:
    query = {"hub.mode": "subscribe", "hub.verify_token": "let-me-in", "hub.challenge": "123"}
    assert channel.challenge(query) == "123"
    assert channel.challenge({**query, "hub.verify_token": "other"}) is None


async def test_a_piece_is_sent_with_the_token_of_its_number(
    api: Loopback, channel: whatsapp.WhatsApp
) -> None:
    api.answer(BASE, SENT)
    receipt = await channel.send(message(), TEXT)
    assert (receipt.platform_id, receipt.person) == ("wamid.OUR1", "37060000123")
    (call,) = api.calls
    assert call.body == TEXT.body
    assert call.headers["authorization"] == f"Bearer {TOKEN}"
    assert (
        call.query["appsecret_proof"] == hmac.new(b"new-secret", TOKEN.encode(), hashlib.sha256).hexdigest()
    )


async def test_a_hidden_number_is_told_by_the_answer(api: Loopback, channel: whatsapp.WhatsApp) -> None:
    contacts = [{"input": "LT.2026", "user_id": "LT.2026"}]
    api.answer(BASE, (200, {"contacts": contacts, "messages": [{"id": "wamid.2"}]}))
    assert (await channel.send(message(), TEXT)).person == "LT.2026"


@pytest.mark.parametrize(
    ("answer", "cause", "heals", "is_shared"),
    [
        (refusal(131047), "message", False, True),
        (refusal(131026), "person", False, True),
        (refusal(131009), "message", False, True),
        (refusal(100), "message", False, True),
        (refusal(132001, 404), "message", False, True),
        (refusal(131062), "message", False, True),
        (refusal(131050), "message", False, True),
        (refusal(131056), "busy", True, False),
        (refusal(130429, 429), "busy", True, True),
        (refusal(80007), "busy", True, True),
        (refusal(131048), "busy", True, True),
        (refusal(131000, 500), "busy", True, True),
        (refusal(131016, 503), "busy", True, True),
        (refusal(190, 401), "account", False, True),
        (refusal(0, 401), "account", False, True),
        (refusal(10, 403), "account", False, True),
        (refusal(299, 403), "account", False, True),
        (refusal(131031, 403), "account", False, True),
        (refusal(368, 403), "account", False, True),
        (refusal(133010), "account", False, True),
        ((503, b"<html>down</html>"), "lost", True, True),
    ],
)
async def test_a_refusal_says_whose_matter_it_is(
    api: Loopback,
    channel: whatsapp.WhatsApp,
    answer: tuple[int, Any],
    cause: str,
    heals: bool,
    is_shared: bool,
) -> None:
    api.answer(BASE, answer)
    with pytest.raises(NotDelivered) as caught:
        await channel.send(message(), TEXT)
    assert (caught.value.cause, caught.value.heals, caught.value.is_shared) == (cause, heals, is_shared)
    assert TOKEN not in str(caught.value)


async def test_a_token_that_the_platform_repeats_is_shown_to_nobody(
    api: Loopback, channel: whatsapp.WhatsApp
) -> None:
    long_token = "EAAG" + "x0Z" * 50
    api.answer(BASE, refusal(190, 401, f"Malformed access token {long_token}"))
    with pytest.raises(NotDelivered, match="Malformed access token …") as caught:
        await channel.send(message(), TEXT)
    assert "x0Z" not in str(caught.value)


async def test_a_number_without_a_token_is_a_matter_of_the_account(channel: whatsapp.WhatsApp) -> None:
    with pytest.raises(NotDelivered) as caught:
        await channel.send(message("999"), TEXT)
    assert caught.value.cause == "account"


async def test_a_picture_that_cannot_be_fetched_goes_as_words(
    api: Loopback, channel: whatsapp.WhatsApp
) -> None:
    api.answer(BASE, refusal(131053), SENT)
    receipt = await channel.send(message(), IMAGE)
    assert receipt.platform_id == "wamid.OUR1"
    assert api.bodies(BASE)[1]["text"]["body"] == "Throw\nhttps://shop.example/1.jpg"


async def test_a_picture_refused_for_another_reason_is_not_sent_as_words(
    api: Loopback, channel: whatsapp.WhatsApp
) -> None:
    api.answer(BASE, refusal(131026))
    with pytest.raises(NotDelivered):
        await channel.send(message(), IMAGE)
    assert len(api.calls) == 1


async def test_reading_and_typing_are_one_call(api: Loopback, channel: whatsapp.WhatsApp) -> None:
    api.answer(BASE, (200, {"success": True}))
    await channel.mark(NUMBER, "37060000123", what="typing", target="wamid.IN1")
    await channel.mark(NUMBER, "37060000123", what="seen", target="wamid.IN2")
    assert api.bodies(BASE) == [
        {
            "messaging_product": "whatsapp",
            "status": "read",
            "message_id": "wamid.IN1",
            "typing_indicator": {"type": "text"},
        },
        {"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.IN2"},
    ]


async def test_a_courtesy_needs_a_message_and_may_be_refused(
    api: Loopback, channel: whatsapp.WhatsApp
) -> None:
    api.answer(BASE, refusal(100))
    await channel.mark(NUMBER, "37060000123", what="typing")
    assert api.calls == []
    await channel.mark(NUMBER, "37060000123", what="typing", target="wamid.IN1")
    assert len(api.calls) == 1


async def test_a_file_of_a_shopper_is_fetched_with_the_token(
    api: Loopback, channel: whatsapp.WhatsApp
) -> None:
    api.answer("/v25.0/6100", (200, {"id": "6100", "mime_type": "image/jpeg", "url": f"{api.url}/media/x"}))
    api.answer("/media/x", (200, b"\xff\xd8picture"))
    assert await channel.media(NUMBER, "6100") == (b"\xff\xd8picture", "image/jpeg")
    assert [call.headers["authorization"] for call in api.calls] == [f"Bearer {TOKEN}"] * 2


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/x",
        "https://evil.example/x",
        "https://evilfbsbx.com/x",
        "file:///etc/passwd",
        "",
        7,
    ],
)
async def test_the_token_is_shown_to_no_other_address(
    api: Loopback, channel: whatsapp.WhatsApp, url: Any
) -> None:
    api.answer("/v25.0/6100", (200, {"id": "6100", "url": url}))
    with pytest.raises(NotFound):
        await channel.media(NUMBER, "6100")


@pytest.mark.parametrize(
    ("answer", "error"),
    [(refusal(100, 404), NotFound), (refusal(190, 401), NotDelivered), (refusal(4), NotDelivered)],
)
async def test_a_file_that_does_not_come_says_why(
    api: Loopback, channel: whatsapp.WhatsApp, answer: tuple[int, Any], error: type[Exception]
) -> None:
    api.answer("/v25.0/6100", answer)
    with pytest.raises(error):
        await channel.media(NUMBER, "6100")


async def test_an_id_that_is_none_is_not_asked_for(api: Loopback, channel: whatsapp.WhatsApp) -> None:
    with pytest.raises(NotFound):
        await channel.media(NUMBER, "../me?fields=x")
    assert api.calls == []


async def test_a_file_that_is_gone_or_too_large_is_broken_off(
    api: Loopback, channel: whatsapp.WhatsApp
) -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b"0" * 1_000_000)

    api.answer("/v25.0/6100", (200, {"id": "6100", "url": f"{api.url}/media/x"}))
    api.answer("/media/x", (404, b""), endless)
    with pytest.raises(NotFound):
        await channel.media(NUMBER, "6100")
    with pytest.raises(TooLarge):
        await channel.media(NUMBER, "6100")


FACTS = {
    "verified_name": "Larch & Loom",
    "display_phone_number": "+370 5 200 0000",
    "quality_rating": "GREEN",
}
SUBSCRIBED = {"data": [{"whatsapp_business_api_data": {"id": "1", "name": "Aisle"}}]}
VALID = {
    "data": {
        "is_valid": True,
        "expires_at": 0,
        "scopes": ["whatsapp_business_messaging", "whatsapp_business_management"],
    }
}


@pytest.mark.parametrize(
    ("facts", "token", "hook", "states", "words"),
    [
        ((200, FACTS), (200, VALID), (200, SUBSCRIBED), ["ok", "ok"], "Larch & Loom, +370 5 200 0000"),
        (refusal(190, 401), (200, VALID), (200, SUBSCRIBED), ["broken"], "refuses the token"),
        (
            (200, {**FACTS, "quality_rating": "RED", "name_status": "DECLINED"}),
            (200, VALID),
            (200, SUBSCRIBED),
            ["ok", "warning", "warning", "ok"],
            "quality is red",
        ),
        ((200, FACTS), (200, VALID), (200, {"data": []}), ["ok", "warning"], "nothing this account hears"),
        ((200, FACTS), (200, VALID), refusal(200, 403), ["ok", "warning"], "could not be looked at"),
        ((200, FACTS), refusal(100), (200, SUBSCRIBED), ["ok", "ok"], "the token is good"),
        (
            (200, FACTS),
            (200, {"data": {"is_valid": True, "expires_at": 4102444800, "scopes": []}}),
            (200, {"data": [{"override_callback_uri": "https://shop.example/webhooks/whatsapp"}]}),
            ["ok", "warning", "ok", "ok"],
            "the token ends on 2100-01-01",
        ),
        (
            (200, FACTS),
            (200, {"data": {"is_valid": False}}),
            (200, SUBSCRIBED),
            ["ok", "broken", "ok"],
            "no longer",
        ),
    ],
)
async def test_a_check_says_what_is_the_matter(
    api: Loopback,
    channel: whatsapp.WhatsApp,
    facts: tuple[int, Any],
    token: tuple[int, Any],
    hook: tuple[int, Any],
    states: list[str],
    words: str,
) -> None:
    api.answer(f"/v25.0/{NUMBER}", facts)
    api.answer("/v25.0/debug_token", token)
    api.answer(f"/v25.0/{BUSINESS}/subscribed_apps", hook)
    found = await channel.check(NUMBER)
    assert [finding.state for finding in found] == states
    assert words in " ".join(finding.what for finding in found)
    assert all(finding.advice for finding in found if finding.state != "ok")
    assert TOKEN not in repr(found)


async def test_a_check_that_cannot_be_made_now_is_no_finding(
    api: Loopback, channel: whatsapp.WhatsApp
) -> None:
    api.answer(f"/v25.0/{NUMBER}", refusal(2, 500))
    with pytest.raises(NotDelivered):
        await channel.check(NUMBER)


PROFILE = {
    "locale": "lt",
    "starters": {"lt": [{"title": f"Klausimas {n}?", "payload": f"starter:{n}"} for n in range(6)]},
}
HOOK = "https://shop.example/webhooks/whatsapp"


async def test_set_up_points_the_webhook_and_offers_questions(
    api: Loopback, channel: whatsapp.WhatsApp
) -> None:
    api.answer(f"/v25.0/{BUSINESS}/subscribed_apps", (200, {"success": True}))
    api.answer(f"/v25.0/{NUMBER}/conversational_automation", (200, {"success": True}))
    found = await channel.set_up(NUMBER, webhook_url=HOOK, profile=PROFILE)
    assert [finding.state for finding in found] == ["ok", "ok"]
    assert [call.body for call in api.calls] == [
        {"override_callback_uri": HOOK, "verify_token": "let-me-in"},
        {"enable_welcome_message": False, "prompts": [f"Klausimas {n}?" for n in range(4)]},
    ]


async def test_where_the_address_is_not_taken_the_owner_learns_what_to_enter(
    api: Loopback, channel: whatsapp.WhatsApp
) -> None:
    api.answer(f"/v25.0/{BUSINESS}/subscribed_apps", refusal(100), (200, {"success": True}))
    found = await channel.set_up(NUMBER, webhook_url=HOOK, profile={})
    assert [finding.state for finding in found] == ["warning", "ok"]
    assert HOOK in found[0].advice


async def test_without_the_business_nothing_can_be_set_up(api: Loopback) -> None:
    found = whatsapp.connector(environment(api.url, BUSINESS=""))
    (finding,) = await found.set_up(NUMBER, webhook_url=HOOK, profile=PROFILE)
    await found.close()
    assert finding.state == "warning"
    assert "AISLE_WHATSAPP_BUSINESS" in finding.advice
    assert api.calls == []
