"""Every metric of the registry, on ninety days of demo conversations: what it shows is what is behind it."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bot.core import languages
from bot.core.errors import NotFound
from bot.desk.demo_history import load_history, remove_history
from bot.metrics import NAMES
from bot.metrics.episodes_outcome import OUTCOMES
from bot.metrics.registry import conversations, count, metric
from bot.metrics.scope import Scope
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

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
SCOPE = Scope(NOW - timedelta(days=20), NOW, timezone="Europe/Vilnius", as_of=NOW)


@pytest.fixture
def history(database: Database) -> Database:
    load_history(database, days=24, now=NOW, episodes_per_day=12)
    return database


@pytest.mark.parametrize("name", NAMES)
def test_each_metric_says_what_it_is(name: str) -> None:
    found = metric(name)
    assert name == found.NAME
    assert found.TITLE
    assert found.FORMULA
    assert found.DEFINITION.endswith(".")
    assert len(re.findall(r"[.!?] [A-Z]", found.DEFINITION)) == 0, "one sentence"


def test_an_unknown_metric_is_not_found() -> None:
    with pytest.raises(NotFound):
        metric("churn")


@pytest.mark.parametrize("name", NAMES)
def test_docs_explain_each_metric(name: str) -> None:
    text = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    found = metric(name)
    assert f"### `{name}`" in text
    assert found.DEFINITION in text
    assert found.FORMULA in text


def test_each_number_is_the_count_of_the_conversations_behind_it(history: Database) -> None:
    wrong = []
    with history.reading() as session:
        for name in NAMES:
            if name == "products":  # no catalogue in this world
                continue
            rows = metric(name).compute(session, SCOPE).rows
            assert rows, name
            for row in rows[:12]:
                behind = conversations(session, name, SCOPE, row=row.key, limit=10_000)
                if (
                    not len(behind)
                    == len(set(behind))
                    == row.conversations
                    == count(session, name, SCOPE, row=row.key)
                ):
                    wrong.append((name, row.key, row.conversations, len(behind)))
    assert not wrong


@pytest.mark.parametrize("name", NAMES)
def test_nothing_happened_is_said_in_words(database: Database, name: str) -> None:
    with database.reading() as session:
        found = metric(name).compute(session, SCOPE)
        assert conversations(session, name, SCOPE, row="no-such-row") == []
    assert found.missing or all(row.conversations == 0 for row in found.rows)


@pytest.mark.parametrize("change", [{}, {"channel": "web"}, {"segment": "agent"}, {"segment": "bot"}])
def test_outcomes_sum_to_100_percent(history: Database, change: dict[str, str]) -> None:
    scope = Scope(SCOPE.start, SCOPE.end, as_of=NOW, **change)
    with history.reading() as session:
        found = metric("outcomes").compute(session, scope)
        total = metric("conversations").compute(session, scope).cell("all", "conversations")
    assert sum(found.cell(key, "share") for key in OUTCOMES) == pytest.approx(100.0)
    assert sum(found.cell(key, "conversations") for key in (*OUTCOMES, "open")) == total


def test_series_add_up_to_the_number_beside_them(history: Database) -> None:
    with history.reading() as session:
        found = metric("conversations").compute(session, SCOPE)
        heat = metric("volume").compute(session, SCOPE)
    total = found.cell("all", "conversations")
    assert sum(point.value or 0 for point in found.series[0].points) == total
    assert sum(row.conversations for row in heat.rows) == total


def test_the_demo_history_is_the_same_each_time_and_laid_down_once(database: Database) -> None:
    first = load_history(database, days=5, now=NOW, episodes_per_day=10)
    again = load_history(database, days=5, now=NOW, episodes_per_day=10)
    with database.reading() as session:
        episodes = session.scalar(select(func.count()).select_from(Episode))
        texts = list(session.scalars(select(Message.text).order_by(Message.id)))
    assert first == again
    assert first["episodes"] == episodes
    remove_history(database)
    load_history(database, days=5, now=NOW, episodes_per_day=10)
    with database.reading() as session:
        assert list(session.scalars(select(Message.text).order_by(Message.id))) == texts


def test_removing_the_demo_history_leaves_what_is_real(history: Database) -> None:
    at = NOW - timedelta(hours=1)
    with history.writing() as session:
        session.add(Contact(id="real", created_at=at))
        session.flush()
        session.add(Conversation(id="real", contact_id="real", channel="web", opened_at=at, last_at=at))
        session.flush()
        session.add(Episode(conversation_id="real", number=1, channel="web", opened_at=at))
        message = Message(
            conversation_id="real", episode=1, direction="in", author="shopper", channel="web", text="hi",
            created_at=at, stored_at=at, state="received",
        )  # fmt: skip
        session.add(message)  # gets an id the demo's messages do not have
        session.flush()
        session.add(Event(conversation_id="real", seq=1, kind="message", message_id=message.id, at=at))
    remove_history(history)
    with history.reading() as session:
        left = {
            table.__tablename__: session.scalar(select(func.count()).select_from(table))
            for table in (Contact, Conversation, Episode, Message, Event, Fact, Survey, Identity, User, Mark)
        }
    ones = ("contacts", "conversations", "episodes", "messages", "events")
    assert left == {name: 1 if name in ones else 0 for name in left}


def test_a_demo_conversation_is_what_the_desk_would_have_left(history: Database) -> None:
    with history.reading() as session:
        for conversation in session.scalars(select(Conversation)):
            events = list(session.scalars(select(Event).where(Event.conversation_id == conversation.id)))
            assert sorted(event.seq for event in events) == list(range(1, conversation.last_seq + 1))
            assert (conversation.owner, conversation.is_demo) == ("closed", True)
        kinds = set(session.scalars(select(Fact.kind).distinct()))
        stray = session.scalar(select(func.count()).where(Fact.at > NOW))
        unnumbered = session.scalar(
            select(func.count()).select_from(Message).outerjoin(Event, Event.message_id == Message.id)
            .where(Event.seq.is_(None))
        )  # fmt: skip
        open_ones = session.scalar(select(func.count()).where(Episode.closed_at.is_(None)))
    assert {
        "opened",
        "answered",
        "handed_off",
        "first_reply",
        "fallback",
        "survey_answered",
        "helpful",
    } <= kinds
    assert (stray, unnumbered, open_ones) == (0, 0, 0)


def test_every_kind_of_fact_in_the_demo_is_documented(history: Database) -> None:
    text = (ROOT / "docs" / "facts.md").read_text(encoding="utf-8")
    with history.reading() as session:
        kinds = set(session.scalars(select(Fact.kind).distinct()))
    assert [kind for kind in kinds if f"`{kind}`" not in text] == []


@pytest.mark.parametrize("locale", languages.texts("dashboard"))
def test_translations_have_no_text_english_does_not_have(locale: str) -> None:
    texts, known = (languages.texts("dashboard")[name] for name in (locale, "en"))
    parts = ("metric", "column", "row", "missing")  # English of these stands in the metrics' modules
    assert [key for key in texts if key not in known and key.split(".")[1] not in parts] == []
