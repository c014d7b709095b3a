"""Locales: which of ours serves a wish, and texts in a second script."""

import pytest

from bot.core import languages
from bot.core.scripts import cyrillic_to_latin


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (("lt",), "lt"),
        (("lt_LT",), "lt"),
        (("sr-Latn-RS",), "sr-Latn"),
        (("SR_latn",), "sr-Latn"),
        (("sr-Cyrl-RS",), "sr"),
        (("de", "lt"), "lt"),
        (("",), "en"),
        (("../en",), "en"),
    ],
)
def test_the_first_wish_that_can_be_served_is(wanted: tuple[str, ...], found: str) -> None:
    assert languages.match(("en", "lt", "sr", "sr-Latn"), *wanted) == found


def test_a_shop_says_what_else() -> None:
    assert languages.match(("en", "lt"), "de", otherwise="lt") == "lt"


@pytest.mark.parametrize(
    ("cyrillic", "latin"),
    [
        ("Где је моја пошиљка?", "Gde je moja pošiljka?"),
        ("Љубазно", "Ljubazno"),
        ("ЉУБАВ, Џемпер и њега", "LJUBAV, Džemper i njega"),
        ("{count} од {total} у Larch & Loom", "{count} od {total} u Larch & Loom"),
        ("Ђ", "Đ"),
    ],
)
def test_serbian_in_latin_letters(cyrillic: str, latin: str) -> None:
    assert cyrillic_to_latin(cyrillic) == latin
    assert cyrillic_to_latin(latin) == latin
