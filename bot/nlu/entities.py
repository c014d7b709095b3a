"""Rasa component: recognises order numbers, addresses, prices and words of the catalogue with rules and spaCy."""

from __future__ import annotations

import json
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import ENTITIES, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.core import languages
from bot.nlu import sources
from bot.nlu.gazetteer import LiveGazetteer, default_path
from bot.nlu.importer import LANGUAGE
from bot.nlu.language import ENGLISH, MESSAGE_LANGUAGE
from bot.nlu.ngrams import words_of
from bot.nlu.orders import OrderNumbers
from bot.nlu.reading import CARRIERS, Reader
from bot.nlu.spans import as_entities
from bot.nlu.wording import wording

READING = "aisle_reading"
PRODUCT_INTENTS = frozenset(
    {
        "search_product",
        "product_price",
        "product_stock",
        "product_options",
        "product_details",
        "refine_search",
    }
)


def ordinary_words(training_data: TrainingData) -> frozenset[str]:
    """Words of English examples that are not about products: never taken for a slip in a product's name."""
    words = set(CARRIERS)
    for example in training_data.intent_examples:
        if example.get(INTENT) not in PRODUCT_INTENTS and example.get(LANGUAGE, ENGLISH) == ENGLISH:
            words.update(words_of(example.get(TEXT) or ""))
    return frozenset(words)


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=True)
class ShopEntityExtractor(EntityExtractorMixin, GraphComponent):
    """Entities: order_number, email, phone, postcode, payment_number, number, price_max, price_min, money, quantity,
    date, sort, ordinal, in_stock; of the catalogue brand, category, colour, size, option, material, product (a title);
    and query: what to search for, in the catalogue's words.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """How order numbers of this shop look."""
        return {"order_prefix": "A", "order_digits_min": 4, "order_digits_max": 6}

    def __init__(
        self, config: dict[str, Any], storage: ModelStorage, resource: Resource, ordinary: frozenset[str]
    ) -> None:
        self._storage = storage
        self._resource = resource
        self._orders = orders_of(config)
        self._ordinary = ordinary
        self._reader = Reader(LiveGazetteer(ordinary, default_path()), self._orders)

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str | None:
        """What it learns depends on more than this class and the examples."""
        return sources.fingerprint()

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> ShopEntityExtractor:
        """An untrained component."""
        return cls(config, model_storage, resource, frozenset(CARRIERS))

    def train(self, training_data: TrainingData) -> Resource:
        """Learn the ordinary words."""
        with self._storage.write_to(self._resource) as folder:
            (folder / "ordinary.json").write_text(
                json.dumps(sorted(ordinary_words(training_data))), encoding="utf-8"
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
    ) -> ShopEntityExtractor:
        """The trained component."""
        for code in languages.folders():
            wording(code)  # reading them takes a moment, which no shopper shall wait for
        with model_storage.read_from(resource) as folder:
            ordinary = frozenset(json.loads((folder / "ordinary.json").read_text(encoding="utf-8")))
        return cls(config, model_storage, resource, ordinary)

    def process(self, messages: list[Message]) -> list[Message]:
        """Add the entities, and the reading for the components behind."""
        for message in messages:
            text: str | None = message.get(TEXT)
            if not text or text.startswith("/"):
                continue
            reading = self._reader.read(text, message.get(MESSAGE_LANGUAGE) or ENGLISH)
            message.set(READING, reading)
            entities = as_entities(list(reading.spans), self.name)
            message.set(ENTITIES, message.get(ENTITIES, []) + entities, add_to_output=True)
        return messages


def orders_of(config: dict[str, Any]) -> OrderNumbers:
    """The order-number rules of a component's configuration."""
    return OrderNumbers(
        str(config["order_prefix"]), int(config["order_digits_min"]), int(config["order_digits_max"])
    )
