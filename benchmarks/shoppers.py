"""Shoppers who measure: one with a chat open on the live stream, one who speaks Rasa's REST channel.

Both take a message and answer how long its reply took, so that the same rounds drive both systems.
"""

import asyncio
import json
import time
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Protocol

from benchmarks import machine
from benchmarks.default_rasa import DefaultRasa
from benchmarks.product import Product
from benchmarks.talk import Line
from benchmarks.wire import PATIENCE_SECONDS, Wire


@dataclass(frozen=True)
class Taken:
    """One measured turn. `started` and `ended` on the monotonic clock; `is_right`: the reply carried what it should."""

    line: Line
    started: float
    ended: float
    is_right: bool = True
    said: str = ""

    @property
    def seconds(self) -> float:
        """From just before the request was sent until the reply was read."""
        return self.ended - self.started


class Speaker(Protocol):
    """One end of a conversation."""

    async def open(self) -> None: ...

    async def say(self, line: Line) -> Taken: ...

    async def close(self) -> None: ...


class WebShopper:
    """A browser: POST /api/chat/messages, and the reply read from the event stream of the same conversation."""

    def __init__(self, url: str) -> None:
        self._wire, self._stream = Wire(url), Wire(url)
        self._headers: dict[str, str] = {}
        self._reader: asyncio.Task[None] | None = None
        self._events: asyncio.Queue[tuple[float, dict[str, Any]]] = asyncio.Queue()
        self.conversation_id = ""

    async def open(self) -> None:
        """Start a visitor and open the stream."""
        _status, answer = await self._wire.post_json("/api/chat/start", {}, {"locale": "en"})
        self.conversation_id = answer["conversation"]["id"]
        self._headers = {"Authorization": f"Bearer {answer['token']}"}
        events = self._stream.events(f"/api/chat/events?after={answer['cursor']}", self._headers)
        await anext(events)
        self._reader = asyncio.create_task(self._read(events))

    async def _read(self, events: AsyncIterator[tuple[str, bytes]]) -> None:
        async for kind, data in events:
            if kind == "message":
                at = time.perf_counter()
                self._events.put_nowait((at, json.loads(data)))

    async def post(self, text: str) -> tuple[int, dict[str, Any]]:
        """Send without waiting for the bot: status and the acknowledgement."""
        body = {"client_id": str(uuid.uuid4()), "text": text}
        return await self._wire.post_json("/api/chat/messages", self._headers, body)

    async def say(self, line: Line) -> Taken:
        """One turn, to the first reply; replies of one turn are committed and arrive together."""
        started = time.perf_counter()
        status, answer = await self.post(line.text)
        if status != 202:
            raise RuntimeError(f"the desk answered {status}: {answer}")
        seq = answer["message"]["seq"]
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                at, event = await self._events.get()
                if event["seq"] > seq and event["message"]["author"] != "shopper":
                    break
        said = [event["message"], *self._rest(seq)]
        cards = {part["type"] for message in said for part in message["parts"]}
        is_bots = said[0]["author"] == "bot"
        return Taken(line, started, at, is_bots and (not line.shows or line.shows in cards), said[0]["text"])

    def _rest(self, seq: int) -> Iterator[dict[str, Any]]:
        while not self._events.empty():
            _at, event = self._events.get_nowait()
            if event["seq"] > seq:
                yield event["message"]

    async def close(self) -> None:
        """Leave."""
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.gather(self._reader, return_exceptions=True)
        self._stream.close()
        self._wire.close()


class RestShopper:
    """A client of `rasa run`: POST /webhooks/rest/webhook answers with the replies."""

    _number = count(1)

    def __init__(self, url: str) -> None:
        self._wire = Wire(url)
        self._sender = ""

    async def open(self) -> None:
        """A sender nobody has used."""
        self._sender = f"bench-{time.time_ns()}-{next(self._number)}"
        await self._wire.connect()

    async def say(self, line: Line) -> Taken:
        """One turn."""
        started = time.perf_counter()
        body = {"sender": self._sender, "message": line.text}
        _status, replies = await self._wire.post_json("/webhooks/rest/webhook", {}, body)
        return Taken(line, started, time.perf_counter(), bool(replies), replies[0]["text"] if replies else "")

    async def close(self) -> None:
        """Leave."""
        self._wire.close()


@dataclass(frozen=True)
class Round:
    """Turns of several conversations at once, and the wall-clock seconds they took together; `processor`: by part."""

    turns: tuple[Taken, ...]
    seconds: float
    processor: Mapping[str, float] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Turns a second."""
        return len(self.turns) / self.seconds


class Side:
    """One of the compared systems: how to reach it, and what is said to it."""

    def __init__(
        self,
        name: str,
        system: Product | DefaultRasa,
        speaker: Callable[[str], Speaker],
    ) -> None:
        self.name, self.url, self._speaker = name, system.url, speaker
        self._processes = system.processes()

    def speaker(self) -> Speaker:
        """A new shopper, not yet in."""
        return self._speaker(self.url)

    async def round(self, talks: Sequence[Sequence[Line]]) -> Round:
        """All `talks` side by side, each its own conversation, each message sent as soon as the last was answered."""
        speakers = [self.speaker() for _ in talks]
        await _all(speaker.open() for speaker in speakers)
        try:
            used, started = machine.processor_seconds_of(self._processes), time.perf_counter()
            done = await _all(_talk(speaker, talk) for speaker, talk in zip(speakers, talks, strict=True))
            seconds = time.perf_counter() - started
            after = machine.processor_seconds_of(self._processes)
        finally:
            await _all(speaker.close() for speaker in speakers)
        return Round(
            tuple(turn for turns in done for turn in turns),
            seconds,
            {part: after[part] - used[part] for part in used},
        )


async def _talk(speaker: Speaker, talk: Sequence[Line]) -> list[Taken]:
    return [await speaker.say(line) for line in talk]


async def _all(work: Any) -> list[Any]:
    coroutines: list[Coroutine[Any, Any, Any]] = list(work)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one) for one in coroutines]
    return [task.result() for task in tasks]
