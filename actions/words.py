"""Figures and dates as shoppers read them."""

from datetime import datetime

from bot.core.currencies import exponent

SIGNS = {"EUR": "€", "GBP": "£", "USD": "$"}


def money(minor: int, currency: str) -> str:
    """€49.90; a currency without a sign of its own is written after: 49.90 PLN."""
    digits = exponent(currency)
    amount = f"{minor / 10**digits:,.{digits}f}"
    sign = SIGNS.get(currency)
    return f"{sign}{amount}" if sign else f"{amount} {currency}".strip()


def day(iso: str) -> str:
    """Tuesday, 24 November; empty for an empty or odd text."""
    try:
        at = datetime.fromisoformat(iso)
    except ValueError:
        return ""
    return f"{at:%A}, {at.day} {at:%B}"


def listed(items: list[str], last: str = "and") -> str:
    """a, b and c."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {last} {items[-1]}" if items else ""


def shortened(text: str, longest: int = 300) -> str:
    """Whole sentences up to `longest` characters, at least a part of the first."""
    if len(text) <= longest:
        return text
    head = text[:longest]
    end = max(head.rfind(". "), head.rfind("! "), head.rfind("? "))
    return head[: end + 1] if end > 60 else f"{head.rsplit(' ', 1)[0].rstrip(' ,;:')}…"
