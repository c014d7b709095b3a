"""What the browser tests are made of: a desk in a thread, a shop's site on another origin, and a Chromium."""

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from selenium import webdriver
from selenium.common.exceptions import ElementClickInterceptedException, StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from bot.core.settings import Settings
from tests.running import RunningDesk, running

PATIENCE = 12.0
REDRAWN = 20  # times at most, while one thing is asked of it
MODULES = ("chat", "widget", "demo_shop", "static_files", "theme")


class LiveDesk:
    """A desk in a thread of its own; `call` runs a coroutine function's coroutine in its loop."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._ready: Future[RunningDesk] = Future()
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> "LiveDesk":
        self._thread.start()
        self.desk = self._ready.result(30)
        self.url = f"http://localhost:{self._settings.port}"
        return self

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(15)

    def call(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(PATIENCE)

    def read(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return self.call(self.desk.services.database.read(function, *args, **kwargs))

    def write(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return self.call(self.desk.services.database.write(function, *args, **kwargs))

    def changed(self, conversation_id: str) -> None:
        self._loop.call_soon_threadsafe(self.desk.services.changed, conversation_id)

    def hold_answers(self) -> Callable[[], None]:
        """The brain thinks until the returned function is called."""
        gate = asyncio.Event()
        self.brain.gate = gate
        return lambda: self._loop.call_soon_threadsafe(gate.set) and None

    @property
    def brain(self) -> Any:
        return self.desk.brain

    def _run(self) -> None:
        self._loop.run_until_complete(self._main())

    async def _main(self) -> None:
        try:
            async with running(self._settings, modules=MODULES) as desk:
                self._ready.set_result(desk)
                await self._stop.wait()
        except BaseException as error:
            if not self._ready.done():
                self._ready.set_exception(error)
            raise


class ShopSite:
    """A shop on an origin of its own with a policy that allows nothing but the desk's script and frame."""

    def __init__(self, port: int, desk_url: str) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.extra = ""  # markup of the page's body
        self.tag = f'<script async src="{desk_url}/widget.js" data-accent="#7a1f5c"></script>'
        site = self
        policy = f"default-src 'none'; script-src {desk_url} 'self'; frame-src {desk_url}"

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                is_script = self.path.startswith("/own.js")
                body = site.script if is_script else site.page(self.path)
                self.send_response(200)
                self.send_header(
                    "Content-Type", "text/javascript" if is_script else "text/html; charset=utf-8"
                )
                self.send_header("Content-Security-Policy", policy)
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *args: Any) -> None:
                """Quiet."""

        self.script = ""
        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def page(self, path: str) -> str:
        return (
            '<!doctype html><html lang="en"><title>A strict shop</title><meta name="viewport" '
            'content="width=device-width"><script src="/own.js"></script>'
            f'{self.tag}<body><h1>Shop {path}</h1><a href="/other">Other page</a>{self.extra}</body></html>'
        )

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Found(WebElement):
    """The first element of a selector: sought again when the page has drawn it anew, clicked once it stands still."""

    def __init__(self, browser: "Browser", css: str) -> None:
        super().__init__(browser.driver, browser.first(css).id)
        self._browser, self._css = browser, css

    def click(self) -> None:
        def is_clicked() -> bool:
            place = self.rect
            return place == self.rect and WebElement.click(self) is None

        self._browser.until(is_clicked, f"{self._css}, still and free")

    def _execute(self, command: str, params: dict[str, Any] | None = None) -> Any:
        for _ in range(REDRAWN):
            try:
                return super()._execute(command, params)
            except StaleElementReferenceException:
                self._id = self._browser.first(self._css).id
        return super()._execute(command, params)


class Browser:
    """Chromium with waits instead of sleeps, and the chat's own words."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver

    def find(self, css: str) -> "Found":
        return Found(self, css)

    def first(self, css: str) -> WebElement:
        node: WebElement = self.until(lambda: next(iter(self.all(css)), None), css)
        return node

    def all(self, css: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, css)

    def texts(self, css: str) -> list[str]:
        script = "return [...document.querySelectorAll(arguments[0])].map((node) => node.textContent)"
        return list(self.driver.execute_script(script, css))

    def js(self, script: str, *args: Any) -> Any:
        return self.driver.execute_script(script, *args)

    def until(self, condition: Callable[[], Any], what: object = "") -> Any:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                found = condition()
            except (StaleElementReferenceException, ElementClickInterceptedException):  # it moves: look again
                found = None
            if found:
                return found
            if time.monotonic() > deadline:
                shown = self.driver.find_element(By.TAG_NAME, "body").text
                raise AssertionError(f"waited in vain for {what!r}; shown: {shown[:1500]!r}")
            time.sleep(0.05)

    def open_chat(self, desk: LiveDesk, query: str = "") -> None:
        self.driver.get(f"{desk.url}/chat{query}")
        self.ready()

    def ready(self) -> None:
        self.find("#app:not([aria-busy]) .start")
        self.until(lambda: self.js("return Boolean(localStorage.getItem('aisle.token'))"), "a token")

    def say(self, text: str) -> None:
        self.find("#composer").send_keys(text, Keys.ENTER)

    def bubbles(self) -> list[str]:
        return self.texts("#log .bubble")

    def heard(self, text: str, times: int = 1) -> None:
        """Wait until a message reads exactly `text`, `times` times."""
        self.until(lambda: self.bubbles().count(text) == times, f"{times} x {text}")

    def press(self, css: str, text: str) -> None:
        self.press_where(css, lambda said: said == text, text)

    def press_where(self, css: str, fits: Callable[[str], bool], what: str) -> None:
        """Press the first element whose words fit, as soon as there is one."""
        self.until(lambda: any(fits(node.text) and node.click() is None for node in self.all(css)), what)

    # --- the launcher on a shop's page
    @property
    def launcher(self) -> Any:
        return self.find("aisle-chat").shadow_root

    def launcher_button(self) -> Any:
        return self.launcher.find_element(By.CSS_SELECTOR, "button")

    def enter_frame(self) -> None:
        self.driver.switch_to.default_content()
        self.driver.switch_to.frame(
            self.until(lambda: self.launcher.find_elements(By.CSS_SELECTOR, "iframe"), "the frame")[0]
        )

    def leave_frame(self) -> None:
        self.driver.switch_to.default_content()

    # --- the world
    def command(self, name: str, **values: Any) -> Any:
        return self.driver.execute_cdp_cmd(name, values)

    def go_offline(self, is_offline: bool = True) -> None:
        self.command(
            "Network.emulateNetworkConditions",
            offline=is_offline,
            latency=0,
            downloadThroughput=-1,
            uploadThroughput=-1,
        )

    def block(self, *patterns: str) -> None:
        self.command("Network.enable")
        self.command("Network.setBlockedURLs", urls=list(patterns))

    def prefer(self, scheme: str) -> None:
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.command("Emulation.setEmulatedMedia", features=features)

    def complaints(self) -> list[str]:
        """What the browser's console says in anger: policy violations and script errors."""
        return [
            line["message"]
            for line in self.driver.get_log("browser")
            if line["level"] == "SEVERE" and "net::ERR_" not in line["message"]
        ]


def fresh(driver: webdriver.Chrome) -> Browser:
    for handle in driver.window_handles[1:]:
        driver.switch_to.window(handle)
        driver.close()
    driver.switch_to.window(driver.window_handles[0])
    driver.get("about:blank")
    driver.execute_cdp_cmd("Network.enable", {})
    driver.execute_cdp_cmd("Network.setBlockedURLs", {"urls": []})
    driver.execute_cdp_cmd("Network.clearBrowserCookies", {})  # they do not heed the port
    browser = Browser(driver)
    browser.go_offline(False)
    browser.prefer("light")
    driver.get_log("browser")
    return browser  # every desk has a port of its own, so nothing else is stored for it yet
