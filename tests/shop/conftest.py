"""The demo shop for the tests of the shop, on each backend; loaded once and copied."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.core import profile as profiles
from bot.core.profile import Profile
from bot.shop import import_catalogue, load_demo
from bot.shop.importing.items import Report
from bot.shop.local import LocalShop
from bot.store.database import Database
from tests.conftest import BACKENDS, Postgres

DEMO = Path(__file__).parents[2] / "bot" / "shop" / "demo"


def _load(url: str, home: Path) -> None:
    database = Database(url)
    load_demo(database, home=home)
    database.close()


@pytest.fixture(scope="session")
def _demo_sqlite(_sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("demo")
    shutil.copy(_sqlite_template, home / "aisle.db")
    _load(f"sqlite:///{home / 'aisle.db'}", home)
    return home


@pytest.fixture(scope="session")
def _demo_postgres(
    _postgres: Postgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Path]]:
    name = _postgres.create(_postgres.template)
    home = tmp_path_factory.mktemp("demo")
    _load(_postgres.address(name), home)
    yield name, home
    _postgres.drop(name)


@pytest.fixture(params=BACKENDS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A migrated database of this test's own: with the demo shop when the test asks for `demo`."""
    has_demo = "demo" in request.fixturenames
    if request.param == "sqlite":
        if has_demo:
            shutil.copytree(request.getfixturevalue("_demo_sqlite"), tmp_path, dirs_exist_ok=True)
        else:
            shutil.copy(request.getfixturevalue("_sqlite_template"), tmp_path / "aisle.db")
        yield f"sqlite:///{tmp_path / 'aisle.db'}"
        return
    cluster: Postgres = request.getfixturevalue("_postgres")
    template = cluster.template
    if has_demo:
        template, home = request.getfixturevalue("_demo_postgres")
        shutil.copytree(home, tmp_path, dirs_exist_ok=True)
    name = cluster.create(template)
    yield cluster.address(name)
    cluster.drop(name)


@pytest.fixture(scope="session", params=BACKENDS)
def shelves(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalShop]:
    """The demo shop for tests that only look; one for all of them."""
    if request.param == "sqlite":
        home: Path = request.getfixturevalue("_demo_sqlite")
        url = f"sqlite:///{home / 'aisle.db'}"
    else:
        template, home = request.getfixturevalue("_demo_postgres")
        cluster: Postgres = request.getfixturevalue("_postgres")
        url = cluster.address(cluster.create(template))  # a template may not be in use while it is copied
    copy = tmp_path_factory.mktemp("shelves")
    shutil.copytree(home / "search", copy / "search")
    database = Database(url)
    yield LocalShop(database, copy, profiles.load(DEMO / "shop.toml"))
    database.close()


@pytest.fixture
def profile() -> Profile:
    """The demo shop's profile."""
    return profiles.load(DEMO / "shop.toml")


@pytest.fixture
def shop(database: Database, tmp_path: Path, profile: Profile) -> LocalShop:
    """The shop under test; empty unless the test also asks for `demo`."""
    return LocalShop(database, tmp_path, profile)


@pytest.fixture
def demo(shop: LocalShop) -> LocalShop:
    """The demo shop, loaded."""
    return shop


@pytest.fixture
def bring_in(database: Database, tmp_path: Path) -> Callable[..., Report]:
    """Import `content` as a file of that name."""

    def run(content: str | bytes, *, name: str = "feed.tsv", **options: object) -> Report:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return import_catalogue(database, path, home=tmp_path, **options)  # type: ignore[arg-type]

    return run
