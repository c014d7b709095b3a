"""The conversations behind a number, with what a reader needs to recognise them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from bot.store.tables import Contact, Conversation, Episode, Message


@dataclass(frozen=True)
class Line:
    """One episode in a list."""

    conversation_id: str
    episode: int
    name: str
    channel: str
    language: str
    opened_at: datetime
    closed_at: datetime | None
    closed_by: str
    first_text: str
    messages: int
    is_demo: bool


def lines(session: Session, pairs: Sequence[tuple[str, int]]) -> list[Line]:
    """A line for each (conversation id, episode), in the order given; unknown ones are left out."""
    if not pairs:
        return []
    wanted = or_(*(and_(Episode.conversation_id == key, Episode.number == number) for key, number in pairs))
    query = (
        select(Episode, Contact.name)
        .join(Conversation, Conversation.id == Episode.conversation_id)
        .join(Contact, Contact.id == Conversation.contact_id)
        .where(wanted)
    )
    first, count = _messages(session, pairs)
    found = {}
    for episode, name in session.execute(query):
        key = (episode.conversation_id, episode.number)
        found[key] = Line(
            conversation_id=episode.conversation_id,
            episode=episode.number,
            name=name,
            channel=episode.channel,
            language=episode.language,
            opened_at=episode.opened_at,
            closed_at=episode.closed_at,
            closed_by=episode.closed_by,
            first_text=first.get(key, "")[:200],
            messages=count.get(key, 0),
            is_demo=episode.is_demo,
        )
    return [found[pair] for pair in pairs if pair in found]


def _messages(
    session: Session, pairs: Sequence[tuple[str, int]]
) -> tuple[dict[tuple[str, int], str], dict[tuple[str, int], int]]:
    """The shopper's first text of each episode, and how many messages it has."""
    said = (
        select(
            Message.conversation_id,
            Message.episode,
            func.min(Message.id).filter(Message.direction == "in").label("first"),
            func.count().label("n"),
        )
        .where(Message.conversation_id.in_({key for key, _ in pairs}), Message.direction != "note")
        .group_by(Message.conversation_id, Message.episode)
        .subquery()
    )
    query = select(said.c.conversation_id, said.c.episode, said.c.n, Message.text).outerjoin(
        Message, Message.id == said.c.first
    )
    first, count = {}, {}
    for key, episode, n, text in session.execute(query):
        first[(key, episode)] = text or ""
        count[(key, episode)] = int(n)
    return first, count


def choices(session: Session) -> tuple[list[str], list[str]]:
    """Channels and languages there are conversations in."""
    channels = session.scalars(select(Episode.channel).distinct().order_by(Episode.channel))
    languages = session.scalars(select(Episode.language).distinct().order_by(Episode.language))
    return list(channels), list(languages)
