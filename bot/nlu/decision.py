"""Rasa component: whether the bot is sure enough to act on what it understood."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import ENTITIES, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.nlu.ensemble import OUTSIDE
from bot.nlu.entities import PRODUCT_INTENTS, READING
from bot.nlu.intents import COVERAGE, LEAVES, RANKING_LENGTH, SCOPE
from bot.nlu.language import OTHER, OUTPUT

FALLBACK = "nlu_fallback"
SEARCH = "search_product"
DECIDED = "decision"  # what the message was taken for and why the bot asks back, for people
NAMED = "named"  # in it, a product's name that an answer does not need: a second request of the message may
DECIDED_LEAVES = 3
CATALOGUE = "search_by_catalogue"
ANSWERS = "faq/"
ABOUT_PRODUCTS = frozenset(
    {"query", "option", "ordinal", "sort", "in_stock"}
)  # found by chance where products are not meant


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class Decision(IntentClassifier, GraphComponent):
    """Turns an unsure or ambiguous message into `nlu_fallback` and keeps what it may have meant as `candidates`."""

    @classmethod
    def required_components(cls) -> list[type]:
        """Behind a classifier."""
        return [IntentClassifier]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """`scope`: how much of the threshold found in training a message has to reach; `ambiguity`: least lead over
        the second; `candidate`: least to be offered; a message of which less than `coverage` of the words is known
        needs a confidence of `strange`. Two answers that have `together` of the confidence, the first with a lead
        below `close`, are both offered.
        """
        return {
            "scope": 0.6,
            "ambiguity": 0.06,
            "candidate": 0.06,
            "coverage": 0.35,
            "strange": 0.7,
            "close": 0.4,
            "together": 0.7,
        }

    def __init__(self, config: dict[str, Any]) -> None:
        self._config = config

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> Decision:
        """The component; it learns nothing."""
        return cls(config)

    def process(self, messages: list[Message]) -> list[Message]:
        """Decide, and drop what was found to search for where the message is about something else."""
        for message in messages:
            leaves = message.get(LEAVES) or []
            if not leaves or (message.get(TEXT) or "").startswith("/"):
                continue
            why = self._doubt(message, leaves)
            is_doubted = bool(why) or leaves[0]["name"] == OUTSIDE
            is_search = is_doubted and _names_products(message, leaves[0]["name"])
            are_close = self._are_close(leaves)
            if are_close and not why:
                why = "ambiguous"
            entities = message.get(ENTITIES) or []
            aside = ""
            if is_search:
                # the catalogue knows every word of it: "titanium spork", which no example could teach
                search = {"name": SEARCH, "confidence": leaves[0]["confidence"]}
                message.set(INTENT, search, add_to_output=True)
            elif why:
                self._fall_back(message, leaves[:2] if are_close else leaves, why)
            elif leaves[0]["name"] not in PRODUCT_INTENTS | {"show_more", "pick_product"}:
                kept = [e for e in entities if e["entity"] not in ABOUT_PRODUCTS or "role" in e]
                message.set(ENTITIES, kept, add_to_output=True)
                aside = next((str(e["value"]) for e in reversed(entities) if e["entity"] == "query"), "")
            message.set(
                DECIDED,
                {
                    "why": CATALOGUE if is_search else why,
                    "scope": round((message.get(SCOPE) or 0.0) / self._config["scope"], 2),
                    "leaves": [
                        {"intent": leaf["name"], "confidence": leaf["confidence"]}
                        for leaf in leaves[:DECIDED_LEAVES]
                    ],
                    **({NAMED: aside} if aside else {}),
                },
                add_to_output=True,
            )
        return messages

    def _doubt(self, message: Message, leaves: list[dict[str, Any]]) -> str:
        """Why not to act on the best leaf; empty where nothing speaks against it."""
        best, second = leaves[0]["confidence"], leaves[1]["confidence"] if len(leaves) > 1 else 0.0
        is_other_language = (message.get(OUTPUT) or {}).get("message") == OTHER
        if leaves[0]["name"] == OUTSIDE:  # which is sure of itself
            return "other_language" if is_other_language else ""
        why = ""
        if (message.get(SCOPE) or 0.0) < self._config["scope"]:
            why = "low_confidence"
        elif (message.get(COVERAGE) or 0.0) < self._config["coverage"] and best < self._config["strange"]:
            why = "low_confidence"  # another language, or keys at random: likely only by chance
        elif best - second < self._config["ambiguity"]:
            why = "ambiguous"
        return "other_language" if why and is_other_language else why

    def _are_close(self, leaves: list[dict[str, Any]]) -> bool:
        """Whether it is one of two answers, and hard to say which."""
        if len(leaves) < 2 or not all(
            leaf["name"].startswith(ANSWERS) and leaf["title"] for leaf in leaves[:2]
        ):
            return False
        best, second = leaves[0]["confidence"], leaves[1]["confidence"]
        return bool(best - second < self._config["close"] and best + second >= self._config["together"])

    def _fall_back(self, message: Message, leaves: list[dict[str, Any]], why: str) -> None:
        ranking = message.get("intent_ranking") or []
        fallback = {"name": FALLBACK, "confidence": leaves[0]["confidence"]}
        message.set(INTENT, {**fallback, "why": why}, add_to_output=True)
        message.set("intent_ranking", [fallback, *ranking][:RANKING_LENGTH], add_to_output=True)
        candidates = [
            leaf for leaf in leaves[:4] if leaf["title"] and leaf["confidence"] >= self._config["candidate"]
        ]
        message.set("candidates", candidates[:3], add_to_output=True)


def _names_products(message: Message, best: str) -> bool:
    reading = message.get(READING)
    hints = set(reading.hints) if reading is not None else set()
    return bool({"only_title", "one_title"} & hints) or ("has_title" in hints and best == SEARCH)
