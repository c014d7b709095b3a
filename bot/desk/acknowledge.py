"""What shoppers in line for a person are told when they write again: that it is kept, and who can still help."""

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.desk import presence
from bot.desk.context import Context
from bot.desk.hand_off import opening
from bot.desk.say import notice
from bot.store.tables import Conversation, Message

AGAIN_AFTER = timedelta(minutes=10)  # messages in between are kept without a word
KEPT, KEPT_UNTIL = "waiting.kept", "waiting.kept_until"


def acknowledge(
    session: Session, conversation: Conversation, message_id: int, *, context: Context, at: datetime
) -> None:
    """Say that a message is with what a person will read, when that was not said a moment ago."""
    told_at = session.scalar(
        select(func.max(Message.created_at)).where(
            Message.conversation_id == conversation.id,
            Message.episode == conversation.episode,
            Message.response.in_((KEPT, KEPT_UNTIL)),
        )
    )
    if told_at is not None and at - told_at < AGAIN_AFTER:
        return
    state = presence.people(session, context.profile, at)
    opens = opening(state.opens_at, conversation.language, context=context, at=at)
    notice(
        session,
        conversation,
        KEPT_UNTIL if opens else KEPT,
        context=context,
        at=at,
        choices=["keep_bot"],
        cause_id=message_id,
        opens=opens,
    )
