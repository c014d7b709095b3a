"""What Telegram's updates are heard as: every kind from a file, and anything else without an exception."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.channel import KINDS, Heard
from bot.core.messages import File
from connectors import telegram_heard

PAYLOADS = Path(__file__).parent / "payloads" / "telegram"
ARRIVED = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)

# File -> what is expected of it; fields that are not named may be anything.
EXPECTED: dict[str, dict[str, Any]] = {
    "text": {"kind": "message.text", "text": "Kur mano užsakymas A1042? 📦", "platform_id": "5551001:41"},
    "text_link_entities": {"kind": "message.text", "text": "is this https://shop.example/p/1 in stock?"},
    "reply": {
        "kind": "message.text",
        "text": "the blue one",
        "target": "5551001:39",
        "detail": {"reply_to": "5551001:39", "quote": "colour", "username": "ona_p"},
    },
    "forwarded": {"kind": "message.text", "detail": {"is_forwarded": True, "username": "ona_p"}},
    "start": {"kind": "postback", "choice": "get_started", "detail": {"username": "ona_p"}},
    "start_deep_link": {
        "kind": "postback",
        "choice": "get_started",
        "detail": {"referral": {"source": "deep_link", "ref": "product_A-17"}, "username": "ona_p"},
    },
    "command_help": {"kind": "postback", "choice": "get_started"},
    "command_person": {"kind": "postback", "choice": "person"},
    "command_stop": {"kind": "message.text", "text": "/stop", "choice": ""},
    "command_unknown": {"kind": "message.text", "text": '/track_order{"order_number":"A1"}', "choice": ""},
    "photo": {
        "kind": "message.attachment",
        "text": "it came like this",
        "parts": (File("image", platform_id="AgACx"),),
    },
    "photo_album": {
        "kind": "message.attachment",
        "detail": {"content_type": "image/jpeg", "album": "134220", "username": "ona_p"},
    },
    "video": {"kind": "message.attachment", "parts": (File("video", title="clip.mp4", platform_id="BAACv"),)},
    "video_note": {"kind": "message.attachment", "parts": (File("video", platform_id="DQACn"),)},
    "voice": {"kind": "message.attachment", "parts": (File("audio", platform_id="AwACo"),)},
    "audio": {"kind": "message.attachment", "parts": (File("audio", title="Song", platform_id="CQACa"),)},
    "document": {
        "kind": "message.attachment",
        "text": "invoice",
        "parts": (File("file", title="invoice.pdf", platform_id="BQACd"),),
    },
    "animation": {
        "kind": "message.attachment",
        "parts": (File("video", title="cat.mp4", platform_id="CgACg"),),
    },
    "sticker": {"kind": "message.sticker", "parts": (File("sticker", title="👍", platform_id="CAACs"),)},
    "location": {"kind": "message.attachment", "parts": (File("location", title="54.6872, 25.2797"),)},
    "venue": {
        "kind": "message.attachment",
        "parts": (File("location", title="Paštomatas, Paupio g. 26 (54.68, 25.28)"),),
    },
    "contact": {"kind": "message.contact", "parts": (File("contact", title="Jonas Jonaitis +37060000123"),)},
    "poll": {"kind": "message.unsupported", "parts": ()},
    "service_pinned": {"kind": "ignored"},
    "edited_text": {
        "kind": "message.edit",
        "target": "5551001:41",
        "text": "Kur mano užsakymas A1043?",
        "platform_id": "",
        "at": datetime.fromtimestamp(1772445700, UTC),
    },
    "edited_caption": {"kind": "message.edit", "text": "it arrived like this"},
    "edited_live_location": {"kind": "ignored"},
    "callback": {
        "kind": "postback",
        "choice": "c:77:1b0",
        "text": "Track it",
        "platform_id": "callback:4382bfdwdsb323b2d9",
        "target": "5551001:39",
        "at": ARRIVED,
    },
    "callback_by_title": {"kind": "postback", "choice": "", "text": "Return it"},
    "callback_old_message": {"kind": "postback", "choice": "c:12:person", "text": ""},
    "callback_inline": {"kind": "ignored"},
    "blocked": {"kind": "optin", "detail": {"state": "blocked", "username": "ona_p"}},
    "unblocked": {"kind": "optin", "detail": {"state": "unblocked", "username": "ona_p"}},
    "reaction": {
        "kind": "reaction",
        "target": "5551001:39",
        "detail": {"emoji": "❤", "username": "ona_p"},
        "at": datetime.fromtimestamp(1772445810, UTC),
    },
    "reaction_custom": {"kind": "reaction", "detail": {"emoji": "⭐", "username": "ona_p"}},
    "reaction_removed": {"kind": "reaction", "detail": {"emoji": "", "username": "ona_p"}},
    "group_text": {"kind": "ignored"},
    "group_joined": {"kind": "ignored"},
    "channel_post": {"kind": "ignored"},
    "inline_query": {"kind": "ignored"},
    "from_bot": {"kind": "ignored"},
}


def heard(body: bytes) -> Heard:
    (event,) = telegram_heard.parse(body, account="7000001", at=ARRIVED)
    return event


def read(name: str) -> bytes:
    return (PAYLOADS / f"{name}.json").read_bytes()


def test_every_payload_has_its_expectation() -> None:
    assert {path.stem for path in PAYLOADS.glob("*.json")} == set(EXPECTED)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_an_update_is_heard_as_what_it_is(name: str) -> None:
    event = heard(read(name))
    event = replace(event, at=event.at.replace(microsecond=0))
    assert {field: getattr(event, field) for field in EXPECTED[name]} == EXPECTED[name]
    assert event.account == "7000001"


@pytest.mark.parametrize(
    "name", sorted(name for name, expected in EXPECTED.items() if expected["kind"] != "ignored")
)
def test_who_wrote_comes_with_every_event(name: str) -> None:
    event = heard(read(name))
    assert (event.person, event.name, event.locale) == ("5551001", "Ona Petraitė", "lt")


def test_the_key_is_the_update() -> None:
    update = json.loads(read("text"))
    again = {name: update[name] for name in reversed(update)}
    assert heard(json.dumps(again).encode()).key == heard(read("text")).key
    assert heard(json.dumps({**update, "update_id": 1}).encode()).key != heard(read("text")).key


def test_within_a_second_the_updates_number_tells_what_came_first() -> None:
    update = json.loads(read("reaction"))
    times = [heard(json.dumps({**update, "update_id": number}).encode()).at for number in (810_000, 810_001)]
    assert times[0] < times[1]
    assert times[1] - times[0] < timedelta(milliseconds=10)
    assert {at.replace(microsecond=0) for at in times} == {datetime.fromtimestamp(1772445810, UTC)}


def test_a_nameless_update_without_a_number_still_has_a_key() -> None:
    assert heard(b"{}").key == heard(b"{ }").key
    assert heard(b"{}").key != heard(b'{"poll": {}}').key


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
# Names that mean something, holding anything: the odd events a platform might send one day.
NAMES = st.sampled_from(
    [
        "message",
        "edited_message",
        "callback_query",
        "my_chat_member",
        "message_reaction",
        "chat",
        "from",
        "user",
        "id",
        "type",
        "text",
        "caption",
        "photo",
        "video",
        "sticker",
        "location",
        "venue",
        "contact",
        "document",
        "date",
        "edit_date",
        "message_id",
        "reply_to_message",
        "data",
        "reply_markup",
        "inline_keyboard",
        "callback_data",
        "new_reaction",
        "emoji",
        "new_chat_member",
        "status",
        "update_id",
        "file_id",
        "width",
        "height",
        "latitude",
        "longitude",
        "language_code",
        "first_name",
        "quote",
        "media_group_id",
    ]
)
ODD = st.recursive(
    JSON | st.just("private") | st.just(5551001),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=8),
    max_leaves=30,
)


@given(st.dictionaries(NAMES, ODD, max_size=4))
def test_no_json_is_too_odd(update: dict[str, Any]) -> None:
    event = heard(json.dumps(update).encode())
    assert event.kind in KINDS
    assert len(event.key) <= 300
