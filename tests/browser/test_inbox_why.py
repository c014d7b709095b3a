"""Why the bot said something, in a real browser: in short beside the thread, in full in a dialog, and in English."""

from collections.abc import Iterator

import pytest
from selenium.webdriver.common.keys import Keys

from bot.core.settings import Settings
from tests.browser.chatting import Browser
from tests.browser.test_inbox_walk import InboxDesk, picture, sign_in


@pytest.fixture
def desk(settings: Settings) -> Iterator[InboxDesk]:
    live = InboxDesk(settings)
    live.start()
    live.add_user("Ana")
    yield live
    live.stop()


def test_the_reason_is_said_in_words_and_the_dialog_explains_more(browser: Browser, desk: InboxDesk) -> None:
    shopper = desk.shopper()
    desk.says(shopper, "unsure money for what i sent back")
    desk.heard(shopper, "Did you mean")
    sign_in(browser, desk, path=f"/inbox/{shopper.conversation_id}")
    browser.find(".msg--bot .why").click()
    browser.until(lambda: "When the money is back" in "".join(browser.texts(".intents")), "the title")
    section = browser.find("#side section[aria-live]").text
    assert "Language: English · 98%" in section
    assert "The first two readings were too close" in section
    assert "150% of the least" in section
    assert "L (wanted)" in section
    browser.find("#side [aria-haspopup=dialog]").click()
    browser.until(lambda: len(browser.all("#explained table")) == 3, "the explanation")
    told = browser.find("#explained").text
    assert "when is my money back" in told
    assert "+1.50" in told
    assert "It offers: When the money is back and How returns work." in told
    assert browser.js("return document.querySelector('#explained').contains(document.activeElement)")
    picture(browser, "inbox-explained")
    browser.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
    browser.until(lambda: not browser.find("#explained").is_displayed(), "the dialog shut")
    assert browser.complaints() == []


def test_a_brain_that_is_down_is_said_in_the_dialog(browser: Browser, desk: InboxDesk) -> None:
    shopper = desk.shopper()
    desk.says(shopper, "unsure money back")
    desk.heard(shopper, "Did you mean")
    desk.desk.brain.is_down = True
    sign_in(browser, desk, path=f"/inbox/{shopper.conversation_id}")
    browser.find(".msg--bot .why").click()
    browser.find("#side [aria-haspopup=dialog]").click()
    browser.until(lambda: len(browser.all("#explained .banner--bad")) == 1, "what is wrong")


def test_answers_in_another_language_have_their_english_below(browser: Browser, desk: InboxDesk) -> None:
    shopper = desk.shopper()
    desk.says(shopper, "in lt kur mano siunta")
    desk.heard(shopper, "echo")
    desk.says(shopper, "say utter_order_shipped Užsakymas A1044 jau pakeliui, veža DPD.")
    desk.heard(shopper, "jau pakeliui")
    desk.says(shopper, "say utter_made_up Labas.")
    desk.heard(shopper, "Labas")
    sign_in(browser, desk, path=f"/inbox/{shopper.conversation_id}")
    wanted = ["In English: Order A1044 is on its way, veža DPD."]
    browser.until(lambda: [x for x in browser.texts(".msg__english") if x] == wanted, "the English wording")
    assert "Lithuanian" in browser.find(".thread__meta").text
    picture(browser, "inbox-in-english")
    assert browser.complaints() == []
