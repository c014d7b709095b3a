"""The dashboard in a real Chromium: figures, charts, tables, addresses; by pointer and by keyboard."""

from collections.abc import Iterator

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.support.ui import WebDriverWait

from bot.core.settings import Settings
from bot.desk import people
from bot.desk.demo_history import load_history
from tests.browser.chatting import Browser, LiveDesk
from tests.browser.test_inbox_walk import PASSWORD, InboxDesk

BUSY = "#figures [aria-busy=true], #panels [data-panel=outcomes] [aria-busy=true]"


@pytest.fixture
def desk(settings: Settings) -> Iterator[LiveDesk]:
    live = InboxDesk(settings)
    live.start()
    live.write(people.add_user, email="boss@shop.test", name="Boss", role="manager", password=PASSWORD)
    load_history(live.desk.services.database, days=40, episodes_per_day=12)
    yield live
    live.stop()


def ready(driver: WebDriver) -> None:
    WebDriverWait(driver, 30).until(lambda page: not page.find_elements(By.CSS_SELECTOR, BUSY))
    WebDriverWait(driver, 30).until(lambda page: page.find_elements(By.CSS_SELECTOR, ".figure__value a"))


@pytest.fixture
def board(desk: LiveDesk, browser: Browser) -> WebDriver:
    """A manager's open dashboard."""
    driver = browser.driver
    driver.get(f"{desk.url}/sign-in?next=/dashboard")
    driver.find_element(By.NAME, "email").send_keys("boss@shop.test")
    driver.find_element(By.NAME, "password").send_keys(PASSWORD, Keys.ENTER)
    WebDriverWait(driver, 30).until(lambda page: page.find_elements(By.ID, "figures"))
    driver.get_log("browser")
    ready(driver)
    return driver


def test_a_manager_reads_the_dashboard_and_opens_what_is_behind_a_number(board: WebDriver) -> None:
    assert len(board.find_elements(By.CSS_SELECTOR, ".figure__value a")) == 7
    value = board.find_element(By.CSS_SELECTOR, ".figure__value a")
    number = value.get_attribute("data-value")
    for panel in board.find_elements(By.CSS_SELECTOR, ".panel"):
        board.execute_script("arguments[0].scrollIntoView()", panel)
        WebDriverWait(board, 30).until(
            lambda _, box=panel: not box.find_elements(By.CSS_SELECTOR, "[aria-busy=true]")
        )
    assert not board.find_elements(By.CSS_SELECTOR, ".failed")
    assert not [entry for entry in board.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]
    board.execute_script("arguments[0].click()", value)
    WebDriverWait(board, 30).until(lambda page: page.find_elements(By.ID, "total"))
    assert board.find_element(By.ID, "total").get_attribute("data-total") == number
    link = board.find_element(By.CSS_SELECTOR, "a[data-episode]").get_attribute("href") or ""
    assert "/inbox/" in link


def test_the_address_holds_the_whole_state(board: WebDriver) -> None:
    board.execute_script("document.querySelector('input[value=\"7d\"]').click()")
    ready(board)
    board.execute_script(
        "const box = document.querySelector('select[name=channel]'); box.value = 'web';"
        "box.dispatchEvent(new Event('change', { bubbles: true }))"
    )
    ready(board)
    assert board.current_url.endswith("/dashboard?period=7d&channel=web")
    shown = board.find_element(By.CSS_SELECTOR, ".figure__value a").get_attribute("data-value")
    board.refresh()
    ready(board)
    assert board.find_element(By.CSS_SELECTOR, ".figure__value a").get_attribute("data-value") == shown
    board.back()
    board.back()
    WebDriverWait(board, 20).until(lambda page: page.current_url.endswith("/dashboard"))


def test_definition_table_and_chart_work_by_keyboard(board: WebDriver) -> None:
    why = board.find_element(By.CSS_SELECTOR, ".figure .why")
    why.send_keys(Keys.ENTER)
    dialog = board.find_element(By.ID, "definition")
    assert dialog.get_attribute("open") is not None
    assert "A conversation is one stretch of talk" in dialog.text
    dialog.find_element(By.ID, "definition-close").send_keys(Keys.ESCAPE)
    assert dialog.get_attribute("open") is None
    panel = board.find_element(By.CSS_SELECTOR, "[data-panel=outcomes]")
    panel.find_element(By.CSS_SELECTOR, "button[aria-pressed]").send_keys(Keys.ENTER)
    assert len(panel.find_elements(By.CSS_SELECTOR, "tbody tr")) == 8
    assert board.switch_to.active_element.get_attribute("aria-pressed") == "true"
    chart = WebDriverWait(board, 20).until(
        lambda page: page.find_element(By.CSS_SELECTOR, "[data-panel=conversations] svg.chart")
    )
    board.execute_script("arguments[0].focus()", chart)
    board.switch_to.active_element.send_keys(Keys.END)
    readout = board.find_element(By.CSS_SELECTOR, "[data-panel=conversations] .readout")
    assert ":" in readout.text
    before = readout.text
    board.switch_to.active_element.send_keys(Keys.ARROW_LEFT)
    assert readout.text != before
