"""Bringing a database to the newest schema, in-process; a database already there costs one query.

Steps live in `bot/store/migrations/versions`, named `<number>_<what>.py`; the number is the revision id.
"""

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from bot.core.errors import AisleError
from bot.store.database import Database
from bot.store.migrations import FOLDER as MIGRATIONS
from bot.store.migrations import head

__all__ = ["MIGRATIONS", "DatabaseUnusable", "current", "head", "upgrade"]
LOCK = 4_217_353  # any constant: PostgreSQL advisory lock, so that desks starting together migrate once


class DatabaseUnusable(AisleError):
    """The database cannot be opened or brought up to date."""

    status = 503
    code = "database_unusable"


def current(database: Database) -> str:
    """Revision id the database is at; empty when it has no schema yet.

    Raises:
        DatabaseUnusable: it cannot be reached.
    """
    try:
        with database.reader.connect() as connection:
            return _current(connection)
    except SQLAlchemyError as error:
        raise DatabaseUnusable(_words(database, error)) from error


def upgrade(database_url: str, *, to: str = "head") -> bool:
    """Run the steps the database lacks, all in one transaction; say whether there were any.

    Raises:
        DatabaseUnusable: unreachable, or its schema is newer than this program.
    """
    database = Database(database_url, threads=1)
    try:
        found = current(database)
        if found == head() and to in ("head", found):
            return False
        if found > head():
            raise DatabaseUnusable(
                f"The database is at step {found}, this program knows steps up to {head()}. "
                "Use the newer program."
            )
        _run(database, to)
    except SQLAlchemyError as error:
        raise DatabaseUnusable(_words(database, error)) from error
    finally:
        database.close()
    return True


def _run(database: Database, to: str) -> None:
    from alembic import command  # costs 0.2 s, which a start without steps need not pay
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with database.writer.begin() as connection:
        if not database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        config.attributes["connection"] = connection
        command.upgrade(config, to)


def _current(connection: Connection) -> str:
    if not connection.dialect.has_table(connection, "alembic_version"):
        return ""
    return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or "")


def _words(database: Database, error: SQLAlchemyError) -> str:
    reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
    return f"The database {database.url.render_as_string(hide_password=True)} cannot be used: {reason}"
