"""A platform for tests of the desk: its webhooks are signed JSON of `Heard` values, what it is sent it keeps.

`post` plays the platform's part: it signs and posts what it is given. `refusals` are raised by the next sends,
`profiles` answer for people, `marks` holds what was marked.
"""

import dataclasses
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import aiohttp

from bot.core.channel import Capabilities, Finding, Heard, Outgoing, Person, Piece, Receipt, own_id
from bot.core.errors import BadInput, BadSignature, NotDelivered
from bot.core.messages import from_json, to_json

SECRET = b"a secret of the platform"
ACCOUNT = "shop-1"


class SmallPlatform:
    """Speaks the border of channels (`bot.core.channel.Platform`) without any house behind it."""

    name = "small"
    is_live = False
    needs = ()
    missing: tuple[str, ...] = ()
    accounts = (ACCOUNT,)

    def __init__(self, **capabilities: Any) -> None:
        given = {
            "text_limit": 2_000,
            "quick_replies": 13,
            "has_cards": False,
            "window_seconds": None,
            "settles": True,
            "has_typing": True,
            "has_seen": True,
            "comment_window_seconds": 7 * 86_400,
        }
        self.capabilities = Capabilities(**{**given, **capabilities})
        self.sent: list[Outgoing] = []
        self.refusals: list[NotDelivered] = []
        self.marks: list[tuple[str, str]] = []
        self.profiles: dict[str, Person] = {}
        self.asked: list[str] = []

    def challenge(self, query: Mapping[str, str]) -> str | None:
        return query.get("challenge") if query.get("word") == "friend" else None

    def check_signature(self, headers: Mapping[str, str], body: bytes) -> None:
        given = headers.get("x-signature", "").encode()
        if not hmac.compare_digest(given, signature(body).encode()):
            raise BadSignature

    def parse(self, body: bytes, *, at: datetime) -> list[Heard]:
        try:
            given = json.loads(body)
            events = given["events"]
        except (ValueError, TypeError, KeyError) as error:
            raise BadInput("not what this platform says") from error
        if given.get("trips"):
            raise RuntimeError("a mistake in reading")
        return [read(event) for event in events]

    def render(self, message: Outgoing) -> Sequence[Piece]:
        choices = [to_json(part) for part in message.parts if to_json(part)["type"] == "quick_replies"]
        return [Piece(0, {"text": message.text, "choices": choices}, words=message.text)]

    async def send(self, message: Outgoing, piece: Piece) -> Receipt:
        if self.refusals:
            raise self.refusals.pop(0)
        self.sent.append(message)
        return Receipt(f"out-{own_id(message.message_id, piece.number)}")

    async def mark(self, account: str, person: str, *, what: str, target: str = "") -> None:
        self.marks.append((person, what))

    async def person(self, account: str, person: str) -> Person | None:
        self.asked.append(person)
        return self.profiles[person]

    async def check(self, account: str) -> list[Finding]:
        return []

    async def set_up(self, account: str, *, webhook_url: str, profile: Mapping[str, Any]) -> list[Finding]:
        return []

    async def close(self) -> None:
        return None


def signature(body: bytes) -> str:
    return hmac.new(SECRET, body, hashlib.sha256).hexdigest()


def body_of(*heard: Heard, **more: Any) -> bytes:
    events = [
        {
            **dataclasses.asdict(dataclasses.replace(one, parts=())),
            "at": one.at.isoformat(),
            "parts": [to_json(part) for part in one.parts],
        }
        for one in heard
    ]
    return json.dumps({"events": events, **more}).encode()


def read(event: dict[str, Any]) -> Heard:
    parts = tuple(from_json(part) for part in event["parts"])
    at = datetime.fromisoformat(event["at"]).astimezone(UTC)
    return Heard(**{**event, "at": at, "parts": parts, "aliases": tuple(event["aliases"])})


async def post(http: aiohttp.ClientSession, url: str, *heard: Heard, **more: Any) -> tuple[int, Any]:
    """Tell the desk at `url`; (status, answer)."""
    body = body_of(*heard, **more)
    async with http.post(
        f"{url}/webhooks/small", data=body, headers={"X-Signature": signature(body)}
    ) as response:
        return response.status, await response.json(content_type=None)
