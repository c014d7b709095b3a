"""Calls between our own processes: HTTP/1.1 over kept connections, without what a client of the wide world carries.

A turn makes one or two; a general client takes a tenth of the turn for them (benchmarks/turns.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import cast
from urllib.parse import urlsplit

import httptools

CONNECT_SECONDS = 2.0
IDLE_SECONDS = 60.0  # a connection left alone for longer may be about to be hung up by the server
FINAL = 200  # below: what a server says before its answer


class Peer:
    """A server of ours; to be used within one event loop, by any number of tasks at once.

    A call whose kept connection turns out to be hung up before a byte of answer came is made once more, on a new one:
    what is called has to stand being asked twice.
    """

    def __init__(self, url: str, headers: Mapping[str, str], *, timeout_seconds: float) -> None:
        address = urlsplit(url)
        self._ssl = True if address.scheme == "https" else None
        self._host, self._port = address.hostname or "127.0.0.1", address.port or (443 if self._ssl else 80)
        self._path = address.path.rstrip("/")
        self._timeout = timeout_seconds
        lines = [f"Host: {address.netloc}", *(f"{name}: {value}" for name, value in headers.items())]
        if any(mark in line for line in lines for mark in "\r\n"):
            raise ValueError("a header has a line break in it")
        self._lines = "\r\n".join(lines)
        self._idle: list[_Connection] = []
        self._is_closed = False

    async def call(
        self, method: str, path: str, body: bytes = b"", *, timeout_seconds: float | None = None
    ) -> tuple[int, bytes]:
        """Status and body of the answer.

        Raises:
            TimeoutError: it did not come in time, connecting included.
            OSError: the server cannot be reached, hung up, or does not speak HTTP.
        """
        seconds = self._timeout if timeout_seconds is None else timeout_seconds
        until = asyncio.get_running_loop().time() + seconds
        head = f"{method} {self._path}{path} HTTP/1.1\r\n{self._lines}\r\nContent-Length: {len(body)}\r\n\r\n"
        request = head.encode() + body
        if (kept := self._kept()) is not None:
            try:
                return await self._answer(kept, request, until)
            except _HungUp:
                pass
        return await self._answer(await self._connect(until), request, until)

    def close(self) -> None:
        """Hang up; calls under way get their answers first."""
        self._is_closed = True
        while self._idle:
            self._idle.pop().hang_up()

    def _kept(self) -> _Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if connection.is_fresh():
                return connection
            connection.hang_up()
        return None

    async def _connect(self, until: float) -> _Connection:
        loop = asyncio.get_running_loop()
        making = loop.create_connection(lambda: _Connection(loop), self._host, self._port, ssl=self._ssl)
        try:
            return (await asyncio.wait_for(making, min(CONNECT_SECONDS, until - loop.time())))[1]
        except asyncio.TimeoutError as error:  # noqa: UP041 - before Python 3.11 it is one of its own
            raise ConnectionError("no connection in time") from error

    async def _answer(self, connection: _Connection, request: bytes, until: float) -> tuple[int, bytes]:
        try:
            answer = await connection.ask(request, until)
        except BaseException:  # also when the caller is cancelled: the answer would be the next call's
            connection.break_off()
            raise
        if connection.stays and not self._is_closed:
            self._idle.append(connection)
        else:
            connection.hang_up()
        return answer


class _HungUp(ConnectionError):
    """Before a byte of the answer came."""


class _Connection(asyncio.Protocol):
    """One connection, one call at a time."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._transport: asyncio.Transport | None = None
        self._waits: asyncio.Future[tuple[int, bytes]] | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._body: list[bytes] = []
        self._has_begun = False
        self._since = 0.0
        self.stays = False

    def is_fresh(self) -> bool:
        return (
            self._transport is not None
            and not self._transport.is_closing()
            and self._loop.time() - self._since < IDLE_SECONDS
        )

    def hang_up(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def break_off(self) -> None:
        """Hang up without waiting for what was not sent yet."""
        if self._transport is not None:
            self._transport.abort()

    async def ask(self, request: bytes, until: float) -> tuple[int, bytes]:
        if self._transport is None:
            raise _HungUp("the connection is closed")
        self._waits = self._loop.create_future()
        self._has_begun, self.stays = False, False
        late = self._loop.call_at(until, self._fail, TimeoutError("no answer in time"))
        self._transport.write(request)
        try:
            return await self._waits
        finally:
            late.cancel()
            self._waits = None

    def _is_awaited(self) -> bool:
        return self._waits is not None and not self._waits.done()

    def _fail(self, error: Exception) -> None:
        if self._waits is not None and not self._waits.done():
            self._waits.set_exception(error)

    # --- asyncio's side
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by its class

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        self._fail((ConnectionError if self._has_begun else _HungUp)(str(error or "the server hung up")))

    def data_received(self, data: bytes) -> None:
        if not self._is_awaited():  # it must not become the next call's answer
            self.stays = False
            self.break_off()
            return
        self._has_begun = True
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self.stays = False
            self._fail(ConnectionError(f"no HTTP: {error}"))
            self.break_off()

    # --- the parser's side
    def on_message_begin(self) -> None:
        if not self._is_awaited():  # a second answer
            self.stays = False

    def on_body(self, part: bytes) -> None:
        self._body.append(part)

    def on_message_complete(self) -> None:
        body, self._body = b"".join(self._body), []
        status = self._parser.get_status_code()
        if status >= FINAL and self._waits is not None and not self._waits.done():
            self.stays, self._since = self._parser.should_keep_alive(), self._loop.time()
            self._waits.set_result((status, body))
