"""The mood of a shopper in a real browser: a mark on the row and at the head, with its reasons in words."""

from collections.abc import Iterator

import pytest

from bot.core.settings import Settings
from tests.browser.chatting import Browser
from tests.browser.test_inbox_walk import InboxDesk, sign_in


@pytest.fixture
def desk(settings: Settings) -> Iterator[InboxDesk]:
    live = InboxDesk(settings)
    live.start()
    live.add_user("Ana")
    yield live
    live.stop()


def test_an_agent_reads_that_a_shopper_is_angry_and_why(browser: Browser, desk: InboxDesk) -> None:
    shopper = desk.shopper()
    desk.says(shopper, "cross angry")
    desk.heard(shopper, "Thirty days.")
    desk.says(shopper, "lost angry")
    desk.heard(shopper, "No person is at the desk")
    sign_in(browser, desk, path=f"/inbox/{shopper.conversation_id}")
    why = "Angry: useless, third time, capital letters"
    browser.until(lambda: why in browser.find(".thread__meta").text, "the mood at the head")
    assert browser.find(".row .mood").get_property("textContent") == why
    details = browser.find(".handoff dl").text.split("\n")
    assert details[details.index("Mood") + 1] == why
    assert browser.complaints() == []
