"""The measuring client reads what servers send, however it is cut on the way."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from benchmarks.wire import Wire

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], object]


async def serving(answer: Answer) -> AsyncIterator[str]:
    server = await asyncio.start_server(answer, "127.0.0.1", 0)  # type: ignore[arg-type]
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


async def read_request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = next((line for line in head.split(b"\r\n") if line.startswith(b"Content-Length")), b": 0")
    return await reader.readexactly(int(length.split(b": ")[1]))


async def test_calls_share_a_connection_and_one_that_has_ended_is_opened_anew() -> None:
    connections = 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        for _ in range(2):
            body = await read_request(reader)
            writer.write(b"HTTP/1.1 202 Accepted\r\ncontent-length: %d\r\n\r\n" % len(body))
            await writer.drain()
            writer.write(body)  # apart from its head
        writer.close()

    async for url in serving(answer):
        wire = Wire(url)
        assert not wire.is_open
        assert await wire.post("/", {}, b"one") == (202, b"one")
        assert await wire.post_json("/", {}, {"two": 2}) == (202, {"two": 2})
        assert connections == 1
        async with asyncio.timeout(10):
            while wire.is_open:  # noqa: ASYNC110 - nothing tells when the end is heard of
                await asyncio.sleep(0.01)
        assert await wire.post("/", {}, b"three") == (202, b"three")
        assert connections == 2
        wire.close()


async def test_a_call_that_breaks_off_is_told_and_the_next_begins_anew() -> None:
    answers = [
        b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
    ]

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(answers.pop(0))
        writer.close()

    async for url in serving(answer):
        wire = Wire(url)
        assert await wire.post("/", {}, b"one") == (0, b"")
        assert await wire.post("/", {}, b"two") == (200, b"")
        wire.close()


async def test_events_come_whole_however_they_are_cut() -> None:
    text = b'event: typing\ndata: {}\n\n: ping\n\nid: 7\nevent: message\ndata: {"seq": 7}\n\n'

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        for start in range(0, len(text), 11):
            piece = text[start : start + 11]
            writer.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            await writer.drain()
            await asyncio.sleep(0)
        writer.close()

    async for url in serving(answer):
        wire = Wire(url)
        found = [event async for event in wire.events("/", {})]
        assert found == [("", b""), ("typing", b"{}"), ("", b""), ("message", b'{"seq": 7}')]
        wire.close()


async def test_a_refused_stream_is_an_error() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n")

    async for url in serving(answer):
        with pytest.raises(ConnectionError, match="403"):
            await anext(Wire(url).events("/", {}))
