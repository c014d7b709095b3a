"""Rasa component: which language a message is in, and which one to answer in.

The desk says what the conversation has been in so far (`metadata: language, language_from`); one word does not change
it. Without a desk (`rasa shell`) each message is looked at by itself.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import METADATA, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.core import languages
from bot.nlu import sources
from bot.nlu.catalogue_words import CatalogueWords
from bot.nlu.gazetteer import default_path
from bot.nlu.importer import LANGUAGE
from bot.nlu.language_model import LanguageModel, train, words_of

MESSAGE_LANGUAGE = "aisle_language"  # the code whose words and examples a message is read with
SHARES = "aisle_language_shares"  # code -> share, of those worth looking at
OUTPUT = "language"
OTHER = "other"
LATIN = "-Latn"
ENGLISH = "en"
KEPT = {"": 1.0, "page": 4.0, "message": 12.0, "choice": 40.0}  # how many times likelier than another one
RARE = 0.02  # how likely one of the other languages is beside one of ours, before a word is read
SURE = 0.85
WORTH = 0.12  # least share of a language that is looked at beside the best one
WORDS_TO_CHANGE = {"": 1, "page": 1, "message": 2, "choice": 3}


@dataclass(frozen=True)
class Identified:
    """`message`: locale of the message, `other` when none of ours; `answer`: locale to answer in.

    `confidence` 0-1, in the message's language; `is_changed`: the conversation is answered in another one from now on.
    """

    message: str
    answer: str
    confidence: float
    is_changed: bool = False
    is_sure: bool = False


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class LanguageIdentifier(GraphComponent):
    """Sets `language` (see `Identified`) and what the components behind read a message with."""

    def __init__(self, storage: ModelStorage, resource: Resource) -> None:
        self._storage = storage
        self._resource = resource
        self._model: LanguageModel | None = None
        self._catalogue = CatalogueWords(default_path())

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
    ) -> LanguageIdentifier:
        """An untrained component."""
        return cls(model_storage, resource)

    def train(self, training_data: TrainingData) -> Resource:
        """Learn the languages of the examples, and from data/languages/others.tsv what others are like."""
        written: dict[str, list[str]] = {}
        for example in training_data.intent_examples:
            written.setdefault(example.get(LANGUAGE, ENGLISH), []).append(example.get(TEXT))
        self._model = train(examples_of(written))
        with self._storage.write_to(self._resource) as folder:
            self._model.save(folder)
        return self._resource

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> LanguageIdentifier:
        """The trained component."""
        component = cls(model_storage, resource)
        with model_storage.read_from(resource) as folder:
            component._model = LanguageModel.load(folder)
        return component

    @property
    def model(self) -> LanguageModel:
        """What it learnt; Rasa loads a component before anything else."""
        assert self._model is not None  # noqa: S101 - see above
        return self._model

    def process(self, messages: list[Message]) -> list[Message]:
        """Identify; a payload is in the language of its conversation."""
        names = self._catalogue.get()
        for message in messages:
            text, metadata = message.get(TEXT) or "", message.get(METADATA) or {}
            found, shares = identify(self.model, text, metadata, names)
            message.set(MESSAGE_LANGUAGE, max(shares, key=lambda code: shares[code]))
            message.set(SHARES, shares)
            message.set(OUTPUT, asdict(found), add_to_output=True)
        return messages


def identify(
    model: LanguageModel, text: str, metadata: Mapping[str, Any], names: Collection[str] = ()
) -> tuple[Identified, dict[str, float]]:
    """The language of a text in its conversation, and the shares of those it should be read in.

    `names`: words of the catalogue, which tell nothing of it.

    `metadata`: `language` (locale of the conversation so far), `language_from` (`page`, `message` or `choice`: how the
    conversation got it), `languages` (locales the shop answers in; all when not given).
    """
    before = str(metadata.get("language") or "")
    told_by = _told_by(metadata)
    ours = _ours(model)
    kept = _kept(model, metadata)
    words = [] if text.startswith("/") else [word for word in words_of(text) if word not in names]
    if not words:
        return Identified(kept, before or kept, 0.0), {kept: 1.0}
    shares = weighed(model, " ".join(words), metadata)
    others = sum(share for label, share in shares.items() if label.startswith(OTHER))
    mine = {label: shares[label] for label in ours}
    best = max(mine, key=lambda label: mine[label])
    confidence = max(mine[best], others)
    is_of_some_language = _has_own_letters(words) or model.knows(words)  # else typed at random
    is_sure = confidence >= SURE and is_of_some_language
    name = OTHER if others > mine[best] else best
    total = sum(mine.values()) or 1.0
    read_in = {label: share / total for label, share in mine.items() if share / total >= WORTH}
    if not read_in:  # so long a text of another language that nothing is left for ours
        read_in = {_kept(model, metadata): 1.0}
    locale = in_script(best, text)
    answered = [str(item) for item in metadata.get("languages") or languages.locales()]
    can_change = (
        name != OTHER
        and is_sure
        and len(words) >= WORDS_TO_CHANGE.get(told_by, 2)
        and locale in answered
        and locale != before
    )
    answer = locale if can_change else before or (locale if locale in answered and name != OTHER else ENGLISH)
    said = locale if name == best else OTHER
    return Identified(said, answer, round(confidence, 3), can_change and bool(before), is_sure), read_in


def weighed(model: LanguageModel, text: str, metadata: Mapping[str, Any]) -> dict[str, float]:
    """Label -> probability of a text in its conversation; labels of languages nobody answers in are `other:<code>`."""
    ours = _ours(model)
    prior = {label: RARE for label in model.labels if label not in ours}
    if metadata.get("language"):
        prior[_kept(model, metadata)] = KEPT.get(_told_by(metadata), 1.0)
    return model.probabilities(text, prior)


def _ours(model: LanguageModel) -> list[str]:
    return [label for label in model.labels if not label.startswith(OTHER)]


def _kept(model: LanguageModel, metadata: Mapping[str, Any]) -> str:
    """The language of the conversation so far; English where none of ours."""
    code = str(metadata.get("language") or "").partition("-")[0]
    return code if code in _ours(model) else ENGLISH


def _told_by(metadata: Mapping[str, Any]) -> str:
    return str(metadata.get("language_from") or ("page" if metadata.get("language") else ""))


def _has_own_letters(words: Sequence[str]) -> bool:
    """Whether words have letters that few languages share: Cyrillic, Georgian, Armenian …"""
    return any(letter >= "\u0370" for word in words for letter in word)


def in_script(code: str, text: str) -> str:
    """The locale of a language for the script of a text: `sr` or `sr-Latn`."""
    latin = f"{code}{LATIN}"
    if latin in languages.scripts():
        letters = [letter for letter in text if letter.isalpha()]
        if sum(letter < "\u0250" for letter in letters) * 2 > len(letters):
            return latin
    return code


def examples_of(written: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """What the model learns: what shoppers write and the desk says by language, and what other languages are like."""
    texts = {code: [*lines, *_said(code)] for code, lines in written.items()}
    for code, text in others():
        texts.setdefault(f"{OTHER}:{code}", []).append(text)
    return texts


def others() -> list[tuple[str, str]]:
    """(code, text) of languages nobody answers in."""
    path: Path = languages.FOLDER / "others.tsv"
    if not path.is_file():
        return []
    lines = path.read_text(encoding="utf-8").splitlines()
    return [(line.split("\t")[0], line.split("\t")[1]) for line in lines if "\t" in line and line[0] != "#"]


def _said(code: str) -> list[str]:
    """What the bot itself says in a language, as more of that language."""
    texts = languages.texts("notices").get(code, {})
    return [text for text in texts.values() if isinstance(text, str)]
