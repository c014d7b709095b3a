"""A few counts operators watch; cheap, because indexes hold the open rows and what failed of late."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.core.ownership import Owner
from bot.store import statements
from bot.store.tables import Conversation, Fact, Message


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
    turns = session.scalar(select(func.count()).select_from(Message).where(statements.UNANSWERED))
    waiting = session.execute(
        select(Message.state, func.count(), func.min(Message.stored_at))
        .where(statements.LEAVING)
        .group_by(Message.state)
    ).all()
    told = select(Fact.message_id).where(Fact.kind == "delivery_failed", Fact.at >= failed_since)
    failed = session.scalar(
        select(func.count())
        .select_from(Message)
        .where(Message.id.in_(told), Message.state == "failed", Message.stored_at >= failed_since)
    )
    outbox = {"pending": 0, "sending": 0, "failed": failed or 0}
    outbox |= {state: number for state, number, _oldest in waiting}
    oldest = min((at for _state, _number, at in waiting), default=None)
    return Counts(queue=queue or 0, open_turns=turns or 0, outbox=outbox, oldest_at=oldest)
