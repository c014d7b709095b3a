"""HTTP/1.1 as the measuring client speaks it: it shares the machine, so what it takes is missing to what it measures.

Only what our servers on loopback answer: bodies of a told length, and event streams in chunks.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec

PATIENCE_SECONDS = 60.0  # with a server that takes a call and does not answer


class Wire:
    """A connection that stays open; one call at a time. A broken one is opened anew by the next call."""

    def __init__(self, url: str) -> None:
        address = urlsplit(url)
        self._host, self._port = address.hostname or "127.0.0.1", address.port or 80
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._turn = asyncio.Lock()

    async def post(self, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        """Status and body; status 0 when the connection broke or there was no answer in time."""
        async with self._turn:
            try:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    return await self._post(path, headers, body)
            except (OSError, asyncio.IncompleteReadError):  # a TimeoutError is an OSError
                self.close()
                return 0, b""

    async def post_json(self, path: str, headers: Mapping[str, str], value: Any) -> tuple[int, Any]:
        """The same of JSON.

        Raises:
            ConnectionError: the connection broke.
        """
        typed = {"Content-Type": "application/json", **headers}
        status, body = await self.post(path, typed, msgspec.json.encode(value))
        if not status:
            raise ConnectionError(f"{path}: the connection broke")
        return status, msgspec.json.decode(body)

    async def _post(self, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        reader = await self._send("POST", path, {**headers, "Content-Length": str(len(body))}, body)
        status, told = await _head(reader)
        return status, await reader.readexactly(int(told.get("content-length", 0)))

    async def events(self, path: str, headers: Mapping[str, str]) -> AsyncIterator[tuple[str, bytes]]:
        """Kind and data of the events of a stream, from the moment it is open (first: an empty one) until it ends.

        Raises:
            ConnectionError: it was refused.
            TimeoutError: there was no answer in time.
        """
        async with asyncio.timeout(PATIENCE_SECONDS):
            reader = await self._send("GET", path, {**headers, "Accept": "text/event-stream"}, b"")
            status, _told = await _head(reader)
        if status != 200:
            raise ConnectionError(f"{path}: {status}")
        yield "", b""
        begun = b""
        try:
            while size := int(await reader.readline(), 16):
                begun += (await reader.readexactly(size + 2))[:-2]
                *whole, begun = begun.split(b"\n\n")
                for event in whole:
                    fields = dict(line.split(b": ", 1) for line in event.split(b"\n") if b": " in line)
                    yield fields.get(b"event", b"").decode(), fields.get(b"data", b"")
        except (OSError, ValueError, asyncio.IncompleteReadError):  # it ended
            return

    @property
    def is_open(self) -> bool:
        """Whether there is a connection that the server has not hung up, as far as is known."""
        return self._streams is not None and not self._streams[0].at_eof()

    async def connect(self) -> None:
        """Open the connection, so that the first call need not."""
        if not self.is_open:
            self.close()
            self._streams = await asyncio.open_connection(self._host, self._port, limit=2**20)

    async def _send(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> asyncio.StreamReader:
        await self.connect()
        assert self._streams is not None
        reader, writer = self._streams
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self._host}:{self._port}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        return reader

    def close(self) -> None:
        """Hang up."""
        if self._streams is not None:
            self._streams[1].close()
        self._streams = None


async def _head(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    told = dict(line.lower().split(": ", 1) for line in lines if ": " in line)
    return int(first.split(" ", 2)[1]), told
