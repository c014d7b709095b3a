"""JSON as text: quick where it can be, and nothing the standard library kept is refused."""

import json
import math
from typing import Any

import pytest
from sqlalchemy import text

from bot.core.times import now
from bot.store import json_text
from bot.store.database import Database
from bot.store.tables import PlatformEvent


@pytest.mark.parametrize(
    "value",
    [
        {"title": "Žibintas 🙂", "count": 2**70, "price": 1.5, "none": None, "list": [1, [2]]},
        {"half a character": "\ud800"},
        {"a": {None: 1, 2: "two"}},
        "",
        [],
    ],
)
def test_what_is_written_is_read_as_the_standard_library_would(value: Any) -> None:
    assert json_text.decoded(json_text.encoded(value)) == json.loads(json.dumps(value))


def test_rows_of_old_are_read() -> None:
    found = json_text.decoded('{"text": "\\ud83d\\ude42 \\ud800", "confidence": NaN}')
    assert found["text"] == "🙂 \ud800"
    assert math.isnan(found["confidence"])


def test_what_is_no_json_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="Expecting"):
        json_text.decoded("{")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_rows_written_by_an_earlier_release_keep_their_meaning(database: Database) -> None:
    event = PlatformEvent(channel="x", account="", key="k", kind="k", at=now(), stored_at=now(), state="done")
    with database.writing() as session:
        session.add(event)
        session.flush()
        old = text("UPDATE platform_events SET data = :data")
        session.execute(old, {"data": json.dumps({"text": "Ačiū \ud800", "score": float("inf")})})
    with database.reading() as session:
        kept = session.get_one(PlatformEvent, event.id)
        assert kept.data == {"text": "Ačiū \ud800", "score": math.inf}
