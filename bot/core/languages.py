"""The languages the product speaks: one folder each under data/languages, read once.

A folder `lt` holds texts by kind (`chat.json`, `notices.json`, `answers.yml` …) and `formats.json`. A language written
in two scripts names the second one there (`"scripts": {"sr-Latn": "cyrillic_to_latin"}`): its texts are made from the
first.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from bot.core.scripts import CONVERSIONS

FOLDER = Path(__file__).parents[2] / "data" / "languages"
ENGLISH = "en"
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def folders() -> tuple[str, ...]:
    """Codes of the languages that have a folder, English first."""
    found = sorted(path.name for path in FOLDER.iterdir() if path.is_dir())
    return (ENGLISH, *(code for code in found if code != ENGLISH))


@cache
def scripts() -> Mapping[str, tuple[str, Callable[[str], str]]]:
    """Locale in another script -> the language it is made from, and how: `sr-Latn` -> (`sr`, …)."""
    found = {}
    for code in folders():
        for locale, conversion in own(code, "formats").get("scripts", {}).items():
            found[locale] = (code, CONVERSIONS[conversion])
    return found


@cache
def locales() -> tuple[str, ...]:
    """All locales texts can be asked for in, English first."""
    found: list[str] = []
    for code in folders():
        found += [code, *(locale for locale, (base, _) in scripts().items() if base == code)]
    return tuple(found)


@cache
def texts(kind: str) -> Mapping[str, Mapping[str, Any]]:
    """Locale -> key -> text (or whatever the kind holds) of every language that has a file of this kind."""
    found: dict[str, Mapping[str, Any]] = {}
    for code in folders():
        written = own(code, kind)
        if written:
            found[code] = written
            for locale, (base, convert) in scripts().items():
                if base == code:
                    found[locale] = converted(written, convert)
    return found


def match(have: Iterable[str], *wanted: str, otherwise: str = ENGLISH) -> str:
    """The locale of `have` that serves the first of `wanted` (`sr_Latn_RS`, `lt-LT`) that one does."""
    known = {name.lower(): name for name in have}
    for name in wanted:
        parts = name.replace("_", "-").lower().split("-")
        for length in range(len(parts), 0, -1):
            if "-".join(parts[:length]) in known:
                return known["-".join(parts[:length])]
    return otherwise


def name(locale: str) -> str:
    """What a language calls itself; the locale where we do not know."""
    return str(texts("formats").get(locale, {}).get("name", locale))


def called(code: str, reader: str) -> str:
    """What a reader's language calls a language; by its own name where it has no word for it."""
    return str(formats(reader)["languages"].get(code) or name(code))


def formats(locale: str) -> Mapping[str, Any]:
    """How a language writes dates, money and numbers; English where we do not know it."""
    known = texts("formats")
    return next(known[one] for one in chain(locale) if one in known)


def options(locale: str) -> Mapping[str, str]:
    """What a language calls the options of products and their values, by how catalogues write them in English."""
    known = texts("options")
    return next(known[one] for one in chain(locale) if one in known)


def chain(locale: str) -> tuple[str, ...]:
    """Where to look for a text of `locale`, best first: itself, its language, English."""
    base = locale.partition("-")[0].lower()
    return tuple(dict.fromkeys((locale, base, ENGLISH)))


def converted(value: Any, convert: Callable[[str], str]) -> Any:
    """A JSON value with its texts in another script; keys stay."""
    if isinstance(value, str):
        return convert(value)
    if isinstance(value, Mapping):
        return {key: converted(item, convert) for key, item in value.items()}
    if isinstance(value, list):
        return [converted(item, convert) for item in value]
    return value


@cache
def own(code: str, kind: str) -> Mapping[str, Any]:
    """What a language's own file of a kind holds, read once; nothing where there is none."""
    folder = FOLDER / code
    if (path := folder / f"{kind}.json").is_file():
        return dict(json.loads(path.read_text(encoding="utf-8")))
    if (path := folder / f"{kind}.yml").is_file():
        return dict(yaml.load(path.read_text(encoding="utf-8"), Loader=LOADER) or {})  # noqa: S506 - a safe one
    return {}
