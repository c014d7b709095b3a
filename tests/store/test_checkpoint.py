"""SQLite's log is written back beside the writers, not by them."""

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.store.database import Database


def written_back(path: Path) -> int:
    """Rows of the database file itself, its log left out."""
    with sqlite3.connect(f"file:{path}?immutable=1", uri=True) as connection:
        try:
            return int(connection.execute("SELECT count(*) FROM words").fetchone()[0])
        except sqlite3.OperationalError:  # not even the table
            return 0


@pytest.fixture
def written(tmp_path: Path) -> Database:
    """A database with more in its log than the thousand pages that SQLite lets gather by itself."""
    database = Database(f"sqlite:///{tmp_path / 'aisle.db'}")
    with database.writing() as session:
        session.execute(text("CREATE TABLE words (word TEXT)"))
    for number in range(6):
        with database.writing() as session:
            session.execute(text("INSERT INTO words VALUES (:word)"), {"word": f"{number}" * 1_000_000})
    return database


def test_commits_leave_the_log_to_the_one_who_writes_it_back(written: Database, tmp_path: Path) -> None:
    assert written_back(tmp_path / "aisle.db") == 0
    written.checkpoint()
    assert written_back(tmp_path / "aisle.db") == 6
    written.close()


def test_it_waits_for_no_writer_and_no_writer_waits_for_it(written: Database, tmp_path: Path) -> None:
    with written.writing() as session:
        session.execute(text("INSERT INTO words VALUES ('on its way')"))
        written.checkpoint()
    assert written_back(tmp_path / "aisle.db") == 6
    written.close()
