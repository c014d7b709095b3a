"""What follows from a message having left: its event and facts, and where that puts the conversation."""

from datetime import datetime

from sqlalchemy.orm import Session

from bot.core.ownership import Owner
from bot.core.text import first_line
from bot.core.times import seconds_between
from bot.store import conversations as store
from bot.store.messages import Written
from bot.store.tables import Conversation, Message


def record_sent(
    session: Session,
    conversation: Conversation,
    message: Message | Written,
    at: datetime,
    *,
    is_handing_over: bool = False,
) -> None:
    """Record that `message` has left.

    `is_handing_over`: a person is about to be fetched, so what the bot says is no answer to the request.
    """
    store.append_event(session, conversation, "message", at=at, message=message)
    store.add_fact(
        session,
        conversation,
        "message_out",
        at=at,
        actor=message.author,
        user_id=message.user_id,
        message_id=message.id,
        label=message.response,
        content_version=message.content_version,
        episode=message.episode,
    )
    for part in message.parts:
        if part.get("type") == "products":
            for item in part["items"]:
                store.add_fact(
                    session,
                    conversation,
                    "product_shown",
                    at=at,
                    actor=message.author,
                    label=item["product_id"],
                )
    conversation.last_at = at
    if message.text:
        conversation.last_text = first_line(message.text)
    is_handing_over = is_handing_over or conversation.owner in (Owner.QUEUE, Owner.AGENT)
    if message.author == "system" or (message.author == "bot" and is_handing_over):
        return  # the request still waits: for a person
    if conversation.waiting_since is not None:
        waited = seconds_between(conversation.waiting_since, at)
        store.add_fact(
            session,
            conversation,
            "answered",
            at=at,
            actor=message.author,
            user_id=message.user_id,
            message_id=message.id,
            value=waited,
        )
        conversation.waiting_since = None
    if message.author == "agent" and conversation.queued_at and conversation.first_reply_at is None:
        conversation.first_reply_at = at
        store.add_fact(
            session,
            conversation,
            "first_reply",
            at=at,
            actor="agent",
            user_id=message.user_id,
            message_id=message.id,
            value=seconds_between(conversation.queued_at, at),
        )
