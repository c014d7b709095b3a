"""A really running desk with a scripted brain, a Chromium to look at it, and a shop's page on another origin."""

import dataclasses
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from selenium import webdriver

from bot.core.settings import Settings
from tests import ports
from tests.browser.chatting import Browser, LiveDesk, ShopSite, fresh

CHROMIUM = os.environ.get("AISLE_TEST_CHROMIUM", "/usr/bin/chromium")
CHROMEDRIVER = os.environ.get("AISLE_TEST_CHROMEDRIVER", "/usr/bin/chromedriver")
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--lang=en-GB",
)


@pytest.fixture
def database_url(_sqlite_template: Path, tmp_path: Path) -> str:
    """SQLite only: what a browser sees does not depend on the database, and browser tests are slow."""
    path = tmp_path / "aisle.db"
    shutil.copy(_sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def shop_port() -> int:
    """The port of the shop's site; known before the desk starts, which must allow its origin."""
    return ports.free_port()


@pytest.fixture
def desk(settings: Settings, shop_port: int) -> Iterator[LiveDesk]:
    """A desk that allows the shop's site to embed the chat."""
    chosen = dataclasses.replace(settings, allowed_origins=f"http://127.0.0.1:{shop_port}")
    live = LiveDesk(chosen).start()
    yield live
    live.stop()


@pytest.fixture
def shop_site(desk: LiveDesk, shop_port: int) -> Iterator[ShopSite]:
    """The shop's site."""
    site = ShopSite(shop_port, desk.url)
    yield site
    site.stop()


@pytest.fixture(scope="session")
def _chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., webdriver.Chrome]]:
    drivers: dict[bool, webdriver.Chrome] = {}

    def get(is_phone: bool) -> webdriver.Chrome:
        if is_phone not in drivers:
            options = webdriver.ChromeOptions()
            options.binary_location = CHROMIUM
            profile: Path = tmp_path_factory.mktemp("chromium")
            for flag in (*FLAGS, "--window-size=1100,820", f"--user-data-dir={profile}"):
                options.add_argument(flag)
            options.add_experimental_option("prefs", {"intl.accept_languages": "en-GB"})
            options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
            if is_phone:
                metrics = {"width": 390, "height": 844, "pixelRatio": 2.0}
                options.add_experimental_option("mobileEmulation", {"deviceMetrics": metrics})
            drivers[is_phone] = webdriver.Chrome(options, webdriver.ChromeService(CHROMEDRIVER))
        return drivers[is_phone]

    yield get
    for driver in drivers.values():
        driver.quit()


@pytest.fixture
def browser(_chromium: Callable[..., webdriver.Chrome]) -> Browser:
    """A desktop browser that has never seen this desk."""
    return fresh(_chromium(is_phone=False))


@pytest.fixture
def phone(_chromium: Callable[..., webdriver.Chrome]) -> Browser:
    """The same as a phone: 390 x 844, touch."""
    return fresh(_chromium(is_phone=True))
