"""What is heard on Messenger and Instagram: every kind of captured body, and any other."""

import json
import os
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.channel import KINDS
from bot.core.errors import BadInput
from bot.core.messages import File
from connectors.meta_events import READERS
from tests.connectors.meta_bodies import (
    ACCOUNT,
    APP,
    ARRIVED,
    FOLLOWER,
    HAPPENED,
    PAGE,
    SHOPPER,
    body,
    channels,
    envelope,
    names,
    parsed,
    parsed_value,
)

MID = "m_Zq-01_aB"
CDN = "https://cdn.example/"
BOTH = {
    "text": (
        "message.text",
        {"platform_id": MID, "text": "Ar turite žalią megztinį? 🧶", "key": f"message:{MID}"},
    ),
    "text_no_timestamp": ("message.text", {"at": HAPPENED + timedelta(milliseconds=400)}),
    "quick_reply": ("message.quick_reply", {"choice": "c:41:track", "text": "Track it"}),
    "reply": ("message.text", {"target": "m_ours_7", "detail": {"reply_to": {"mid": "m_ours_7"}}}),
    "image": ("message.attachment", {"parts": (File("image", CDN + "a.jpg?oh=1"),)}),
    "images": ("message.attachment", {"parts": (File("image", CDN + "a.jpg"), File("image", CDN + "b.jpg"))}),
    "video": ("message.attachment", {"parts": (File("video", CDN + "a.mp4"),)}),
    "audio": ("message.attachment", {"parts": (File("audio", CDN + "a.m4a"),)}),
    "file": ("message.attachment", {"parts": (File("file", CDN + "form.pdf"),)}),
    "unknown_attachment": ("message.attachment", {"parts": (File("file", CDN + "h.bin"),)}),
    "unknown_attachment_bare": ("message.unsupported", {"parts": (), "detail": {"unsupported": "hologram"}}),
    "postback": ("postback", {"choice": "starter:0", "text": "Where is my order", "platform_id": "m_pb_1"}),
    "reaction": (
        "reaction",
        {
            "target": "m_ours_7",
            "text": "❤️",
            "detail": {"action": "react", "reaction": "love", "emoji": "❤️"},
        },
    ),
    "unreact": (
        "reaction",
        {"target": "m_ours_7", "text": "", "detail": {"action": "unreact", "reaction": "", "emoji": ""}},
    ),
    "edit": (
        "message.edit",
        {"target": MID, "text": "the blue one", "key": f"edit:{MID}:2", "detail": {"number": 2}},
    ),
    "edit_as_string": ("message.edit", {"key": f"edit:{MID}:2", "detail": {"number": 2}}),
    "deleted": ("message.deleted", {"target": MID, "key": f"deleted:{MID}", "platform_id": ""}),
    "unsupported": ("message.unsupported", {"detail": {"unsupported": "unsupported"}}),
    "referral": (
        "referral",
        {"detail": {"referral": {"ref": "parcel_card", "source": "SHORTLINK", "type": "OPEN_THREAD"}}},
    ),
    "referral_seconds": ("referral", {"at": HAPPENED}),
    "message_from_ad": (
        "message.text",
        {
            "detail": {
                "referral": {
                    "ref": "spring",
                    "source": "ADS",
                    "type": "OPEN_THREAD",
                    "ad_id": "2385009",
                    "ad": {"ad_title": "Spring wool", "photo_url": CDN + "ad.jpg", "product_id": "77120"},
                }
            }
        },
    ),
    "echo_metadata": (
        "echo",
        {"echo_of": "aisle:812:0", "platform_id": "m_echo_2", "detail": {"app_id": APP}},
    ),
    "echo_other_app": ("echo.human", {"echo_of": "", "text": "Buy now", "detail": {"app_id": "777"}}),
    "echo_inbox": ("echo.human", {"parts": (File("image", CDN + "out.jpg"),)}),
    "self": ("echo.self", {"person": ""}),
    "standby_text": ("standby", {"key": f"standby:message:{MID}", "detail": {"was": "message.text"}}),
    "standby_postback": ("standby", {"text": "Track", "choice": "", "detail": {"was": "postback"}}),
    "unknown": ("ignored", {}),
    "feedback": ("ignored", {}),
    "no_entries": ("ignored", {"account": "", "person": ""}),
    "entry_without_events": ("ignored", {"person": ""}),
    "other_object": ("ignored", {"account": "", "person": ""}),
    "dashboard_test": ("test", {"account": "0", "person": ""}),
    "dashboard_test_messaging": ("test", {"account": "0", "person": ""}),
}
GREEN = {"sku": "JUMPER-GREEN-M", "id": "77120", "title": "Green jumper", "image": CDN + "j.jpg"}
BLUE = {"sku": "JUMPER-BLUE-M", "id": "77121", "title": "Blue jumper", "image": ""}
COMMENT: dict[str, Any] = {
    "post_id": f"{PAGE}_301",
    "is_top_level": True,
    "touch": "comment",
    "verb": "add",
    "parent": f"{PAGE}_301",
    "url": "https://www.facebook.example/posts/301",
}
MESSENGER = {
    "echo_plain": ("echo.human", {"person": SHOPPER, "detail": {}}),
    "sticker": ("message.sticker", {"text": "", "parts": (File("sticker", CDN + "cat.png", "", "5544"),)}),
    "sticker_twice": ("message.sticker", {"parts": (File("sticker", CDN + "cat.png", "", "5544"),)}),
    "sticker_and_bare_image": ("message.sticker", {"parts": (File("sticker", CDN + "cat.png", "", "5544"),)}),
    "thumbs_up": ("message.sticker", {"text": "👍"}),
    "link": (
        "message.attachment",
        {
            "text": "is it there? https://shop.example/p/jumper",
            "parts": (File("share", "https://shop.example/p/jumper", "Jumper"),),
        },
    ),
    "share_unsupported": ("message.unsupported", {"detail": {"unsupported": "fallback"}}),
    "post_share": (
        "message.attachment",
        {"parts": (File("share", "https://www.facebook.example/p/1", "Sale", "551"),)},
    ),
    "reel": (
        "message.attachment",
        {"parts": (File("share", "https://www.facebook.example/r/1", "New", "552"),)},
    ),
    "product": (
        "message.product",
        {
            "parts": (
                File("product", CDN + "j.jpg", "Green jumper", "JUMPER-GREEN-M"),
                File("product", "", "Blue jumper", "JUMPER-BLUE-M"),
            ),
            "detail": {"product": GREEN, "products": [GREEN, BLUE]},
        },
    ),
    "product_from_shop": (
        "message.text",
        {"detail": {"referral": {"product_id": "77120"}, "product": {"id": "77120"}}},
    ),
    "location": (
        "message.attachment",
        {"parts": (File("location", "https://maps.example/1", "54.6872, 25.2797"),)},
    ),
    "contacts": ("message.contact", {"parts": (File("contact", "", "Ona +37060000001"),)}),
    "appointment": ("message.attachment", {"parts": (File("share", "", "appointment requested", "b9"),)}),
    "commands": ("message.text", {"detail": {"commands": ["sizes"]}}),
    "get_started": (
        "postback",
        {
            "choice": "get_started",
            "detail": {"referral": {"ref": "newsletter", "source": "SHORTLINK", "type": "OPEN_THREAD"}},
        },
    ),
    "postback_without_mid": (
        "postback",
        {"choice": "person", "key": f"postback:{SHOPPER}:1780000000000:person", "platform_id": ""},
    ),
    "postback_guest": ("postback", {"person": "user_ref:guest-5f"}),
    "referral_ad": (
        "referral",
        {
            "detail": {
                "referral": {
                    "source": "ADS",
                    "type": "OPEN_THREAD",
                    "ad_id": "2385009",
                    "ad": {"ad_title": "Spring wool", "product_id": "77120"},
                }
            }
        },
    ),
    "optin": ("optin", {"detail": {"type": "notification_messages", "payload": "news", "title": "News"}}),
    "optin_guest": ("optin", {"person": "user_ref:guest-6a", "detail": {"ref": "cart"}}),
    "delivery": (
        "delivery",
        {
            "target": "",
            "detail": {
                "watermark": (HAPPENED + timedelta(milliseconds=90)).isoformat(),
                "mids": ["m_ours_7", "m_ours_8"],
            },
        },
    ),
    "delivery_one": ("delivery", {"target": "m_ours_7"}),
    "delivery_watermark": (
        "delivery",
        {
            "at": HAPPENED + timedelta(milliseconds=400),
            "detail": {"watermark": (HAPPENED + timedelta(milliseconds=90)).isoformat(), "mids": []},
        },
    ),
    "read": (
        "read",
        {"target": "", "detail": {"watermark": (HAPPENED + timedelta(milliseconds=95)).isoformat()}},
    ),
    "echo_own_app": ("echo", {"echo_of": "", "detail": {"app_id": APP}}),
    "echo_template": ("echo", {"echo_of": "aisle:812:1", "parts": (File("share", "", "Green jumper"),)}),
    "echo_deleted": ("message.deleted", {"target": "m_echo_4", "person": SHOPPER}),
    "reaction_of_ours": ("ignored", {}),
    "pass": (
        "handover.pass",
        {
            "detail": {
                "previous_owner_app_id": "263902037430900",
                "new_owner_app_id": APP,
                "metadata": "done",
                "is_ours": True,
            }
        },
    ),
    "pass_to_other": (
        "handover.pass",
        {
            "detail": {
                "previous_owner_app_id": "",
                "new_owner_app_id": "263902037430900",
                "metadata": "",
                "is_ours": False,
            }
        },
    ),
    "take": (
        "handover.take",
        {
            "detail": {
                "previous_owner_app_id": APP,
                "new_owner_app_id": "263902037430900",
                "metadata": "",
                "is_ours": False,
            }
        },
    ),
    "request": ("handover.request", {"detail": {"requested_owner_app_id": "777", "metadata": "vip"}}),
    "app_roles": ("handover.roles", {"person": "", "detail": {"roles": {APP: ["primary_receiver"]}}}),
    "policy_block": (
        "policy",
        {"person": "", "detail": {"action": "block", "reason": "Too many messages outside the window."}},
    ),
    "account_linking": ("ignored", {}),
    "comment": (
        "comment.add",
        {
            "platform_id": "301_9001",
            "key": "comment:301_9001:add",
            "name": "Jonas Pavyzdys",
            "text": "Kiek kainuoja?",
            "at": HAPPENED - timedelta(seconds=10),
            "detail": COMMENT,
        },
    ),
    "comment_reply": (
        "comment.add",
        {"platform_id": "301_9002", "detail": {**COMMENT, "is_top_level": False, "parent": "301_9001"}},
    ),
    "comment_own": ("comment.self", {"person": "", "platform_id": "301_9003"}),
    "comment_edited": ("comment.add", {"platform_id": "301_9001", "detail": {**COMMENT, "verb": "edited"}}),
    "comment_removed": ("comment.add", {"platform_id": "301_9001", "detail": {**COMMENT, "verb": "remove"}}),
    "like": ("ignored", {"person": ""}),
    "visitor_post": ("post.add", {"platform_id": f"{PAGE}_302", "text": "Ar siunčiate į Latviją?"}),
    "own_post": ("ignored", {"person": ""}),
    "template_status": ("template_status", {"person": "", "text": "APPROVED"}),
}
MEDIA = {"media_product_type": "FEED"}
CAPTION: dict[str, Any] = {
    "media": MEDIA,
    "media_id": "17900777",
    "is_top_level": True,
    "touch": "comment",
    "verb": "add",
    "parent": "17900777",
    "username": "jonas.p",
}
INSTAGRAM = {
    "echo_plain": ("echo", {"person": FOLLOWER, "detail": {}}),
    "story_reply": (
        "message.text",
        {"target": "", "detail": {"reply_to": {"story": {"id": "180900", "url": CDN + "story.jpg"}}}},
    ),
    "story_mention": (
        "message.story_mention",
        {
            "platform_id": MID,
            "parts": (File("story", CDN + "mention.jpg"),),
            "detail": {"touch": "story_mention", "url": CDN + "mention.jpg"},
        },
    ),
    "like_heart": ("message.sticker", {"text": "❤️"}),
    "ephemeral": ("message.unsupported", {"parts": (), "detail": {"unsupported": "ephemeral"}}),
    "post_share": ("message.attachment", {"parts": (File("share", CDN + "p", "New in", "17900500"),)}),
    "post_share_old": ("message.attachment", {"parts": (File("share", CDN + "p"),)}),
    "reel": ("message.attachment", {"parts": (File("share", CDN + "r", "try-on", "180555"),)}),
    "story_share": ("message.attachment", {"parts": (File("story", CDN + "s.mp4"),)}),
    "seen": ("read", {"target": "m_ours_7", "key": f"read:{FOLLOWER}:m_ours_7", "detail": {}}),
    "comment": (
        "comment.add",
        {"platform_id": "17865001", "name": "jonas.p", "text": "kaina?", "at": HAPPENED, "detail": CAPTION},
    ),
    "comment_other_id": ("comment.add", {"platform_id": "17865001", "key": "comment:17865001:add"}),
    "comment_flat": (
        "comment.add",
        {"platform_id": "17865001", "key": "comment:17865001:add", "detail": CAPTION},
    ),
    "comment_reply": (
        "comment.add",
        {"target": "17865001", "detail": {**CAPTION, "is_top_level": False, "parent": "17865001"}},
    ),
    "comment_own": ("comment.self", {"person": ""}),
    "comment_from_ad": (
        "comment.add",
        {
            "detail": {
                **CAPTION,
                "media": {"media_product_type": "AD", "ad_id": "2385", "ad_title": "Spring wool"},
            }
        },
    ),
    "live_comment": (
        "comment.add",
        {
            "detail": {
                **CAPTION,
                "media": {"media_product_type": "LIVE"},
                "media_id": "17900778",
                "parent": "17900778",
                "touch": "live_comment",
            }
        },
    ),
    "mention_in_comment": ("comment.add", {"platform_id": "17865006", "person": "", "target": "17900999"}),
    "mention_in_caption": ("post.add", {"platform_id": "17900999", "person": "", "text": ""}),
}
ALONE = {"messenger": BOTH | MESSENGER, "instagram": BOTH | INSTAGRAM}
TOGETHER = {"odd_among_good", "same_twice", "two_pages"}
ACCOUNTS = {"messenger": (PAGE, SHOPPER), "instagram": (ACCOUNT, FOLLOWER)}


@pytest.mark.parametrize(
    ("channel", "name", "kind", "said"),
    [(channel, name, *row) for channel, rows in ALONE.items() for name, row in rows.items()],
)
def test_a_captured_body_is_heard_as_what_it_is(
    channel: str, name: str, kind: str, said: dict[str, Any]
) -> None:
    account, person = ACCOUNTS[channel]
    [heard] = parsed(channel, name)
    expected = {"kind": kind, "account": account, "person": person, **said}
    assert {field: getattr(heard, field) for field in expected} == expected


@pytest.mark.parametrize("channel", ALONE)
def test_every_captured_body_is_expected_to_be_something(channel: str) -> None:
    assert set(names(channel)) - TOGETHER == set(ALONE[channel])


def test_entries_of_several_pages_are_each_their_own() -> None:
    first, second = parsed("messenger", "two_pages")
    assert (first.account, first.person, first.text) == (PAGE, SHOPPER, "to the first")
    assert (second.account, second.person, second.text) == ("204500000000022", "24009", "to the second")
    assert second.at - first.at == timedelta(milliseconds=1)


@pytest.mark.parametrize("channel", ALONE)
def test_an_odd_event_does_not_lose_the_others(channel: str) -> None:
    heard = parsed(channel, "odd_among_good")
    assert [one.text for one in heard if one.kind == "message.text"] == ["first", "second"]
    assert [one.kind for one in heard].count("ignored") == 5
    assert len({one.key for one in heard}) == len(heard) - 1  # the two empty entries and events are alike


@pytest.mark.parametrize("channel", ALONE)
def test_a_message_told_twice_has_one_key(channel: str) -> None:
    assert [one.key for one in parsed(channel, "same_twice")] == [f"message:{MID}"] * 2


@pytest.mark.parametrize(
    ("channel", "name"), [(channel, name) for channel in ALONE for name in names(channel)]
)
def test_a_repeat_has_the_same_keys_whenever_it_comes(channel: str, name: str) -> None:
    later = channels()[channel].parse(body(channel, name), at=ARRIVED + timedelta(hours=3))
    assert [one.key for one in later] == [one.key for one in parsed(channel, name)]


def test_different_events_about_one_message_have_different_keys() -> None:
    about = ("text", "edit", "deleted", "reaction", "unreact", "seen", "standby_text")
    keys = [parsed("instagram", name)[0].key for name in about]
    assert len(set(keys)) == len(keys)


def test_each_edit_of_a_comment_has_a_key_of_its_own() -> None:
    about = ("comment", "comment_edited", "comment_removed")
    assert len({parsed("messenger", name)[0].key for name in about}) == 3


def test_without_our_app_id_the_inbox_is_still_not_ours() -> None:
    nameless = channels(APP_ID="")["messenger"]
    [passed] = nameless.parse(body("messenger", "pass_to_other"), at=ARRIVED)
    [echo] = nameless.parse(body("messenger", "echo_inbox"), at=ARRIVED)
    assert (passed.detail["is_ours"], echo.kind) == (False, "echo.human")


def test_what_is_ignored_is_kept_as_it_came() -> None:
    [heard] = parsed("messenger", "unknown")
    assert heard.detail["raw"]["telepathy"] == {"strength": 3}


def test_a_time_too_far_ahead_is_not_believed() -> None:
    [heard] = parsed_value(
        "messenger", envelope("messenger", {"timestamp": 4_000_000_000_000, "message": {"mid": "a"}})
    )
    assert heard.at < ARRIVED


def test_an_account_speaking_without_an_echo_mark_is_no_shopper() -> None:
    event = {"sender": {"id": PAGE}, "recipient": {"id": SHOPPER}, "message": {"mid": "x", "text": "from us"}}
    [heard] = parsed_value("messenger", envelope("messenger", event))
    assert (heard.kind, heard.person) == ("echo.human", SHOPPER)


def test_long_ids_fit_the_columns() -> None:
    long = "m_" + "x" * 900
    event = {"sender": {"id": long}, "reaction": {"mid": long, "action": "react", "emoji": "🧶"}}
    [heard] = parsed_value("messenger", envelope("messenger", event))
    assert len(heard.key) == 300
    assert len(heard.person) == len(heard.target) == 200


def test_text_no_database_takes_is_mended() -> None:
    message = {
        "mid": "s",
        "text": "a\x00b\ud800c",
        "attachments": [{"type": "image", "payload": {"url": CDN + "\x00"}}],
    }
    [heard] = parsed_value("messenger", envelope("messenger", {"message": message}))
    assert heard.text == "a\ufffdb\ufffdc"
    json.dumps(asdict(heard), default=str, ensure_ascii=False).encode("utf-8")


@pytest.mark.parametrize("raw", [b"", b"[]", b"7", b'"text"', b"{", b"\xff\xfe", b"null", b"[" * 100_000])
@pytest.mark.parametrize("channel", ALONE)
def test_what_is_no_json_object_is_bad_input(channel: str, raw: bytes) -> None:
    with pytest.raises(BadInput):
        channels()[channel].parse(raw, at=ARRIVED)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
NAMES = """
id user_ref mid text attachments type payload url title sticker_id product elements retailer_id quick_reply
reply_to story is_echo is_self is_deleted is_unsupported app_id metadata referral ref source
ads_context_data action emoji reaction watermark mids num_edit coordinates lat long contacts name phones
verb item comment_id post_id parent_id from media created_time template commands previous_owner_app_id
new_owner_app_id
"""
WORDS = st.sampled_from(NAMES.split())
NEAR = st.recursive(
    JSON | st.sampled_from([PAGE, ACCOUNT, "template", "location", "contacts", "add", "comment", True]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=6),
    max_leaves=25,
)
EVENTS = st.dictionaries(
    st.sampled_from([*READERS, "sender", "recipient", "timestamp"]),
    NEAR,
    max_size=6,
)
FIELDS = st.sampled_from(
    ["feed", "comments", "live_comments", "mentions", "messenger_template_status_update", "x"]
)
CHANGES = st.fixed_dictionaries({"field": FIELDS, "value": NEAR})
ENTRIES = st.fixed_dictionaries(
    {},
    optional={
        "id": st.sampled_from([PAGE, ACCOUNT, "0", 7, None]) | JSON,
        "time": JSON,
        "messaging": st.lists(EVENTS | NEAR, max_size=3) | JSON,
        "standby": st.lists(EVENTS, max_size=2) | JSON,
        "changes": st.lists(CHANGES | NEAR, max_size=3) | JSON,
        "field": FIELDS,
        "value": NEAR,
    },
)
BODIES = st.fixed_dictionaries(
    {
        "object": st.sampled_from(["page", "instagram"]) | JSON,
        "entry": st.lists(ENTRIES | JSON, max_size=3) | JSON,
    }
)


@given(value=BODIES, channel=st.sampled_from(sorted(ALONE)))
@settings(max_examples=400, deadline=None)
def test_any_object_is_heard_as_something_that_can_be_kept(value: Any, channel: str) -> None:
    heard = parsed_value(channel, value)
    assert heard
    assert all(one.kind in KINDS and 0 < len(one.key) <= 300 for one in heard)
    assert all(len(one.person) <= 200 and len(one.target) <= 200 and len(one.account) <= 100 for one in heard)
    assert all(one.at.tzinfo is not None and one.at <= ARRIVED + timedelta(days=1) for one in heard)
    json.dumps([asdict(one) for one in heard], default=str, ensure_ascii=False).encode("utf-8")


@given(raw=st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_heard_or_refused_as_bad_input(raw: bytes) -> None:
    try:
        heard = channels()["messenger"].parse(raw, at=ARRIVED)
    except BadInput:
        return
    assert heard


if "AISLE_PAYLOADS" in os.environ:  # a folder of bodies with an index of their kinds
    FOLDER = Path(os.environ["AISLE_PAYLOADS"])
    INDEX = json.loads((FOLDER / "index.json").read_text(encoding="utf-8"))["payloads"]
    OURS = [row for row in INDEX if row["file"].split("/")[0] in ALONE]

    @pytest.mark.parametrize("row", OURS, ids=lambda row: row["file"])
    def test_a_body_of_the_folder_is_of_its_kind(row: dict[str, Any]) -> None:
        raw = (FOLDER / row["file"]).read_bytes()
        name = row["file"].split("/")[0]
        channel = channels(APP_ID="1517776481860111", APP_SECRET="test_app_secret")[name]
        channel.check_signature({key.lower(): value for key, value in row["headers"].items()}, raw)
        kinds = {one.kind for one in channel.parse(raw, at=ARRIVED)}
        assert kinds == {"message.text" if row["kind"] == "batch" else row["kind"]}
