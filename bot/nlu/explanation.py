"""Why a message is understood as it is: what each part of the pipeline made of it, for people to read.

Nothing of a turn: it runs the parts of a loaded model once more, takes words away to see what they do, and compares
the message with every example (some hundred milliseconds).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from rasa.shared.nlu.constants import ENTITIES, INTENT, METADATA, TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.nlu import several
from bot.nlu.decision import DECIDED, Decision
from bot.nlu.ensemble import INSIDE, OUTSIDE, Ensemble
from bot.nlu.entities import ShopEntityExtractor
from bot.nlu.fitting import softmax
from bot.nlu.intents import (
    COVERAGE,
    LEAVES,
    LeafIntentClassifier,
    read_by_rules,
)
from bot.nlu.language import OUTPUT, LanguageIdentifier, weighed
from bot.nlu.spoken import Spoken, folded

LEAVES_SHOWN = 5
NEAREST = 5
LANGUAGES_SHOWN = 3
GRAMS_SHOWN = 6
WORDS_AT_MOST = 16  # of a longer message the first: each word taken away is one more reading
VIEWS = ("n-grams", "n-grams and embedding", "likeness to the examples")
KINDS = {
    "w": "word",
    "p": "pair",
    "h": "hint",
    "c": "meaning",
    "q": "pair of meanings",
    "s": "meanings apart",
}
_WORD = re.compile(r"\S+")


@dataclass(frozen=True)
class Parts:
    """The parts of a loaded model that understand."""

    languages: LanguageIdentifier
    entities: ShopEntityExtractor
    classifier: LeafIntentClassifier
    decision: Decision

    @classmethod
    def of(cls, components: Iterable[object]) -> Parts | None:
        """Those among all components of a model; None where its pipeline is not ours."""
        by_kind = {type(component): component for component in components}
        kinds = (LanguageIdentifier, ShopEntityExtractor, LeafIntentClassifier, Decision)
        if any(kind not in by_kind for kind in kinds):
            return None
        return cls(*(by_kind[kind] for kind in kinds))  # type: ignore[arg-type]


def explain(parts: Parts, text: str, metadata: Mapping[str, Any]) -> dict[str, Any]:
    """All about one message as JSON; its fields are in docs/nlu.md. `metadata` as the desk gives it with a turn."""
    message = _read(parts, text, metadata)
    leaves = message.get(LEAVES) or []
    found: dict[str, Any] = {
        "text": text,
        "language": _language(parts.languages, message, metadata),
        "entities": _entities(message),
        "leaves": [
            {"leaf": leaf["name"], "title": leaf.get("title", ""), "confidence": leaf["confidence"]}
            for leaf in leaves[:LEAVES_SHOWN]
        ],
        "decision": _decision(message),
        "requests": _requests(parts, message),
    }
    if not text.strip() or message.get(DECIDED) is None:  # one of our own buttons: there is nothing to weigh
        return {**found, **_nothing()}
    masked, hints = read_by_rules(message)
    readers = parts.classifier.readers(message)
    code, _, spoken = readers[-1]
    read = folded(masked, code)
    vector = parts.classifier.vector(spoken, masked)
    judge, compared = _judge(spoken, leaves)
    prediction = spoken.model.predict(read, hints, vector)
    nearest_by, nearest = _nearest(spoken, read, vector)
    return {
        **found,
        "read_as": [
            {"language": other, "share": round(share, 3), "text": folded(masked, other)}
            for other, share, _ in reversed(readers)
        ],
        "hints": list(hints),
        "known_words": round(float(message.get(COVERAGE) or 0.0), 3),
        "scope": {
            "of_needed": found["decision"]["scope"],
            "value": round(prediction.scope, 3),
            "threshold": round(spoken.model.threshold, 3),
            "outside": round(spoken.outside(spoken.model.features(read, hints)), 3),
        },
        "views": _views(judge, read, hints, vector),
        "compared": list(compared),
        "words": _words(
            judge,
            compared,
            masked,
            hints,
            lambda text: (folded(text, code), parts.classifier.vector(spoken, text)),
        ),
        "grams": _grams(judge, compared, read, hints),
        "nearest_by": nearest_by,
        "nearest": nearest,
    }


def _read(parts: Parts, text: str, metadata: Mapping[str, Any]) -> Message:
    message = Message({TEXT: text, METADATA: dict(metadata)})
    for part in (parts.languages, parts.entities, parts.classifier, parts.decision):
        part.process([message])
    return message


def _requests(parts: Parts, message: Message) -> list[dict[str, Any]]:
    """What a message that asks for several things is taken apart into; nothing where it is read as one."""

    def read(text: str, metadata: Mapping[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = _read(parts, text, metadata).as_dict(only_output_properties=True)
        return found

    found = several.parts(message.as_dict(only_output_properties=True), read)
    return [
        {"text": one.text, "leaf": leaf, "confidence": confidence}
        for one in found
        for leaf, confidence in [several.leaf_of(one.parsed)]
    ]


def _nothing() -> dict[str, Any]:
    return {
        "read_as": [],
        "hints": [],
        "known_words": None,
        "scope": None,
        "views": [],
        "compared": [],
        "words": [],
        "grams": {"for": [], "against": []},
        "nearest_by": "",
        "nearest": [],
    }


def _language(part: LanguageIdentifier, message: Message, metadata: Mapping[str, Any]) -> dict[str, Any]:
    told = message.get(OUTPUT) or {}
    shares = weighed(part.model, message.get(TEXT) or "", metadata)
    ranked = (
        sorted(shares.items(), key=lambda item: -item[1])[:LANGUAGES_SHOWN] if told.get("confidence") else []
    )
    return {
        **{name: told.get(name) for name in ("message", "answer", "confidence", "is_sure")},
        "ranking": [{"language": label, "share": round(share, 3)} for label, share in ranked],
    }


def _entities(message: Message) -> list[dict[str, Any]]:
    text = message.get(TEXT) or ""
    return [
        {
            "entity": one["entity"],
            "value": one["value"],
            "text": text[one["start"] : one["end"]],
            "start": one["start"],
            "end": one["end"],
            "role": one.get("role", ""),
        }
        for one in message.get(ENTITIES) or []
    ]


def _decision(message: Message) -> dict[str, Any]:
    intent, decided = message.get(INTENT) or {}, message.get(DECIDED) or {}
    return {
        "intent": intent.get("name"),
        "why": decided.get("why", ""),
        "scope": decided.get("scope"),
        "offers": [leaf["name"] for leaf in message.get("candidates") or []],
    }


def _judge(spoken: Spoken, leaves: Sequence[Mapping[str, Any]]) -> tuple[Ensemble, tuple[str, str]]:
    """Which model put the best leaf first, and the two classes of it to compare."""
    if leaves[0]["name"] == OUTSIDE and spoken.gate is not None:
        return spoken.gate, (OUTSIDE, INSIDE)
    known = [leaf["name"] for leaf in leaves if leaf["name"] in spoken.model.classes]
    return spoken.model, (known[0], known[min(1, len(known) - 1)])


def _views(
    model: Ensemble, read: str, hints: Sequence[str], vector: np.ndarray | None
) -> list[dict[str, Any]]:
    """What each view says by itself, and how much say it has."""
    logs = model.views.log_probabilities(model.features(read, hints), vector if model.uses_encoder else None)
    found = []
    for name, weight, row in zip(VIEWS, model.mixture.tolist(), logs, strict=False):
        probabilities = softmax(row)
        order = np.argsort(-probabilities)[:2]
        found.append(
            {
                "view": name,
                "weight": round(weight, 2),
                "leaves": [
                    {"leaf": model.classes[number], "confidence": round(float(probabilities[number]), 3)}
                    for number in order
                ],
            }
        )
    return found


def _words(
    judge: Ensemble,
    compared: tuple[str, str],
    masked: str,
    hints: Sequence[str],
    read: Callable[[str], tuple[str, np.ndarray | None]],
) -> list[dict[str, Any]]:
    """For each word how much likelier it makes the best class and the second: logs of with over without."""
    numbers = [judge.classes.index(name) for name in compared]

    def logs(text: str) -> np.ndarray:
        folded_text, vector = read(text)
        return np.log(judge.predict(folded_text, hints, vector).probabilities[numbers] + 1e-9)

    words = list(_WORD.finditer(masked))[:WORDS_AT_MOST]
    if len(words) < 2:  # nothing would be left to read
        return []
    whole = logs(masked)
    found = []
    for word in words:
        change = whole - logs(f"{masked[: word.start()]}{masked[word.end() :]}".strip())
        found.append(
            {
                "word": word.group(),
                "for_best": round(float(change[0]), 2),
                "for_second": round(float(change[1]), 2),
            }
        )
    return found


def _grams(
    judge: Ensemble, compared: tuple[str, str], read: str, hints: Sequence[str]
) -> dict[str, list[dict[str, Any]]]:
    """What in the n-grams' regression speaks most for the best class against the second, and the other way."""
    views = judge.views
    rows, values = judge.features(read, hints)
    best, second = (judge.classes.index(name) for name in compared)
    weights = values * (views.weights[rows, best] - views.weights[rows, second])
    names = list(views.vectoriser.vocabulary)
    order = np.argsort(-weights)
    return {
        "for": [_gram(names[rows[at]], weights[at]) for at in order[:GRAMS_SHOWN] if weights[at] > 0],
        "against": [
            _gram(names[rows[at]], weights[at]) for at in order[::-1][:GRAMS_SHOWN] if weights[at] < 0
        ],
    }


def _gram(name: str, weight: float) -> dict[str, Any]:
    head, colon, rest = name.partition(":")
    kind = KINDS.get(head, "") if colon else ""
    return {
        "gram": rest if kind else name.replace(" ", "_"),
        "kind": kind or "letters",
        "weight": round(float(weight), 3),
    }


def _nearest(spoken: Spoken, read: str, vector: np.ndarray | None) -> tuple[str, list[dict[str, Any]]]:
    """By what they are compared, and the examples most like the message."""
    examples = spoken.examples()
    views = spoken.model.views
    # the rows behind the examples are the names of the classes
    is_kept = len(views.examples) == len(examples) + len(spoken.model.classes)
    if vector is not None and spoken.model.uses_encoder and is_kept:
        likeness, by = (views.examples[: len(examples)] @ vector), "embeddings"
    else:
        likeness, by = _shared(spoken.model, read, [one.read for one in examples]), "n-grams"
    found, seen = [], set()
    for number in np.argsort(-likeness, kind="stable"):
        one = examples[number]
        if one.read in seen:
            continue
        seen.add(one.read)
        found.append({"text": one.text, "leaf": one.leaf, "likeness": round(float(likeness[number]), 3)})
        if len(found) == NEAREST:
            break
    return by, found


def _shared(model: Ensemble, read: str, texts: Sequence[str]) -> np.ndarray:
    """Cosine of the n-grams of a text with those of others."""
    vectoriser = model.views.vectoriser
    whole = np.zeros(len(vectoriser.vocabulary), np.float32)
    rows, values = model.features(read)
    whole[rows] = values / max(float(np.linalg.norm(values)), 1e-9)
    found = np.zeros(len(texts), np.float32)
    for number, text in enumerate(texts):
        rows, values = model.features(text)
        found[number] = whole[rows] @ values / max(float(np.linalg.norm(values)), 1e-9)
    return found
