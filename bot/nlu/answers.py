"""Rasa component: picks the answer of a retrieval intent (`faq/…`, `chitchat/…`) from the leaves already ranked.

Writes the same message property as Rasa's ResponseSelector, so that `utter_faq` works, without a second model.
"""

from __future__ import annotations

import json
import warnings
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.nlu.intents import LEAVES

RANKING_LENGTH = 3

# Rasa knows no response selector but its own
warnings.filterwarnings(
    "ignore", message="You have defined training data with examples for training a response"
)
# and looks for `/intent` payloads behind the pipeline, where it warns of `/faq/returns`, which the classifier has read
warnings.filterwarnings("ignore", message=r"Failed to parse arguments in line '/\w+/", category=UserWarning)


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class AnswerSelector(GraphComponent):
    """Sets `response_selector` for the retrieval intents in question."""

    def __init__(self, storage: ModelStorage, resource: Resource) -> None:
        self._storage = storage
        self._resource = resource
        self._intents: list[str] = []
        self._responses: dict[str, list[dict[str, Any]]] = {}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> AnswerSelector:
        """An untrained component."""
        return cls(model_storage, resource)

    def train(self, training_data: TrainingData) -> Resource:
        """Keep the answers."""
        self._intents = sorted(training_data.retrieval_intents)
        self._responses = {key: list(texts) for key, texts in training_data.responses.items()}
        with self._storage.write_to(self._resource) as folder:
            kept = {"intents": self._intents, "responses": self._responses}
            (folder / "answers.json").write_text(json.dumps(kept, ensure_ascii=False), encoding="utf-8")
        return self._resource

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> AnswerSelector:
        """The trained component."""
        component = cls(model_storage, resource)
        with model_storage.read_from(resource) as folder:
            kept = json.loads((folder / "answers.json").read_text(encoding="utf-8"))
        component._intents, component._responses = kept["intents"], kept["responses"]
        return component

    def process(self, messages: list[Message]) -> list[Message]:
        """Add the property."""
        for message in messages:
            leaves: list[dict[str, Any]] = message.get(LEAVES) or []
            selected: dict[str, Any] = {"all_retrieval_intents": self._intents}
            for intent in self._intents:
                ranked = [leaf for leaf in leaves if leaf["name"].startswith(f"{intent}/")][:RANKING_LENGTH]
                if ranked:
                    selected[intent] = self._selection(ranked, is_meant=ranked[0] is leaves[0])
            message.set("response_selector", selected, add_to_output=True)
        return messages

    def _selection(self, ranked: list[dict[str, Any]], *, is_meant: bool) -> dict[str, Any]:
        name = ranked[0]["name"]
        # the texts travel with every stored event: only where they are about to be said
        texts = self._responses.get(f"utter_{name}", [{"text": name}]) if is_meant else []
        return {
            "response": {
                "responses": texts,
                "confidence": ranked[0]["confidence"],
                "intent_response_key": name,
                "utter_action": f"utter_{name}",
            },
            "ranking": [
                {"confidence": leaf["confidence"], "intent_response_key": leaf["name"]} for leaf in ranked
            ],
        }
