"""Every language says everything: files of texts have the same keys and placeholders, and numbers their columns."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.metrics import NAMES, registry

ROOT = Path(__file__).parents[1]
FOLDERS = ("bot/web/locales", "bot/desk/texts", "bot/core/texts", "bot/sandbox/locales")
IN_MODULES = ("metric", "column", "row", "missing")  # English of these stands in the metrics' modules


def pairs() -> Iterator[Any]:
    """(English file, file of another language) of every set of texts."""
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).glob("*.json")):
            name, _, locale = path.stem.rpartition(".")
            if locale != "en":
                english = path.with_name(f"{name}.en.json" if name else "en.json")
                yield pytest.param(english, path, id=str(path.relative_to(ROOT)))


def texts(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def is_in_modules(key: str) -> bool:
    parts = key.split(".")
    return parts[0] == "dashboard" and parts[1] in IN_MODULES


def placeholders(text: Any) -> set[str]:
    """Of a text by plural form, those of all forms."""
    return set(re.findall(r"\{(\w+)\}", json.dumps(text)))


@pytest.mark.parametrize(("english", "other"), list(pairs()))
def test_every_language_has_the_same_keys(english: Path, other: Path) -> None:
    ours, theirs = texts(english), texts(other)
    assert {key for key in ours if key not in theirs} == set()
    assert {key for key in theirs if key not in ours and not is_in_modules(key)} == set()
    assert {key for key, text in ours.items() if not placeholders(theirs[key]) <= placeholders(text)} == set()


@pytest.mark.parametrize(
    "path",
    [path for path in sorted((ROOT / FOLDERS[0]).glob("dashboard.*.json")) if path.stem != "dashboard.en"],
    ids=lambda path: path.stem,
)
def test_every_number_has_its_title_and_columns_in_every_language(path: Path) -> None:
    said = texts(path)
    wanted = [f"dashboard.metric.{name}.title" for name in NAMES]
    wanted += [
        f"dashboard.column.{name}.{column.name}" for name in NAMES for column in registry.metric(name).COLUMNS
    ]
    assert [key for key in wanted if not said.get(key)] == []
    known = {*wanted, *(key for key in said if ".column." not in key)}
    assert [key for key in said if key not in known] == []
