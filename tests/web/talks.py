"""Conversations for tests of pages, made as channels make them."""

from sqlalchemy.orm import Session

from bot.core.ids import new_id
from bot.core.times import now
from bot.store import conversations
from bot.store.tables import Conversation


def open_talk(
    session: Session,
    channel: str = "fake",
    *,
    conversation_id: str = "",
    contact_id: str = "",
    external_id: str = "",
) -> Conversation:
    """A conversation in its first episode, with a shopper of account `shop`; ids that are not given are new."""
    made = conversations.make(
        session,
        conversation_id=conversation_id or new_id(),
        contact_id=contact_id or new_id(),
        channel=channel,
        account="shop",
        external_id=external_id or new_id(),
        language="en",
        at=now(),
    )
    conversations.open_episode(session, made, now())
    return made
