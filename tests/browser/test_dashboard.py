"""The dashboard in a real Chromium: figures, charts, tables, addresses; by pointer and by keyboard."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.support.ui import WebDriverWait
from sqlalchemy.orm import Session

from bot.core.settings import Settings
from bot.core.times import now
from bot.desk import people
from bot.desk.demo_history import load_history
from bot.store.tables import ChannelAccount
from connectors import messenger
from tests.browser.chatting import Browser, LiveDesk
from tests.browser.test_inbox_walk import PASSWORD, InboxDesk
from tests.metrics.world import talk

BUSY = "#figures [aria-busy=true], #panels [data-panel=outcomes] [aria-busy=true]"


@pytest.fixture
def desk(settings: Settings) -> Iterator[LiveDesk]:
    live = InboxDesk(settings)
    live.start()
    live.write(people.add_user, email="boss@shop.test", name="Boss", role="manager", password=PASSWORD)
    load_history(live.desk.services.database, days=40, episodes_per_day=12)
    yield live
    live.stop()


def a_question_nobody_answered(session: Session, text: str) -> None:
    talk(session, "unheard", now() - timedelta(hours=1)).fallback(text, topics={"faq/returns": 0.31})


VALUES = {f"AISLE_MESSENGER_{name}": "1077" for name in ("ACCOUNT", "TOKEN", "APP_SECRET", "VERIFY_TOKEN")}


def a_dead_token(session: Session) -> None:
    session.add(ChannelAccount(channel="messenger", account="1077", state="broken", reason="token ended"))


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


def test_ratings_and_comments_have_files_of_their_own(board: WebDriver) -> None:
    panel = board.find_element(By.CSS_SELECTOR, "[data-panel=csat]")
    board.execute_script("arguments[0].scrollIntoView()", panel)
    WebDriverWait(board, 30).until(
        lambda _: panel.find_elements(By.CSS_SELECTOR, ".comments, .intervals, h3")
    )
    files = [link.get_attribute("href") or "" for link in panel.find_elements(By.CSS_SELECTOR, "a[download]")]
    assert [file.split("/")[-1].split("?")[0] for file in files] == [
        "csat.csv",
        "csat_scores.csv",
        "comments.csv",
    ]


def test_teaching_opens_the_closest_answer_with_a_line_to_copy(desk: LiveDesk, board: WebDriver) -> None:
    question = "kan i [send] it bak"
    desk.write(a_question_nobody_answered, question)
    board.get(f"{desk.url}/dashboard")
    ready(board)
    panel = board.find_element(By.CSS_SELECTOR, "[data-panel=unanswered]")
    board.execute_script("arguments[0].scrollIntoView()", panel)
    teach = WebDriverWait(board, 30).until(lambda _: panel.find_element(By.CSS_SELECTOR, "tbody .button"))
    assert teach.get_attribute("aria-label").endswith(question)
    board.execute_script("arguments[0].click()", teach)
    # The line to copy comes last, when the closest answer is open.
    WebDriverWait(board, 30).until(lambda page: page.find_element(By.CSS_SELECTOR, ".lesson pre"))
    WebDriverWait(board, 30).until(lambda page: page.find_element(By.CSS_SELECTOR, ".answer[aria-current]"))
    lesson = board.find_element(By.CSS_SELECTOR, ".lesson")
    assert lesson.find_element(By.TAG_NAME, "blockquote").text == question
    assert lesson.find_element(By.TAG_NAME, "pre").get_property("textContent") == "    - kan i send it bak"
    assert "data/faq/returns.yml" in lesson.text
    assert "aisle train" in lesson.text
    listed = board.find_elements(By.CSS_SELECTOR, ".answer")
    assert "utter_faq/returns" in [row.get_attribute("data-name") for row in listed]
    assert (
        board.find_element(By.CSS_SELECTOR, ".answer[aria-current]").get_attribute("data-name")
        == "utter_faq/returns"
    )
    lesson.find_element(By.CSS_SELECTOR, ".button--bare").click()
    assert not board.find_elements(By.CSS_SELECTOR, ".lesson")
    assert len(board.find_elements(By.CSS_SELECTOR, ".answer")) > len(listed)
    assert not [entry for entry in board.get_log("browser") if entry["level"] == "SEVERE"]


def test_a_band_says_that_a_channel_cannot_send_and_only_then(desk: LiveDesk, board: WebDriver) -> None:
    assert board.find_elements(By.CSS_SELECTOR, "#channels > *") == []
    desk.desk.services.platforms["messenger"] = messenger.connector(VALUES)
    desk.write(a_dead_token)
    board.refresh()
    WebDriverWait(board, 30).until(lambda page: page.find_elements(By.CSS_SELECTOR, "#channels .banner--bad"))
    (band,) = board.find_elements(By.CSS_SELECTOR, "#channels > *")
    assert "Messenger (1077): nothing can be sent." in band.text
    assert "token ended" in band.text
    link = band.find_element(By.TAG_NAME, "a")
    assert link.get_attribute("href") == f"{desk.url}/channels/messenger"
