"""One call to the brain per turn, over its private channel (docs/internals.md, 'Desk → brain')."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from bot.core.errors import BrainUnavailable
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
        self._url = url.rstrip("/")
        self._headers = {"X-Aisle-Secret": secret, "Content-Type": "application/json"}
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds, connect=2.0)
        self._session: aiohttp.ClientSession | None = None

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(
                timeout=self._timeout,
                connector=aiohttp.TCPConnector(limit=64, keepalive_timeout=60),
                cookie_jar=aiohttp.DummyCookieJar(),  # else cookies are looked for with each turn
            )
        return self._session

    async def turn(self, turn: Turn) -> Answer:
        """The brain's answer to one message.

        Raises:
            BrainRefused: it answered, but not with an answer of ours (its fault or this message's).
            BrainUnavailable: it cannot be reached, or took too long.
        """
        body = json_text.encoded(
            {
                "sender": turn.sender,
                "message": turn.message,
                "message_id": turn.message_id,
                "metadata": turn.metadata,
            }
        )
        try:
            async with self._client().post(
                f"{self._url}/webhooks/desk/webhook", data=body.encode(), headers=self._headers
            ) as response:
                if response.status in (404, 503):  # still loading its model
                    raise BrainUnavailable(f"the brain answered {response.status}")
                if response.status != 200:
                    raise BrainRefused(f"the brain answered {response.status}")
                return _answer(json_text.decoded(await response.read()))
        except TimeoutError as error:
            raise BrainRefused("the brain took too long") from error
        except (aiohttp.ClientError, OSError) as error:
            raise BrainUnavailable(f"the brain cannot be reached: {type(error).__name__}") from error
        except ValueError as error:
            raise BrainRefused(f"the brain's answer is not JSON: {error}") from error

    async def forget(self, sender: str, message_id: str) -> None:
        """Have the words of a message forgotten that the shopper unsent, after the turn that may be taken on it.

        Raises:
            BrainUnavailable: it is not forgotten yet.
        """
        body = {"sender": sender, "message_id": message_id}
        try:
            async with (
                asyncio.timeout(FORGET_SECONDS),
                self._client().post(
                    f"{self._url}/webhooks/desk/forget", json=body, headers=self._headers
                ) as response,
            ):
                if response.status != 200:
                    raise BrainUnavailable(f"the brain answered {response.status}")
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise BrainUnavailable(f"the brain cannot be reached: {type(error).__name__}") from error

    async def explain(self, text: str, metadata: dict[str, Any]) -> dict[str, Any]:
        """Why a message is understood as it is (docs/nlu.md); no turn is taken and nothing kept.

        Raises:
            BrainRefused: its model cannot say.
            BrainUnavailable: it cannot be reached, or took too long.
        """
        body = {"text": text, "metadata": metadata}
        try:
            async with (
                asyncio.timeout(EXPLAIN_SECONDS),
                self._client().post(
                    f"{self._url}/webhooks/desk/explain", json=body, headers=self._headers
                ) as response,
            ):
                if response.status in (404, 503):
                    raise BrainUnavailable(f"the brain answered {response.status}")
                data = await response.json(content_type=None) if response.status == 200 else None
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise BrainUnavailable(f"the brain cannot be reached: {type(error).__name__}") from error
        except ValueError as error:
            raise BrainRefused(f"the brain's answer is not JSON: {error}") from error
        found = data.get("explanation") if isinstance(data, dict) else None
        if not isinstance(found, dict):
            raise BrainRefused("the brain cannot explain messages")
        return found

    async def is_up(self) -> bool:
        """Whether the brain answers within a second (a wrong secret counts as down)."""
        try:
            async with (
                asyncio.timeout(1.0),
                self._client().get(f"{self._url}/webhooks/desk/", headers=self._headers) as response,
            ):
                return response.status == 200
        except (TimeoutError, aiohttp.ClientError, OSError):
            return False

    async def close(self) -> None:
        """Give the connections back."""
        if self._session is not None:
            await self._session.close()


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
