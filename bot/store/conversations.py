"""Reading and writing conversations, messages, events and facts inside a unit of work."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import Insert, Table, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import instance_dict, instance_state

from bot.core.errors import Conflict, NotFound
from bot.core.ownership import Owner, check
from bot.store import prepared, statements
from bot.store.database import at_end
from bot.store.messages import Written
from bot.store.tables import Contact, Conversation, Episode, Identity, Message

# What pages are shown of `Message.extra`, by `for_agents`.
EXTRAS: dict[bool, tuple[str, ...]] = {
    False: ("edited_at", "deleted_at", "reaction"),
    True: (
        "edited_at",
        "deleted_at",
        "reaction",
        "reply_to",
        "quote",
        "story",
        "referral",
        "products",
        "answers",
        "unsupported",
        "standby",
        "elsewhere",
        "way",
        "comment",
    ),
}


def insert_if_new(session: Session, table: type[Any], **values: Any) -> None:
    """Insert a row unless one with its key is there (two first messages may race)."""
    prepared.run(session, _unless_there(table.__table__, session.get_bind().dialect.name), [values])


@cache
def _unless_there(target: Table, database: str) -> Insert:
    if database == "sqlite":
        return sqlite.insert(target).on_conflict_do_nothing().inline()
    return postgresql.insert(target).on_conflict_do_nothing().inline()


def locked(session: Session, conversation_id: str) -> Conversation:
    """The conversation, locked until the end of the transaction.

    Raises:
        NotFound: there is none.
    """
    found = find_locked(session, conversation_id)
    if found is None:
        raise NotFound("there is no such conversation")
    return found


def find_locked(session: Session, conversation_id: str) -> Conversation | None:
    """The conversation, locked, or None.

    Read the quick way (`bot.store.prepared`), unless this unit of work has it already.
    """
    found = prepared.rows(session, statements.CONVERSATION_LOCKED, {"conversation_id": conversation_id})
    if not found:
        return None
    return _known(session, conversation_id) or _loaded(session, found[0])


def of_contacts_locked(session: Session, contact_id: str, other_id: str) -> list[Conversation]:
    """The conversations of two contacts, locked in the order of their ids, as all do who lock several."""
    found = prepared.rows(
        session, statements.CONVERSATIONS_LOCKED, {"contact_id": contact_id, "other_id": other_id}
    )
    return [_known(session, row.id) or _loaded(session, row) for row in found]


def ids_of_contacts(session: Session, contact_id: str, other_id: str) -> list[str]:
    """The ids of the conversations of two contacts, in order."""
    key = {"contact_id": contact_id, "other_id": other_id}
    return [row.id for row in prepared.rows(session, statements.CONVERSATION_IDS, key)]


def held(session: Session, conversation_id: str) -> Conversation:
    """The conversation that this unit of work has locked before."""
    return _known(session, conversation_id) or locked(session, conversation_id)


def _known(session: Session, conversation_id: str) -> Conversation | None:
    return session.identity_map.get(_key(conversation_id))


def _key(conversation_id: str) -> Any:
    return Conversation.__mapper__.identity_key_from_primary_key((conversation_id,))


def _loaded(session: Session, row: Any) -> Conversation:
    """A row as SQLAlchemy's loading makes it an object, without what that costs."""
    conversation: Conversation = Conversation.__mapper__.class_manager.new_instance()
    instance_dict(conversation).update(row._asdict())  # nothing hears of a change
    state = instance_state(conversation)
    state.key, state.session_id = _key(row.id), session.hash_key
    session.identity_map.add(state)
    return conversation


def make(
    session: Session,
    *,
    conversation_id: str,
    contact_id: str,
    channel: str,
    account: str,
    external_id: str,
    language: str,
    at: datetime,
) -> Conversation:
    """A contact with its identity and conversation, owned by the bot; ones that exist are kept."""
    insert_if_new(
        session,
        Contact,
        id=contact_id,
        name="",
        email="",
        phone="",
        customer_id="",
        created_at=at,
        is_demo=False,
    )
    insert_if_new(
        session, Identity, contact_id=contact_id, channel=channel, account=account, external_id=external_id
    )
    values = {
        "id": conversation_id,
        "contact_id": contact_id,
        "channel": channel,
        "account": account,
        "owner": Owner.BOT.value,
        "owner_version": 1,
        "episode": 0,
        "last_seq": 0,
        "language": language,
        "reason": "",
        "summary": {},
        "left_message": "",
        "opened_at": at,
        "last_at": at,
        "last_text": "",
        "page": {},
        "is_demo": False,
    }
    insert_if_new(session, Conversation, **values)
    return locked(session, conversation_id)


def of_identity(session: Session, *, channel: str, account: str, external_id: str) -> tuple[str, str] | None:
    """(contact id, conversation id) of a shopper the channel knows under `external_id`."""
    query = (
        select(Identity.contact_id, Conversation.id)
        .join(
            Conversation,
            (Conversation.contact_id == Identity.contact_id)
            & (Conversation.channel == channel)
            & (Conversation.account == account),
        )
        .where(Identity.channel == channel, Identity.account == account, Identity.external_id == external_id)
        .order_by(Conversation.last_at.desc())
    )
    row = session.execute(query).first()
    return (row[0], row[1]) if row else None


def change_owner(
    session: Session,
    conversation: Conversation,
    owner: Owner,
    *,
    version: int | None = None,
    agent_id: int | None = None,
) -> None:
    """Compare-and-set of the owner; the version grows by one.

    Raises:
        Conflict: the conversation is no longer at `version`, or may not go to `owner` from where it is.
    """
    old = conversation.owner_version
    if version is not None and version != old:
        raise Conflict("somebody else was faster: this conversation has changed hands")
    check(Owner(conversation.owner), owner)
    session.flush()
    done = session.execute(
        update(Conversation)
        .where(Conversation.id == conversation.id, Conversation.owner_version == old)
        .values(owner=owner.value, owner_version=old + 1, agent_id=agent_id),
        execution_options={"synchronize_session": False},
    )
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise Conflict("somebody else was faster: this conversation has changed hands")
    session.refresh(conversation, ["owner", "owner_version", "agent_id"])


def save(session: Session, conversation: Conversation) -> None:
    """Write what has changed of a conversation now: costs a quarter of a flush."""
    state = instance_state(conversation)
    changed = {name: getattr(conversation, name) for name in state.committed_state}
    if changed:
        key = {"conversation_id": conversation.id}
        prepared.run(session, statements.CHANGE_CONVERSATION, [key | changed])
        state._commit_all(state.dict, session.identity_map)


def speak(session: Session, conversation: Conversation, locale: str, *, by: str) -> None:
    """Answer in another language from now on (locked by the caller); `by` as `Conversation.language_from`."""
    conversation.language_from = by
    if conversation.language != locale:
        conversation.language = locale
        here = update(Episode).where(
            Episode.conversation_id == conversation.id, Episode.number == conversation.episode
        )
        session.execute(here.values(language=locale).execution_options(synchronize_session=False))


def append_event(
    session: Session,
    conversation: Conversation,
    kind: str,
    *,
    at: datetime,
    data: dict[str, Any] | None = None,
    message: Message | Written | None = None,
    audience: str = "all",
) -> int:
    """The next event of a conversation (locked by the caller); its number."""
    conversation.last_seq += 1
    seq = conversation.last_seq
    values = {
        "conversation_id": conversation.id,
        "seq": seq,
        "kind": kind,
        "audience": audience,
        "message_id": message.id if message else None,
        "data": data or {},
        "at": at,
    }
    prepared.run(session, statements.NEW_EVENT, [values])
    appended = session.info.setdefault(("appended", conversation.id), _Appended(seq - 1))
    if audience == "all":
        appended.events.append(_as_shoppers_see(seq, kind, at, data or {}, message))
    return seq


@dataclass(frozen=True)
class Fresh:
    """What a unit of work adds to a conversation: all its events above `after` up to `upto` that shoppers may see."""

    after: int
    upto: int
    events: tuple[dict[str, Any], ...]


@dataclass
class _Appended:
    """Events of this unit of work above `after`, as shoppers see them; None: only the database can tell."""

    after: int
    events: list[dict[str, Any] | None] = field(default_factory=list)


def _as_shoppers_see(
    seq: int, kind: str, at: datetime, data: dict[str, Any], message: Message | Written | None
) -> dict[str, Any] | None:
    if message is None:
        return {"seq": seq, "kind": kind, "at": at.astimezone(UTC).isoformat(), **data}
    if not isinstance(message, Written) or message.user_id is not None:
        return None
    return as_sent(
        seq,
        kind,
        at.astimezone(UTC),
        data,
        message.id,
        message.author,
        message.text,
        message.parts,
        message.state,
        "",
        message.platform_id,
        None,
        message.response,
        None,
        None,
        None,
        None,
        None,
        None,
        for_agents=False,
    )


def fresh_events(session: Session, conversation: Conversation) -> Fresh:
    """The events this unit of work has appended, as sent to shoppers' pages."""
    appended = session.info.get(("appended", conversation.id), _Appended(conversation.last_seq))
    known = [event for event in appended.events if event is not None]
    if len(known) < len(appended.events):
        session.flush()
        known = events_after(session, conversation.id, appended.after, for_agents=False)
    return Fresh(appended.after, conversation.last_seq, tuple(known))


def add_fact(
    session: Session,
    conversation: Conversation,
    kind: str,
    *,
    at: datetime,
    actor: str = "",
    user_id: int | None = None,
    message_id: int | None = None,
    label: str = "",
    value: float | None = None,
    content_version: str = "",
    episode: int | None = None,
) -> None:
    """Record that something happened; facts are never changed. Written together as the unit of work ends."""
    values = {
        "at": at,
        "kind": kind,
        "conversation_id": conversation.id,
        "episode": conversation.episode if episode is None else episode,
        "channel": conversation.channel,
        "language": conversation.language,
        "actor": actor,
        "user_id": user_id,
        "message_id": message_id,
        "label": label[:120],
        "value": value,
        "content_version": content_version,
        "is_demo": conversation.is_demo,
    }
    at_end(session, statements.NEW_FACT, values)


def open_episode(session: Session, conversation: Conversation, at: datetime) -> None:
    """Start the next episode."""
    conversation.episode += 1
    conversation.opened_at = at
    conversation.closed_at = None
    conversation.queued_at = None
    conversation.first_reply_at = None
    conversation.waiting_since = None
    conversation.reason = ""
    conversation.summary = {}
    conversation.left_message = ""
    values = {
        "conversation_id": conversation.id,
        "number": conversation.episode,
        "channel": conversation.channel,
        "language": conversation.language,
        "opened_at": at,
        "closed_by": "",
        "is_demo": conversation.is_demo,
    }
    prepared.run(session, statements.NEW_EPISODE, [values])


def close_episode(session: Session, conversation: Conversation, *, by: str, at: datetime) -> None:
    """End the current episode."""
    session.execute(
        update(Episode)
        .where(
            Episode.conversation_id == conversation.id,
            Episode.number == conversation.episode,
            Episode.closed_at.is_(None),
        )
        .values(closed_at=at, closed_by=by)
    )


def mark_all_handled(session: Session, conversation_id: str, at: datetime) -> None:
    """No turn will be taken for what is still unanswered: a person has it now."""
    session.execute(
        update(Message)
        .where(
            Message.conversation_id == conversation_id,
            Message.direction == "in",
            Message.handled_at.is_(None),
        )
        .values(handled_at=at)
    )


def by_platform_id(session: Session, *, channel: str, account: str, platform_id: str) -> Message | None:
    """The message the platform knows under this id."""
    key = {"channel": channel, "account": account, "platform_id": platform_id}
    return session.scalars(statements.MESSAGE_OF_PLATFORM, key).one_or_none()


def answered_elsewhere_at(session: Session, conversation_id: str) -> datetime | None:
    """When somebody who is none of our agents last answered."""
    query = select(func.max(Message.created_at)).where(
        Message.conversation_id == conversation_id,
        Message.direction == "out",
        Message.author == "agent",
        Message.user_id.is_(None),
    )
    return session.scalar(query)


def open_turns(session: Session) -> Sequence[str]:
    """Conversations with shopper messages no turn has answered."""
    query = select(Message.conversation_id).where(statements.UNANSWERED).distinct()
    return session.scalars(query).all()


def has_open_turn(session: Session, conversation_id: str, *, besides: int = 0) -> bool:
    """Whether a shopper message of this conversation, other than `besides`, still waits for its turn."""
    key = {"conversation_id": conversation_id, "besides": besides}
    return prepared.value(session, statements.OPEN_TURN, key) is not None


def has_leaving(session: Session, conversation_id: str) -> bool:
    """Whether something said in this conversation still waits to leave."""
    return prepared.value(session, statements.ANY_LEAVING, {"conversation_id": conversation_id}) is not None


def events_after(
    session: Session, conversation_id: str, after: int, *, for_agents: bool, limit: int = 200
) -> list[dict[str, Any]]:
    """Events numbered above `after`, oldest first, as sent to pages."""
    key = {"conversation_id": conversation_id, "seq": after, "limit": limit}
    rows = prepared.rows(session, statements.EVENTS_AFTER[for_agents], key)
    return [as_sent(*row, for_agents=for_agents) for row in rows]


def events_before(
    session: Session, conversation_id: str, before: int, *, for_agents: bool, limit: int = 50
) -> list[dict[str, Any]]:
    """The last `limit` events numbered below `before`, oldest first."""
    key = {"conversation_id": conversation_id, "seq": before, "limit": limit}
    rows = prepared.rows(session, statements.EVENTS_BEFORE[for_agents], key)
    return [as_sent(*row, for_agents=for_agents) for row in rows][::-1]


def as_sent(
    seq: int,
    kind: str,
    at: datetime,
    data: dict[str, Any],
    message_id: int | None,
    author: str | None,
    text: str | None,
    parts: list[dict[str, Any]] | None,
    state: str | None,
    error: str | None,
    platform_id: str | None,
    understood: dict[str, Any] | None,
    response: str | None,
    direction: str | None,
    user_name: str | None,
    user_id: int | None,
    read_at: datetime | None,
    language: str | None,
    extra: dict[str, Any] | None,
    *,
    for_agents: bool,
) -> dict[str, Any]:
    """One event as JSON; what only agents may see is left out for shoppers."""
    event: dict[str, Any] = {"seq": seq, "kind": kind, "at": at.isoformat(), **data}
    if message_id is None or kind not in ("message", "note", "changed"):
        return event
    message: dict[str, Any] = {
        "id": message_id,
        "author": author,
        "name": user_name or "",
        "text": text,
        "parts": [_public(part) for part in parts or ()],
        "state": state,
    }
    if author == "shopper" and platform_id:
        message["client_id"] = platform_id.rsplit(":", 1)[-1]
    if for_agents:
        message |= {
            "error": error,
            "understood": understood,
            "response": response,
            "direction": direction,
            "user_id": user_id,
            "read": read_at is not None,
            "language": language,
        }
    shown = {name: value for name in EXTRAS[for_agents] if (value := (extra or {}).get(name))}
    if shown:
        message["extra"] = shown
    event["message"] = message
    return event


def _public(part: dict[str, Any]) -> dict[str, Any]:
    if part.get("type") != "quick_replies":
        return part
    return {**part, "items": [{"id": item["id"], "title": item["title"]} for item in part["items"]]}
