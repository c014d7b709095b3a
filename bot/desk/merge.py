"""The same person on several channels becomes one contact: where both proved the same customer, or an agent says so.

Conversations keep their threads, owners and channels; only whom they are with changes.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from bot.core.errors import BadInput, Conflict, NotFound
from bot.core.ids import new_id
from bot.core.times import now
from bot.desk.context import Context
from bot.store import contacts, messages, people
from bot.store import conversations as store
from bot.store.tables import Contact, Conversation, Identity, User

# A visitor's page brings the id of its conversation along; on other channels it is found by contact and account,
# and so is the recipient of what we write: a contact has one chat for each of their accounts.
BRINGS_ITS_CONVERSATION = ("web",)
Places = Mapping[str, Sequence[Identity]]  # by contact
FILLED = ("name", "email", "phone", "customer_id")


class DifferentCustomers(Conflict):
    """They proved to be different customers of the shop, so they stay apart."""

    code = "different_customers"


class SameChannel(Conflict):
    """Both write over the same channel and account: merged, replies could go to the wrong chat."""

    code = "same_channel"


OBSTACLES: dict[str, type[Conflict]] = {error.code: error for error in (DifferentCustomers, SameChannel)}


def proposals(
    session: Session,
    conversation_id: str,
    text: str,
    *,
    customer_ids: Sequence[str] = (),
    emails: Sequence[str] = (),
) -> dict[str, Any]:
    """Whom a conversation's contact could be merged with: {contact, contacts} as of `contacts.shown`.

    Each of `contacts` also has `obstacle` (a code, empty: none) and `keeps` (the id of the one that would stay).

    Raises:
        NotFound: there is no such conversation.
    """
    mine = contacts.of_conversation(session, conversation_id)
    if mine is None:
        raise NotFound("there is no such conversation")
    ids: list[str] = []
    if text:
        ids = contacts.found(session, text, besides=mine, customer_ids=customer_ids, emails=emails)
    own, *others = contacts.shown(session, [mine, *ids])
    rows = {row.id: row for row in session.scalars(select(Contact).where(Contact.id.in_([mine, *ids])))}
    places = contacts.identities(session, [mine, *ids])
    for other in others:
        other["obstacle"] = _obstacle(rows[mine], rows[other["id"]], places)
        other["keeps"] = _in_order(rows[mine], rows[other["id"]])[0].id
    return {"contact": own, "contacts": others}


def merge(
    session: Session,
    contact_id: str,
    other_id: str,
    *,
    user_id: int | None,
    context: Context,
    at: datetime | None = None,
) -> list[str]:
    """Make one contact of two, in whichever order they are named; the ids of all conversations it has now.

    The one that proved to be a customer stays, else the older. `user_id`: the agent who says that they are the same
    person; None: they proved it.

    Raises:
        BadInput: it is the same contact.
        Conflict: one of them was merged or changed meanwhile. DifferentCustomers, SameChannel: they have to stay apart.
    """
    if contact_id == other_id:
        raise BadInput("choose somebody else to merge with", field="contact_id")
    # Conversations are locked before contacts: as all do who hold a conversation and change its contact.
    talks = store.of_contacts_locked(session, contact_id, other_id)
    one, other = _locked_contacts(session, contact_id, other_id)
    if store.ids_of_contacts(session, contact_id, other_id) != [talk.id for talk in talks]:
        raise Conflict("one of them changed just now: look again")
    places = contacts.identities(session, [one.id, other.id])
    obstacle = _obstacle(one, other, places)
    if obstacle:
        raise OBSTACLES[obstacle]()
    kept, gone = _in_order(one, other)
    _note_both(session, kept, gone, talks, places, user_id=user_id, context=context, at=at or now())
    for field in FILLED:
        setattr(kept, field, getattr(kept, field) or getattr(gone, field))
    kept.created_at = min(kept.created_at, gone.created_at)
    for talk in talks:
        talk.contact_id = kept.id
        store.save(session, talk)
    session.execute(update(Identity).where(Identity.contact_id == gone.id).values(contact_id=kept.id))
    session.execute(delete(Contact).where(Contact.id == gone.id))
    return [talk.id for talk in talks]


def _locked_contacts(session: Session, *contact_ids: str) -> tuple[Contact, Contact]:
    query = select(Contact).where(Contact.id.in_(contact_ids)).order_by(Contact.id).with_for_update()
    rows = {row.id: row for row in session.scalars(query)}
    if len(rows) < len(contact_ids):
        raise Conflict("one of them was merged meanwhile: look again")
    one, other = (rows[contact_id] for contact_id in contact_ids)
    return one, other


def _obstacle(one: Contact, other: Contact, known: Places) -> str:
    if one.customer_id and other.customer_id and one.customer_id != other.customer_id:
        return DifferentCustomers.code
    mine, theirs = (
        {(row.channel, row.account) for row in known[who.id] if row.channel not in BRINGS_ITS_CONVERSATION}
        for who in (one, other)
    )
    return SameChannel.code if mine & theirs else ""


def _in_order(one: Contact, other: Contact) -> tuple[Contact, Contact]:
    """(the one that stays, the one that goes)."""
    first, second = sorted((one, other), key=lambda row: (not row.customer_id, row.created_at, row.id))
    return first, second


def _note_both(
    session: Session,
    kept: Contact,
    gone: Contact,
    talks: Sequence[Conversation],
    places: Places,
    *,
    user_id: int | None,
    context: Context,
    at: datetime,
) -> None:
    """A note in the newest conversation of each says who they were merged with, and by whom; one fact a merge."""
    user = people.user_by_id(session, user_id) if user_id is not None else None
    newest = {row.contact_id: row for row in sorted(talks, key=lambda row: (row.last_at, row.id))}
    is_counted = False
    for mine, other in ((gone, kept), (kept, gone)):
        talk = newest.get(mine.id)
        if talk is None:
            continue
        _note(session, talk, _told(other, places[other.id], user, context), user=user, at=at)
        if not is_counted:
            is_counted = True
            actor, label = ("agent", "agent") if user else ("system", "proof")
            store.add_fact(session, talk, "merged", at=at, actor=actor, user_id=user_id, label=label)


def _told(other: Contact, places: Sequence[Identity], user: User | None, context: Context) -> str:
    words, locale = context.words, context.profile.locale
    name = other.name or other.email or other.phone or words.text("merged.nobody", locale)
    channels = sorted({row.channel for row in places})
    known = words.keys()
    titles = [
        words.text(f"channel.{channel}", locale) if f"channel.{channel}" in known else channel
        for channel in channels
    ]
    said = {"name": name, "channels": ", ".join(titles)}
    if user is None:
        return words.text("merged.proved", locale, **said)
    return words.text("merged.by", locale, agent=user.name, **said)


def _note(session: Session, talk: Conversation, text: str, *, user: User | None, at: datetime) -> None:
    values = {
        "conversation_id": talk.id,
        "episode": talk.episode,
        "direction": "note",
        "author": "agent" if user else "system",
        "user_id": user.id if user else None,
        "channel": talk.channel,
        "account": talk.account,
        "platform_id": f"{talk.id}:merge:{new_id()}",
        "text": text,
        "parts": [],
        "created_at": at,
        "stored_at": at,
        "state": "kept",
    }
    message = messages.add(session, values)
    store.append_event(session, talk, "note", at=at, message=message, audience="agents")
