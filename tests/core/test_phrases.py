"""The words of cards exist in every language, with the same places to fill in."""

import json
import re
from pathlib import Path

import pytest

from bot.core import words
from bot.core.words import phrase
from bot.shop.contract import ORDER_STATES

FOLDER = Path(words.__file__).parent / "texts"
ENGLISH: dict[str, str] = json.loads((FOLDER / "en.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.json")), ids=lambda path: path.stem)
def test_every_language_has_the_same_keys_and_places(path: Path) -> None:
    texts: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    places = {key: sorted(re.findall(r"\{\w+\}", text)) for key, text in texts.items()}
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
