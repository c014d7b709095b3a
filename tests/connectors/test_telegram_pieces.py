"""A message as Telegram calls: what shoppers see, and that nothing breaks a limit of the Bot API."""

from typing import Any

import pytest
from hypothesis import given

from bot.core.channel import Outgoing
from bot.core.messages import Choice, File, Image, Part, Products, QuickReplies, Text
from connectors import telegram_pieces
from tests.connectors.parts import MESSAGES, ORDER, SURVEY, product, said


def utf16(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def outgoing(*parts: Part, language: str = "en") -> Outgoing:
    return Outgoing(
        message_id=77,
        conversation_id="c1",
        account="7000001",
        recipient="5551001",
        text="",
        parts=parts,
        last_shopper_at=None,
        language=language,
    )


def bodies(*parts: Part, language: str = "en") -> list[dict[str, Any]]:
    found = telegram_pieces.pieces(outgoing(*parts, language=language))
    assert [piece.number for piece in found] == list(range(len(found)))
    return [dict(piece.body) for piece in found]


def buttons(body: dict[str, Any]) -> list[list[tuple[str, str]]]:
    rows = body.get("reply_markup", {"inline_keyboard": []})["inline_keyboard"]
    return [[(item["text"], item.get("callback_data") or item["url"]) for item in row] for row in rows]


def test_words_go_out_as_they_are_without_markup() -> None:
    text = "<b>1 < 2</b> *not bold* [no](http://x.example) _ok_ & `code`"
    assert bodies(Text(text)) == [{"method": "sendMessage", "chat_id": 5551001, "text": text}]


def test_a_message_without_anything_to_say_is_no_call() -> None:
    assert bodies() == []


def test_choices_are_buttons_below_the_last_words() -> None:
    items = (Choice("0b0", "Track my order"), Choice("0b1", "Return something"))
    first, last = bodies(Text("word " * 1500), QuickReplies(items))
    assert "reply_markup" not in first
    assert buttons(last) == [[("Track my order", "c:77:0b0"), ("Return something", "c:77:0b1")]]


def test_long_titles_have_rows_of_their_own() -> None:
    items = (Choice("a", "Yes"), Choice("b", "No, show me something else instead"))
    (body,) = bodies(Text("This one?"), QuickReplies(items))
    assert [len(row) for row in buttons(body)] == [1, 1]


def test_more_choices_than_buttons_become_numbers() -> None:
    items = tuple(Choice(str(number), f"Choice {number}") for number in range(30))
    (body,) = bodies(Text("Which?"), QuickReplies(items))
    assert buttons(body) == []
    assert "30. Choice 29" in body["text"]


def test_a_payload_that_does_not_fit_is_answered_by_its_title() -> None:
    items = (Choice("x" * 60, "Blue"), Choice("ok", "Red"))
    (body,) = bodies(Text("Which?"), QuickReplies(items))
    assert buttons(body) == [[("Blue", "title:0"), ("Red", "c:77:ok")]]


def test_a_rating_is_one_row_of_five() -> None:
    (body,) = bodies(Text("How was it?"), SURVEY)
    assert buttons(body) == [[(str(score), f"c:77:rate:{score}") for score in range(1, 6)]]


def test_products_are_photos_with_words_and_two_buttons() -> None:
    said, first, second = bodies(Text("Here you are:"), Products((product(1), product(2))))
    assert said["method"] == "sendMessage"
    assert first == {
        "method": "sendPhoto",
        "chat_id": 5551001,
        "photo": "https://shop.example/p/1.jpg",
        "caption": "Linen throw 1\n39.90 EUR, in stock\nSoft, washed linen.",
        "reply_markup": {
            "inline_keyboard": [
                [
                    {"text": "View", "url": "https://shop.example/p/1"},
                    {"text": "Ask about it", "callback_data": "c:77:ask:LL-1"},
                ]
            ]
        },
    }
    assert second["photo"] == "https://shop.example/p/2.jpg"


def test_a_product_speaks_the_shoppers_language() -> None:
    (body,) = bodies(Products((product(),)), language="lt")
    assert body["caption"].splitlines()[1] == "39,90 EUR, yra sandėlyje"
    assert [text for text, _ in buttons(body)[0]] == ["Peržiūrėti", "Klausti apie tai"]


def test_the_sixth_product_is_words() -> None:
    found = bodies(Products(tuple(product(number) for number in range(7))))
    assert [body["method"] for body in found] == ["sendPhoto"] * 5 + ["sendMessage"]
    assert "Linen throw 5" in found[5]["text"]
    assert "Linen throw 6" in found[5]["text"]


@pytest.mark.parametrize(
    "image",
    [
        "",
        "/shop/pictures/1.svg",
        "https://shop.example/1.svg",
        "http://localhost:8800/1.jpg",
        "http://10.0.0.9/1.jpg",
    ],
)
def test_a_picture_that_telegram_cannot_show_leaves_the_words(image: str) -> None:
    (body,) = bodies(Products((product(image=image),)))
    assert body["method"] == "sendMessage"
    assert body["text"].startswith("Linen throw 1\n39.90 EUR")


def test_an_address_that_telegram_refuses_as_a_button_is_words() -> None:
    (body,) = bodies(Products((product(url="http://localhost:8800/p/1"),)))
    assert body["caption"].endswith("\nhttp://localhost:8800/p/1")
    assert buttons(body) == [[("Ask about it", "c:77:ask:LL-1")]]


def test_choices_after_products_stand_below_them() -> None:
    items = (Choice("a", "Show more"),)
    found = bodies(Text("Look:"), Products((product(),)), QuickReplies(items))
    assert [body["method"] for body in found] == ["sendMessage", "sendPhoto", "sendMessage"]
    assert buttons(found[0]) == []
    assert buttons(found[2]) == [[("Show more", "c:77:a")]]


def test_a_parcel_is_followed_by_a_button() -> None:
    said, order, asked = bodies(Text("Here it is."), ORDER, QuickReplies((Choice("a", "Thanks"),)))
    assert said["text"] == "Here it is."
    assert "Omniva LT123" in order["text"]
    assert ORDER.tracking_url not in order["text"]
    assert buttons(order) == [[("Track parcel", ORDER.tracking_url)]]
    assert buttons(asked) == [[("Thanks", "c:77:a")]]


def test_a_picture_of_an_agent_is_a_photo_and_a_file_a_link() -> None:
    photo, file = bodies(
        File("image", url="https://shop.example/a.png", title="Front"),
        File("file", url="https://shop.example/a.pdf", title="Manual"),
    )
    assert (photo["photo"], photo["caption"]) == ("https://shop.example/a.png", "Front")
    assert file["text"] == "(Manual: https://shop.example/a.pdf)"


def test_without_a_picture_its_words_and_buttons_remain() -> None:
    (body,) = bodies(Products((product(),)))
    words = telegram_pieces.as_words(body)
    assert words["method"] == "sendMessage"
    assert words["text"] == body["caption"]
    assert words["reply_markup"] == body["reply_markup"]
    (named,) = bodies(Image("https://shop.example/a.png", "The front"))
    assert telegram_pieces.as_words(named)["text"] == "The front\nhttps://shop.example/a.png"


@given(MESSAGES)
def test_no_call_breaks_a_limit(parts: list[Part]) -> None:
    for body in bodies(*parts):
        assert "parse_mode" not in body
        assert body["chat_id"] == 5551001
        words = body.get("text", body.get("caption", ""))
        assert utf16(words) <= {"sendMessage": 4096, "sendPhoto": 1024}[body["method"]]
        assert body["method"] == "sendPhoto" or words.strip()
        for row in buttons(body):
            assert row
            assert len(row) <= 8
            for text, target in row:
                assert text.strip()
                assert target.startswith("https://") or 1 <= len(target.encode()) <= 64


@given(MESSAGES)
def test_the_same_message_gives_the_same_calls(parts: list[Part]) -> None:
    assert bodies(*parts) == bodies(*parts)


@given(MESSAGES)
def test_no_choice_is_lost(parts: list[Part]) -> None:
    titles = [item.title for part in parts if isinstance(part, QuickReplies) for item in part.items]
    words = " ".join(said(bodies(*parts)).split())
    for title in titles:
        assert " ".join(title.split())[:40] in words
