"""The whole way of a shopper, an agent and a manager through the real product, in real browsers."""

from collections.abc import Callable
from typing import Any

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.whole.product import Product
from tests.whole.seeing import Window

pytestmark = [pytest.mark.browser, pytest.mark.brain]

ORDER, EMAIL = "A1090", "grace.whitfield@example.com"
COMMENT = "Robin knew at once what to do"


def number_of(window: Window, metric: str, column: str, row: str = "all") -> Any:
    """A number of the dashboard as its page gets it: of these days, without demo data."""
    script = """
        const [name, column, row, done] = arguments;
        fetch(`/api/dashboard/${name}?period=7d&demo=no`).then((answer) => answer.json()).then((result) => {
          const place = result.columns.findIndex((item) => item.name === column);
          const found = result.rows.find((item) => item.key === row);
          done(found ? found.cells[place] : 0);
        });"""
    return window.driver.execute_async_script(script, metric, column, row) or 0


def rows(window: Window) -> list[str]:
    """Ids of the conversations in the list of the inbox."""
    return list(
        window.js("return [...document.querySelectorAll('#rows a.row')].map((row) => row.dataset.id)")
    )


def test_from_the_shop_page_to_the_manager_s_numbers(
    product: Product, open_window: Callable[..., Window]
) -> None:
    manager = open_window("manager")
    manager.sign_in(f"{product.url}/dashboard?period=7d&demo=no", product.sign_ins["manager"])
    before = {
        "conversations": number_of(manager, "conversations", "conversations"),
        "handoffs": number_of(manager, "handoffs", "conversations", "reason:asked"),
        "answers": number_of(manager, "csat", "n"),
        "replies": number_of(manager, "first_human_response", "answers"),
    }
    agent = open_window("agent")
    agent.sign_in(f"{product.url}/inbox", product.sign_ins["agent"])
    agent.find("#rows[aria-busy=false]")

    # the shop's page, the launcher, who answers
    shopper = open_window("shopper")
    shopper.driver.get(f"{product.url}/shop")
    shopper.find("#main img")
    shopper.picture("01-shop")
    shopper.launcher_button().click()
    shopper.enter_frame()
    shopper.ready()
    shopper.shows("Lumi")
    shopper.leave_frame()
    shopper.picture("02-chat-opened")
    shopper.enter_frame()

    assert "bot" in shopper.answer("hello").lower()

    # a product question, answered with a card
    shopper.answer("Do you have a tent for 2 people under 300 euro?")
    card = shopper.find("#log .product")
    assert "Tarn Trail Tent" in shopper.texts("#log .product h4")
    assert "€" in card.text
    shopper.picture_of_shop("03-product-card")

    assert "30 days" in shopper.answer("how do i return something?")

    # where an order is: first with a wrong proof, then with the right one
    assert "number" in shopper.answer("where is my order").lower()
    shopper.answer(ORDER)
    wrong = shopper.answer("somebody.else@example.com")
    assert not shopper.all("#log .order")
    assert ORDER not in shopper.texts("#log .order h4")
    assert "Grace" not in wrong
    shopper.answer(f"sorry, it is {EMAIL}")
    shopper.find("#log .order")
    shopper.shows(f"Order {ORDER}", "#log .order")
    shopper.picture_of_shop("04-order")

    # a person is asked for; the agent sees it come in live, with what was collected
    waiting = set(rows(agent))
    shopper.answer("I want to talk to a person please")
    shopper.shows("Waiting for a person", "#log .notice")
    fresh = agent.until(lambda: set(rows(agent)) - waiting, "the row of the shopper who waits").pop()
    shopper.picture_of_shop("05-waiting")
    agent.picture("05-queue")
    agent.find(f"#rows a.row[data-id='{fresh}']").click()
    agent.shows("Asked for a person", ".handoff")
    agent.shows(ORDER, ".handoff")
    agent.shows("Grace Whitfield", "#side")
    agent.find("[data-act=take]").click()
    agent.shows("With you", ".thread__head")
    shopper.shows("Robin Hale has joined", "#log .notice")
    agent.write("#composer", "Good day, Grace. I am looking after your parcel now.", then=Keys.ENTER)
    shopper.shows("I am looking after your parcel now", "#log .row-agent")
    assert shopper.texts(".who h1") == ["Robin Hale"]
    shopper.say("thank you Robin")
    agent.shows("thank you Robin", ".msg--shopper")
    shopper.picture_of_shop("06-agent-replied")
    agent.picture("07-inbox")

    # the end, and the rating
    agent.find("[data-act=close]").click()
    agent.shows("Closed", ".thread__head")
    shopper.find("#log .rating")
    first = shopper.find("#log .rating input[type=radio]")
    first.send_keys(Keys.SPACE, *[Keys.ARROW_RIGHT] * 4)
    shopper.press("#log .rating button", "Send rating")
    shopper.find("#log .rating textarea").send_keys(COMMENT)
    shopper.picture_of_shop("08-rating")
    shopper.press("#log .rating button", "Send comment")
    shopper.shows("You gave 5 of 5", "#log .rating")
    agent.shows("Rated 5 of 5", "#thread")

    # the manager counts it, and looks at the conversation behind the number
    manager.driver.get(f"{product.url}/dashboard?period=7d&demo=no")
    manager.until(
        lambda: (
            number_of(manager, "conversations", "conversations") == before["conversations"] + 1
            and number_of(manager, "handoffs", "conversations", "reason:asked") == before["handoffs"] + 1
            and number_of(manager, "csat", "n") == before["answers"] + 1
            and number_of(manager, "first_human_response", "answers") == before["replies"] + 1
        ),
        f"the numbers to go up from {before}",
    )
    manager.driver.refresh()
    manager.until(lambda: not manager.all("#figures [aria-busy=true], #figures .skeleton"), "the figures")
    manager.picture("09-dashboard")
    manager.driver.get(f"{product.url}/dashboard?period=28d&demo=yes&compare=yes")
    manager.until(lambda: not manager.all("#figures [aria-busy=true], #figures .skeleton"), "the figures")
    manager.until(
        lambda: manager.all("[data-panel=outcomes] svg, [data-panel=outcomes] ol"), "the first panel"
    )
    manager.picture("10-dashboard-with-demo")
    manager.driver.back()
    manager.go_to("[data-panel=handoffs]")  # panels below are drawn when they come into sight
    manager.shows("Asked for a person", "[data-panel=handoffs]")
    manager.go_to("[data-panel=csat]")
    manager.shows(COMMENT, "[data-panel=csat]")
    manager.picture("11-dashboard-rating")
    manager.driver.find_element(By.LINK_TEXT, COMMENT).click()
    manager.until(lambda: manager.all("table.behind tbody a"), "the conversations behind the comment")
    manager.picture("12-behind-the-number")
    manager.find("table.behind tbody a").click()
    manager.shows("thank you Robin", ".msg--shopper")
    manager.shows(COMMENT, "#thread")
    manager.picture("13-the-conversation")

    for window in (shopper, agent, manager):
        assert window.complaints() == []
