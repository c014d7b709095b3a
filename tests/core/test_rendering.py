"""Promise 7: windows and what a channel can show are decided in one place, from its capabilities."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

import connectors
from bot.bootstrap import build_connectors
from bot.core.channel import Capabilities
from bot.core.errors import OutsideWindow
from bot.core.messages import Choice, ProductCard, Products, QuickReplies, Text
from bot.core.rendering import check_window, render, split
from bot.core.words import plain

PLAIN = Capabilities(text_limit=100, quick_replies=3, has_cards=False, window_seconds=86_400)
RICH = Capabilities(text_limit=20_000, quick_replies=13, has_cards=True, window_seconds=None)
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
CARD = ProductCard("t1", "Tent", 18900, "EUR", "in_stock", 4, "/t1", "/t1.svg")


def choices(count: int) -> QuickReplies:
    return QuickReplies(tuple(Choice(f"c{number}", f"Choice {number}") for number in range(1, count + 1)))


def test_a_rich_channel_gets_the_message_as_it_was_written() -> None:
    parts = (Text("Look"), Products((CARD,)), choices(4))
    assert render(parts, RICH) == parts


def test_what_a_channel_cannot_show_becomes_words_and_nothing_is_dropped() -> None:
    shown = render((Text("Look"), Products((CARD,)), choices(4)), PLAIN)
    assert [type(part) for part in shown] == [Text]
    assert "Tent: 189.00 EUR" in plain(shown)
    assert "4. Choice 4" in plain(shown)


def test_quick_replies_that_fit_stay_buttons() -> None:
    assert render((choices(3),), PLAIN) == (choices(3),)


@pytest.mark.parametrize(
    ("capabilities", "last", "is_open"),
    [
        (RICH, None, True),
        (PLAIN, NOW - timedelta(hours=23, minutes=59), True),
        (PLAIN, NOW - timedelta(hours=24, seconds=1), False),
        (PLAIN, None, False),
    ],
)
def test_the_window_follows_the_shoppers_last_message(
    capabilities: Capabilities, last: datetime | None, is_open: bool
) -> None:
    refused = False
    try:
        check_window(capabilities, last_shopper_at=last, at=NOW)
    except OutsideWindow:
        refused = True
    assert refused is not is_open


@given(st.text(max_size=400), st.integers(min_value=1, max_value=60))
def test_pieces_fit_and_keep_every_word(text: str, limit: int) -> None:
    pieces = split(text, limit)
    assert all(len(piece) <= limit for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())


def test_words_and_joined_letters_are_not_broken() -> None:
    assert split("one two three", 8) == ["one two", "three"]
    assert split("First part. Second part.", 14) == ["First part.", "Second part."]
    assert split("aaaa👩\u200d👩\u200d👧", 6)[0] == "aaaa"


def test_every_channel_says_what_it_can_show() -> None:
    built = build_connectors({})
    assert tuple(built) == connectors.NAMES
    for connector in built.values():
        assert connector.capabilities.text_limit > 0
        assert connector.capabilities.quick_replies >= 0
