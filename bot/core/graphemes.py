"""Grapheme clusters: what a reader takes for one character, so that a cut never falls inside one.

The rules of Unicode Standard Annex 29 (extended clusters), with the classes it lists derived from what the
standard library knows: categories, combining classes and the ranges of Hangul and of emoji modifiers.
"""

import unicodedata
from collections.abc import Iterator

_ZWJ = "\u200d"
_INDIC = ("\u0900", "\u0dff")  # Devanagari to Sinhala: letters joined by a virama are one cluster
_VIRAMA = 9  # canonical combining class


def clusters(text: str) -> Iterator[str]:
    """`text` cut at every boundary between clusters; joined again they are `text`."""
    if text.isascii() and "\r" not in text:
        yield from text
        return
    start, flags = 0, 0
    for at, here in enumerate(text):
        if at and _is_boundary(text, start, at, flags):
            yield text[start:at]
            start, flags = at, 0
        flags += _is_flag(here)
    if text:
        yield text[start:]


def _is_boundary(text: str, start: int, at: int, flags: int) -> bool:
    """Whether a cluster that began at `start` ends before `at`; `flags` counts its regional indicators."""
    before, here = text[at - 1], text[at]
    if before == "\r" and here == "\n":
        return False
    if _is_control(before) or _is_control(here):
        return True
    if _extends(here) or _prepends(before):
        return False
    if before == _ZWJ:
        return here.isspace()
    if _is_flag(before) and _is_flag(here):
        return flags % 2 == 0
    if _joins_hangul(before, here):
        return False
    return not _joins_indic(text, start, at)


def _is_control(letter: str) -> bool:
    kind = unicodedata.category(letter)
    return kind in ("Cc", "Zl", "Zp") or (kind == "Cf" and not _extends(letter) and not _prepends(letter))


def _extends(letter: str) -> bool:
    return (
        unicodedata.category(letter) in ("Mn", "Me", "Mc")
        or letter in "\u200c\u200d\uff9e\uff9f\u0e33\u0eb3"
        or "\U0001f3fb" <= letter <= "\U0001f3ff"  # skin tones
        or "\U000e0020" <= letter <= "\U000e007f"  # tags of subdivision flags
    )


def _prepends(letter: str) -> bool:
    return "\u0600" <= letter <= "\u0605" or letter in "\u06dd\u070f\u08e2\u0d4e\U000110bd"


def _is_flag(letter: str) -> bool:
    return "\U0001f1e6" <= letter <= "\U0001f1ff"


def _hangul(letter: str) -> str:
    if "\u1100" <= letter <= "\u115f" or "\ua960" <= letter <= "\ua97c":
        return "L"
    if "\u1160" <= letter <= "\u11a7" or "\ud7b0" <= letter <= "\ud7c6":
        return "V"
    if "\u11a8" <= letter <= "\u11ff" or "\ud7cb" <= letter <= "\ud7fb":
        return "T"
    if "\uac00" <= letter <= "\ud7a3":
        return "V" if (ord(letter) - 0xAC00) % 28 == 0 else "T"  # syllables without and with a final
    return ""


def _joins_hangul(before: str, here: str) -> bool:
    left, right = _hangul(before), _hangul(here)
    if not left or not right or (left == "T" and right != "T"):
        return False
    is_syllable = "\uac00" <= here <= "\ud7a3"
    if left == "L":
        return right != "T" or is_syllable
    return not is_syllable and right != "L"


def _joins_indic(text: str, start: int, at: int) -> bool:
    """A consonant after a virama (and marks around it) stays with the consonant before."""
    if not _INDIC[0] <= text[at] <= _INDIC[1] or unicodedata.category(text[at]) != "Lo":
        return False
    place = at - 1
    has_virama = False
    while place > start and _extends(text[place]):
        has_virama = has_virama or unicodedata.combining(text[place]) == _VIRAMA
        place -= 1
    return has_virama and _INDIC[0] <= text[place] <= _INDIC[1]
