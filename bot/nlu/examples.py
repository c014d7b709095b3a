"""Training examples read and copied quickly: Rasa validates, hashes and copies every one of them several times.

Files with nothing but intents and plain lines are read here, all others by Rasa's own reader.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import yaml
from rasa.shared.nlu.training_data.loading import load_data
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.core import languages

PLAIN_KEYS = {"intent", "metadata", "examples"}


class Example(Message):
    """A message whose copy shares what nobody changes, and whose fingerprint outlives being set to what it is."""

    def set(self, prop: str, info: Any, add_to_output: bool = False) -> None:
        """As Rasa's."""
        if prop not in self.data or self.data[prop] != info or add_to_output:
            super().set(prop, info, add_to_output)

    def __deepcopy__(self, memo: dict[int, Any]) -> Example:
        made = Example(self.data, set(self.output_properties), self.time, copy.deepcopy(self.features, memo))
        made._cached_fingerprint = self._cached_fingerprint
        return made


def read(path: str, language: str) -> TrainingData:
    """The examples of a file, with answers and the like where it has some."""
    text = Path(path).read_text(encoding="utf-8")
    data = yaml.load(text, Loader=languages.LOADER)  # noqa: S506 - a safe one
    if not _is_plain(data):
        found = load_data(path, language)
        found.training_examples = [
            Example(item.data, item.output_properties) for item in found.training_examples
        ]
        return found
    return TrainingData(
        [
            Example.build(line.strip()[2:].strip(), str(item["intent"]), intent_metadata=item.get("metadata"))
            for item in data["nlu"]
            for line in item["examples"].splitlines()
            if line.strip().startswith("- ")
        ]
    )


def _is_plain(data: Any) -> bool:
    """Whether there is nothing in a file but intents with lines that mark no entities."""
    return (
        isinstance(data, dict)
        and set(data) <= {"version", "nlu"}
        and all(
            isinstance(item, dict)
            and set(item) <= PLAIN_KEYS
            and isinstance(item.get("examples"), str)
            and "](" not in item["examples"]
            and "]{" not in item["examples"]
            for item in data.get("nlu") or ()
        )
    )
