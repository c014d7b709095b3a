"""Figures, dates and lists as shoppers read them, by language (data/languages/*/formats.json)."""

from collections.abc import Sequence
from datetime import datetime

from bot.core import languages
from bot.core.currencies import exponent

SIGNS = {"EUR": "€", "GBP": "£", "USD": "$"}


def money(minor: int, currency: str, language: str = "en") -> str:
    """€49.90; `49,90 €` where that is the way; a currency without a sign of its own is written after: 49.90 PLN."""
    ways = languages.formats(language)
    digits = exponent(currency)
    amount = f"{minor / 10**digits:,.{digits}f}"
    amount = amount.translate(str.maketrans({",": ways["group"], ".": ways["decimal"]}))
    sign = SIGNS.get(currency)
    way = ways["money"] if sign else ways["money_plain"]
    return str(way).format(amount=amount, sign=sign, currency=currency).strip()


def day(iso: str, language: str = "en") -> str:
    """Tuesday, 24 November; empty for an empty or odd text."""
    try:
        at = datetime.fromisoformat(iso)
    except ValueError:
        return ""
    ways = languages.formats(language)
    weekday, month = ways["weekdays"][at.weekday()], ways["months"][at.month - 1]
    return str(ways["day"]).format(weekday=weekday, day=at.day, month=month)


def listed(items: Sequence[str], language: str = "en") -> str:
    """a, b and c."""
    if len(items) < 2:
        return "".join(items)
    return str(languages.formats(language)["list"]).format(head=", ".join(items[:-1]), last=items[-1])


def option(word: str, language: str = "en") -> str:
    """A product's option or value in a language; as the catalogue writes it where there is no word for it."""
    return str(languages.options(language).get(word, word))


def shortened(text: str, longest: int = 300) -> str:
    """Whole sentences up to `longest` characters, at least a part of the first."""
    if len(text) <= longest:
        return text
    head = text[:longest]
    end = max(head.rfind(". "), head.rfind("! "), head.rfind("? "))
    return head[: end + 1] if end > 60 else f"{head.rsplit(' ', 1)[0].rstrip(' ,;:')}…"
