"""The words of cards exist in every language, with the same places to fill in."""

import re

import pytest

from bot.core import languages
from bot.core.words import phrase
from bot.shop.contract import ORDER_STATES

TEXTS = languages.texts("cards")
ENGLISH = TEXTS["en"]


@pytest.mark.parametrize("locale", TEXTS)
def test_every_language_has_the_same_keys_and_places(locale: str) -> None:
    places = {key: sorted(re.findall(r"\{\w+\}", text)) for key, text in TEXTS[locale].items()}
    assert places == {key: sorted(re.findall(r"\{\w+\}", text)) for key, text in ENGLISH.items()}


def test_every_state_of_an_order_has_a_name() -> None:
    assert {f"order_state.{state}" for state in ORDER_STATES} <= set(ENGLISH)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("lt", "Pasirinkite:"),
        ("lt-LT", "Pasirinkite:"),
        ("xx", "Please choose:"),
        ("../en", "Please choose:"),
    ],
)
def test_a_language_we_do_not_speak_gets_english(language: str, said: str) -> None:
    assert phrase("choose", language) == said


def test_a_word_without_a_text_is_said_as_it_is() -> None:
    assert phrase("order_state.gone_fishing", "lt") == "gone fishing"
