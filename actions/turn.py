"""The shopper's turn as an action sees it: a value made of Rasa's tracker."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rasa_sdk.interfaces import Tracker


@dataclass(frozen=True)
class Turn:
    """`said_before` are the responses of the bot's last turn, `intents_before` the shopper's, latest first."""

    sender: str
    text: str
    intent: str
    entities: Sequence[Mapping[str, Any]]
    slots: Mapping[str, Any]
    metadata: Mapping[str, Any]
    parsed: Mapping[str, Any]
    said_before: Sequence[str] = ()
    intents_before: Sequence[str] = ()
    actions_before: Sequence[str] = field(default=())

    @classmethod
    def of(cls, tracker: Tracker) -> "Turn":
        """Read the tracker."""
        events = tracker.events
        here = next((i for i in range(len(events) - 1, -1, -1) if events[i].get("event") == "user"), -1)
        user = events[here] if here >= 0 else {}
        parsed = user.get("parse_data") or tracker.latest_message or {}
        return cls(
            sender=str(tracker.sender_id),
            text=str(user.get("text") or ""),
            intent=str((parsed.get("intent") or {}).get("name") or ""),
            entities=parsed.get("entities") or (),
            slots=tracker.slots,
            metadata=user.get("metadata") or {},
            parsed=parsed,
            said_before=tuple(_said(events[: max(here, 0)])),
            intents_before=tuple(
                str((event.get("parse_data", {}).get("intent") or {}).get("name") or "")
                for event in reversed(events[: max(here, 0)])
                if event.get("event") == "user"
            ),
            actions_before=tuple(
                str(event.get("name") or "")
                for event in reversed(events[: max(here, 0)])
                if event.get("event") == "action"
            ),
        )

    @property
    def language(self) -> str:
        """The locale to answer in."""
        told = (self.parsed.get("language") or {}).get("answer")
        return str(told or self.metadata.get("language") or "en")

    @property
    def key(self) -> str:
        """Who asks: the conversation, whatever its episode."""
        return str(self.metadata.get("conversation_id") or self.sender.partition(".")[0])

    def entity(self, name: str) -> str:
        """The last value of an entity, or an empty text."""
        return next(reversed(self.entity_values(name)), "")

    def entity_values(self, name: str) -> list[str]:
        """All values of an entity, in text order."""
        return [str(item.get("value")) for item in self.entities if item.get("entity") == name]

    def with_role(self, role: str) -> list[str]:
        """Values of all entities that play a part ('wanted', 'given'), in text order."""
        return [str(item.get("value")) for item in self.entities if item.get("role") == role]

    @property
    def query(self) -> str:
        """What to search for, in the catalogue's words; of a button, the product it names."""
        return self.entity("query") or self.entity("product")

    def slot(self, name: str) -> str:
        """A text slot, or an empty text."""
        return str(self.slots.get(name) or "")


def _said(events: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Names of the responses since the message before, latest first."""
    for event in reversed(events):
        if event.get("event") == "user":
            return
        if event.get("event") == "bot":
            name = (event.get("metadata") or {}).get("utter_action")
            if name:
                yield str(name)
