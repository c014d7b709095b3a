"""E-mail addresses, phone numbers and postcodes as people type them."""

import re
from collections.abc import Callable, Iterator

from bot.nlu.spans import Span

_ENDINGS = (
    "com|net|org|info|eu|io|lt|lv|ee|pl|de|at|ch|fr|es|it|pt|nl|be|lu|dk|se|no|fi|ie|uk"
    "|us|ca|cz|sk|hu|ro|bg|gr|hr|si|rs|am|ge|ke"
)
_AT = r"(?:\s{0,2}@\s{0,2}|\s{0,2}[\(\[]\s?at\s?[\)\]]\s{0,2})"
_DOT = r"(?:\s{0,1}[.,]\s{0,1}|\s{0,2}[\(\[]\s?dot\s?[\)\]]\s{0,2}|\s{1,2}dot\s{1,2})"
_LOCAL = r"[\w+'-]{1,64}(?:(?:\.|\s{1,2}dot\s{1,2})[\w+'-]{1,64}){0,4}"
_DOMAIN = r"[a-z0-9-]{1,63}"

TYPED = re.compile(
    rf"(?<![\w.+-])({_LOCAL}){_AT}({_DOMAIN}(?:{_DOT}{_DOMAIN}){{0,3}}{_DOT}[a-z]{{2,24}})(?![\w@])", re.I
)
SPOKEN = re.compile(
    rf"(?<![\w.+-])({_LOCAL})\s{{1,2}}at\s{{1,2}}({_DOMAIN}(?:{_DOT}{_DOMAIN}){{0,2}}{_DOT}(?:{_ENDINGS}))(?!\w)",
    re.I,
)
_PLAIN_DOT = re.compile(_DOT, re.I)
_TAIL = re.compile(rf"^(.*?\.(?:{_ENDINGS}))\..*$")


def emails(text: str) -> Iterator[Span]:
    """Addresses in lower case; also `name (at) shop dot lt`, spaces around `@`, a comma for the dot."""
    for pattern in (TYPED, SPOKEN):
        for match in pattern.finditer(text):
            local = _PLAIN_DOT.sub(".", match.group(1))
            domain = _PLAIN_DOT.sub(".", match.group(2))
            # "jonas@mail.lt. thanks" reads the next word as one more label
            end = match.end()
            if ". " in match.group(2) or ", " in match.group(2):
                short = _TAIL.match(domain)
                if short:
                    labels = short.group(1).count(".")
                    end = match.start(2) + _nth_label_end(match.group(2), labels)
                    domain = short.group(1)
            yield Span("email", f"{local}@{domain}".lower().strip("'"), match.start(), end)


def _nth_label_end(text: str, dots: int) -> int:
    """Where the label after the `dots`-th dot ends."""
    ends = [match.start() for match in _PLAIN_DOT.finditer(text)]
    return ends[dots] if dots < len(ends) else len(text)


_COUNTRIES = (
    "LT|LV|EE|PL|DE|AT|CH|FR|ES|IT|PT|NL|BE|LU|DK|SE|NO|FI|IE|CZ|SK|HU|RO|BG|GR|HR|SI|RS|AM|GE|KE|D|F|I|A|B|L"
)
_NOT_DUTCH = (
    "IS|IN|MY|TO|AT|ON|OF|IT|OR|AN|AS|BE|HE|WE|DO|IF|NO|SO|UP|US|BY|GO|ME|OK|HI|PM|AM|EU|CM|KM|KG|MM|ML|GR"
)
POSTCODES: list[tuple["re.Pattern[str]", bool]] = [
    (re.compile(rf"\b(?:{_COUNTRIES})[-–]\s?\d{{4,6}}\b", re.I), True),
    (re.compile(r"\b(?:LT|LV|EE|AT|CH|DK|HU)\s?\d{4,5}\b", re.I), True),
    (re.compile(r"\b(?:GIR\s?0AA|[A-Z]{1,2}\d[A-Z\d]?\s{0,2}\d[A-Z]{2})\b", re.I), True),  # United Kingdom
    (re.compile(rf"\b[1-9]\d{{3}}\s(?!(?:{_NOT_DUTCH})\b)[A-Z]{{2}}\b"), True),  # Netherlands, in capitals
    (re.compile(rf"\b[1-9]\d{{3}}(?!(?:{_NOT_DUTCH})\b)[A-Z]{{2}}\b", re.I), True),
    (re.compile(rf"^\W*[1-9]\d{{3}}\s(?!(?:{_NOT_DUTCH})\b)[A-Z]{{2}}\W*$", re.I), True),
    (re.compile(r"\b[A-Z]\d[A-Z]\s?\d[A-Z]\d\b", re.I), True),  # Canada
    (re.compile(r"\b\d{2}-\d{3}\b"), True),  # Poland
    (re.compile(r"\b\d{4}-\d{3}\b"), True),  # Portugal
    (re.compile(r"\b\d{5}-\d{4}\b"), True),  # United States, long
    (re.compile(r"\b0\d{4}\b"), True),  # five digits that cannot be an order number
    (re.compile(r"(?<!\d )\b\d{3}\s\d{2}\b(?! ?\d)"), True),  # Sweden, Czechia, Greece
    (re.compile(r"\b(?:D6W|[AC-FHKNPRTV-Y]\d{2})\s[0-9AC-FHKNPRTV-Y]{4}\b", re.I), True),  # Ireland
]
CUED = re.compile(
    r"\b(?:post\s?code|postal\s?code|zip(?:\s?code)?|plz)(?:'?s\b)?\W{0,3}(?:is|was|:)?\W{0,3}"
    r"((?:[a-z]{1,2}[- ]?)?\d{4,6})\b",
    re.I,
)


def postcodes(text: str) -> Iterator[Span]:
    """Postcodes in capitals with single spaces; bare four and five digits only where a word says what they are."""
    for match in CUED.finditer(text):
        yield Span("postcode", _tidy(match.group(1)), match.start(1), match.end(1))
    for pattern, _ in POSTCODES:
        for match in pattern.finditer(text):
            if any(char.isdigit() for char in match.group()):
                bare = match.group().strip(" \t\r\n.,;:!?()\"'")
                start = match.start() + match.group().index(bare)
                yield Span("postcode", _tidy(bare), start, start + len(bare))


def _tidy(text: str) -> str:
    return re.sub(r"\s+", " ", text.replace("–", "-")).upper().strip()


_PHONE = re.compile(r"(?<![\w@.,#/-])(\+|00\s?)?\(?\d(?:[\s().\-/]{0,2}\d){6,14}(?![\w@]|[.,]\d)")
_PHONE_CUE = re.compile(
    r"(?:phone|tel|telephone|mobile|cell|call me(?: on| at)?|whatsapp|viber|number is)"
    r"\W{0,3}(?:number|no|nr)?\W{0,3}(?:is|:)?\s?$",
    re.I,
)
_MOBILE = re.compile(r"(?:86|5|7)\d{7,8}")  # written without the leading 0 or in one: 861234567, 555123456
_DATE_LIKE = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}")


def phones(text: str, *, is_cued: Callable[[int], bool] = lambda start: False) -> Iterator[Span]:
    """Phone numbers: digits, with the leading `+` if one was typed.

    Seven to fifteen digits after `+`, `00` or a word for it (`is_cued` tells of other languages' words before an
    offset); without, nine to twelve that begin with 0, or that begin with 8 and are written in groups.
    """
    for match in _PHONE.finditer(text):
        said = match.group().strip()
        digits = re.sub(r"\D", "", said)
        if _DATE_LIKE.fullmatch(said):
            continue
        cued = bool(_PHONE_CUE.search(text[max(0, match.start() - 30) : match.start()])) or is_cued(
            match.start()
        )
        is_sure = match.group(1) == "+" or (match.group(1) not in (None, "+") and len(digits) >= 10)
        is_likely = bool(
            9 <= len(digits) <= 12
            and (said[0] == "0" or (said[0] in "8(" and not said.isdigit()) or _MOBILE.fullmatch(said))
        )
        if len(digits) <= 15 and (is_sure or cued or is_likely):
            value = ("+" if match.group(1) == "+" else "") + digits
            yield Span("phone", value, match.start(), match.start() + len(said))
