"""Desk pages in languages Chromium does not know: dates, numbers and units are the language's own, none English."""

import re
from collections.abc import Iterator

import pytest

from bot.core.settings import Settings
from bot.desk.demo_history import load_history
from tests.browser.chatting import Browser
from tests.browser.test_dashboard import ready
from tests.browser.test_inbox_walk import InboxDesk, sign_in

ENGLISH = re.compile(
    r"\b(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|(?:Sept?|Oct|Nov|Dec)(?:(?:o|em)ber)?"
    r"|(?:Mon|Tues?|Wed(?:nes)?|Thu(?:rs)?|Fri|Sat(?:ur)?|Sun)(?:day)?)\b"
    r"|\d\s?(?:[smhd]\b|[AP]M)|\d\.\d+\s?%|\d,\d{3}\b"
    r"|\b(?:English|Lithuanian|Georgian|Armenian|Serbian|Swahili)\b"
)
MONTHS = {
    "ka": "იან|თებ|მარ|აპრ|მაი|ივნ|ივლ|აგვ|სექ|ოქტ|ნოე|დეკ",
    "hy": "հնվ|փտվ|մրտ|ապր|մյս|հնս|հլս|օգս|սեպ|հոկ|նոյ|դեկ",
}


@pytest.fixture
def desk(settings: Settings) -> Iterator[InboxDesk]:
    live = InboxDesk(settings)
    live.start()
    live.add_user("Mia", role="manager")
    yield live
    live.stop()


def speak(browser: Browser, locale: str) -> None:
    browser.driver.add_cookie({"name": "aisle_locale", "value": locale, "path": "/"})


def english(text: str) -> list[str]:
    return [found[0] for found in ENGLISH.finditer(text)]


def test_the_dashboard_is_georgian_to_its_axes(browser: Browser, desk: InboxDesk) -> None:
    load_history(desk.desk.services.database, days=40, episodes_per_day=12)
    sign_in(browser, desk, email="mia@shop.test")
    speak(browser, "ka")
    browser.driver.get(f"{desk.url}/dashboard")
    ready(browser.driver)
    for panel in browser.all(".panel"):
        browser.js("arguments[0].scrollIntoView()", panel)
        browser.until(lambda box=panel: box.get_property("textContent"), "a panel")
    browser.until(lambda: not browser.all("#panels [aria-busy=true]"), "all panels")
    assert re.fullmatch(
        rf"\d+ (?:{MONTHS['ka']})\. \d{{4}} – .*\(Europe/Vilnius\)", browser.find("#span").text
    )
    rows = browser.texts("[data-panel=volume] svg text.axis")[:7]
    assert rows == ["ორშ", "სამ", "ოთხ", "ხუთ", "პარ", "შაბ", "კვი"]
    axis = "[data-panel=conversations] svg text.axis--middle"
    assert all(re.fullmatch(rf"\d+ (?:{MONTHS['ka']})", text) for text in browser.texts(axis))
    assert any(re.search(r"\d,\d%$", text) for text in browser.texts(".figure__value"))
    assert any("წმ" in text for text in browser.texts(".figure__value"))
    browser.js(
        "for (const swap of document.querySelectorAll('#panels button[aria-pressed=false]')) swap.click()"
    )
    browser.js(
        "document.querySelectorAll('[data-panel=csat] table').forEach((x) => x.remove())"
    )  # shoppers' words
    assert english(browser.find("main").text) == []
    assert browser.complaints() == []


def test_a_waiting_conversation_is_armenian_but_for_what_was_said(browser: Browser, desk: InboxDesk) -> None:
    shopper = desk.shopper()
    desk.says(shopper, "unsure money back")
    desk.heard(shopper, "Did you mean")
    desk.says(shopper, "person my tent has a hole")
    desk.heard(shopper, "No person is at the desk")
    sign_in(browser, desk, email="mia@shop.test")
    speak(browser, "hy")
    browser.driver.get(f"{desk.url}/inbox/{shopper.conversation_id}")
    browser.find(".handoff")
    assert re.fullmatch(rf"\d+ (?:{MONTHS['hy']}), \d{{4}} թ\.", browser.texts(".day")[0])
    assert "անգլերեն" in browser.find(".thread__meta").text
    assert re.search(r"\d+\u00a0[վր]$", browser.texts(".row .wait")[0])
    browser.until(lambda: "faq/returns" not in "".join(browser.texts(".tried")), "titles")
    browser.find(".msg--bot .why").click()
    browser.find("#side .intents")
    browser.find("#side [aria-haspopup=dialog]").click()
    browser.until(lambda: len(browser.all("#explained table")) == 3, "the explanation")
    assert "+1,50" in browser.find("#explained").text
    assert "Երբ կվերադարձվի գումարը և Ինչպես վերադարձնել" in browser.find("#explained").text
    browser.js("document.querySelectorAll('.bubble, q, .handoff__wants').forEach((x) => x.remove())")
    shown = browser.js("return document.querySelector('#columns').innerText")
    assert english(shown.replace(shopper.conversation_id[:4], "")) == []  # her name: "123d" is no three days
    assert browser.complaints() == []
