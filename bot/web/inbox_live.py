"""The inbox's live stream: changed rows, the open conversation, who types and who else is looking."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import msgspec
from sanic import HTTPResponse, Request, Sanic

from bot.bootstrap import Services
from bot.core.errors import BadInput
from bot.desk import inbox, people
from bot.desk.live import INBOX
from bot.store import inbox as rows
from bot.store.conversations import events_after
from bot.web import guards
from bot.web.api import Api, whole_number

PING_SECONDS = 15.0
ALIVE_SECONDS = 30.0
REST_SECONDS = 0.4  # changes closer together than this travel as one
ROWS_MOST = 100
DESK = "desk"  # signals for all inboxes


def _key(conversation_id: str) -> str:
    """Signals among agents of one conversation; the shopper's page does not listen to this one."""
    return f"desk:{conversation_id}"


def _looking(app: Sanic[Any, Any]) -> dict[str, Counter[tuple[int, str]]]:
    found: dict[str, Counter[tuple[int, str]]] = app.ctx.__dict__.setdefault("inbox_looking", {})
    return found


def watchers_of(app: Sanic[Any, Any], conversation_id: str) -> list[dict[str, Any]]:
    """Agents who have this conversation open (in this process)."""
    there = _looking(app).get(conversation_id, Counter())
    return [{"id": user_id, "name": name} for user_id, name in sorted(there, key=lambda item: item[1])]


def tell_all(services: Services, signal: dict[str, Any]) -> None:
    """A passing word to all open inboxes."""
    services.live.signal(DESK, signal)


def end_of(services: Services, token: str) -> None:
    """The session of this token has ended: its open pages say so."""
    tell_all(services, {"kind": "signed_out", "session": people.hash_token(token)})


def _sse(kind: str, data: Any, seq: int | None = None) -> bytes:
    number = f"id: {seq}\n" if seq is not None else ""
    return f"{number}event: {kind}\ndata: ".encode() + msgspec.json.encode(data) + b"\n\n"


def routes(api: Api) -> None:
    """Declare the stream."""

    @api.route(
        "GET",
        "/api/inbox/stream",
        guard="agent",
        query=(
            ("conversation", "also the events of this one"),
            ("after", "number of its last event seen"),
        ),
        returns="text/event-stream: rows, team, event (id: seq), typing, looking, bye",
    )
    async def stream(request: Request) -> HTTPResponse | None:
        """Everything an open inbox must hear of, live."""
        conversation_id = request.args.get("conversation") or ""
        if len(conversation_id) > 64:
            raise BadInput("there is no such conversation", field="conversation")
        after = whole_number(request, "after", 0)
        last = request.headers.get("last-event-id", "")
        if last.isdecimal():
            after = max(after, int(last))
        response = await request.respond(
            content_type="text/event-stream; charset=utf-8",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )
        user = (request.ctx.user.id, request.ctx.user.name)
        services: Services = request.app.ctx.services
        looking = _looking(request.app)
        try:
            if conversation_id:
                looking.setdefault(conversation_id, Counter())[user] += 1
                services.live.signal(_key(conversation_id), {"kind": "looking"})
            async for chunk in _chunks(request, services, conversation_id, after):
                await response.send(chunk)
        finally:
            if conversation_id:
                there = looking[conversation_id]
                there[user] -= 1
                if there[user] <= 0:
                    del there[user]
                if not there:
                    del looking[conversation_id]
                services.live.signal(_key(conversation_id), {"kind": "looking"})
        return None


async def _chunks(
    request: Request, services: Services, conversation_id: str, after: int
) -> AsyncIterator[bytes]:
    """Server-sent events without end, until the session ends; each chunk is whole events."""
    user_id, database = request.ctx.user.id, services.database
    token = request.cookies.get(guards.COOKIE) or ""
    keys = [INBOX, DESK, *([conversation_id, _key(conversation_id)] if conversation_id else [])]
    alive_at = 0.0
    with services.live.subscribe(*keys) as page:
        yield b"retry: 2000\n\n"
        changed: set[str] = {conversation_id} if conversation_id else set()
        signals: list[dict[str, Any]] = [{"kind": "team"}, {"kind": "looking"}]
        while True:
            if time.monotonic() - alive_at > ALIVE_SECONDS:
                alive_at = time.monotonic()
                if await database.read(people.user_of, token) is None:
                    yield _sse("bye", {})  # signed out, or the sign-in has ended
                    return
                await database.write(inbox.alive, user_id)
            if conversation_id in changed:
                while found := await database.read(events_after, conversation_id, after, for_agents=True):
                    after = found[-1]["seq"]
                    yield b"".join(_sse("event", event, event["seq"]) for event in found)
            if changed:
                list_rows = await database.read(rows.some, sorted(changed)[:ROWS_MOST])
                counts = await database.read(rows.counts, user_id)
                yield _sse("rows", {"rows": list_rows, "counts": counts, "is_all": len(changed) <= ROWS_MOST})
            kinds = {signal["kind"] for signal in signals}
            if any(signal.get("session") == people.hash_token(token) for signal in signals):
                yield _sse("bye", {})
                return
            if "team" in kinds:
                yield _sse("team", {"team": await database.read(rows.team)})
            if "looking" in kinds and conversation_id:
                yield _sse("looking", {"people": watchers_of(request.app, conversation_id)})
            for signal in signals:
                if signal["kind"] == "typing" and signal.get("name") != request.ctx.user.name:
                    yield _sse("typing", signal)
            if not await page.wait(PING_SECONDS):
                yield b": ping\n\n"
                changed, signals = set(), []
                continue
            changed, signals = page.clear()
            if changed and conversation_id not in changed:
                await _rest(page, changed, signals)


async def _rest(page: Any, changed: set[str], signals: list[dict[str, Any]]) -> None:
    """Let changes of other conversations gather for a moment: the list need not redraw for each."""
    await asyncio.sleep(REST_SECONDS)
    more, also = page.clear()
    changed |= more
    signals += also
