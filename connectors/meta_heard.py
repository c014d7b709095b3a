"""A whole webhook body of Messenger or Instagram, as what was heard."""

from collections.abc import Iterator
from datetime import datetime

from bot.core.channel import Heard
from connectors.meta import Entry, decode, entries
from connectors.meta_comments import read_change
from connectors.meta_events import ignored, read_event, read_standby
from connectors.meta_told import House


def read_body(body: bytes, house: House, *, expected: str, at: datetime) -> list[Heard]:
    """Everything in `body`, each event on its own, in its order; at least one. `expected`: the `object` we are for.

    Raises:
        BadInput: not a JSON object.
    """
    envelope = decode(body)
    whole = Entry(account="", at=at, raw=envelope)
    if envelope.get("object") != expected:
        return [ignored(envelope, whole, why="object")]
    found = [one for entry in entries(envelope, at=at) for one in _of_entry(entry, house, at)]
    return found or [ignored(envelope, whole, why="empty")]


def _of_entry(entry: Entry, house: House, at: datetime) -> Iterator[Heard]:
    yield from (read_event(raw, entry, house, at=at) for raw in entry.messaging)
    yield from (read_standby(raw, entry, house, at=at) for raw in entry.standby)
    yield from (read_change(raw, entry, at=at) for raw in entry.changes)
    if not (entry.messaging or entry.standby or entry.changes):
        yield ignored(entry.raw, entry, why="empty")
