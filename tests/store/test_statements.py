"""What every turn asks is found by an index, however long the conversation is."""

from typing import Any

import pytest
from sqlalchemy.dialects import sqlite

from bot.store import statements
from bot.store.database import Database


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("NEXT_TURN", "ix_messages_open_turns"),
        ("OPEN_TURN", "ix_messages_open_turns"),
        ("WAITING_TO_LEAVE", "ix_messages_outbox"),
        ("ANY_LEAVING", "ix_messages_outbox"),
    ],
)
def test_what_waits_in_a_conversation_is_looked_for_among_what_waits(
    database: Database, name: str, index: str
) -> None:
    compiled: Any = getattr(statements, name).compile(dialect=sqlite.dialect())  # type: ignore[no-untyped-call]
    with database.reading() as session:
        connection = session.connection()
        plan = connection.exec_driver_sql(
            f"EXPLAIN QUERY PLAN {compiled.string}", tuple("x" for _ in compiled.positiontup)
        ).all()
    assert index in " ".join(step.detail for step in plan)
