"""What agents do in the inbox: each step in one unit of work, on behalf of the person signed in."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from bot.core.channel import Connector
from bot.core.errors import BadInput, Conflict, NotFound
from bot.core.messages import Part
from bot.core.times import now
from bot.desk import assign, reach, reply
from bot.desk import close as closing
from bot.desk import hand_off as handing
from bot.desk.context import Context
from bot.store import contacts, conversations, people
from bot.store import inbox as rows
from bot.store.tables import Conversation, User

Connectors = Mapping[str, Connector]
PRESENCES = ("available", "busy", "away")


def _user(session: Session, user_id: int) -> User:
    user = people.user_by_id(session, user_id)
    if user is None:
        raise NotFound("there is no such user")
    return user


def whole(session: Session, conversation_id: str, *, connectors: Connectors) -> dict[str, Any]:
    """All an agent sees of a conversation on top of its thread, and whether they can reply (`reach.Reach`).

    Raises:
        NotFound: there is none.
    """
    found = rows.whole(session, conversation_id)
    if found is None:
        raise NotFound("there is no such conversation")
    connector = connectors.get(found["channel"])
    return found | {
        "can_reply": reach.can_reply(session, conversation_id, connectors, now()),
        "text_limit": connector.capabilities.text_limit if connector else None,
        "text_unit": connector.capabilities.text_unit if connector else "characters",
    }


def opened(
    session: Session, conversation_id: str, *, connectors: Connectors, limit: int = 80
) -> dict[str, Any]:
    """A conversation with the latest `limit` events and what is still on its way out.

    Raises:
        NotFound: there is none.
    """
    found = whole(session, conversation_id, connectors=connectors)
    events = conversations.events_before(
        session, conversation_id, found["cursor"] + 1, for_agents=True, limit=limit
    )
    return {
        "conversation": found,
        "events": events,
        "has_more": bool(events and events[0]["seq"] > 1),
        "unsent": rows.unsent(session, conversation_id),
    }


def take(session: Session, conversation_id: str, *, user_id: int, version: int | None) -> None:
    """Take it; taking a closed one re-opens it.

    Raises:
        Conflict: somebody was faster; names them.
    """
    try:
        assign.take(session, conversation_id, user=_user(session, user_id), version=version)
    except Conflict as error:
        raise _who_was_faster(session, conversation_id, user_id, error) from error


def _who_was_faster(session: Session, conversation_id: str, user_id: int, error: Conflict) -> Conflict:
    conversation = session.get(Conversation, conversation_id, populate_existing=True)
    if conversation is None or conversation.agent_id is None or conversation.agent_id == user_id:
        return error
    return Conflict(f"{_user(session, conversation.agent_id).name} was faster and has this conversation.")


def release(session: Session, conversation_id: str, *, user_id: int, version: int | None) -> None:
    """Put it back in line for the others."""
    assign.release(session, conversation_id, user=_user(session, user_id), version=version)


def hand_back(
    session: Session, conversation_id: str, *, user_id: int, version: int | None, context: Context
) -> None:
    """Give it back to the bot.

    Raises:
        Conflict: another agent has it.
    """
    _check_not_anothers(session, conversation_id, user_id)
    handing.hand_back(session, conversation_id, context=context, user_id=user_id, version=version)


def close(
    session: Session, conversation_id: str, *, user_id: int, version: int | None, context: Context
) -> None:
    """Close it; the shopper is asked for a rating."""
    closing.close(session, conversation_id, context=context, by="agent", user_id=user_id, version=version)


def _check_not_anothers(session: Session, conversation_id: str, user_id: int) -> None:
    conversation = conversations.locked(session, conversation_id)
    if conversation.agent_id is not None and conversation.agent_id != user_id:
        raise Conflict("another agent has this conversation")


def answer(
    session: Session,
    conversation_id: str,
    *,
    user_id: int,
    text: str,
    client_id: str,
    parts: Sequence[Part],
    connectors: Connectors,
) -> int:
    """Reply to the shopper; the message's id, the same for a repeat of `client_id`.

    Raises:
        OutsideWindow: the channel does not let us write to this shopper now; nothing is kept.
    """
    message = reply.reply(
        session,
        conversation_id,
        user=_user(session, user_id),
        text=text,
        client_id=client_id,
        parts=parts,
        check=lambda conversation: reach.check(session, conversation, connectors, now()),
    )
    return message.id


def send_again(session: Session, conversation_id: str, message_id: int, *, user_id: int) -> None:
    """Let a message that failed leave once more.

    Raises:
        NotFound: no such message in this conversation.
        Conflict: the conversation is another's, or the message did not fail.
    """
    reply.send_again(session, conversation_id, message_id, user=_user(session, user_id))


def note(session: Session, conversation_id: str, *, user_id: int, text: str, client_id: str) -> int:
    """Keep a note for colleagues; its id, the same for a repeat of `client_id`."""
    return reply.note(
        session, conversation_id, user=_user(session, user_id), text=text, client_id=client_id
    ).id


def set_presence(session: Session, user_id: int, presence: str) -> None:
    """Available, busy or away.

    Raises:
        BadInput: something else.
    """
    if presence not in PRESENCES:
        raise BadInput(f"presence is one of {', '.join(PRESENCES)}", field="presence")
    people.set_presence(session, user_id, presence=presence, at=now())


def alive(session: Session, user_id: int) -> None:
    """The inbox page of this person is open."""
    people.touch(session, user_id, at=now())


def shopper(session: Session, conversation_id: str) -> dict[str, Any]:
    """Who the shopper is to us: contact, proofs, channels, other conversations, and episodes of all of them.

    Raises:
        NotFound: no such conversation.
    """
    found = rows.whole(session, conversation_id)
    if found is None:
        raise NotFound("there is no such conversation")
    (known,) = contacts.shown(session, [found["contact"]["id"]])
    return {
        "contact": found["contact"],
        "identities": known["identities"],
        "conversations": [row for row in known["conversations"] if row["id"] != conversation_id],
        "page": found["page"],
        "order_number": str(found["summary"].get("order_number") or ""),
        "proofs": rows.proofs(session, conversation_id),
        "episodes": rows.episodes_of(session, found["contact"]["id"]),
    }
