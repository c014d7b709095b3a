"""Calls between our own processes: kept connections, answers in pieces, and what goes wrong on the way."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from bot.peers import Peer

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def request_of(reader: asyncio.StreamReader) -> tuple[str, dict[str, str], bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = dict(line.split(": ", 1) for line in head[1:] if line)
    return head[0], headers, await reader.readexactly(int(headers["Content-Length"]))


def answer(body: bytes, status: str = "200 OK", more: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{more}\r\n".encode() + body


class Server:
    """Counts connections; `handle` is called for each."""

    def __init__(self, handle: Handler) -> None:
        self._handle = handle
        self.connections = 0
        self.writers: list[asyncio.StreamWriter] = []

    async def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.writers.append(writer)
        try:
            await self._handle(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def serving(
    handle: Handler, *, path: str = "", secret: str = "s"
) -> AsyncIterator[tuple[Server, Peer]]:
    server = Server(handle)
    listening = await asyncio.start_server(server.meet, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    peer = Peer(f"http://127.0.0.1:{port}{path}", {"X-Secret": secret}, timeout_seconds=5.0)
    try:
        yield server, peer
    finally:
        peer.close()
        listening.close()


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        line, headers, body = await request_of(reader)
        writer.write(answer(f"{line}|{headers['X-Secret']}|".encode() + body))


async def test_calls_one_after_the_other_share_a_connection() -> None:
    async with serving(echo, path="/hook/") as (server, peer):
        assert await peer.call("POST", "", b"one") == (200, b"POST /hook HTTP/1.1|s|one")
        assert await peer.call("GET", "/x") == (200, b"GET /hook/x HTTP/1.1|s|")
        assert server.connections == 1


async def test_calls_at_once_get_each_their_own_answer() -> None:
    async with serving(echo) as (server, peer):
        bodies = [str(number).encode() * 50_000 for number in range(20)]
        found = await asyncio.gather(*(peer.call("POST", "/x", body) for body in bodies))
        assert [body.rsplit(b"|")[-1] for _, body in found] == bodies
        assert 1 < server.connections <= 20
        await asyncio.gather(*(peer.call("POST", "/x", body) for body in bodies))
        assert server.connections <= 20


async def test_an_answer_in_pieces_and_chunks_is_put_together() -> None:
    async def slowly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        for part in (
            b"HTTP/1.1 201 Cre",
            b"ated\r\nTransfer-Encoding: chun",
            b"ked\r\n\r\n3\r\nab",
            b"c\r\n0\r\n\r\n",
        ):
            writer.write(part)
            await asyncio.sleep(0.01)

    async with serving(slowly) as (_, peer):
        assert await peer.call("POST", "/x", b"b") == (201, b"abc")


async def test_a_server_that_says_it_hangs_up_is_called_on_a_new_connection() -> None:
    heard: list[bytes] = []

    async def last(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:  # it would go on all the same
            heard.append((await request_of(reader))[2])
            writer.write(answer(b"x", more="Connection: close\r\n"))

    async with serving(last) as (server, peer):
        for body in (b"1", b"2", b"3"):
            assert await peer.call("POST", "/x", body) == (200, b"x")
        assert heard == [b"1", b"2", b"3"]
        assert server.connections == 3


async def test_a_kept_connection_that_is_hung_up_meanwhile_is_replaced_and_the_call_made_again() -> None:
    heard: list[bytes] = []

    async def forgets(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append((await request_of(reader))[2])
        writer.write(answer(b"x"))
        heard.append((await request_of(reader))[2])  # and hangs up without a word

    async with serving(forgets) as (server, peer):
        assert await peer.call("POST", "/x", b"1") == (200, b"x")
        assert await peer.call("POST", "/x", b"2") == (200, b"x")
        assert heard == [b"1", b"2", b"2"]
        server.writers[-1].close()
        await asyncio.sleep(0.05)
        assert await peer.call("POST", "/x", b"3") == (200, b"x")
        assert server.connections == 3


async def test_a_new_connection_that_is_hung_up_is_an_error_and_so_is_half_an_answer() -> None:
    async def rude(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if (await request_of(reader))[2] == b"half":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")

    async with serving(rude) as (server, peer):
        for body in (b"nothing", b"half"):
            with pytest.raises(ConnectionError):
                await peer.call("POST", "/x", body)
        assert server.connections == 2


async def test_what_is_no_http_is_an_error() -> None:
    async def odd(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(b"SSH-2.0-OpenSSH\r\n")
        await asyncio.sleep(1)

    async with serving(odd) as (_, peer):
        with pytest.raises(ConnectionError, match="no HTTP"):
            await peer.call("POST", "/x")


async def test_a_late_answer_is_not_the_next_calls() -> None:
    may_answer, is_asked = asyncio.Event(), asyncio.Event()
    ends: list[asyncio.Task[bytes]] = []

    async def late(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            body = (await request_of(reader))[2]
            if body == b"slow":
                ends.append(asyncio.create_task(reader.read()))  # until the caller hangs up
                is_asked.set()
                await may_answer.wait()
            writer.write(answer(body))

    async with serving(late) as (server, peer):
        assert await peer.call("POST", "/x", b"quick") == (200, b"quick")
        with pytest.raises(TimeoutError):
            await peer.call("POST", "/x", b"slow", timeout_seconds=0.1)
        is_asked.clear()
        asking = asyncio.create_task(peer.call("POST", "/x", b"slow"))
        await asyncio.wait_for(is_asked.wait(), 5)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await asyncio.wait_for(asyncio.gather(*ends, return_exceptions=True), 5)
        may_answer.set()
        assert await peer.call("POST", "/x", b"quick") == (200, b"quick")
        assert server.connections == 3


@pytest.mark.parametrize("more", [answer(b"surplus"), b"HTTP/1.1 200 OK\r\nContent-Le"])
async def test_what_comes_unasked_is_not_the_next_calls_answer(more: bytes) -> None:
    async def talks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            body = (await request_of(reader))[2]
            writer.write(answer(body) + (more if body == b"1" else b""))
            if body == b"2":
                await asyncio.sleep(0.02)
                writer.write(more)

    async with serving(talks) as (_, peer):
        for body in (b"1", b"2"):
            assert await peer.call("POST", "/x", body) == (200, body)
            await asyncio.sleep(0.1)
        assert await peer.call("POST", "/x", b"3") == (200, b"3")


async def test_what_a_server_says_before_its_answer_is_not_the_answer() -> None:
    async def patient(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            body = (await request_of(reader))[2]
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            await asyncio.sleep(0.02)
            writer.write(answer(body))

    async with serving(patient) as (server, peer):
        assert await peer.call("POST", "/x", b"1") == (200, b"1")
        assert await peer.call("POST", "/x", b"2") == (200, b"2")
        assert server.connections == 1


async def test_an_answer_without_a_body() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await request_of(reader)
            writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")

    async with serving(silent) as (server, peer):
        assert [await peer.call("POST", "/x") for _ in range(2)] == [(204, b"")] * 2
        assert server.connections == 1


async def test_a_call_under_way_is_answered_though_the_peer_is_closed() -> None:
    may_answer, is_hung_up = asyncio.Event(), asyncio.Event()

    async def waits(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        await may_answer.wait()
        writer.write(answer(b"x"))
        assert await reader.read() == b""
        is_hung_up.set()

    async with serving(waits) as (_, peer):
        asking = asyncio.create_task(peer.call("POST", "/x"))
        await asyncio.sleep(0.05)
        peer.close()
        may_answer.set()
        assert await asking == (200, b"x")
        await asyncio.wait_for(is_hung_up.wait(), 5)


async def test_a_secret_of_other_letters_arrives() -> None:
    async def hears(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        writer.write(answer(b"heard" if "žéა".encode() in head else b"garbled"))

    async with serving(hears, secret="žéა") as (_, peer):
        assert await peer.call("POST", "/x") == (200, b"heard")


async def test_nobody_there_is_an_error(free_port: int) -> None:
    with pytest.raises(OSError, match=r"refused|Connect call failed"):
        await Peer(f"http://127.0.0.1:{free_port}", {}, timeout_seconds=1).call("GET", "/")


def test_a_header_cannot_end_the_headers() -> None:
    with pytest.raises(ValueError, match="line break"):
        Peer("http://127.0.0.1:1", {"X-Secret": "a\r\nHost: b"}, timeout_seconds=1)
