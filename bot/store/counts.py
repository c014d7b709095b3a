"""A few counts operators watch; cheap, because partial indexes hold the open rows."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.core.ownership import Owner
from bot.store.tables import Conversation, Message


@dataclass(frozen=True)
class Counts:
    """`outbox` counts messages by state; `oldest_at` is when the longest waiting outgoing one was written."""

    queue: int
    open_turns: int
    outbox: dict[str, int]
    oldest_at: datetime | None


def count(session: Session, *, failed_since: datetime) -> Counts:
    """The counts now; failures are those of messages written since `failed_since`."""
    queue = session.scalar(select(func.count()).where(Conversation.owner == Owner.QUEUE))
    turns = session.scalar(
        select(func.count())
        .select_from(Message)
        .where(Message.handled_at.is_(None), Message.direction == "in")
    )
    waiting = session.execute(
        select(Message.state, func.count(), func.min(Message.stored_at))
        .where(Message.state.in_(("pending", "sending")))
        .group_by(Message.state)
    ).all()
    failed = session.scalar(
        select(func.count())
        .select_from(Message)
        .where(Message.state == "failed", Message.stored_at >= failed_since, Message.direction == "out")
    )
    outbox = {"pending": 0, "sending": 0, "failed": failed or 0}
    outbox |= {state: number for state, number, _oldest in waiting}
    oldest = min((at for _state, _number, at in waiting), default=None)
    return Counts(queue=queue or 0, open_turns=turns or 0, outbox=outbox, oldest_at=oldest)
