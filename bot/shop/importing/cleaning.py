"""Making text from a feed fit to keep: plain, without control characters, of sane length."""

import html
import re
import unicodedata
from urllib.parse import urlsplit

from bot.shop.importing.items import Complain, Problem

HIDDEN = re.compile(r"<(script|style|template|noscript)\b[^>]*>.*?(?:</\1\s*>|\Z)", re.IGNORECASE | re.DOTALL)
COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
BREAK = re.compile(r"<(?:br|/p|/li|/div|/h\d|/tr)\b[^>]*>", re.IGNORECASE)
TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
SPACE = re.compile(r"\s+")
# Control characters, also the invisible ones that turn text around (bidi overrides) or hide in it.
CONTROL = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2060-\u2069\ufeff\ufffe\uffff]"
)
SURROGATE = re.compile(r"[\ud800-\udfff]")


def plain(text: str) -> str:
    """`text` without markup and control characters, spaces made single."""
    if "&" in text:
        text = html.unescape(text)
    if "<" in text:
        for pattern in (HIDDEN, COMMENT):
            text = pattern.sub(" ", text)
        text = TAG.sub("", BREAK.sub(" ", text))
        if "&" in text:
            text = html.unescape(text)
    if not text.isascii() or not text.isprintable():
        text = unicodedata.normalize("NFC", SURROGATE.sub("\ufffd", CONTROL.sub("", text)))
    return SPACE.sub(" ", text).strip()


class Cleaner:
    """Cleans the fields of one row and reports what had to be cut."""

    def __init__(self, line: int, fields: dict[str, str], complain: Complain) -> None:
        self.line = line
        self.fields = fields
        self.complain = complain

    def problem(self, field: str, message: str, *, is_skipped: bool = False) -> None:
        """Report something wrong with `field` of this row."""
        self.complain(Problem(self.line, field, message, is_skipped))

    def text(self, name: str, *, longest: int) -> str:
        """The field as plain text of at most `longest` characters."""
        raw = self.fields.get(name, "")
        if not raw:
            return ""
        if len(raw) > 20 * longest:
            raw = raw[: 20 * longest]  # markup of any sane size fits; the rest would only cost time
        text = plain(raw)
        if len(text) > longest:
            self.problem(name, f"longer than {longest} characters; cut")
            text = text[: longest - 1].rstrip() + "…"
        return text

    def code(self, name: str, *, longest: int) -> str:
        """The field as an identifier; empty, and reported, when it is too long to be one."""
        text = plain(self.fields.get(name, "")[: 20 * longest])
        if len(text) > longest:
            self.problem(name, f"longer than {longest} characters; left out")
            return ""
        return text

    def address(self, name: str) -> str:
        """The field when it is a web address; anything else (also `javascript:`) is left out and reported."""
        text = plain(self.fields.get(name, "")[:8000]).replace(" ", "%20")
        if not text:
            return ""
        try:
            parts = urlsplit(text)
        except ValueError:
            parts = None
        if parts is None or parts.scheme not in ("http", "https") or not parts.netloc or len(text) > 2000:
            self.problem(name, f"{text[:60]!r} is not a web address; left out")
            return ""
        return text
