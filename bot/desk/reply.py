"""What agents write: answers to the shopper, and notes among themselves."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from bot.core.errors import BadInput, Conflict
from bot.core.messages import Part, Text
from bot.core.ownership import Owner
from bot.core.text import clean
from bot.core.times import now
from bot.desk.say import say
from bot.store.conversations import append_event, by_platform_id, locked
from bot.store.messages import Written
from bot.store.tables import Message, User


def reply(
    session: Session,
    conversation_id: str,
    *,
    user: User,
    text: str,
    client_id: str,
    parts: Sequence[Part] = (),
    at: datetime | None = None,
) -> Message | Written:
    """An answer of the agent who has the conversation; a repeat of `client_id` changes nothing.

    Raises:
        BadInput: nothing to say.
        Conflict: the conversation is not theirs; take it first.
    """
    at = at or now()
    conversation = locked(session, conversation_id)
    platform_id = f"{conversation_id}:agent:{client_id}"
    known = by_platform_id(
        session, channel=conversation.channel, account=conversation.account, platform_id=platform_id
    )
    if known is not None:
        return known
    text = clean(text)
    if not text and not parts:
        raise BadInput("write something first", field="text")
    if conversation.owner != Owner.AGENT or conversation.agent_id != user.id:
        raise Conflict("take the conversation first: it is not yours")
    said: list[Part] = [Text(text)] if text else []
    message = say(
        session,
        conversation,
        [*said, *parts],
        author="agent",
        user_id=user.id,
        at=at,
        platform_id=platform_id,
    )
    conversation.left_message = ""
    return message


def note(
    session: Session,
    conversation_id: str,
    *,
    user: User,
    text: str,
    client_id: str,
    at: datetime | None = None,
) -> Message:
    """A note only people of the shop see; a repeat of `client_id` changes nothing.

    Raises:
        BadInput: nothing to note.
    """
    at = at or now()
    conversation = locked(session, conversation_id)
    platform_id = f"{conversation_id}:note:{client_id}"
    known = by_platform_id(
        session, channel=conversation.channel, account=conversation.account, platform_id=platform_id
    )
    if known is not None:
        return known
    text = clean(text)
    if not text:
        raise BadInput("write something first", field="text")
    message = Message(
        conversation_id=conversation.id,
        episode=conversation.episode,
        direction="note",
        author="agent",
        user_id=user.id,
        channel=conversation.channel,
        account=conversation.account,
        platform_id=platform_id,
        text=text,
        parts=[],
        created_at=at,
        stored_at=at,
        state="kept",
    )
    session.add(message)
    session.flush()
    append_event(session, conversation, "note", at=at, message=message, audience="agents")
    return message
