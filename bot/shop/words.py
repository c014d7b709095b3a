"""Cutting text into the words that search compares: folded, model codes kept, plurals made one."""

import re
import unicodedata
from functools import lru_cache

TOKEN = re.compile(r"\d+(?:\.\d+)+|[^\W_]+(?:[-/+.'’][^\W_]+)*", re.UNICODE)
PART = re.compile(r"\d+(?:\.\d+)+|[^\W_]+", re.UNICODE)
UNIT = re.compile(r"^(\d+(?:\.\d+)?)([a-z]{1,4})$")  # 500gb, 1.5m, 27in
IRREGULAR = {
    "lens": "lens",
    "lenses": "lens",
    "knives": "knife",
    "shelves": "shelf",
    "scarves": "scarf",
    "wolves": "wolf",
    "loaves": "loaf",
    "leaves": "leaf",
    "feet": "foot",
    "men": "man",
    "women": "woman",
    "children": "child",
    "mice": "mouse",
    "tights": "tights",
    "bus": "bus",
    "gas": "gas",
    "plus": "plus",
    "series": "series",
    "colors": "colour",
    "color": "colour",
    "colored": "colour",
    "coloured": "colour",
    "gray": "grey",
    "grey": "grey",
    "tshirt": "tshirt",
}
LONGEST = 40  # a longer run of letters is no word


def fold(text: str) -> str:
    """`text` in small letters without accents: 'Žalias Café' -> 'zalias cafe'."""
    if text.isascii():
        return text.lower()
    split = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in split if not unicodedata.combining(char))


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """A folded word with its English plural removed; anything else stays as it is."""
    known = IRREGULAR.get(word)
    if known is not None:
        return known
    if len(word) < 4 or not word.endswith("s") or not word.isalpha():
        return word
    if word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies"):
        return word[:-3] + "y" if len(word) > 4 else word[:-1]
    if word.endswith(("xes", "ches", "shes", "sses", "zes")):
        return word[:-2]
    return word[:-1]


def forms(word: str) -> tuple[str, ...]:
    """What else an English verb may be in a word: 'hike' -> hiking, hiked; 'padding' -> padded, pad.

    Not what does it: a cleaner is a thing of its own.
    """
    ending = next((end for end in ("ing", "ed", "e") if word.endswith(end)), "")
    root = word[: len(word) - len(ending)]
    if len(root) < 3 or not word.isalpha() or not word.isascii():
        return ()
    roots = (root,) if ending else (root, root + root[-1])
    made = [f"{one}{end}" for one in roots for end in ("ing", "ed")]
    if ending in ("ing", "ed"):
        made += [root, f"{root}e", *([root[:-1]] if root[-1] == root[-2] else [])]
    return tuple(form for form in made if form != word)


@lru_cache(maxsize=200_000)
def _pieces(token: str) -> tuple[str, ...]:
    parts = PART.findall(token)
    if len(parts) > 1:
        joined = "".join(parts)
        stems = [stem(part) for part in parts if part != "s"]
        return (*stems, stem(joined)) if len(joined) <= LONGEST else tuple(stems)
    unit = UNIT.match(token)
    if unit and unit[2] not in ("s", "th", "st", "nd", "rd"):
        return (token, unit[1], unit[2])
    return (stem(token),)


def words(text: str) -> list[str]:
    """The words of `text` in order; 'TN-2110' gives tn, 2110 and tn2110, '500GB' also 500 and gb."""
    found: list[str] = []
    for token in TOKEN.findall(fold(text)):
        found.extend(_pieces(token[: 2 * LONGEST]))
    return found


def groups(text: str) -> list[tuple[str, ...]]:
    """The words of a query, one tuple for each token typed: its pieces, all of which mean the same thing."""
    return [_pieces(token[: 2 * LONGEST]) for token in TOKEN.findall(fold(text))]
