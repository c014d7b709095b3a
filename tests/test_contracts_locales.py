"""Every language says everything: files of texts have the same keys and placeholders, and numbers their columns."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from bot.core import languages
from bot.metrics import NAMES, registry

KINDS = ("chat", "notices", "cards", "formats", "options", "touches", "desk", "dashboard", "phones")
SPOKEN = (
    "chat",
    "notices",
    "cards",
    "formats",
    "options",
    "touches",
)  # what shoppers see and say: every language has it
IN_MODULES = ("metric", "column", "row", "missing")  # English of these stands in the metrics' modules


def pairs() -> Iterator[Any]:
    """(English texts, texts of another language) of every kind."""
    for kind in KINDS:
        for locale, texts in languages.texts(kind).items():
            if locale != "en":
                yield pytest.param(languages.texts(kind)["en"], texts, id=f"{kind}-{locale}")


def is_in_modules(key: str) -> bool:
    parts = key.split(".")
    return parts[0] == "dashboard" and parts[1] in IN_MODULES


def placeholders(text: Any) -> set[str]:
    """Of a text by plural form, those of all forms."""
    return set(re.findall(r"\{(\w+)\}", json.dumps(text)))


@pytest.mark.parametrize(("ours", "theirs"), list(pairs()))
def test_every_language_has_the_same_keys(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> None:
    assert {key for key in ours if key not in theirs} == set()
    assert {key for key in theirs if key not in ours and not is_in_modules(key)} <= {"scripts"}
    assert {key for key, text in ours.items() if not placeholders(theirs[key]) <= placeholders(text)} == set()


@pytest.mark.parametrize("locale", languages.locales())
def test_every_language_can_be_written_without_the_browser(locale: str) -> None:
    english, ways = languages.texts("formats")["en"], languages.texts("formats")[locale]
    assert set(english) <= set(ways)
    for name in ("units", "languages"):
        assert set(ways[name]) == set(english[name])
    assert set(languages.locales()) <= set(ways["languages"])
    lengths = {name: len(ways[name]) for name in english if name.startswith(("weekdays", "months"))}
    assert lengths == {name: 7 if name.startswith("weekdays") else 12 for name in lengths}
    patterns = {name: text for name, text in ways.items() if "{" in str(text) and isinstance(text, str)}
    assert {name for name in patterns if placeholders(patterns[name]) != placeholders(english[name])} == set()


@pytest.mark.parametrize("kind", SPOKEN)
def test_every_language_says_all_that_shoppers_see(kind: str) -> None:
    assert set(languages.texts(kind)) == set(languages.locales())


@pytest.mark.parametrize("locale", [name for name in languages.texts("dashboard") if name != "en"])
def test_every_number_has_its_title_and_columns_in_every_language(locale: str) -> None:
    said = languages.texts("dashboard")[locale]
    wanted = [f"dashboard.metric.{name}.title" for name in NAMES]
    wanted += [
        f"dashboard.column.{name}.{column.name}" for name in NAMES for column in registry.metric(name).COLUMNS
    ]
    assert [key for key in wanted if not said.get(key)] == []
    known = {*wanted, *(key for key in said if ".column." not in key)}
    assert [key for key in said if key not in known] == []
