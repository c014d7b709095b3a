"""Texts of the chat, its launcher and the demo shop (data/languages/*/chat.json), English where one is missing."""

from collections.abc import Mapping

from sanic import Request

from bot.core import languages

Text = str | dict[str, str]  # a dict holds one text per plural form

RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur"})


def catalogues() -> Mapping[str, Mapping[str, Text]]:
    """Locale -> key -> text, English first."""
    return languages.texts("chat")


def match(*wanted: str) -> str:
    """The first of `wanted` that there are texts for, also by language alone; English when none."""
    return languages.match(catalogues(), *wanted)


def accepted(request: Request) -> list[str]:
    """Locales the browser asks for, best first."""
    ranked = []
    for place, item in enumerate(request.headers.get("accept-language", "").split(",")):
        name, _, quality = item.partition(";q=")
        try:
            rank = float(quality) if quality else 1.0
        except ValueError:
            rank = 0.0
        ranked.append((-rank, place, name.strip()))
    return [name for _, _, name in sorted(ranked)]


def direction(locale: str) -> str:
    """`rtl` or `ltr`."""
    return "rtl" if locale.split("-")[0] in RIGHT_TO_LEFT else "ltr"


def texts(locale: str, *, only: str = "", without: tuple[str, ...] = ()) -> dict[str, Text]:
    """All texts in `locale` whose section (the key up to its first dot) fits."""
    merged: dict[str, Text] = {}
    for name in reversed(languages.chain(locale)):
        merged |= catalogues().get(name, {})
    return {
        key: text
        for key, text in merged.items()
        if (not only or key.split(".")[0] == only) and key.split(".")[0] not in without
    }


def text(key: str, locale: str, **values: object) -> str:
    """One plain text with `{name}` filled in."""
    found = texts(locale).get(key, key)
    words = found if isinstance(found, str) else found["other"]
    for name, value in values.items():
        words = words.replace("{" + name + "}", str(value))
    return words
