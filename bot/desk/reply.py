"""What agents write: answers to the shopper, and notes among themselves."""

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from bot.core.errors import BadInput, Conflict, NotFound
from bot.core.messages import Part, Text
from bot.core.ownership import Owner
from bot.core.text import clean
from bot.core.times import now
from bot.desk.deliver import tell_agents
from bot.desk.say import say
from bot.store.conversations import append_event, by_platform_id, locked
from bot.store.messages import Written
from bot.store.tables import Conversation, Message, User


def reply(
    session: Session,
    conversation_id: str,
    *,
    user: User,
    text: str,
    client_id: str,
    parts: Sequence[Part] = (),
    check: Callable[[Conversation], object] | None = None,
    at: datetime | None = None,
) -> Message | Written:
    """An answer of the agent who has the conversation; a repeat of `client_id` changes nothing.

    `check` may refuse a new one by raising.

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
    if check is not None:
        check(conversation)
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


def send_again(
    session: Session, conversation_id: str, message_id: int, *, user: User, at: datetime | None = None
) -> None:
    """Put a message that failed back into the outbox, under the agent's hand; what of it had left stays.

    Raises:
        NotFound: no such message in this conversation.
        Conflict: the conversation is not theirs, or the message did not fail.
    """
    conversation = locked(session, conversation_id)
    if conversation.owner != Owner.AGENT or conversation.agent_id != user.id:
        raise Conflict("take the conversation first: it is not yours")
    message = session.get(Message, message_id)
    if message is None or message.conversation_id != conversation_id:
        raise NotFound("there is no such message in this conversation")
    if message.direction != "out" or message.state != "failed":
        raise Conflict("this message did not fail")
    message.state, message.error, message.next_try_at = "pending", "", None
    message.attempts = 0
    message.owner_version = conversation.owner_version
    tell_agents(session, conversation, message, at or now())


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
