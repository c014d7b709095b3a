"""Rasa's REST channel shape in front of the whole product: any Rasa client or test tool can talk to it.

`POST /webhooks/rest/webhook` with `{"sender", "message", "metadata"?}` answers the list of replies of that turn,
each `{"recipient_id", "text" | "image" | "buttons" | "custom"}`. A button's payload is an opaque `choice:…` word to be
sent back as the message; `/intent{…}` commands are not obeyed from outside.
"""

import re
import time
from typing import Any

from sanic import Request
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.bootstrap import Services
from bot.core.errors import BadInput
from bot.core.ids import new_id
from bot.core.times import now
from bot.desk.receive import Incoming, Received, receive
from bot.store.tables import Event, Message
from bot.web.api import Api, Body

WAIT_SECONDS = 25.0
_CHOICE = re.compile(r"^choice:(\d{0,15}):(.+)$")


class RestMessage(Body):
    """As Rasa's REST channel takes it. `metadata.message_id` makes a repeat harmless; `metadata.language` sets it."""

    sender: str
    message: str
    metadata: dict[str, Any] | None = None
    input_channel: str | None = None


def routes(api: Api) -> None:
    """Declare the REST channel."""

    @api.route("POST", "/webhooks/rest/webhook", guard="api_key", body=RestMessage, returns="list of replies")
    async def webhook(request: Request, body: RestMessage) -> Any:
        """One message in, the replies of its turn out (Rasa's REST channel shape)."""
        services: Services = request.app.ctx.services
        sender = body.sender.strip()
        if not sender or len(sender) > 200 or "\0" in sender:
            raise BadInput("sender must have 1 to 200 characters, none of them NUL", field="sender")
        metadata = body.metadata or {}
        message_id = str(metadata.get("message_id") or new_id())[:80]
        choice = _CHOICE.match(body.message)
        language = str(metadata.get("language") or services.profile.locale)
        incoming = Incoming(
            channel="rest",
            account=str(request.ctx.api_key.id),
            external_id=sender,
            platform_id=f"{sender}:{message_id}"[:200],
            text="" if choice else body.message,
            at=now(),
            language=language if language in services.profile.locales else services.profile.locale,
            choice_id=choice[2] if choice else "",
            choice_seq=int(choice[1]) if choice and choice[1] else None,
        )
        received = await services.database.write(receive, incoming, context=services.context)
        if received.is_new:
            services.figures.message("in", "rest")
        services.changed(received.conversation_id, has_turn=received.needs_turn)
        await _turn(services, received)
        rows = await services.database.read(_replies, received)
        return [reply for row in rows for reply in _shape(sender, *row)]

    @api.route("GET", "/webhooks/rest/", guard="none", returns="status")
    async def status(_request: Request) -> Any:
        """The REST channel is there."""
        return {"status": "ok"}


async def _turn(services: Services, received: Received) -> None:
    """Wait until the message's turn is committed and its replies are delivered, or the time is up."""
    deadline = time.monotonic() + WAIT_SECONDS
    with services.live.subscribe(received.conversation_id) as page:
        while not await services.database.read(_is_done, received):
            left = deadline - time.monotonic()
            if left <= 0:
                return
            await page.wait(min(left, 1.0))
            page.clear()


def _is_done(session: Session, received: Received) -> bool:
    handled = session.scalar(select(Message.handled_at).where(Message.id == received.message_id))
    pending = session.scalar(
        select(Message.id)
        .where(
            Message.conversation_id == received.conversation_id,  # its index; `cause_id` has none
            Message.id > received.message_id,
            Message.cause_id == received.message_id,
            Message.state == "pending",
        )
        .limit(1)
    )
    return handled is not None and pending is None


def _replies(session: Session, received: Received) -> list[tuple[int, str, list[dict[str, Any]]]]:
    query = (
        select(Event.seq, Message.text, Message.parts)
        .join(Message, Message.id == Event.message_id)
        .where(
            Message.conversation_id == received.conversation_id,
            Message.id > received.message_id,
            Message.cause_id == received.message_id,
            Message.state == "sent",
            Event.kind == "message",
            Event.conversation_id == Message.conversation_id,
        )
        .order_by(Event.seq)
    )
    return [(row[0], row[1], row[2]) for row in session.execute(query)]


def _shape(sender: str, seq: int, text: str, parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One of our messages as Rasa's channel would send it."""
    replies: list[dict[str, Any]] = []
    if text:
        replies.append({"recipient_id": sender, "text": text})
    for part in parts:
        if part["type"] == "quick_replies":
            buttons = [
                {"title": item["title"], "payload": f"choice:{seq}:{item['id']}"} for item in part["items"]
            ]
            if not replies:
                replies.append({"recipient_id": sender, "text": ""})
            replies[-1]["buttons"] = buttons
        elif part["type"] == "image":
            replies.append({"recipient_id": sender, "image": part["url"]})
        else:
            replies.append({"recipient_id": sender, "custom": part})
    return replies
