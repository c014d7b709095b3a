"""Whether people can answer now: from opening hours, who is signed in, and how much they have."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from bot.core.ownership import Owner
from bot.core.profile import Profile
from bot.store import prepared
from bot.store.tables import Conversation, Fact, User

SEEN_WITHIN = timedelta(seconds=90)
CAPACITY = 6  # conversations one person holds at a time before they count as busy

_load = (
    select(func.count())
    .select_from(Conversation)
    .where(Conversation.agent_id == User.id, Conversation.owner == Owner.AGENT.value)
    .correlate(User)
    .scalar_subquery()
)
_PRESENT = select(User.presence, _load).where(  # built once: it is asked in every turn
    User.is_active, User.presence != "away", User.seen_at >= bindparam("since")
)


@dataclass(frozen=True)
class People:
    """`state`: free (somebody can take it now), busy (all have their hands full), away (nobody is there)."""

    state: str
    is_open: bool
    opens_at: datetime | None


def people(session: Session, profile: Profile, at: datetime) -> People:
    """The state of the desk's people at `at`."""
    present = prepared.rows(session, _PRESENT, {"since": at - SEEN_WITHIN})
    is_open = profile.is_open(at)
    if any(presence == "available" and count < CAPACITY for presence, count in present):
        state = "free"
    elif present:
        state = "busy"
    else:
        state = "away"
    opens_at = None if is_open or state != "away" else profile.opens_next(at)
    return People(state=state, is_open=is_open, opens_at=opens_at)


def position(session: Session, conversation: Conversation) -> int:
    """Place in the line, from 1."""
    if conversation.queued_at is None:
        return 0
    ahead = session.scalar(
        select(func.count()).where(
            Conversation.owner == Owner.QUEUE.value,
            Conversation.queued_at < conversation.queued_at,
            Conversation.id != conversation.id,
        )
    )
    return (ahead or 0) + 1


def usual_wait_minutes(session: Session, at: datetime) -> int | None:
    """The mean of the last 20 first replies of people within a day, in whole minutes; None below three."""
    query = (
        select(Fact.value)
        .where(Fact.kind == "first_reply", Fact.at >= at - timedelta(days=1), Fact.is_demo.is_(False))
        .order_by(Fact.at.desc())
        .limit(20)
    )
    values = [value for value in session.scalars(query) if value is not None]
    if len(values) < 3:
        return None
    return max(1, round(sum(values) / len(values) / 60))


def set_presence(session: Session, user_id: int, presence: str, at: datetime) -> None:
    """An agent says they are available, busy or away."""
    user = session.get_one(User, user_id)
    user.presence = presence
    user.seen_at = at
