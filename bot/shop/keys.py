"""What people type brought to the form that look-ups compare: order numbers, e-mail addresses, postcodes."""

import re
import unicodedata

NOT_PLAIN = re.compile(r"[^0-9A-Z]")
COUNTRY = re.compile(r"^[A-Z]{1,2}(?=\d{4,}$)")  # LT-01103, LV-1010, D-10115


def _capitals(text: str) -> str:
    return NOT_PLAIN.sub("", unicodedata.normalize("NFKC", text[:200]).upper())


def order_number(text: str) -> str:
    """'#a-1001', 'A 1001' and 'order no. A1001' -> 'A1001'."""
    plain = re.sub(r"(?i)\b(?:order|number|no|nr|uzsakymas|užsakymas)\b\.?", " ", text[:200])
    return _capitals(plain)[:40]


def digits(number: str) -> str:
    """The digits of an order number: 'A1001' -> '1001'."""
    return "".join(char for char in number if char.isdigit())[:40]


def email(text: str) -> str:
    """' Ona.K@Example.com ' -> 'ona.k@example.com'; also out of <angle brackets> and mailto:."""
    plain = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text[:400])).lower()
    return plain.strip("<>.,;:\"'()").removeprefix("mailto:")[:320]


def postcode(text: str) -> str:
    """'LT-01103' -> '01103', 'sw1a 1aa' -> 'SW1A1AA', '1012 ab' -> '1012AB'."""
    return COUNTRY.sub("", _capitals(text))[:20]
