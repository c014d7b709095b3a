"""Who a platform's ids belong to: contacts, their further ids, and the profile the platform tells of them."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.core import languages
from bot.core.channel import Heard, Person, Platform
from bot.core.ids import new_id
from bot.core.profile import Profile
from bot.core.text import clean
from bot.core.times import now
from bot.desk.case import Case
from bot.store import conversations as store
from bot.store.database import Database
from bot.store.platform_events import Lane
from bot.store.tables import Contact, Conversation, Identity

log = logging.getLogger("aisle.intake")
PROFILE_LASTS = timedelta(days=7)
AFTER_FAILURE = timedelta(days=1)
AT_ONCE = 4


@dataclass(frozen=True)
class Known:
    """Where a person is kept; empty ids: nowhere yet."""

    contact_id: str = ""
    conversation_id: str = ""


def find(session: Session, channel: str, heard: Heard) -> Known:
    """The contact and conversation of `heard.person`, found by any of the ids the platform gives them."""
    for external_id in (heard.person, *heard.aliases):
        if not external_id:
            continue
        query = (
            select(Identity.contact_id, Conversation.id)
            .outerjoin(
                Conversation,
                (Conversation.contact_id == Identity.contact_id)
                & (Conversation.channel == channel)
                & (Conversation.account == heard.account),
            )
            .where(
                Identity.channel == channel,
                Identity.account == heard.account,
                Identity.external_id == external_id,
            )
            .order_by(Conversation.last_at.desc())
            .limit(1)
        )
        row = session.execute(query).first()
        if row is not None:
            return Known(row[0], row[1] or "")
    return Known()


def conversation_of(case: Case) -> Conversation | None:
    """The person's conversation, locked; None when they have none."""
    known = find(case.session, case.channel, case.heard)
    return store.find_locked(case.session, known.conversation_id) if known.conversation_id else None


def make_conversation(case: Case) -> Conversation:
    """The person's conversation, locked; made without an episode when they have none."""
    known = find(case.session, case.channel, case.heard)
    if known.conversation_id:
        return store.locked(case.session, known.conversation_id)
    conversation = store.make(
        case.session,
        conversation_id=new_id(),
        contact_id=known.contact_id or new_id(),
        channel=case.channel,
        account=case.heard.account,
        external_id=case.heard.person,
        language=language_of(case.context.profile, case.heard.locale),
        at=case.heard.at,
    )
    learn(case, conversation.contact_id)
    return conversation


def learn(case: Case, contact_id: str) -> None:
    """Keep the further ids of a contact, and what the event tells of them where we know nothing yet."""
    heard, session = case.heard, case.session
    for external_id in {heard.person, *heard.aliases} - {""}:
        store.insert_if_new(
            session,
            Identity,
            contact_id=contact_id,
            channel=case.channel,
            account=heard.account,
            external_id=external_id,
        )
    name, username = clean(heard.name, limit=200), str(heard.detail.get("username") or "")[:200]
    if not (name or heard.locale or username):
        return
    for identity in _identities(session, contact_id, case.channel, heard.account):
        identity.name = identity.name or name
        identity.locale = identity.locale or heard.locale[:20]
        identity.username = identity.username or username
    contact = session.get_one(Contact, contact_id)
    contact.name = contact.name or name


def _identities(session: Session, contact_id: str, channel: str, account: str) -> list[Identity]:
    query = select(Identity).where(
        Identity.contact_id == contact_id, Identity.channel == channel, Identity.account == account
    )
    return list(session.scalars(query))


def language_of(profile: Profile, locale: str) -> str:
    """The language to answer in: the platform's locale (`lt_LT`) where the shop speaks it, else the shop's own."""
    return languages.match(profile.locales, locale, otherwise=profile.locale)


def is_due(session: Session, lane: Lane, at: datetime) -> bool:
    """Whether the platform is to be asked for this person's profile."""
    row = session.execute(_mine(lane).with_only_columns(Identity.fetched_at)).first()
    return row is not None and (row[0] is None or row[0] < at - PROFILE_LASTS)


def _mine(lane: Lane):  # type: ignore[no-untyped-def]  # a Select of one Identity
    return select(Identity).where(
        Identity.channel == lane.channel,
        Identity.account == lane.account,
        Identity.external_id == lane.person,
    )


def keep_profile(session: Session, lane: Lane, person: Person | None, fetched_at: datetime) -> str:
    """Keep what the platform tells; the conversation whose pages show something new, or ``""``."""
    identity = session.scalars(_mine(lane)).one_or_none()
    if identity is None:
        return ""
    identity.fetched_at = fetched_at
    if person is None:
        return ""
    name = clean(person.name, limit=200)
    identity.name = name or identity.name
    identity.username = clean(person.username, limit=200) or identity.username
    identity.picture = person.picture[:2_000] or identity.picture
    identity.locale = person.locale[:20] or identity.locale
    contact = session.get_one(Contact, identity.contact_id)
    contact.name = contact.name or name
    found = store.of_identity(session, channel=lane.channel, account=lane.account, external_id=lane.person)
    return found[1] if found else ""


class Profiles:
    """Asks platforms for profiles beside the work, a few at a time; a failure costs nothing but the name."""

    def __init__(self, database: Database, platforms: Mapping[str, Platform]) -> None:
        self._database = database
        self._platforms = platforms
        self._places = asyncio.Semaphore(AT_ONCE)
        self._tasks: dict[Lane, asyncio.Task[None]] = {}

    def want(self, lane: Lane) -> None:
        """Ask for the person of this lane; returns at once."""
        if lane not in self._tasks:
            self._tasks[lane] = asyncio.create_task(self._fetch(lane), name="profile")
            self._tasks[lane].add_done_callback(lambda _task: self._tasks.pop(lane, None))

    async def stop(self) -> None:
        """Cancel what runs."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _fetch(self, lane: Lane) -> None:
        platform = self._platforms.get(lane.channel)
        if platform is None:
            return
        fetched_at = now()
        try:
            async with self._places, asyncio.timeout(15):
                person = await platform.person(lane.account, lane.person)
        except Exception as error:  # a courtesy: whatever the platform answers, the conversation goes on
            log.warning("no profile", extra={"channel": lane.channel, "error": type(error).__name__})
            person, fetched_at = None, fetched_at - PROFILE_LASTS + AFTER_FAILURE
        await self._database.write(keep_profile, lane, person, fetched_at)
