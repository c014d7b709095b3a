"""What WhatsApp's webhooks are heard as: every kind from a file, and anything else without an exception."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.channel import KINDS, Heard
from bot.core.messages import File
from connectors import whatsapp_heard

PAYLOADS = Path(__file__).parent / "payloads" / "whatsapp"
ARRIVED = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
NUMBER, BUSINESS = "210000000000001", "310000000000001"
ONA, ONAS_ID = "37060000123", "LT.20260714000000001"

# File -> what is expected of its event; fields that are not named may be anything.
EXPECTED: dict[str, dict[str, Any]] = {
    "text": {
        "kind": "message.text",
        "text": "Kur mano užsakymas A1042? 📦",
        "platform_id": "wamid.HBgLT0001",
        "key": "message:wamid.HBgLT0001",
        "at": datetime.fromtimestamp(1772445601, UTC),
        "person": ONA,
        "aliases": (ONAS_ID,),
        "name": "Ona Petraitė",
        "detail": {},
    },
    "reply": {
        "kind": "message.text",
        "text": "the blue one",
        "target": "wamid.OUR0001",
        "detail": {"reply_to": "wamid.OUR0001"},
    },
    "forwarded": {"kind": "message.text", "detail": {"is_forwarded": True}},
    "product_question": {
        "kind": "message.text",
        "detail": {"reply_to": "wamid.OUR0002", "product": {"sku": "LL-17", "title": "", "url": ""}},
    },
    "from_advertisement": {
        "kind": "message.text",
        "detail": {
            "referral": {
                "source": "ad",
                "ref": "120200000000000001",
                "ad_id": "120200000000000001",
                "ad_title": "Linen throws",
                "url": "https://fb.me/1x",
                "click": "ARA_1",
            }
        },
    },
    "username_only": {
        "kind": "message.text",
        "person": ONAS_ID,
        "aliases": ("LT.ENT.900000000000001",),
        "name": "Ona Petraitė",
        "detail": {"username": "ona.p"},
    },
    "number_without_user_id": {"kind": "message.text", "person": ONA, "aliases": ()},
    "image": {
        "kind": "message.attachment",
        "text": "it came like this",
        "parts": (File("image", platform_id="610000000000001"),),
        "detail": {"content_type": "image/jpeg"},
    },
    "video": {"kind": "message.attachment", "parts": (File("video", platform_id="610000000000002"),)},
    "voice": {"kind": "message.attachment", "parts": (File("audio", platform_id="610000000000003"),)},
    "document": {
        "kind": "message.attachment",
        "text": "invoice",
        "parts": (File("file", title="invoice.pdf", platform_id="610000000000004"),),
    },
    "sticker": {"kind": "message.sticker", "parts": (File("sticker", platform_id="610000000000005"),)},
    "location": {
        "kind": "message.attachment",
        "parts": (File("location", title="Paštomatas, Paupio g. 26 (54.68, 25.28)"),),
    },
    "location_bare": {"kind": "message.attachment", "parts": (File("location", title="54.68, 25.28"),)},
    "contacts": {
        "kind": "message.contact",
        "parts": (File("contact", title="Jonas Jonaitis +370 600 00124"), File("contact", title="Rasa")),
    },
    "template_button": {
        "kind": "message.quick_reply",
        "text": "Track it",
        "choice": "c:70:0b1",
        "target": "wamid.OUR0003",
    },
    "button_reply": {"kind": "message.quick_reply", "text": "Track my order", "choice": "c:77:0b0"},
    "list_reply": {"kind": "message.quick_reply", "text": "Linen throw", "choice": "c:78:ask:LL-17"},
    "form": {
        "kind": "message.form",
        "text": 'size: M\nreturn reason: too small\nitems: ["A", "B"]',
        "detail": {
            "form": "flow",
            "answers": {"size": "M", "return_reason": "too small", "items": '["A", "B"]'},
        },
    },
    "form_broken": {"kind": "message.form", "text": "Sent", "detail": {"form": "flow", "answers": {}}},
    "order": {
        "kind": "message.order",
        "text": "For Friday please",
        "parts": (
            File("order", title="2 × LL-17 (39.9 EUR)", platform_id="LL-17"),
            File("order", title="1 × LL-18 (12 EUR)", platform_id="LL-18"),
        ),
    },
    "reaction": {
        "kind": "reaction",
        "target": "wamid.OUR0004",
        "platform_id": "",
        "detail": {"emoji": "👍"},
    },
    "reaction_removed": {"kind": "reaction", "target": "wamid.OUR0004", "detail": {"emoji": ""}},
    "reaction_emptied": {"kind": "reaction", "target": "wamid.OUR0004", "detail": {"emoji": ""}},
    "edit": {
        "kind": "message.edit",
        "target": "wamid.HBgLT0001",
        "text": "Kur mano užsakymas A1043?",
        "platform_id": "",
    },
    "edit_caption": {"kind": "message.edit", "text": "it arrived like this"},
    "revoke": {"kind": "message.deleted", "target": "wamid.HBgLT0001", "text": "", "platform_id": ""},
    "system_number": {"kind": "ignored"},
    "unsupported": {"kind": "message.unsupported", "detail": {"type": "unsupported", "code": "131051"}},
    "unknown_type": {"kind": "message.unsupported", "detail": {"type": "hologram", "code": ""}},
    "welcome": {"kind": "ignored"},
    "group": {"kind": "ignored"},
    "no_sender": {"kind": "ignored"},
    "status_sent": {
        "kind": "status",
        "key": "status:wamid.OUR0004:sent",
        "target": "wamid.OUR0004",
        "person": ONA,
        "aliases": (ONAS_ID,),
        "echo_of": "aisle:77:0",
        "detail": {"status": "sent"},
        "at": datetime.fromtimestamp(1772445700, UTC),
    },
    "status_delivered": {"kind": "status", "detail": {"status": "delivered"}},
    "status_read": {"kind": "status", "detail": {"status": "read"}, "echo_of": ""},
    "status_played": {"kind": "status", "detail": {"status": "read"}, "key": "status:wamid.OUR0004:played"},
    "status_deleted": {"kind": "status", "detail": {"status": "deleted"}},
    "failed_window": {
        "kind": "status.failed",
        "target": "wamid.OUR0004",
        "echo_of": "aisle:77:1",
        "detail": {
            "status": "failed",
            "code": "131047",
            "cause": "message",
            "reason": "more than 24 hours since the shopper wrote: only an approved template may be sent (131047: "
            "Message failed to send because more than 24 hours have passed since the customer last replied to this "
            "number.)",
        },
    },
    "failed_undeliverable": {
        "kind": "status.failed",
        "detail": {
            "status": "failed",
            "code": "131026",
            "cause": "person",
            "reason": "WhatsApp cannot deliver to this shopper (131026: Message Undeliverable.)",
        },
    },
    "failed_without_reason": {
        "kind": "status.failed",
        "detail": {
            "status": "failed",
            "code": "",
            "cause": "message",
            "reason": "the platform refused the message",
        },
    },
    "account_reinstated": {
        "kind": "account",
        "detail": {"state": "ok", "reason": "account update REINSTATE", "event": "REINSTATE"},
    },
    "account_error_unknown": {
        "kind": "error",
        "detail": {
            "state": "warning",
            "code": "0",
            "cause": "message",
            "reason": "We could not authenticate the app user (0)",
        },
    },
    "account_error": {
        "kind": "error",
        "detail": {
            "state": "broken",
            "code": "131031",
            "cause": "account",
            "reason": "WhatsApp has restricted this business account (131031: Business Account locked)",
        },
    },
    "template_rejected": {
        "kind": "template_status",
        "detail": {
            "name": "order_shipped",
            "language": "lt",
            "status": "REJECTED",
            "reason": "INVALID_FORMAT",
        },
    },
    "template_approved": {
        "kind": "template_status",
        "detail": {"name": "order_shipped", "language": "lt", "status": "APPROVED", "reason": ""},
    },
    "account_restricted": {
        "kind": "account",
        "detail": {
            "state": "broken",
            "reason": "account update ACCOUNT_RESTRICTION",
            "event": "ACCOUNT_RESTRICTION",
        },
    },
    "quality_changed": {
        "kind": "account",
        "detail": {
            "state": "warning",
            "reason": "phone number quality update FLAGGED TIER_1K",
            "event": "FLAGGED",
        },
    },
    "no_advertising": {"kind": "optin", "person": ONA, "detail": {"state": "marketing_messages:stop"}},
    "written_in_the_app": {
        "kind": "echo.human",
        "person": ONA,
        "platform_id": "wamid.APP0001",
        "text": "I will look into it",
    },
    "unknown_field": {"kind": "ignored"},
}
SEVERAL = {"twice", "batch", "another_object", "empty", "account_verified"}  # have tests of their own


def hear(body: bytes, **accounts: str) -> list[Heard]:
    return whatsapp_heard.parse(body, accounts=accounts or {NUMBER: BUSINESS}, at=ARRIVED)


def read(name: str) -> bytes:
    return (PAYLOADS / f"{name}.json").read_bytes()


def test_every_payload_has_its_expectation() -> None:
    assert {path.stem for path in PAYLOADS.glob("*.json")} == set(EXPECTED) | SEVERAL


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_an_event_is_heard_as_what_it_is(name: str) -> None:
    (event,) = hear(read(name))
    assert {field: getattr(event, field) for field in EXPECTED[name]} == EXPECTED[name]
    assert event.account == NUMBER


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_the_same_call_again_has_the_same_keys(name: str) -> None:
    again = json.dumps(json.loads(read(name)), separators=(",", ":")).encode()
    assert [event.key for event in hear(read(name))] == [event.key for event in hear(again)]


def test_the_same_message_twice_in_one_call_has_one_key() -> None:
    first, second = hear(read("twice"))
    assert (first.key, first.text) == (second.key, "Hello")


def test_messages_of_several_people_keep_their_names() -> None:
    first, second = hear(read("batch"))
    assert (first.person, first.name, first.text) == (ONA, "Ona Petraitė", "First")
    assert (second.person, second.name, second.text) == ("37060000555", "Jonas", "Me too")


@pytest.mark.parametrize("name", ["another_object", "empty", "account_verified"])
def test_what_is_nothing_to_us_is_one_ignored_event(name: str) -> None:
    (event,) = hear(read(name))
    assert event.kind == "ignored"


def test_what_is_said_about_the_business_is_heard_on_each_of_its_numbers() -> None:
    found = hear(read("account_restricted"), **{"1": BUSINESS, "2": BUSINESS, "3": "another"})
    assert [event.account for event in found] == ["1", "2"]


def test_what_is_said_about_an_unknown_business_is_kept_under_its_id() -> None:
    (event,) = hear(read("account_restricted"), **{"3": "another"})
    assert event.account == BUSINESS


def test_one_odd_event_leaves_the_others() -> None:
    body = json.loads(read("batch"))
    messages = body["entry"][0]["changes"][0]["value"]["messages"]
    messages[:0] = [None, 7, {}, {"id": "x", "type": ["odd"], "from": {"odd": 1}}]
    assert [event.text for event in hear(json.dumps(body).encode())][-2:] == ["First", "Me too"]


NAMES = st.sampled_from(
    [
        *(
            "object",
            "entry",
            "id",
            "time",
            "changes",
            "field",
            "value",
            "metadata",
            "phone_number_id",
            "contacts",
        ),
        *(
            "messages",
            "statuses",
            "errors",
            "message_echoes",
            "from",
            "from_user_id",
            "to",
            "timestamp",
            "type",
        ),
        *(
            "text",
            "body",
            "image",
            "audio",
            "document",
            "caption",
            "mime_type",
            "sticker",
            "location",
            "latitude",
        ),
        *(
            "longitude",
            "button",
            "payload",
            "interactive",
            "button_reply",
            "list_reply",
            "nfm_reply",
            "title",
        ),
        *(
            "response_json",
            "order",
            "product_items",
            "quantity",
            "item_price",
            "reaction",
            "message_id",
            "emoji",
        ),
        *(
            "edit",
            "revoke",
            "original_message_id",
            "message",
            "system",
            "context",
            "referral",
            "referred_product",
        ),
        *("source_type", "group_id", "profile", "name", "wa_id", "user_id", "status", "recipient_id", "code"),
        *(
            "error_data",
            "details",
            "event",
            "message_template_name",
            "user_preferences",
            "phones",
            "ban_info",
        ),
    ]
)
WORDS = st.sampled_from(
    [
        *(
            "whatsapp_business_account",
            "messages",
            "account_update",
            "message_template_status_update",
            "text",
        ),
        *(
            "image",
            "interactive",
            "order",
            "reaction",
            "edit",
            "revoke",
            "contacts",
            "failed",
            "sent",
            "list_reply",
        ),
        *("user_preferences", "nfm_reply", "1772445601", "210000000000001"),
    ]
)
ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=8),
    max_leaves=30,
)


def check(body: bytes) -> None:
    found = hear(body)
    assert found
    for event in found:
        assert event.kind in KINDS
        assert 0 < len(event.key) <= 300
        assert event.at.tzinfo is not None


@given(st.dictionaries(NAMES, ODD, max_size=5))
def test_no_json_is_too_odd(value: dict[str, Any]) -> None:
    change = {"field": "messages", "value": value}
    check(json.dumps(value).encode())
    check(
        json.dumps(
            {"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [change]}]}
        ).encode()
    )
