"""The desk's door to the brain: one message in, everything the turn said and understood out."""

import asyncio
import hmac
import logging
import os
from collections.abc import Awaitable, Callable
from typing import Any

from rasa.core.channels.channel import InputChannel, OutputChannel, UserMessage
from rasa.shared.core.events import BotUttered, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse

from bot.nlu.action_endpoint import ActionEndpoint
from bot.nlu.decision import DECIDED, FALLBACK
from bot.nlu.explanation import Parts, explain
from bot.nlu.language import OUTPUT
from bot.nlu.mood import OUTPUT as MOOD
from bot.nlu.processor import TurnProcessor
from bot.store.json_text import decoded, encoded

logger = logging.getLogger(__name__)

ASKS = "utter_ask_"  # what a form asks: overtaken where the same message has more to say
COMING = "utter_hand_off_"  # that a person comes: once is enough, what for is in the command beside it
FAILED = "action_failed"  # kind of the marker the actions' base class leaves when an action raised


class Silent(OutputChannel):
    """Says nothing: the replies are read from the tracker, the first time and when a message is repeated."""

    @classmethod
    def name(cls) -> str:
        """As responses may name it."""
        return "desk"

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        """Kept in the tracker already."""


class DeskInput(InputChannel):
    """`POST /webhooks/desk/webhook`; the shapes are in docs/internals.md."""

    @classmethod
    def name(cls) -> str:
        """Part of the address."""
        return "desk"

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()
        self._actions: ActionEndpoint | None = None

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> "DeskInput":
        """The secret is read from the environment: Rasa stops at a `${…}` that is not set."""
        return cls(os.environ.get("AISLE_INTERNAL_SECRET", ""))

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """The routes."""
        door = Blueprint("desk_webhook")

        @door.listener("after_server_start")
        async def get_ready(app: Any, _loop: Any) -> None:
            agent = getattr(app.ctx, "agent", None)
            if agent is not None and agent.is_ready():
                self._action_endpoint(agent)  # before the first shopper has to wait for it

        @door.route("/", methods=["GET"])
        async def health(_request: Request) -> HTTPResponse:
            return response.json({"status": "ok"})

        @door.route("/webhook", methods=["POST"])
        async def receive(request: Request) -> HTTPResponse:
            if not self._is_desk(request):
                return _refuse(403, "not_allowed", "The secret is missing or wrong.")
            try:
                body = decoded(request.body)
                message = UserMessage(
                    text=_text(body, "message"),
                    output_channel=Silent(),
                    sender_id=_text(body, "sender"),
                    input_channel=self.name(),
                    message_id=_text(body, "message_id"),
                    metadata=body.get("metadata") if isinstance(body.get("metadata"), dict) else {},
                )
            except (ValueError, TypeError) as error:
                return _refuse(400, "bad_input", str(error))
            agent = getattr(request.app.ctx, "agent", None)
            if agent is None or not agent.is_ready():
                return _refuse(503, "brain_unavailable", "No model is loaded.")
            return await self._turn(agent, message, on_new_message)

        @door.route("/forget", methods=["POST"])
        async def forget(request: Request) -> HTTPResponse:
            if not self._is_desk(request):
                return _refuse(403, "not_allowed", "The secret is missing or wrong.")
            try:
                body = decoded(request.body)
                sender, message_id = _text(body, "sender"), _text(body, "message_id")
            except ValueError as error:
                return _refuse(400, "bad_input", str(error))
            agent = getattr(request.app.ctx, "agent", None)
            if agent is None or not agent.is_ready():
                return _refuse(503, "brain_unavailable", "No model is loaded.")
            async with agent.lock_store.lock(f"desk:{sender}"):  # after the turn that is being taken on it
                _store(agent).forget(sender, message_id)
            return response.json({"ok": True})

        @door.route("/explain", methods=["POST"])
        async def why(request: Request) -> HTTPResponse:
            if not self._is_desk(request):
                return _refuse(403, "not_allowed", "The secret is missing or wrong.")
            try:
                body = decoded(request.body)
                text, metadata = _text(body, "text"), body.get("metadata")
            except ValueError as error:
                return _refuse(400, "bad_input", str(error))
            agent = getattr(request.app.ctx, "agent", None)
            if agent is None or not agent.is_ready():
                return _refuse(503, "brain_unavailable", "No model is loaded.")
            self._action_endpoint(agent)  # which makes the runner ours
            parts = Parts.of(node._component for node in agent.processor.graph_runner.nodes.values())
            if parts is None:
                return _refuse(501, "not_ours", "The pipeline of this model is not the one of config.yml.")
            told = metadata if isinstance(metadata, dict) else {}
            found = await asyncio.to_thread(explain, parts, text, told)  # shoppers' turns go on meanwhile
            return response.json({"ok": True, "explanation": found}, dumps=encoded)

        return door

    def _is_desk(self, request: Request) -> bool:
        given = request.headers.get("X-Aisle-Secret", "").encode()
        return bool(self._secret) and hmac.compare_digest(given, self._secret)

    async def _turn(
        self, agent: Any, message: UserMessage, on_new_message: Callable[[UserMessage], Awaitable[Any]]
    ) -> HTTPResponse:
        actions = self._action_endpoint(agent)
        async with agent.lock_store.lock(f"desk:{message.sender_id}"):
            store = _store(agent)
            tracker = store.latest(message.sender_id)
            if tracker is None or _last_message_id(tracker) != message.message_id:
                actions.failed_action(message.sender_id)
                await on_new_message(message)
                tracker = store.latest(message.sender_id)
                if tracker is None or _last_message_id(tracker) != message.message_id:
                    # Rasa hides a failed save behind a store in memory; the desk shall try again instead
                    return _refuse(503, "not_saved", "The turn could not be saved.")
            return response.json(_answer(tracker, actions.failed_action(message.sender_id)), dumps=encoded)

    def _action_endpoint(self, agent: Any) -> ActionEndpoint:
        if self._actions is None:
            self._actions = ActionEndpoint(agent.processor.action_endpoint)
        if not isinstance(agent.processor, TurnProcessor):  # also after a new model was loaded
            agent.processor = TurnProcessor.of(agent.processor, self._actions)
            agent.action_endpoint = self._actions
        return self._actions


def _store(agent: Any) -> Any:
    """The store itself, behind the one Rasa puts in front for when it fails."""
    return getattr(agent.tracker_store, "_tracker_store", agent.tracker_store)


def _text(body: Any, name: str) -> str:
    value = body.get(name) if isinstance(body, dict) else None
    if not isinstance(value, str) or not value:
        raise ValueError(f"{name} must be a text")
    return value


def _refuse(status: int, code: str, message: str) -> HTTPResponse:
    return response.json({"ok": False, "error": code, "message": message}, status=status)


def _last_message_id(tracker: DialogueStateTracker) -> str:
    for event in reversed(tracker.events):
        if isinstance(event, UserUttered):
            return str(event.message_id or "")
    return ""


def _answer(tracker: DialogueStateTracker, failed: str) -> dict[str, Any]:
    """The answer to the latest message, from the events since; a message of several requests has a turn for each."""
    turns = _turns(tracker)
    replies: list[dict[str, Any]] = []
    for place, (_, said) in enumerate(turns, start=1):
        for event in said:
            custom = (event.data or {}).get("custom")
            if isinstance(custom, dict) and custom.get("kind") == FAILED:
                failed = failed or str(custom.get("label", ""))
                continue
            reply = _reply(event)
            response = reply["response"]
            is_overtaken = place < len(turns) and response.startswith(ASKS)
            is_repeated = response.startswith(COMING) and any(
                one["response"].startswith(COMING) for one in replies
            )
            if not is_overtaken and not is_repeated:
                replies.append(reply)
    understood = [_understood(message) for message, _ in turns]
    if len(turns) > 1:
        understood = [
            {**one, "text": message.text} for one, (message, _) in zip(understood, turns, strict=True)
        ]
        understood[0]["also"] = understood[1:]
    return {
        "replies": replies,
        "understood": understood[0] if understood else {},
        "slots": {name: value for name, value in tracker.current_slot_values().items() if value is not None},
        "active_form": tracker.active_loop_name or "",
        "failed_action": failed,
    }


def _turns(tracker: DialogueStateTracker) -> list[tuple[UserUttered, list[BotUttered]]]:
    """The turns of the latest message, each with what the bot said."""
    turns: list[tuple[UserUttered, list[BotUttered]]] = []
    said: list[BotUttered] = []
    latest = _last_message_id(tracker)
    for event in reversed(tracker.events):
        if isinstance(event, BotUttered):
            said.append(event)
        elif isinstance(event, UserUttered):
            if str(event.message_id or "") != latest:
                break
            turns.append((event, said[::-1]))
            said = []
    return turns[::-1]


def _reply(event: BotUttered) -> dict[str, Any]:
    reply: dict[str, Any] = {
        "text": event.text or "",
        "response": (event.metadata or {}).get("utter_action", ""),
    }
    data = event.data or {}
    buttons = data.get("buttons") or data.get("quick_replies")
    if buttons:
        reply["buttons"] = [{"title": b.get("title", ""), "payload": b.get("payload", "")} for b in buttons]
    for name in ("image", "custom"):
        if data.get(name):
            reply[name] = data[name]
    return reply


def _understood(message: UserUttered) -> dict[str, Any]:
    parsed = message.parse_data or {}
    name = message.intent.get("name") or ""
    ranking = [
        {"intent": item.get("name"), "confidence": item.get("confidence")}
        for item in parsed.get("intent_ranking") or []
        if item.get("name") != FALLBACK
    ]
    # What it came closest to among the answers, also when it was not sure: where to teach it.
    selected = (parsed.get("response_selector") or {}).get("faq") or {}
    topics = [
        {"intent": item.get("intent_response_key"), "confidence": item.get("confidence")}
        for item in selected.get("ranking") or []
    ]
    decided = parsed.get(DECIDED) or {}
    return {
        "intent": message.intent.get("full_retrieval_intent_name") or name,
        "confidence": message.intent.get("confidence") or 0.0,
        "ranking": ranking,
        "topics": topics,
        "entities": [
            {key: e[key] for key in ("entity", "value", "start", "end", "role") if key in e}
            for e in message.entities or []
        ],
        "leaves": decided.get("leaves") or [],
        "scope": decided.get("scope"),
        "why": decided.get("why", ""),
        "is_fallback": name == FALLBACK,
        "language": parsed.get(OUTPUT) or {},
        "mood": parsed.get(MOOD) or {},
    }
