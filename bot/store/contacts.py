"""Contacts as agents look them up: who they are, by which ids channels know them, where they wrote."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import func, nulls_last, or_, select
from sqlalchemy.orm import Session

from bot.store import prepared, statements
from bot.store.inbox import contains
from bot.store.tables import Contact, Conversation, Identity

CONVERSATIONS_MOST = 8


def of_conversation(session: Session, conversation_id: str) -> str | None:
    """The contact a conversation is with."""
    return session.scalar(select(Conversation.contact_id).where(Conversation.id == conversation_id))


def same_customer(session: Session, conversation_id: str) -> tuple[str, list[str]]:
    """The contact of a conversation, and others who proved to be the same customer, oldest first.

    Demo contacts keep apart.
    """
    rows = prepared.rows(session, statements.SAME_CUSTOMER, {"conversation_id": conversation_id})
    return (rows[0].id if rows else ""), [row.other_id for row in rows if row.other_id is not None]


def found(
    session: Session,
    text: str,
    *,
    besides: str,
    customer_ids: Collection[str] = (),
    emails: Collection[str] = (),
    limit: int = 8,
) -> list[str]:
    """Contacts `text` may mean, those heard of last first.

    By name, e-mail, telephone, a name or id on a channel, or an order number they gave; `customer_ids` and `emails`
    are those of customers the shop finds under the same text.
    """
    known_as = select(Identity.contact_id).where(
        or_(
            Identity.external_id == text,
            contains(session, Identity.name, text),
            contains(session, Identity.username, text.removeprefix("@")),
        )
    )
    asked_about = select(Conversation.contact_id).where(
        Conversation.summary["order_number"].as_string() == text.upper()
    )
    last_at = (
        select(Conversation.contact_id, func.max(Conversation.last_at).label("last_at"))
        .group_by(Conversation.contact_id)
        .subquery()
    )
    query = (
        select(Contact.id)
        .outerjoin(last_at, last_at.c.contact_id == Contact.id)
        .where(
            Contact.id != besides,
            or_(
                contains(session, Contact.name, text),
                contains(session, Contact.email, text),
                contains(session, Contact.phone, text),
                Contact.id.in_(known_as),
                Contact.id.in_(asked_about),
                Contact.customer_id.in_([one for one in customer_ids if one]),
                func.lower(Contact.email).in_([one.lower() for one in emails if one]),
            ),
        )
        .order_by(nulls_last(last_at.c.last_at.desc()), Contact.id)
        .limit(limit)
    )
    return list(session.scalars(query))


def identities(session: Session, contact_ids: Sequence[str]) -> dict[str, list[Identity]]:
    """The ids channels know each contact by, as first heard."""
    rows: dict[str, list[Identity]] = {contact_id: [] for contact_id in contact_ids}
    query = select(Identity).where(Identity.contact_id.in_(contact_ids)).order_by(Identity.id)
    for identity in session.scalars(query):
        rows[identity.contact_id].append(identity)
    return rows


def shown(session: Session, contact_ids: Sequence[str]) -> list[dict[str, Any]]:
    """These contacts as JSON, in that order: {id, name, email, phone, customer_id, since, identities, conversations}.

    Of identities: {channel, account, id, name, username, locale}; of conversations, newest first: {id, channel, owner,
    last_text, last_at}.
    """
    known = identities(session, contact_ids)
    talks: dict[str, list[dict[str, Any]]] = {contact_id: [] for contact_id in contact_ids}
    query = (
        select(Conversation)
        .where(Conversation.contact_id.in_(contact_ids), Conversation.episode > 0)
        .order_by(Conversation.last_at.desc(), Conversation.id)
    )
    for row in session.scalars(query):
        if len(talks[row.contact_id]) < CONVERSATIONS_MOST:
            talks[row.contact_id].append(
                {
                    "id": row.id,
                    "channel": row.channel,
                    "owner": row.owner,
                    "last_text": row.last_text,
                    "last_at": row.last_at.isoformat(),
                }
            )
    people = {row.id: row for row in session.scalars(select(Contact).where(Contact.id.in_(contact_ids)))}
    return [
        {
            "id": contact_id,
            "name": people[contact_id].name,
            "email": people[contact_id].email,
            "phone": people[contact_id].phone,
            "customer_id": people[contact_id].customer_id,
            "since": people[contact_id].created_at.isoformat(),
            "identities": [
                {
                    "channel": one.channel,
                    "account": one.account,
                    "id": one.external_id,
                    "name": one.name,
                    "username": one.username,
                    "locale": one.locale,
                }
                for one in known[contact_id]
            ],
            "conversations": talks[contact_id],
        }
        for contact_id in contact_ids
        if contact_id in people
    ]
