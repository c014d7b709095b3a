"""The statements on a message's way, built once: building one costs ten times what SQLite needs to run it.

Those over tables are run by `bot.store.prepared`, which does not flush first; those over classes on a session.
The constants of partial indexes (`'in'`, `'pending'`) are literals: a database that plans before it sees bound
values cannot tell that such an index fits.
"""

from typing import Any, cast

from sqlalchemy import Table, bindparam, insert, literal_column, select, update

from bot.store.tables import Contact, Conversation, Episode, Event, Fact, Message, User

_events, _messages, _users = Event.__table__, Message.__table__, User.__table__
_conversations, _contacts = Conversation.__table__, Contact.__table__
_e, _m, _c = _events.c, _messages.c, _conversations.c

UNANSWERED = _m.handled_at.is_(None) & (
    _m.direction == literal_column("'in'")
)  # as in ix_messages_open_turns
LEAVING = _m.state.in_((literal_column("'pending'"), literal_column("'sending'")))  # as in ix_messages_outbox
CONVERSATION_LOCKED = select(_conversations).where(_c.id == bindparam("conversation_id")).with_for_update()
_IS_WITH_EITHER = _c.contact_id.in_((bindparam("contact_id"), bindparam("other_id")))
CONVERSATIONS_LOCKED = select(_conversations).where(_IS_WITH_EITHER).order_by(_c.id).with_for_update()
CONVERSATION_IDS = select(_c.id).where(_IS_WITH_EITHER).order_by(_c.id)
_others = _contacts.alias()
SAME_CUSTOMER = (
    select(_contacts.c.id, _others.c.id.label("other_id"))
    .select_from(
        _conversations.join(_contacts, _contacts.c.id == _c.contact_id).outerjoin(
            _others,
            (_others.c.customer_id == _contacts.c.customer_id)
            & (_others.c.customer_id != literal_column("''"))
            & (_others.c.id != _contacts.c.id)
            & (_others.c.is_demo == _contacts.c.is_demo),
        )
    )
    .where(_c.id == bindparam("conversation_id"))
    .order_by(_others.c.created_at, _others.c.id)
)
MESSAGE_OF_PLATFORM = select(Message).where(
    Message.channel == bindparam("channel"),
    Message.account == bindparam("account"),
    Message.platform_id == bindparam("platform_id"),
)
ID_OF_PLATFORM = select(_m.id).where(
    _m.channel == bindparam("channel"),
    _m.account == bindparam("account"),
    _m.platform_id == bindparam("platform_id"),
)
WAITING_TO_LEAVE = (
    select(Message)
    .where(Message.conversation_id == bindparam("conversation_id"), LEAVING)
    .order_by(Message.id)
)
ANY_LEAVING = select(_m.id).where(_m.conversation_id == bindparam("conversation_id"), LEAVING).limit(1)
OPEN_TURN = (
    select(_m.id)
    .where(
        _m.conversation_id == bindparam("conversation_id"),
        UNANSWERED,
        _m.id != bindparam("besides"),
    )
    .limit(1)
)
NEXT_TURN = (
    select(
        _m.id.label("message_id"),
        _m.episode,
        _m.payload,
        _m.text,
        _m.page.label("message_page"),
        _m.stored_at,
        _m.attempts,
        _c.owner,
        _c.owner_version,
        _c.channel,
        _c.language,
        _c.language_from,
        _c.page,
        _contacts.c.name,
        _contacts.c.email,
        _contacts.c.customer_id,
    )
    .select_from(
        _messages.join(_conversations, _c.id == _m.conversation_id).join(
            _contacts, _contacts.c.id == _c.contact_id
        )
    )
    .where(_m.conversation_id == bindparam("conversation_id"), UNANSWERED)
    .order_by(_m.created_at, _m.id)
    .limit(1)
)
_OUT_PARTS = select(_m.parts).where(_m.conversation_id == bindparam("conversation_id"), _m.direction == "out")
PARTS_OF_EVENT = _OUT_PARTS.where(
    _m.id
    == select(_e.message_id)
    .where(_e.conversation_id == bindparam("conversation_id"), _e.seq == bindparam("seq"))
    .scalar_subquery()
)
PARTS_OF_MESSAGE = _OUT_PARTS.where(_m.id == bindparam("message_id"))
LATEST_PARTS = _OUT_PARTS.where(_m.state == "sent").order_by(_m.id.desc()).limit(3)
# Which columns an update sets is said by the values it is run with.
CHANGE_CONVERSATION = update(cast(Table, _conversations)).where(_c.id == bindparam("conversation_id"))
HANDLE_MESSAGE = (
    update(cast(Table, _messages))
    .where(_m.id == bindparam("message_id"), _m.handled_at.is_(None))
    .returning(_m.episode)
)
NEW_MESSAGE = insert(cast(Table, _messages)).returning(_m.id)
NEW_EPISODE = insert(cast(Table, Episode.__table__)).inline()
NEW_EVENT = insert(cast(Table, _events)).inline()
NEW_FACT = insert(cast(Table, Fact.__table__)).inline()  # its id is of no interest
EVENTS = (
    select(
        _e.seq,
        _e.kind,
        _e.at,
        _e.data,
        _m.id,
        _m.author,
        _m.text,
        _m.parts,
        _m.state,
        _m.error,
        _m.platform_id,
        _m.understood,
        _m.response,
        _m.direction,
        _users.c.name,
        _users.c.id,
        _m.read_at,
        _m.language,
        _m.extra,
    )
    .select_from(
        _events.outerjoin(_messages, _m.id == _e.message_id).outerjoin(_users, _users.c.id == _m.user_id)
    )
    .where(_e.conversation_id == bindparam("conversation_id"))
    .limit(bindparam("limit"))
)
EVENTS_AFTER: dict[bool, Any] = {
    True: EVENTS.where(_e.seq > bindparam("seq")).order_by(_e.seq),
    False: EVENTS.where(_e.seq > bindparam("seq"), _e.audience == "all").order_by(_e.seq),
}  # by `for_agents`
EVENTS_BEFORE: dict[bool, Any] = {
    True: EVENTS.where(_e.seq < bindparam("seq")).order_by(_e.seq.desc()),
    False: EVENTS.where(_e.seq < bindparam("seq"), _e.audience == "all").order_by(_e.seq.desc()),
}
