"""The agents' inbox: its page, lists, one conversation, and what agents do with it."""

import asyncio
from typing import Any

from sanic import HTTPResponse, Request

from bot.bootstrap import Services
from bot.core.errors import BadInput
from bot.core.ids import is_client_id
from bot.core.messages import Part, Products
from bot.desk import inbox
from bot.desk.people import Person
from bot.store import inbox as rows
from bot.store import touches
from bot.store.conversations import events_before
from bot.web import inbox_aids, inbox_live, inbox_media, inbox_merge, inbox_understanding
from bot.web.api import Api, Body, Number, whole_number
from bot.web.pages import render

IDS_MOST = 200
PRODUCTS_MOST = 10
CONVERSATION = "/api/inbox/conversations/<conversation_id:str>"


class Step(Body):
    """A change of hands; `version` is the conversation's version on the page."""

    version: Number | None = None


class Reply(Body):
    """An answer to the shopper; `client_id` is a UUID, so that sending twice changes nothing."""

    client_id: str
    text: str = ""
    products: tuple[str, ...] = ()


class Note(Body):
    """A note for colleagues."""

    client_id: str
    text: str


class Presence(Body):
    """available, busy or away."""

    presence: str


def services_of(request: Request) -> Services:
    """What the desk holds."""
    services: Services = request.app.ctx.services
    return services


def person_of(request: Request) -> Person:
    """Who is signed in."""
    person: Person = request.ctx.user
    return person


def routes(api: Api) -> None:
    """Declare the inbox."""
    _pages(api)
    _lists(api)
    _steps(api)
    _words(api)
    inbox_aids.routes(api)
    inbox_media.routes(api)
    inbox_merge.routes(api)
    inbox_understanding.routes(api)
    inbox_live.routes(api)


def _pages(api: Api) -> None:
    def page(request: Request, conversation_id: str = "") -> HTTPResponse:
        services, person = services_of(request), person_of(request)
        profile, connectors = services.profile, services.outbox.connectors
        data = {
            "me": {"id": person.id, "name": person.name, "role": person.role, "presence": person.presence},
            "sla_seconds": profile.reply_minutes * 60,
            "conversation_id": conversation_id,
            "currency": profile.currency,
            "bot_name": profile.bot_name,
            "shop_locale": profile.locale,
            "live_channels": sorted(name for name, one in connectors.items() if one.is_live),
            "media_channels": sorted(
                name for name, one in connectors.items() if isinstance(one, inbox_media.HasMedia)
            ),
        }
        texts = ("inbox", "reason", "channels", "cannot_reply", "touches")
        return render(request, "inbox.html", texts=texts, data=data, channels=_by_name(request))

    @api.route("GET", "/inbox", guard="agent", returns="the inbox")
    async def inbox_page(request: Request) -> HTTPResponse:
        """The agents' inbox."""
        return page(request)

    @api.route("GET", "/inbox/touches", guard="agent", returns="what was said in public")
    async def touches_page(request: Request) -> HTTPResponse:
        """Comments, posts and mentions of the shop."""
        return render(
            request,
            "touches.html",
            texts=("inbox", "touches", "channels"),
            channels=_by_name(request),
            kinds=touches.KINDS,
        )

    @api.route("GET", "/inbox/<conversation_id:str>", guard="agent", returns="the inbox")
    async def inbox_conversation_page(request: Request, conversation_id: str) -> HTTPResponse:
        """The inbox with one conversation open."""
        return page(request, conversation_id)


def _by_name(request: Request) -> list[str]:
    """The channels of this desk, those of other houses that are on included."""
    return sorted(services_of(request).outbox.connectors)


def _lists(api: Api) -> None:
    @api.route(
        "GET",
        "/api/inbox/conversations",
        guard="agent",
        query=(
            ("view", f"one of {', '.join(rows.VIEWS)}"),
            ("q", "part of the shopper's name, e-mail or last line"),
            ("channel", "only this channel"),
            ("language", "only this language"),
            ("ids", "only these, comma separated"),
            ("offset", "leave out so many"),
        ),
        returns="conversations: rows; has_more; counts by view",
    )
    async def conversations(request: Request) -> Any:
        """The rows of a view of the inbox."""
        view = request.args.get("view") or "waiting"
        if view not in rows.VIEWS:
            raise BadInput(f"view is one of {', '.join(rows.VIEWS)}", field="view")
        database, user_id = services_of(request).database, person_of(request).id
        found, has_more = await database.read(
            rows.listed,
            view=view,
            user_id=user_id,
            text=(request.args.get("q") or "").strip()[:100],
            channel=request.args.get("channel") or "",
            language=request.args.get("language") or "",
            ids=[part for part in (request.args.get("ids") or "").split(",") if part][:IDS_MOST],
            offset=whole_number(request, "offset", 0, most=100_000),
        )
        counts = await database.read(rows.counts, user_id)
        return {"ok": True, "conversations": found, "has_more": has_more, "counts": counts}

    @api.route("GET", CONVERSATION, guard="agent", returns="conversation, events, has_more, unsent, watchers")
    async def conversation(request: Request, conversation_id: str) -> Any:
        """One conversation with its latest events."""
        services = services_of(request)
        found = await services.database.read(
            inbox.opened, conversation_id, connectors=services.outbox.connectors
        )
        watchers = inbox_live.watchers_of(request.app, conversation_id)
        return {"ok": True, **found, "watchers": watchers}

    @api.route(
        "GET",
        f"{CONVERSATION}/events",
        guard="agent",
        query=(("before", "older events, numbered below this"),),
        returns="events, has_more",
    )
    async def events(request: Request, conversation_id: str) -> Any:
        """Older events of a conversation."""
        before = whole_number(request, "before", 0, least=1)
        found = await services_of(request).database.read(
            events_before, conversation_id, before, for_agents=True, limit=80
        )
        return {"ok": True, "events": found, "has_more": bool(found and found[0]["seq"] > 1)}


def _steps(api: Api) -> None:
    async def done(request: Request, conversation_id: str) -> Any:
        services = services_of(request)
        services.changed(conversation_id)
        row = await services.database.read(
            inbox.whole, conversation_id, connectors=services.outbox.connectors
        )
        return {"ok": True, "conversation": row}

    @api.route(
        "POST",
        f"{CONVERSATION}/take",
        guard="agent",
        body=Step,
        returns="the conversation; 409 when somebody was faster",
    )
    async def take(request: Request, conversation_id: str, body: Step) -> Any:
        """Take a conversation from the line, from the bot, or re-open a closed one."""
        await services_of(request).database.write(
            inbox.take, conversation_id, user_id=person_of(request).id, version=body.version
        )
        return await done(request, conversation_id)

    @api.route("POST", f"{CONVERSATION}/release", guard="agent", body=Step, returns="the conversation")
    async def release(request: Request, conversation_id: str, body: Step) -> Any:
        """Put a conversation back in line for colleagues."""
        await services_of(request).database.write(
            inbox.release, conversation_id, user_id=person_of(request).id, version=body.version
        )
        return await done(request, conversation_id)

    @api.route("POST", f"{CONVERSATION}/hand_back", guard="agent", body=Step, returns="the conversation")
    async def hand_back(request: Request, conversation_id: str, body: Step) -> Any:
        """Give a conversation back to the bot."""
        services = services_of(request)
        await services.database.write(
            inbox.hand_back,
            conversation_id,
            user_id=person_of(request).id,
            version=body.version,
            context=services.context,
        )
        return await done(request, conversation_id)

    @api.route("POST", f"{CONVERSATION}/close", guard="agent", body=Step, returns="the conversation")
    async def close(request: Request, conversation_id: str, body: Step) -> Any:
        """Close a conversation; the shopper is asked for a rating."""
        services = services_of(request)
        await services.database.write(
            inbox.close,
            conversation_id,
            user_id=person_of(request).id,
            version=body.version,
            context=services.context,
        )
        return await done(request, conversation_id)

    @api.route("POST", "/api/inbox/presence", guard="agent", body=Presence, returns="presence")
    async def presence(request: Request, body: Presence) -> Any:
        """Say that you are available, busy or away; shoppers are told what to expect."""
        services = services_of(request)
        await services.database.write(inbox.set_presence, person_of(request).id, body.presence)
        inbox_live.tell_all(services, {"kind": "team"})
        return {"ok": True, "presence": body.presence}


def _words(api: Api) -> None:
    @api.route("POST", f"{CONVERSATION}/reply", guard="agent", body=Reply, returns="message: {id, client_id}")
    async def reply(request: Request, conversation_id: str, body: Reply) -> Any:
        """Answer the shopper; a repeat of `client_id` sends nothing again."""
        services = services_of(request)
        _check_client_id(body.client_id)
        parts = await _products(services, body.products)
        message_id = await services.database.write(
            inbox.answer,
            conversation_id,
            user_id=person_of(request).id,
            text=_checked(services, body.text),
            client_id=body.client_id,
            parts=parts,
            connectors=services.outbox.connectors,
        )
        services.changed(conversation_id)
        return {"ok": True, "message": {"id": message_id, "client_id": body.client_id}}

    @api.route(
        "POST",
        f"{CONVERSATION}/messages/<message_id:int>/retry",
        guard="agent",
        returns="ok; 409 unless the conversation is yours and the message failed",
    )
    async def retry(request: Request, conversation_id: str, message_id: int) -> Any:
        """Send a message that failed once more."""
        services = services_of(request)
        await services.database.write(
            inbox.send_again, conversation_id, message_id, user_id=person_of(request).id
        )
        services.changed(conversation_id)
        return {"ok": True}

    @api.route("POST", f"{CONVERSATION}/note", guard="agent", body=Note, returns="message: {id, client_id}")
    async def note(request: Request, conversation_id: str, body: Note) -> Any:
        """Keep a note that only people of the shop see."""
        services = services_of(request)
        _check_client_id(body.client_id)
        message_id = await services.database.write(
            inbox.note,
            conversation_id,
            user_id=person_of(request).id,
            text=_checked(services, body.text),
            client_id=body.client_id,
        )
        services.changed(conversation_id)
        return {"ok": True, "message": {"id": message_id, "client_id": body.client_id}}

    @api.route("POST", f"{CONVERSATION}/typing", guard="agent", returns="ok")
    async def typing(request: Request, conversation_id: str) -> Any:
        """The shopper sees that you are typing; nothing is stored."""
        signal = {"kind": "typing", "author": "agent", "name": person_of(request).name}
        services_of(request).live.signal(conversation_id, signal)
        return {"ok": True}


def _check_client_id(client_id: str) -> None:
    if not is_client_id(client_id):
        raise BadInput("client_id must be a UUID", field="client_id")


def _checked(services: Services, text: str) -> str:
    most = services.settings.max_message_chars
    if len(text) > most:
        raise BadInput(f"A message has at most {most} characters; this one has {len(text)}.", field="text")
    return text


async def _products(services: Services, ids: tuple[str, ...]) -> list[Part]:
    if len(ids) > PRODUCTS_MOST:
        raise BadInput(f"At most {PRODUCTS_MOST} products in one message.", field="products")
    cards = [await asyncio.to_thread(services.shop.product, product_id) for product_id in ids]
    if None in cards:
        raise BadInput("One of the products is no longer in the catalogue.", field="products")
    return [Products(items=tuple(card for card in cards if card is not None))] if cards else []
