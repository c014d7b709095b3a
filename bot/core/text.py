"""Cleaning text that people typed, without changing what they said."""

import re
import unicodedata

# Controls but for tab and newline; bidi overrides that can disguise what a line says; stray surrogates.
_UNWANTED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


def clean(text: str, *, limit: int = 20_000) -> str:
    """NFC, line ends as `\\n`, without control characters, cut at `limit` characters, outer blanks gone."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")[: limit * 2]
    text = unicodedata.normalize("NFC", text)
    if not text.isprintable():  # nothing unwanted is
        text = _UNWANTED.sub("", text)
    return text[:limit].strip()


def for_brain(text: str) -> str:
    """`text` as the brain may see it: a leading slash would be taken for a command (Rasa: `/intent{...}`)."""
    return text.lstrip("/\\ \n\t").strip() or "?"


def first_line(text: str, limit: int = 160) -> str:
    """One line for lists."""
    return " ".join(text.split())[:limit]
