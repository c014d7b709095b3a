"""The base of our actions: typed payloads out, the shop called beside the loop, failures reported and never silent."""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.shop import the_shop
from actions.turn import Turn
from bot.core.errors import ShopUnavailable
from bot.core.messages import Command, Part, to_json
from bot.shop.contract import Shop

log = logging.getLogger("aisle.actions")

P = ParamSpec("P")
T = TypeVar("T")


class Speaker:
    """What an action says: responses by name (the words live in domain.yml), parts and commands."""

    def __init__(self, dispatcher: CollectingDispatcher) -> None:
        self._dispatcher = dispatcher

    def say(
        self,
        response: str,
        part: Part | None = None,
        *,
        buttons: list[dict[str, str]] | None = None,
        **values: Any,
    ) -> None:
        """Say a response, filled in with `values`, with a part in the same message."""
        custom = {"json_message": to_json(part)} if part is not None else {}
        self._dispatcher.utter_message(response=response, buttons=buttons or [], **custom, **values)

    def show(self, part: Part | Command) -> None:
        """A part without words, or a command to the desk."""
        self._dispatcher.utter_message(json_message=to_json(part))


class ShopAction(Action, ABC):  # type: ignore[misc]
    """An ABC, because the action server makes one of every concrete action it finds."""

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        """Act; a raised exception becomes a marker, from which the desk speaks honestly and keeps a fact.

        Rasa itself would stay silent.
        """
        try:
            return await self.act(Turn.of(tracker), Speaker(dispatcher))
        except ShopUnavailable:
            log.warning("shop_unavailable", extra={"action": self.name()})
            dispatcher.messages.clear()
            dispatcher.utter_message(response="utter_shop_unavailable")
        except Exception:
            log.exception("action_failed", extra={"action": self.name()})
            dispatcher.messages.clear()
            dispatcher.utter_message(
                json_message={"type": "note", "kind": "action_failed", "label": self.name()}
            )
        return []

    @abstractmethod
    async def act(self, turn: Turn, speaker: Speaker) -> list[EventType]:
        """What the action does; returns Rasa events."""


async def ask(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call the shop, which blocks, in a thread."""
    return await asyncio.to_thread(call, *args, **kwargs)


def shop() -> Shop:
    """The shop of this process."""
    return the_shop()
