"""The page with the phones in a real browser: a shopper writes and taps on every channel, and trouble is switched."""

import dataclasses
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from bot.bootstrap import build_connectors
from bot.core import languages
from bot.core.settings import Settings
from bot.sandbox.accounts import environment, generated
from bot.sandbox.serving import InThread
from tests.browser.chatting import Browser, LiveDesk
from tests.running import running

pytestmark = pytest.mark.browser
PICTURES = os.environ.get("AISLE_TEST_PICTURES", "")
CHANNELS = ("messenger", "instagram", "whatsapp", "telegram")


class ChannelsDesk(LiveDesk):
    """A desk whose channels speak to the stand-in."""

    channels: Callable[[], dict[str, Any]]

    async def _main(self) -> None:
        try:
            async with running(self._settings, channels=self.channels()) as desk:
                self._ready.set_result(desk)
                await self._stop.wait()
        except BaseException as error:
            if not self._ready.done():
                self._ready.set_exception(error)
            raise


@pytest.fixture
def sandbox(settings: Settings) -> Iterator[InThread]:
    """The stand-in with a desk behind it."""
    accounts = generated(f"http://127.0.0.1:{settings.port}")
    started = InThread(accounts).start()
    desk = ChannelsDesk(dataclasses.replace(settings, public_url="https://shop.example"))
    desk.channels = lambda: dict(build_connectors(environment(accounts, started.url)))
    desk.start()
    yield started
    desk.stop()
    started.stop()


class Phone:
    """One phone on the page."""

    def __init__(self, browser: Browser, channel: str) -> None:
        self.browser, self.css = browser, f'.unit[data-channel="{channel}"]'

    def write(self, text: str) -> None:
        self.browser.find(f"{self.css} .compose__text").send_keys(text, Keys.ENTER)

    def shows(self, text: str, css: str = ".log") -> None:
        self.browser.until(
            lambda: text in " ".join(self.browser.texts(f"{self.css} {css}")), f"{text} in {self.css} {css}"
        )

    def press(self, css: str, text: str) -> None:
        self.browser.press_where(f"{self.css} {css}", lambda said: said.startswith(text), text)


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_shopper_writes_and_taps(channel: str, sandbox: InThread, browser: Browser) -> None:
    browser.driver.get(sandbox.url)
    phone = Phone(browser, channel)
    phone.write("hello")
    phone.shows("echo: hello", ".said--other")
    phone.write("buttons")
    phone.press(".quick button, .taps button", "Yes")
    phone.shows("You said yes.", ".said--other")
    phone.write("product")
    phone.shows("Two-person tent", ".said--other")
    browser.until(lambda: browser.all(f"{phone.css} .ticks--seen, {phone.css} .ticks--delivered"), "marks")
    assert browser.complaints() == []


def test_what_else_a_shopper_does(sandbox: InThread, browser: Browser) -> None:
    browser.driver.get(sandbox.url)
    phone = Phone(browser, "instagram")
    phone.write("helo")
    phone.shows("echo: helo")
    phone.press("[data-act=image]", "Send a picture")
    picture = f"{phone.css} .picture"
    browser.until(
        lambda: browser.js("return document.querySelector(arguments[0])?.naturalWidth > 0", picture), picture
    )
    phone.press("[data-act=story_mention]", "Mention")
    browser.find(f"{phone.css} .story img")
    browser.js("document.querySelector(arguments[0]).open = true", f"{phone.css} .said--own .more")
    phone.press(".said--own .more__items button", "Edit")
    browser.find("#ask-text").send_keys(Keys.CONTROL, "a", Keys.NULL, "hello there")
    browser.find("#ask button.main").click()
    phone.shows("hello there", ".said--own")
    phone.shows("edited", ".said--own")
    phone.press("[data-act=wait]", "Let 25 hours pass")
    phone.shows("Window closed", ".chip")
    phone.press("[data-act=inbox]", "Write from")
    browser.find("#ask button.main").click()
    phone.shows("this is Robin", ".said--other")
    assert browser.complaints() == []


def test_trouble_is_switched_and_a_new_shopper_comes(sandbox: InThread, browser: Browser) -> None:
    browser.driver.get(sandbox.url)
    card = '.trouble__card[data-channel="telegram"]'
    browser.find(f"{card} select").find_element(By.CSS_SELECTOR, "option[value=error]").click()
    key = sandbox.call(lambda one: one.world.account("telegram").key)
    browser.until(
        lambda: sandbox.call(lambda one: list(one.world.faults[key].script)) == ["error"], "the script"
    )
    for box in browser.all(f"{card} input[type=checkbox]")[:2]:
        box.click()
    browser.until(lambda: sandbox.call(lambda one: one.world.faults[key].twice) == 1, "webhooks twice")
    assert sandbox.call(lambda one: one.world.faults[key].dead_token) == "expired"
    phone = Phone(browser, "telegram")
    phone.press(".unit__head button", "+")
    browser.until(lambda: len(browser.all(f"{phone.css} .unit__who option")) == 2, "two shoppers")
    phone.shows("No messages yet")
    phone.press("[data-act=start]", "Get started")
    phone.shows("/start", ".said--own")


def test_on_a_small_screen_in_lithuanian_and_by_keyboard(sandbox: InThread, phone: Browser) -> None:
    phone.driver.get(f"{sandbox.url}/?lang=lt")
    Phone(phone, "messenger").shows("Žinučių dar nėra")
    assert phone.js("return document.documentElement.scrollWidth <= innerWidth")
    unnamed = """
        return [...document.querySelectorAll("button, a, select, input, textarea, img, [role=log], [role=group]")]
          .filter((node) => node.checkVisibility())
          .filter((node) => !node.textContent.trim() && !node.ariaLabel && node.alt === undefined)
          .filter((node) => !node.labels?.length)
          .map((node) => node.outerHTML)
    """
    assert phone.js(unnamed) == []
    phone.driver.find_element(By.TAG_NAME, "body").send_keys(Keys.TAB)
    seen = set()
    for _ in range(60):
        node = phone.driver.switch_to.active_element
        seen.add(str(node.get_attribute("class")))
        node.send_keys(Keys.TAB)
    assert {"compose__text", "compose__send", "log", "plain"} <= seen
    assert phone.complaints() == []


def test_dark_and_light_can_be_read(sandbox: InThread, browser: Browser) -> None:
    browser.driver.get(sandbox.url)
    for channel in CHANNELS:
        Phone(browser, channel).write("buttons")
        Phone(browser, channel).shows("Shall I?", ".said--other")
    contrast = (Path(__file__).parent / "contrast.js").read_text()
    for scheme in ("light", "dark"):
        browser.prefer(scheme)
        selector = ".bubble, .meta time, .tap, .quick button, .plain, .chip, .phone__name small, .hint, .note"
        found = json.loads(browser.js(contrast, selector))
        assert [item for item in found if item["ratio"] < 4.5] == [], scheme
        if PICTURES:
            browser.driver.save_screenshot(f"{PICTURES}/phones-{scheme}.png")


@pytest.mark.parametrize("locale", languages.texts("phones"))
def test_every_text_is_there_in_every_language(locale: str) -> None:
    english, translated = (languages.texts("phones")[name] for name in ("en", locale))
    missing = {key for key in english if key not in translated and not key.startswith("channel.")}
    assert missing == set()
    assert set(translated) <= set(english)
    slots = {key: sorted(part.split("}")[0] for part in text.split("{")[1:]) for key, text in english.items()}
    other = {
        key: sorted(part.split("}")[0] for part in text.split("{")[1:]) for key, text in translated.items()
    }
    assert {key: other[key] for key in other} == {key: slots[key] for key in other}
