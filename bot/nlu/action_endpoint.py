"""Calls to the action server: kept connections, the shared secret, a time limit, and who failed."""

import logging
import os
from typing import Any

import aiohttp
from rasa.core.actions.action import RemoteAction
from rasa.shared.exceptions import RasaException
from rasa.utils.endpoints import ClientResponseError, EndpointConfig

from bot.peers import Peer
from bot.store.json_text import decoded, encoded

logger = logging.getLogger(__name__)

LONGEST_SECONDS = 8.0  # the desk gives a turn ten
UNDERSTOOD = ("text", "intent", "entities")
REJECTED = 400  # the action server's word for "another policy may act"


def _slim(tracker: dict[str, Any]) -> dict[str, Any]:
    """A tracker as actions get it: of earlier messages what was understood, without how everything else ranked."""
    events: list[dict[str, Any]] = tracker.get("events") or []
    latest = max((place for place, event in enumerate(events) if event.get("event") == "user"), default=0)
    return {
        **tracker,
        "events": [
            {**event, "parse_data": {name: event["parse_data"].get(name) for name in UNDERSTOOD}}
            if place < latest and event.get("parse_data")
            else event
            for place, event in enumerate(events)
        ],
    }


def prepare_validation() -> None:
    """Check answers of the action server by hand: Rasa builds a JSON-schema validator per call (180 ms on one core)."""

    def validate(_action: RemoteAction, result: Any) -> bool:
        events = result.get("events") if isinstance(result, dict) else None
        responses = result.get("responses") if isinstance(result, dict) else None
        if not isinstance(events, list) or not all(
            isinstance(e, dict) and isinstance(e.get("event"), str) for e in events
        ):
            raise RasaException("The action server's events are not a list of events.")
        if not isinstance(responses, list) or not all(isinstance(r, dict) for r in responses):
            raise RasaException("The action server's responses are not a list of responses.")
        return True

    RemoteAction._validate_action_result = validate  # type: ignore[method-assign]


class ActionEndpoint(EndpointConfig):
    """Rasa's endpoint, at `AISLE_ACTIONS_URL` when set; a failure is kept per sender until it is asked for."""

    def __init__(self, base: EndpointConfig | None) -> None:
        address = os.environ.get("AISLE_ACTIONS_URL", "").rstrip("/")
        url = f"{address}/webhook" if address else base.url if base else "http://127.0.0.1:5055/webhook"
        super().__init__(url=url, headers=dict(base.headers) if base else {}, enable_selective_domain=True)
        secret = os.environ.get("AISLE_INTERNAL_SECRET", "")
        if secret:
            self.headers["X-Aisle-Secret"] = secret
        self._server = Peer(
            url, {"Content-Type": "application/json", **self.headers}, timeout_seconds=LONGEST_SECONDS
        )
        prepare_validation()
        self._failed: dict[str, str] = {}

    def failed_action(self, sender: str) -> str:
        """Name of the action that failed for `sender` since the last time this was asked; empty when none."""
        return self._failed.pop(sender, "")

    async def request(
        self,
        method: str = "post",
        subpath: str | None = None,
        content_type: str | None = None,
        compress: bool = False,
        **kwargs: Any,
    ) -> Any:
        """The action server's answer.

        Raises:
            ClientResponseError: the action raised, or (400) rejected its execution.
        """
        # our actions need no domain, but rasa_sdk 3.21 asks for it again (449) where the key is missing
        body = {"domain": {}, **(kwargs.get("json") or {})}
        if "tracker" in body:
            body["tracker"] = _slim(body["tracker"])
        try:
            return await self._post(body)
        except ClientResponseError as error:
            if error.status != REJECTED:
                self._note(body)
            raise
        except aiohttp.ClientError:
            self._note(body)
            raise

    def _note(self, body: dict[str, Any]) -> None:
        self._failed[str(body.get("sender_id", ""))] = str(body.get("next_action", ""))

    async def _post(self, body: dict[str, Any]) -> Any:
        try:
            status, answer = await self._server.call("POST", "", encoded(body).encode())
        except OSError as error:  # a TimeoutError is one; as Rasa knows it
            raise aiohttp.ClientConnectionError(f"the action server cannot be reached: {error}") from error
        if status >= REJECTED:
            raise ClientResponseError(status, "", answer)
        return _value(answer)


def _value(body: bytes) -> Any:
    try:
        return decoded(body)
    except ValueError as error:
        raise aiohttp.ClientPayloadError("the action server's answer is not JSON") from error
