"""Not understood: first 'did you mean', then 'please rephrase', then a person."""

from collections.abc import Mapping
from typing import Any

from rasa_sdk.events import EventType

from actions.base import ShopAction, Speaker
from actions.hand_off import hand_off
from actions.turn import Turn
from bot.core import languages
from bot.core.messages import Note
from bot.core.ownership import Reason

MISSES = frozenset({"nlu_fallback", "none_of_these"})
COUNTED = {1: "one", 2: "two", 3: "three"}


class FallBack(ShopAction):
    """Answers nlu_fallback and none_of_these."""

    def name(self) -> str:
        """As in domain.yml."""
        return "action_fall_back"

    async def act(self, turn: Turn, speaker: Speaker) -> list[EventType]:
        """By how often running the bot has not understood."""
        if turn.intent == "nlu_fallback":
            intent = turn.parsed.get("intent") or {}
            speaker.show(
                Note(
                    kind="fallback",
                    label=str(intent.get("why") or "low_confidence"),
                    value=intent.get("confidence"),
                )
            )
        elif any(response.startswith("utter_products_") for response in turn.said_before):
            speaker.say("utter_what_product")  # none of the products shown
            return []
        if (turn.parsed.get("intent") or {}).get("why") == "other_language":
            speaker.say("utter_other_language")
            return []
        misses = _misses(turn)
        candidates = _candidates(turn)
        if misses >= 2:
            hand_off(turn, speaker, Reason.NOT_UNDERSTOOD)
        elif turn.intent == "none_of_these":
            speaker.say("utter_rephrase")
        elif misses == 1 and not _is_one_of_two(turn, candidates):
            speaker.say("utter_not_understood_again")
        elif candidates:
            values: dict[str, Any] = {}
            for number, (title, payload) in enumerate(candidates, start=1):
                values |= {f"title{number}": title, f"payload{number}": payload}
            speaker.say(f"utter_did_you_mean_{COUNTED[len(candidates)]}", **values)
        else:
            speaker.say("utter_not_understood")
        return []


def _misses(turn: Turn) -> int:
    """Messages running before this one that were not understood, with each 'no' to what was suggested."""
    count = 0
    before = (*turn.intents_before[1:], "")
    for intent, earlier in zip(turn.intents_before, before, strict=False):
        if intent not in MISSES and not (intent == "deny" and earlier in MISSES):
            break
        count += 1
    return count


def _is_one_of_two(turn: Turn, candidates: list[tuple[str, str]]) -> bool:
    """Whether it is clear that one of two answers is meant: worth asking, even after a miss."""
    why = (turn.parsed.get("intent") or {}).get("why")
    return (
        why == "ambiguous"
        and len(candidates) == 2
        and all(payload.startswith("/faq/") for _, payload in candidates)
    )


def _candidates(turn: Turn) -> list[tuple[str, str]]:
    """(title, payload) of what was probably meant, best first."""
    found: list[tuple[str, str]] = []
    for leaf in turn.parsed.get("candidates") or []:
        title = _title(leaf, turn.language)
        if title:
            found.append((title, f"/{leaf['name']}"))
    return found[:3]


def _title(leaf: Mapping[str, Any], language: str) -> str:
    """Titles stand beside the examples, in one script."""
    title = str(leaf.get("title") or "")
    script = languages.scripts().get(language)
    return script[1](title) if script else title
