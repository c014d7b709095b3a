"""Rasa component: which of the intents (and which answer of a retrieval intent) a message means.

One model per language over all leaves: an answer such as `faq/returns` competes with `cancel_order` directly, and the
response selector behind only reads the leaves. A message that may be in two languages is read by both models.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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

from bot.nlu import encoder, sources
from bot.nlu.encoder import SentenceEncoder
from bot.nlu.ensemble import OUTSIDE
from bot.nlu.entities import READING, orders_of, ordinary_words
from bot.nlu.importer import LANGUAGE
from bot.nlu.language import ENGLISH, SHARES
from bot.nlu.lessons import Lesson, teach_all
from bot.nlu.spoken import Spoken, folded, spoken_out

LEAVES = "aisle_leaves"
COVERAGE = "aisle_coverage"
SCOPE = "aisle_scope"
RANKING_LENGTH = 6
SURE_OUTSIDE = 0.85  # from which the bot says so, instead of asking back


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
        ordinary = ordinary_words(training_data)
        by_language: dict[str, list[Message]] = {}
        for message in training_data.intent_examples:
            by_language.setdefault(message.get(LANGUAGE, ENGLISH), []).append(message)
        lessons = [
            Lesson(
                code,
                [(message.get(TEXT), _leaf(message)) for message in messages],
                {_leaf(message): title for message in messages if (title := _title(message))},
                ordinary,
                orders_of(self._config),
                float(self._config["strength"]),
                int(self._config["random_seed"]),
            )
            for code, messages in sorted(by_language.items())
        ]
        with self._storage.write_to(self._resource) as folder:
            teach_all(lessons, folder)
        return self._resource

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
            component._spoken = {path.name: Spoken.load(path) for path in sorted(folder.iterdir())}
        component._classes = frozenset(
            [OUTSIDE, *(leaf for spoken in component._spoken.values() for leaf in spoken.model.classes)]
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
            features = spoken.model.features(text, hints)
            prediction = spoken.model.predict_features(features, vector)
            out = spoken.outside(features)
            for leaf, probability in zip(
                spoken.model.classes, prediction.probabilities.tolist(), strict=True
            ):
                together[leaf] = together.get(leaf, 0.0) + share * probability * (1 - out)
            outside += share * out
            scope += share * (1 - out) * (prediction.scope / max(spoken.model.threshold, 0.01)) ** 0.5
            coverage = max(coverage, spoken.model.coverage(text))
            titles = spoken.titles  # of the likeliest language, which comes last
        if outside >= SURE_OUTSIDE:
            together[OUTSIDE] = outside
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


def read_by_rules(message: Message) -> tuple[str, Sequence[str]]:
    """The text with what was recognised masked, and the hints."""
    reading = message.get(READING)
    return (reading.masked, reading.hints) if reading is not None else (message.get(TEXT) or "", ())


def _leaf(message: Message) -> str:
    return str(message.get(INTENT_RESPONSE_KEY) or message.get(INTENT))


def _title(message: Message) -> str:
    return str(((message.get("metadata") or {}).get("intent") or {}).get("title") or "")
