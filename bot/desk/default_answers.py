"""The bot's own answers: names and default texts, read from the Rasa files (never written)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from bot.core import languages

ROOT = Path(__file__).parent.parent.parent
VARIABLE = re.compile(r"\{[A-Za-z_][A-Za-z0-9_]*\}")
LANGUAGE_SLOT = "language"


@dataclass(frozen=True)
class Default:
    """One answer of the bot: variations per locale, in file order."""

    name: str  # utter_faq/returns
    texts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # locale -> variations
    buttons: tuple[str, ...] = ()
    file: str = ""

    @property
    def topic(self) -> str:
        """What the answer is about: `faq` of utter_faq/returns, else `general`."""
        head, slash, _ = self.name.removeprefix("utter_").partition("/")
        return head if slash else "general"

    @property
    def variables(self) -> tuple[str, ...]:
        """Placeholders the bot fills in while speaking."""
        found = {match for texts in self.texts.values() for text in texts for match in VARIABLE.findall(text)}
        return tuple(sorted(found))

    @property
    def is_editable(self) -> bool:
        """The desk replaces words the bot has already spoken, so it cannot fill in placeholders."""
        return bool(self.texts) and not self.variables


def read(root: Path = ROOT, *, locale: str = "en") -> dict[str, Default]:
    """All answers below `root` (domain.yml, domain/, data/); files that are not YAML are left out.

    A variation without a condition on the language slot belongs to `locale`.
    """
    files = [
        root / "domain.yml",
        *sorted((root / "domain").rglob("*.yml")),
        *sorted((root / "data").rglob("*.yml")),
    ]
    found: dict[str, Default] = {}
    for path in files:
        if not path.is_file():
            continue
        try:
            data = yaml.load(path.read_text(encoding="utf-8"), Loader=languages.LOADER)  # noqa: S506 - a safe one
        except (yaml.YAMLError, UnicodeDecodeError):
            continue
        responses = data.get("responses") if isinstance(data, dict) else None
        if not isinstance(responses, dict):
            continue
        for name, variations in responses.items():
            if isinstance(variations, list):
                known = found.get(str(name))
                found[str(name)] = _default(
                    str(name), variations, locale, path.relative_to(root).as_posix(), known
                )
    if root == ROOT:
        found = {name: _translated(default) for name, default in found.items()}
    return dict(sorted(found.items()))


def _translated(default: Default) -> Default:
    """With what data/languages/*/answers.yml says."""
    own = {
        code: tuple(texts[default.name]["texts"])
        for code, texts in languages.texts("answers").items()
        if default.name in texts
    }
    return replace(default, texts={**default.texts, **own}) if own else default


def _default(name: str, variations: list[Any], locale: str, file: str, known: Default | None) -> Default:
    texts: dict[str, list[str]] = {key: list(value) for key, value in (known.texts if known else {}).items()}
    buttons: list[str] = list(known.buttons if known else ())
    for variation in variations:
        if not isinstance(variation, dict):
            continue
        text = str(variation.get("text") or "").strip()
        own = [text] if text and text not in texts.get(_locale(variation, locale), []) else []
        if own:
            texts.setdefault(_locale(variation, locale), []).extend(own)
        for button in variation.get("buttons") or ():
            title = str(button.get("title") or "") if isinstance(button, dict) else ""
            if title and title not in buttons:
                buttons.append(title)
    return Default(
        name=name,
        texts={key: tuple(value) for key, value in texts.items()},
        buttons=tuple(buttons),
        file=file,
    )


def _locale(variation: Mapping[str, Any], otherwise: str) -> str:
    for condition in variation.get("condition") or ():
        if isinstance(condition, dict) and condition.get("name") == LANGUAGE_SLOT and condition.get("value"):
            return str(condition["value"])
    return otherwise
