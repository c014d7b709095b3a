"""What agents see of the channels of other houses, in a real browser with the stand-in of the platforms."""

import dataclasses
import json
import os
from base64 import b64decode
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from sqlalchemy import select

from bot.bootstrap import build_connectors
from bot.core.settings import Settings
from bot.core.times import now
from bot.desk import people
from bot.sandbox.accounts import environment, generated
from bot.sandbox.acts import perform
from bot.sandbox.serving import InThread
from bot.sandbox.world import Entry, Person
from bot.store.tables import Conversation
from tests.browser.chatting import Browser, LiveDesk
from tests.running import running

pytestmark = pytest.mark.browser
PASSWORD = "a long enough password"
PICTURES = os.environ.get("AISLE_TEST_PICTURES", "")
NAMES = {
    "messenger": "Maria Example",
    "instagram": "Jonas Example",
    "whatsapp": "Aylin Example",
    "telegram": "Petra Example",
}
PIXEL = b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
UNNAMED = """
    return [...document.querySelectorAll("button, a, select, input, textarea, img, audio, video, [role=log]")]
      .filter((node) => node.checkVisibility() && !node.textContent.trim() && !node.ariaLabel && !node.alt)
      .filter((node) => !node.labels?.length && !node.querySelector("img[alt]:not([alt=''])"))
      .map((node) => node.outerHTML)
"""


class ChannelsDesk(LiveDesk):
    """A desk with all its pages, whose channels speak to the stand-in."""

    def __init__(self, settings: Settings, channels: dict[str, Any]) -> None:
        super().__init__(settings)
        self._channels = channels

    async def _main(self) -> None:
        try:
            async with running(self._settings, channels=self._channels) as desk:
                self._ready.set_result(desk)
                await self._stop.wait()
        except BaseException as error:
            if not self._ready.done():
                self._ready.set_exception(error)
            raise


@dataclasses.dataclass
class House:
    """The desk and the platforms it speaks to."""

    desk: ChannelsDesk
    sandbox: InThread

    def acts(self, channel: str, kind: str, **fields: Any) -> Entry:
        """A shopper does something on a channel."""
        person = str(37_060_000_000 + list(NAMES).index(channel))

        def work(one: Any) -> Entry:
            account = one.world.account(channel)
            if one.world.thread(account, person) is None:
                username = NAMES[channel].lower().replace(" ", ".") if channel != "whatsapp" else ""
                one.world.meet(account, Person(person, NAMES[channel], "en_GB", username))
            if "media" in fields:
                fields["media"] = one.world.store("image/png", fields["media"]).id
            return perform(one.world, channel, person, kind, fields)

        return self.sandbox.call(work)


@pytest.fixture
def house(settings: Settings) -> Iterator[House]:
    accounts = generated(f"http://127.0.0.1:{settings.port}")
    sandbox = InThread(accounts).start()
    channels = dict(build_connectors(environment(accounts, sandbox.url)))
    desk = ChannelsDesk(dataclasses.replace(settings, public_url="https://shop.example"), channels)
    desk.start()
    desk.write(people.add_user, email="ana@shop.test", name="Ana", role="agent", password=PASSWORD)
    yield House(desk, sandbox)
    desk.stop()
    sandbox.stop()


def picture(browser: Browser, name: str) -> None:
    if PICTURES:
        Path(PICTURES).mkdir(parents=True, exist_ok=True)
        browser.driver.save_screenshot(f"{PICTURES}/{name}.png")


def sign_in(browser: Browser, house: House, path: str = "/inbox?view=all") -> None:
    browser.driver.get(house.desk.url + path)
    browser.find("#email").send_keys("ana@shop.test")
    browser.find("#password").send_keys(PASSWORD, Keys.ENTER)
    browser.find(".top")


def shows(browser: Browser, css: str, text: str) -> None:
    browser.until(lambda: text in " ".join(browser.texts(css)), f"{text} in {css}")


def open_row(browser: Browser, name: str) -> None:
    browser.press_where("a.row", lambda said: name in said, name)
    shows(browser, "#thread-title", name)


def check_contrast(browser: Browser, selector: str) -> None:
    contrast = (Path(__file__).parent / "contrast.js").read_text()
    for scheme in ("light", "dark"):
        browser.prefer(scheme)
        browser.js("document.getAnimations().forEach((one) => one.finish())")  # colours that are on their way
        found = json.loads(browser.js(contrast, selector))
        assert [item for item in found if item["ratio"] < 4.5] == [], scheme
    browser.prefer("light")


def test_a_message_from_messenger_is_answered_and_seen_to_arrive(browser: Browser, house: House) -> None:
    sign_in(browser, house, "/inbox")
    house.acts("messenger", "text", text="person my tent has a hole")
    open_row(browser, "Maria Example")
    icon = "return document.querySelector('a.row .row__icon use')?.getAttribute('href')"
    browser.until(lambda: str(browser.js(icon)).endswith("#messenger"), "the icon")
    shows(browser, "a.row", "(Messenger)")
    browser.find("[data-act=take]").click()
    field = browser.find("#composer")
    browser.until(field.is_displayed, "the composer")
    field.send_keys("I am Ana. We will send you a new tent.", Keys.ENTER)
    browser.until(lambda: browser.texts(".msg--agent .fate")[-1:] == ["Delivered"], "delivered")
    house.acts("messenger", "read")
    browser.until(lambda: browser.texts(".msg--agent .fate")[-1:] == ["Seen"], "seen")
    picture(browser, "channels-messenger")
    house.acts("messenger", "comment", text="Does this tent stand up to rain?")
    browser.driver.get(f"{house.desk.url}/inbox/touches")
    shows(browser, ".touch__text", "Does this tent stand up to rain?")
    shows(browser, ".touch__head", "Comment · Messenger")
    assert browser.js(UNNAMED) == []
    picture(browser, "channels-touches")
    check_contrast(browser, ".touch *, .touches__head *")
    assert browser.complaints() == []


def test_what_shoppers_do_elsewhere_is_seen(browser: Browser, house: House) -> None:
    house.acts("whatsapp", "text", text="person helo")
    sign_in(browser, house)
    open_row(browser, "Aylin Example")
    house.acts("whatsapp", "image", media=PIXEL)
    photo = ".msg--shopper img.picture"
    browser.until(
        lambda: browser.js("return document.querySelector(arguments[0])?.naturalWidth > 0", photo),
        "the photo",
    )
    assert "/media?part=0" in str(browser.js("return document.querySelector(arguments[0]).src", photo))
    said = house.acts("whatsapp", "text", text="secret words")
    shows(browser, ".msg--shopper", "secret words")
    house.acts("whatsapp", "edit", target=said.platform_id, text="other words")
    shows(browser, ".msg--shopper", "other words")
    shows(browser, ".msg--shopper .msg__foot", "edited")
    house.acts("whatsapp", "unsend", target=said.platform_id)
    shows(browser, ".bubble--gone", "Removed by the shopper")
    assert "other words" not in " ".join(browser.texts(".msg"))
    house.acts("whatsapp", "location")
    shows(browser, ".file", "Place")
    picture(browser, "channels-whatsapp")
    assert browser.js(UNNAMED) == []
    check_contrast(browser, ".msg *, .side *, .thread__meta *")
    assert browser.complaints() == []


def test_a_story_and_an_answer_elsewhere(browser: Browser, house: House) -> None:
    house.acts("instagram", "story_reply", text="person is this tent in stock?")
    sign_in(browser, house)
    open_row(browser, "Jonas Example")
    shows(browser, ".msg__context", "About your story")
    house.acts("instagram", "text", text="hello?")
    browser.find("[data-act=hand_back]").click()
    shows(browser, ".thread__meta .chip", "With the bot")  # an answer of before would not count against it
    house.acts("instagram", "inbox", text="Robin here, in the other inbox")
    shows(browser, ".thread__meta .chip", "Answered elsewhere")
    shows(browser, ".handoff", "the bot keeps quiet")
    shows(browser, ".msg--agent .msg__head", "Answered in another inbox")
    shows(browser, ".locked", "Take the conversation to answer here")
    picture(browser, "channels-elsewhere")
    browser.find(".locked__acts .button--main").click()
    shows(browser, ".thread__meta .chip", "With you")
    assert browser.complaints() == []


def test_the_list_is_narrowed_to_a_channel_and_the_address_keeps_it(browser: Browser, house: House) -> None:
    for channel in NAMES:
        house.acts(channel, "text", text="hello")
    sign_in(browser, house)
    browser.until(lambda: len(browser.all("a.row")) == 4, "all channels")
    browser.find("#channel option[value=telegram]").click()
    browser.until(lambda: len(browser.all("a.row")) == 1, "one channel")
    assert "channel=telegram" in browser.driver.current_url
    house.acts("whatsapp", "text", text="again")
    browser.driver.refresh()
    browser.until(lambda: len(browser.all("a.row")) == 1, "one channel, again")
    shows(browser, "a.row", "Petra Example")
    picture(browser, "channels-list")
    assert browser.js(UNNAMED) == []
    assert browser.complaints() == []


def test_two_shoppers_are_merged_and_each_shows_the_others_conversation(
    browser: Browser, house: House
) -> None:
    house.acts("whatsapp", "text", text="hello from WhatsApp")
    house.acts("telegram", "text", text="hello from Telegram")
    sign_in(browser, house)
    browser.until(lambda: len(browser.all("a.row")) == 2, "two shoppers")
    open_row(browser, "Petra Example")
    browser.find(".only-narrow").click()
    browser.find("#merge-button").click()
    browser.find("#merge-search").send_keys("aylin")
    browser.find(".merge__one input").click()
    shows(browser, "#merge-compared", "One profile stays")
    assert browser.js(UNNAMED) == []
    picture(browser, "channels-merge")
    check_contrast(browser, "#merge *")
    browser.find("#merge-confirm").click()
    browser.until(lambda: not browser.find("#merge").is_displayed(), "the dialog shut")
    shows(browser, ".msg--note", "Ana merged this shopper with")
    shows(browser, ".identities", "WhatsApp")
    shows(browser, ".side .episodes", "hello from WhatsApp")
    picture(browser, "channels-merged")
    browser.press_where(".side .episodes a", lambda said: "WhatsApp" in said, "the one from WhatsApp")
    shows(browser, ".thread__meta", "WhatsApp")
    shows(browser, ".msg--note", "Ana merged this shopper with")
    assert browser.complaints() == []


def test_why_no_reply_can_leave_is_said_in_words(browser: Browser, house: House) -> None:
    house.acts("messenger", "text", text="person help")
    sign_in(browser, house)
    open_row(browser, "Maria Example")
    browser.find("[data-act=take]").click()
    field = browser.find("#composer")
    browser.until(field.is_displayed, "the composer")
    browser.js(
        "const f = arguments[0]; f.value = 'long '.repeat(900); f.dispatchEvent(new Event('input'))", field
    )
    shows(browser, ".composer__advice", "at least 3 parts")
    picture(browser, "channels-parts")
    house.desk.write(_forget_when_they_wrote)
    browser.driver.refresh()
    shows(browser, ".locked", "You can write again once they do")
    assert not browser.find("#composer").is_displayed()
    picture(browser, "channels-locked")
    assert browser.complaints() == []


def _forget_when_they_wrote(session: Any) -> None:
    row = session.scalars(select(Conversation)).one()
    row.window_at = row.last_shopper_at = now() - timedelta(days=8)


def test_on_a_phone_in_lithuanian(phone: Browser, house: House) -> None:
    house.acts("whatsapp", "text", text="person sveiki")
    house.acts("whatsapp", "image", media=PIXEL)
    house.acts("messenger", "comment", text="Ar palapinė neperšlampa?")
    sign_in(phone, house)
    phone.js("document.cookie = 'aisle_locale=lt; path=/'")
    for path, name, css in (
        ("/inbox?view=all", "phone-list", "a.row"),
        ("/inbox/touches", "phone-touches", ".touch"),
    ):
        phone.driver.get(house.desk.url + path)
        phone.find(css)
        assert phone.js("return document.documentElement.scrollWidth <= innerWidth"), path
        picture(phone, f"channels-{name}")
    shows(phone, ".touch__head", "Komentaras")
    phone.driver.get(f"{house.desk.url}/inbox?view=all")
    phone.find("a.row").click()
    shows(phone, ".msg--shopper .msg__head", "Aylin")
    assert phone.js("return document.documentElement.scrollWidth <= innerWidth")
    picture(phone, "channels-phone-thread")
    phone.find(".only-narrow").click()
    phone.find("#merge-button")
    picture(phone, "channels-phone-side")
    phone.find("#merge-button").click()
    phone.until(lambda: phone.find("#merge-search").is_displayed(), "the search")
    phone.find("#merge-search").send_keys("a")
    picture(phone, "channels-phone-merge")
    phone.driver.find_element(By.TAG_NAME, "body").send_keys(Keys.ESCAPE)
    assert phone.complaints() == []


def test_what_was_refused_says_why_and_is_sent_again(browser: Browser, house: House) -> None:
    house.acts("messenger", "text", text="person help")
    sign_in(browser, house)
    open_row(browser, "Maria Example")
    browser.find("[data-act=take]").click()
    browser.until(lambda: browser.find("#composer").is_displayed(), "the composer")
    house.acts("messenger", "block")
    browser.find("#composer").send_keys("Here is your answer", Keys.ENTER)
    shows(browser, ".msg--failed .is-bad", "Not delivered")
    shows(browser, ".locked", "cannot be reached")
    house.acts("messenger", "block", is_on=False)
    house.acts("messenger", "text", text="sorry, here I am")
    browser.until(lambda: browser.find("#composer").is_displayed(), "the composer again")
    browser.find(".msg--failed button").click()
    browser.until(lambda: not browser.all(".msg--failed, .msg--pending"), "nothing failed")
    assert browser.texts(".msg--agent .bubble").count("Here is your answer") == 1
    assert browser.complaints() == []
