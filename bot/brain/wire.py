"""HTTP/1.1 over kept connections to one private address: the brain's.

The desk calls it once a turn with a little JSON each way. A client for the whole web (cookies, redirects, proxies,
compression) takes five times the processor time for that.
"""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit

CONNECT_SECONDS = 2.0
LONGEST_HEAD = 64 * 1024
_STATUS = re.compile(rb"HTTP/1\.([01]) (\d{3})")
_CHUNK = re.compile(rb"([0-9a-fA-F]+)[^\r\n]*\r\n")


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    body: bytes


class Wire:
    """Safe to share between tasks of one event loop. Time-outs are the caller's, but for that of a connection."""

    def __init__(self, url: str, *, headers: Mapping[str, str]) -> None:
        parts = urlsplit(url)
        self._is_tls = parts.scheme == "https"
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if self._is_tls else 80)
        self._path = parts.path.rstrip("/")
        known = {"Host": parts.netloc.rpartition("@")[2], **headers}
        self._headers = "".join(f"{name}: {value}\r\n" for name, value in known.items())
        self._idle: list[_Link] = []

    async def call(self, method: str, path: str, body: bytes = b"") -> Reply:
        """One call. It may be made twice: a kept connection can end just as it is used again.

        Raises:
            OSError: it cannot be reached, or what came back is not an answer.
        """
        head = f"{method} {self._path}{path} HTTP/1.1\r\n{self._headers}Content-Length: {len(body)}\r\n\r\n"
        request = head.encode() + body
        while self._idle:
            link = self._idle.pop()
            if link.is_closed:
                continue
            try:
                return await self._on(link, request)
            except ConnectionError:
                if link.has_heard:
                    raise
        return await self._on(await self._connected(), request)

    async def close(self) -> None:
        """Give the connections back."""
        while self._idle:
            self._idle.pop().close()

    async def _connected(self) -> "_Link":
        async with asyncio.timeout(CONNECT_SECONDS):
            _transport, link = await asyncio.get_running_loop().create_connection(
                _Link, self._host, self._port, ssl=self._is_tls or None
            )
        return link

    async def _on(self, link: "_Link", request: bytes) -> Reply:
        try:
            reply = await link.ask(request)
        except BaseException:  # given up half-way as well: what may still come belongs to nobody
            link.close()
            raise
        if link.is_kept:
            self._idle.append(link)
        else:
            link.close()
        return reply


class _Link(asyncio.Protocol):
    """A connection, for one call at a time."""

    def __init__(self) -> None:
        self.is_closed = self.is_kept = self.has_heard = False
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[Reply] | None = None
        self._heard = b""

    def ask(self, request: bytes) -> asyncio.Future[Reply]:
        """Send a request; what comes back."""
        answer = self._answer = asyncio.get_running_loop().create_future()
        self._heard, self.has_heard, self.is_kept = b"", False, False
        if self.is_closed or self._transport is None:
            answer.set_exception(ConnectionResetError("the connection is closed"))
        else:
            self._transport.write(request)
        return answer

    def close(self) -> None:
        """End it."""
        self.is_closed = True
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ready."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Some of the answer, or all of it."""
        self._heard += data
        self.has_heard = True
        if self._answer is None or self._answer.done():  # said without being asked
            self.close()
            return
        try:
            reply = self._read(is_over=False)
        except ValueError as error:
            self._fail(f"what came back is not HTTP: {error}")
        else:
            if reply is not None:
                self._answer.set_result(reply)

    def connection_lost(self, error: Exception | None) -> None:
        """Over; an answer without a length ends so."""
        self.is_closed = True
        if self._answer is None or self._answer.done():
            return
        try:
            reply = self._read(is_over=True)
        except ValueError:
            reply = None
        if reply is None:
            self._fail("the connection was closed before the answer came")
        else:
            self._answer.set_result(reply)

    def _fail(self, why: str) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionResetError(why))

    def _read(self, *, is_over: bool) -> Reply | None:
        """The answer, once all of it has come; `is_over`: nothing more will.

        Raises:
            ValueError: this is not HTTP.
        """
        head, blank, rest = self._heard.partition(b"\r\n\r\n")
        if not blank:
            if len(head) > LONGEST_HEAD:
                raise ValueError("a head without end")
            return None
        first, *lines = head.split(b"\r\n")
        found = _STATUS.match(first)
        if found is None:
            raise ValueError("no status")
        status = int(found[2])
        if status < 200:  # the answer itself is still to come
            self._heard = rest
            return self._read(is_over=is_over)
        told = {
            name.strip().lower(): value.strip() for name, _, value in (line.partition(b":") for line in lines)
        }
        is_kept = found[1] == b"1" and told.get(b"connection", b"").lower() != b"close"
        if b"chunked" in told.get(b"transfer-encoding", b"").lower():
            body = _joined(rest)
        elif status in (204, 304):
            body = b""
        elif b"content-length" in told:
            length = int(told[b"content-length"])
            body = rest[:length] if len(rest) >= length else None
            is_kept = is_kept and len(rest) <= length
        else:
            is_kept, body = False, rest if is_over else None
        if body is None:
            return None
        self.is_kept = is_kept and not is_over
        return Reply(status, body)


def _joined(rest: bytes) -> bytes | None:
    """The body that came in chunks, None while the last is missing.

    Raises:
        ValueError: a chunk has no length.
    """
    parts: list[bytes] = []
    at = 0
    while True:
        if b"\r\n" not in rest[at:]:
            return None
        found = _CHUNK.match(rest, at)
        if found is None:
            raise ValueError("no length of a chunk")
        length, start = int(found[1], 16), found.end()
        if length == 0:
            return b"".join(parts) if rest.endswith(b"\r\n\r\n") else None
        if len(rest) < start + length + 2:
            return None
        parts.append(rest[start : start + length])
        at = start + length + 2
