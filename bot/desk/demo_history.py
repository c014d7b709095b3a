"""Ninety days of past conversations for a shop that has none yet, marked as demo data and removable."""

import json
import random
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, insert, inspect, select, text
from sqlalchemy.orm import Session

from bot.core.messages import ProductCard
from bot.core.times import now as clock
from bot.desk.demo_history_rows import Agent, Rows, Thread
from bot.desk.demo_history_story import Shop, tell
from bot.store.database import Database
from bot.store.tables import (
    Contact,
    Conversation,
    Episode,
    Event,
    Fact,
    Identity,
    Mark,
    Message,
    Survey,
    User,
)

MARK = "demo_history"
TEXTS = Path(__file__).with_suffix(".json")
CHANNELS = {"web": 0.72, "messenger": 0.17, "instagram": 0.11}
LANGUAGES = {"en": 0.86, "lt": 0.14}
COMES_BACK = 0.14  # of the episodes, how many are by a shopper who was here before
WEEKDAYS = (1.25, 1.12, 1.05, 1.0, 0.95, 0.62, 0.7)
HOURS = (2, 1, 1, 1, 1, 2, 4, 8, 14, 20, 24, 25, 23, 22, 23, 24, 23, 22, 24, 27, 26, 20, 12, 5)
CHUNK = 4000
Progress = Callable[[int, int], None]


def load_history(
    database: Database,
    *,
    days: int = 90,
    seed: int = 20,
    now: datetime | None = None,
    on_progress: Progress | None = None,
    episodes_per_day: float = 33.0,
    timezone: str = "UTC",
) -> dict[str, int]:
    """Lay down `days` of conversations up to `now`, once; how many of each there are.

    All is one transaction, every row is marked `is_demo`, everything is closed. Loading again changes
    nothing; `remove_history` takes it away. `on_progress(done, total)` counts rows.
    """
    at = (now or clock()).astimezone(UTC)
    dice = random.Random(seed)  # noqa: S311 - must give the same past every time
    with database.writing() as session:
        known = session.get(Mark, MARK)
        if known is not None:
            return {str(name): int(n) for name, n in json.loads(known.value)["counts"].items()}
        texts = json.loads(TEXTS.read_text(encoding="utf-8"))
        agents = _agents(session, texts["agents"], at - timedelta(days=days))
        shop = Shop(texts, _products(session), agents, ZoneInfo(timezone), at)
        rows = Rows()
        _write(rows, shop, dice, days=days, per_day=episodes_per_day)
        _renumber(session, rows)
        counts = _insert(session, rows, on_progress)
        value = json.dumps({"counts": counts, "users": [agent.id for agent in agents]})
        session.add(Mark(name=MARK, value=value))
    return counts


def remove_history(database: Database) -> dict[str, int]:
    """Take all demo conversations away, whoever wrote in them since; how many rows of each went."""
    gone = {}
    with database.writing() as session:
        known = session.get(Mark, MARK)
        demo = select(Conversation.id).where(Conversation.is_demo.is_(True))
        # Children first: the cascades would look for each message's events one by one.
        for table in (Survey, Fact, Event, Message, Episode):
            done = session.execute(delete(table).where(table.conversation_id.in_(demo)))
            gone[table.__tablename__] = done.rowcount  # type: ignore[attr-defined]
        done = session.execute(delete(Conversation).where(Conversation.is_demo.is_(True)))
        gone["conversations"] = done.rowcount  # type: ignore[attr-defined]
        contacts = select(Contact.id).where(Contact.is_demo.is_(True))
        session.execute(delete(Identity).where(Identity.contact_id.in_(contacts)))
        done = session.execute(delete(Contact).where(Contact.is_demo.is_(True)))
        gone["contacts"] = done.rowcount  # type: ignore[attr-defined]
        if known is not None:
            users = json.loads(known.value)["users"]
            session.execute(delete(User).where(User.id.in_(users), User.is_active.is_(False)))
            session.delete(known)
    return gone


def _agents(session: Session, people: Sequence[dict[str, Any]], at: datetime) -> list[Agent]:
    """The demo's people: names beside messages and numbers; nobody can sign in as one of them."""
    found = []
    for person in people:
        user = session.scalars(select(User).where(User.email == person["email"])).one_or_none()
        if user is None:
            user = User(
                email=person["email"],
                name=person["name"],
                role="agent",
                password_hash="!",  # noqa: S106 - no hash: no password fits
                presence="away",
                is_active=False,
                created_at=at,
            )
            session.add(user)
            session.flush()
        found.append(
            Agent(user.id, user.name, person["first_seconds"], person["next_seconds"], person["kind"])
        )
    return found


def _products(session: Session) -> list[ProductCard]:
    """The shop's products, in a fixed order; none when no catalogue is loaded."""
    names = inspect(session.connection()).get_table_names()
    if "products" not in names or "variants" not in names:
        return []
    query = text(
        "SELECT p.id, p.title, p.url, p.image, p.description, min(coalesce(v.sale_minor, v.price_minor)), "
        "max(v.currency) FROM products p JOIN variants v ON v.product_id = p.id "
        "WHERE v.price_minor IS NOT NULL GROUP BY p.id, p.title, p.url, p.image, p.description, p.source "
        "ORDER BY CASE p.source WHEN 'demo' THEN 0 ELSE 1 END, p.id LIMIT 60"
    )
    return [
        ProductCard(
            product_id=key,
            title=title,
            price_minor=int(price),
            currency=currency,
            availability="in_stock",
            stock=None,
            url=url,
            image=image,
            description=description[:200],
        )
        for key, title, url, image, description, price, currency in session.execute(query)
    ]


def _openings(shop: Shop, dice: random.Random, *, days: int, per_day: float) -> list[datetime]:
    """When shoppers came, oldest first: busier on Mondays and evenings, slowly growing."""
    found = []
    today = shop.now.astimezone(shop.zone).date()
    latest = shop.now - timedelta(hours=2)
    for ago in range(days, -1, -1):
        day = today - timedelta(days=ago)
        growth = 0.8 + 0.4 * (days - ago) / max(1, days)
        wanted = per_day * growth * WEEKDAYS[day.weekday()] * dice.uniform(0.85, 1.15)
        for _ in range(round(wanted)):
            (hour,) = dice.choices(range(24), HOURS)
            found.append(_moment(day, hour, shop.zone, dice))
    return sorted(at for at in found if at < latest)


def _moment(day: date, hour: int, zone: ZoneInfo, dice: random.Random) -> datetime:
    local = datetime.combine(day, time(hour), zone)
    return (local + timedelta(seconds=dice.randrange(3600))).astimezone(UTC)


def _write(rows: Rows, shop: Shop, dice: random.Random, *, days: int, per_day: float) -> None:
    threads: list[Thread] = []
    for at in _openings(shop, dice, days=days, per_day=per_day):
        thread = _who(rows, shop, dice, threads, at)
        thread.at = at
        tell(thread, shop, dice)
    for thread in threads:
        thread.finish()


def _who(rows: Rows, shop: Shop, dice: random.Random, threads: list[Thread], at: datetime) -> Thread:
    """Somebody new, or one of the last few hundred who is not talking just now."""
    if threads and dice.random() < COMES_BACK:
        known = dice.choice(threads[-400:])
        if known.at < at - timedelta(minutes=20) and known.closed_at is not None:
            known.survey = None
            return known
    (channel,) = dice.choices(list(CHANNELS), list(CHANNELS.values()))
    (language,) = dice.choices(list(LANGUAGES), list(LANGUAGES.values()))
    first, last = dice.choice(shop.texts["first_names"]), dice.choice(shop.texts["last_names"])
    number = len(threads) + 1
    contact = {
        "id": f"{dice.getrandbits(128):032x}",
        "name": f"{first} {last}",
        "email": f"{first}.{last}{number}@shopper.example".lower(),
        "phone": "",
        "customer_id": "",
        "created_at": at,
        "is_demo": True,
    }
    rows.contacts.append(contact)
    thread = Thread(rows, dice, contact=contact, channel=channel, language=language)
    external = contact["id"] if channel == "web" else f"demo-{dice.getrandbits(48)}"
    rows.identities.append(
        {"contact_id": contact["id"], "channel": channel, "account": thread.account, "external_id": external}
    )
    threads.append(thread)
    return thread


def _renumber(session: Session, rows: Rows) -> None:
    """Give messages ids nobody else has, in the order of time.

    PostgreSQL hands out ids from a sequence, which must know of these.
    """
    if session.get_bind().dialect.name == "sqlite":
        first = int(session.scalar(select(func.max(Message.id))) or 0)
        ids = range(first + 1, first + 1 + len(rows.messages))
        new = dict(zip(range(1, rows.message_id), ids, strict=True))
    else:
        query = text("SELECT nextval(pg_get_serial_sequence('messages', 'id')) FROM generate_series(1, :n)")
        found = sorted(int(number) for number in session.scalars(query, {"n": len(rows.messages)}))
        new = dict(zip(range(1, rows.message_id), found, strict=True))
    for message in rows.messages:
        message["id"] = new[message["id"]]
        if message["cause_id"] is not None:
            message["cause_id"] = new[message["cause_id"]]
    for row in (*rows.events, *rows.facts):
        if row["message_id"] is not None:
            row["message_id"] = new[row["message_id"]]
    rows.facts.sort(key=lambda fact: fact["at"])


def _insert(session: Session, rows: Rows, on_progress: Progress | None) -> dict[str, int]:
    tables: list[tuple[type[Any], list[dict[str, Any]]]] = [
        (Contact, rows.contacts),
        (Identity, rows.identities),
        (Conversation, rows.conversations),
        (Episode, rows.episodes),
        (Message, rows.messages),
        (Event, rows.events),
        (Fact, rows.facts),
        (Survey, rows.surveys),
    ]
    total, done = sum(len(found) for _, found in tables), 0
    for table, found in tables:
        for start in range(0, len(found), CHUNK):
            chunk = found[start : start + CHUNK]
            session.connection().execute(insert(table.__table__), chunk)
            done += len(chunk)
            if on_progress is not None:
                on_progress(done, total)
    return {table.__tablename__: len(found) for table, found in tables}
