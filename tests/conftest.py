"""What every test may ask for: a migrated database on each backend, settings and services.

PostgreSQL is used when AISLE_TEST_POSTGRES holds the address of a cluster's maintenance database. With
AISLE_NO_SKIPS=1 (CI) a missing cluster and any skipped or expected-to-fail test fail the run.
"""

import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as trials
from sqlalchemy import Engine, create_engine, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from bot.core.settings import Settings
from bot.shop import tables as shop_tables
from bot.store import migrate, tables
from bot.store.database import Base, Database
from tests import ports

if TYPE_CHECKING:
    from bot.bootstrap import Services

POSTGRES = os.environ.get("AISLE_TEST_POSTGRES", "")
NO_SKIPS = os.environ.get("AISLE_NO_SKIPS") == "1"
SCHEMA = (tables, shop_tables)  # both register on Base
BACKENDS = ["sqlite", "postgresql"] if POSTGRES else ["sqlite"]


# a busy machine draws slowly, which says nothing of what is tried
trials.register_profile("patient", suppress_health_check=[HealthCheck.too_slow])
trials.load_profile("patient")


def pytest_configure(config: pytest.Config) -> None:
    if NO_SKIPS and not POSTGRES:
        raise pytest.UsageError("AISLE_NO_SKIPS=1, but AISLE_TEST_POSTGRES names no PostgreSQL cluster")


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None:
        return
    unrun = [kind for kind in ("skipped", "xfailed", "xpassed") if reporter.stats.get(kind)]
    if NO_SKIPS and unrun and exitstatus == 0:
        reporter.write_line(f"nothing may be {' or '.join(unrun)} in this run", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


class Postgres:
    """Databases of their own on one cluster, cloned from a migrated template."""

    def __init__(self) -> None:
        self.url = make_url(POSTGRES).set(drivername="postgresql+psycopg")
        self.template = f"aisle_template_{uuid.uuid4().hex[:12]}"
        self.cluster: Engine = create_engine(self.url, isolation_level="AUTOCOMMIT", pool_size=1)
        self.shared: str | None = None
        self.run(f'CREATE DATABASE "{self.template}" TEMPLATE template0')
        migrate.upgrade(self.address(self.template))

    def run(self, statement: str) -> None:
        with self.cluster.connect() as connection:
            connection.execute(text(statement))

    def address(self, name: str) -> str:
        return self.url.set(database=name).render_as_string(hide_password=False)

    def create(self, template: str) -> str:
        name = f"aisle_test_{uuid.uuid4().hex[:12]}"
        self.run(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return name

    def emptied(self) -> str:
        """Address of this process's one database, without a row: much quicker than a database for each test."""
        if self.shared is not None:
            self.run(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                f"WHERE datname = '{self.shared}' AND pid <> pg_backend_pid()"
            )
            if not self._empty(self.shared):
                self.drop(self.shared)
                self.shared = None
        if self.shared is None:
            self.shared = self.create(self.template)
        return self.address(self.shared)

    def _empty(self, name: str) -> bool:
        """Take every row away; False when a test has changed the schema itself."""
        engine = create_engine(make_url(self.address(name)), poolclass=NullPool)
        with engine.begin() as connection:
            tables = set(inspect(connection).get_table_names())
            if tables != {*Base.metadata.tables, "alembic_version"}:
                return False
            if connection.scalar(text("SELECT version_num FROM alembic_version")) != migrate.head():
                return False
            filled = " UNION ALL ".join(
                f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM \"{table}\")"
                for table in sorted(tables - {"alembic_version"})
            )
            connection.execute(
                text("SET LOCAL session_replication_role = replica")
            )  # foreign keys do not bind
            for table in connection.scalars(text(filled)).all():
                connection.execute(text(f'DELETE FROM "{table}"'))
            used = text("SELECT sequencename FROM pg_sequences WHERE last_value IS NOT NULL")
            for sequence in connection.scalars(used).all():
                connection.execute(text(f'ALTER SEQUENCE "{sequence}" RESTART'))
        engine.dispose()
        return True

    def drop(self, name: str) -> None:
        self.run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def _postgres() -> Iterator[Postgres]:
    cluster = Postgres()
    yield cluster
    if cluster.shared is not None:
        cluster.drop(cluster.shared)
    cluster.drop(cluster.template)
    cluster.cluster.dispose()


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "aisle.db"
    migrate.upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(params=BACKENDS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Address of a migrated, empty database of this test's own."""
    if request.param == "sqlite":
        path = tmp_path / "aisle.db"
        shutil.copy(request.getfixturevalue("_sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    cluster: Postgres = request.getfixturevalue("_postgres")
    yield cluster.emptied()


@pytest.fixture(params=BACKENDS)
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Address of a database without any schema."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    cluster: Postgres = request.getfixturevalue("_postgres")
    name = cluster.create("template0")
    yield cluster.address(name)
    cluster.drop(name)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A migrated, empty database."""
    opened = Database(database_url)
    yield opened
    opened.close()


@pytest.fixture
def free_port() -> int:
    """A port nobody listens on."""
    return ports.free_port()


@pytest.fixture
def settings(database_url: str, tmp_path: Path, free_port: int) -> Settings:
    """Settings of an install of its own; brain and actions point where nobody answers."""
    return Settings(
        home=tmp_path,
        database_url=database_url,
        port=free_port,
        brain_url="http://127.0.0.1:9",
        actions_url="http://127.0.0.1:9",
        secret_key="s" * 40,
        internal_secret="i" * 40,
    )


@pytest.fixture
def build_services() -> Iterator[Callable[[Settings], "Services"]]:
    """Builds services for settings (see `dataclasses.replace`); closes their databases afterwards."""
    from bot.bootstrap import build

    built: list[Services] = []

    def make(chosen: Settings) -> "Services":
        built.append(build(chosen))
        return built[-1]

    yield make
    for services in built:
        services.database.close()


@pytest.fixture
def services(settings: Settings, build_services: Callable[[Settings], "Services"]) -> "Services":
    """Everything wired together, not started: `await services.start()` runs the workers."""
    return build_services(settings)
