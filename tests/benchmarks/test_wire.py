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


async def test_calls_share_a_connection_and_a_broken_one_is_opened_anew() -> None:
    connections = 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        for number in range(2):
            body = await read_request(reader)
            writer.write(b"HTTP/1.1 202 Accepted\r\ncontent-length: %d\r\n\r\n" % len(body))
            await writer.drain()
            writer.write(body)  # apart from its head
            if number:
                writer.close()

    async for url in serving(answer):
        wire = Wire(url)
        assert await wire.post("/", {}, b"one") == (202, b"one")
        assert await wire.post_json("/", {}, {"two": 2}) == (202, {"two": 2})
        assert connections == 1
        assert await wire.post("/", {}, b"three") == (0, b"")  # the server had hung up
        assert await wire.post("/", {}, b"four") == (202, b"four")
        assert connections == 2
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
