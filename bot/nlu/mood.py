"""Rasa component: whether the shopper is angry, frustrated or calm, and what in the message says so."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.core.folding import fold
from bot.nlu import mood_model, sources
from bot.nlu.entities import READING
from bot.nlu.importer import LANGUAGE
from bot.nlu.language import ENGLISH, MESSAGE_LANGUAGE
from bot.nlu.mood_model import LABELS, MoodModel
from bot.nlu.mood_signs import lexicon, moods, signs

OUTPUT = "mood"
ANGRY, FRUSTRATED, CALM = LABELS
LEFT_OUT = frozenset({"helpful_no", "talk_to_person", "stop", "bot_challenge"})  # said in any mood
MOST_CALM = 900  # examples of other intents in a language: enough, and training stays short
SHAPE = frozenset({"capitals", "exclamation"})  # reasons that alone say little
_UNTAUGHT = (0.0, 0.0, 2.0)  # of a language without examples: calm unless signs speak against it
_SPEAKS = 0.9  # evidence from which an example of another intent may be angry after all


@dataclass(frozen=True)
class Mood:
    """`score`: how likely the label is, 0-1; `reasons`: codes with what gave them, as `words: useless, liars`."""

    label: str = CALM
    score: float = 1.0
    reasons: tuple[str, ...] = ()


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class MoodReader(GraphComponent):
    """Sets `mood` (see `Mood`) of every message."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """`angry`: least likelihood of anger, `upset`: of anger and frustration together, `unsigned`: of the same where
        no word or mark of either is found; `taught`: weight of the model beside those.
        """
        return {
            "angry": 0.5,
            "upset": 0.55,
            "unsigned": 0.65,
            "taught": 0.85,
            "strength": 4.0,
            "random_seed": 7,
        }

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str | None:
        """What it learns depends on more than this class and the examples."""
        return sources.fingerprint()

    def __init__(self, config: dict[str, Any], storage: ModelStorage, resource: Resource) -> None:
        self._config = config
        self._storage = storage
        self._resource = resource
        self._models: dict[str, MoodModel] = {}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> MoodReader:
        """An untrained component."""
        return cls(config, model_storage, resource)

    def train(self, training_data: TrainingData) -> Resource:
        """Fit one model per language that has examples of anger."""
        with self._storage.write_to(self._resource) as folder:
            for code, examples in by_language(training_data.intent_examples).items():
                texts, labels = zip(*examples, strict=True)
                if set(labels) != set(LABELS):
                    continue
                model = mood_model.train(
                    texts,
                    labels,
                    strength=float(self._config["strength"]),
                    seed=int(self._config["random_seed"]),
                )
                (folder / code).mkdir()
                model.save(folder / code)
        return self._resource

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> MoodReader:
        """The trained component."""
        component = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as folder:
            for path in sorted(folder.iterdir()):
                component._models[path.name] = MoodModel.load(path)
                lexicon(path.name)  # reading it takes a moment, which no shopper shall wait for
        return component

    def process(self, messages: list[Message]) -> list[Message]:
        """Tell the mood; a payload has none of its own."""
        for message in messages:
            text = message.get(TEXT) or ""
            reading = message.get(READING)
            mood = Mood()
            if text and not text.startswith("/"):
                masked = reading.masked if reading is not None else text
                mood = self._mood(text, masked, message.get(MESSAGE_LANGUAGE) or ENGLISH)
            message.set(OUTPUT, {**asdict(mood), "reasons": list(mood.reasons)}, add_to_output=True)
        return messages

    def _mood(self, text: str, masked: str, language: str) -> Mood:
        text = text[:1000]
        found = signs(text, language)
        model = self._models.get(language)
        read = fold(masked, language)
        taught = model.scores(read).tolist() if model is not None else _UNTAUGHT
        weight = self._config["taught"]
        powers = [math.exp(a + weight * b) for a, b in zip(found.evidence, taught, strict=True)]
        angry, frustrated, calm = (power / sum(powers) for power in powers)
        has_signs = bool(found.reasons.keys() - SHAPE)
        if angry + frustrated < self._config["upset" if has_signs else "unsigned"]:
            return Mood(CALM, round(calm, 3))
        if angry >= self._config["angry"] or angry > 2 * frustrated:
            label, score = ANGRY, angry
        else:
            label, score = FRUSTRATED, angry + frustrated
        reasons = [
            ": ".join([code, ", ".join(said)]) if said else code for code, said in found.reasons.items()
        ]
        if not has_signs and model is not None:
            words = model.words(read)
            reasons = [*([f"wording: {', '.join(words)}"] if words else []), *reasons]
        return Mood(label, round(score, 3), tuple(reasons))


def by_language(examples: Iterable[Message]) -> dict[str, list[tuple[str, str]]]:
    """Language -> (text as the model reads it, label) of the examples of intents and those of mood.yml."""
    angry: dict[str, list[str]] = {}
    calm: dict[str, list[str]] = {}
    for example in examples:
        intent = example.get(INTENT)
        if intent not in LEFT_OUT:
            of_its_kind = angry if intent == "angry" else calm
            of_its_kind.setdefault(example.get(LANGUAGE, ENGLISH), []).append(example.get(TEXT))
    labelled: dict[str, list[tuple[str, str]]] = {}
    for code, texts in sorted(calm.items()):
        some = texts[:: -(-len(texts) // MOST_CALM)]
        said = [
            *_written(moods(code)),
            *((text, ANGRY) for text in angry.get(code, ())),
            *((text, CALM) for text in some if max(signs(text, code).evidence[:2]) < _SPEAKS),
        ]
        labelled[code] = [(fold(text, code), label) for text, label in said]
    return labelled


def _written(mood: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for label, texts in (mood.get("examples") or {}).items():
        for text in texts:
            yield str(text), str(label)
