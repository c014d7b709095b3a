"""What is asked in every turn, and every few seconds, is found by an index, however much has been said."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.dialects import sqlite
from sqlalchemy.orm import Session

from bot.core.times import now
from bot.store import conversations, counts, outbox, statements
from bot.store.database import Database


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("NEXT_TURN", "ix_messages_open_turns"),
        ("OPEN_TURN", "ix_messages_open_turns"),
        ("WAITING_TO_LEAVE", "ix_messages_outbox"),
        ("ANY_LEAVING", "ix_messages_outbox"),
        ("SAME_CUSTOMER", "ix_contacts_customer"),
    ],
)
def test_what_is_asked_of_one_conversation_is_found_by_its_index(
    database: Database, name: str, index: str
) -> None:
    compiled: Any = getattr(statements, name).compile(dialect=sqlite.dialect())  # type: ignore[no-untyped-call]
    with database.reading() as session:
        connection = session.connection()
        plan = connection.exec_driver_sql(
            f"EXPLAIN QUERY PLAN {compiled.string}", tuple("x" for _ in compiled.positiontup)
        ).all()
    assert index in " ".join(step.detail for step in plan)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "look",
    [
        lambda session: outbox.due(session, now(), channels=("web", "messenger")),
        conversations.open_turns,
        lambda session: counts.count(session, failed_since=now() - timedelta(minutes=15)),
    ],
    ids=["due", "open turns", "counts"],
)
def test_what_is_looked_for_every_few_seconds_reads_no_message_that_waits_for_nothing(
    database: Database, look: Callable[[Session], object]
) -> None:
    asked: list[tuple[str, Any]] = []

    @event.listens_for(database.reader, "before_cursor_execute")
    def _asked(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        asked.append((statement, parameters))

    with database.reading() as session:
        look(session)
    with database.reading() as session:
        connection = session.connection()
        steps = [
            step.detail
            for statement, parameters in list(asked)
            for step in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        ]
    of_messages = [step for step in steps if " messages" in step]
    assert of_messages
    few = ("ix_messages_open_turns", "ix_messages_outbox", "INTEGER PRIMARY KEY (rowid=?)")
    assert [step for step in of_messages if not any(name in step for name in few)] == []
