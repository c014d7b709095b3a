"""Another language, when the shopper asks for one."""

import json
from collections.abc import Sequence

from rasa_sdk.events import EventType

from actions.base import ShopAction, Speaker
from actions.turn import Turn
from bot.core import languages
from bot.core.folding import fold
from bot.core.messages import Language


class SwitchLanguage(ShopAction):
    """Answers switch_language."""

    def name(self) -> str:
        """As in domain.yml."""
        return "action_switch_language"

    async def act(self, turn: Turn, speaker: Speaker) -> list[EventType]:
        """The language named, else the one the wish is written in when it is a new one; else ask which."""
        spoken = [str(item) for item in turn.metadata.get("languages") or languages.locales()]
        written = str((turn.parsed.get("language") or {}).get("message") or "")
        named = turn.entity("language") or called(turn.text, spoken)
        if not turn.entity("language") and written.partition("-")[0] == named:
            named = written  # asked for in its other script
        wanted = named or (written if written != str(turn.metadata.get("language") or "") else "")
        if wanted in spoken:
            speaker.show(Language(wanted))
            speaker.say("utter_language_switched", language=wanted)
        else:
            speaker.say("utter_which_language", buttons=choices(spoken))
        return []


def called(text: str, spoken: Sequence[str]) -> str:
    """The locale a text names ("po srpski", "in Lithuanian please"), by the words each language is called by."""
    words = {word for code in {"en", *languages.texts("formats")} for word in fold(text, code).split()}
    for locale in spoken:
        for name in languages.texts("formats").get(locale, {}).get("called", ()):
            start = name.rstrip("*")
            if any(
                word.startswith(start) if name.endswith("*") else word.strip(".,!?") == start
                for word in words
            ):
                return locale
    return ""


def choices(spoken: Sequence[str]) -> list[dict[str, str]]:
    """A button per language, in its own words."""
    formats = languages.texts("formats")
    return [
        {
            "title": str(formats[locale]["name"]),
            "payload": f"/switch_language{json.dumps({'language': locale})}",
        }
        for locale in spoken
        if locale in formats
    ]
