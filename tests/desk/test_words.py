"""The desk's own texts, per language."""

import re

import pytest

from bot.desk.words import Words

WORDS = Words()


@pytest.mark.parametrize("locale", WORDS.locales())
def test_every_text_is_there_with_the_same_placeholders(locale: str) -> None:
    def placeholders(text: str) -> set[str]:
        return set(re.findall(r"{(\w+)}", text))

    for key in WORDS.keys():  # noqa: SIM118 - a method of ours, not a dict's
        assert placeholders(WORDS.text(key, locale)) <= placeholders(WORDS.text(key, "en")), key
        assert WORDS.text(key, locale).strip()


def test_an_unknown_language_is_answered_in_english() -> None:
    assert WORDS.text("survey.thanks", "xx-YY") == WORDS.text("survey.thanks", "en")


def test_a_regional_language_falls_back_to_its_base() -> None:
    assert WORDS.text("survey.thanks", "lt-LT") == WORDS.text("survey.thanks", "lt")
