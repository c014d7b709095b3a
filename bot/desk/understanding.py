"""What agents are told of how the bot understood: names of what a message can mean, and its words in English."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import yaml
from sqlalchemy.orm import Session

from bot.core import languages
from bot.core.errors import NotFound
from bot.core.profile import Profile
from bot.core.text import for_brain
from bot.desk.answers import Answers
from bot.store.tables import Conversation, Message

DATA = languages.FOLDER.parent


@cache
def titles(locale: str) -> Mapping[str, str]:
    """Intent, or answer of a retrieval intent, -> its title in a locale, in English where it has none of its own.

    Titles stand beside the training examples; of intents that are never offered to shoppers, in desk.json.
    """
    desk = languages.texts("desk")
    rest = {
        key.removeprefix("intent."): text
        for key, text in desk[languages.match(desk, locale)].items()
        if key.startswith("intent.")
    }
    base, convert = languages.scripts().get(locale, (locale, str))
    own = _titles(base) if base != languages.ENGLISH else {}
    return {**rest, **_titles(languages.ENGLISH), **{leaf: convert(title) for leaf, title in own.items()}}


@cache
def _titles(code: str) -> dict[str, str]:
    """As written beside the training examples of a language."""
    paths = sorted((languages.FOLDER / code / "nlu").glob("*.yml"))
    if code == languages.ENGLISH:
        paths += [path for path in sorted(DATA.rglob("*.yml")) if languages.FOLDER not in path.parents]
    found = {}
    for path in paths:
        data = yaml.load(path.read_text(encoding="utf-8"), Loader=languages.LOADER)  # noqa: S506 - a safe one
        for group in (data or {}).get("nlu") or ():
            title = (group.get("metadata") or {}).get("title")
            if title:
                found[str(group["intent"])] = str(title)
    return found


def wordings(answers: Answers, locale: str) -> dict[str, dict[str, tuple[str, ...]]]:
    """Response -> its `texts` in a locale and in `english`, as the shop or else the bot words them."""
    found = {}
    for name, default in answers.defaults.items():
        texts = next((default.texts[one] for one in languages.chain(locale) if one in default.texts), ())
        english = default.texts.get(languages.ENGLISH, ())
        ours, theirs = answers.text_for(name, languages.ENGLISH), answers.text_for(name, locale)
        if english:
            found[name] = {
                "texts": (theirs[0],) if theirs else texts,
                "english": (ours[0],) if ours else english,
            }
    return found


def asked(
    session: Session, conversation_id: str, message_id: int, *, profile: Profile
) -> tuple[str, dict[str, Any]]:
    """What a shopper wrote, and what the brain is told beside it, for an explanation.

    Raises:
        NotFound: there is no such message of a shopper, or nothing of it is left.
    """
    message = session.get(Message, message_id)
    is_theirs = (
        message is not None and message.conversation_id == conversation_id and message.author == "shopper"
    )
    if message is None or not is_theirs or not (message.payload or message.text):
        raise NotFound("there is no such message of a shopper")
    conversation = session.get_one(Conversation, conversation_id)
    return message.payload or for_brain(message.text), {
        "language": conversation.language,
        "language_from": conversation.language_from,
        "languages": list(profile.locales),
    }
