"""Promise 7: what a channel can show is decided in one place, from its capabilities, and nothing is lost by it."""

import unicodedata
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

import connectors
from bot.bootstrap import build_connectors
from bot.core.channel import Capabilities
from bot.core.graphemes import clusters
from bot.core.messages import (
    Choice,
    Image,
    OrderCard,
    Part,
    ProductCard,
    Products,
    QuickReplies,
    Survey,
    Text,
)
from bot.core.rendering import LARGEST, MEASURES, degrade, shorten, split
from bot.core.words import plain

PLAIN = Capabilities(
    text_limit=100, quick_replies=3, has_cards=False, window_seconds=86_400, quick_reply_title=20
)
LISTS = replace(PLAIN, text_limit=200, cards=2, caption_limit=30)
RICH = Capabilities(text_limit=20_000, quick_replies=13, has_cards=True, window_seconds=None)
CARD = ProductCard(
    "t1", "Tent", 18900, "EUR", "in_stock", 4, "https://shop.test/t1", "https://shop.test/t1.png"
)
ORDER = OrderCard("A1001", "out_for_delivery", "2026-11-01", 4990, "EUR", (), ())
UNITS = tuple(MEASURES)
# Letters that meet in one character: accents, joiners, skin tones, flags, tags, Hangul, Devanagari, line ends.
JOINING = "a e\u0301\u0308\n\r👩\u200d👧🏽\ufe0f🇱🇹🇩\u1100\u1161\u11a8각क\u094dषि\U000e0067ก\u0e33 .。"
texts = st.text(max_size=300) | st.text(alphabet=JOINING, max_size=120)


def choices(*titles: str) -> QuickReplies:
    return QuickReplies(tuple(Choice(f"c{number}", title) for number, title in enumerate(titles, start=1)))


def numbered(count: int) -> QuickReplies:
    return choices(*(f"Choice {number}" for number in range(1, count + 1)))


def kinds(parts: Sequence[Part]) -> list[type]:
    return [type(part) for part in parts]


def test_a_rich_channel_gets_the_message_as_it_was_written() -> None:
    parts = (Text("Look"), Products((CARD,)), numbered(4))
    assert degrade(parts, RICH) == parts


def test_what_a_channel_cannot_show_becomes_words_and_nothing_is_dropped() -> None:
    shown = degrade((Text("Look"), Products((CARD,)), ORDER, numbered(4)), PLAIN)
    assert set(kinds(shown)) == {Text}
    said = plain(shown)
    assert "Tent: 189.00 EUR, in stock https://shop.test/t1" in said
    assert "Order A1001: out for delivery, 49.90 EUR" in said
    assert [f"{number}. Choice {number}" in said for number in range(1, 5)] == [True] * 4
    assert said.endswith("Answer with a number.")


def test_words_of_cards_are_in_the_shoppers_language() -> None:
    said = plain(degrade((Products((CARD,)), ORDER), PLAIN, language="lt-LT"))
    assert "yra sandėlyje" in said
    assert "Užsakymas A1001: pristatomas" in said


def test_prices_in_words_name_the_range_and_the_price_before_a_sale() -> None:
    dear = replace(CARD, price_to_minor=20_000, sale_from_minor=25_000)
    assert "from 189.00 EUR (was 250.00 EUR)" in plain([Products((dear,))])


def test_quick_replies_that_fit_stay_buttons_below_a_text() -> None:
    assert degrade((Text("Which?"), numbered(3)), PLAIN) == (Text("Which?"), numbered(3))


def test_choices_without_a_text_get_one_to_stand_below() -> None:
    assert degrade((Image("https://shop.test/a.png"), numbered(2)), PLAIN, language="lt") == (
        Image("https://shop.test/a.png"),
        Text("Pasirinkite:"),
        numbered(2),
    )
    assert kinds(degrade((Products((CARD,)), numbered(2)), LISTS, skip_prompt=True)) == [
        Products,
        QuickReplies,
    ]


def test_titles_too_long_for_a_button_are_numbered_and_told_in_full() -> None:
    long = "My parcel came but one of the things is broken"
    text, buttons = degrade((Text("What is it?"), choices(long, "Returns")), PLAIN)
    assert isinstance(buttons, QuickReplies)
    assert plain([text]) == f"What is it?\n\n1. {long}\n2. Returns"
    assert [item.title for item in buttons.items] == ["1. My parcel came…", "2. Returns"]
    assert [item.id for item in buttons.items] == ["c1", "c2"]


def test_choices_come_last_and_together_however_they_were_written() -> None:
    shown = degrade((numbered(1), Text("Look"), Products((CARD,)), choices("Other")), LISTS)
    assert kinds(shown) == [Text, Products, Text, QuickReplies]
    assert [item.title for item in shown[-1].items] == ["Choice 1", "Other"]  # type: ignore[union-attr]


def test_more_cards_than_one_carousel_holds_follow_in_another() -> None:
    shown = degrade((Products((CARD,) * 5),), LISTS)
    assert [len(part.items) for part in shown if isinstance(part, Products)] == [2, 2, 1]


def test_a_rating_is_asked_with_quick_replies_or_with_numbers() -> None:
    labels = ("1 – bad", "2 – poor", "3 – fair", "4 – good", "5 – great")
    parts = (Text("How was it?"), Survey("s1", "csat", 5, "How was it?", labels))
    text, buttons = degrade(parts, replace(PLAIN, quick_replies=5))
    assert text == Text("How was it?")
    assert isinstance(buttons, QuickReplies)
    assert [item.id for item in buttons.items] == [f"rate:{score}" for score in range(1, 6)]
    assert tuple(item.title for item in buttons.items) == labels
    (words,) = degrade(parts, PLAIN)
    assert "\n1 – bad\n2 – poor" in plain([words])
    assert degrade(parts, RICH) == parts


def test_the_text_above_choices_fits_there_and_what_does_not_goes_before() -> None:
    shown = degrade((Text("This explains it. " * 9 + "Which one?"), numbered(2)), LISTS)
    assert kinds(shown)[-2:] == [Text, QuickReplies]
    assert all(len(part.text) <= 200 for part in shown if isinstance(part, Text))
    assert len(plain([shown[-2]])) <= 30


@given(texts, st.integers(1, 200), st.sampled_from(UNITS))
def test_pieces_fit_and_keep_every_letter(text: str, limit: int, unit: str) -> None:
    limit = max(limit, LARGEST[unit])
    pieces = split(text, limit, unit=unit)
    assert all(MEASURES[unit](piece) <= limit for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())


@given(texts, st.integers(30, 200), st.sampled_from(UNITS))
def test_no_character_is_cut_in_two_where_it_fits(text: str, limit: int, unit: str) -> None:
    whole = list(clusters(text.strip()))
    pieces = split(text, limit, unit=unit)
    found = [cluster for piece in pieces for cluster in clusters(piece)]
    is_small = all(MEASURES[unit](cluster) <= limit for cluster in whole)
    assert not is_small or [c for c in found if not c.isspace()] == [c for c in whole if not c.isspace()]


@given(st.lists(st.text(alphabet="abcdefgé漢", min_size=1, max_size=12), max_size=40), st.integers(12, 60))
def test_no_word_is_broken_that_fits(words: list[str], limit: int) -> None:
    pieces = split(" ".join(words), limit)
    assert [word for piece in pieces for word in piece.split()] == words


@given(texts)
def test_clusters_joined_are_the_text_and_none_is_empty(text: str) -> None:
    found = list(clusters(text))
    assert "".join(found) == text
    assert all(found)


@pytest.mark.parametrize(
    "character",
    [
        "👩\u200d👩\u200d👧\u200d👦",
        "👍🏽",
        "🏳\ufe0f\u200d🌈",
        "🇱🇹",
        "1\ufe0f\u20e3",
        "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
        "e\u0302\u0323",
        "\u1112\u1161\u11ab",
        "한\u11a8",
        "क\u094dषि",
        "நி",
        "กำ",
        "\r\n",
        unicodedata.normalize("NFD", "ệ"),
    ],
)
def test_what_a_reader_takes_for_one_character_is_one(character: str) -> None:
    assert list(clusters(f"{character}{character}x")) == [character, character, "x"]


@pytest.mark.parametrize("pair", ["한국", "क ष", "ab", "🇱a", "💬💬", "\nx", "漢字"])
def test_neighbours_are_not_one_character(pair: str) -> None:
    assert len(list(clusters(pair))) == len(pair)


def test_words_and_sentences_are_not_broken() -> None:
    assert split("one two three", 8) == ["one two", "three"]
    assert split("First part. Second part.", 14) == ["First part.", "Second part."]
    assert split("a bcdefghij", 10) == ["a", "bcdefghij"]
    assert split("One.\n\nTwo two two. Three three", 20) == ["One.\n\nTwo two two.", "Three three"]
    assert split("你好。再见。", 4) == ["你好。", "再见。"]


def test_a_limit_in_bytes_counts_bytes() -> None:
    assert split("ąčęė šųū", 9, unit="bytes") == ["ąčęė", "šųū"]
    assert split("👍👍👍", 4, unit="utf16") == ["👍👍", "👍"]


@pytest.mark.parametrize(("limit", "unit"), [(0, "characters"), (3, "bytes"), (1, "utf16")])
def test_a_limit_without_room_for_one_character_is_refused(limit: int, unit: str) -> None:
    with pytest.raises(ValueError, match="too few"):
        split("text", limit, unit=unit)


@given(texts, st.integers(1, 40), st.sampled_from(UNITS))
def test_a_shortened_title_fits(text: str, limit: int, unit: str) -> None:
    assert MEASURES[unit](shorten(text, limit, unit=unit)) <= limit


def test_a_title_is_shortened_between_words_with_an_ellipsis() -> None:
    assert shorten("Talk to a person", 20) == "Talk to a person"
    assert shorten("Where is my parcel, please?", 20) == "Where is my parcel…"
    assert shorten("Siuntinių\nstebėjimas", 12) == "Siuntinių…"
    assert shorten("Kraftfahrzeughaftpflicht", 10) == "Kraftfahr…"
    assert shorten("👩\u200d👩\u200d👧👩\u200d👩\u200d👧", 8) == "👩\u200d👩\u200d👧…"


def test_every_channel_says_what_it_can_show() -> None:
    built = build_connectors({})
    assert tuple(built) == connectors.NAMES
    for connector in built.values():
        assert connector.capabilities.text_limit > 0
        assert connector.capabilities.quick_replies >= 0
