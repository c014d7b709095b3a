"""The database: one engine to read, one to write, and a unit of work that rolls back unless committed.

SQLite: WAL, foreign keys on, writers take the lock at BEGIN (so a transaction never fails half-way with
`database is locked`), and all writes of a process go through one thread. PostgreSQL: row locks do the same.
Nothing here blocks the event loop: async callers use `read` and `write`, which run in threads.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import BigInteger, Connection, Dialect, Engine, Insert, MetaData, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator

from bot.store import json_text, prepared
from bot.store.threads import Threads

Result = TypeVar("Result")
EPOCH, MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
AT_END = "at the end"  # in session.info: rows by the statement that writes them
LOG_PAGES = (
    8_000  # of SQLite's log (32 MB) before a commit itself must write them back; see `Database.checkpoint`
)


class Moment(TypeDecorator[datetime]):
    """An aware UTC time kept as whole microseconds since 1970, so that durations are plain sums in SQL."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("times are aware; got a naive one")
        return (value - EPOCH) // MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return EPOCH + timedelta(microseconds=value)


def at_end(session: Session, statement: Insert, values: dict[str, Any]) -> None:
    """Run a statement as the unit of work ends, once for all `values` it was given by then."""
    session.info.setdefault(AT_END, {}).setdefault(statement, []).append(values)


def end(session: Session) -> None:
    """Run what was put off to the end of a unit of work; `Database.writing` does so before it commits."""
    for statement, rows in session.info.pop(AT_END, {}).items():
        prepared.run(session, statement, rows)


class Base(DeclarativeBase):
    """All tables; constraints have names, so that later migrations can speak of them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


@contextmanager
def _unit(connection: Connection) -> Iterator[Session]:
    """A unit of work on a connection."""
    with (
        connection.begin(),  # the session joins it: cheaper by half than one of its own
        Session(connection, expire_on_commit=False) as session,
    ):
        prepared.use(session, connection)
        yield session
        end(session)
        session.flush()


class Database:
    """One per process; made by `bot.bootstrap`."""

    def __init__(self, url: str, *, threads: int = 4) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        if not self.is_sqlite and self.url.drivername == "postgresql":
            self.url = self.url.set(drivername="postgresql+psycopg")
        if self.is_sqlite and self.url.database:
            Path(self.url.database).parent.mkdir(parents=True, exist_ok=True)
        self.writer = self._engine(begin="BEGIN IMMEDIATE", pool_size=2 if self.is_sqlite else threads)
        self.reader = self._engine(begin="BEGIN", pool_size=threads)
        self._read_threads = Threads(threads, "db-read")
        self._kept: Connection | None = None
        self._write_threads = Threads(1 if self.is_sqlite else threads, "db-write")

    def _engine(self, *, begin: str, pool_size: int) -> Engine:
        common: dict[str, Any] = {
            "pool_size": pool_size,
            "hide_parameters": True,  # what people wrote must not get into logs with an error
            "json_serializer": json_text.encoded,
            "json_deserializer": json_text.decoded,
        }
        if not self.is_sqlite:
            return create_engine(self.url, max_overflow=2, pool_pre_ping=True, **common)
        engine = create_engine(
            self.url,
            max_overflow=4,
            connect_args={"timeout": 15, "check_same_thread": False},
            **common,
        )

        @event.listens_for(engine, "connect")
        def _connected(connection: Any, _record: Any) -> None:
            connection.isolation_level = None  # we say BEGIN ourselves
            for pragma in (
                "journal_mode=WAL",
                "synchronous=NORMAL",
                "foreign_keys=ON",
                "busy_timeout=15000",
                "cache_size=-16000",
                f"wal_autocheckpoint={LOG_PAGES}",
            ):
                connection.execute(f"PRAGMA {pragma}")

        def _begin(dbapi_connection: Any) -> None:
            dbapi_connection.execute(begin)

        # Below SQLAlchemy's execution, which costs five times what SQLite does; errors are still wrapped.
        engine.dialect.do_begin = _begin  # type: ignore[method-assign]
        return engine

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session to look with; nothing it does is kept."""
        with Session(self.reader) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A unit of work: committed at the end of the block, rolled back when it raises."""
        with self.writer.connect() as connection, _unit(connection) as session:
            yield session

    async def read(self, query: Callable[..., Result], *args: Any, **kwargs: Any) -> Result:
        """`query(session, …)` in a reading thread."""

        def work() -> Result:
            with self.reading() as session:
                return query(session, *args, **kwargs)

        return await self._read_threads.run(work)

    async def write(
        self, change: Callable[..., Result], *args: Any, is_urgent: bool = False, **kwargs: Any
    ) -> Result:
        """`change(session, …)` in a writing thread, as one transaction; an urgent one goes before those in line."""

        def work() -> Result:
            with self._at_work() as connection, _unit(connection) as session:
                return change(session, *args, **kwargs)

        return await self._write_threads.run(work, is_urgent=is_urgent)

    @contextmanager
    def _at_work(self) -> Iterator[Connection]:
        """A connection for the writing thread: with SQLite, where there is one such thread, the same each time."""
        if not self.is_sqlite:
            with self.writer.connect() as connection:
                yield connection
            return
        if self._kept is None:
            self._kept = self.writer.connect()
        try:
            yield self._kept
        except BaseException:  # whatever it was, begin anew
            kept, self._kept = self._kept, None
            kept.close()
            raise

    def checkpoint(self) -> None:
        """Write back what SQLite's log holds, beside the writers; call often, in a thread.

        Else every thousandth page a commit does it, and with it everybody behind waits for the disk (20 ms and more).
        """
        if not self.is_sqlite:
            return
        connection = self.reader.raw_connection()
        try:
            connection.cursor().execute("PRAGMA wal_checkpoint(PASSIVE)")
        finally:
            connection.close()

    def close(self) -> None:
        """Give everything back."""
        self._read_threads.close()
        self._write_threads.close()
        if self._kept is not None:
            self._kept.close()
        self.reader.dispose()
        self.writer.dispose()
