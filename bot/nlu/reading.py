"""Reads a message once: what is in it, and the text the classifier sees (with the recognised parts masked)."""

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timezone
from functools import cache

from spacy.tokens import Doc

from bot.core.masking import payment_numbers
from bot.nlu.amounts import limits, quantities, sums
from bot.nlu.contact_details import emails, phones, postcodes
from bot.nlu.dates import dates
from bot.nlu.gazetteer import Gazetteer, LiveGazetteer
from bot.nlu.lexicon import Folded, Hit
from bot.nlu.orders import ALONE, OrderNumbers, places, prices, wishes
from bot.nlu.roles import sides, with_roles
from bot.nlu.sizes import exchanged_sizes, sizes_behind
from bot.nlu.spans import Span, without_overlaps
from bot.nlu.translated import Translated
from bot.nlu.wording import Wording, wording

ENGLISH = "en"

LONGEST = 1_000  # characters looked at; a longer message is a complaint or a paste, and its start says so

MASKS = {
    "order_number": "ordernum",
    "email": "mailaddr",
    "postcode": "postnum",
    "number": "somenum",
    "price_max": "pricemax",
    "price_min": "pricemin",
    "phone": "phonenum",
    "payment_number": "cardnum",
    "money": "somemoney",
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
_FILLERS = frozenset(("of", "the", "your", "those", "these", "x"))
SEARCHED = ("brand", "category", "material", "product")  # kinds whose words are searched for
HINTED = ("brand", "category", "colour", "size", "option", "ordinal")
_TOKEN = re.compile(r"[\w'’]+(?:-[\w]+)*")


@dataclass(frozen=True)
class Reading:
    """`masked` is what the classifier reads; `hints` are words that say what the catalogue knows of it."""

    text: str
    spans: tuple[Span, ...]
    masked: str
    hints: tuple[str, ...]


Found = tuple[list[Span], "Span | None", tuple[str, ...]]  # spans, what to search for, hints

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
    """The start of a text on one line, in plain forms of its characters; each stays where it was typed."""
    text = text[:LONGEST]
    return text if text.isascii() and text.isprintable() else "".join(map(_plain, text))


@cache
def _plain(char: str) -> str:
    if unicodedata.category(char) == "Cc":
        return " "
    if char in "’‘":
        return "'"
    plain = unicodedata.normalize("NFKC", char)
    return plain if len(plain) == 1 else char


def _today() -> date:
    return datetime.now(timezone.utc).date()


class Reader:
    """Reads messages of one shop: its catalogue as it is now, its order numbers; dates count from `today`."""

    def __init__(
        self, gazetteer: LiveGazetteer, orders: OrderNumbers, *, today: Callable[[], date] = _today
    ) -> None:
        self._gazetteer = gazetteer
        self._orders = orders
        self._today = today

    def read(self, text: str, language: str = ENGLISH) -> Reading:
        """What is in a message of `language`; earlier kinds win over later ones where they overlap."""
        text = tidy(text)
        gazetteer = self._gazetteer.get()
        said = wording(language)
        message = Folded(text, language)
        hits = said.lexicon.hits(message.words)
        doc = gazetteer.nlp.tokenizer(text)
        if language == ENGLISH:
            spans, query, hints = self._english(message, hits, said, gazetteer, doc)
        else:
            spans, query, hints = self._translated(message, hits, said, gazetteer, doc)
        masked = _in_words(text)
        for span in reversed(spans):
            if span.entity in MASKS:
                masked = f"{masked[: span.start]} {MASKS[span.entity]} {masked[span.end :]}"
        if query is not None:
            spans = [*spans, query]
        return Reading(text, tuple(spans), masked, hints)

    def _english(
        self, message: Folded, hits: list[Hit], said: Wording, gazetteer: Gazetteer, doc: Doc
    ) -> Found:
        text = message.typed
        spans = without_overlaps(
            [
                *emails(text),
                *_payment_numbers(text),
                *phones(text),
                *dates(message, hits, said, self._today()),
                *prices(text),
                *self._orders.sure(text),
                *postcodes(text),
                *sums(message, said),
            ]
        )
        spans = _with_numbers(text, spans, self._orders.bare(text), self._orders)
        named = list(gazetteer.spans(text, doc))
        titles = list(gazetteer.titles(text))
        parts = list(sides(message, said))
        spans = without_overlaps(
            [
                *spans,
                *sizes_behind(text, titles, gazetteer),
                *quantities(message, [*hits, *_in_english(message, [*titles, *named])], said),
                *exchanged_sizes(text, parts, gazetteer),
                *titles,
                *named,
                *wishes(text),
                *places(text),
            ]
        )
        spans = with_roles(spans, parts, text)
        query = _left(text, spans)
        return spans, query, _hints([*spans, *without_overlaps(named)], query, gazetteer)

    def _translated(
        self, message: Folded, hits: list[Hit], said: Wording, gazetteer: Gazetteer, doc: Doc
    ) -> Found:
        text = message.typed
        asked = Translated(message, hits, said, gazetteer)
        spans = without_overlaps(
            [
                *emails(text),
                *_payment_numbers(text),
                *phones(text, is_cued=asked.cue("phone_word")),
                *dates(message, hits, said, self._today()),
                *limits(message, said),
                *self._inflected(message),
                *asked.cued_orders(self._orders),
                *postcodes(text),
                *asked.cued_postcodes(),
                *sums(message, said),
            ]
        )
        spans = _with_numbers(text, spans, self._orders.bare(text), self._orders)
        parts = list(sides(message, said))
        spans = without_overlaps(
            [
                *spans,
                *quantities(message, list(asked.counted()), said),
                *exchanged_sizes(text, parts, gazetteer),
                *asked.spans(doc),
                *_alone(text),
            ]
        )
        return with_roles(spans, parts, text), asked.query(spans), asked.hints(spans)

    def _inflected(self, message: Folded) -> Iterator[Span]:
        """Order numbers that bear an ending, or a prefix in other letters; Latin ones are what they are."""
        if message.has_digit:
            neutral = Folded(message.typed, ENGLISH)
            for span in self._orders.inflected(neutral.text):
                start, end = neutral.typed_span(span.start, span.end)
                yield replace(span, start=start, end=end)


def _with_numbers(text: str, spans: list[Span], bare: list[Span], orders: OrderNumbers) -> list[Span]:
    """Digits that nothing explains are a `number`, or with other things said the order and its proof."""
    bare = [span for span in without_overlaps(spans + bare) if span.entity == "number"]
    if not any(span.entity == "postcode" for span in spans):
        spans = without_overlaps(spans + _five_digits(text, spans + bare))
    kinds = {span.entity for span in spans}
    if bare and "order_number" not in kinds and (kinds & {"email", "postcode"} or len(bare) == 2):
        # "1001 jo@example.com", "1001 90210", "1001 2200": the number of the order, then the proof
        first, *others = bare
        bare = [replace(first, entity="order_number", value=orders.named(first.value))]
        bare += [replace(span, entity="postcode") for span in others]
    return without_overlaps(spans + bare)


def _five_digits(text: str, taken: list[Span]) -> list[Span]:
    """Five digits that cannot be an order number here are a postcode."""
    found = [Span("postcode", m.group(), m.start(), m.end()) for m in _FIVE_DIGITS.finditer(text)]
    return [
        span for span in found if all(span.end <= other.start or span.start >= other.end for other in taken)
    ]


def _alone(text: str) -> Iterator[Span]:
    """A digit by itself is a position in the list that was shown."""
    for match in ALONE.finditer(text):
        yield Span("ordinal", match.group(1), match.start(), match.end())


def _payment_numbers(text: str) -> Iterator[Span]:
    """Where a card or an account is named; what it is stays out of the value."""
    for start, end, name in payment_numbers(text):
        yield Span("payment_number", name.strip("[]"), start, end)


def _in_english(message: Folded, named: Sequence[Span]) -> Iterator[Hit]:
    """Products and categories as things that can be counted, and the words that may stand between."""
    starts = {span.start: span for span in named if span.entity in ("product", "category")}
    for index, word in enumerate(message.words):
        start = message.typed_words(index, index + 1)[0]
        if start in starts:
            yield Hit("thing", starts[start].value, index, index + 1)
        elif word in _FILLERS:
            yield Hit("carrier", word, index, index + 1)


def _left(text: str, spans: list[Span]) -> Span | None:
    """What is left of a message when the words that carry it are taken away: what to search for."""
    blocked = [(s.start, s.end) for s in spans if s.entity not in SEARCHED]
    words = [
        match
        for match in _TOKEN.finditer(text)
        if match.group().lower() not in CARRIERS
        and all(match.end() <= start or match.start() >= end for start, end in blocked)
    ]
    if not words:
        return None
    return Span("query", " ".join(match.group() for match in words), words[0].start(), words[-1].end())


def _hints(spans: list[Span], query: Span | None, gazetteer: Gazetteer) -> tuple[str, ...]:
    hints = {f"has_{span.entity}" for span in spans if span.entity in HINTED}
    if query is not None:
        words = [word.lower() for word in query.value.split()]
        known = sum(gazetteer.knows(word) or gazetteer.almost_knows(word) for word in words)
        if known:
            hints.add("has_title")
        if known == len(words):
            hints.add("only_title" if len(words) > 1 else "one_title")
    return tuple(sorted(hints))
