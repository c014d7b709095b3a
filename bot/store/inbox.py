"""Queries of the agents' inbox: lists, counts, one conversation, a shopper's history."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, nulls_last, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from bot.core.ownership import Owner
from bot.store.tables import Contact, Conversation, Episode, Event, Fact, Message, Survey, User

VIEWS = ("waiting", "mine", "people", "bot", "all", "closed")
LIMIT = 50
COUNT_MOST = 1_000
Agent = aliased(User)


def _base() -> Any:
    return (
        select(Conversation, Contact, Agent)
        .join(Contact, Contact.id == Conversation.contact_id)
        .outerjoin(Agent, Agent.id == Conversation.agent_id)
        .where(Conversation.episode > 0)
    )


def _of_view(view: str, user_id: int) -> list[ColumnElement[bool]]:
    owner = Conversation.owner
    return {
        "waiting": [owner == Owner.QUEUE.value],
        "mine": [owner == Owner.AGENT.value, Conversation.agent_id == user_id],
        "people": [owner == Owner.AGENT.value],
        "bot": [owner == Owner.BOT.value],
        "closed": [owner == Owner.CLOSED.value],
        "all": [],
    }[view]


def contains(session: Session, column: InstrumentedAttribute[str], text: str) -> ColumnElement[bool]:
    """Whether a column contains a text in whatever case.

    SQLite's LIKE takes no notice of the case of A to Z, and knows no other letters, nor does its lower():
    for those the usual ways to write the text are looked for.
    """
    if session.get_bind().dialect.name != "sqlite":
        return column.icontains(text, autoescape=True)
    spellings = {text} if text.isascii() else {text, text.lower(), text.upper(), text.title()}
    return or_(*(column.contains(spelling, autoescape=True) for spelling in sorted(spellings)))


def listed(
    session: Session,
    *,
    view: str,
    user_id: int,
    text: str = "",
    channel: str = "",
    language: str = "",
    ids: Sequence[str] = (),
    offset: int = 0,
    limit: int = LIMIT,
) -> tuple[list[dict[str, Any]], bool]:
    """Rows of a view and whether there are more; those who wait longest first where people are waited for."""
    query = _base().where(*_of_view(view, user_id))
    if text:
        said_by = select(Contact.id).where(
            or_(contains(session, Contact.name, text), contains(session, Contact.email, text))
        )
        query = query.where(
            or_(
                Conversation.contact_id.in_(said_by),  # read once, not looked up for each conversation
                contains(session, Conversation.last_text, text),
                Conversation.id == text,
            )
        )
    if channel:
        query = query.where(Conversation.channel == channel)
    if language:
        query = query.where(Conversation.language == language)
    if ids:
        query = query.where(Conversation.id.in_(ids))
    order: tuple[Any, ...] = (Conversation.last_at.desc(), Conversation.id)
    if view == "waiting":
        order = (Conversation.queued_at, Conversation.id)
    elif view == "mine":
        order = (nulls_last(Conversation.waiting_since), *order)
    found = session.execute(query.order_by(*order).offset(offset).limit(limit + 1)).all()
    return [as_row(*row) for row in found[:limit]], len(found) > limit


def some(session: Session, ids: Sequence[str]) -> list[dict[str, Any]]:
    """Rows of these conversations."""
    return [as_row(*row) for row in session.execute(_base().where(Conversation.id.in_(ids)))]


def counts(session: Session, user_id: int) -> dict[str, int]:
    """How many conversations wait, are mine, with people, with the bot (up to `COUNT_MOST`: nobody reads more)."""
    rows = session.execute(
        select(Conversation.owner, Conversation.agent_id, func.count())
        .where(Conversation.owner.in_([Owner.QUEUE.value, Owner.AGENT.value]))
        .group_by(Conversation.owner, Conversation.agent_id)
    )
    found = {"waiting": 0, "mine": 0, "people": 0, "bot": 0}
    for owner, agent_id, count in rows:
        if owner == Owner.QUEUE:
            found["waiting"] += count
        else:
            found["people"] += count
            found["mine"] += count if agent_id == user_id else 0
    with_bot = (
        select(Conversation.id)
        .where(Conversation.owner == Owner.BOT.value, Conversation.episode > 0)
        .limit(COUNT_MOST)
        .subquery()
    )
    found["bot"] = session.scalar(select(func.count()).select_from(with_bot)) or 0
    return found


def _when(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _mood(told: Any) -> dict[str, Any] | None:
    """The mood of the shopper's last messages with its reasons (docs/nlu.md), None when calm."""
    return {"label": told["label"], "reasons": told["reasons"]} if isinstance(told, dict) else None


def as_row(conversation: Conversation, contact: Contact, agent: User | None) -> dict[str, Any]:
    """One line of the list as JSON. `waiting_since` is when somebody began to wait for a person."""
    waiting = None
    if conversation.owner == Owner.QUEUE:
        waiting = conversation.queued_at
    elif conversation.owner == Owner.AGENT:
        waiting = conversation.waiting_since
    return {
        "id": conversation.id,
        "name": contact.name,
        "email": contact.email,
        "channel": conversation.channel,
        "language": conversation.language,
        "owner": conversation.owner,
        "version": conversation.owner_version,
        "agent": {"id": agent.id, "name": agent.name} if agent else None,
        "reason": conversation.reason,
        "wants": str(conversation.summary.get("wants") or ""),
        "mood": _mood(conversation.summary.get("mood")),
        "last_text": conversation.last_text,
        "last_at": _when(conversation.last_at),
        "waiting_since": _when(waiting),
        "queued_at": _when(conversation.queued_at),
        "left_message": conversation.left_message,
        "episode": conversation.episode,
        "is_demo": conversation.is_demo,
    }


def whole(session: Session, conversation_id: str) -> dict[str, Any] | None:
    """A row with all an agent sees on top of the thread, None when there is no such conversation."""
    row = session.execute(_base().where(Conversation.id == conversation_id)).one_or_none()
    if row is None:
        return None
    conversation, contact, agent = row
    return as_row(conversation, contact, agent) | {
        "summary": conversation.summary,
        "page": conversation.page,
        "opened_at": _when(conversation.opened_at),
        "closed_at": _when(conversation.closed_at),
        "first_reply_at": _when(conversation.first_reply_at),
        "cursor": conversation.last_seq,
        "contact": {
            "id": contact.id,
            "name": contact.name,
            "email": contact.email,
            "phone": contact.phone,
            "customer_id": contact.customer_id,
            "since": _when(contact.created_at),
        },
    }


def unsent(session: Session, conversation_id: str) -> list[dict[str, Any]]:
    """What waits to leave or failed to: it has no event of its own yet."""
    rows = session.execute(
        select(Message, User.name)
        .outerjoin(User, User.id == Message.user_id)
        .outerjoin(
            Event,
            and_(
                Event.conversation_id == Message.conversation_id,
                Event.message_id == Message.id,
                Event.kind == "message",
            ),
        )
        .where(
            Message.conversation_id == conversation_id,
            Message.direction == "out",
            Message.state.in_(("pending", "sending", "failed")),
            Event.seq.is_(None),
        )
        .order_by(Message.id.desc())
        .limit(20)
    )
    return [
        {
            "id": message.id,
            "author": message.author,
            "name": name or "",
            "text": message.text,
            "parts": message.parts,
            "state": message.state,
            "error": message.error,
            "direction": "out",
            "at": _when(message.created_at),
        }
        for message, name in rows
    ][::-1]


def episodes_of(session: Session, contact_id: str, *, limit: int = 20) -> list[dict[str, Any]]:
    """Earlier and present episodes of a shopper over all their conversations, newest first."""
    rows = session.execute(
        select(Episode, Survey.score, Survey.comment)
        .join(Conversation, Conversation.id == Episode.conversation_id)
        .outerjoin(
            Survey,
            and_(Survey.conversation_id == Episode.conversation_id, Survey.episode == Episode.number),
        )
        .where(Conversation.contact_id == contact_id)
        .order_by(Episode.opened_at.desc())
        .limit(limit)
    ).all()
    keys = {(episode.conversation_id, episode.number) for episode, _, _ in rows}
    reasons: dict[tuple[str, int], str] = {}
    if keys:
        facts = session.execute(
            select(Fact.conversation_id, Fact.episode, Fact.label).where(
                Fact.conversation_id.in_({key[0] for key in keys}), Fact.kind == "handed_off"
            )
        )
        reasons = {(conversation_id, number): label for conversation_id, number, label in facts}
    return [
        {
            "conversation_id": episode.conversation_id,
            "number": episode.number,
            "channel": episode.channel,
            "opened_at": _when(episode.opened_at),
            "closed_at": _when(episode.closed_at),
            "closed_by": episode.closed_by,
            "reason": reasons.get((episode.conversation_id, episode.number), ""),
            "score": score,
            "comment": comment or "",
        }
        for episode, score, comment in rows
    ]


def proofs(session: Session, conversation_id: str) -> list[dict[str, Any]]:
    """Order look-ups of a conversation: what was proved, and what failed, newest first."""
    rows = session.execute(
        select(Fact.label, Fact.at)
        .where(Fact.conversation_id == conversation_id, Fact.kind == "order_looked_up")
        .order_by(Fact.id.desc())
        .limit(5)
    )
    return [{"result": label, "at": _when(at)} for label, at in rows]


def team(session: Session) -> list[dict[str, Any]]:
    """People of the desk: how they are present and how many conversations they have."""
    load = (
        select(Conversation.agent_id, func.count().label("open"))
        .where(Conversation.owner == Owner.AGENT.value)
        .group_by(Conversation.agent_id)
        .subquery()
    )
    rows = session.execute(
        select(User, func.coalesce(load.c.open, 0))
        .outerjoin(load, load.c.agent_id == User.id)
        .where(User.is_active.is_(True))
        .order_by(User.name)
    )
    return [
        {
            "id": user.id,
            "name": user.name,
            "presence": user.presence,
            "seen_at": _when(user.seen_at),
            "open": count,
        }
        for user, count in rows
    ]
