"""The brain's memory on PostgreSQL, where AISLE_TEST_POSTGRES names a cluster."""

import os
import uuid

import pytest

pytest.importorskip("rasa")

import sqlalchemy as sa
from rasa.shared.core.events import SlotSet

from bot.nlu.tracker_store import MOST_EVENTS, RecentTrackerStore
from tests.nlu.test_tracker_store import DOMAIN, turn

CLUSTER = os.environ.get("AISLE_TEST_POSTGRES", "")
pytestmark = pytest.mark.skipif(not CLUSTER, reason="AISLE_TEST_POSTGRES names no PostgreSQL")


@pytest.fixture
def store(tmp_path, monkeypatch):
    """A store in a schema of its own, given as a shop would give it."""
    address = CLUSTER.replace("postgresql+psycopg://", "postgresql://")
    schema = f"brain_{uuid.uuid4().hex[:12]}"
    engine = sa.create_engine(address)
    with engine.begin() as connection:
        connection.execute(sa.text(f"CREATE SCHEMA {schema}"))
    mark = "&" if "?" in address else "?"
    monkeypatch.setenv("AISLE_HOME", str(tmp_path))
    monkeypatch.setenv("AISLE_TRACKER_URL", f"{address}{mark}options=-csearch_path%3D{schema}")
    yield RecentTrackerStore(DOMAIN)
    with engine.begin() as connection:
        connection.execute(sa.text(f"DROP SCHEMA {schema} CASCADE"))
    engine.dispose()


async def test_turns_are_kept_in_postgresql_and_read_again_after_a_restart(store, tmp_path):
    await turn(store, "a.1", "ąžuolas 🌳", SlotSet("order_number", "A1001"))
    for number in range(30):
        await turn(store, "a.1", f"message {number}")
    await turn(store, "b.1", "yours")
    again = RecentTrackerStore(DOMAIN)
    tracker = await again.retrieve("a.1")
    assert (tracker.latest_message.text, tracker.get_slot("order_number")) == ("message 29", "A1001")
    assert len(tracker.events) <= MOST_EVENTS + 10
    assert sorted(await again.keys()) == ["a.1", "b.1"]
    assert not (tmp_path / "brain.db").exists()


async def test_a_turn_that_breaks_off_leaves_no_trace_in_postgresql(store):
    await turn(store, "a.1", "ąžuolas")
    broken = await store.retrieve("a.1")
    broken.update_with_events([SlotSet("order_number", "A1002")], DOMAIN)
    assert (await RecentTrackerStore(DOMAIN).retrieve("a.1")).get_slot("order_number") is None
    assert (await RecentTrackerStore(DOMAIN).retrieve("a.1")).latest_message.text == "ąžuolas"
