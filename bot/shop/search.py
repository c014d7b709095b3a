"""Answering a search from the index: which products, in which order, after filters."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.shop import phrases, synonyms
from bot.shop.contract import Query
from bot.shop.filters import Filters, Mask
from bot.shop.index import Index, rarest
from bot.shop.spelling import Speller
from bot.shop.words import fold, forms, groups, stem

COVERAGE, LOOSE_COVERAGE = 0.34, 0.12  # a product must hold this share of the query's weight
NEAR, LOOSE_NEAR = 0.3, 0.7  # products scoring below this share of the best are left out
CLOSE = 0.75  # and below this one when sorted by price, or the cheapest would be something else
SOLD_OUT = 0.9  # what cannot be bought ranks a little lower
RARE = 2  # a word that so few products have may be a slip for a common one

Scores = NDArray[np.float32]


@dataclass(frozen=True)
class Hits:
    """Product ids in order (at most `limit`), how many there are in all, and the spelling searched for."""

    product_ids: tuple[str, ...]
    total: int
    corrected: str = ""


@dataclass(frozen=True)
class Term:
    """One word of a query: `pieces` add up; each of `instead` may stand for it at a discount."""

    pieces: tuple[str, ...]
    instead: tuple[tuple[str, float], ...] = ()
    weight: float = 0.0


class Searcher:
    """Searches one index; built once per version."""

    def __init__(self, index: Index) -> None:
        self.index = index
        self.speller = Speller(index)
        self.filters = Filters(index)
        self.can_buy = np.zeros(len(index.product_ids), dtype=np.bool_)
        self.can_buy[index.variant_document[index.variant_in_stock]] = True

    def search(self, query: Query, *, currency: str = "EUR") -> Hits:
        """The products that fit; price limits said in the text count like those of the filters."""
        wanted = phrases.understand(query.text[:500], currency=currency)
        terms, corrected = self._terms(" ".join([wanted.text, *self.filters.loose(query)]).strip())
        fits = self.filters.mask(query, wanted)
        sort = query.sort if query.sort != "relevance" else wanted.sort
        if not terms:
            if wanted.text.strip() or self.filters.loose(query):
                return Hits((), 0)
            scores = np.where(self.can_buy, np.float32(1), np.float32(SOLD_OUT))
            found = fits
        else:
            scores, found = self._score(terms, LOOSE_COVERAGE if query.is_loose else COVERAGE)
            scores = np.where(self.can_buy, scores, scores * np.float32(SOLD_OUT))
            found &= fits
        if terms and found.any():
            near = CLOSE if sort != "relevance" else LOOSE_NEAR if query.is_loose else NEAR
            found &= scores >= near * scores[found].max()
        numbers = np.flatnonzero(found)
        order = numbers[self._order(numbers, scores, sort)][: max(query.limit, 0)]
        ids = tuple(self.index.product_ids[number] for number in order)
        return Hits(ids, len(numbers), corrected if len(numbers) else "")

    def _order(self, numbers: NDArray[np.int64], scores: Scores, sort: str) -> NDArray[np.int64]:
        if sort == "relevance":
            return np.lexsort((numbers, -scores[numbers]))
        price = self.index.price[numbers]
        key = price if sort == "price_up" else -price
        return np.lexsort((numbers, -scores[numbers], key, price < 0))

    def _terms(self, text: str) -> tuple[list[Term], str]:
        """The words to look for, and the text as corrected (empty when nothing was)."""
        typed = groups(text)[:24]
        known = [any(self.index.weight(piece) for piece in pieces) for pieces in typed]
        beside = [
            piece for pieces, is_known in zip(typed, known, strict=True) if is_known for piece in pieces
        ]
        terms: list[Term] = []
        spoken: list[str] = []
        is_corrected = False
        surface = [token for token in fold(text).split()]
        for position, pieces in enumerate(typed):
            word = self._surface(surface, pieces)
            joined = self._joined(typed, position)
            if known[position]:
                terms.append(self._known(word, pieces, joined, beside))
                spoken.append(word)
                continue
            if joined:
                terms.append(Term((), ((joined, 1.0),), self.index.weight(joined)))
                spoken.append(word)
                continue
            halves = self.speller.split(word)
            mended = self.speller.mend(word, beside) if halves is None else ""
            others = self._other_forms(word, pieces, mended) if halves is None else []
            if others:
                terms.append(self._instead_of(others))
                spoken.append(word)
                continue
            if halves is not None:
                stems = (stem(halves[0]), stem(halves[1]))
                terms.append(Term(stems, weight=sum(self.index.weight(item) for item in stems)))
                spoken.append(" ".join(halves))
            elif mended:
                terms.append(self._known(mended, (stem(mended),), "", []))
                spoken.append(mended)
            else:
                terms.append(self._unknown(pieces))
                spoken.append(word)
                continue
            is_corrected = True
        if not any(term.pieces or term.instead for term in terms):
            return [], ""
        return terms, " ".join(spoken) if is_corrected else ""

    @staticmethod
    def _surface(typed: Sequence[str], pieces: tuple[str, ...]) -> str:
        """The word as typed whose pieces these are."""
        for token in typed:
            if any(found == pieces for found in groups(token)):
                return token.strip(".,;:!?()'\"")
        return pieces[0]

    def _joined(self, typed: Sequence[tuple[str, ...]], position: int) -> str:
        """The word made of this one and a neighbour, when the catalogue writes them as one."""
        for first, second in ((position, position + 1), (position - 1, position)):
            if first >= 0 and second < len(typed):
                whole = stem(typed[first][0] + typed[second][0])
                if self.index.weight(whole):
                    return whole
        return ""

    def _known(self, word: str, pieces: tuple[str, ...], joined: str, beside: Sequence[str]) -> Term:
        instead = [(other, synonyms.DISCOUNT) for other in synonyms.TABLE.get(pieces[0], ())]
        if joined:
            instead.append((joined, 1.0))
        if len(pieces) == 1 and word.isalpha() and self.index.spelling.get(word, 0) <= RARE:
            others = [other for other in beside if other != pieces[0]]
            mended = self.speller.mend(word, others)
            if mended and self.index.spelling[mended] >= 20 * max(1, self.index.spelling.get(word, 0)):
                instead.append((stem(mended), synonyms.DISCOUNT))
        weight = max((self.index.weight(piece) for piece in pieces), default=0.0)
        return Term(pieces, tuple(instead), weight)

    def _unknown(self, pieces: tuple[str, ...]) -> Term:
        """A word no product has: a synonym may, or it only lowers how well products cover the query."""
        instead = [(other, 1.0) for other in synonyms.TABLE.get(pieces[0], ()) if self.index.weight(other)]
        weight = max((self.index.weight(other) for other, _ in instead), default=0.0)
        return Term((), tuple(instead), weight)

    def _other_forms(self, word: str, pieces: tuple[str, ...], mended: str) -> list[str]:
        """Other forms of a word that products are named with; of one that looks like a slip, or has synonyms, none."""
        if pieces[0] in synonyms.TABLE or mended[:1] == word[:1]:
            return []
        return [form for form in forms(pieces[0]) if self.index.names(form)]

    def _instead_of(self, others: Sequence[str]) -> Term:
        weight = max(map(self.index.weight, others))
        return Term((), tuple((other, synonyms.DISCOUNT) for other in others), weight)

    def _score(self, terms: Sequence[Term], coverage: float) -> tuple[Scores, Mask]:
        count = len(self.index.product_ids)
        scores = np.zeros(count, dtype=np.float32)
        cover = np.zeros(count, dtype=np.float32)
        is_named = np.zeros(count, dtype=np.bool_)
        known = [term.weight for term in terms if term.weight]
        usual = sum(known) / len(known) if known else rarest(self.index)
        for term in terms:
            own = np.zeros(count, dtype=np.float32)
            for piece in dict.fromkeys(term.pieces):
                numbers, gains = self.index.postings(piece)
                own[numbers] += gains
            for word, discount in term.instead:
                numbers, gains = self.index.postings(word)
                own[numbers] = np.maximum(own[numbers], gains * np.float32(discount))
            scores += own
            cover[own > 0] += term.weight
            if any(self.index.names(word) for word in (*term.pieces, *(word for word, _ in term.instead))):
                is_named |= own > 0
        least = coverage * sum(term.weight or usual for term in terms)
        found = (scores > 0) & (cover >= least)
        # 'tent for 2 people': a hat whose text speaks of people is no tent
        return scores, found & is_named if (found & is_named).any() else found
