"""Keeps what a conversation's turns need: slots, the active form and the recent events, one row per sender.

Rasa's SQL store reads and rebuilds the whole session on every message, so a turn slows down as a session
grows. Here the live tracker stays in memory between turns, only its new events are serialised, and the past
is cut at the start of a turn: what the cut events had set is put in front of those that stay.
"""

import logging
import os
import time
from collections import OrderedDict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, ActiveLoop, Event, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from bot.nlu.decision import DECIDED, NAMED
from bot.nlu.tracker import TurnTracker
from bot.store.json_text import decoded, encoded

logger = logging.getLogger(__name__)

MOST_EVENTS = 36  # cut when a tracker holds more …
KEPT_TURNS = 3  # … down to this many turns of the shopper; the fallback counts two back
CACHED = 2_000
KEPT_SECONDS = (
    7 * 86_400
)  # the desk ends an episode after half an hour; nobody comes back to an older tracker
SHORTEST = 3  # characters of a slot's value that is looked for in words to forget

TABLE = sa.Table(
    "aisle_trackers",
    sa.MetaData(),
    sa.Column("sender", sa.String(200), primary_key=True),
    sa.Column("saved_at", sa.Float, nullable=False, index=True),
    sa.Column("events", sa.Text, nullable=False),
)
SAVE = sa.text(
    "INSERT INTO aisle_trackers (sender, saved_at, events) VALUES (:sender, :saved_at, :events) "
    "ON CONFLICT (sender) DO UPDATE SET saved_at = excluded.saved_at, events = excluded.events"
)
READ = sa.text("SELECT events FROM aisle_trackers WHERE sender = :sender")


def _memoise_event_types() -> None:
    """Rasa looks through all event classes for every event it reads; remember the answer per name."""
    slow = Event.resolve_by_type
    known: dict[Any, Any] = {}

    def resolve(type_name: str, default: Any = None) -> Any:
        if type_name not in known:
            found = slow(type_name, default)
            if found is None or found is default:
                return found
            known[type_name] = found
        return known[type_name]

    if slow.__name__ != "resolve":
        Event.resolve_by_type = staticmethod(resolve)  # type: ignore[assignment]


class _Live:
    """A tracker between turns, with the JSON of each of its events."""

    def __init__(self, tracker: DialogueStateTracker, texts: list[str]) -> None:
        self.tracker = tracker
        self.texts = texts


class _Rows:
    """The row of a sender, read and written once or twice a turn; with SQLite by its driver, a fifth of the cost."""

    def __init__(self, engine: sa.engine.Engine) -> None:
        self._engine = engine
        self._driver = None
        if engine.dialect.name == "sqlite":
            self._driver = (
                engine.raw_connection().dbapi_connection
            )  # the only one, which commits each statement
            self._driver.isolation_level = None

    def read(self, sender: str) -> str | None:
        """The events as JSON; None when there is no such sender."""
        if self._driver is not None:
            found = self._driver.execute(READ.text, {"sender": sender}).fetchone()
            return found[0] if found else None
        with self._engine.connect() as connection:
            return connection.execute(READ, {"sender": sender}).scalar()  # type: ignore[no-any-return]

    def write(self, row: dict[str, Any]) -> None:
        """Keep a row in place of the sender's last; returns when it is committed."""
        if self._driver is not None:
            self._driver.execute(SAVE.text, row)
            return
        with self._engine.begin() as connection:
            connection.execute(SAVE, row)


class RecentTrackerStore(TrackerStore):
    """SQLite in `$AISLE_HOME/brain.db` (WAL), or the database of `AISLE_TRACKER_URL`."""

    def __init__(self, domain: Domain | None, event_broker: EventBroker | None = None, **kwargs: Any) -> None:
        super().__init__(domain, event_broker, **kwargs)
        _memoise_event_types()
        self._live: OrderedDict[str, _Live] = OrderedDict()
        self._engine = _engine()
        self._rows = _Rows(self._engine)
        TABLE.create(self._engine, checkfirst=True)
        with self._engine.begin() as connection:
            connection.execute(TABLE.delete().where(TABLE.c.saved_at < time.time() - KEPT_SECONDS))

    @classmethod
    def create(
        cls, endpoint_config: Any = None, domain: Domain | None = None, event_broker: Any = None
    ) -> "RecentTrackerStore":
        """As Rasa makes stores of its own."""
        return cls(domain, event_broker)

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """The tracker; it leaves the cache until it is saved, so that a turn that breaks off leaves no trace."""
        live = self._live.pop(sender_id, None)
        if live is None:
            return self._read(sender_id)
        if len(live.texts) != len(live.tracker.events):
            return self._read(sender_id)
        if len(live.tracker.events) > MOST_EVENTS:
            live = self._cut(live)
        self._live[sender_id] = live
        return live.tracker

    def latest(self, sender_id: str) -> DialogueStateTracker | None:
        """What is saved, for reading only."""
        live = self._live.get(sender_id)
        if live is not None and len(live.texts) == len(live.tracker.events):
            return live.tracker
        return self._read(sender_id)

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Write the tracker; returns when it is committed."""
        sender_id = tracker.sender_id
        live = self._live.pop(sender_id, None)
        texts = live.texts if live is not None and live.tracker is tracker else []
        events = list(tracker.events)
        if len(texts) > len(events):
            texts = []
        texts = texts + [encoded(event.as_dict()) for event in events[len(texts) :]]
        row = {"sender": sender_id, "saved_at": time.time(), "events": f"[{','.join(texts)}]"}
        self._rows.write(row)
        self._live[sender_id] = _Live(
            TurnTracker.of(tracker), texts
        )  # Rasa begins a conversation with its own
        while len(self._live) > CACHED:
            self._live.popitem(last=False)
        if self.event_broker:
            await self.stream_events(tracker)

    def forget(self, sender_id: str, message_id: str) -> None:
        """Take the words of a message out of the saved tracker, with the slots that hold something of them."""
        with self._engine.begin() as connection:
            saved = connection.execute(sa.select(TABLE.c.events).where(TABLE.c.sender == sender_id)).scalar()
            if saved is None:
                return
            events = _forgetting(decoded(saved), message_id)
            changed = TABLE.update().where(TABLE.c.sender == sender_id)
            connection.execute(changed.values(events=encoded(events)))
        self._live.pop(sender_id, None)

    async def keys(self) -> Iterable[str]:
        """The senders."""
        with self._engine.connect() as connection:
            return [row[0] for row in connection.execute(sa.select(TABLE.c.sender))]

    def _read(self, sender_id: str) -> DialogueStateTracker | None:
        text = self._rows.read(sender_id)
        if text is None:
            return None
        events = [
            event for event in (Event.from_parameters(item) for item in decoded(text)) if event is not None
        ]
        tracker = TurnTracker.from_events(sender_id, events, self.domain.slots, domain=self.domain)
        texts = [encoded(event.as_dict()) for event in tracker.events]
        self._live[sender_id] = _Live(tracker, texts)
        return tracker

    def _cut(self, live: _Live) -> _Live:
        """The same conversation with fewer events."""
        tracker = live.tracker
        events = list(tracker.events)
        turns = [index for index, event in enumerate(events) if isinstance(event, UserUttered)]
        if len(turns) <= KEPT_TURNS:
            return live
        cut = turns[-KEPT_TURNS]
        before = TurnTracker.from_events(
            tracker.sender_id, events[:cut], self.domain.slots, domain=self.domain
        )
        at = events[cut].timestamp
        front: list[Event] = [
            SlotSet(name, slot.value, timestamp=at)
            for name, slot in before.slots.items()
            if slot.value is not None and slot.value != slot.initial_value
        ]
        if before.active_loop_name:
            front = [ActiveLoop(before.active_loop_name, timestamp=at), *front]
            front.append(ActionExecuted(before.active_loop_name, timestamp=at))
        front.append(ActionExecuted(ACTION_LISTEN_NAME, timestamp=at))
        shorter = TurnTracker.from_events(
            tracker.sender_id, [*front, *events[cut:]], self.domain.slots, domain=self.domain
        )
        return _Live(shorter, [*(encoded(event.as_dict()) for event in front), *live.texts[cut:]])


def _forgetting(events: list[dict[str, Any]], message_id: str) -> list[dict[str, Any]]:
    """`events` without the words of a message: it stays as a turn with its intent, so that the dialogue goes on."""
    kept, words = [], ""
    for event in events:
        if event.get("event") == "user" and str(event.get("message_id")) == message_id:
            words += (
                f"{event.get('text') or ''}\n".casefold()
            )  # a message of several requests is as many turns
            understood = {**(event.get("parse_data") or {}), "text": "", "entities": []}
            if decided := understood.get(DECIDED):
                understood[DECIDED] = {**decided, NAMED: ""}
            event = {**event, "text": "", "parse_data": understood}
        value = str(event.get("value") or "").casefold().strip() if event.get("event") == "slot" else ""
        if not (len(value) >= SHORTEST and value in words):
            kept.append(event)
    return kept


def _engine() -> sa.engine.Engine:
    url = os.environ.get("AISLE_TRACKER_URL", "")
    if not url:
        folder = Path(os.environ.get("AISLE_HOME") or "var")
        folder.mkdir(parents=True, exist_ok=True)
        url = f"sqlite:///{folder / 'brain.db'}"
    url = url.replace("postgresql+psycopg://", "postgresql+psycopg2://")
    if not url.startswith("sqlite"):
        return sa.create_engine(url, pool_pre_ping=True)
    engine = sa.create_engine(
        url, connect_args={"timeout": 5, "check_same_thread": False}, poolclass=sa.pool.StaticPool
    )

    @sa.event.listens_for(engine, "connect")
    def _pragmas(connection: Any, _record: Any) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=5000"):
            connection.execute(f"PRAGMA {pragma}")

    return engine
