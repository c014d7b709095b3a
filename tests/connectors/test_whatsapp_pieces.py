"""A message as WhatsApp calls: what shoppers see, and that nothing breaks a limit of the Cloud API."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from bot.core.channel import Outgoing, Template
from bot.core.messages import Choice, File, Image, Part, Products, QuickReplies, Text
from connectors import whatsapp_pieces
from tests.connectors.parts import MESSAGES, ORDER, SURVEY, product, said


def outgoing(*parts: Part, recipient: str = "37060000123", language: str = "en") -> Outgoing:
    return Outgoing(
        message_id=77,
        conversation_id="c1",
        account="210000000000001",
        recipient=recipient,
        text="",
        parts=parts,
        last_shopper_at=None,
        language=language,
    )


def bodies(*parts: Part, language: str = "en") -> list[dict[str, Any]]:
    found = whatsapp_pieces.pieces(outgoing(*parts, language=language))
    assert [piece.number for piece in found] == list(range(len(found)))
    return [dict(piece.body) for piece in found]


def interactive(body: dict[str, Any]) -> dict[str, Any]:
    assert body["type"] == "interactive"
    found: dict[str, Any] = body["interactive"]
    return found


def buttons(body: dict[str, Any]) -> list[tuple[str, str]]:
    action = interactive(body)["action"]
    return [(item["reply"]["title"], item["reply"]["id"]) for item in action["buttons"]]


def rows(body: dict[str, Any]) -> list[tuple[str, str, str]]:
    action = interactive(body)["action"]
    assert len(action["sections"]) == 1
    return [(row["title"], row.get("description", ""), row["id"]) for row in action["sections"][0]["rows"]]


def test_a_text_is_one_call_that_can_be_recognised() -> None:
    assert bodies(Text("Hello *there*")) == [
        {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": "37060000123",
            "type": "text",
            "text": {"body": "Hello *there*", "preview_url": False},
            "biz_opaque_callback_data": "aisle:77:0",
        }
    ]


def test_a_link_shows_its_preview() -> None:
    (body,) = bodies(Text("See https://shop.example/p/1"))
    assert body["text"]["preview_url"] is True


@pytest.mark.parametrize(
    ("recipient", "expected"),
    [
        ("37060000123", {"to": "37060000123"}),
        ("+37060000123", {"to": "37060000123"}),
        ("LT.20260714000000001", {"recipient": "LT.20260714000000001"}),
    ],
)
def test_a_hidden_number_is_reached_by_the_business_scoped_id(
    recipient: str, expected: dict[str, str]
) -> None:
    (piece,) = whatsapp_pieces.pieces(outgoing(Text("Hi"), recipient=recipient))
    assert {name: piece.body[name] for name in ("to", "recipient") if name in piece.body} == expected


def test_three_short_choices_are_buttons() -> None:
    items = (Choice("0b0", "Track my order"), Choice("0b1", "Return something"), Choice("person", "A person"))
    (body,) = bodies(Text("What is it about?"), QuickReplies(items))
    assert interactive(body)["type"] == "button"
    assert interactive(body)["body"] == {"text": "What is it about?"}
    assert buttons(body) == [
        ("Track my order", "c:77:0b0"),
        ("Return something", "c:77:0b1"),
        ("A person", "c:77:person"),
    ]


def test_more_choices_are_a_list() -> None:
    items = tuple(Choice(f"b{number}", f"Choice {number}") for number in range(10))
    (body,) = bodies(Text("Which?"), QuickReplies(items))
    assert interactive(body)["action"]["button"] == "Choose"
    assert rows(body)[9] == ("Choice 9", "", "c:77:b9")


def test_a_long_choice_is_said_in_full_below_its_short_title() -> None:
    items = (Choice("a", "Yes"), Choice("b", "No, please show me something else instead"))
    (body,) = bodies(Text("This one?"), QuickReplies(items))
    assert rows(body) == [
        ("Yes", "", "c:77:a"),
        ("No, please show me…", "No, please show me something else instead", "c:77:b"),
    ]


def test_choices_of_the_same_title_are_a_list_because_buttons_must_differ() -> None:
    (body,) = bodies(Text("Which?"), QuickReplies((Choice("a", "Blue"), Choice("b", "Blue"))))
    assert interactive(body)["type"] == "list"


def test_an_eleventh_choice_makes_them_numbers() -> None:
    items = tuple(Choice(f"b{number}", f"Choice {number}") for number in range(11))
    (body,) = bodies(Text("Which?"), QuickReplies(items))
    assert body["type"] == "text"
    assert "11. Choice 10" in body["text"]["body"]


def test_a_long_text_is_split_before_its_choices() -> None:
    found = bodies(Text("One sentence here. " * 120), QuickReplies((Choice("a", "Yes"),)))
    assert [body["type"] for body in found] == ["text"] * (len(found) - 1) + ["interactive"]
    assert len(interactive(found[-1])["body"]["text"]) <= 1024
    assert [body["biz_opaque_callback_data"] for body in found] == [
        f"aisle:77:{n}" for n in range(len(found))
    ]


def test_a_rating_is_a_list_of_five() -> None:
    (body,) = bodies(Text("How was it?"), SURVEY)
    assert [row[2] for row in rows(body)] == [f"c:77:rate:{score}" for score in range(1, 6)]


def test_products_are_pictures_and_a_list_to_ask_about_one() -> None:
    said_first, first, second, asked = bodies(Text("Here you are:"), Products((product(1), product(2))))
    assert said_first["text"]["body"] == "Here you are:"
    assert first["image"] == {
        "link": "https://shop.example/p/1.jpg",
        "caption": "Linen throw 1\n39.90 EUR, in stock\nSoft, washed linen.\nhttps://shop.example/p/1",
    }
    assert second["image"]["link"] == "https://shop.example/p/2.jpg"
    assert interactive(asked)["body"]["text"] == "Would you like to know more about one of them?"
    assert rows(asked) == [
        ("Linen throw 1", "39.90 EUR, in stock", "c:77:ask:LL-1"),
        ("Linen throw 2", "39.90 EUR, in stock", "c:77:ask:LL-2"),
    ]


def test_the_fourth_product_is_words_and_can_be_asked_about() -> None:
    found = bodies(Products(tuple(product(number) for number in range(5))))
    assert [body["type"] for body in found] == ["image"] * 3 + ["interactive"]
    assert "Linen throw 3" in interactive(found[3])["body"]["text"]
    assert [row[0] for row in rows(found[3])] == [f"Linen throw {number}" for number in range(5)]


def test_own_choices_come_before_those_that_ask() -> None:
    items = (Choice("more", "Show more"), Choice("person", "A person"))
    *_, asked = bodies(Products((product(),)), QuickReplies(items))
    assert [row[2] for row in rows(asked)] == ["c:77:more", "c:77:person", "c:77:ask:LL-1"]


def test_when_one_list_cannot_hold_all_the_own_choices_stay() -> None:
    items = tuple(Choice(f"b{number}", f"Choice {number}") for number in range(10))
    *_, asked = bodies(Products((product(),)), QuickReplies(items))
    assert [row[2] for row in rows(asked)] == [f"c:77:b{number}" for number in range(10)]


@pytest.mark.parametrize(
    "image",
    [
        "",
        "/shop/pictures/1.svg",
        "https://shop.example/1.svg",
        "https://shop.example/1.webp",
        "http://10.0.0.9/1.jpg",
    ],
)
def test_a_picture_that_whatsapp_cannot_show_leaves_the_words(image: str) -> None:
    body, _asked = bodies(Products((product(image=image),)))
    assert body["type"] == "text"
    assert body["text"]["body"].startswith("Linen throw 1\n39.90 EUR")


def test_a_parcel_is_followed_by_a_button() -> None:
    (order,) = bodies(ORDER)
    assert interactive(order)["type"] == "cta_url"
    assert "Omniva LT123" in interactive(order)["body"]["text"]
    assert interactive(order)["action"] == {
        "name": "cta_url",
        "parameters": {"display_text": "Track parcel", "url": ORDER.tracking_url},
    }


def test_an_order_without_a_parcel_is_words() -> None:
    (order,) = bodies(replace(ORDER, tracking_url=""))
    assert order["type"] == "text"
    assert "A1042" in order["text"]["body"]


def test_a_picture_of_an_agent_is_an_image_and_a_file_a_link() -> None:
    photo, file = bodies(
        File("image", url="https://shop.example/a.png", title="Front"),
        File("file", url="https://shop.example/a.pdf", title="Manual"),
    )
    assert photo["image"] == {"link": "https://shop.example/a.png", "caption": "Front"}
    assert file["text"]["body"] == "(Manual: https://shop.example/a.pdf)"


def test_without_a_picture_its_words_remain() -> None:
    (body,) = bodies(Image("https://shop.example/a.png", "The front"))
    words = whatsapp_pieces.as_words(body)
    assert words is not None
    assert words["type"] == "text"
    assert words["text"]["body"] == "The front\nhttps://shop.example/a.png"
    assert words["biz_opaque_callback_data"] == body["biz_opaque_callback_data"]
    assert "image" not in words
    (text,) = bodies(Text("Hi"))
    assert whatsapp_pieces.as_words(text) is None


def test_a_template_carries_its_values() -> None:
    template = Template("order_shipped", "lt", ("A1042", "two\nlines\tand   blanks", " "), "LT123")
    message = replace(outgoing(Text("Your order is on its way.")), way="template", template=template)
    (piece,) = whatsapp_pieces.pieces(message)
    assert piece.body["type"] == "template"
    assert piece.body["template"] == {
        "name": "order_shipped",
        "language": {"code": "lt"},
        "components": [
            {
                "type": "body",
                "parameters": [
                    {"type": "text", "text": "A1042"},
                    {"type": "text", "text": "two lines and blanks"},
                    {"type": "text", "text": "-"},
                ],
            },
            {
                "type": "button",
                "sub_type": "url",
                "index": "0",
                "parameters": [{"type": "text", "text": "LT123"}],
            },
        ],
    }


def test_inside_the_window_the_words_go_and_not_the_template() -> None:
    message = replace(outgoing(Text("On its way.")), template=Template("order_shipped", "lt"))
    (piece,) = whatsapp_pieces.pieces(message)
    assert piece.body["type"] == "text"


def test_a_bare_template_has_no_components() -> None:
    message = replace(outgoing(), way="template", template=Template("hello", "en_US"))
    (piece,) = whatsapp_pieces.pieces(message)
    assert piece.body["template"] == {"name": "hello", "language": {"code": "en_US"}}


@given(MESSAGES)
def test_no_call_breaks_a_limit(parts: list[Part]) -> None:
    for number, body in enumerate(bodies(*parts)):
        assert body["biz_opaque_callback_data"] == f"aisle:77:{number}"
        LIMITS[body["type"]](body[body["type"]])


def _check_text(text: dict[str, Any]) -> None:
    assert 0 < len(text["body"].strip()) <= len(text["body"]) <= 4096


def _check_image(image: dict[str, Any]) -> None:
    assert image["link"].startswith("https://")
    assert len(image.get("caption", "")) <= 1024


def _check_interactive(content: dict[str, Any]) -> None:
    assert 0 < len(content["body"]["text"].strip()) <= len(content["body"]["text"]) <= 1024
    ACTIONS[content["type"]](content["action"])


def _check_buttons(action: dict[str, Any]) -> None:
    replies = [item["reply"] for item in action["buttons"]]
    assert 1 <= len(replies) <= 3
    assert all(0 < len(reply["title"].strip()) <= 20 and 0 < len(reply["id"]) <= 256 for reply in replies)
    assert (
        len({reply["title"] for reply in replies}) == len({reply["id"] for reply in replies}) == len(replies)
    )


def _check_list(action: dict[str, Any]) -> None:
    items = action["sections"][0]["rows"]
    assert len(action["sections"]) == 1
    assert 1 <= len(items) <= 10
    assert 0 < len(action["button"]) <= 20
    assert all(0 < len(row["title"].strip()) <= 24 and 0 < len(row["id"]) <= 200 for row in items)
    assert all(len(row.get("description", "")) <= 72 for row in items)
    assert len({row["id"] for row in items}) == len(items)


def _check_link(action: dict[str, Any]) -> None:
    assert 0 < len(action["parameters"]["display_text"]) <= 20
    assert action["parameters"]["url"].startswith("https://")


LIMITS = {"text": _check_text, "image": _check_image, "interactive": _check_interactive}
ACTIONS = {"button": _check_buttons, "list": _check_list, "cta_url": _check_link}


@given(MESSAGES)
def test_no_choice_is_lost(parts: list[Part]) -> None:
    titles = [item.title for part in parts if isinstance(part, QuickReplies) for item in part.items]
    words = " ".join(said(bodies(*parts)).split())
    for title in titles:
        assert " ".join(title.split())[:20] in words


@given(MESSAGES)
def test_the_same_message_gives_the_same_calls(parts: list[Part]) -> None:
    assert bodies(*parts) == bodies(*parts)
