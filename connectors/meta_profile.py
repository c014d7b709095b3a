"""What people see on Messenger and Instagram before they write: greeting, starters and menu, in their language."""

from collections.abc import Callable, Mapping
from typing import Any

from bot.core.rendering import shorten
from connectors.meta import mapping, word

GREETING, QUESTION, MENU_TITLE = 160, 80, 30  # characters
QUESTIONS, MENU = 4, 3
# The platform's locales by ours; every reader without one of them sees the default.
LOCALES: Mapping[str, tuple[str, ...]] = {
    "cs": ("cs_CZ",),
    "da": ("da_DK",),
    "de": ("de_DE",),
    "en": ("en_US", "en_GB"),
    "es": ("es_ES", "es_LA"),
    "et": ("et_EE",),
    "fi": ("fi_FI",),
    "fr": ("fr_FR", "fr_CA"),
    "it": ("it_IT",),
    "lt": ("lt_LT",),
    "lv": ("lv_LV",),
    "nb": ("nb_NO",),
    "nl": ("nl_NL",),
    "pl": ("pl_PL",),
    "pt": ("pt_PT", "pt_BR"),
    "ro": ("ro_RO",),
    "sk": ("sk_SK",),
    "sv": ("sv_SE",),
    "tr": ("tr_TR",),
    "uk": ("uk_UA",),
}

Json = dict[str, Any]


def _get_started(profile: Mapping[str, Any]) -> Json:
    payload = word(profile.get("get_started"))
    return {"payload": payload} if payload else {}


def _greeting(profile: Mapping[str, Any]) -> list[Json]:
    texts = _by_locale(profile, "greeting")
    return [{"locale": locale, "text": shorten(str(text), GREETING)} for locale, text in texts]


def _ice_breakers(profile: Mapping[str, Any]) -> list[Json]:
    return [
        {
            "call_to_actions": [
                {"question": shorten(item["title"], QUESTION), "payload": item["payload"]}
                for item in items[:QUESTIONS]
            ],
            "locale": locale,
        }
        for locale, items in _by_locale(profile, "starters")
    ]


def _menu(profile: Mapping[str, Any]) -> list[Json]:
    return [
        {
            "locale": locale,
            "composer_input_disabled": False,
            "call_to_actions": [
                {"type": "postback", "title": shorten(item["title"], MENU_TITLE), "payload": item["payload"]}
                for item in items[:MENU]
            ],
        }
        for locale, items in _by_locale(profile, "menu")
    ]


def _by_locale(profile: Mapping[str, Any], name: str) -> list[tuple[str, Any]]:
    """(the platform's locale, what is said in it), the default one first: without it the platform takes none."""
    found = {locale: said for locale, said in mapping(profile.get(name)).items() if said}
    if not found:
        return []
    own = word(profile.get("locale"))
    default = own if own in found else next(iter(found))
    rows = [("default", found[default])]
    for locale, said in found.items():
        rows += [(theirs, said) for theirs in LOCALES.get(locale.split("-")[0].lower(), ())]
    return rows


PARTS: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
    "get_started": _get_started,
    "greeting": _greeting,
    "ice_breakers": _ice_breakers,
    "persistent_menu": _menu,
}
