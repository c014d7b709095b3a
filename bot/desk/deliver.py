"""Delivery on live channels, where the event is the delivery; the last question before anything leaves (promise 4)."""

from datetime import datetime

from sqlalchemy.orm import Session

from bot.core import ownership
from bot.core.ownership import Owner
from bot.desk.sent import record_sent
from bot.store import conversations as store
from bot.store import statements
from bot.store.tables import Conversation, Message


def waiting(session: Session, conversation_id: str) -> list[Message]:
    """What waits to leave, in order."""
    return list(session.scalars(statements.WAITING_TO_LEAVE, {"conversation_id": conversation_id}))


def may_leave(session: Session, conversation: Conversation, message: Message, at: datetime) -> bool:
    """Asked again at the moment of sending; a bot reply overtaken by a hand-off is dropped."""
    if ownership.may_send(
        author=message.author,
        written_under=message.owner_version,
        owner=Owner(conversation.owner),
        owner_version=conversation.owner_version,
    ):
        return True
    message.state = "dropped"
    store.add_fact(session, conversation, "reply_dropped", at=at, actor="bot", message_id=message.cause_id)
    return False


def _sent(
    session: Session,
    conversation: Conversation,
    message: Message,
    at: datetime,
    *,
    is_handing_over: bool = False,
) -> None:
    message.state, message.sent_at, message.error = "sent", at, ""
    record_sent(session, conversation, message, at, is_handing_over=is_handing_over)


def deliver_live(session: Session, conversation_id: str, at: datetime) -> list[str]:
    """Deliver all that waits on a live channel: the event is the delivery. Returns the authors of what left."""
    return leave(session, store.locked(session, conversation_id), at)


def leave(
    session: Session, conversation: Conversation, at: datetime, *, is_handing_over: bool = False
) -> list[str]:
    """`deliver_live` inside a unit of work that holds the lock of `conversation`: what it says leaves as it commits.

    `is_handing_over`: a person is about to be fetched, so what the bot says is no answer to the request.
    """
    if not store.has_leaving(session, conversation.id):
        return []
    left = []
    for message in waiting(session, conversation.id):
        if may_leave(session, conversation, message, at):
            _sent(session, conversation, message, at, is_handing_over=is_handing_over)
            left.append(message.author)
    return left


def failed(
    session: Session,
    conversation_id: str,
    message_id: int,
    *,
    reason: str,
    retry_at: datetime | None,
    at: datetime,
) -> None:
    """The platform did not take a message: it is tried again at `retry_at`, or given up and agents see why."""
    conversation = store.locked(session, conversation_id)
    message = session.get_one(Message, message_id)
    message.error, message.next_try_at = reason[:300], retry_at
    message.state = "pending" if retry_at else "failed"
    if retry_at:
        return
    store.add_fact(
        session, conversation, "delivery_failed", at=at, actor="system", message_id=message_id, label=reason
    )
    tell_agents(session, conversation, message, at)


def tell_agents(session: Session, conversation: Conversation, message: Message, at: datetime) -> None:
    """Let open inboxes see how a message fares that has no event of its own (yet)."""
    data = {"message_id": message.id, "state": message.state, "error": message.error, "text": message.text}
    store.append_event(session, conversation, "delivery", at=at, audience="agents", data=data)
