"""Keeps what belongs to a person out of the logs: e-mail and IBAN addresses, phone and card numbers."""

import logging
import re
from collections.abc import Iterator

EMAIL, PHONE, CARD, IBAN = "[email]", "[phone]", "[card]", "[iban]"

_EMAIL = re.compile(r"[\w.+'-]{1,64}(?:@|%40)[\w-]{1,63}(?:\.[\w-]{1,63})+")
_CARD = re.compile(r"(?<![\w.+-])[2-6]\d{3}(?:[ -]?\d){9,15}(?![\w-]|\.\d)")
_IBAN = re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?!\w)")
# a plus, or a leading 0 or 8 as people write it inside a country; other digits are ids and counts
_PHONE = re.compile(
    r"(?<![\w.:+-])(?:\+\d(?:[ ().-]{0,2}\d){7,14}|0\d{8,10}|86\d{7}|[08](?:[ (-]{1,2}\d{2,5}\)?){2,4})(?![\w:]|[.-]\d)"
)
_LEAST_DIGITS = 8
_FIELDS = frozenset(logging.LogRecord("", 0, "", 0, "", (), None).__dict__) | {
    "message",
    "asctime",
    "taskName",
}


def masked(text: str) -> str:
    """`text` with what belongs to a person replaced by its kind in brackets."""
    if "@" in text or "%40" in text:
        text = _EMAIL.sub(EMAIL, text)
    if not any(char.isdigit() for char in text):
        return text
    for start, end, name in reversed(list(payment_numbers(text))):
        text = f"{text[:start]}{name}{text[end:]}"
    return _PHONE.sub(_masked_phone, text)


def payment_numbers(text: str) -> Iterator[tuple[int, int, str]]:
    """Where card numbers (told by their check digit, ISO/IEC 7812) and IBANs (ISO 13616) stand, in order."""
    found = [(*match.span(), CARD) for match in _CARD.finditer(text) if is_card(match.group())]
    found += [(*match.span(), IBAN) for match in _IBAN.finditer(text) if is_iban(match.group())]
    end = 0
    for item in sorted(found):
        if item[0] >= end:
            yield item
            end = item[1]


def is_card(text: str) -> bool:
    """Whether digits, with blanks or hyphens between, pass the check of card numbers."""
    digits = [int(char) for char in text if char.isdigit()]
    if not 13 <= len(digits) <= 19 or len(set(digits)) == 1:
        return False
    doubled = [2 * digit - 9 * (digit > 4) for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def is_iban(text: str) -> bool:
    """Whether a text passes the check of IBANs."""
    plain = text.replace(" ", "")
    if not 15 <= len(plain) <= 34:
        return False
    return int("".join(str(int(char, 36)) for char in plain[4:] + plain[:4])) % 97 == 1


def _masked_phone(match: "re.Match[str]") -> str:
    said = match.group()
    return PHONE if sum(char.isdigit() for char in said) >= _LEAST_DIGITS else said


class Masking(logging.Filter):
    """Masks the message of a record, its fields and its trace; lets every record through."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record in place."""
        said = record.getMessage()
        plain = masked(said)
        if plain != said:
            record.msg, record.args = plain, ()
        for name, value in list(record.__dict__.items()):
            if name not in _FIELDS and isinstance(value, str):
                record.__dict__[name] = masked(value)
        if record.exc_info and record.exc_info[0] is not None and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = masked(record.exc_text)
        return True


def mask_logs() -> None:
    """Mask what the root logger's handlers write, each once; call it when logging has been set up."""
    for handler in logging.getLogger().handlers:
        if not any(isinstance(item, Masking) for item in handler.filters):
            handler.addFilter(Masking())
