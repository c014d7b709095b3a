"""A message as Messenger and Instagram are sent it: within their limits, with nothing left out."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.channel import Outgoing, Piece
from bot.core.messages import (
    Choice,
    File,
    Image,
    OrderCard,
    OrderLine,
    Part,
    ProductCard,
    Products,
    QuickReplies,
    Survey,
    Text,
)
from tests.connectors.meta_bodies import ACCOUNT, FOLLOWER, PAGE, SHOPPER, channels

BOTH = channels()
IDS = {"messenger": (PAGE, SHOPPER), "instagram": (ACCOUNT, FOLLOWER)}
PICTURE = "https://cdn.shop.example/jumper.jpg"
TRACKING = "https://parcel.example/1"


def outgoing(channel: str, *parts: Part, **more: Any) -> Outgoing:
    account, person = IDS[channel]
    values = {"text": "", "recipient": person, "account": account, "last_shopper_at": None, **more}
    return Outgoing(message_id=812, conversation_id="c1", parts=parts, **values)


def rendered(channel: str, *parts: Part, **more: Any) -> list[Piece]:
    return list(BOTH[channel].render(outgoing(channel, *parts, **more)))


def contents(channel: str, *parts: Part, **more: Any) -> list[dict[str, Any]]:
    """What each piece says, without our own id."""
    found = [dict(piece.body["message"]) for piece in rendered(channel, *parts, **more)]
    return [{name: value for name, value in content.items() if name != "metadata"} for content in found]


def card(**more: Any) -> ProductCard:
    values: dict[str, Any] = {
        "product_id": "JUMPER",
        "title": "Green jumper",
        "price_minor": 3990,
        "currency": "EUR",
        "availability": "in_stock",
        "stock": 4,
        "url": "https://shop.example/p/jumper",
        "image": PICTURE,
        **more,
    }
    return ProductCard(**values)


def order(lines: int = 1, tracking_url: str = TRACKING) -> OrderCard:
    return OrderCard(
        number="A1001",
        state="shipped",
        placed_at="2026-05-20T10:00:00+00:00",
        total_minor=3990 * lines,
        currency="EUR",
        lines=tuple(OrderLine(f"Jumper number {n}", "green, M", 1, 3990) for n in range(lines)),
        timeline=(),
        carrier="Omniva",
        tracking_number="LT123",
        tracking_url=tracking_url,
    )


def choices(count: int, title: str = "Size {}") -> QuickReplies:
    return QuickReplies(tuple(Choice(f"size-{n}", title.format(n)) for n in range(1, count + 1)))


def quick_replies(count: int) -> list[dict[str, str]]:
    return [
        {"content_type": "text", "title": f"Size {n}", "payload": f"c:812:size-{n}"}
        for n in range(1, count + 1)
    ]


def attachment(kind: str, url: str) -> dict[str, Any]:
    return {"attachment": {"type": kind, "payload": {"url": url}}}


def test_a_text_is_an_answer_that_carries_our_id_on_messenger() -> None:
    assert rendered("messenger", Text("Hello")) == [
        Piece(
            0,
            {
                "recipient": {"id": SHOPPER},
                "messaging_type": "RESPONSE",
                "message": {"text": "Hello", "metadata": "aisle:812:0"},
            },
            words="Hello",
        )
    ]


def test_instagram_gets_no_id_of_ours() -> None:
    [piece] = rendered("instagram", Text("Hello"))
    assert piece.body["message"] == {"text": "Hello"}


def test_every_piece_has_its_number_in_our_id() -> None:
    pieces = rendered("messenger", Text("word " * 1000))
    assert [piece.body["message"]["metadata"] for piece in pieces] == [
        "aisle:812:0",
        "aisle:812:1",
        "aisle:812:2",
    ]
    assert [piece.number for piece in pieces] == [0, 1, 2]


@pytest.mark.parametrize("channel", BOTH)
def test_the_words_of_a_message_without_parts_are_said(channel: str) -> None:
    assert contents(channel, text="Only words") == [{"text": "Only words"}]


@pytest.mark.parametrize("channel", BOTH)
def test_a_person_may_write_later_under_the_tag_for_it(channel: str) -> None:
    [piece] = rendered(channel, Text("Hello"), way="human_agent")
    assert (piece.body["messaging_type"], piece.body["tag"]) == ("MESSAGE_TAG", "HUMAN_AGENT")


def test_a_guest_is_addressed_by_reference() -> None:
    [piece] = rendered("messenger", Text("Hello"), recipient="user_ref:guest-5f")
    assert piece.body["recipient"] == {"user_ref": "guest-5f"}


@pytest.mark.parametrize(
    ("channel", "comment", "recipient"),
    [
        ("messenger", "301_9001", {"comment_id": "301_9001"}),
        ("messenger", f"{PAGE}_302", {"post_id": f"{PAGE}_302"}),
        ("instagram", "17865001", {"comment_id": "17865001"}),
    ],
)
def test_a_private_reply_is_one_text_to_the_comment(
    channel: str, comment: str, recipient: dict[str, str]
) -> None:
    parts = (Text("Here it is:"), Products((card(),)), choices(2))
    [piece] = rendered(channel, *parts, way="private_reply", comment=comment, recipient="")
    assert piece.body["recipient"] == recipient
    assert "tag" not in piece.body
    said = piece.body["message"]["text"]
    assert all(
        word in said for word in ("Here it is:", "Green jumper", "https://shop.example/p/jumper", "Size 2")
    )
    assert set(piece.body["message"]) <= {"text", "metadata"}


@pytest.mark.parametrize(
    ("channel", "size"), [("messenger", len), ("instagram", lambda text: len(text.encode()))]
)
def test_a_long_private_reply_is_cut_to_one(channel: str, size: Any) -> None:
    [content] = contents(channel, Text("žodis " * 900), way="private_reply", comment="1_2")
    assert content["text"].endswith("…")
    assert size(content["text"]) <= BOTH[channel].capabilities.text_limit


def test_instagram_counts_bytes() -> None:
    said = contents("instagram", Text("žąsis " * 300))
    assert len(said) > 1
    assert all(len(content["text"].encode()) <= 1000 for content in said)
    assert " ".join(content["text"] for content in said).split() == ["žąsis"] * 300


def test_quick_replies_go_with_the_last_text_and_come_back_as_our_choices() -> None:
    said = contents("messenger", Text("word " * 500), choices(2))
    assert [sorted(content) for content in said] == [["text"], ["quick_replies", "text"]]
    assert said[-1]["quick_replies"] == quick_replies(2)


def test_on_messenger_quick_replies_may_stand_below_cards() -> None:
    said = contents("messenger", Text("I found one:"), Products((card(),)), choices(2))
    assert [sorted(content) for content in said] == [["text"], ["attachment", "quick_replies"]]


def test_on_instagram_cards_come_first_so_that_a_text_carries_the_quick_replies() -> None:
    said = contents("instagram", Text("I found one:"), Products((card(),)), choices(2))
    assert said[0]["attachment"]["type"] == "template"
    assert said[1] == {"text": "I found one:", "quick_replies": quick_replies(2)}


@pytest.mark.parametrize("channel", BOTH)
def test_without_choices_parts_stay_in_their_order(channel: str) -> None:
    said = contents(channel, Text("before"), Image(PICTURE), Text("after"))
    assert said == [{"text": "before"}, attachment("image", PICTURE), {"text": "after"}]


@pytest.mark.parametrize("channel", BOTH)
def test_choices_alone_get_words_to_stand_below(channel: str) -> None:
    [content] = contents(channel, choices(2))
    assert content == {"text": "Please choose:", "quick_replies": quick_replies(2)}


@pytest.mark.parametrize("channel", BOTH)
def test_choices_below_an_empty_text_get_words_too(channel: str) -> None:
    [content] = contents(channel, Text("  "), Products(()), choices(1))
    assert content == {"text": "Please choose:", "quick_replies": quick_replies(1)}


@pytest.mark.parametrize("channel", BOTH)
def test_more_choices_than_allowed_are_numbered_words(channel: str) -> None:
    [content] = contents(channel, Text("Which?"), choices(14))
    assert "14. Size 14" in content["text"]
    assert "quick_replies" not in content


@pytest.mark.parametrize("channel", BOTH)
def test_a_title_too_long_is_said_in_full_above_and_shortened_below(channel: str) -> None:
    family = "👩‍👩‍👧‍👦"
    said = contents(
        channel, Text("Which?"), QuickReplies((Choice("a", f"Jumpers for all {family}{family}"),))
    )
    [button] = said[-1]["quick_replies"]
    assert len(button["title"]) <= 20
    assert "\u200d…" not in button["title"]
    assert f"Jumpers for all {family}{family}" in said[-1]["text"]


@pytest.mark.parametrize("channel", BOTH)
def test_a_rating_is_five_quick_replies(channel: str) -> None:
    survey = Survey(survey_id="s1", survey="csat", scale=5, question="How was it?")
    [content] = contents(channel, Text("How was it?"), survey)
    assert [item["payload"] for item in content["quick_replies"]] == [f"c:812:rate:{n}" for n in range(1, 6)]


@pytest.mark.parametrize("channel", BOTH)
def test_a_product_is_a_card_to_view_and_to_ask_about(channel: str) -> None:
    [content] = contents(channel, Products((card(),)))
    payload = content["attachment"]["payload"]
    assert payload["template_type"] == "generic"
    assert payload.get("image_aspect_ratio") == {"messenger": "square", "instagram": None}[channel]
    assert payload["elements"] == [
        {
            "title": "Green jumper",
            "subtitle": "39.90 EUR · in stock",
            "image_url": PICTURE,
            "default_action": {"type": "web_url", "url": "https://shop.example/p/jumper"},
            "buttons": [
                {"type": "web_url", "url": "https://shop.example/p/jumper", "title": "View"},
                {"type": "postback", "title": "Ask about it", "payload": "c:812:ask:JUMPER"},
            ],
        }
    ]


@pytest.mark.parametrize("channel", BOTH)
def test_a_card_is_in_the_shoppers_language(channel: str) -> None:
    [content] = contents(channel, Products((card(),)), language="lt")
    [element] = content["attachment"]["payload"]["elements"]
    assert element["subtitle"] == "39,90 EUR · yra sandėlyje"
    assert [button["title"] for button in element["buttons"]] == ["Peržiūrėti", "Klausti apie tai"]


@pytest.mark.parametrize("channel", BOTH)
@pytest.mark.parametrize(
    "image", ["", "http://cdn.shop.example/a.jpg", "https://cdn.shop.example/a.svg", "/pictures/a.jpg"]
)
def test_a_picture_the_platform_would_not_show_is_left_off_the_card(channel: str, image: str) -> None:
    [content] = contents(channel, Products((card(image=image),)))
    assert "image_url" not in content["attachment"]["payload"]["elements"][0]


@pytest.mark.parametrize("channel", BOTH)
def test_more_products_than_a_carousel_holds_follow_in_another(channel: str) -> None:
    said = contents(channel, Products(tuple(card(product_id=str(n)) for n in range(12))))
    assert [len(content["attachment"]["payload"]["elements"]) for content in said] == [10, 2]


def test_an_order_on_messenger_has_a_button_to_its_parcel() -> None:
    [content] = contents("messenger", order())
    payload = content["attachment"]["payload"]
    assert payload["template_type"] == "button"
    assert payload["buttons"] == [{"type": "web_url", "url": TRACKING, "title": "Track parcel"}]
    assert "A1001" in payload["text"]
    assert TRACKING not in payload["text"]


@pytest.mark.parametrize(
    ("channel", "card_shown"),
    [("instagram", order()), ("messenger", order(lines=30)), ("messenger", order(1, ""))],
)
def test_otherwise_an_order_is_words_with_its_link(channel: str, card_shown: OrderCard) -> None:
    said = "\n".join(content["text"] for content in contents(channel, card_shown))
    assert "A1001" in said
    assert card_shown.tracking_url in said


@pytest.mark.parametrize(
    ("channel", "part", "kind"),
    [
        ("messenger", Image(PICTURE), "image"),
        ("messenger", Image("https://cdn.shop.example/a.webp"), "image"),
        ("messenger", File("file", "https://shop.example/size-table.xlsx"), "file"),
        ("messenger", File("video", "https://shop.example/a.mp4"), "video"),
        ("instagram", Image(PICTURE), "image"),
        ("instagram", File("file", "https://shop.example/size-table.pdf"), "file"),
    ],
)
def test_what_the_platform_can_fetch_is_attached(channel: str, part: Any, kind: str) -> None:
    assert contents(channel, part) == [attachment(kind, part.url)]


@pytest.mark.parametrize(
    ("channel", "part"),
    [
        ("messenger", Image("https://cdn.shop.example/a.svg", alt="A jumper")),
        ("messenger", Image("http://127.0.0.1:8800/a.jpg", alt="A jumper")),
        ("messenger", File("share", "https://shop.example/p/1", "A page")),
        ("instagram", Image("https://cdn.shop.example/a.webp", alt="A jumper")),
        ("instagram", File("file", "https://shop.example/size-table.xlsx", "Sizes")),
        ("instagram", File("product", "https://shop.example/a", "Jumper")),
    ],
)
def test_what_it_cannot_is_said_with_its_address(channel: str, part: Any) -> None:
    [content] = contents(channel, part)
    assert part.url in content["text"]


WORDS = st.text(alphabet=st.sampled_from("ab ž.!\n👩\u200d🧶e\u0301"), max_size=300)
LONG = st.builds(lambda text, times: text * times, WORDS, st.integers(1, 20))
CARDS = st.builds(
    card,
    title=LONG,
    url=st.sampled_from(["https://shop.example/p", "/p", ""]),
    image=st.sampled_from([PICTURE, "/a", ""]),
)
PARTS = st.one_of(
    st.builds(Text, LONG),
    st.builds(Image, st.sampled_from([PICTURE, "/a.jpg"]), WORDS),
    st.builds(
        File,
        st.sampled_from(["file", "video", "share", "location"]),
        st.sampled_from(["https://shop.example/a.pdf", ""]),
        WORDS,
    ),
    st.builds(Products, st.lists(CARDS, max_size=12).map(tuple)),
    st.builds(order, st.integers(0, 40), st.sampled_from([TRACKING, ""])),
    st.lists(st.builds(Choice, WORDS, LONG), max_size=16).map(lambda items: QuickReplies(tuple(items))),
    st.just(Survey("s1", "csat", 5, "?")),
)


def check_limits(channel: str, body: Any) -> None:
    message = body["message"]
    size = {"messenger": len, "instagram": lambda text: len(text.encode())}[channel]
    assert len({"text", "attachment"} & set(message)) == 1
    assert message.get("text", "x").strip()
    assert size(message.get("text", "")) <= BOTH[channel].capabilities.text_limit
    assert len(message.get("metadata", "")) <= 1000
    for item in message.get("quick_replies", []):
        assert item["title"].strip()
        assert len(item["title"]) <= 20
        assert 1 <= len(item["payload"]) <= 1000
    assert len(message.get("quick_replies", [])) <= 13
    payload = message.get("attachment", {}).get("payload", {})
    assert len(payload.get("text", "")) <= 640
    elements = payload.get("elements", [])
    assert len(elements) <= 10
    for element in elements:
        assert element["title"].strip()
        assert max(len(element["title"]), len(element["subtitle"])) <= 80
        assert element.get("image_url", "https://").startswith("https://")
    for button in [
        *payload.get("buttons", []),
        *(one for item in elements for one in item.get("buttons", [])),
    ]:
        assert 1 <= len(button["title"]) <= 20


@given(
    channel=st.sampled_from(sorted(BOTH)),
    parts=st.lists(PARTS, max_size=5),
    language=st.sampled_from(["en", "lt"]),
)
@settings(max_examples=150, deadline=None)
def test_every_piece_is_within_the_limits(channel: str, parts: list[Part], language: str) -> None:
    pieces = rendered(channel, *parts, language=language)
    for piece in pieces:
        check_limits(channel, piece.body)
    assert [piece.number for piece in pieces] == list(range(len(pieces)))
    assert all("quick_replies" not in piece.body["message"] for piece in pieces[:-1])
    assert pieces == rendered(channel, *parts, language=language)


@given(channel=st.sampled_from(sorted(BOTH)), parts=st.lists(PARTS, max_size=4))
@settings(max_examples=60, deadline=None)
def test_a_private_reply_is_never_more_than_one(channel: str, parts: list[Part]) -> None:
    pieces = rendered(channel, *parts, way="private_reply", comment="1_2")
    assert len(pieces) <= 1
    for piece in pieces:
        check_limits(channel, piece.body)
        assert set(piece.body["message"]) <= {"text", "metadata"}
