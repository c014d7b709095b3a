"""Tables of conversations, facts and people. The shop's own tables are in bot/shop/tables.py."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    literal_column,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.database import Base, Moment

Serial = BigInteger().with_variant(Integer, "sqlite")
Json = JSON().with_variant(postgresql.JSONB(), "postgresql")


class Contact(Base):
    """A shopper as we know them; `customer_id` (of the shop) is set only after proof of identity."""

    __tablename__ = "contacts"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(String(200), default="")
    email: Mapped[str] = mapped_column(String(320), default="")
    phone: Mapped[str] = mapped_column(String(40), default="")
    customer_id: Mapped[str] = mapped_column(String(64), default="")
    created_at: Mapped[datetime] = mapped_column(Moment)
    is_demo: Mapped[bool] = mapped_column(default=False)
    __table_args__ = (
        Index(
            "ix_contacts_customer",
            "customer_id",
            sqlite_where=customer_id != literal_column("''"),
            postgresql_where=customer_id != literal_column("''"),
        ),
    )


class Identity(Base):
    """How a channel knows a contact."""

    __tablename__ = "identities"
    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    contact_id: Mapped[str] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"), index=True)
    channel: Mapped[str] = mapped_column(String(20))
    account: Mapped[str] = mapped_column(String(100), default="")
    external_id: Mapped[str] = mapped_column(String(200))
    name: Mapped[str] = mapped_column(String(200), default="", server_default="")  # as the platform tells it
    username: Mapped[str] = mapped_column(String(200), default="", server_default="")
    picture: Mapped[str] = mapped_column(Text, default="", server_default="")
    locale: Mapped[str] = mapped_column(String(20), default="", server_default="")
    fetched_at: Mapped[datetime | None] = mapped_column(Moment)  # the profile, last asked for
    __table_args__ = (UniqueConstraint("channel", "account", "external_id"),)


class Conversation(Base):
    """One thread with one shopper on one channel. `owner` changes only together with `owner_version`."""

    __tablename__ = "conversations"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    contact_id: Mapped[str] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"), index=True)
    channel: Mapped[str] = mapped_column(String(20))
    account: Mapped[str] = mapped_column(String(100), default="")
    owner: Mapped[str] = mapped_column(String(10), default="bot")
    owner_version: Mapped[int] = mapped_column(default=1)
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    episode: Mapped[int] = mapped_column(default=1)
    last_seq: Mapped[int] = mapped_column(default=0)
    language: Mapped[str] = mapped_column(String(12), default="en")  # locale the shopper is answered in
    # how it was found: `page` (theirs or their profile's), `message` (what they write) or `choice` (they asked for it)
    language_from: Mapped[str] = mapped_column(String(10), default="page", server_default="page")
    reason: Mapped[str] = mapped_column(String(40), default="")  # of the hand-off now in force
    summary: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)  # wants, details, understood
    left_message: Mapped[str] = mapped_column(String(10), default="")  # "" | offered | wanted | left
    opened_at: Mapped[datetime] = mapped_column(Moment)  # of the current episode
    last_shopper_at: Mapped[datetime | None] = mapped_column(Moment)
    last_at: Mapped[datetime] = mapped_column(Moment)
    last_text: Mapped[str] = mapped_column(String(200), default="")
    queued_at: Mapped[datetime | None] = mapped_column(Moment)
    first_reply_at: Mapped[datetime | None] = mapped_column(Moment)  # of a person, since queued_at
    waiting_since: Mapped[datetime | None] = mapped_column(Moment)  # first shopper message not yet answered
    closed_at: Mapped[datetime | None] = mapped_column(Moment)
    page: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)  # url, title, sku the shopper is on
    slow_told_at: Mapped[datetime | None] = mapped_column(Moment)
    window_at: Mapped[datetime | None] = mapped_column(Moment)  # what last opened the platform's window
    unreachable: Mapped[str] = mapped_column(
        String(300), default="", server_default=""
    )  # why we stopped writing
    is_demo: Mapped[bool] = mapped_column(default=False)
    __table_args__ = (
        Index("ix_conversations_owner", "owner", "last_at"),
        Index("ix_conversations_agent", "agent_id", "owner"),
        Index("ix_conversations_last", "last_at"),
    )


class Message(Base):
    """Everything said, in and out, and agents' notes. The outbox is the rows in state pending and sending."""

    __tablename__ = "messages"
    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    episode: Mapped[int]
    direction: Mapped[str] = mapped_column(String(4))  # in | out | note
    author: Mapped[str] = mapped_column(String(10))  # shopper | bot | agent | system
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    channel: Mapped[str] = mapped_column(String(20))
    account: Mapped[str] = mapped_column(String(100), default="")
    platform_id: Mapped[str | None] = mapped_column(String(200))  # client UUID on the web
    text: Mapped[str] = mapped_column(Text, default="")
    payload: Mapped[str] = mapped_column(
        Text, default=""
    )  # what the brain gets instead of text (a chosen button)
    parts: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    cause_id: Mapped[int | None] = mapped_column(BigInteger)  # outbound: the inbound message it answers
    response: Mapped[str] = mapped_column(
        String(100), default=""
    )  # Rasa response name, e.g. utter_faq/returns
    created_at: Mapped[datetime] = mapped_column(Moment)  # the platform's time
    stored_at: Mapped[datetime] = mapped_column(Moment)
    handled_at: Mapped[datetime | None] = mapped_column(Moment)  # inbound only: its turn has committed
    state: Mapped[str] = mapped_column(
        String(10)
    )  # in: received; out: pending|sending|sent|failed|dropped; note: kept
    error: Mapped[str] = mapped_column(String(300), default="")
    attempts: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime | None] = mapped_column(Moment)
    sent_at: Mapped[datetime | None] = mapped_column(Moment)
    read_at: Mapped[datetime | None] = mapped_column(Moment)
    owner_version: Mapped[int] = mapped_column(default=0)
    understood: Mapped[dict[str, Any] | None] = mapped_column(Json)
    language: Mapped[str] = mapped_column(String(12), default="")
    content_version: Mapped[str] = mapped_column(String(40), default="")
    page: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)  # inbound: page the shopper was on
    # of other houses: reply_to, story, referral, reaction, edited_at, deleted_at, way, comment
    extra: Mapped[dict[str, Any]] = mapped_column(Json, default=dict, server_default="{}")
    __table_args__ = (
        UniqueConstraint("channel", "account", "platform_id"),
        Index("ix_messages_conversation", "conversation_id", "id"),
        Index(
            "ix_messages_open_turns",
            "conversation_id",
            sqlite_where=(handled_at.is_(None) & (direction == "in")),
            postgresql_where=(handled_at.is_(None) & (direction == "in")),
        ),
        Index(
            "ix_messages_outbox",
            "conversation_id",
            sqlite_where=state.in_(("pending", "sending")),
            postgresql_where=state.in_(("pending", "sending")),
        ),
    )


class Piece(Base):
    """One call of an outgoing message to its platform; a message is sent when all its pieces are.

    `sending` after a crash or a lost answer is a doubt: the platform's echo settles it, or the time for one passes.
    """

    __tablename__ = "pieces"
    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(String(20))
    account: Mapped[str] = mapped_column(String(100), default="")
    state: Mapped[str] = mapped_column(String(10))  # sending | sent | failed
    platform_id: Mapped[str | None] = mapped_column(String(200))
    tried_at: Mapped[datetime] = mapped_column(Moment)
    sent_at: Mapped[datetime | None] = mapped_column(Moment)
    delivered_at: Mapped[datetime | None] = mapped_column(Moment)
    read_at: Mapped[datetime | None] = mapped_column(Moment)
    __table_args__ = (Index("ix_pieces_platform", "channel", "account", "platform_id"),)


class PlatformEvent(Base):
    """What a platform told us, kept before anything is done with it (promises 1 and 2); `data` is a `Heard` as JSON."""

    __tablename__ = "platform_events"
    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    channel: Mapped[str] = mapped_column(String(20))
    account: Mapped[str] = mapped_column(String(100))
    key: Mapped[str] = mapped_column(String(300))
    kind: Mapped[str] = mapped_column(String(30))
    person: Mapped[str] = mapped_column(String(200), default="")
    target: Mapped[str] = mapped_column(String(200), default="")
    at: Mapped[datetime] = mapped_column(Moment)
    stored_at: Mapped[datetime] = mapped_column(Moment)
    state: Mapped[str] = mapped_column(String(10))  # new | waiting (for its target) | done | ignored | failed
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    error: Mapped[str] = mapped_column(String(300), default="", server_default="")
    data: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    conversation_id: Mapped[str | None] = mapped_column(String(32))
    message_id: Mapped[int | None] = mapped_column(BigInteger)
    __table_args__ = (
        UniqueConstraint("channel", "account", "key"),
        Index(
            "ix_platform_events_open",
            "channel",
            "account",
            "person",
            sqlite_where=state.in_(("new", "waiting")),
            postgresql_where=state.in_(("new", "waiting")),
        ),
    )


class Touch(Base):
    """A public comment, a visitor's post or a story mention: seen by agents, answered privately only by rule."""

    __tablename__ = "touches"
    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    channel: Mapped[str] = mapped_column(String(20))
    account: Mapped[str] = mapped_column(String(100))
    platform_id: Mapped[str] = mapped_column(String(200))  # of the comment, post or story
    kind: Mapped[str] = mapped_column(String(20))  # comment | live_comment | post | story_mention
    person: Mapped[str] = mapped_column(String(200), default="")
    name: Mapped[str] = mapped_column(String(200), default="")
    text: Mapped[str] = mapped_column(Text, default="")
    url: Mapped[str] = mapped_column(Text, default="")
    parent: Mapped[str] = mapped_column(String(200), default="")  # the post or media it stands under
    at: Mapped[datetime] = mapped_column(Moment)
    state: Mapped[str] = mapped_column(String(10), default="seen")  # seen | replied | failed | removed
    reason: Mapped[str] = mapped_column(String(20), default="")  # question | complaint: why it was answered
    conversation_id: Mapped[str | None] = mapped_column(String(32))
    message_id: Mapped[int | None] = mapped_column(BigInteger)  # our private reply
    __table_args__ = (
        UniqueConstraint("channel", "account", "platform_id"),
        Index("ix_touches_at", "at"),
    )


class ChannelAccount(Base):
    """How an account of a channel fares; what is broken stops sending until a check finds it mended."""

    __tablename__ = "channel_accounts"
    channel: Mapped[str] = mapped_column(String(20), primary_key=True)
    account: Mapped[str] = mapped_column(String(100), primary_key=True)
    name: Mapped[str] = mapped_column(String(200), default="", server_default="")
    state: Mapped[str] = mapped_column(String(10), default="ok")  # ok | warning | broken
    reason: Mapped[str] = mapped_column(String(300), default="", server_default="")
    checked_at: Mapped[datetime | None] = mapped_column(Moment)
    expires_at: Mapped[datetime | None] = mapped_column(Moment)  # of the token, when it is known
    used_percent: Mapped[int | None]  # of the platform's limit, when it tells


class Event(Base):
    """What live pages see, numbered per conversation without gaps. `audience`: all, or agents only."""

    __tablename__ = "events"
    conversation_id: Mapped[str] = mapped_column(
        ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True
    )
    seq: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(
        String(20)
    )  # message | owner | delivery | survey | read | note | episode
    audience: Mapped[str] = mapped_column(String(6), default="all")
    message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"))
    data: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    at: Mapped[datetime] = mapped_column(Moment)
    # A message that goes takes its events along: without this each would be looked for in all of them.
    __table_args__ = (Index("ix_events_message", "message_id"),)


class Episode(Base):
    """A stretch of one conversation; outcomes are classified at query time from facts."""

    __tablename__ = "episodes"
    conversation_id: Mapped[str] = mapped_column(
        ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(String(20))
    language: Mapped[str] = mapped_column(String(12), default="en")
    opened_at: Mapped[datetime] = mapped_column(Moment, index=True)
    closed_at: Mapped[datetime | None] = mapped_column(Moment)
    closed_by: Mapped[str] = mapped_column(String(10), default="")  # bot | agent | idle | shopper
    is_demo: Mapped[bool] = mapped_column(default=False)


class Fact(Base):
    """An immutable row: something happened. The kinds, their `label` and `value` are listed in docs/facts.md."""

    __tablename__ = "facts"
    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment)
    kind: Mapped[str] = mapped_column(String(30))
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    episode: Mapped[int]
    channel: Mapped[str] = mapped_column(String(20))
    language: Mapped[str] = mapped_column(String(12), default="")
    actor: Mapped[str] = mapped_column(String(10), default="")  # shopper | bot | agent | system
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    message_id: Mapped[int | None] = mapped_column(BigInteger)
    label: Mapped[str] = mapped_column(String(120), default="")
    value: Mapped[float | None]
    content_version: Mapped[str] = mapped_column(String(40), default="")
    is_demo: Mapped[bool] = mapped_column(default=False)
    __table_args__ = (
        # What numbers read, in the order they read it: a period of a kind is one stretch of this index, and the
        # rows themselves are not looked at. New facts land at the ends of some twenty stretches.
        Index(
            "ix_facts_kind_at",
            "kind",
            "at",
            "conversation_id",
            "episode",
            "actor",
            "label",
            "value",
            "user_id",
            "message_id",
            "channel",
            "language",
            "is_demo",
        ),
        Index("ix_facts_conversation", "conversation_id", "episode"),
    )


class Survey(Base):
    """A rating asked for; one per episode."""

    __tablename__ = "surveys"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    episode: Mapped[int]
    survey: Mapped[str] = mapped_column(String(10), default="csat")
    segment: Mapped[str] = mapped_column(String(10))  # bot | agent
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))  # the agent rated
    sent_at: Mapped[datetime] = mapped_column(Moment, index=True)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    score: Mapped[int | None]
    comment: Mapped[str] = mapped_column(Text, default="")
    answered_at: Mapped[datetime | None] = mapped_column(Moment)
    wants_comment: Mapped[bool] = mapped_column(default=False)  # the next line of the shopper is the comment
    is_demo: Mapped[bool] = mapped_column(default=False)
    __table_args__ = (UniqueConstraint("conversation_id", "episode", "survey"),)


class User(Base):
    """A person who signs in."""

    __tablename__ = "users"
    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    email: Mapped[str] = mapped_column(String(320), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(10))  # agent | manager | admin
    password_hash: Mapped[str] = mapped_column(String(300))
    presence: Mapped[str] = mapped_column(String(10), default="away")  # available | busy | away
    seen_at: Mapped[datetime | None] = mapped_column(Moment)  # last sign of life of the inbox page
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(Moment)


class SignIn(Base):
    """A session; the cookie holds the token, we keep only its hash."""

    __tablename__ = "sign_ins"
    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    csrf: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)


class Attempt(Base):
    """A counted attempt (sign-in, proof of identity); limits look at the recent ones of a key."""

    __tablename__ = "attempts"
    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    key: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime] = mapped_column(Moment)
    __table_args__ = (Index("ix_attempts_key", "key", "at"),)


class ApiKey(Base):
    """A key for programs; only its hash is kept."""

    __tablename__ = "api_keys"
    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(Moment)


class Answer(Base):
    """An answer edited by the shop: overrides the response of that name in the model."""

    __tablename__ = "answers"
    name: Mapped[str] = mapped_column(String(100), primary_key=True)  # utter_faq/returns
    locale: Mapped[str] = mapped_column(String(12), primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(default=1)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    updated_at: Mapped[datetime] = mapped_column(Moment)


class Mark(Base):
    """Small named values: catalogue version, content version, demo data present."""

    __tablename__ = "marks"
    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    value: Mapped[str] = mapped_column(Text)
