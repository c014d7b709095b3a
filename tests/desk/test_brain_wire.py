"""The desk's connection to the brain: kept, made anew when it ended, and half an answer is none."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from bot.brain.client import Brain, BrainRefused, Turn
from bot.brain.wire import Wire
from bot.core.errors import BrainUnavailable

TURN = Turn("c.1", "Ačiū", "7", {"language": "lt"})
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n" + b'{"replies":[]}'
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(serve: Serve) -> AsyncIterator[str]:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def heard(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """Head and body of a request."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
    return head, await reader.readexactly(length)


@pytest.mark.parametrize(
    "answer",
    [
        OK,
        b"HTTP/1.1 100 Continue\r\n\r\n" + OK,
        b'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{"rep\r\n9;x=y\r\nlies":[]}\r\n0\r\n\r\n',
        b"HTTP/1.0 200 OK\r\n\r\n" + b'{"replies":[]}',
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + b'{"replies":[]}',
    ],
    ids=["length", "continue", "chunks", "old", "until the end"],
)
@pytest.mark.parametrize("step", [1, 7, 10_000])
async def test_an_answer_is_read_however_it_is_cut(answer: bytes, step: int) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await heard(reader)
        for start in range(0, len(answer), step):
            writer.write(answer[start : start + step])
            await writer.drain()
            await asyncio.sleep(0)

    async with serving(serve) as url:
        brain = Brain(url, "secret", timeout_seconds=5)
        assert (await brain.turn(TURN)).replies == ()
        await brain.close()


async def test_a_connection_is_kept_and_one_that_ended_meanwhile_is_made_anew() -> None:
    connections: list[list[bytes]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        calls: list[bytes] = []
        connections.append(calls)
        for _ in range(2):  # and then goes without a word
            head, body = await heard(reader)
            calls.append(head + body)
            writer.write(OK)
        await heard(reader)

    async with serving(serve) as url:
        brain = Brain(url + "/prefix/", "secret", timeout_seconds=5)
        for _ in range(4):
            await brain.turn(TURN)
        await brain.close()
    assert [len(calls) for calls in connections] == [2, 2]
    first = connections[0][0]
    assert first.startswith(b"POST /prefix/webhooks/desk/webhook HTTP/1.1\r\nHost: 127.0.0.1:")
    assert b"\r\nX-Aisle-Secret: secret\r\n" in first
    assert "Ačiū".encode() in first


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n{",
        b"hello\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Le",
    ],
    ids=["nothing", "half", "not HTTP", "half a head"],
)
async def test_half_an_answer_is_none(answer: bytes) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await heard(reader)
        writer.write(answer)

    async with serving(serve) as url:
        brain = Brain(url, "secret", timeout_seconds=5)
        with pytest.raises(BrainUnavailable) as raised:
            await brain.turn(TURN)
        assert not isinstance(raised.value, BrainRefused)
        await brain.close()


async def test_an_answer_that_comes_too_late_is_not_given_to_the_next_call() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _head, body = await heard(reader)
        if b"slow" in body:
            await asyncio.sleep(0.3)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        await heard(reader)

    async with serving(serve) as url:
        wire = Wire(url, headers={})
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await wire.call("POST", "/", b"slow")
        calls = [wire.call("POST", "/", b"%d" % number) for number in range(8)]
        assert [reply.body for reply in await asyncio.gather(*calls)] == [
            b"%d" % number for number in range(8)
        ]
        await wire.close()


async def test_a_brain_that_is_not_there_is_unavailable() -> None:
    async with serving(lambda reader, writer: asyncio.sleep(0)) as url:
        pass
    brain = Brain(url, "secret", timeout_seconds=5)
    with pytest.raises(BrainUnavailable):
        await brain.turn(TURN)
    assert not await brain.is_up()
