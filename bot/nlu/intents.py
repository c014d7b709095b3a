"""Rasa component: which of the intents (and which answer of a retrieval intent) a message means.

One model over all leaves: an answer such as `faq/returns` competes with `cancel_order` directly, and the
response selector behind only reads the leaves. Character and word n-grams carry typos and inflection.
"""

from __future__ import annotations

import json
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

from bot.nlu.entities import READING, orders_of, ordinary_words
from bot.nlu.gazetteer import LiveGazetteer
from bot.nlu.linear import LinearModel, train
from bot.nlu.reading import read

LEAVES = "aisle_leaves"
COVERAGE = "aisle_coverage"
RANKING_LENGTH = 6


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class LeafIntentClassifier(IntentClassifier, GraphComponent):
    """Sets `intent`, `intent_ranking` and, for the components behind, the leaves with their titles."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """`strength` is the inverse of the regularisation."""
        return {
            "strength": 20.0,
            "random_seed": 7,
            "order_prefix": "A",
            "order_digits_min": 4,
            "order_digits_max": 6,
        }

    def __init__(self, config: dict[str, Any], storage: ModelStorage, resource: Resource) -> None:
        self._config = config
        self._storage = storage
        self._resource = resource
        self._model: LinearModel | None = None
        self._titles: dict[str, Any] = {}

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
        """Fit the model; the intent's `metadata: title` becomes its wording in 'did you mean'."""
        gazetteer = LiveGazetteer(ordinary_words(training_data)).get()
        orders = orders_of(self._config)
        examples, labels = [], []
        for message in training_data.intent_examples:
            leaf = message.get(INTENT_RESPONSE_KEY) or message.get(INTENT)
            reading = read(message.get(TEXT), gazetteer, orders)
            examples.append((reading.masked, reading.hints))
            labels.append(leaf)
            title = ((message.get("metadata") or {}).get("intent") or {}).get("title")
            if title:
                self._titles[leaf] = title
        self._model = train(
            examples, labels, strength=float(self._config["strength"]), seed=int(self._config["random_seed"])
        )
        with self._storage.write_to(self._resource) as folder:
            self._model.save(folder)
            (folder / "titles.json").write_text(
                json.dumps(self._titles, ensure_ascii=False), encoding="utf-8"
            )
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
            component._model = LinearModel.load(folder)
            component._titles = json.loads((folder / "titles.json").read_text(encoding="utf-8"))
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
        assert self._model is not None  # noqa: S101 - Rasa loads before it processes
        if text.startswith("/") and text[1:].strip() in self._model.classes:
            return [{"name": text[1:].strip(), "confidence": 1.0}]
        reading = message.get(READING)
        masked, hints = (reading.masked, reading.hints) if reading is not None else (text, ())
        probabilities = self._model.probabilities(masked, hints)
        message.set(COVERAGE, self._model.coverage(masked))
        best = np.argsort(-probabilities)
        return [
            {
                "name": self._model.classes[i],
                "confidence": round(probability, 4),
                "title": self._titles.get(self._model.classes[i], ""),
            }
            for i, probability in zip(best.tolist(), probabilities[best].tolist())  # noqa: B905
        ]
