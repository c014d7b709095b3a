"""Laying down many past conversations at once, ten messages each with their events and facts.

Written as SQL over the product's own tables: nothing of this is meant to be read, only to be in the way.
"""

import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from benchmarks.product import Product

MESSAGES = 10  # of one conversation: five of the shopper, five of the bot
DAY = 86_400_000_000  # microseconds

# Each statement fills one table from numbers: c is the conversation, m the message in it.
_NUMBERS = "WITH RECURSIVE n(c) AS (SELECT 1 UNION ALL SELECT c + 1 FROM n WHERE c < :conversations)"
_MESSAGES = f"""
    {_NUMBERS}, k(m) AS (SELECT 0 UNION ALL SELECT m + 1 FROM k WHERE m < {MESSAGES - 1}),
    said AS (SELECT c, m, printf('bulk%028d', c) AS conversation_id,
                    :first + (c - 1) * {MESSAGES} + m AS id,
                    :start + c * (:spread / :conversations) + m * 20000000 AS at FROM n, k)
"""  # noqa: S608 - our own numbers


@dataclass(frozen=True)
class Filled:
    """What was laid down, in how many seconds, and the size of the file in bytes."""

    conversations: int
    seconds: float
    size: int


@dataclass(frozen=True)
class Counts:
    """Rows in a database."""

    conversations: int
    messages: int
    facts: int


def count(product: Product) -> Counts:
    """Rows of this install."""
    query = "SELECT (SELECT count(*) FROM conversations), (SELECT count(*) FROM messages), (SELECT count(*) FROM facts)"
    return Counts(*product.rows(query)[0])


def fill(product: Product, *, conversations: int) -> Filled:
    """Prepare the install with its demo shop, then lay down `conversations` spread over the past year."""
    product.aisle("migrate")
    product.aisle("demo", "load")
    started = time.monotonic()
    lay_down(product.database, conversations=conversations)
    return Filled(conversations, time.monotonic() - started, product.database.stat().st_size)


def lay_down(database: Path, *, conversations: int) -> None:
    """Add the rows to a migrated SQLite database nobody else has open."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("PRAGMA cache_size=-400000")
        (first,) = connection.execute("SELECT coalesce(max(id), 0) + 1 FROM messages").fetchone()
        start = time.time_ns() // 1000 - 366 * DAY
        values = {"conversations": conversations, "first": first, "start": start, "spread": 365 * DAY}
        for table, columns, source in _statements(connection):
            names = ", ".join(columns)
            chosen = ", ".join(f"{expression} AS {name}" for name, expression in columns.items())
            sql = source.format(insert=f"INSERT INTO {table} ({names})", select=f"SELECT {chosen}")
            connection.execute(sql, values)
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("ANALYZE")


def _statements(connection: sqlite3.Connection) -> list[tuple[str, dict[str, str], str]]:
    one = "{insert} " + _NUMBERS + " {select} FROM n"
    each = "{insert} " + _MESSAGES + " {select} FROM said"
    theirs = each + " WHERE m % 2 = 0"
    ours = each + " WHERE m % 2 = 1"
    at = "(:start + c * (:spread / :conversations))"
    conversation = "printf('bulk%028d', c)"
    fact = {
        "at": "at",
        "conversation_id": "conversation_id",
        "episode": "1",
        "channel": "'web'",
        "language": "'en'",
    }
    made = [
        ("contacts", {"id": conversation, "created_at": at}, one),
        (
            "identities",
            {"contact_id": conversation, "channel": "'web'", "external_id": conversation},
            one,
        ),
        (
            "conversations",
            {
                "id": conversation,
                "contact_id": conversation,
                "channel": "'web'",
                "owner": "'closed'",
                "last_seq": str(MESSAGES),
                "opened_at": at,
                "last_shopper_at": f"{at} + 160000000",
                "last_at": f"{at} + 180000000",
                "last_text": "'Within three days.'",
                "closed_at": f"{at} + 2000000000",
            },
            one,
        ),
        (
            "episodes",
            {
                "conversation_id": conversation,
                "number": "1",
                "channel": "'web'",
                "opened_at": at,
                "closed_at": f"{at} + 2000000000",
                "closed_by": "'idle'",
            },
            one,
        ),
        (
            "messages",
            {
                "id": "id",
                "conversation_id": "conversation_id",
                "episode": "1",
                "direction": "CASE m % 2 WHEN 0 THEN 'in' ELSE 'out' END",
                "author": "CASE m % 2 WHEN 0 THEN 'shopper' ELSE 'bot' END",
                "channel": "'web'",
                "platform_id": "conversation_id || ':' || m",
                "text": "CASE m % 2 WHEN 0 THEN 'how long does delivery take' ELSE 'Within three days.' END",
                "cause_id": "CASE m % 2 WHEN 1 THEN id - 1 END",
                "response": "CASE m % 2 WHEN 1 THEN 'utter_faq/delivery_time' ELSE '' END",
                "created_at": "at",
                "stored_at": "at",
                "handled_at": "CASE m % 2 WHEN 0 THEN at + 20000 END",
                "state": "CASE m % 2 WHEN 0 THEN 'received' ELSE 'sent' END",
                "sent_at": "CASE m % 2 WHEN 1 THEN at END",
                "understood": """CASE m % 2 WHEN 0 THEN '{{"intent": "faq/delivery_time", "confidence": 0.9}}' END""",
            },
            each,
        ),
        (
            "events",
            {
                "conversation_id": "conversation_id",
                "seq": "m + 1",
                "kind": "'message'",
                "message_id": "id",
                "at": "at",
            },
            each,
        ),
        ("facts", {**fact, "kind": "'message_in'", "actor": "'shopper'", "message_id": "id"}, theirs),
        (
            "facts",
            {
                **fact,
                "kind": "'understood'",
                "actor": "'bot'",
                "message_id": "id",
                "label": "'faq/delivery_time'",
                "value": "0.9",
            },
            theirs,
        ),
        ("facts", {**fact, "kind": "'message_out'", "actor": "'bot'", "message_id": "id"}, ours),
        (
            "facts",
            {**fact, "kind": "'answered'", "actor": "'bot'", "message_id": "id", "value": "0.02"},
            ours,
        ),
    ]
    return [(table, {**_plain(connection, table, given), **given}, source) for table, given, source in made]


def _plain(connection: sqlite3.Connection, table: str, given: dict[str, str]) -> dict[str, str]:
    """A plain value for every other column that must have one, by its declared type."""
    plain = {}
    for _number, name, kind, is_needed, default, is_key in connection.execute(f"PRAGMA table_info({table})"):
        if name in given or not is_needed or default is not None or (is_key and kind.upper() == "INTEGER"):
            continue
        kind = kind.upper()
        if kind.startswith("JSON"):
            plain[name] = "'[]'" if name == "parts" else "'{{}}'"
        elif kind.startswith(("VARCHAR", "TEXT")):
            plain[name] = "'en'" if name == "language" else "''"
        else:
            plain[name] = "0" if name in ("is_demo", "attempts", "wants_comment") else "1"
    return plain
