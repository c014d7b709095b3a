"""What waits to leave, and whether its account may send: queries of the outbox."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from bot.store import statements
from bot.store.conversations import insert_if_new
from bot.store.tables import ChannelAccount, Conversation, Identity, Message, Touch


@dataclass(frozen=True)
class Lead:
    """Where a conversation's messages go, and whether any waits."""

    channel: str
    account: str
    has_leaving: bool


def lead(session: Session, conversation_id: str) -> Lead | None:
    """None when there is no such conversation (any more)."""
    row = session.execute(
        select(
            Conversation.channel,
            Conversation.account,
            exists().where(Message.conversation_id == conversation_id, statements.LEAVING),
        ).where(Conversation.id == conversation_id)
    ).first()
    return Lead(*row) if row is not None else None


def due(session: Session, at: datetime, *, channels: Collection[str]) -> Sequence[str]:
    """Conversations of these channels with messages that may leave at `at`; broken accounts wait for a check."""
    is_broken = exists().where(
        ChannelAccount.channel == Message.channel,
        ChannelAccount.account == Message.account,
        ChannelAccount.state == "broken",
    )
    query = (
        select(Message.conversation_id, Message.channel)
        .where(statements.LEAVING, Message.next_try_at.is_(None) | (Message.next_try_at <= at), ~is_broken)
        .distinct()
    )
    # Asked for by channel, SQLite would rather read all messages of the channel than the few that wait.
    return [conversation_id for conversation_id, channel in session.execute(query) if channel in channels]


def recipient(session: Session, conversation: Conversation) -> str:
    """How the channel knows the shopper, as first heard; empty when it does not (yet)."""
    found = session.scalar(
        select(Identity.external_id)
        .where(
            Identity.contact_id == conversation.contact_id,
            Identity.channel == conversation.channel,
            Identity.account == conversation.account,
        )
        .order_by(Identity.id)
        .limit(1)
    )
    return found or ""


def touched_at(session: Session, *, channel: str, account: str, platform_id: str) -> datetime | None:
    """When a public comment or post was made."""
    return session.scalar(
        select(Touch.at).where(
            Touch.channel == channel, Touch.account == account, Touch.platform_id == platform_id
        )
    )


def account(session: Session, channel: str, name: str) -> ChannelAccount | None:
    """How an account of a channel fares, when it was ever looked at."""
    return session.get(ChannelAccount, (channel, name))


def mark_broken(session: Session, channel: str, name: str, *, reason: str, at: datetime) -> None:
    """An account sends nothing until a check finds it mended."""
    insert_if_new(session, ChannelAccount, channel=channel, account=name, name="", state="ok", reason="")
    row = session.get_one(ChannelAccount, (channel, name), with_for_update=True)
    row.state, row.reason, row.checked_at = "broken", reason[:300], at


def accounts(session: Session) -> dict[tuple[str, str], ChannelAccount]:
    """All accounts ever looked at, by channel and name."""
    rows = session.scalars(select(ChannelAccount)).all()
    return {(row.channel, row.account): row for row in rows}
