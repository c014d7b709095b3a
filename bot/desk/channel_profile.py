"""What a shop says on a channel before anybody has written: greeting, starters and menu, in each of its languages."""

from typing import Any

from bot.core.profile import Profile
from bot.desk.words import Words

GREETING_LIMIT = 160  # characters; the shortest that platforms allow
MENU = ("person", "start_over")  # standing choices, see bot.desk.receive


def channel_profile(profile: Profile, words: Words) -> dict[str, Any]:
    """The `profile` of `Platform.set_up`; platforms cut it to what they can show.

    - `locale`: the shop's own language, for platforms that want a default; `shop`, `bot`: their names
    - `greeting`: locale -> text of at most 160 characters
    - `starters`: locale -> list of `{"title", "payload"}`, payload `starter:<n>`
    - `menu`: locale -> list of `{"title", "payload"}`, payload a standing choice (`person`, `start_over`)
    - `get_started`: the payload of a first tap without a question
    """
    locales = tuple(dict.fromkeys((profile.locale, *profile.locales)))
    return {
        "locale": profile.locale,
        "shop": profile.name,
        "bot": profile.bot_name,
        "greeting": {name: _greeting(profile, words, name) for name in locales},
        "starters": {
            name: [
                {"title": title, "payload": f"starter:{number}"}
                for number, (title, _send) in enumerate(profile.starters[name])
            ]
            for name in locales
            if profile.starters.get(name)
        },
        "menu": {
            name: [{"title": words.text(f"choice.{choice}", name), "payload": choice} for choice in MENU]
            for name in locales
        },
        "get_started": "get_started",
    }


def _greeting(profile: Profile, words: Words, locale: str) -> str:
    """The longer greeting where it fits beside the names, else the shorter one, cut at the limit."""
    for key in ("channel.greeting", "channel.greeting_short"):
        text = words.text(key, locale, bot=profile.bot_name, shop=profile.name)
        if len(text) <= GREETING_LIMIT:
            return text
    return text[: GREETING_LIMIT - 1].rstrip() + "…"
