"""The search index: BM25 over weighted fields as flat arrays, kept in one file beside the database."""

import json
import math
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.shop.words import PART, fold, words

# BM25F (Robertson & Zaragoza 2009): fields are normalised one by one, weighted counts saturate together.
WEIGHTS = {
    "title": 3.0,
    "brand": 2.0,
    "category": 2.0,
    "options": 1.0,
    "codes": 1.0,
    "attributes": 0.5,
    "description": 1.5,
}
TITLE, CATEGORY = (list(WEIGHTS).index(name) for name in ("title", "category"))
K1, B = 0.9, 0.5
NAMED = 1.2  # a word in the title says what the thing is; elsewhere it may only be mentioned
SPELLING_FIELDS = ("title", "brand", "category", "options")
FORMAT = 2
NOTHING = np.zeros(0, dtype=np.int32)

Ints = NDArray[np.int32]
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Sellable:
    """A variant as the index sees it; `price_minor` None when the shop gave none."""

    options: dict[str, str]
    price_minor: int | None
    is_in_stock: bool


@dataclass(frozen=True)
class Document:
    """A product as the index sees it: text by field, see `WEIGHTS`, and its variants."""

    product_id: str
    brand: str
    category: str
    fields: dict[str, str]
    variants: Sequence[Sellable]


@dataclass(frozen=True)
class Index:
    """Immutable. Documents are numbered as in `product_ids`; `pointers`: where a word's postings begin."""

    version: str
    product_ids: list[str]
    words: dict[str, int]
    pointers: NDArray[np.int64]
    documents: Ints
    scores: Floats
    idf: Floats
    spelling: dict[str, int]  # folded surface word -> number of products
    variant_document: Ints
    variant_price: NDArray[np.int64]  # -1: none
    variant_in_stock: NDArray[np.bool_]
    price: NDArray[np.int64]  # lowest of a product, -1: none
    facets: dict[
        str, Ints
    ]  # "brand=acme", "category=outdoor > tents" -> documents; "option=size=m" -> variants
    naming: Ints  # numbers of the words that stand in titles and categories: they say what a thing is

    def names(self, word: str) -> bool:
        """Whether `word` is one that titles or categories are made of."""
        number = self.words.get(word)
        if number is None:
            return False
        place = int(np.searchsorted(self.naming, number))
        return place < len(self.naming) and int(self.naming[place]) == number

    def postings(self, word: str) -> tuple[Ints, Floats]:
        """Documents that hold `word`, and what it adds to the score of each."""
        number = self.words.get(word)
        if number is None:
            return NOTHING, NOTHING.astype(np.float32)
        span = slice(int(self.pointers[number]), int(self.pointers[number + 1]))
        return self.documents[span], self.scores[span]

    def weight(self, word: str) -> float:
        """How rare `word` is (idf); 0 when no product has it."""
        number = self.words.get(word)
        return 0.0 if number is None else float(self.idf[number])


def _field_counts(
    documents: Sequence[Document], vocabulary: dict[str, int], field: str
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Keys (document << 32 | word) and the weighted, length-normalised count of each for one field."""
    keys: list[int] = []
    lengths = np.zeros(len(documents))
    for number, document in enumerate(documents):
        found = words(document.fields.get(field, ""))
        lengths[number] = len(found)
        base = number << 32
        keys.extend([base | vocabulary.setdefault(word, len(vocabulary)) for word in found])
    unique, counts = np.unique(np.array(keys, dtype=np.int64), return_counts=True)
    mean = float(lengths.mean()) if len(documents) else 0.0
    norm = 1 - B + B * lengths / max(mean, 1e-9)
    return unique, WEIGHTS[field] * counts / norm[(unique >> 32).astype(np.int64)]


def _spelling(
    documents: Sequence[Document], vocabulary: dict[str, int], frequency: NDArray[np.int64]
) -> dict[str, int]:
    """Words and how many products use them; without rare words of long texts, which are often typos."""
    spelling: Counter[str] = Counter()
    for document in documents:
        short = " ".join(document.fields.get(field, "") for field in SPELLING_FIELDS)
        spelling.update(
            {word for word in PART.findall(fold(short)) if word.isalpha() and 3 <= len(word) <= 30}
        )
    least = 1 if len(documents) < 1000 else 5
    for word, number in vocabulary.items():
        count = int(frequency[number])
        if count >= least and 4 <= len(word) <= 30 and word.isalpha():
            spelling[word] = max(spelling[word], count)
    return dict(spelling)


def _facets(documents: Sequence[Document]) -> dict[str, Ints]:
    lists: dict[str, list[int]] = {}
    variant = 0
    for number, document in enumerate(documents):
        lists.setdefault(f"brand={fold(document.brand)}", []).append(number)
        lists.setdefault(f"category={fold(document.category)}", []).append(number)
        for sellable in document.variants:
            for name, value in sellable.options.items():
                lists.setdefault(f"option={fold(name)}={fold(value)}", []).append(variant)
            variant += 1
    return {name: np.array(numbers, dtype=np.int32) for name, numbers in lists.items()}


def build(source: Iterable[Document], *, version: str) -> Index:
    """The index of all `source` documents."""
    documents = list(source)
    vocabulary: dict[str, int] = {}
    parts = [_field_counts(documents, vocabulary, field) for field in WEIGHTS]
    keys = np.concatenate([part[0] for part in parts])
    counts = np.concatenate([part[1] for part in parts])
    order = np.argsort(keys, kind="stable")
    keys, counts = keys[order], counts[order]
    named = np.isin(keys, parts[0][0])
    starts = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]]) if len(keys) else np.zeros(0, dtype=np.int64)
    total = np.add.reduceat(counts, starts) if len(keys) else counts
    keys, named = keys[starts], named[starts]
    document_of, word_of = keys >> 32, keys & 0xFFFFFFFF
    frequency = np.bincount(word_of, minlength=len(vocabulary))
    idf = np.log(1 + (len(documents) - frequency + 0.5) / (frequency + 0.5))
    scores = idf[word_of] * total * (K1 + 1) / (K1 + total) * np.where(named, NAMED, 1.0)
    order = np.argsort(word_of, kind="stable")
    sellables = [(number, item) for number, document in enumerate(documents) for item in document.variants]
    prices = [-1 if item.price_minor is None else item.price_minor for _, item in sellables]
    lowest = np.full(len(documents), -1, dtype=np.int64)
    for (number, _), price in zip(sellables, prices, strict=True):
        if price >= 0 and (lowest[number] < 0 or price < lowest[number]):
            lowest[number] = price
    return Index(
        version=version,
        product_ids=[document.product_id for document in documents],
        words=vocabulary,
        pointers=np.r_[0, np.cumsum(frequency)].astype(np.int64),
        documents=document_of[order].astype(np.int32),
        scores=scores[order].astype(np.float32),
        idf=idf.astype(np.float32),
        spelling=_spelling(documents, vocabulary, frequency),
        variant_document=np.array([number for number, _ in sellables], dtype=np.int32),
        variant_price=np.array(prices, dtype=np.int64),
        variant_in_stock=np.array([item.is_in_stock for _, item in sellables], dtype=np.bool_),
        price=lowest,
        facets=_facets(documents),
        naming=np.unique(np.r_[parts[TITLE][0], parts[CATEGORY][0]] & 0xFFFFFFFF).astype(np.int32),
    )


ARRAYS = (
    "pointers",
    "documents",
    "scores",
    "idf",
    "variant_document",
    "variant_price",
    "variant_in_stock",
    "price",
    "naming",
)


def save(index: Index, path: Path) -> None:
    """Write `index` to `path` in one step, so that a reader never sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    names = list(index.facets)
    text = {
        "format": FORMAT,
        "version": index.version,
        "product_ids": index.product_ids,
        "words": list(index.words),
        "spelling": index.spelling,
        "facets": names,
    }
    sizes = np.array([len(index.facets[name]) for name in names], dtype=np.int64)
    members = np.concatenate([index.facets[name] for name in names]) if names else NOTHING
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with temporary.open("wb") as file:
        arrays: dict[str, Any] = {name: getattr(index, name) for name in ARRAYS}
        np.savez(
            file,
            text=np.frombuffer(json.dumps(text, ensure_ascii=False).encode(), dtype=np.uint8),
            facet_sizes=sizes,
            facet_members=members,
            **arrays,
        )
    temporary.replace(path)


def load(path: Path, *, version: str) -> Index | None:
    """The index kept at `path`, or None when there is none of that version (or the file is damaged)."""
    try:
        with np.load(path, allow_pickle=False) as file:
            text = json.loads(file["text"].tobytes())
            if text["format"] != FORMAT or text["version"] != version:
                return None
            ends = np.cumsum(file["facet_sizes"])
            members = np.split(file["facet_members"], ends[:-1]) if len(ends) else []
            return Index(
                version=version,
                product_ids=text["product_ids"],
                words={word: number for number, word in enumerate(text["words"])},
                spelling=text["spelling"],
                facets=dict(zip(text["facets"], members, strict=True)),
                **{name: file[name] for name in ARRAYS},
            )
    except (OSError, ValueError, KeyError, EOFError):
        return None


def rarest(index: Index) -> float:
    """The weight of a word that one product has."""
    return math.log(1 + (len(index.product_ids) - 0.5) / 1.5) if index.product_ids else 0.0
