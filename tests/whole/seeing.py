"""What a person does in a browser window: waits for what is shown, presses what it says, and takes pictures."""

from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.browser.chatting import Browser

STILL = """
const isOver = (a) => a.playState !== 'running' || a.effect.getTiming().iterations === Infinity;
return document.fonts.status === 'loaded' && document.getAnimations().every(isOver)
  && [...document.images].every((image) => image.complete || image.loading === 'lazy');
"""
LEFT_BELOW = (
    "const s = document.querySelector('.scroller'); return s.scrollHeight - s.scrollTop - s.clientHeight"
)


class Window(Browser):
    """A Chromium of one person; `picture` keeps what is seen."""

    def __init__(self, driver: webdriver.Chrome, pictures: Path) -> None:
        super().__init__(driver)
        self._pictures = pictures

    def picture(self, name: str) -> None:
        """A PNG of the window as it stands, with nothing still moving or loading."""
        self.until(lambda: self.js(STILL), "a still picture")
        self._pictures.mkdir(parents=True, exist_ok=True)
        (self._pictures / f"{name}.png").write_bytes(self.driver.get_screenshot_as_png())

    def picture_of_shop(self, name: str) -> None:
        """A picture of the shop's page with the chat open in it, once the thread rests at its end."""
        self.until(lambda: self.js(STILL), "the chat to be still")
        self.until(lambda: self.js(LEFT_BELOW) < 4, "the end of the thread")
        self.leave_frame()
        self.picture(name)
        self.enter_frame()

    def go_to(self, css: str) -> None:
        """Scroll until an element is in the middle of the window."""
        self.js("arguments[0].scrollIntoView({ block: 'center' })", self.find(css))

    def shows(self, text: str, css: str = "body") -> Any:
        """Wait until an element shows `text`."""
        return self.until(lambda: next((node for node in self.all(css) if text in node.text), None), text)

    def press_text(self, text: str, css: str = "button, a, summary, [role=menuitem], [role=button]") -> None:
        """Press what reads exactly `text`."""
        self.press_where(css, lambda said: said.strip() == text, text)

    def write(self, css: str, text: str, *, then: str = "") -> None:
        field = self.find(css)
        field.clear()
        field.send_keys(text, then)

    # --- the shopper
    def open_shop_chat(self, url: str) -> None:
        """Open the shop's page and the chat by its launcher."""
        self.driver.get(url)
        self.launcher_button().click()
        self.enter_frame()
        self.ready()

    def answer(self, text: str) -> str:
        """Say something in the chat; what is said back, once nobody is typing any more."""
        before = len(self.all("#log .row:not(.row-shopper)"))
        self.say(text)
        self.until(lambda: len(self.all("#log .row:not(.row-shopper)")) > before, f"an answer to {text!r}")
        said: str = self.until(
            lambda: "\n".join(node.text for node in self.all("#log .row:not(.row-shopper)")[before:]), "words"
        )
        return said

    # --- people of the shop
    def sign_in(self, url: str, person: dict[str, str]) -> None:
        """Sign in on the page that asks for it at `url`."""
        self.driver.get(url)
        self.write("#email", person["email"])
        self.write("#password", person["password"], then=Keys.ENTER)
        self.until(
            lambda: self.driver.find_elements(By.CSS_SELECTOR, "header.top"), "the page behind the sign-in"
        )
