"""Reads a message once: what is in it, and the text the classifier sees (with the recognised parts masked)."""

import re
import unicodedata
from dataclasses import dataclass

from bot.nlu.contact_details import emails, postcodes
from bot.nlu.gazetteer import Gazetteer, LiveGazetteer
from bot.nlu.orders import OrderNumbers, places, prices, wishes
from bot.nlu.spans import Span, without_overlaps

LONGEST = 1_000  # characters looked at; a longer message is a complaint or a paste, and its start says so

MASKS = {
    "order_number": "ordernum",
    "email": "mailaddr",
    "postcode": "postnum",
    "number": "somenum",
    "price_max": "pricemax",
    "price_min": "pricemin",
}
CARRIERS = frozenset(
    """
    a an the some any of in for is are was there it its this that these those how much many what which
    who does do did you have has got get sell sells stock stocked carry offer see show me my mine i im
    i'm id i'd we us your please pls plz hi hello hey want need wanna like love would could can may buy
    order looking look lookin search searching find finding after with and or to on at from price prices
    priced cost costs worth available availability left still size sizes sized colour colours color
    colors options option variants come comes kinds kind types type about tell more info details
    describe thing things something anything one ones item items product products shop store website
    under over below above between euro euros eur max maximum less than cheap cheaper cheapest good nice
    best warm yes no ok okay thanks thank be am not if will so just also again other another out back
    now right interested recommend suggest suggestions ideas idea give send let know check whats what's
    wheres range selection list all mean meant make makes made say suit fit today tomorrow currently
    moment only really very too new latest instead perhaps maybe spend spending budget around roughly up
    most least pricey expensive dear dearer first second third last fourth fifth them they he she his
    her
    """.split()  # noqa: SIM905 - three hundred lines otherwise
)
_FIVE_DIGITS = re.compile(r"(?<![\w@.,:/#€$£+-])\d{5}(?![\w@%€]|[-.,:/]\d)")
_TOKEN = re.compile(r"[\w'’]+(?:-[\w]+)*")


@dataclass(frozen=True)
class Reading:
    """`masked` is what the classifier reads; `hints` are words that say what the catalogue knows of it."""

    text: str
    spans: tuple[Span, ...]
    masked: str
    hints: tuple[str, ...]


EMOJI = {
    "👍": "yes", "👌": "ok", "✅": "yes", "🙏": "thanks", "❤": "thanks", "💚": "thanks", "😊": "thanks", "🙂": "ok",
    "👎": "no", "❌": "no", "😡": "angry", "🤬": "angry", "😠": "angry", "👋": "hello",
}  # fmt: skip


def _in_words(text: str) -> str:
    """Emoji that say something, as words, when there is little else."""
    if len(text) > 20 or not any(char in EMOJI for char in text):
        return text
    return " ".join([text, *dict.fromkeys(EMOJI[char] for char in text if char in EMOJI)])


def tidy(text: str) -> str:
    """One line of NFKC text without control characters; offsets hold for what comes out."""
    text = unicodedata.normalize("NFKC", text[: LONGEST * 2]).replace("’", "'").replace("‘", "'")
    return "".join(" " if unicodedata.category(char) == "Cc" else char for char in text)[:LONGEST]


class Reader:
    """Reads messages of one shop: its catalogue as it is now, and its order numbers."""

    def __init__(self, gazetteer: LiveGazetteer, orders: OrderNumbers) -> None:
        self._gazetteer = gazetteer
        self._orders = orders

    def read(self, text: str, language: str = "en") -> Reading:
        """What is in a message of `language`."""
        return read(text, self._gazetteer.get(), self._orders)


def read(text: str, gazetteer: Gazetteer, orders: OrderNumbers) -> Reading:
    """Recognise everything in `text`; earlier kinds win over later ones where they overlap."""
    text = tidy(text)
    sure: list[Span] = [*emails(text), *prices(text), *orders.sure(text), *postcodes(text)]
    spans = without_overlaps(sure)
    bare = [span for span in without_overlaps(spans + orders.bare(text)) if span.entity == "number"]
    if not any(span.entity == "postcode" for span in spans):
        spans = without_overlaps(spans + _five_digits(text, spans + bare))
    kinds = {span.entity for span in spans}
    if bare and "order_number" not in kinds and (kinds & {"email", "postcode"} or len(bare) == 2):
        # "1001 jo@example.com", "1001 90210", "1001 2200": the number of the order, then the proof
        first, *others = bare
        bare = [Span("order_number", f"{orders.prefix}{first.value}".upper(), first.start, first.end)]
        bare += [Span("postcode", span.value, span.start, span.end) for span in others]
    doc = gazetteer.nlp.tokenizer(text)
    spans = without_overlaps([*spans, *bare, *gazetteer.spans(text, doc), *wishes(text), *places(text)])
    product = _product(text, spans)
    masked = _in_words(text)
    for span in reversed(spans):
        if span.entity in MASKS:
            masked = f"{masked[: span.start]} {MASKS[span.entity]} {masked[span.end :]}"
    hints = _hints(spans, product, gazetteer)
    if product is not None:
        spans = [*spans, product]
    return Reading(text, tuple(spans), masked, hints)


def _five_digits(text: str, taken: list[Span]) -> list[Span]:
    """Five digits that cannot be an order number here are a postcode."""
    found = [Span("postcode", m.group(), m.start(), m.end()) for m in _FIVE_DIGITS.finditer(text)]
    return [
        span for span in found if all(span.end <= other.start or span.start >= other.end for other in taken)
    ]


def _product(text: str, spans: list[Span]) -> "Span | None":
    """What is left of a message when the words that carry it are taken away: what to search for."""
    blocked = [(s.start, s.end) for s in spans if s.entity not in ("brand", "category")]
    words = [
        match
        for match in _TOKEN.finditer(text)
        if match.group().lower() not in CARRIERS
        and all(match.end() <= start or match.start() >= end for start, end in blocked)
    ]
    if not words:
        return None
    return Span("product", " ".join(match.group() for match in words), words[0].start(), words[-1].end())


def _hints(spans: list[Span], product: "Span | None", gazetteer: Gazetteer) -> tuple[str, ...]:
    hints = {
        f"has_{span.entity}"
        for span in spans
        if span.entity in ("brand", "category", "colour", "size", "option", "ordinal")
    }
    if product is not None:
        words = [word.lower() for word in product.value.split()]
        known = sum(gazetteer.knows(word) or gazetteer.almost_knows(word) for word in words)
        if known:
            hints.add("has_title")
        if known == len(words):
            hints.add("only_title" if len(words) > 1 else "one_title")
    return tuple(sorted(hints))
