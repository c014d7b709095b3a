"""The words of the live catalogue: brands, categories, options, materials and what titles are made of.

Read from `$AISLE_HOME/gazetteer.json`, written at each import of products, and read again when it changes.
"""

import json
import logging
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import spacy
from rapidfuzz import fuzz, process
from spacy.language import Language
from spacy.matcher import PhraseMatcher
from spacy.tokens import Doc

from bot.nlu.spans import Span
from bot.nlu.titles import Titles

logger = logging.getLogger(__name__)

BUILT_IN: dict[str, Any] = {
    "brands": ["Northpine", "Fernway"],
    "categories": [
        "Jackets", "Tents", "Backpacks", "Boots", "Blankets", "Mugs", "Lamps", "Candles", "Sleeping bags",
        "Sweaters", "T-shirts", "Socks", "Hats", "Gloves", "Cushions", "Towels", "Knives", "Bottles", "Trousers",
    ],
    "products": [],
    "materials": ["wool", "cotton", "linen", "leather", "polyester", "nylon", "fleece", "silk", "steel"],
    "options": {
        "Colour": [
            "Black", "White", "Grey", "Blue", "Navy", "Green", "Red",
            "Yellow", "Orange", "Brown", "Beige", "Pink", "Purple",
        ],
        "Size": ["XS", "S", "M", "L", "XL", "XXL", "36", "37", "38", "39", "40", "41", "42", "43", "44", "45"],
    },
}  # fmt: skip
_WORD = re.compile(r"[^\W\d_]{3,}")
_SIZE_CUE = re.compile(r"(?:\bsizes?|\bsized|\bin|\bin a|\ban?)\s*$", re.I)
_BIG_WORDS = {
    "small": "S",
    "medium": "M",
    "large": "L",
    "extra large": "XL",
    "x-large": "XL",
    "extra small": "XS",
}
_CLOSE_ENOUGH = 84.0
_MORE_THAN_MATERIALS = frozenset({"felt", "down"})
_LETTERS_OF_SIZE = re.compile(r"\d?x{0,3}[sl]|x{0,2}s|m|.*\d.*|\w/\w+", re.I)


def _forms(phrase: str) -> Iterator[str]:
    """The phrase, and its last word in the other number."""
    yield phrase
    lower = phrase.lower()
    if lower.endswith("ies") and len(lower) > 4:
        yield phrase[:-3] + "y"
    elif lower.endswith(("sses", "shes", "ches", "xes")):
        yield phrase[:-2]
    elif lower.endswith("ves") and len(lower) > 4:
        yield phrase[:-3] + "fe"
        yield phrase[:-1]
    elif lower.endswith("s") and not lower.endswith("ss"):
        yield phrase[:-1]
    else:
        yield phrase + "s"


class Gazetteer:
    """Matches catalogue phrases; tolerant of one slip in a word that is not an ordinary one."""

    def __init__(self, data: dict[str, Any], nlp: Language, ordinary: frozenset[str]) -> None:
        self.nlp = nlp
        self._ordinary = ordinary
        self._matcher = PhraseMatcher(nlp.vocab, attr="LOWER")
        self._values: dict[tuple[str, str], str] = {}
        vocabulary: set[str] = set()
        for entity, value, phrase in self._phrases(data):
            if phrase.strip():
                self._values.setdefault((entity, phrase.lower()), value)
                if entity not in ("size", "material"):
                    vocabulary.update(word for word in phrase.lower().split() if len(word) >= 4)
        by_entity: dict[str, list[str]] = {}
        for entity, phrase in self._values:
            by_entity.setdefault(entity, []).append(phrase)
        for entity, phrases in by_entity.items():
            self._matcher.add(entity, list(nlp.tokenizer.pipe(phrases)))
        self._vocabulary = sorted(vocabulary - ordinary)
        self._phrase_words = frozenset(vocabulary)
        self._title_words = frozenset(
            word for title in data.get("products", []) for word in _WORD.findall(str(title).lower())
        )

        self._titles = Titles(
            (str(title) for title in data.get("products", [])),
            (phrase for entity, phrase in self._values if entity in ("category", "material", "colour")),
            lambda word: word in ordinary,
        )
        self._title_list = sorted(
            word for word in self._title_words if len(word) >= 4 and word not in ordinary
        )

    @staticmethod
    def _phrases(data: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
        for brand in data.get("brands", []):
            yield "brand", str(brand), str(brand)
        for path in data.get("categories", []):
            for part in re.split(r"\s*[>/&]\s*", str(path)):
                name = part[:1].upper() + part[1:]
                for form in _forms(name):
                    yield "category", name, form
        for material in data.get("materials", []):
            yield "material", str(material).lower(), str(material)
        for name, values in dict(data.get("options", {})).items():
            entity = (
                "colour"
                if re.match(r"colou?r", name, re.I)
                else "size"
                if re.match("size", name, re.I)
                else "option"
            )
            for value in values:
                yield entity, str(value) if entity != "option" else f"{name}={value}", str(value)
                for part in str(value).split("/") if entity == "colour" else ():
                    yield entity, str(value), part.strip()
        if any(str(value).upper() == "M" for value in data.get("options", {}).get("Size", [])):
            for word, value in _BIG_WORDS.items():
                yield "size", value, word
        # plain colours too: the shop's "Dusk blue" is asked for as blue, and "red" deserves a no
        for colour in BUILT_IN["options"]["Colour"]:
            yield "colour", colour, colour
        yield "colour", "Grey", "gray"

    def value(self, entity: str, phrase: str) -> str:
        """What the catalogue calls a colour, a size … that is said in plain English words; empty when it has none."""
        return self._values.get((entity, phrase.lower()), "")

    def exact(self, doc: Doc) -> Iterator[Span]:
        """Phrases of the catalogue as they stand, longest first; for text that is not English around them."""
        found = [(self.nlp.vocab.strings[key], doc[start:end]) for key, start, end in self._matcher(doc)]
        for entity, part in sorted(found, key=lambda item: -len(item[1].text)):
            yield Span(entity, self._values[entity, part.text.lower()], part.start_char, part.end_char)

    def titles(self, text: str, *, forgives: bool = True) -> Iterator[Span]:
        """Products named by their title, or enough of it; with `forgives` a slip in a word does not matter."""
        return self._titles.spans(text, forgives=forgives)

    def is_sold(self, thing: str) -> bool:
        """Whether the catalogue has things of that name: 'mug' as it has an 'Enamel Camp Mug'."""
        return self._titles.is_head(thing)

    def is_of_title(self, word: str) -> bool:
        """Whether a word in lower case stands in a title."""
        return word in self._title_words

    def spans(self, text: str, doc: Doc) -> Iterator[Span]:
        """Longest matches first."""
        found = [(self.nlp.vocab.strings[key], doc[start:end]) for key, start, end in self._matcher(doc)]
        for entity, part in sorted(found, key=lambda item: -len(item[1].text)):
            if entity == "option" and part.text.lower() in self._ordinary and len(doc) > 1:
                continue  # "how long" asks for no length
            if entity == "material" and part.text.lower() in _MORE_THAN_MATERIALS:
                continue
            if entity == "size" and not self._is_size(text, part.start_char, part.text):
                continue
            value = self._values.get((entity, part.text.lower()))
            if value is not None:
                yield Span(entity, value, part.start_char, part.end_char)
        matched = {index for _, part in found for index in range(part.start, part.end)}
        for token in doc:
            if token.i not in matched and self._is_strange(token.lower_):
                yield from self._nearly(token.lower_, token.idx)

    @staticmethod
    def _is_size(text: str, start: int, word: str) -> bool:
        if not word.isdigit() and len(word) >= 2 and _LETTERS_OF_SIZE.fullmatch(word):
            return True
        return (
            bool(_SIZE_CUE.search(text[max(0, start - 8) : start]))
            or text.strip(" .,!?").lower() == word.lower()
        )

    def _is_strange(self, word: str) -> bool:
        return len(word) >= 4 and word.isalpha() and word not in self._ordinary and not self.knows(word)

    def _nearly(self, word: str, start: int) -> Iterator[Span]:
        best = process.extractOne(word, self._vocabulary, scorer=fuzz.ratio, score_cutoff=_CLOSE_ENOUGH)
        if best is None or best[0][0] != word[0]:
            return
        for entity in ("brand", "category", "colour"):
            value = self._values.get((entity, best[0]))
            if value is not None:
                yield Span(entity, value, start, start + len(word))
                return

    def almost_knows(self, word: str) -> bool:
        """Whether a word is strange, and one slip away from a word of a title ("candel")."""
        if not self._is_strange(word) or len(word) < 5:
            return False
        best = process.extractOne(word, self._title_list, scorer=fuzz.ratio, score_cutoff=_CLOSE_ENOUGH - 4)
        return best is not None and best[0][0] == word[0]

    def knows(self, word: str) -> bool:
        """Whether a word is one of the catalogue: of a brand, category or colour, or of a title and not ordinary."""
        if word in self._phrase_words:
            return True
        return word not in self._ordinary and (
            word in self._title_words or word.rstrip("s") in self._title_words
        )


class LiveGazetteer:
    """The gazetteer of the file, re-read when its time of change moves; the built-in one while there is none."""

    def __init__(self, ordinary: Iterable[str] = (), path: Path | None = None) -> None:
        self.nlp = spacy.blank("en")
        self._ordinary = frozenset(ordinary)
        self._path = path
        self._stamp: tuple[int, int] = (0, 0)
        self._current = Gazetteer(BUILT_IN, self.nlp, self._ordinary)

    def get(self) -> Gazetteer:
        """The gazetteer now in force."""
        if self._path is None:
            return self._current
        try:
            stat = self._path.stat()
        except OSError:
            return self._current
        stamp = (stat.st_mtime_ns, stat.st_size)
        if stamp != self._stamp:
            self._stamp = stamp
            try:
                data = json.loads(self._path.read_text(encoding="utf-8"))
                self._current = Gazetteer(data, self.nlp, self._ordinary)
            except (OSError, ValueError, TypeError, AttributeError):
                logger.exception("gazetteer.unreadable")  # keep the one in force; an import may be half done
        return self._current


def default_path() -> Path:
    """Where the catalogue import writes the gazetteer."""
    return Path(os.environ.get("AISLE_HOME") or "var") / "gazetteer.json"
