"""The Graph client: what it sends, what errors mean, what no answer means, and how it keeps below the limits."""

import asyncio
import hashlib
import hmac
import json
import socket
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from aiohttp import web

from bot.core.errors import NotDelivered
from connectors.graph import Graph
from connectors.graph_errors import Refused
from connectors.graph_pace import Pace
from tests.connectors.loopback import Answer, Loopback, loopback

PATH = "/v25.0/me/messages"
SENT = (200, {"recipient_id": "24001", "message_id": "m_1"})
RATES = {"text": (10.0, 5.0), "media": (1.0, 1.0)}


def error(code: int, subcode: int | None = None, *, status: int = 400, **more: Any) -> tuple[int, Any]:
    body = {"message": "said so", "type": "OAuthException", "code": code, "fbtrace_id": "Ab1", **more}
    if subcode is not None:
        body["error_subcode"] = subcode
    return status, {"error": body}


def with_headers(status: int, value: Any, headers: Mapping[str, str]) -> Answer:
    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.json_response(value, status=status, headers=headers)

    return answer


def usage(percent: int, *, account: str = "204", minutes: int = 0) -> dict[str, str]:
    row = {
        "type": "messenger",
        "call_count": percent,
        "total_cputime": 1,
        "total_time": 2,
        "estimated_time_to_regain_access": minutes,
    }
    return {"X-Business-Use-Case-Usage": json.dumps({account: [row]})}


@pytest.fixture
async def api() -> AsyncIterator[Loopback]:
    async with loopback() as platform:
        yield platform


@pytest.fixture
async def graph(api: Loopback) -> AsyncIterator[Graph]:
    found = Graph(api.url, "v25.0", app_secret="app-secret", answer_seconds=0.4)
    yield found
    await found.close()


async def send(graph: Graph, account: str = "204") -> dict[str, Any]:
    body = {"recipient": {"id": "24001"}, "message": {"text": "Labas 🧶"}}
    return await graph.call(
        "POST", "me/messages", token="page-token", account=account, sort="text", body=body
    )


async def refused(graph: Graph) -> NotDelivered:
    with pytest.raises(NotDelivered) as caught:
        await send(graph)
    return caught.value


async def test_a_call_carries_the_token_in_a_header_and_its_proof(api: Loopback, graph: Graph) -> None:
    api.answer(PATH, SENT)
    assert await send(graph) == SENT[1]
    [call] = api.calls
    assert call.headers["authorization"] == "Bearer page-token"
    proof = hmac.new(b"app-secret", b"page-token", hashlib.sha256).hexdigest()
    assert call.query == {"appsecret_proof": proof}
    assert call.body["message"]["text"] == "Labas 🧶"


ROWS = [
    # code, subcode, cause, heals
    (10, 2018278, "message", False),
    (10, 2534022, "message", False),
    (10, 2018065, "message", False),
    (100, None, "message", False),
    (10, 2018300, "owner", False),
    (2018300, None, "owner", False),
    (100, 2534037, "owner", False),
    (2018321, None, "busy", True),
    (100, 2018321, "busy", True),
    (10, 1893063, "account", False),
    (10, 2018108, "person", False),
    (551, None, "person", False),
    (551, 1545041, "person", False),
    (200, 1545041, "person", False),
    (1545041, None, "person", False),
    (100, 2018001, "person", False),
    (100, 2534014, "person", False),
    (100, 33, "message", False),
    (100, 2018008, "message", False),
    (100, 2018047, "message", False),
    (100, 2018109, "message", False),
    (100, 2018294, "message", False),
    (100, 2018074, "message", False),
    (100, 2534015, "message", False),
    (100, 2534025, "message", False),
    (10900, None, "message", False),
    (10903, None, "message", False),
    (100, 2534029, "account", False),
    (2022, None, "account", False),
    (368, None, "account", False),
    (190, None, "account", False),
    (190, 458, "account", False),
    (190, 460, "account", False),
    (190, 463, "account", False),
    (190, 467, "account", False),
    (190, 492, "account", False),
    (200, None, "account", False),
    (230, None, "account", False),
    (3, None, "account", False),
    (10, None, "account", False),
    (200, 2018028, "account", False),
    (200, 2534041, "account", False),
    (4, None, "busy", True),
    (17, None, "busy", True),
    (32, None, "busy", True),
    (613, None, "busy", True),
    (613, 2018338, "busy", True),
    (613, 2534040, "busy", True),
    (80001, None, "busy", True),
    (80002, None, "busy", True),
    (80006, None, "busy", True),
    (1, None, "busy", True),
    (2, None, "busy", True),
    (2, 2018344, "message", False),
    (-1, None, "busy", True),
    (99999, 7, "message", False),
]


@pytest.mark.parametrize(("code", "subcode", "cause", "heals"), ROWS)
async def test_an_error_says_whose_matter_it_is(
    api: Loopback, graph: Graph, code: int, subcode: int | None, cause: str, heals: bool
) -> None:
    api.answer(PATH, error(code, subcode))
    found = await refused(graph)
    assert (found.cause, found.heals) == (cause, heals)
    assert str(code) in str(found)


@pytest.mark.parametrize(
    ("answer", "cause", "heals"),
    [
        (error(99999, status=500), "busy", True),
        (error(99999, status=429), "busy", True),
        (error(99999, is_transient=True), "busy", True),
        (error(190, 463, status=500), "account", False),
        (error(100, message="Invalid appsecret_proof provided in the API argument"), "account", False),
        ((400, {"error": "a word"}), "message", False),
        ((503, {"any": "object"}), "busy", True),
        ((429, b"<html>"), "busy", True),
        ((404, b"<html>"), "busy", True),
        ((302, b""), "busy", True),
        ((500, b"<html>"), "lost", True),
        ((200, b"<html>"), "lost", True),
        ((200, b""), "lost", True),
        ((200, []), "lost", True),
    ],
)
async def test_other_answers_are_understood_too(
    api: Loopback, graph: Graph, answer: Any, cause: str, heals: bool
) -> None:
    api.answer(PATH, answer)
    found = await refused(graph)
    assert (found.cause, found.heals) == (cause, heals)


async def test_a_broken_answer_to_a_message_that_was_taken_counts_as_sent(
    api: Loopback, graph: Graph
) -> None:
    api.answer(PATH, error(1, 1357046))
    assert await send(graph) == {}


async def test_what_is_busy_in_one_chat_is_not_the_accounts(api: Loopback, graph: Graph) -> None:
    api.answer(PATH, error(2018321), error(80006))
    assert [(await refused(graph)).is_shared for _ in range(2)] == [False, True]


async def test_no_answer_in_time_may_have_been_taken(api: Loopback, graph: Graph) -> None:
    async def never(_request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(5)
        return web.Response()

    api.answer(PATH, never)
    assert (await refused(graph)).cause == "lost"


async def test_a_connection_cut_in_the_middle_may_have_been_taken(api: Loopback, graph: Graph) -> None:
    async def cut(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    api.answer(PATH, cut)
    assert (await refused(graph)).cause == "lost"


async def test_a_platform_that_cannot_be_reached_has_taken_nothing() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: refused
        graph = Graph(f"http://127.0.0.1:{taken.getsockname()[1]}", "v25.0")
        found = await refused(graph)
        await graph.close()
    assert (found.cause, found.heals) == ("busy", True)


async def test_a_malformed_address_is_the_accounts_matter() -> None:
    graph = Graph("not an address", "v25.0")
    found = await refused(graph)
    await graph.close()
    assert (found.cause, found.heals) == ("account", False)


async def test_a_malformed_token_is_the_accounts_matter(graph: Graph) -> None:
    with pytest.raises(NotDelivered) as caught:
        await graph.call("GET", "me", token="line\nend", account="1")
    assert (caught.value.cause, caught.value.heals) == ("account", False)


async def test_a_time_to_wait_is_passed_on_and_kept_to(api: Loopback, graph: Graph) -> None:
    api.answer(PATH, with_headers(400, error(80006)[1], usage(100, minutes=3)), SENT)
    assert (await refused(graph)).retry_after_seconds == 180
    held = await refused(graph)
    assert held.cause == "busy"
    assert held.retry_after_seconds == pytest.approx(180, abs=5)
    assert len(api.calls) == 1
    assert await send(graph, account="another") == SENT[1]


async def test_retry_after_counts_as_well(api: Loopback, graph: Graph) -> None:
    api.answer(PATH, with_headers(429, error(4)[1], {"Retry-After": "7"}))
    assert (await refused(graph)).retry_after_seconds == 7


async def test_an_error_keeps_its_codes(api: Loopback, graph: Graph) -> None:
    api.answer(PATH, error(100, 2018218))
    with pytest.raises(Refused) as caught:
        await send(graph)
    problem = caught.value.problem
    assert (problem.code, problem.subcode, problem.trace) == (100, 2018218, "Ab1")


# --- the pace, on a clock of its own


class Clock:
    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


def paced(calls: int, pace: Pace, clock: Clock, account: str = "204", sort: str = "text") -> float:
    """Seconds that so many calls take, one after another."""
    start = clock.at
    for _ in range(calls):
        clock.at += pace.reserve(account, sort)
    return clock.at - start


def at_once(calls: int, pace: Pace) -> None:
    """Reserve so many at the same moment."""
    for _ in range(calls):
        pace.reserve("204", "media")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pace(clock: Clock) -> Pace:
    return Pace(RATES, clock=clock)


def test_a_burst_leaves_at_once_and_the_rest_at_the_rate(pace: Pace, clock: Clock) -> None:
    assert paced(5, pace, clock) == 0
    assert paced(20, pace, clock) == pytest.approx(2.0)


def test_private_replies_that_must_wait_hold_up_nothing_else(clock: Clock) -> None:
    pace = Pace({"private_reply": (0.1, 1.0), "text": (0.1, 1.0)}, clock=clock)
    shared = {}
    for sort in ("private_reply", "text"):
        pace.reserve("104", sort)
        with pytest.raises(NotDelivered) as refused:
            pace.reserve("104", sort)
        shared[sort] = refused.value.is_shared
    assert shared == {"private_reply": False, "text": True}


def test_accounts_and_sorts_do_not_wait_for_each_other(pace: Pace, clock: Clock) -> None:
    paced(5, pace, clock)
    assert paced(5, pace, clock, account="205") == 0
    assert paced(1, pace, clock, sort="media") == 0


def test_a_wait_nobody_should_hang_on_is_put_off(pace: Pace) -> None:
    with pytest.raises(NotDelivered) as caught:
        at_once(10, pace)
    assert caught.value.cause == "busy"
    assert caught.value.retry_after_seconds is not None


def test_what_was_put_off_does_not_count(pace: Pace, clock: Clock) -> None:
    with pytest.raises(NotDelivered):
        at_once(10, pace)
    clock.at += 60
    assert pace.reserve("204", "media") == 0


@pytest.mark.parametrize(("percent", "slowest"), [(79, 1.5), (85, 3), (95, 20)])
def test_the_nearer_the_limit_the_slower(pace: Pace, clock: Clock, percent: int, slowest: float) -> None:
    pace.heed(usage(percent), "204")
    waited = paced(10, pace, clock)
    assert waited <= slowest * 10
    assert (waited > 1) is (percent >= 80)
    assert pace.used_percent("204") == percent


def test_the_apps_own_usage_slows_every_account(pace: Pace) -> None:
    pace.heed({"X-App-Usage": json.dumps({"call_count": 10, "total_time": 90, "total_cputime": 3})}, "204")
    assert pace.used_percent("999") == 90


def test_usage_is_forgotten_after_a_while(pace: Pace, clock: Clock) -> None:
    pace.heed(usage(99), "204")
    clock.at += 301
    assert paced(5, pace, clock) == 0


def test_the_only_id_told_is_that_of_the_account_called(pace: Pace) -> None:
    pace.heed(usage(90, account="page-of-it"), "17841")
    assert pace.used_percent("17841") == 90


def test_a_full_account_still_tries_now_and_then(pace: Pace, clock: Clock) -> None:
    assert pace.heed(usage(100), "204") == 0
    pace.reserve("204", "text")
    with pytest.raises(NotDelivered):
        pace.reserve("204", "text")
    clock.at += 25
    assert paced(1, pace, clock) <= 5


def test_no_header_stops_an_account_for_more_than_a_day(pace: Pace, clock: Clock) -> None:
    pace.heed(usage(100, minutes=9_999_999), "204")
    clock.at += 86_401
    assert pace.reserve("204", "text") == 0


@pytest.mark.parametrize(
    "header", ["", "{", "[]", "7", '{"204": 7}', '{"204": [7, {"call_count": "x"}]}', '{"204": []}']
)
def test_odd_usage_headers_are_passed_over(pace: Pace, header: str) -> None:
    assert pace.heed({"X-Business-Use-Case-Usage": header, "X-App-Usage": header}, "204") == 0
    assert pace.reserve("204", "text") == 0
