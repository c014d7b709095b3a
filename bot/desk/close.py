"""Ending an episode: by the bot, a person, the shopper, or silence; then the rating is asked for."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.core.errors import Conflict
from bot.core.ownership import Owner
from bot.core.times import now, seconds_between
from bot.desk import survey
from bot.desk.context import Context
from bot.store.conversations import (
    add_fact,
    append_event,
    change_owner,
    close_episode,
    find_locked,
    has_open_turn,
    locked,
    mark_all_handled,
)
from bot.store.tables import Conversation


def close(
    session: Session,
    conversation_id: str,
    *,
    context: Context,
    by: str,
    user_id: int | None = None,
    version: int | None = None,
    is_confirmed: bool = False,
    cause_id: int | None = None,
    at: datetime | None = None,
) -> None:
    """Close the current episode (`by`: bot, agent, shopper or idle). Closing twice changes nothing.

    Raises:
        Conflict: it has changed hands since `version`, or another agent has it.
    """
    at = at or now()
    conversation = locked(session, conversation_id)
    if conversation.owner == Owner.CLOSED:
        return
    is_anothers = conversation.agent_id not in (None, user_id)
    if by == "agent" and conversation.owner == Owner.AGENT and is_anothers:
        raise Conflict("another agent has this conversation")
    was_with_people = conversation.owner in (Owner.QUEUE, Owner.AGENT)
    mark_all_handled(session, conversation_id, at)
    change_owner(session, conversation, Owner.CLOSED, version=version)
    conversation.closed_at = at
    conversation.left_message = ""
    label = ("confirmed" if is_confirmed else "assumed") if by == "bot" else ""
    add_fact(
        session,
        conversation,
        "closed",
        at=at,
        actor="system" if by == "idle" else by,
        user_id=user_id,
        label=label,
        value=seconds_between(conversation.opened_at, at),
    )
    close_episode(session, conversation, by=by, at=at)
    append_event(
        session,
        conversation,
        "owner",
        at=at,
        data={"owner": "closed", "agent": None, "reason": by, "wait": None},
    )
    # Fetched a person and nobody answered: a missed hand-off, for which neither bot nor agent can be rated.
    is_missed = was_with_people and survey.last_by_person(session, conversation) is None
    if by in ("bot", "agent") and not is_missed:
        survey.ask(session, conversation, context=context, cause_id=cause_id, at=at)


def idle(session: Session, *, context: Context, at: datetime, limit: int = 100) -> list[str]:
    """Conversation ids of the bot that have been silent for the idle time."""
    since = at - timedelta(seconds=context.settings.episode_idle_seconds)
    query = (
        select(Conversation.id)
        .where(
            Conversation.owner == Owner.BOT.value,
            Conversation.last_at < since,
            Conversation.episode > 0,
            Conversation.is_demo.is_(False),
        )
        .limit(limit)
    )
    return list(session.scalars(query))


def close_if_idle(session: Session, conversation_id: str, *, context: Context, at: datetime) -> None:
    """Close one of `idle`, unless someone spoke meanwhile or a message still waits for its answer."""
    conversation = find_locked(session, conversation_id)
    since = at - timedelta(seconds=context.settings.episode_idle_seconds)
    if conversation is None or conversation.owner != Owner.BOT or conversation.last_at >= since:
        return
    if has_open_turn(session, conversation_id):
        return
    close(session, conversation_id, context=context, by="idle", at=at)
