"""Which products pass the filters of a search: category, brand, options, price, stock."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process

from bot.shop.contract import Query
from bot.shop.index import Index
from bot.shop.phrases import Wanted
from bot.shop.words import fold, stem, words

RATIO = 85  # how alike a brand or category must be to the one asked for, of 100

Mask = NDArray[np.bool_]


class Filters:
    """The filters of one index; names are compared as people write them."""

    def __init__(self, index: Index) -> None:
        self.index = index
        self.names: dict[str, list[str]] = {"brand": [], "category": []}
        self.options: dict[str, list[tuple[str, str]]] = {}  # name -> its values, each with its facet
        for facet in index.facets:
            kind, _, rest = facet.partition("=")
            if kind != "option":
                self.names[kind].append(rest)
                continue
            name, _, value = rest.partition("=")
            self.options.setdefault(stem(name), []).append((value, facet))

    def loose(self, query: Query) -> list[str]:
        """Values of options that no product lists; they may still stand in its words ('black')."""
        return [value for name, value in query.options.items() if stem(fold(name)) not in self.options]

    def mask(self, query: Query, wanted: Wanted) -> Mask:
        """Documents of which at least one variant passes every filter at once; the query's limits go first."""
        index = self.index
        fits = np.ones(len(index.product_ids), dtype=np.bool_)
        for kind, asked in (("brand", query.brand), ("category", query.category)):
            if asked:
                fits &= self._named(kind, asked)
        variants = np.ones(len(index.variant_document), dtype=np.bool_)
        for name, value in query.options.items():
            if stem(fold(name)) in self.options:
                variants &= self._with_option(stem(fold(name)), value)
        least = query.price_min_minor if query.price_min_minor is not None else wanted.price_min_minor
        most = query.price_max_minor if query.price_max_minor is not None else wanted.price_max_minor
        if least is not None:
            variants &= index.variant_price >= least
        if most is not None:
            variants &= (index.variant_price >= 0) & (index.variant_price <= most)
        if query.is_in_stock_only or wanted.is_in_stock_only:
            variants &= index.variant_in_stock
        if variants.all():
            return fits
        passing = np.zeros(len(fits), dtype=np.bool_)
        passing[index.variant_document[variants]] = True
        return fits & passing

    def _with_option(self, name: str, asked: str) -> Mask:
        """Variants with that option: 'blue' is met by 'Dusk blue', '42' by '42-44', 'L' by 'L/XL' but not '3 l'."""
        mask = np.zeros(len(self.index.variant_document), dtype=np.bool_)
        wanted = set(words(asked))
        is_letter = len(asked.strip()) == 1
        for value, facet in self.options[name]:
            is_part = bool(wanted) and wanted <= set(words(value)) and not (is_letter and " " in value)
            if is_part or fold(asked).strip() == value:
                mask[self.index.facets[facet]] = True
        return mask

    def _named(self, kind: str, asked: str) -> Mask:
        """Documents whose brand or category is the one asked for: its words, or nearly its spelling."""
        names: Sequence[str] = self.names[kind]
        mask = np.zeros(len(self.index.product_ids), dtype=np.bool_)
        wanted = set(words(asked))
        chosen = [name for name in names if wanted and wanted <= set(words(name))]
        if not chosen:
            near = process.extractOne(fold(asked), names, scorer=fuzz.ratio, score_cutoff=RATIO)
            chosen = [near[0]] if near else []
        for name in chosen:
            mask[self.index.facets[f"{kind}={name}"]] = True
        return mask
