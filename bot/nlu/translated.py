"""What of the catalogue a message in another language speaks of, in the catalogue's English words."""

import re
from collections.abc import Callable, Iterator

from spacy.tokens import Doc

from bot.nlu.gazetteer import Gazetteer
from bot.nlu.lexicon import Folded, Hit
from bot.nlu.orders import OrderNumbers
from bot.nlu.sizes import SIZE
from bot.nlu.spans import Span
from bot.nlu.wording import Wording

_POSTCODE = re.compile(r"\d{4,6}")
_NEAR = 3  # words between a word such as "order" and the number it is about
_LEAST_LATIN = 4  # letters of a word of a title that counts by itself
# kinds of words that a message which only names products is made of
_OF_PRODUCTS = frozenset({"thing", "material", "colour", "size", "size_word", "number", "piece"})
_SHORTEST_COLOUR = 3  # letters: in Serbian, "red" is a row


class Translated:
    """One message: the words its language's wording knows (`hits`), and those of the catalogue typed in English."""

    def __init__(self, message: Folded, hits: list[Hit], said: Wording, gazetteer: Gazetteer) -> None:
        self._message = message
        self._hits = hits
        self._said = said
        self._gazetteer = gazetteer
        self._by_word: dict[int, set[str]] = {}
        for hit in hits:
            for index in range(hit.first, hit.last):
                self._by_word.setdefault(index, set()).add(hit.kind)
        self._places = [message.typed_words(index, index + 1) for index in range(len(message.words))]
        self._titles = [
            span for span in gazetteer.titles(message.typed, forgives=False) if not self._is_own(span, most=1)
        ]
        self._options = [
            (hit, value)
            for hit in hits
            if hit.kind == "thing" and (value := gazetteer.value("option", str(hit.value)))
        ]
        self._names = self._named()

    def cue(self, kind: str) -> Callable[[int], bool]:
        """Whether a word of a kind ends shortly before an offset of the typed text."""
        ends = [self._message.typed_words(hit.first, hit.last)[1] for hit in self._hits if hit.kind == kind]
        return lambda start: any(0 <= start - end <= 12 for end in ends)

    def cued_orders(self, orders: OrderNumbers) -> Iterator[Span]:
        """Digits beside a word for order or number."""
        for index in self._beside("order_word"):
            word = self._message.words[index]
            if orders.is_number(word):
                yield Span("order_number", orders.named(word), *self._places[index])

    def cued_postcodes(self) -> Iterator[Span]:
        """Four to six digits beside a word for postcode."""
        for index in self._beside("postcode_word"):
            word = self._message.words[index]
            if _POSTCODE.fullmatch(word):
                yield Span("postcode", word, *self._places[index])

    def _beside(self, kind: str) -> Iterator[int]:
        """Words that follow one of a kind closely, or come right before it."""
        for hit in self._hits:
            if hit.kind == kind:
                yield from range(hit.last, min(hit.last + _NEAR, len(self._message.words)))
                if hit.first:
                    yield hit.first - 1

    def spans(self, doc: Doc) -> Iterator[Span]:
        """Colours, sizes, materials, positions, wishes, products; and brands and options typed in English."""
        yield from self._titles
        for hit in self._names:
            if hit.kind == "thing":
                place = self._message.typed_words(hit.first, hit.last)
                yield from self._thing(str(hit.value), place)
        for hit, value in self._options:
            yield Span("option", value, *self._message.typed_words(hit.first, hit.last))
        # "a big thank you" is no size
        has_size_word = any(hit.kind == "size_word" for hit in self._hits)
        for hit in self._hits:
            place = self._message.typed_words(hit.first, hit.last)
            match hit.kind:
                case "colour":
                    yield Span("colour", self._colour(str(hit.value)), *place)
                case "material":
                    yield Span("material", str(hit.value), *place)
                case "size" if has_size_word or len(self._message.words) == hit.last - hit.first:
                    yield Span(
                        "size", self._gazetteer.value("size", str(hit.value)) or str(hit.value), *place
                    )
                case "ordinal":
                    yield Span("ordinal", str(hit.value), *place)
                case "cheaper":
                    yield Span("sort", "price_up", *place)
                case "dearer":
                    yield Span("sort", "price_down", *place)
                case "in_stock":
                    yield Span("in_stock", "yes", *place)
        yield from self._sizes()
        for span in self._gazetteer.exact(doc):
            if not self._may_be_chance(span) and not self._is_own(span):
                yield span

    def _may_be_chance(self, span: Span) -> bool:
        """Whether a phrase of the catalogue is too plain a word to count in another language: 'red', 'long', 'm'."""
        said = self._message.typed[span.start : span.end]
        return (
            span.entity == "size"
            or (span.entity == "colour" and len(said) <= _SHORTEST_COLOUR)
            or (span.entity == "option" and said.isalpha())
        )

    def _thing(self, name: str, place: tuple[int, int]) -> Iterator[Span]:
        """A thing by its English name: a category, a product by its title, or what several products are."""
        category = self._gazetteer.value("category", name)
        if category:
            yield Span("category", category, *place)
            return
        title = next((span for span in self._gazetteer.titles(name, forgives=False)), None)
        if title is not None and (title.start, title.end) == (0, len(name)):
            yield Span("product", title.value, *place)
        elif self._gazetteer.is_sold(name):
            yield Span("product", name, *place)

    def _colour(self, name: str) -> str:
        """The catalogue's name of a colour: 'red' -> 'Red'; of 'dark blue' at least 'Blue'."""
        for phrase in (name, name.rpartition(" ")[2]):
            found = self._gazetteer.value("colour", phrase)
            if found:
                return found
        return name.capitalize()

    def _sizes(self) -> Iterator[Span]:
        """A size as the catalogue writes it: in capitals, beside a word for size, or alone."""
        is_cued = self.cue("size_word")
        text = self._message.typed
        for match in SIZE.finditer(text):
            value = self._gazetteer.value("size", match.group())
            is_loud = not match.group().isdigit() and match.group().isupper() and not text.isupper()
            if value and (is_loud or is_cued(match.start()) or text.strip(" .,!?") == match.group()):
                yield Span("size", value, *match.span())

    def _is_own(self, span: Span, *, most: int = 9) -> bool:
        """Whether a span is of at most so many words, all of them of the language: Serbian 'red' is a row."""
        inside = self._inside(span)
        return len(inside) <= most and all(self._by_word.get(index) for index in inside)

    def _inside(self, span: Span) -> list[int]:
        return [
            index
            for index, (start, end) in enumerate(self._places)
            if start >= span.start and end <= span.end
        ]

    def _named(self) -> list[Hit]:
        """Things, materials and titles in the order they are said; words of a title side by side are one."""
        titled = {index for span in self._titles for index in self._inside(span)}
        optional = {hit.first for hit, _ in self._options}
        found = [
            hit
            for hit in self._hits
            if hit.kind in ("thing", "material") and hit.first not in titled | optional
        ]
        run: list[int] = []
        words = self._message.words
        for index in range(len(words) + 1):
            if index in titled or (
                index < len(words) and not self._by_word.get(index) and self._is_title(index)
            ):
                run.append(index)
                continue
            if len(run) > 1 or (run and len(words[run[0]]) >= _LEAST_LATIN):
                start, end = self._message.typed_words(run[0], run[-1] + 1)
                found.append(Hit("title", self._message.typed[start:end], run[0], run[-1] + 1))
            run = []
        return sorted(found, key=lambda hit: hit.first)

    def _is_title(self, index: int) -> bool:
        start, end = self._places[index]
        return self._gazetteer.is_of_title(self._message.typed[start:end].lower())

    def counted(self) -> Iterator[Hit]:
        """What can be counted and the words that may stand before it, as `bot.nlu.amounts.quantities` takes them."""
        titled = {self._inside(span)[0] for span in self._titles}
        for hit in self._hits:
            if hit.kind != "thing" or self._is_countable(str(hit.value)):
                yield hit
        for index in titled:
            yield Hit("thing", "", index, index + 1)

    def _is_countable(self, thing: str) -> bool:
        return bool(self._gazetteer.value("category", thing)) or self._gazetteer.is_sold(thing)

    def query(self, spans: list[Span]) -> Span | None:
        """What to search for: the things named, else the words that nothing else accounts for."""
        if self._names:
            said = " ".join(dict.fromkeys(str(hit.value) for hit in self._names))
            start, end = self._places[self._names[0].first][0], self._places[self._names[-1].last - 1][1]
            return Span("query", said, start, end)
        places = [self._places[index] for index in self._unexplained(spans)]
        if not places:
            return None
        return Span(
            "query",
            " ".join(self._message.typed[start:end] for start, end in places),
            places[0][0],
            places[-1][1],
        )

    def _unexplained(self, spans: list[Span]) -> list[int]:
        blocked = [(span.start, span.end) for span in spans if span.entity not in ("brand", "category")]
        return [
            index
            for index, word in enumerate(self._message.words)
            if not self._by_word.get(index)
            and len(word) > 1
            and not self._said.swapping.has(word)
            and all(
                self._places[index][1] <= start or self._places[index][0] >= end for start, end in blocked
            )
        ]

    def hints(self, spans: list[Span]) -> tuple[str, ...]:
        """What the classifier is told, as of English."""
        found = {
            f"has_{span.entity}"
            for span in spans
            if span.entity in ("brand", "category", "colour", "size", "option", "ordinal")
        }
        if self._names:
            found.add("has_title")
            if all(hit.kind in _OF_PRODUCTS for hit in self._hits) and not self._unexplained(spans):
                found.add("only_title" if len(self._names) > 1 else "one_title")
        return tuple(sorted(found))
