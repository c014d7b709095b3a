"""The schema is what the tables say, reached step by step, on every database we support."""

import importlib
import time
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from bot.store import migrate
from bot.store.database import Base, Database
from bot.store.migrate import DatabaseUnusable


def _differences(database: Database) -> list[object]:
    importlib.import_module("bot.shop.tables")
    with database.reader.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, Base.metadata))


def test_the_steps_lead_to_exactly_the_tables_of_the_program(database: Database) -> None:
    assert _differences(database) == []


def test_partial_indexes_keep_their_condition(database: Database) -> None:
    indexes = {index["name"]: index for index in inspect(database.reader).get_indexes("messages")}
    for name in ("ix_messages_open_turns", "ix_messages_outbox"):
        options = indexes[name]["dialect_options"]
        assert any(key.endswith("_where") for key in options), name


def test_an_empty_database_is_brought_to_the_newest_step(empty_database_url: str) -> None:
    assert migrate.upgrade(empty_database_url) is True
    database = Database(empty_database_url, threads=1)
    assert migrate.current(database) == migrate.head()
    assert _differences(database) == []
    database.close()


def test_running_the_steps_again_changes_nothing_and_takes_no_time(database_url: str) -> None:
    migrate.upgrade(database_url)
    started = time.perf_counter()
    assert migrate.upgrade(database_url) is False
    assert time.perf_counter() - started < 0.2


def test_the_newest_step_is_the_one_alembic_finds() -> None:
    config = Config()
    config.set_main_option("script_location", str(migrate.MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_current_head() == migrate.head()


def test_a_database_of_a_newer_program_is_refused(database: Database, database_url: str) -> None:
    with database.writing() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseUnusable, match="newer program"):
        migrate.upgrade(database_url)


def test_a_database_that_is_not_there_is_named_in_the_words(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnusable, match="cannot be used"):
        migrate.upgrade("postgresql://nobody:secret@127.0.0.1:9/none?connect_timeout=2")
    (tmp_path / "broken.db").write_bytes(b"this is not a database" * 100)
    with pytest.raises(DatabaseUnusable, match="not a database"):
        migrate.upgrade(f"sqlite:///{tmp_path / 'broken.db'}")


def test_a_password_never_shows_in_the_words() -> None:
    with pytest.raises(DatabaseUnusable) as caught:
        migrate.upgrade("postgresql://nobody:s3cretword@127.0.0.1:9/none?connect_timeout=2")
    assert "s3cretword" not in str(caught.value)


def test_every_step_can_be_taken_back(empty_database_url: str) -> None:
    from alembic import command

    migrate.upgrade(empty_database_url)
    database = Database(empty_database_url, threads=1)
    config = Config()
    config.set_main_option("script_location", str(migrate.MIGRATIONS))
    with database.writer.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    assert set(inspect(database.reader).get_table_names()) <= {"alembic_version"}
    database.close()
