"""Who of the people has a conversation."""

from datetime import datetime

from sqlalchemy.orm import Session

from bot.core.errors import Conflict
from bot.core.ownership import Owner, Reason
from bot.core.times import now, seconds_between
from bot.store.conversations import (
    add_fact,
    append_event,
    change_owner,
    locked,
    mark_all_handled,
    open_episode,
)
from bot.store.tables import Conversation, User


def take(
    session: Session,
    conversation_id: str,
    *,
    user: User,
    version: int | None = None,
    at: datetime | None = None,
) -> Conversation:
    """The agent takes a conversation out of the line, from the bot, or re-opens a closed one.

    Taking twice changes nothing.

    Raises:
        Conflict: another agent has it, or it changed hands since `version`.
    """
    at = at or now()
    conversation = locked(session, conversation_id)
    if conversation.owner == Owner.AGENT and conversation.agent_id == user.id:
        return conversation
    if conversation.owner == Owner.AGENT and conversation.agent_id is not None:
        raise Conflict("another agent already has this conversation")
    old = Owner(conversation.owner)
    mark_all_handled(session, conversation_id, at)
    change_owner(session, conversation, Owner.AGENT, version=version, agent_id=user.id)
    if old is Owner.CLOSED:
        since = seconds_between(conversation.closed_at or at, at)
        open_episode(session, conversation, at)
        add_fact(session, conversation, "reopened", at=at, actor="agent", user_id=user.id, value=since)
    if old is not Owner.QUEUE:
        conversation.queued_at = at
        conversation.first_reply_at = None
        conversation.reason = Reason.TAKEN.value
        add_fact(
            session,
            conversation,
            "handed_off",
            at=at,
            actor="agent",
            user_id=user.id,
            label=Reason.TAKEN.value,
        )
    waited = seconds_between(conversation.queued_at or at, at)
    add_fact(session, conversation, "assigned", at=at, actor="agent", user_id=user.id, value=waited)
    append_event(
        session,
        conversation,
        "owner",
        at=at,
        data={"owner": "agent", "agent": {"name": user.name}, "reason": conversation.reason, "wait": None},
    )
    return conversation


def release(
    session: Session,
    conversation_id: str,
    *,
    user: User,
    version: int | None = None,
    at: datetime | None = None,
) -> None:
    """The agent puts a conversation back in line for the others.

    Raises:
        Conflict: it is not theirs, or changed hands since `version`.
    """
    at = at or now()
    conversation = locked(session, conversation_id)
    if conversation.owner != Owner.AGENT or conversation.agent_id != user.id:
        raise Conflict("this conversation is not yours")
    change_owner(session, conversation, Owner.QUEUE, version=version)
    conversation.queued_at = at
    add_fact(session, conversation, "released", at=at, actor="agent", user_id=user.id)
    append_event(
        session,
        conversation,
        "owner",
        at=at,
        data={"owner": "queue", "agent": None, "reason": conversation.reason, "wait": None},
    )
