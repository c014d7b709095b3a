"""An agent's work in a real browser: sign in, see who waits, take, answer, hand back, close."""

import json
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from sqlalchemy.orm import Session

from bot.core.settings import Settings
from bot.desk import inbox, people
from bot.store.tables import Contact, Conversation, User
from tests.browser.chatting import Browser, LiveDesk
from tests.running import Shopper, running

PASSWORD = "a long enough password"
PICTURES = os.environ.get("AISLE_TEST_PICTURES", "")


class InboxDesk(LiveDesk):
    """A desk with all its pages."""

    async def _main(self) -> None:
        try:
            async with running(self._settings) as desk:
                self._ready.set_result(desk)
                await self._stop.wait()
        except BaseException as error:
            if not self._ready.done():
                self._ready.set_exception(error)
            raise

    def add_user(self, name: str, role: str = "agent") -> User:
        user: User = self.write(
            people.add_user, email=f"{name.lower()}@shop.test", name=name, role=role, password=PASSWORD
        )
        return user

    def shopper(self) -> Shopper:
        shopper: Shopper = self.call(self.desk.shopper())
        return shopper

    def says(self, shopper: Shopper, text: str) -> None:
        status, answer = self.call(shopper.send(text))
        assert status == 202, answer

    def heard(self, shopper: Shopper, text: str) -> None:
        self.call(shopper.until(text))


@pytest.fixture
def desk(settings: Settings) -> Iterator[InboxDesk]:
    live = InboxDesk(settings)
    live.start()
    live.add_user("Ana")
    yield live
    live.stop()


def picture(browser: Browser, name: str) -> None:
    if PICTURES:
        Path(PICTURES).mkdir(parents=True, exist_ok=True)
        browser.driver.save_screenshot(f"{PICTURES}/{name}.png")


def sign_in(browser: Browser, desk: InboxDesk, email: str = "ana@shop.test", path: str = "/inbox") -> None:
    browser.driver.get(desk.url + path)
    browser.find("#email").send_keys(email)
    browser.find("#password").send_keys(PASSWORD, Keys.ENTER)
    browser.find(".top")


def press(browser: Browser, key: str) -> None:
    browser.js("document.activeElement.blur()")
    browser.driver.find_element(By.TAG_NAME, "body").send_keys(key)


def owner(browser: Browser, words: str) -> None:
    browser.until(lambda: words in "".join(browser.texts(".thread__meta .chip")), words)


def test_the_whole_work_of_an_agent(browser: Browser, desk: InboxDesk) -> None:
    sign_in(browser, desk)
    browser.until(lambda: "Nobody is waiting" in "".join(browser.texts("#rows-state")), "the empty list")
    shopper = desk.shopper()
    desk.says(shopper, "person my tent has a hole")

    row = browser.find("a.row")
    browser.until(lambda: browser.driver.title.startswith("(1)"), "the number in the title")
    picture(browser, "inbox-waiting")
    row.click()
    browser.until(lambda: browser.texts(".handoff__wants") == ["my tent has a hole"], "the summary")
    assert browser.driver.current_url.endswith(f"/inbox/{shopper.conversation_id}")
    assert not browser.find("#composer").is_displayed()

    press(browser, "t")
    owner(browser, "With you")
    field = browser.find("#composer")
    browser.until(field.is_displayed, "the composer")
    field.send_keys("I am Ana. We will send you a new tent.", Keys.ENTER)
    desk.heard(shopper, "I am Ana. We will send you a new tent.")
    browser.until(lambda: browser.texts(".msg--agent .msg__foot span")[-1:] == ["Delivered"], "delivered")

    press(browser, "n")
    browser.find("#composer").send_keys("Sent with parcel post", Keys.ENTER)
    browser.until(lambda: browser.texts(".msg--note .bubble") == ["Sent with parcel post"], "the note")
    desk.says(shopper, "thank you so much")
    browser.until(lambda: "thank you so much" in browser.texts(".msg--shopper .bubble"), "the shopper, live")
    picture(browser, "inbox-conversation")

    press(browser, "b")
    owner(browser, "With the bot")
    desk.says(shopper, "hello bot")
    browser.until(lambda: "echo: hello bot" in browser.texts(".msg--bot .bubble"), "the bot again")
    press(browser, "e")
    owner(browser, "Closed")
    assert browser.complaints() == []


def _learn_email(session: Session, conversation_id: str, email: str) -> None:
    contact_id = session.get_one(Conversation, conversation_id).contact_id
    session.get_one(Contact, contact_id).email = email


def test_what_an_agent_is_at_beside_the_conversation_outlives_what_happens_in_it(
    browser: Browser, desk: InboxDesk
) -> None:
    shopper = desk.shopper()
    desk.says(shopper, "person please")
    sign_in(browser, desk)
    browser.find("a.row").click()
    browser.find(".msg--shopper .why").click()  # which shows the side
    browser.find("#side input[type=search]").send_keys("ona")
    browser.driver.execute_script("window.finger = document.querySelector('#merge-button')")
    desk.write(_learn_email, shopper.conversation_id, "ona@example.com")
    browser.driver.execute_script("document.querySelector('[data-act=take]').click()")
    owner(browser, "With you")
    browser.until(
        lambda: "ona@example.com" in "".join(browser.texts("#side .pairs")), "what is new beside it"
    )
    field = browser.find("#side input[type=search]")
    assert field.get_attribute("value") == "ona"
    browser.driver.execute_script("window.finger.click()")
    browser.until(
        lambda: browser.find("#merge-search").is_displayed(), "the dialog of the button that was there"
    )
    assert browser.complaints() == []


@pytest.mark.parametrize("part", [".row__text", "time"])
def test_a_row_that_would_change_and_move_under_the_finger_still_opens(
    browser: Browser, desk: InboxDesk, part: str
) -> None:
    shoppers = [desk.shopper(), desk.shopper()]
    for shopper in shoppers:
        desk.says(shopper, "faq please")
        desk.heard(shopper, "Thirty days.")
    sign_in(browser, desk, path="/inbox?view=bot")
    older, newer = (shopper.conversation_id for shopper in shoppers)
    order = "a.row"
    browser.until(
        lambda: [row.get_attribute("data-id") for row in browser.all(order)] == [newer, older], "rows"
    )
    ActionChains(browser.driver).click_and_hold(browser.find(f"a.row[data-id='{older}'] {part}")).perform()
    desk.says(shoppers[0], "hello and hurry")
    desk.says(desk.shopper(), "faq please")
    browser.until(lambda: browser.texts("[data-count=bot]") == ["3"], "what has come in meanwhile")
    ActionChains(browser.driver).release().perform()
    browser.until(lambda: "and hurry" in browser.find(".thread").text, "the conversation")
    browser.until(lambda: len(browser.all(order)) == 3, "the new row")
    assert browser.texts(f"a.row[data-id='{older}'] .row__text") == ["echo: hello and hurry"]
    assert browser.complaints() == []


def test_a_click_on_a_message_says_what_the_bot_understood(browser: Browser, desk: InboxDesk) -> None:
    shopper = desk.shopper()
    desk.says(shopper, "person please")
    sign_in(browser, desk)
    browser.find("a.row").click()
    browser.find(".msg--shopper .why").click()
    browser.until(
        lambda: browser.texts(".intents li > span:first-child") == ["Talk to a person talk_to_person"],
        "the intent",
    )
    assert "90%" in "".join(browser.texts(".intents"))


def test_each_request_of_a_message_has_its_own_reading(browser: Browser, desk: InboxDesk) -> None:
    shopper = desk.shopper()
    desk.says(shopper, "both faq & person please")
    sign_in(browser, desk)
    browser.find("a.row").click()
    button = browser.find(".msg--shopper .why")
    assert " ".join(button.text.split()).endswith("faq/returns · 90% + talk_to_person · 90%")
    button.click()
    browser.until(
        lambda: (
            browser.texts(".intents li > span:first-child")
            == ["How returns work faq/returns", "Talk to a person talk_to_person"]
        ),
        "both readings",
    )
    quoted = browser.texts("[aria-live=polite] q")
    assert quoted == ["both faq & person please", "faq", "person please"]
    assert browser.complaints() == []


def test_when_a_colleague_is_faster_the_page_says_who(browser: Browser, desk: InboxDesk) -> None:
    ben = desk.add_user("Ben")
    shopper = desk.shopper()
    desk.says(shopper, "person please")
    sign_in(browser, desk)
    browser.find("a.row").click()
    browser.find("[data-act=take]")
    browser.driver.execute_script("window.finger = document.querySelector('[data-act=take]')")
    desk.write(inbox.take, shopper.conversation_id, user_id=ben.id, version=None)
    # The finger is on its way to the button, whether or not the page hears of Ben in this instant.
    browser.driver.execute_script("window.finger.click()")
    browser.until(lambda: "Ben was faster" in "".join(browser.texts(".toast")), "who was faster")
    owner(browser, "With Ben")
    assert browser.all("[data-act=take]") == []


def test_a_draft_outlives_a_reload_and_stays_with_its_conversation(browser: Browser, desk: InboxDesk) -> None:
    first, second = desk.shopper(), desk.shopper()
    for shopper in (first, second):
        desk.says(shopper, "person please")
    sign_in(browser, desk)
    browser.until(lambda: len(browser.all("a.row")) == 2, "two rows")
    for shopper in (first, second):
        browser.driver.get(f"{desk.url}/inbox/{shopper.conversation_id}")
        browser.find("[data-act=take]").click()
        owner(browser, "With you")
        browser.find("#composer").send_keys(f"draft {shopper.conversation_id[:4]}")
    browser.driver.get(f"{desk.url}/inbox/{first.conversation_id}")
    value = browser.until(lambda: browser.find("#composer").get_attribute("value"), "the draft")
    assert value == f"draft {first.conversation_id[:4]}"


def test_a_message_written_without_a_connection_is_kept_and_sent_once(
    browser: Browser, desk: InboxDesk
) -> None:
    shopper = desk.shopper()
    desk.says(shopper, "person please")
    sign_in(browser, desk)
    browser.find("a.row").click()
    browser.find("[data-act=take]").click()
    owner(browser, "With you")
    browser.block("*/reply")
    browser.find("#composer").send_keys("Are you still there?", Keys.ENTER)
    browser.find(".msg--failed .button")
    kept = browser.js("return localStorage.getItem(arguments[0])", f"aisle.unsent.{shopper.conversation_id}")
    assert json.loads(kept)[0]["text"] == "Are you still there?"
    assert uuid.UUID(json.loads(kept)[0]["client_id"]).version == 4
    browser.block()
    browser.find(".msg--failed .button").click()
    desk.heard(shopper, "Are you still there?")
    browser.until(lambda: not browser.all(".msg--pending, .msg--failed"), "nothing pending")
    thread = desk.call(shopper.thread())
    assert [text for _, text in thread].count("Are you still there?") == 1


def test_what_a_shopper_writes_is_never_run(browser: Browser, desk: InboxDesk) -> None:
    shopper = desk.shopper()
    evil = '<img src=x onerror="document.title=1"><script>alert(1)</script>'
    desk.says(shopper, f"person {evil}")
    sign_in(browser, desk)
    browser.find("a.row").click()
    browser.until(lambda: f"person {evil}" in browser.texts(".msg--shopper .bubble"), "the text as text")
    assert browser.all(".thread img") == []
    assert browser.complaints() == []


def test_the_keys_are_shown_and_work(browser: Browser, desk: InboxDesk) -> None:
    for _ in range(2):
        desk.says(desk.shopper(), "person please")
    sign_in(browser, desk)
    browser.until(lambda: len(browser.all("a.row")) == 2, "two rows")
    press(browser, "?")
    browser.until(lambda: browser.find("#help").is_displayed(), "the help")
    assert "Take or re-open" in browser.find("#help").text
    browser.find("#help").send_keys(Keys.ESCAPE)
    opened: list[Any] = []
    for _ in range(2):
        press(browser, "j")
        browser.until(
            lambda: browser.driver.current_url not in opened and "/inbox/" in browser.driver.current_url
        )
        opened.append(browser.driver.current_url)
        browser.find(".handoff")
    press(browser, "4")
    browser.until(
        lambda: browser.texts("[data-view][aria-current] > span:first-child") == ["People"], "a view"
    )
    assert len(set(opened)) == 2


def test_on_a_phone_one_column_shows_at_a_time(phone: Browser, desk: InboxDesk) -> None:
    desk.says(desk.shopper(), "person please")
    sign_in(phone, desk)
    phone.find("a.row").click()
    phone.until(lambda: phone.find(".thread").is_displayed(), "the thread")
    assert not phone.find(".list").is_displayed()
    assert phone.js("return document.documentElement.scrollWidth <= window.innerWidth")
    picture(phone, "inbox-phone")
    phone.find(".thread__head .only-phone").click()
    phone.until(lambda: phone.find(".list").is_displayed(), "the list")


def test_a_manager_changes_an_answer_and_the_bot_says_it(browser: Browser, desk: InboxDesk) -> None:
    desk.add_user("Mia", "manager")
    shopper = desk.shopper()
    sign_in(browser, desk, "mia@shop.test", "/answers")
    browser.find("#search").send_keys("returns")
    browser.find('[data-name="utter_faq/returns"]').click()
    field = browser.find("#text")
    field.clear()
    field.send_keys("You have sixty days.")
    assert browser.texts(".preview__bubble") == ["You have sixty days."]
    browser.find(".editor .button--main").click()
    browser.until(lambda: "Saved" in "".join(browser.texts(".toast")), "saved")
    picture(browser, "answers")
    desk.says(shopper, "faq")
    desk.heard(shopper, "You have sixty days.")
    assert browser.complaints() == []
