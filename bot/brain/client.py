"""One call to the brain per turn, over its private channel (docs/internals.md, 'Desk → brain')."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.core.errors import BrainUnavailable
from bot.peers import Peer
from bot.store import json_text

FORGET_SECONDS = 10.0
EXPLAIN_SECONDS = 15.0


@dataclass(frozen=True)
class Turn:
    """What the brain is told."""

    sender: str
    message: str
    message_id: str
    metadata: dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """What the brain said: replies as it shaped them, what it understood, and its state."""

    replies: tuple[dict[str, Any], ...]
    understood: dict[str, Any] = field(default_factory=dict)
    slots: dict[str, Any] = field(default_factory=dict)
    active_form: str = ""
    failed_action: str = ""


def readings(understood: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """What a message was taken for; one reading for each request in it."""
    return [understood, *(understood.get("also") or ())]


class BrainRefused(BrainUnavailable):
    """The brain is up but could not take this turn."""


class Brain:
    """A client; safe to share between tasks of one event loop."""

    def __init__(self, url: str, secret: str, *, timeout_seconds: float) -> None:
        headers = {"X-Aisle-Secret": secret, "Content-Type": "application/json"}
        self._peer = Peer(f"{url.rstrip('/')}/webhooks/desk", headers, timeout_seconds=timeout_seconds)

    async def turn(self, turn: Turn) -> Answer:
        """The brain's answer to one message; it takes a message once, however often it is asked.

        Raises:
            BrainRefused: it answered, but not with an answer of ours (its fault or this message's).
            BrainUnavailable: it cannot be reached, or took too long.
        """
        body = {
            "sender": turn.sender,
            "message": turn.message,
            "message_id": turn.message_id,
            "metadata": turn.metadata,
        }
        try:
            status, answer = await self._post("/webhook", body)
        except TimeoutError as error:
            raise BrainRefused("the brain took too long") from error
        except OSError as error:
            raise _unreachable(error) from error
        if status in (404, 503):  # still loading its model
            raise BrainUnavailable(f"the brain answered {status}")
        if status != 200:
            raise BrainRefused(f"the brain answered {status}")
        return _answer(_json(answer))

    async def forget(self, sender: str, message_id: str) -> None:
        """Have the words of a message forgotten that the shopper unsent, after the turn that may be taken on it.

        Raises:
            BrainUnavailable: it is not forgotten yet.
        """
        body = {"sender": sender, "message_id": message_id}
        try:
            status, _ = await self._post("/forget", body, timeout_seconds=FORGET_SECONDS)
        except OSError as error:
            raise _unreachable(error) from error
        if status != 200:
            raise BrainUnavailable(f"the brain answered {status}")

    async def explain(self, text: str, metadata: dict[str, Any]) -> dict[str, Any]:
        """Why a message is understood as it is (docs/nlu.md); no turn is taken and nothing kept.

        Raises:
            BrainRefused: its model cannot say.
            BrainUnavailable: it cannot be reached, or took too long.
        """
        body = {"text": text, "metadata": metadata}
        try:
            status, answer = await self._post("/explain", body, timeout_seconds=EXPLAIN_SECONDS)
        except OSError as error:
            raise _unreachable(error) from error
        if status in (404, 503):
            raise BrainUnavailable(f"the brain answered {status}")
        data = _json(answer) if status == 200 else None
        found = data.get("explanation") if isinstance(data, dict) else None
        if not isinstance(found, dict):
            raise BrainRefused("the brain cannot explain messages")
        return found

    async def close(self) -> None:
        """Give the connections back."""
        self._peer.close()

    async def _post(
        self, path: str, body: dict[str, Any], *, timeout_seconds: float | None = None
    ) -> tuple[int, bytes]:
        return await self._peer.call(
            "POST", path, json_text.encoded(body).encode(), timeout_seconds=timeout_seconds
        )


def _unreachable(error: OSError) -> BrainUnavailable:  # a TimeoutError is one
    return BrainUnavailable(f"the brain cannot be reached: {type(error).__name__}")


def _json(body: bytes) -> Any:
    try:
        return json_text.decoded(body)
    except ValueError as error:
        raise BrainRefused(f"the brain's answer is not JSON: {error}") from error


def _answer(data: Any) -> Answer:
    if not isinstance(data, dict) or not isinstance(data.get("replies"), list):
        raise BrainRefused("the brain's answer has no replies")
    return Answer(
        replies=tuple(reply for reply in data["replies"] if isinstance(reply, dict)),
        understood=data.get("understood") or {},
        slots=data.get("slots") or {},
        active_form=data.get("active_form") or "",
        failed_action=data.get("failed_action") or "",
    )
