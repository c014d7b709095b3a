"""Actions through their public door, the executor of the action server, on the demo shop."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from rasa_sdk.executor import ActionExecutor

from actions import shop as actions_shop
from bot.core.messages import from_json
from bot.shop.contract import Shop
from tests.shop.conftest import (  # noqa: F401 - fixtures
    _demo_postgres,
    _demo_sqlite,
    database_url,
    demo,
    profile,
    shop,
)


@dataclass
class Outcome:
    """What an action said and did."""

    messages: list[dict[str, Any]]
    events: list[dict[str, Any]]

    @property
    def said(self) -> list[str]:
        """Names of the responses, in order."""
        return [message["response"] for message in self.messages if message.get("response")]

    @property
    def parts(self) -> list[Any]:
        """Parts and commands, read as the desk reads them."""
        return [from_json(message["custom"]) for message in self.messages if message.get("custom")]

    @property
    def slots(self) -> dict[str, Any]:
        """Slots set."""
        return {event["name"]: event["value"] for event in self.events if event["event"] == "slot"}

    def of(self, kind: type) -> list[Any]:
        """Parts of one type."""
        return [part for part in self.parts if type(part) is kind]

    def values(self, response: str) -> dict[str, Any]:
        """What a response was filled in with."""
        return next(message for message in self.messages if message.get("response") == response)


@dataclass
class Talk:
    """A conversation as Rasa's tracker tells it to an action."""

    executor: ActionExecutor
    slots: dict[str, Any] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    sender: str = "conversation.1"

    async def act(
        self,
        action: str,
        text: str = "",
        *,
        intent: str = "",
        metadata: dict[str, Any] | None = None,
        parsed: dict[str, Any] | None = None,
        **entities: str,
    ) -> Outcome:
        """One turn: the shopper's message, then the action; what it did is remembered."""
        found = [{"entity": name, "value": value} for name, value in entities.items()]
        data = {
            "text": text,
            "intent": {"name": intent, "confidence": 0.9},
            "entities": found,
            **(parsed or {}),
        }
        self.events.append({"event": "user", "text": text, "parse_data": data, "metadata": metadata or {}})
        result = await self.executor.run(
            {
                "next_action": action,
                "sender_id": self.sender,
                "domain": {},
                "tracker": {
                    "sender_id": self.sender,
                    "slots": dict(self.slots),
                    "latest_message": data,
                    "events": list(self.events),
                },
            }
        )
        assert result is not None
        outcome = Outcome(messages=result.model_dump()["responses"], events=result.model_dump()["events"])
        self.slots.update(outcome.slots)
        self.events.append({"event": "action", "name": action})
        for name in outcome.said:
            self.events.append({"event": "bot", "metadata": {"utter_action": name}})
        return outcome

    def said(self, response: str) -> None:
        """The bot says a response without an action."""
        self.events += [
            {"event": "user", "text": "…", "parse_data": {"intent": {"name": "faq"}}, "metadata": {}},
            {"event": "bot", "metadata": {"utter_action": response}},
        ]


@pytest.fixture(scope="session")
def executor() -> ActionExecutor:
    """The executor with our actions."""
    chosen = ActionExecutor()
    chosen.register_package("actions")
    return chosen


@pytest.fixture
def use_shop() -> Iterator[Callable[[Any], None]]:
    """Puts a shop in place for this test."""
    yield actions_shop.use
    actions_shop.use(None)


@pytest.fixture
def talk(executor: ActionExecutor, demo: Shop, use_shop: Callable[[Any], None]) -> Talk:  # noqa: F811
    """A conversation in the demo shop."""
    use_shop(demo)
    return Talk(executor)
