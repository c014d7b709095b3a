"""The web-chat API: start, send, events after a cursor, and the small things around them (docs/api.md)."""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
from sanic import HTTPResponse, Request
from sanic.response import text as text_response
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.bootstrap import Services
from bot.core.errors import AisleError, BadInput, TooMany
from bot.core.ids import is_client_id
from bot.core.messages import Text, from_json
from bot.core.text import clean
from bot.core.times import now
from bot.core.words import plain
from bot.desk import presence, survey, visitors
from bot.desk.context import Context
from bot.desk.deliver import leave
from bot.desk.receive import Incoming, Received, receive
from bot.desk.turns import Next, next_turn
from bot.desk.visitors import Visitor
from bot.store import conversations as store
from bot.store.tables import Contact, Conversation, Event, Message, User
from bot.web.api import Api, Body, Number, json_response, whole_number

PING_SECONDS = 15.0
LONG_POLL_SECONDS = 25
BATCH = 200  # events read at once


class Page(Body):
    """Where on the shop's site the shopper is."""

    url: str = ""
    title: str = ""
    sku: str = ""


class Start(Body):
    """Open the chat. An invalid `token` starts a fresh visitor."""

    token: str = ""
    locale: str = ""
    page: Page | None = None


class Choice(Body):
    """A quick reply: its id, and the number of the event that offered it."""

    id: str
    seq: Number | None = None


class Send(Body):
    """One message; `client_id` is a UUID the client makes, so that sending twice changes nothing."""

    client_id: str
    text: str = ""
    choice: Choice | None = None
    page: Page | None = None


class Read(Body):
    """The shopper has seen everything up to event `seq`."""

    seq: Number


class Rating(Body):
    """An answer to a survey card: `score` first; `comment` with it or later."""

    survey_id: str
    score: int | None = None
    comment: str | None = None


class Nothing(Body):
    """An empty object."""


class Locale(Body):
    """The language the shopper wants to be answered in."""

    locale: str


class Pace:
    """Messages a minute per visitor, in memory: enough to stop a script, visible to a person."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._seen: dict[str, tuple[float, float]] = {}

    def check(self, key: str) -> None:
        """Count one message.

        Raises:
            TooMany: the bucket of `key` is empty.
        """
        at = time.monotonic()
        left, since = self._seen.get(key, (float(self._per_minute), at))
        left = min(float(self._per_minute), left + (at - since) * self._per_minute / 60)
        if left < 1:
            raise TooMany(
                "That was a lot at once. Wait a few seconds; nothing is lost.", retry_after_seconds=5
            )
        if len(self._seen) > 50_000:
            self._seen.clear()
        self._seen[key] = (left - 1, at)


def _services(request: Request) -> Services:
    services: Services = request.app.ctx.services
    return services


def _visitor(request: Request) -> Visitor:
    visitor: Visitor = request.ctx.visitor
    return visitor


def _locale(wanted: str, services: Services) -> str:
    offered = services.profile.locales
    for name in (wanted, wanted.split("-")[0]):
        if name in offered:
            return name
    return services.profile.locale


def _page(page: Page | None) -> dict[str, str]:
    if page is None:
        return {}
    limits = {"url": 500, "title": 200, "sku": 80}
    values = {name: clean(getattr(page, name), limit=limit) for name, limit in limits.items()}
    if not values["url"].startswith(("http://", "https://")):
        values["url"] = ""
    return {name: value for name, value in values.items() if value}


def _state(session: Session, visitor: Visitor) -> dict[str, Any]:
    row = session.execute(
        select(Conversation, User.name)
        .outerjoin(User, User.id == Conversation.agent_id)
        .where(Conversation.id == visitor.conversation_id)
    ).first()
    if row is None:
        return {"conversation": None, "events": [], "cursor": 0, "has_more": False}
    conversation, agent = row
    events = store.events_before(session, conversation.id, conversation.last_seq + 1, for_agents=False)
    return {
        "conversation": {
            "owner": conversation.owner,
            "language": conversation.language,
            "episode": conversation.episode,
            "agent": {"name": agent} if agent else None,
        },
        "events": events,
        "cursor": conversation.last_seq,
        "has_more": bool(events and events[0]["seq"] > 1),
    }


def _people(session: Session, services: Services) -> dict[str, Any]:
    found = presence.people(session, services.profile, now())
    return {
        "is_open": found.is_open,
        "agents": found.state,
        "reply_minutes": services.profile.reply_minutes,
        "opens_at": found.opens_at.isoformat() if found.opens_at else None,
    }


def routes(api: Api) -> None:
    """Declare the web-chat API."""

    @api.route(
        "POST", "/api/chat/start", guard="none", body=Start, returns="token, conversation, events, cursor"
    )
    async def start(request: Request, body: Start) -> Any:
        """Open the chat: a token for this browser, what was said so far, and who is there."""
        services = _services(request)
        secret = services.settings.secret_key
        try:
            visitor = visitors.verify(body.token, secret)
        except AisleError:
            visitor = visitors.fresh()
        state = await services.database.read(_state, visitor)
        people = await services.database.read(_people, services)
        locale = _locale((state["conversation"] or {}).get("language") or body.locale, services)
        conversation = state["conversation"] or {"owner": "bot", "episode": 0, "agent": None}
        profile = services.profile
        starters = profile.starters.get(locale) or profile.starters.get("en") or ()
        return {
            "ok": True,
            "token": visitors.sign(visitor, secret),
            **state,
            "conversation": {"id": visitor.conversation_id, **conversation, "language": locale},
            "shop": {
                "name": profile.name,
                "bot_name": profile.bot_name,
                "accent": profile.accent,
                "locale": profile.locale,
                "locales": list(profile.locales),
            },
            "starters": [{"id": f"starter:{n}", "title": title} for n, (title, _send) in enumerate(starters)],
            "people": people,
        }

    @api.route(
        "POST", "/api/chat/messages", guard="visitor", body=Send, returns="message: id, seq, client_id, at"
    )
    async def send(request: Request, body: Send) -> HTTPResponse:
        """Say something. 202 when stored; 200 with the same answer for a repeat of `client_id`."""
        services, visitor = _services(request), _visitor(request)
        if not is_client_id(body.client_id):
            raise BadInput("client_id must be a UUID", field="client_id")
        if not body.text.strip() and body.choice is None:
            raise BadInput("say something, or choose", field="text")
        pace = request.app.ctx.__dict__.setdefault("pace", Pace(services.settings.messages_per_minute))
        pace.check(visitor.conversation_id)
        incoming = Incoming(
            channel="web",
            account="",
            external_id=visitor.contact_id,
            platform_id=f"{visitor.conversation_id}:{body.client_id.lower()}",
            text=body.text,
            at=now(),
            contact_id=visitor.contact_id,
            conversation_id=visitor.conversation_id,
            language=_locale(request.headers.get("X-Locale", ""), services),
            choice_id=body.choice.id if body.choice else "",
            choice_seq=body.choice.seq if body.choice else None,
            page=_page(body.page),
        )
        received = await _receive(services, incoming)
        return json_response(
            {
                "ok": True,
                "message": {
                    "id": received.message_id,
                    "seq": received.seq,
                    "client_id": body.client_id,
                    "at": received.at.isoformat(),
                },
            },
            202 if received.is_new else 200,
        )

    @api.route(
        "GET",
        "/api/chat/events",
        guard="visitor",
        query=(
            ("after", "number of the last event seen"),
            ("wait", "long poll: seconds to wait for something new, at most 25"),
            ("before", "instead: older events, numbered below this"),
            ("limit", "with before: how many, at most 100"),
        ),
        returns="events, cursor, wait (while in line); as text/event-stream when the Accept header asks for it",
    )
    async def events(request: Request) -> HTTPResponse | None:
        """Events after a cursor, live (SSE) or by long poll; or older ones."""
        services, visitor = _services(request), _visitor(request)
        conversation_id = visitor.conversation_id
        if request.args.get("before"):
            before = whole_number(request, "before", 0, least=1)
            limit = whole_number(request, "limit", 50, least=1, most=100)
            found = await services.database.read(
                store.events_before, conversation_id, before, for_agents=False, limit=limit
            )
            return json_response(
                {"ok": True, "events": found, "has_more": bool(found and found[0]["seq"] > 1)}
            )
        after = whole_number(request, "after", 0)
        if "text/event-stream" in request.headers.get("Accept", ""):
            response = await request.respond(
                content_type="text/event-stream; charset=utf-8",
                headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
            )
            async for chunk in stream(services, conversation_id, after, for_agents=False):
                await response.send(chunk)
            return None
        wait = whole_number(request, "wait", 0, most=LONG_POLL_SECONDS)
        found = await _poll(services, conversation_id, after, wait)
        standing = services.line.of(conversation_id)
        return json_response(
            {
                "ok": True,
                "events": found,
                "cursor": found[-1]["seq"] if found else after,
                **({"wait": standing} if standing else {}),
            }
        )

    @api.route("POST", "/api/chat/typing", guard="visitor", body=Nothing)
    async def typing(request: Request, body: Nothing) -> Any:
        """The shopper is typing (agents see it; nothing is stored)."""
        _services(request).live.signal(
            _visitor(request).conversation_id, {"kind": "typing", "author": "shopper"}
        )
        return {"ok": True}

    @api.route("POST", "/api/chat/read", guard="visitor", body=Read)
    async def read(request: Request, body: Read) -> Any:
        """The shopper has seen the answers up to an event (agents see it)."""
        services, visitor = _services(request), _visitor(request)
        if await services.database.write(_mark_read, visitor.conversation_id, body.seq, now()):
            services.live.wake(visitor.conversation_id)
        return {"ok": True}

    @api.route(
        "POST",
        "/api/chat/rating",
        guard="visitor",
        body=Rating,
        returns="result: answered|changed|commented|late",
    )
    async def rating(request: Request, body: Rating) -> Any:
        """Answer a survey card."""
        if "\0" in body.survey_id:
            raise BadInput("there is no such survey", field="survey_id")
        services, visitor = _services(request), _visitor(request)
        result = await services.database.write(
            survey.answer,
            body.survey_id,
            conversation_id=visitor.conversation_id,
            score=body.score,
            comment=body.comment,
        )
        services.changed(visitor.conversation_id)
        return {"ok": True, "result": result}

    @api.route("POST", "/api/chat/language", guard="visitor", body=Locale)
    async def language(request: Request, body: Locale) -> Any:
        """Answer in another language from now on."""
        services, visitor = _services(request), _visitor(request)
        if body.locale not in services.profile.locales:
            raise BadInput("the shop does not speak this language", field="locale")
        await services.database.write(_set_language, visitor.conversation_id, body.locale)
        return {"ok": True, "language": body.locale}

    @api.route("GET", "/api/chat/transcript", guard="visitor", returns="text/plain")
    async def transcript(request: Request) -> HTTPResponse:
        """The whole conversation as plain text, for the shopper to keep."""
        services, visitor = _services(request), _visitor(request)
        lines = await services.database.read(_transcript, visitor.conversation_id, services)
        return text_response(
            lines, headers={"Content-Disposition": 'attachment; filename="conversation.txt"'}
        )


async def _receive(services: Services, incoming: Incoming) -> Received:
    taken = await services.database.write(_take_in, incoming, context=services.context)
    received = taken.received
    if not received.is_new:
        services.changed(received.conversation_id, has_turn=received.needs_turn)
        return received
    if taken.following is not None:
        services.turns.notify(received.conversation_id, taken.following)
    services.live.wake(received.conversation_id, taken.fresh)
    services.figures.message("in", incoming.channel)
    for _author in taken.left:
        services.figures.message("out", incoming.channel)
    return received


@dataclass(frozen=True)
class _Taken:
    """A message taken in: authors of what the desk said to it at once, the turn it asks for, what pages see."""

    received: Received
    left: tuple[str, ...] = ()
    following: Next | None = None
    fresh: store.Fresh | None = None


def _take_in(session: Session, incoming: Incoming, *, context: Context) -> _Taken:
    """Store a message; what the desk itself says to it leaves in the same transaction."""
    received = receive(session, incoming, context=context)
    if not received.is_new:
        return _Taken(received)
    conversation = store.held(session, received.conversation_id)
    left = [] if received.needs_turn else leave(session, conversation, incoming.at)
    fresh = store.fresh_events(session, conversation)
    store.save(session, conversation)
    following = None
    if received.needs_turn:
        following = next_turn(session, conversation.id, context=context, at=incoming.at)
    return _Taken(received, tuple(left), following, fresh)


async def _poll(services: Services, conversation_id: str, after: int, wait: int) -> list[dict[str, Any]]:
    with services.live.subscribe(conversation_id) as page:
        deadline = time.monotonic() + wait
        while True:
            found = await services.database.read(store.events_after, conversation_id, after, for_agents=False)
            left = deadline - time.monotonic()
            if found or left <= 0:
                return found
            await page.wait(left)
            page.clear()


def sse(kind: str, data: Any, seq: int | None = None) -> bytes:
    """One server-sent event."""
    number = f"id: {seq}\n" if seq is not None else ""
    return f"{number}event: {kind}\ndata: ".encode() + msgspec.json.encode(data) + b"\n\n"


async def stream(
    services: Services, conversation_id: str, after: int, *, for_agents: bool
) -> AsyncIterator[bytes]:
    """Server-sent events of a conversation from cursor `after` on, without end; each chunk is whole events."""
    with services.live.subscribe(conversation_id) as page:
        yield b"retry: 2000\n\n"
        is_due, is_first = True, True
        while True:
            if is_due:
                while True:
                    found = await services.database.read(
                        store.events_after, conversation_id, after, for_agents=for_agents, limit=BATCH
                    )
                    if found:
                        after = found[-1]["seq"]
                        yield b"".join(sse(event["kind"], event, event["seq"]) for event in found)
                    if len(found) < BATCH:
                        break
            standing = services.line.of(conversation_id) if is_first and not for_agents else None
            is_first = False
            if standing is not None:
                yield sse("wait", {"kind": "wait", "wait": standing})
            is_woken = await page.wait(PING_SECONDS)
            fresh = None if for_agents else page.events_since(after)
            changed, signals = page.clear()
            is_due = not is_woken or (bool(changed) and fresh is None)
            news = []
            if fresh:
                after = fresh[-1]["seq"]
                news = [sse(event["kind"], event, event["seq"]) for event in fresh]
            news += [
                sse(signal["kind"], signal)
                for signal in signals
                if for_agents or signal.get("author") != "shopper"
            ]
            if news or not is_woken:
                yield b"".join(news) or b": ping\n\n"


def _mark_read(session: Session, conversation_id: str, seq: int, at: datetime) -> bool:
    """Mark answers up to event `seq` as read; True when that was news."""
    conversation = store.find_locked(session, conversation_id)
    if conversation is None:
        return False
    ids = (
        select(Event.message_id)
        .where(Event.conversation_id == conversation_id, Event.seq <= seq, Event.message_id.is_not(None))
        .scalar_subquery()
    )
    done = session.execute(
        update(Message)
        .where(
            Message.conversation_id == conversation_id,
            Message.direction == "out",
            Message.author == "agent",
            Message.read_at.is_(None),
            Message.id.in_(ids),
        )
        .values(read_at=at)
        .execution_options(synchronize_session=False)
    )
    if done.rowcount == 0:  # type: ignore[attr-defined]
        return False
    store.append_event(
        session,
        conversation,
        "read",
        at=at,
        audience="agents",
        data={"up_to": min(seq, conversation.last_seq)},
    )
    return True


def _set_language(session: Session, conversation_id: str, locale: str) -> None:
    conversation = store.find_locked(session, conversation_id)
    if conversation is not None:
        store.speak(session, conversation, locale, by="choice")


def _transcript(session: Session, conversation_id: str, services: Services) -> str:
    query = (
        select(Message, User.name, Contact.name)
        .outerjoin(User, User.id == Message.user_id)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .join(Contact, Contact.id == Conversation.contact_id)
        .where(
            Message.conversation_id == conversation_id,
            Message.direction.in_(("in", "out")),
            Message.state.in_(("received", "sent")),
        )
        .order_by(Message.id)
        .limit(5_000)
    )
    lines = [services.profile.name, ""]
    names = {"bot": f"{services.profile.bot_name} (bot)", "system": services.profile.name}
    for message, agent, shopper in session.execute(query):
        said = [Text(message.text)] if message.text else []
        rest = [from_json(part) for part in message.parts]
        name = names.get(message.author) or agent or shopper or "You"
        at = message.created_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
        lines += [f"[{at}] {name}:", plain([*said, *rest]), ""]  # type: ignore[list-item]
    return "\n".join(lines)
