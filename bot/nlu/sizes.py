"""Sizes that stand by themselves, as the catalogue writes them."""

import re
from collections.abc import Iterator, Sequence

from bot.nlu.gazetteer import Gazetteer
from bot.nlu.spans import Span

_LETTERS = r"\d?X{0,3}[SL]|X{0,2}S|M|\d{2,3}"
SIZE = re.compile(rf"(?<![\w'-])(?:{_LETTERS})(?![\w']|\s?[cm]m\b)", re.I)
_LAST = re.compile(rf"(?<![\w-])(?<!\w')({_LETTERS})\s*(?:[?!.,]|$)", re.I)


def exchanged_sizes(text: str, parts: Sequence[tuple[str, int, int]], gazetteer: Gazetteer) -> Iterator[Span]:
    """Sizes in `parts` (role, start, end) of a message that wants one thing for another: 'M instead of L'."""
    for _, start, end in parts:
        for match in SIZE.finditer(text, start, end):
            value = gazetteer.value("size", match.group())
            if value:
                yield Span("size", value, *match.span())


def sizes_behind(text: str, titles: Sequence[Span], gazetteer: Gazetteer) -> Iterator[Span]:
    """A size behind a product, at the end of what is said: 'rain suit 104', 'wind shell women's s'."""
    for match in _LAST.finditer(text):
        value = gazetteer.value("size", match.group(1))
        if value and any(title.end <= match.start(1) for title in titles):
            yield Span("size", value, match.start(1), match.end(1))
