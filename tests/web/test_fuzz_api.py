"""Every route under invented calls: nothing breaks, one error shape, and strangers change nothing.

The calls are made from the OpenAPI document of the running desk, so a new route is tried as soon as it is declared.
"""

import asyncio
import http.client
import json
import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as st
from sqlalchemy import func, select

from bot.core.settings import Settings
from bot.desk.people import add_user, make_api_key
from bot.store.tables import Base
from tests.running import RunningDesk, running

PASSWORD = "correct horse battery staple"
QUICK = how(
    max_examples=3,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)

NASTY = [
    "",
    " ",
    "a\x00b",
    "\ud800",
    "\u202egnp.exe",
    "👩🏽‍🚒" * 40,
    "שלום מרחבא",
    "<script>alert(1)</script>",
    "'; DROP TABLE users; --",
    "../../etc/passwd",
    "%00%2e%2e",
    "/greet{\"a\": 1}",
    "{{7*7}}",
    "x" * 5_000,
    "2026-13-45",
    "-1",
    "1e309",
    "9223372036854775808",
    "null",
]  # fmt: skip
WORDS = st.one_of(st.sampled_from(NASTY), st.text(max_size=40))
NUMBERS = st.one_of(
    st.integers(-3, 8),
    st.sampled_from([2**31 - 1, 2**31, 2**53, 2**63 - 1, 2**63, 2**70, -(2**63), -(2**65)]),
)
ANYTHING = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, st.floats(allow_nan=False), WORDS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(WORDS, inner, max_size=3)),
    max_leaves=6,
)
Call = tuple[str, str, bytes | None]


class Desk:
    """A desk in a thread of its own, called like any HTTP server; holds one credential of each kind."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._ready: Future[RunningDesk] = Future()
        self._thread = threading.Thread(
            target=self._loop.run_until_complete, args=(self._main(),), daemon=True
        )
        self._thread.start()
        self.database = self._ready.result(30).services.database

    def prepare(self) -> None:
        """Make the credentials and read the document."""
        self.keys = self._credentials()
        self.document = json.loads(self.call("GET", "/openapi.json")[2])
        self.known = [self.conversation_id, "products", "csat", "conversations", "web"]

    async def _main(self) -> None:
        try:
            async with running(self._settings) as desk:
                self._ready.set_result(desk)
                await self._stop.wait()
        except BaseException as error:
            if not self._ready.done():
                self._ready.set_exception(error)
            raise

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(20)
        assert not self._thread.is_alive()

    def call(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, str, bytes]:
        """(status, content type, body); of a live stream only its beginning."""
        connection = http.client.HTTPConnection("127.0.0.1", self._settings.port, timeout=20)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            response = connection.getresponse()
            kind = response.getheader("Content-Type") or ""
            return response.status, kind, b"" if kind.startswith("text/event-stream") else response.read()
        finally:
            connection.close()

    def json(self, method: str, path: str, body: Any, headers: dict[str, str] | None = None) -> Any:
        sent = json.dumps(body).encode()
        status, _, raw = self.call(
            method, path, sent, {"Content-Type": "application/json", **(headers or {})}
        )
        assert status < 300, raw
        return json.loads(raw)

    def _credentials(self) -> dict[str, dict[str, str]]:
        """Headers that open each kind of guard; and one conversation to try things on."""
        with self.database.writing() as session:
            add_user(session, email="a@example.com", name="Ada", role="admin", password=PASSWORD)
            key = make_api_key(session, "fuzz")
        started = self.json("POST", "/api/chat/start", {"locale": "en"})
        self.conversation_id = started["conversation"]["id"]
        visitor = {"Authorization": f"Bearer {started['token']}"}
        hello = {"client_id": "9b2f2c1e-8d7b-4f0e-9a53-1f2d3c4b5a69", "text": "hello"}
        self.json("POST", "/api/chat/messages", hello, visitor)
        status, _, raw = self.call(
            "POST",
            "/api/sign-in",
            json.dumps({"email": "a@example.com", "password": PASSWORD}).encode(),
            {"Content-Type": "application/json"},
        )
        assert status == 200, raw
        with self.database.writing() as session:
            from bot.desk.people import sign_in

            token, person = sign_in(
                session, email="a@example.com", password=PASSWORD, seconds=3600, address="127.0.0.1"
            )
        cookie = {"Cookie": f"aisle_session={token}", "X-CSRF-Token": person.csrf}
        return {"visitor": visitor, "apiKey": {"X-Api-Key": key}, "session": cookie}

    def count(self) -> dict[str, int]:
        """Rows of every table but the limiter's own."""
        with self.database.reading() as session:
            tables = [table for table in Base.metadata.sorted_tables if table.name != "attempts"]
            return {t.name: session.scalar(select(func.count()).select_from(t)) or 0 for t in tables}

    def operations(self) -> list[tuple[str, str, dict[str, Any]]]:
        paths = self.document["paths"]
        found = [(m.upper(), path, item) for path, methods in paths.items() for m, item in methods.items()]
        return sorted(found, key=lambda item: item[1] == "/sign-out")  # it ends the session: last

    def strategy(self, method: str, path: str, operation: dict[str, Any]) -> st.SearchStrategy[Call]:
        """Calls of one operation: nearly right ones, and nonsense."""
        names = [p["name"] for p in operation["parameters"] if p["in"] == "query" and p["name"] != "wait"]
        places = re.findall(r"{(\w+)}", path)
        query = (
            st.dictionaries(st.sampled_from(names), WORDS | NUMBERS.map(str), max_size=4)
            if names
            else st.just({})
        )
        place = st.one_of(st.sampled_from(self.known), WORDS.filter(bool))
        raw = operation.get("requestBody")
        body = _body(raw["content"]["application/json"]["schema"], self.document) if raw else st.none()
        filled = st.tuples(*(place for _ in places))

        def made(parts: tuple[Any, ...]) -> Call:
            chosen, asked, sent = parts
            target = path
            for name, value in zip(places, chosen, strict=True):
                target = target.replace(f"{{{name}}}", quote(value.encode("utf-8", "surrogatepass"), safe=""))
            if asked:
                pairs = {key: str(value).encode("utf-8", "surrogatepass") for key, value in asked.items()}
                target = f"{target}?{urlencode(pairs)}"
            return method, target, sent

        return st.tuples(filled, query, body).map(made)


EXTREMES = [
    2**63,
    -(2**63) - 1,
    2**70,
    "a\x00b",
    "\ud800",
    "x" * 5_000,
    "9223372036854775808",
    None,
    {},
    [[]],
]
PLAUSIBLE = {
    "client_id": "9b2f2c1e-8d7b-4f0e-9a53-1f2d3c4b5a70",
    "text": "hello",
    "message": "hello",
    "sender": "me",
}


def _extremes(desk: "Desk", method: str, path: str, operation: dict[str, Any]) -> Iterator[Call]:
    """Calls with one thing out of the ordinary each: every field, query parameter and place in the path."""
    target = re.sub(r"{\w+}", desk.conversation_id, path)
    texts = [str(value) for value in EXTREMES[:7]]
    for place in re.findall(r"{\w+}", path):
        for text in texts:
            yield method, path.replace(place, quote(text.encode("utf-8", "surrogatepass"), safe="")), b"{}"
    for parameter in operation["parameters"]:
        for text in texts if parameter["in"] == "query" and parameter["name"] != "wait" else ():
            value = urlencode({parameter["name"]: text.encode("utf-8", "surrogatepass")})
            yield method, f"{target}?{value}", None
    if "requestBody" not in operation:
        return
    reference = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    fields = desk.document["components"]["schemas"][reference.rsplit("/", 1)[1]]["properties"]
    usual = {name: PLAUSIBLE[name] for name in fields if name in PLAUSIBLE}
    for name in fields:
        for value in EXTREMES:
            yield method, target, json.dumps({**usual, name: value}).encode()


def _body(schema: dict[str, Any], document: dict[str, Any]) -> st.SearchStrategy[bytes | None]:
    fitting = _fitting(schema, document)
    return st.one_of(
        fitting.map(lambda value: json.dumps(value).encode()),
        fitting.map(lambda value: json.dumps(value).encode()),
        ANYTHING.map(lambda value: json.dumps(value).encode()),
        st.binary(max_size=60),
        st.sampled_from([b"", b"{", b"[" * 5_000, b"\xff", b"x" * 300_000]),
    )


def _fitting(schema: dict[str, Any], document: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values of about the right form, with some that are not."""
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    if "anyOf" in schema:
        return st.one_of([_fitting(item, document) for item in schema["anyOf"]])
    match schema.get("type"):
        case "object" if "properties" in schema:
            return st.fixed_dictionaries(
                {name: _field(name, item, document) for name, item in schema["properties"].items()}
            )
        case "array":
            return st.lists(WORDS, max_size=3)
        case "integer" | "number":
            return NUMBERS
        case "string":
            return WORDS
        case "boolean":
            return st.booleans()
        case "null":
            return st.none()
    return ANYTHING


def _field(name: str, schema: dict[str, Any], document: dict[str, Any]) -> st.SearchStrategy[Any]:
    if name == "client_id":
        return st.one_of(st.uuids().map(str), st.uuids().map(str), WORDS)
    if name == "choice":
        choice = st.fixed_dictionaries(
            {
                "id": st.sampled_from(
                    ["person", "keep_bot", "start_over", "leave_message", "starter:0", "00b0"]
                )
            },
            optional={"seq": NUMBERS},
        )
        return st.one_of(st.none(), choice, ANYTHING)
    return _fitting(schema, document)


def _complaint(call: Call, status: int, kind: str, raw: bytes) -> str:
    """What is wrong with an answer, empty when nothing is."""
    shown = f"{call[0]} {call[1][:200]} {(call[2] or b'')[:200]!r} -> {status} {raw[:300]!r}"
    if status >= 500 and not call[1].startswith("/health"):
        return f"a failure of the desk: {shown}"
    if status < 400 or kind.startswith("text/html"):
        return ""
    try:
        error = json.loads(raw)
    except ValueError:
        return f"an error that is not JSON: {shown}"
    is_shaped = isinstance(error, dict) and error.get("ok") is False
    is_told = is_shaped and isinstance(error.get("error"), str) and bool(error.get("message"))
    return "" if is_told and set(error) <= {"ok", "error", "message", "field"} else f"another shape: {shown}"


@pytest.fixture
def desk(settings: Settings) -> Iterator[Desk]:
    """A running desk with an empty shop and a scripted brain, on each database."""
    started = Desk(settings)
    try:
        started.prepare()
        yield started
    finally:
        started.stop()


def _tried(
    desk: Desk, headers: Callable[[dict[str, Any]], dict[str, str]], *, guarded_only: bool
) -> list[Any]:
    """(call, answer) of some invented calls to every operation."""
    found: list[Any] = []
    for method, path, operation in desk.operations():
        if guarded_only and not operation["security"]:
            continue
        sent = {"Content-Type": "application/json", **headers(operation)}
        found += _attempts(desk, desk.strategy(method, path, operation), sent)
    return found


def _attempts(desk: Desk, calls: st.SearchStrategy[Call], headers: dict[str, str]) -> list[Any]:
    found: list[Any] = []

    @QUICK
    @given(call=calls)
    def attempt(call: Call) -> None:
        found.append((call, desk.call(*call, headers)))

    attempt()
    return found


def test_no_invented_call_by_a_signed_in_person_makes_the_desk_fail(desk: Desk) -> None:
    def key(operation: dict[str, Any]) -> dict[str, str]:
        return desk.keys[next(iter(operation["security"][0]))] if operation["security"] else {}

    tried = _tried(desk, key, guarded_only=False)
    complaints = [_complaint(call, *answer) for call, answer in tried]
    assert [complaint for complaint in complaints if complaint] == []
    assert len(tried) > 2 * len(desk.operations())
    assert {status // 100 for _, (status, _, _) in tried} >= {2, 4}


def test_nothing_out_of_the_ordinary_makes_the_desk_fail(desk: Desk) -> None:
    found = []
    for method, path, operation in desk.operations():
        key = desk.keys[next(iter(operation["security"][0]))] if operation["security"] else {}
        for call in _extremes(desk, method, path, operation):
            found.append(_complaint(call, *desk.call(*call, {"Content-Type": "application/json", **key})))
    assert [complaint for complaint in found if complaint] == []
    assert len(found) > 300


def test_no_invented_call_by_a_stranger_gets_in_or_changes_anything(desk: Desk) -> None:
    before = desk.count()
    strangers = [
        {},
        {
            "Authorization": "Bearer forged.token.here",
            "X-Api-Key": "wrong",
            "Cookie": "aisle_session=guessed",
        },
    ]
    for stranger in strangers:
        tried = _tried(desk, lambda _operation, who=stranger: who, guarded_only=True)  # type: ignore[misc]
        complaints = [_complaint(call, *answer) for call, answer in tried]
        assert [complaint for complaint in complaints if complaint] == []
        assert {status for _, (status, _, _) in tried} <= {401, 404, 405, 413}
    assert desk.count() == before


def test_a_visitors_token_opens_nothing_of_the_people_who_work_here(desk: Desk) -> None:
    before = desk.count()
    visitor = desk.keys["visitor"]
    token = visitor["Authorization"].removeprefix("Bearer ")
    headers = visitor | {"Cookie": f"aisle_session={token}", "X-Api-Key": token}
    statuses = set()
    for method, path, operation in desk.operations():
        if {"session"} & {name for item in operation["security"] for name in item}:
            target = re.sub(r"{message_id}", "1", path)
            target = re.sub(r"{\w+}", desk.conversation_id, target)
            statuses.add(desk.call(method, target, b"{}", headers | {"Content-Type": "application/json"})[0])
    assert statuses == {401}
    assert desk.count() == before
