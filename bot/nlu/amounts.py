"""Money and counts: price limits, sums with a currency, how many pieces."""

import re
from collections.abc import Iterator

from bot.nlu.lexicon import Folded, Hit
from bot.nlu.spans import Span
from bot.nlu.wording import Wording

NEAR = 0.3  # "about 50" means from 35 to 65, as in the shop's own search
MOST_PIECES = 99
_BETWEEN = 2  # words between a number and what it counts
# what a currency's name begins with, folded; anything else is the shop's own
CURRENCIES = (
    ("eur", "EUR"), ("evr", "EUR"), ("€", "EUR"), ("$", "USD"), ("usd", "USD"), ("dol", "USD"), ("buck", "USD"),
    ("£", "GBP"), ("gbp", "GBP"), ("pound", "GBP"), ("quid", "GBP"), ("funt", "GBP"), ("lar", "GEL"), ("gel", "GEL"),
    ("dram", "AMD"), ("amd", "AMD"), ("din", "RSD"), ("rsd", "RSD"), ("shil", "KES"), ("kes", "KES"), ("ksh", "KES"),
    ("pln", "PLN"), ("zl", "PLN"),
)  # fmt: skip
_TIMES = re.compile(r"(?<![\w.,-])(?<!\d\s)(?:x\s?(\d{1,2})|(\d{1,2})\s?x)(?!\w)(?!\s?\d)")
_ENDING = re.compile(r"-?[a-z]+")  # 20-დან
_YEAR = re.compile(r"\D*(?:19|20)\d\d\D*")
_NO_THOUSANDS = re.compile(r"[.,](?=\d{3}$)|[ ](?=\d)")


def minor(text: str) -> str:
    """`49,90` -> `4990`; `1 299` -> `129900`."""
    return str(round(float(_NO_THOUSANDS.sub("", text).replace(",", ".")) * 100))


def limits(message: Folded, wording: Wording) -> Iterator[Span]:
    """`price_max`, `price_min` in minor units, by the templates of the language."""
    if not message.has_digit:
        return
    for kind, pattern in wording.limits.items():
        for match in pattern.finditer(message.text):
            index = match.lastindex or 1
            if _YEAR.fullmatch(match.group()) and not wording.sums.search(match.group()):
                continue  # "since 2019" is no limit
            if kind in ("under", "over"):
                entity = "price_max" if kind == "under" else "price_min"
                yield Span(entity, minor(match.group(index)), *message.typed_span(*match.span()))
                continue
            if kind == "between":
                least, most = sorted((int(minor(match.group(index - 1))), int(minor(match.group(index)))))
                ending = _ENDING.match(message.text, match.end(index - 1))
                middle = ending.end() if ending else match.end(index - 1)
            else:
                middle = match.start(index)
                amount = int(minor(match.group(index)))
                least, most = round(amount * (1 - NEAR)), round(amount * (1 + NEAR))
                if middle == match.start():
                    middle += 1
            yield Span("price_min", str(least), *message.typed_span(match.start(), middle))
            yield Span("price_max", str(most), *message.typed_span(middle, match.end()))


def sums(message: Folded, wording: Wording) -> Iterator[Span]:
    """`money`: an amount with its currency, `EUR 4990`."""
    if not message.has_digit:
        return
    for match in wording.sums.finditer(message.text):
        before, digits, digits_too, after = match.groups()
        name = before or after
        code = next((code for begin, code in CURRENCIES if name.startswith(begin)), "EUR")
        start, end = message.typed_span(*match.span())
        yield Span("money", f"{code} {minor(digits or digits_too)}", start, end)


def quantities(message: Folded, hits: list[Hit], wording: Wording) -> Iterator[Span]:
    """`quantity`: `x3`, `2 pieces`, `two of them`, and a number before a thing: `3 mugs`, `2 of the mugs`.

    The span is the number; words for pieces count with it only where they are written as one (`4x`).
    """
    for match in _TIMES.finditer(message.text):
        start, end = message.typed_span(*match.span())
        yield Span("quantity", match.group(1) or match.group(2), start, end)
    kinds: dict[int, str] = {}
    for hit in hits:
        if hit.kind in ("piece", "thing") or hit.kind == "carrier":
            kinds.update(dict.fromkeys(range(hit.first, hit.last), hit.kind))
    kinds.update({hit.first: hit.kind for hit in hits if hit.kind in ("piece", "thing")})
    sized = {
        hit.last for hit in hits if hit.kind in ("size_word", "order_word", "postcode_word", "phone_word")
    }
    for index, word in enumerate(message.words):
        count = wording.number(word)
        if count is None or not 0 < count <= MOST_PIECES or index in sized or not _is_beside(message, index):
            continue
        if kinds.get(index) == "piece" and index and wording.number(message.words[index - 1]) is not None:
            continue  # "one pair of socks" is one
        ahead = [kinds.get(place, "") for place in range(index + 1, index + 2 + _BETWEEN)]
        is_counted = ahead[0] == "piece" or (
            "thing" in ahead and all(kind in ("carrier", "piece") for kind in ahead[: ahead.index("thing")])
        )
        if is_counted and (count > 1 or ahead[0] == "piece"):
            yield Span("quantity", str(count), *message.typed_words(index, index + 1))


def _is_beside(message: Folded, index: int) -> bool:
    """Whether only blanks stand between a word and the next, and no sign before it makes it part of something."""
    start, end = message.places[index]
    after = message.places[index + 1][0] if index + 1 < len(message.places) else end
    return not message.text[end:after].strip() and not re.search(
        r"[\d#.,:/@+-]$", message.text[max(0, start - 1) : start]
    )
