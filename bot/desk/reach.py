"""Whether an agent's reply can reach the shopper now, and what to tell the agent when it cannot."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from bot.core import windows
from bot.core.channel import Connector
from bot.core.errors import NotFound, OutsideWindow
from bot.core.ownership import Owner, Reason
from bot.store import outbox
from bot.store.tables import Conversation

ELSEWHERE = "cannot_reply.elsewhere"


@dataclass(frozen=True)
class Reach:
    """`way` as `Outgoing.way`; `until` when it ends. `reason` is the locale key of what to know about it, empty when
    there is nothing; `detail` says more in plain English. A reply over a broken account is kept and leaves later.
    """

    ok: bool
    way: str = ""
    until: datetime | None = None
    reason: str = ""
    detail: str = ""

    def as_json(self) -> dict[str, Any]:
        """As pages get it."""
        until = self.until.isoformat() if self.until else None
        return {
            "ok": self.ok,
            "way": self.way,
            "until": until,
            "reason": self.reason,
            "detail": self.detail,
        }


def reach(
    session: Session, conversation: Conversation, connectors: Mapping[str, Connector], at: datetime
) -> Reach:
    """How an agent may reply in `conversation`."""
    connector = connectors.get(conversation.channel)
    if connector is None:
        return Reach(False, reason="cannot_reply.channel_off", detail="this channel is switched off")
    is_unclaimed = conversation.owner == Owner.AGENT and conversation.agent_id is None
    if is_unclaimed and conversation.reason == Reason.ELSEWHERE:
        return Reach(False, reason=ELSEWHERE)
    if conversation.unreachable:
        said = f"this shopper cannot be reached: {conversation.unreachable}"
        return Reach(False, reason="cannot_reply.unreachable", detail=said)
    try:
        opening = windows.way(
            connector.capabilities,
            author="agent",
            window_at=conversation.window_at,
            last_shopper_at=conversation.last_shopper_at,
            at=at,
        )
    except OutsideWindow as error:
        return Reach(False, reason=f"cannot_reply.{error.reason}", detail=str(error))
    account = outbox.account(session, conversation.channel, conversation.account)
    if account is not None and account.state == "broken":
        reason = "cannot_reply.account_broken"
        return Reach(True, opening.way, opening.until, reason=reason, detail=account.reason)
    return Reach(True, opening.way, opening.until)


def can_reply(
    session: Session, conversation_id: str, connectors: Mapping[str, Connector], at: datetime
) -> dict[str, Any]:
    """`reach` of a conversation as JSON.

    Raises:
        NotFound: there is no such conversation.
    """
    conversation = session.get(Conversation, conversation_id)
    if conversation is None:
        raise NotFound("there is no such conversation")
    return reach(session, conversation, connectors, at).as_json()


def check(
    session: Session, conversation: Conversation, connectors: Mapping[str, Connector], at: datetime
) -> None:
    """Refuse a reply that could not leave. Whose conversation it is, is asked elsewhere.

    Raises:
        OutsideWindow: the channel does not let us write to this shopper now.
    """
    found = reach(session, conversation, connectors, at)
    if not found.ok and found.reason != ELSEWHERE:
        raise OutsideWindow(found.detail, reason=found.reason.partition(".")[2])
