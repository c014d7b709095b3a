"""The whole product, started once for all tests that leave it in one piece."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from selenium import webdriver

from tests.browser.conftest import CHROMEDRIVER, CHROMIUM, FLAGS
from tests.whole.product import ROOT, Product
from tests.whole.seeing import Window

OUTPUT = Path(os.environ.get("AISLE_CI_OUTPUT") or ROOT / "ci-output") / "walk"


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """Desk, brain and actions with the demo shop; SQLite; people are at work at any hour."""
    started = Product(tmp_path_factory.mktemp("product") / "home")
    seconds = started.start()
    print(f"started from nothing: pages after {seconds['serving']} s, answers after {seconds['answering']} s")
    yield started
    started.stop()


def chromium(folder: Path, *, is_phone: bool = False) -> webdriver.Chrome:
    """A Chromium that keeps what it stores in `folder`, on a desk or as a phone of 390 x 844."""
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (*FLAGS, "--window-size=1360,1000", f"--user-data-dir={folder}"):
        options.add_argument(flag)
    options.add_experimental_option("prefs", {"intl.accept_languages": "en-GB"})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    if is_phone:
        metrics = {"width": 390, "height": 844, "pixelRatio": 2.0}
        options.add_experimental_option("mobileEmulation", {"deviceMetrics": metrics})
    return webdriver.Chrome(options, webdriver.ChromeService(CHROMEDRIVER))


@pytest.fixture
def open_window(tmp_path: Path) -> Iterator[Callable[..., Window]]:
    """Opens a Chromium of its own for one person: `open_window("agent", "dark", is_phone=True)`."""
    drivers: list[webdriver.Chrome] = []

    def opened(name: str, scheme: str = "light", *, is_phone: bool = False) -> Window:
        drivers.append(chromium(tmp_path / f"{name}-{len(drivers)}", is_phone=is_phone))
        window = Window(drivers[-1], OUTPUT)
        window.prefer(scheme)
        return window

    yield opened
    for driver in drivers:
        driver.quit()


@pytest.fixture(scope="module")
def phone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Window]:
    """One phone for all tests of a file; its pictures are kept where AISLE_TEST_PICTURES says."""
    driver = chromium(tmp_path_factory.mktemp("phone"), is_phone=True)
    window = Window(driver, Path(os.environ.get("AISLE_TEST_PICTURES") or OUTPUT))
    window.prefer("light")
    yield window
    driver.quit()
