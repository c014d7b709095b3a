"""Reading amounts of money as feeds and people write them; sums are whole minor units."""

import re
from decimal import Decimal, InvalidOperation

from bot.core.currencies import exponent

SIGNS = {
    "€": "EUR",
    "$": "USD",
    "£": "GBP",
    "¥": "JPY",
    "zł": "PLN",
    "kč": "CZK",
    "₴": "UAH",
    "₹": "INR",
    "₺": "TRY",
}
LARGEST_MINOR = 10**15
AMOUNT = re.compile(
    r"^(?P<before>[A-Za-z]{3}|[€$£¥₴₹₺])?\s*(?P<number>-?\d[\d\s.,'\u00a0]*)\s*(?P<after>[A-Za-z]{3}|[€$£¥₴₹₺]|zł|Kč)?$"
)


def number(text: str) -> Decimal:
    """'1,299.00', '1.299,00', '1 299' and '49,95' as a number.

    Raises:
        ValueError: no number.
    """
    plain = re.sub(r"[\s'\u00a0]", "", text)
    comma, point = plain.rfind(","), plain.rfind(".")
    if comma >= 0 and point >= 0:
        thousands = "," if point > comma else "."
        plain = plain.replace(thousands, "")
    elif plain.count(",") > 1 or re.fullmatch(r"-?\d{1,3},\d{3}", plain):
        plain = plain.replace(",", "")
    elif plain.count(".") > 1:
        plain = plain.replace(".", "")
    try:
        return Decimal(plain.replace(",", "."))
    except InvalidOperation as error:
        raise ValueError(text) from error


def parse(text: str, *, currency: str = "") -> tuple[int, str]:
    """`49.95 EUR`, `EUR 49,95` or `€49.95` as (4995, "EUR"); `currency` stands in when the text names none.

    Raises:
        ValueError: not an amount, below zero, absurdly large, or without a currency; says which.
    """
    match = AMOUNT.match(text.strip())
    if match is None:
        raise ValueError(f"{text[:40]!r} is not a price such as 49.95 EUR")
    sign = match["after"] or match["before"] or ""
    code = SIGNS.get(sign.lower(), sign.upper()) or currency
    if not code:
        raise ValueError(f"{text[:40]!r} has no currency; write it as 49.95 EUR")
    try:
        minor = int((number(match["number"]).scaleb(exponent(code))).to_integral_value())
    except ValueError as error:
        raise ValueError(f"{text[:40]!r} is not a price such as 49.95 EUR") from error
    if minor < 0:
        raise ValueError(f"{text[:40]!r} is below zero")
    if minor > LARGEST_MINOR:
        raise ValueError(f"{text[:40]!r} is too large for a price")
    return minor, code
