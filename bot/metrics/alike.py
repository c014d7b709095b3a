"""Putting questions together that ask the same in other words; no language is assumed."""

import hashlib
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import log, sqrt

MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
# Long numbers and codes with digits: order numbers, phone numbers, postcodes.
CODE = re.compile(r"#?\b(?=\w*\d)[\w-]{4,}\b|\+?\d[\d\s/-]{5,}\d")
WORD = re.compile(r"[^\W_]+")
LIKENESS = (
    0.27  # average cosine to the members; the best of a grid over nine topics and look-alikes of others
)
CALM = 50  # as if there were that many more texts: with a handful, nothing is rare yet
RARITY = 1.5  # power of the weights: rare letters in a row say more than "do you"
MOST_DISTINCT = 1500  # more are counted by exact wording only


@dataclass(frozen=True)
class Group:
    """Questions that belong together: the most frequent wording, and the positions of all in the input."""

    key: str
    text: str
    members: tuple[int, ...]
    wordings: int


def masked(text: str) -> str:
    """The text with addresses and numbers that could name a person taken out."""
    return CODE.sub("#", MAIL.sub("@", " ".join(text.split())))[:300]


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKD", masked(text).casefold())
    return " ".join(WORD.findall("".join(char for char in folded if not unicodedata.combining(char))))


def groups(texts: Sequence[str]) -> list[Group]:
    """Groups of alike texts, biggest first; each text is in exactly one."""
    by_wording: dict[str, list[int]] = defaultdict(list)
    for position, text in enumerate(texts):
        by_wording[_plain(text) or masked(text)].append(position)
    wordings = sorted(by_wording, key=lambda wording: (-len(by_wording[wording]), wording))
    weights = _weights(wordings[:MOST_DISTINCT])
    leaders: list[str] = []
    together: dict[str, list[str]] = {}
    centres: dict[str, dict[int, float]] = defaultdict(
        dict
    )  # feature -> group -> sum of its members' weights
    for place, wording in enumerate(wordings):
        vector = _vector(wording, weights) if place < MOST_DISTINCT else {}
        group = _closest(vector, centres, [len(together[leader]) for leader in leaders])
        if group is None:
            group = len(leaders)
            leaders.append(wording)
            together[wording] = []
        together[leaders[group]].append(wording)
        for feature, weight in vector.items():
            centres[feature][group] = centres[feature].get(group, 0.0) + weight
    found = []
    for leader_wording, same in together.items():
        members = tuple(sorted(position for wording in same for position in by_wording[wording]))
        example = masked(texts[by_wording[leader_wording][0]])
        found.append(Group(_key(leader_wording), example, members, len(same)))
    return sorted(found, key=lambda group: (-len(group.members), group.text))


def _key(wording: str) -> str:
    return hashlib.sha256(wording.encode()).hexdigest()[:16]


def _features(wording: str) -> set[str]:
    """Three letters in a row, with the ends of words: endings and small slips change only a few of them."""
    padded = [f" {word} " for word in wording.split()]
    return {word[start : start + 3] for word in padded for start in range(len(word) - 2)}


def _weights(wordings: Sequence[str]) -> dict[str, float]:
    """Rare features say more: log(1 + (N + CALM) / texts with the feature), to a power."""
    counts = Counter(feature for wording in wordings for feature in _features(wording))
    return {feature: log(1 + (len(wordings) + CALM) / n) ** RARITY for feature, n in counts.items()}


def _vector(wording: str, weights: dict[str, float]) -> dict[str, float]:
    features = _features(wording)
    norm = sqrt(sum(weights[feature] ** 2 for feature in features)) or 1.0
    return {feature: weights[feature] / norm for feature in sorted(features)}


def _closest(
    vector: dict[str, float], centres: dict[str, dict[int, float]], sizes: Sequence[int]
) -> int | None:
    """The group whose members are on average most alike, when they are alike enough."""
    likeness: dict[int, float] = defaultdict(float)
    for feature, weight in vector.items():
        for group, total in centres[feature].items():
            likeness[group] += weight * total / sizes[group]
    if not likeness:
        return None
    best = max(likeness, key=lambda group: (likeness[group], -group))
    return best if likeness[best] >= LIKENESS else None
