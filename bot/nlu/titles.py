"""Finds the titles of the catalogue in what people type: some of their words, in the plural, with a slip."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from bot.nlu.spans import Span

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_CLOSE_ENOUGH = 80.0
_LEAST_SLIP = 5  # letters of a word in which a slip is forgiven
_LONGEST = 7  # words of a title that are looked for side by side


def singular(word: str) -> str:
    """`mugs` -> `mug`, `pouches` -> `pouch`, `knives` -> `knife`; both sides of a comparison go through it."""
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("sses", "shes", "ches", "xes")):
        return word[:-2]
    if len(word) > 4 and word.endswith("ves"):
        return word[:-3] + "fe"
    if len(word) > 3 and word.endswith("s") and not word.endswith("ss"):
        return word[:-1]
    return word


@dataclass(frozen=True)
class Title:
    """A product's title and its words as they are compared."""

    text: str
    words: tuple[str, ...]


class Titles:
    """The titles of a catalogue. `phrases` are not taken for a title (categories, materials, colours)."""

    def __init__(
        self, titles: Iterable[str], phrases: Iterable[str], is_ordinary: Callable[[str], bool]
    ) -> None:
        self._titles = [
            Title(title, words)
            for title in dict.fromkeys(titles)
            if (words := tuple(singular(word) for word in _WORD.findall(title.lower())))
        ]
        self._phrases = frozenset(
            " ".join(singular(word) for word in _WORD.findall(phrase.lower())) for phrase in phrases
        )
        self._is_ordinary = is_ordinary
        self._of: dict[str, list[Title]] = {}
        for title in self._titles:
            for word in set(title.words):
                self._of.setdefault(word, []).append(title)
        self._heads = frozenset(title.words[-1] for title in self._titles)
        self._vocabulary = sorted(word for word in self._of if len(word) >= _LEAST_SLIP)
        self._meant: dict[str, str] = {}

    def is_head(self, thing: str) -> bool:
        """Whether the last word of a name is that of a title."""
        words = [singular(word) for word in _WORD.findall(thing.lower())]
        return bool(words) and words[-1] in self._heads

    def spans(self, text: str, *, forgives: bool) -> Iterator[Span]:
        """`product` with the title as its value, longest first."""
        places = list(_WORD.finditer(text))
        words = [self._word(match.group().lower(), forgives) for match in places]
        taken: set[int] = set()
        for length in range(min(_LONGEST, len(words)), 0, -1):
            for first in range(len(words) - length + 1):
                here = range(first, first + length)
                if not all(words[index] for index in here) or taken & set(here):
                    continue
                between = [text[places[index].end() : places[index + 1].start()] for index in here[:-1]]
                if any(gap.strip(" -&'") for gap in between):
                    continue
                title = self._title(tuple(words[index] for index in here))
                if title is not None:
                    taken.update(here)
                    yield Span("product", title.text, places[first].start(), places[first + length - 1].end())

    def _word(self, word: str, forgives: bool) -> str:
        """The word of a title that is meant, or an empty text."""
        if not forgives:
            plain = singular(word)
            return plain if plain in self._of else ""
        known = self._meant.get(word)
        if known is None:
            if len(self._meant) > 20_000:
                self._meant.clear()
            known = self._meant[word] = self._look_up(word)
        return known

    def _look_up(self, word: str) -> str:
        plain = singular(word)
        if plain in self._of:
            return plain
        if len(word) < _LEAST_SLIP or not word.isalpha() or self._is_ordinary(word):
            return ""
        best = process.extractOne(plain, self._vocabulary, scorer=fuzz.ratio, score_cutoff=_CLOSE_ENOUGH)
        return best[0] if best is not None and best[0][0] == word[0] else ""

    def _title(self, words: tuple[str, ...]) -> Title | None:
        """The title that words side by side stand for, if they stand for one.

        They come in its order and end where it ends, or are most of it. One word by itself stands for a title only
        where it ends no other one; a word for a whole category stands for none.
        """
        if " ".join(words) in self._phrases:
            return None
        if len(words) == 1 and self._is_ordinary(words[0]):
            return None
        fits = [
            title
            for title in self._of.get(words[0], ())
            if len(words) <= len(title.words)
            and _in_order(words, title.words)
            and (title.words[-1] == words[-1] or (len(words) > 1 and 3 * len(words) >= 2 * len(title.words)))
        ]
        if not fits or (len(words) == 1 and len(fits) > 1):
            return None
        return min(fits, key=lambda title: len(title.words))


def _in_order(words: tuple[str, ...], title: tuple[str, ...]) -> bool:
    rest = iter(title)
    return all(word in rest for word in words)
