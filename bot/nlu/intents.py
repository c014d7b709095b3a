"""Rasa component: which of the intents (and which answer of a retrieval intent) a message means.

One model per language over all leaves: an answer such as `faq/returns` competes with `cancel_order` directly, and the
response selector behind only reads the leaves. A message that may be in two languages is read by both models.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, INTENT_RESPONSE_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.core.folding import fold
from bot.nlu import embeddings, encoder, ensemble, sources
from bot.nlu.encoder import Embedder, SentenceEncoder
from bot.nlu.ensemble import Ensemble
from bot.nlu.entities import READING, orders_of, ordinary_words
from bot.nlu.gazetteer import LiveGazetteer
from bot.nlu.importer import LANGUAGE
from bot.nlu.language import ENGLISH, SHARES
from bot.nlu.ngrams import Style, grams
from bot.nlu.off_topic import OFF_TOPIC
from bot.nlu.reading import MASKS, Reader

LEAVES = "aisle_leaves"
COVERAGE = "aisle_coverage"
SCOPE = "aisle_scope"
RANKING_LENGTH = 6
OUT_OF_SCOPE, INSIDE = "out_of_scope", "inside"
OUTSIDE_FOR_GATE = 40  # fewer examples of what is out of scope teach nothing of it
OUTSIDE_FOR_THRESHOLD = 120  # the first ones are enough to find a threshold by
SURE_OUTSIDE = 0.85  # from which the bot says so, instead of asking back
GATE = "gate"
EXAMPLES = "examples.json.z"
# what the encoder reads where the n-grams read a mask
SPOKEN_MASKS = {
    MASKS[name]: words
    for name, words in {
        "order_number": "order number",
        "email": "e-mail address",
        "postcode": "postcode",
        "number": "number",
    }.items()
}


@dataclass(frozen=True)
class Taught:
    """One example as it is written, its leaf, and as the n-grams read it."""

    text: str
    leaf: str
    read: str


@dataclass(frozen=True)
class Spoken:
    """What the classifier knows in one language; `titles`: leaf -> its wording in 'did you mean'.

    `gate` tells what is no business of a shop; None where there are too few examples of that. `packed`: the examples of
    `model` as `Taught` in their order, packed, as only an explanation asks for them.
    """

    model: Ensemble
    gate: Ensemble | None
    titles: Mapping[str, str]
    packed: bytes

    def outside(self, parts: tuple[list[str], list[str]]) -> float:
        """Probability that a message, given by its n-grams, is none of the shop's business."""
        if self.gate is None:
            return 0.0
        found = self.gate.predict_parts(parts)
        return float(found.probabilities[self.gate.classes.index(OUT_OF_SCOPE)])

    def examples(self) -> list[Taught]:
        """What it was taught with."""
        return [Taught(*row) for row in json.loads(zlib.decompress(self.packed))]


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class LeafIntentClassifier(IntentClassifier, GraphComponent):
    """Sets `intent`, `intent_ranking` and, for the components behind, the leaves with their titles."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """`strength` is the inverse of the regularisation; how order numbers look as for the entities."""
        return {
            "strength": 20.0,
            "random_seed": 7,
            "order_prefix": "A",
            "order_digits_min": 4,
            "order_digits_max": 6,
        }

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str | None:
        """What it learns depends on more than this class and the examples."""
        return sources.fingerprint()

    def __init__(self, config: dict[str, Any], storage: ModelStorage, resource: Resource) -> None:
        self._config = config
        self._storage = storage
        self._resource = resource
        self._spoken: dict[str, Spoken] = {}
        self._encoder: SentenceEncoder | None = None
        self._classes: frozenset[str] = frozenset()

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> LeafIntentClassifier:
        """An untrained component."""
        return cls(config, model_storage, resource)

    def train(self, training_data: TrainingData) -> Resource:
        """Fit one model per language; the intent's `metadata: title` becomes its wording in 'did you mean'."""
        reader = Reader(LiveGazetteer(ordinary_words(training_data)), orders_of(self._config))
        by_language: dict[str, list[Message]] = {}
        for message in training_data.intent_examples:
            by_language.setdefault(message.get(LANGUAGE, ENGLISH), []).append(message)
        with self._storage.write_to(self._resource) as folder:
            for code, messages in sorted(by_language.items()):
                spoken = self._fit(code, messages, reader)
                (folder / code).mkdir()
                spoken.model.save(folder / code)
                if spoken.gate is not None:
                    (folder / code / GATE).mkdir()
                    spoken.gate.save(folder / code / GATE)
                (folder / code / "titles.json").write_text(
                    json.dumps(spoken.titles, ensure_ascii=False), encoding="utf-8"
                )
                (folder / code / EXAMPLES).write_bytes(spoken.packed)
        return self._resource

    def _fit(self, code: str, messages: Sequence[Message], reader: Reader) -> Spoken:
        is_english = code == ENGLISH
        found = encoder.load() if is_english else None
        examples, labels, titles = [], [], {}
        for message in messages:
            leaf = message.get(INTENT_RESPONSE_KEY) or message.get(INTENT)
            reading = reader.read(message.get(TEXT), code)
            examples.append((folded(reading.masked, code), reading.hints))
            labels.append(leaf)
            title = ((message.get("metadata") or {}).get("intent") or {}).get("title")
            if title:
                titles[leaf] = title
        embedder = InWords(embeddings.kept(found)) if found is not None else None
        settings = ensemble.Settings(
            strength=float(self._config["strength"]),
            seed=int(self._config["random_seed"]),
            style=Style(has_concepts=is_english),
        )
        outside = [text for (text, _), leaf in zip(examples, labels, strict=True) if leaf == OUT_OF_SCOPE]
        outside += OFF_TOPIC if is_english else ()
        inside = [
            (example, leaf) for example, leaf in zip(examples, labels, strict=True) if leaf != OUT_OF_SCOPE
        ]
        model = ensemble.train(
            [example for example, _ in inside],
            [leaf for _, leaf in inside],
            names={leaf: _named(leaf, titles) for leaf in labels},
            embedder=embedder,
            off_topic=outside[:OUTSIDE_FOR_THRESHOLD],
            settings=settings,
        )
        gate = None
        if len(outside) >= OUTSIDE_FOR_GATE:
            gate = ensemble.train(
                [example for example, _ in inside] + [(text, ()) for text in outside],
                [INSIDE] * len(inside) + [OUT_OF_SCOPE] * len(outside),
                names={},
                embedder=None,  # which would tell a hundredth more, for twice the time
                settings=settings,
            )
        rows = [
            (message.get(TEXT), leaf, read)
            for message, leaf, (read, _) in zip(messages, labels, examples, strict=True)
            if leaf != OUT_OF_SCOPE
        ]
        return Spoken(model, gate, titles, zlib.compress(json.dumps(rows, ensure_ascii=False).encode()))

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> LeafIntentClassifier:
        """The trained component."""
        component = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as folder:
            for path in sorted(folder.iterdir()):
                titles = json.loads((path / "titles.json").read_text(encoding="utf-8"))
                gate = Ensemble.load(path / GATE) if (path / GATE).is_dir() else None
                component._spoken[path.name] = Spoken(
                    Ensemble.load(path), gate, titles, (path / EXAMPLES).read_bytes()
                )
        component._classes = frozenset(
            [OUT_OF_SCOPE, *(leaf for spoken in component._spoken.values() for leaf in spoken.model.classes)]
        )
        if any(spoken.model.uses_encoder for spoken in component._spoken.values()):
            component._encoder = encoder.load()
        return component

    def process(self, messages: list[Message]) -> list[Message]:
        """Classify; a payload such as `/faq/returns` (our own buttons) names its leaf itself."""
        for message in messages:
            leaves = self._leaves(message)
            message.set(LEAVES, leaves)
            ranking: dict[str, float] = {}
            for leaf in leaves:
                ranking.setdefault(leaf["name"].split("/")[0], leaf["confidence"])
            intents = [{"name": name, "confidence": confidence} for name, confidence in ranking.items()]
            message.set(
                INTENT, intents[0] if intents else {"name": None, "confidence": 0.0}, add_to_output=True
            )
            message.set("intent_ranking", intents[:RANKING_LENGTH], add_to_output=True)
        return messages

    def _leaves(self, message: Message) -> list[dict[str, Any]]:
        text = message.get(TEXT) or ""
        if text.startswith("/") and text[1:].strip() in self._classes:
            return [{"name": text[1:].strip(), "confidence": 1.0}]
        masked, hints = read_by_rules(message)
        together: dict[str, float] = {}
        titles: Mapping[str, str] = {}
        scope = coverage = outside = 0.0
        for code, share, spoken in self.readers(message):
            text, vector = folded(masked, code), self.vector(spoken, masked)
            parts = grams(text, hints, spoken.model.style)  # of both models: they are trained in one style
            prediction = spoken.model.predict_parts(parts, vector)
            out = spoken.outside(parts)
            for leaf, probability in zip(
                spoken.model.classes, prediction.probabilities.tolist(), strict=True
            ):
                together[leaf] = together.get(leaf, 0.0) + share * probability * (1 - out)
            outside += share * out
            scope += share * (1 - out) * (prediction.scope / max(spoken.model.threshold, 0.01)) ** 0.5
            coverage = max(coverage, spoken.model.coverage(text))
            titles = spoken.titles  # of the likeliest language, which comes last
        if outside >= SURE_OUTSIDE:
            together[OUT_OF_SCOPE] = outside
        message.set(SCOPE, scope)
        message.set(COVERAGE, coverage)
        best = sorted(together.items(), key=lambda item: -item[1])
        return [
            {"name": leaf, "confidence": round(probability, 4), "title": titles.get(leaf, "")}
            for leaf, probability in best
        ]

    def readers(self, message: Message) -> list[tuple[str, float, Spoken]]:
        """(language, share of the say, what is known in it) of all that read a message, the likeliest last."""
        shares = {
            code: share for code, share in (message.get(SHARES) or {}).items() if code in self._spoken
        } or {ENGLISH: 1.0}
        total = sum(shares.values())
        ordered = sorted(shares.items(), key=lambda item: item[1])
        return [(code, share / total, self._spoken[code]) for code, share in ordered]

    def vector(self, spoken: Spoken, masked: str) -> np.ndarray | None:
        """The embedding of a message, where a model has use for it."""
        if self._encoder is None or not spoken.model.uses_encoder:
            return None
        return self._encoder.encode_one(spoken_out(masked))


class InWords:
    """An embedder that gets masks in words."""

    def __init__(self, behind: Embedder) -> None:
        self._behind = behind

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """float32, texts x size; rows have length one."""
        return self._behind.encode([spoken_out(text) for text in texts])


def read_by_rules(message: Message) -> tuple[str, Sequence[str]]:
    """The text with what was recognised masked, and the hints."""
    reading = message.get(READING)
    return (reading.masked, reading.hints) if reading is not None else (message.get(TEXT) or "", ())


def folded(masked: str, code: str) -> str:
    """What the n-grams read: other languages than English in Latin letters without diacritics, as many type them."""
    return masked if code == ENGLISH else fold(masked, code)


def spoken_out(masked: str) -> str:
    """What the encoder reads: masks in words."""
    for mask, words in SPOKEN_MASKS.items():
        if mask in masked:
            masked = masked.replace(mask, words)
    return masked


def _named(leaf: str, titles: Mapping[str, str]) -> str:
    return titles.get(leaf) or leaf.rpartition("/")[2].replace("_", " ")
