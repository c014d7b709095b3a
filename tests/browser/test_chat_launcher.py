"""The launcher on a shop's page: another origin, a strict policy, keyboard, phone, and its API."""

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.browser.chatting import Browser, LiveDesk, ShopSite

IN_FRAME = "return document.activeElement.id"
OUTSIDE = "return document.activeElement.localName"


def asked_for(browser: Browser) -> list[str]:
    """Addresses of the desk that the shop's page has fetched."""
    return list(
        browser.js("return performance.getEntriesByType('resource').map((e) => new URL(e.name).pathname)")
    )


def test_only_the_launcher_is_fetched_before_it_is_used(
    desk: LiveDesk, browser: Browser, shop_site: ShopSite
) -> None:
    browser.driver.get(shop_site.url)
    assert browser.launcher_button().accessible_name == "Open chat"
    assert [path for path in asked_for(browser) if path != "/own.js"] == ["/widget.js"]


@pytest.mark.parametrize(
    ("locale", "name"),
    [
        ("ka-GE", "ჩატის გახსნა"),
        ("sr", "Отвори чет"),
        ("sr-Latn-RS", "Otvori čet"),
        ("lt_LT", "Atidaryti pokalbį"),
        ("fi", "Open chat"),
    ],
)
def test_the_button_is_called_in_the_language_and_script_of_the_shop(
    desk: LiveDesk, browser: Browser, shop_site: ShopSite, locale: str, name: str
) -> None:
    shop_site.tag = shop_site.tag.replace("data-accent", f'data-locale="{locale}" data-accent')
    browser.driver.get(shop_site.url)
    assert browser.launcher_button().accessible_name == name


def test_it_works_on_a_shop_with_a_strict_policy(
    desk: LiveDesk, browser: Browser, shop_site: ShopSite
) -> None:
    browser.driver.get(shop_site.url)
    button = browser.launcher_button()
    assert browser.js("return getComputedStyle(arguments[0]).position", button) == "fixed"
    button.click()
    browser.enter_frame()
    browser.ready()
    browser.say("hello")
    browser.heard("echo: hello")
    assert browser.complaints() == []


def test_it_is_opened_used_and_closed_by_keyboard_and_focus_comes_back(
    desk: LiveDesk, browser: Browser, shop_site: ShopSite
) -> None:
    browser.driver.get(shop_site.url)
    button = browser.launcher_button()
    browser.js("arguments[0].focus()", button)
    button.send_keys(Keys.ENTER)
    assert button.get_attribute("aria-expanded") == "true"
    browser.enter_frame()
    browser.ready()
    browser.until(lambda: browser.js(IN_FRAME) == "composer", "focus in the chat")
    browser.driver.switch_to.active_element.send_keys("by keys", Keys.ENTER)
    browser.heard("echo: by keys")
    browser.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
    browser.leave_frame()
    browser.until(lambda: button.get_attribute("aria-expanded") == "false", "closed")
    assert browser.js(OUTSIDE) == "aisle-chat"
    assert button.accessible_name == "Open chat"


def test_an_answer_that_comes_while_closed_is_counted_on_the_button(
    desk: LiveDesk, browser: Browser, shop_site: ShopSite
) -> None:
    browser.driver.get(shop_site.url)
    button = browser.launcher_button()
    button.click()
    browser.enter_frame()
    browser.ready()
    answer = desk.hold_answers()
    browser.say("hello")
    browser.heard("hello")
    browser.find("button[aria-label='Close chat']").click()
    browser.leave_frame()
    answer()
    browser.until(lambda: button.accessible_name == "Open chat, 1 unread", "the count")
    browser.driver.get(f"{shop_site.url}/next")
    browser.until(
        lambda: browser.launcher_button().accessible_name == "Open chat, 1 unread", "the count again"
    )
    browser.launcher_button().click()
    browser.enter_frame()
    browser.heard("echo: hello")
    browser.leave_frame()
    browser.launcher_button().click()
    assert browser.launcher_button().accessible_name == "Open chat"


def test_an_open_chat_stays_open_from_page_to_page(
    desk: LiveDesk, browser: Browser, shop_site: ShopSite
) -> None:
    browser.driver.get(shop_site.url)
    browser.launcher_button().click()
    browser.enter_frame()
    browser.ready()
    browser.say("keep me")
    browser.heard("echo: keep me")
    browser.leave_frame()
    browser.find("a[href='/other']").click()
    browser.until(lambda: browser.driver.current_url.endswith("/other"), "the other page")
    assert browser.launcher_button().get_attribute("aria-expanded") == "true"
    assert browser.js(OUTSIDE) == "body"
    browser.enter_frame()
    browser.heard("echo: keep me")


def test_calls_made_before_it_loaded_are_carried_out(
    desk: LiveDesk, browser: Browser, shop_site: ShopSite
) -> None:
    shop_site.script = """
      window.AisleChat = window.AisleChat || function () { (AisleChat.q = AisleChat.q || []).push(arguments); };
      window.heard = [];
      AisleChat('on', 'open', () => heard.push('open'));
      AisleChat('on', 'message', (message) => heard.push(message.author));
      AisleChat('open');
      AisleChat('send', 'from the page');
    """
    browser.driver.get(shop_site.url)
    browser.enter_frame()
    browser.heard("echo: from the page")
    browser.leave_frame()
    browser.until(lambda: browser.js("return heard.join()") == "open,bot", "the events")
    browser.js("AisleChat('hide')")
    assert not browser.find("aisle-chat").is_displayed()
    browser.js("AisleChat('show')")
    assert browser.launcher_button().get_attribute("aria-expanded") == "false"


def test_the_bot_learns_which_page_and_product_the_shopper_sees(
    desk: LiveDesk, browser: Browser, shop_site: ShopSite
) -> None:
    shop_site.extra = (
        '<article data-sku="TENT-2"></article><script type="application/ld+json">'
        '{"@type": "Product", "name": "Two-person tent", "sku": "other"}</script>'
    )
    browser.driver.get(f"{shop_site.url}/tents")
    browser.launcher_button().click()
    browser.enter_frame()
    browser.ready()
    browser.press(".starter", "Is Two-person tent in stock?")
    browser.heard("echo: Is Two-person tent in stock?")
    assert desk.brain.turns[-1]["metadata"]["page"] == {
        "url": f"{shop_site.url}/tents",
        "title": "A strict shop",
        "sku": "TENT-2",
    }


def test_a_page_that_is_not_allowed_cannot_show_the_chat(
    desk: LiveDesk, browser: Browser, shop_site: ShopSite
) -> None:
    browser.driver.get(shop_site.url.replace("127.0.0.1", "localhost"))  # the same site by a name not allowed
    browser.js("window.isReady = false; AisleChat('on', 'ready', () => { window.isReady = true; })")
    browser.launcher_button().click()
    browser.until(
        lambda: any("frame-ancestors" in line["message"] for line in browser.driver.get_log("browser")),
        "the refusal",
    )
    assert browser.js("return isReady") is False
    note = browser.until(
        lambda: browser.launcher.find_elements(By.CSS_SELECTOR, ".note:not([hidden])"), "a word"
    )
    assert note[0].text.startswith("The chat cannot be reached right now.")
    browser.launcher_button().click()
    assert not note[0].is_displayed()


def test_forged_messages_move_nothing(desk: LiveDesk, browser: Browser, shop_site: ShopSite) -> None:
    browser.driver.get(shop_site.url)
    browser.launcher_button().click()
    browser.enter_frame()
    browser.ready()
    browser.js("window.postMessage({aisle: 1, type: 'send', text: 'forged inside'}, '*')")
    browser.leave_frame()
    browser.js(
        """window.postMessage({aisle: 1, type: 'navigate', url: '/evil'}, '*');
        window.postMessage({aisle: 1, type: 'close'}, '*');"""
    )
    browser.enter_frame()
    browser.say("real")
    browser.heard("echo: real")
    assert browser.bubbles() == ["real", "echo: real"]
    browser.leave_frame()
    assert browser.driver.current_url == f"{shop_site.url}/"
    assert browser.launcher_button().get_attribute("aria-expanded") == "true"


def test_on_a_phone_it_fills_the_screen_and_gives_it_back(
    desk: LiveDesk, phone: Browser, shop_site: ShopSite
) -> None:
    phone.driver.get(shop_site.url)
    phone.launcher_button().click()
    frame = phone.until(lambda: phone.launcher.find_elements(By.CSS_SELECTOR, "iframe.open"), "the frame")[0]
    size = "return [innerWidth, innerHeight]"
    phone.until(
        lambda: (
            [frame.rect["width"], frame.rect["height"], frame.rect["x"], frame.rect["y"]]
            == [*phone.js(size), 0, 0]
        ),
        "the whole screen",
    )
    assert phone.js("return document.documentElement.style.overflow") == "hidden"
    phone.enter_frame()
    phone.ready()
    phone.say("product")
    phone.find(".product")
    assert phone.js("return document.documentElement.scrollWidth <= innerWidth")
    assert phone.js("return getComputedStyle(document.getElementById('composer')).fontSize") == "16px"
    phone.find("button[aria-label='Close chat']").click()
    phone.leave_frame()
    phone.until(lambda: phone.js("return document.documentElement.style.overflow") == "", "scrolling again")


def test_motion_is_left_out_for_those_who_ask(desk: LiveDesk, browser: Browser, shop_site: ShopSite) -> None:
    browser.command(
        "Emulation.setEmulatedMedia", features=[{"name": "prefers-reduced-motion", "value": "reduce"}]
    )
    browser.driver.get(shop_site.url)
    button = browser.launcher_button()
    button.click()
    frame = browser.launcher.find_element(By.CSS_SELECTOR, "iframe")
    style = "const s = getComputedStyle(arguments[0]); return [s.transitionDuration, s.transform]"
    assert browser.js(style, frame) == ["0s", "none"]
