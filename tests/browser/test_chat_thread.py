"""The chat as a shopper uses it, in a real browser against a really running desk."""

import dataclasses
import uuid
from collections.abc import Sequence
from typing import Any

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.core.messages import OrderCard, OrderLine, OrderStep, Part, ProductCard, Products
from bot.core.times import now
from bot.desk import assign, close, presence, reply
from bot.desk.people import add_user
from bot.store.tables import Conversation, Message, Survey, User
from tests.browser.chatting import Browser, LiveDesk

MESSAGES = "*/api/chat/messages*"


def said(session: Session) -> list[str]:
    """Everything shoppers said, as stored."""
    return list(session.scalars(select(Message.text).where(Message.direction == "in").order_by(Message.id)))


def add_agent(session: Session) -> int:
    user = add_user(
        session, email="ona@shop.test", name="Ona", role="agent", password="correct horse battery"
    )
    session.flush()
    presence.set_presence(session, user.id, "available", now())
    return user.id


def take(session: Session, user_id: int) -> str:
    return take_of(session, session.scalars(select(Conversation.id)).one(), user_id)


def take_of(session: Session, conversation_id: str, user_id: int) -> str:
    assign.take(session, conversation_id, user=session.get_one(User, user_id))
    return conversation_id


def write_as(
    session: Session, user_id: int, conversation_id: str, text: str, parts: Sequence[Part] = ()
) -> None:
    reply.reply(
        session,
        conversation_id,
        user=session.get_one(User, user_id),
        text=text,
        client_id=str(uuid.uuid4()),
        parts=parts,
    )


PRODUCTS = Products(
    tuple(
        ProductCard(
            product_id=f"p{number}",
            title=f"Product {number}",
            price_minor=1000 * number,
            currency="EUR",
            availability="in_stock",
            stock=None,
            url=f"https://shop.example/p{number}",
            image="",
        )
        for number in range(1, 6)
    )
)
ORDER = OrderCard(
    number="A1001",
    state="shipped",
    placed_at="2026-03-02T10:00:00+00:00",
    total_minor=21480,
    currency="EUR",
    lines=(OrderLine(title="Tent", options="Moss", quantity=2, total_minor=21480),),
    timeline=(
        OrderStep(state="paid", at="2026-03-02T10:00:00+00:00", text="Paid", is_done=True),
        OrderStep(
            state="shipped",
            at="2026-03-03T10:00:00+00:00",
            text="On its way",
            is_done=True,
            texts={"lt": "Pakeliui"},
        ),
        OrderStep(state="delivered", at="", text="Delivery", is_done=False),
    ),
    carrier="Post",
    tracking_number="RR1",
    tracking_url="javascript:alert(1)",
)


def show(desk: LiveDesk, browser: Browser, *parts: Part) -> None:
    """An agent sends rich parts into the browser's conversation."""
    user_id = desk.write(add_agent)
    browser.open_chat(desk)
    browser.say("hello")
    browser.heard("echo: hello")
    conversation_id = desk.write(take, user_id)
    desk.write(write_as, user_id, conversation_id, "Look", parts)
    desk.changed(conversation_id)
    browser.heard("Look")


def finish(session: Session, user_id: int, conversation_id: str, context: Any) -> None:
    close.close(session, conversation_id, context=context, by="agent", user_id=user_id)


def test_a_message_is_answered_and_read_out_with_its_sender(desk: LiveDesk, browser: Browser) -> None:
    browser.open_chat(desk)
    browser.say("hello there")
    browser.heard("echo: hello there")
    log = browser.find("[role=log]")
    assert log.get_attribute("aria-label") == "Conversation"
    rows = browser.all("#log article")
    assert [row.get_attribute("aria-label").split(",")[0] for row in rows] == ["You", "Tess (assistant)"]
    browser.until(
        lambda: "Tess (assistant): echo: hello there" in browser.texts("[role=status][aria-live=polite] p"),
        "the announcement",
    )
    browser.until(lambda: browser.texts(".row-shopper .state") == [" · Sent"], "sent")
    assert browser.complaints() == []


def test_a_quick_reply_is_sent_and_then_out_of_the_way(desk: LiveDesk, browser: Browser) -> None:
    browser.open_chat(desk)
    browser.say("buttons")
    browser.press(".choice", "Yes")
    browser.heard("You said yes.")
    assert [node for node in browser.all(".choice") if node.is_displayed()] == []
    assert browser.js("return document.activeElement.id") == "composer"


def test_a_typed_quick_reply_counts_as_pressed(desk: LiveDesk, browser: Browser) -> None:
    browser.open_chat(desk)
    browser.say("buttons")
    browser.heard("Shall I?")
    browser.say("no")
    browser.heard("You said no.")


def test_the_opening_says_who_answers_and_whether_people_are_there(desk: LiveDesk, browser: Browser) -> None:
    browser.open_chat(desk)
    assert "I am Tess, the shop's automated assistant." in browser.find(".hello").text
    assert browser.find(".people").text.startswith("Our team is away.")
    desk.write(add_agent)
    browser.driver.refresh()
    browser.ready()
    assert browser.find(".people").text == "Our team is here and usually answers within 5 minutes"


def test_a_starter_begins_the_conversation(desk: LiveDesk, browser: Browser) -> None:
    browser.open_chat(desk)
    browser.press(".starter", "Where is my order?")
    browser.heard("echo: where is my order")
    assert browser.all(".starter") == []


def test_a_product_card_shows_picture_price_stock_options_and_a_link(
    desk: LiveDesk, browser: Browser
) -> None:
    browser.open_chat(desk)
    browser.say("product")
    card = browser.find(".product")
    assert card.get_attribute("aria-label") == "Two-person tent"
    for text in ("Two-person tent", "€189.00", "Only 4 left", "Moss, Sand"):
        assert text in card.text
    assert card.find_element(By.TAG_NAME, "a").get_attribute("href") == f"{desk.url}/shop/products/tent-2"
    assert card.find_element(By.TAG_NAME, "a").accessible_name == "View details Two-person tent"


def test_a_picture_that_cannot_be_loaded_is_a_drawing(desk: LiveDesk, browser: Browser) -> None:
    gone = dataclasses.replace(PRODUCTS.items[0], image="/shop/pictures/no-such-product.svg")
    show(desk, browser, Products((gone,)))
    drawing = browser.find(".product .picture.is-missing svg")
    assert drawing.get_attribute("aria-hidden") == "true"
    assert browser.all(".product .picture img") == []


def test_an_order_is_told_in_the_readers_language_where_the_shop_wrote_it(
    desk: LiveDesk, browser: Browser
) -> None:
    show(desk, browser, ORDER)
    browser.find(".order")
    browser.open_chat(desk, "?locale=lt")
    browser.find(".order")
    said = [text.partition(" – ")[0] for text in browser.texts(".order .step-text")]
    assert said == ["Paid", "Pakeliui", "Delivery"]
    assert browser.texts(".order .total strong") == ["214,80\u00a0€"]


def test_several_products_are_a_carousel_for_keys_and_buttons(desk: LiveDesk, browser: Browser) -> None:
    show(desk, browser, PRODUCTS)
    region = browser.find("[aria-roledescription=carousel]")
    assert region.get_attribute("aria-label") == "5 products"
    count = browser.find(".count")
    assert count.text == "1 of 5"
    browser.find(".slides").send_keys(Keys.ARROW_RIGHT)
    browser.until(lambda: count.text == "2 of 5", "2 of 5")
    forth = browser.find("button[aria-label='Next product']")
    forth.click()
    browser.until(lambda: count.text == "3 of 5", "3 of 5")
    for _ in range(3):
        forth.click()
    browser.until(lambda: count.text == "5 of 5", "5 of 5")
    assert forth.get_attribute("aria-disabled") == "true"
    browser.find(".slides").send_keys(Keys.ARROW_LEFT)
    browser.until(lambda: count.text == "4 of 5", "4 of 5")
    wide = "const s = document.querySelector('.scroller'); return s.scrollWidth - s.clientWidth"
    assert browser.js(wide) == 0


def test_an_order_card_tells_done_from_to_come_in_words_and_follows_no_odd_link(
    desk: LiveDesk, browser: Browser
) -> None:
    show(desk, browser, ORDER)
    card = browser.find(".order")
    assert card.get_attribute("aria-label") == "Order A1001"
    assert browser.texts(".order .step-text") == ["Paid – done", "On its way – done", "Delivery – to come"]
    assert "€214.80" in card.text
    assert "Post: RR1" in card.text
    assert card.find_elements(By.TAG_NAME, "a") == []


def test_money_and_words_follow_the_locale(desk: LiveDesk, browser: Browser) -> None:
    browser.open_chat(desk, "?locale=lt")
    browser.say("product")
    card = browser.find(".product")
    assert "189,00\u00a0€" in card.get_attribute("textContent")
    assert "Liko tik 4" in card.text
    assert browser.js("return document.documentElement.lang") == "lt"
    assert browser.find("#composer").get_attribute("placeholder") == "Rašykite žinutę"


def test_markup_in_messages_stays_text(desk: LiveDesk, browser: Browser) -> None:
    browser.open_chat(desk)
    browser.say('<img src=x onerror="document.title=1"><b>mine</b>')
    browser.say("html")
    browser.heard("<b>bold</b><script>alert(1)</script>")
    assert browser.all("#log b, #log script, #log img") == []
    assert browser.driver.title == "Chat with Test Shop"


def test_addresses_in_messages_are_links_and_nothing_else_is(desk: LiveDesk, browser: Browser) -> None:
    browser.open_chat(desk)
    browser.say("see https://example.org/a_(b). or javascript:alert(1) or me@example.org")
    browser.until(lambda: len(browser.bubbles()) == 2, "the answer")
    links = browser.js(
        "return [...document.querySelectorAll('.row-bot .bubble a')].map((a) => [a.href, a.rel, a.target])"
    )
    assert links == [
        ["https://example.org/a_(b)", "noopener noreferrer", "_blank"],
        ["mailto:me@example.org", "", ""],
    ]


def test_history_is_there_after_a_reload(desk: LiveDesk, browser: Browser) -> None:
    browser.open_chat(desk)
    browser.say("first")
    browser.heard("echo: first")
    before = browser.bubbles()
    browser.driver.refresh()
    browser.ready()
    browser.until(lambda: browser.bubbles() == before, before)
    assert browser.texts(".day") == ["Today"]
    assert browser.texts("[aria-live=polite] p") == []


def test_older_messages_come_when_asked_for(desk: LiveDesk, browser: Browser) -> None:
    browser.open_chat(desk)
    for number in range(30):
        browser.say(f"m{number}")
    browser.heard("echo: m29")
    browser.driver.refresh()
    browser.ready()
    browser.heard("echo: m29")
    assert "m0" not in browser.bubbles()
    browser.js("document.querySelector('.older').click()")
    browser.heard("m0")
    assert sorted(browser.bubbles()) == sorted(
        [f"m{n}" for n in range(30)] + [f"echo: m{n}" for n in range(30)]
    )
    seqs = browser.js(
        "return [...document.querySelectorAll('#log .row')].map((row) => Number(row.dataset.seq))"
    )
    assert seqs == sorted(seqs)


def test_what_is_written_offline_goes_out_once_and_in_order(desk: LiveDesk, browser: Browser) -> None:
    browser.open_chat(desk)
    browser.say("before")
    browser.heard("echo: before")
    browser.go_offline()
    browser.until(lambda: "You are offline" in browser.find(".banner").text, "the banner")
    browser.say("one")
    browser.say("two")
    browser.until(lambda: len(browser.all(".row.is-waiting")) == 2, "two waiting")
    browser.go_offline(False)
    browser.heard("echo: two")
    browser.until(lambda: browser.find(".banner").text == "", "no banner")
    browser.heard("one")
    assert browser.all(".row.is-waiting, .row.is-sending, .row.is-failed") == []
    assert desk.read(said) == ["before", "one", "two"]


def test_what_could_not_be_sent_survives_a_reload_and_goes_out_once(desk: LiveDesk, browser: Browser) -> None:
    browser.open_chat(desk)
    browser.block(MESSAGES)
    browser.say("kept")
    browser.find(".row.is-waiting")
    browser.driver.refresh()
    browser.ready()
    browser.heard("kept")
    assert desk.read(said) == []
    browser.block()
    browser.heard("echo: kept")
    assert desk.read(said) == ["kept"]


def test_a_failed_message_can_be_tried_again_and_is_stored_once(desk: LiveDesk, browser: Browser) -> None:
    browser.open_chat(desk)
    browser.block(MESSAGES)
    browser.say("stubborn")
    failed = browser.find(".row.is-failed")
    browser.until(lambda: "Not sent." in failed.text, "the state in words")
    assert failed.find_element(By.CSS_SELECTOR, "[role=alert]")
    browser.block()
    browser.press(".retry", "Try again")
    browser.heard("echo: stubborn")
    assert browser.bubbles().count("stubborn") == 1
    assert desk.read(said) == ["stubborn"]


def test_a_lost_answer_to_a_sent_message_does_not_send_it_twice(desk: LiveDesk, browser: Browser) -> None:
    browser.open_chat(desk)
    browser.js(
        """const real = window.fetch; let isLost = false;
        window.fetch = async (address, options) => {
          const answer = await real(address, options);
          if (!isLost && String(address).endsWith('/messages')) { isLost = true; throw new TypeError('lost'); }
          return answer;
        };"""
    )
    browser.say("only once")
    browser.heard("echo: only once")
    browser.until(
        lambda: browser.js("return localStorage.getItem('aisle.outbox')") == "[]", "an empty outbox"
    )
    assert browser.bubbles() == ["only once", "echo: only once"]
    assert desk.read(said) == ["only once"]


def test_a_failed_message_can_be_removed(desk: LiveDesk, browser: Browser) -> None:
    browser.open_chat(desk)
    browser.block(MESSAGES)
    browser.say("never mind")
    browser.find(".row.is-failed")
    browser.press(".row-actions button", "Remove")
    browser.until(lambda: browser.bubbles() == [], "nothing")
    assert browser.js("return localStorage.getItem('aisle.outbox')") == "[]"


def test_two_tabs_show_the_same_and_nothing_twice(desk: LiveDesk, browser: Browser) -> None:
    browser.open_chat(desk)
    first = browser.driver.current_window_handle
    browser.driver.switch_to.new_window("tab")
    browser.open_chat(desk)
    browser.say("from the second")
    browser.heard("echo: from the second")
    browser.driver.switch_to.window(first)
    browser.heard("echo: from the second")
    assert browser.bubbles() == ["from the second", "echo: from the second"]
    assert desk.read(said) == ["from the second"]


def test_without_streams_the_chat_polls(desk: LiveDesk, browser: Browser) -> None:
    added = browser.command("Page.addScriptToEvaluateOnNewDocument", source="delete window.TextDecoderStream")
    browser.open_chat(desk)
    browser.say("slowly")
    browser.heard("echo: slowly")
    kinds = browser.js(
        "return performance.getEntriesByType('resource').map((e) => e.name).filter((n) => n.includes('wait=25')).length"
    )
    browser.command("Page.removeScriptToEvaluateOnNewDocument", **added)
    assert kinds >= 1


def test_a_token_that_is_no_longer_good_starts_afresh(desk: LiveDesk, browser: Browser) -> None:
    browser.open_chat(desk)
    browser.js("localStorage.setItem('aisle.token', JSON.stringify('forged.token.here'))")
    browser.driver.refresh()
    browser.ready()
    browser.say("still here")
    browser.heard("echo: still here")


def test_a_message_over_the_limit_is_kept_but_not_sent(desk: LiveDesk, browser: Browser) -> None:
    browser.open_chat(desk)
    field = browser.find("#composer")
    browser.js("arguments[0].value = 'x'.repeat(4001); arguments[0].dispatchEvent(new Event('input'))", field)
    assert browser.find("#count").text.startswith("1 character too many")
    assert field.get_attribute("aria-invalid") == "true"
    field.send_keys(Keys.ENTER)
    assert len(field.get_attribute("value")) == 4001
    field.send_keys(Keys.BACKSPACE)
    assert browser.find("#count").text == "0 characters left"
    field.send_keys(Keys.ENTER)
    browser.until(lambda: desk.read(said) == ["x" * 4000], "4,000 characters stored")


def test_a_draft_survives_a_reload(desk: LiveDesk, browser: Browser) -> None:
    browser.open_chat(desk)
    browser.find("#composer").send_keys("not finish")
    browser.driver.refresh()
    browser.ready()
    assert browser.find("#composer").get_attribute("value") == "not finish"


def test_a_rating_is_given_by_keyboard_with_a_comment(desk: LiveDesk, browser: Browser) -> None:
    browser.open_chat(desk)
    browser.say("bye")
    first = browser.find(".rating input[type=radio]")
    assert [label.get_attribute("title") for label in browser.all(".star")] == [
        "Very poor",
        "Poor",
        "All right",
        "Good",
        "Very good",
    ]
    first.send_keys(Keys.SPACE, *[Keys.ARROW_RIGHT] * 3)
    assert browser.find(".rating .hint").text == "4 – Good"
    browser.press(".rating button", "Send rating")
    browser.find(".rating textarea").send_keys("Quick and clear")
    browser.press(".rating button", "Send comment")
    browser.until(lambda: "Thank you. You gave 4 of 5." in browser.find(".rating").text, "thanks")
    browser.until(lambda: not browser.all(".rating textarea"), "no field")
    row = desk.read(lambda session: session.execute(select(Survey.score, Survey.comment)).one())
    assert tuple(row) == (4, "Quick and clear")
    browser.driver.refresh()
    browser.ready()
    assert "You gave 4 of 5" in browser.find(".rating").text


def test_the_place_in_line_counts_down_and_is_told_politely(desk: LiveDesk, browser: Browser) -> None:
    user_id = desk.write(add_agent)
    first = desk.call(desk.desk.shopper())
    desk.call(first.send("person please"))
    desk.call(first.until("in line"))
    browser.open_chat(desk)
    browser.find("button[aria-haspopup=menu]").click()
    browser.press("[role=menuitem]", "Talk to a person")
    browser.until(lambda: "number 2 in line" in browser.find(".who p").text, "the second place")
    desk.write(take_of, first.conversation_id, user_id)
    desk.changed(first.conversation_id)
    browser.until(lambda: "number 1 in line" in browser.find(".who p").text, "the first place")
    said = "[aria-live=polite]"
    browser.until(lambda: any("number 1 in line" in text for text in browser.texts(said)), "a polite word")


def test_a_rating_can_wait(desk: LiveDesk, browser: Browser) -> None:
    browser.open_chat(desk)
    browser.say("bye")
    browser.press(".rating button", "Not now")
    browser.driver.refresh()
    browser.ready()
    browser.until(lambda: browser.find(".rating").text == "All right, no rating this time.", "no rating")


def test_waiting_a_person_joining_answering_and_closing_are_shown(desk: LiveDesk, browser: Browser) -> None:
    user_id = desk.write(add_agent)
    browser.open_chat(desk)
    browser.say("hello")
    browser.heard("echo: hello")
    browser.find("button[aria-haspopup=menu]").click()
    browser.press("[role=menuitem]", "Talk to a person")
    browser.until(lambda: browser.texts(".notice span[dir]") == ["Waiting for a person"], "the line")
    browser.until(lambda: "number 1 in line" in browser.find(".who p").text, "the place in line")
    conversation_id = desk.write(take, user_id)
    desk.changed(conversation_id)
    browser.until(lambda: browser.texts(".notice-agent span[dir]") == ["Ona has joined the chat"], "Ona")
    assert browser.find(".who h1").text == "Ona"
    desk.write(write_as, user_id, conversation_id, "Good day")
    desk.changed(conversation_id)
    browser.heard("Good day")
    assert browser.texts(".row-agent .name") == ["Ona"]
    desk.write(finish, user_id, conversation_id, desk.desk.services.context)
    desk.changed(conversation_id)
    browser.find(".rating")
    browser.until(lambda: len(browser.all(".notice-closed")) == 1, "the end")


def test_new_messages_do_not_pull_a_reader_down(desk: LiveDesk, browser: Browser) -> None:
    browser.open_chat(desk)
    for number in range(12):
        browser.say(f"line {number}")
    browser.heard("echo: line 11")
    answer = desk.hold_answers()
    browser.say("one more")
    browser.until(lambda: browser.texts(".list:not(.outbox) .bubble")[-1] == "one more", "sent")
    # what is sent scrolls into view once more when it has its place: the reader goes up after that
    stays = "const it = document.querySelector('.scroller'); if (it.scrollTop === 200) return true; it.scrollTo(0, 200)"
    browser.until(
        lambda: browser.js("const at = performance.now(); return at - (window.wentAt ??= at) > 300")
    )
    browser.until(lambda: browser.js(stays), "up there")
    answer()
    pill = browser.until(lambda: [p for p in browser.all(".pill") if p.is_displayed()], "the pill")[0]
    assert pill.text == "1 new message"
    assert browser.js("return document.querySelector('.scroller').scrollTop") == 200
    pill.click()
    browser.until(lambda: not pill.is_displayed(), "no pill")


def test_the_menu_is_worked_by_keyboard(desk: LiveDesk, browser: Browser) -> None:
    browser.open_chat(desk)
    opener = browser.find("button[aria-haspopup=menu]")
    opener.send_keys(Keys.ENTER)
    focused = "return document.activeElement.textContent"
    assert browser.js(focused) == "Talk to a person"
    browser.driver.switch_to.active_element.send_keys(Keys.ARROW_DOWN)
    assert browser.js(focused) == "Start over"
    browser.driver.switch_to.active_element.send_keys(Keys.END)
    assert browser.js(focused) == "Lietuvių"
    browser.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
    assert browser.js("return document.activeElement.getAttribute('aria-haspopup')") == "menu"
    assert opener.get_attribute("aria-expanded") == "false"


def test_the_language_chosen_in_the_menu_stays(desk: LiveDesk, browser: Browser) -> None:
    browser.open_chat(desk, "?locale=en")
    browser.find("button[aria-haspopup=menu]").click()
    browser.press("[role=menuitemradio]", "Lietuvių")
    browser.until(lambda: browser.js("return document.documentElement.lang") == "lt", "lt")
    browser.open_chat(desk, "?locale=en")
    browser.until(lambda: browser.js("return document.documentElement.lang") == "lt", "still lt")
    browser.ready()
    browser.say("labas")
    browser.heard("echo: labas")
    languages = desk.read(lambda session: list(session.scalars(select(Conversation.language))))
    assert languages == ["lt"]


@pytest.mark.parametrize("accent", ["%230b5d4f", "%23ffe14d", "%23808080", "%23101010"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_has_enough_contrast(desk: LiveDesk, browser: Browser, scheme: str, accent: str) -> None:
    browser.prefer(scheme)
    browser.open_chat(desk, f"?accent={accent}")
    browser.say("product")
    browser.find(".product")
    browser.say("buttons")
    browser.heard("Shall I?")
    assert browser.js(CONTRAST) == []


def test_everything_to_press_is_large_enough(desk: LiveDesk, browser: Browser) -> None:
    browser.open_chat(desk)
    browser.say("product")
    browser.find(".product")
    browser.say("bye")
    browser.find(".rating")
    small = browser.js(
        """return [...document.querySelectorAll('button, label.star, .product-link a, textarea, summary')]
        .map((node) => [node.className || node.textContent, node.getBoundingClientRect()])
        .filter(([, box]) => box.width && (box.width < 24 || box.height < 24)).map(([name]) => name)"""
    )
    assert small == []


def test_only_the_thread_scrolls_whatever_takes_focus(desk: LiveDesk, browser: Browser) -> None:
    browser.open_chat(desk)
    for _ in range(4):
        browser.say("product")
    browser.say("bye")
    radio = browser.find(".rating input")
    browser.js("arguments[0].focus(); arguments[0].scrollIntoView({block: 'start'})", radio)
    scrolled = "const e = document.scrollingElement; return [e.scrollTop, e.scrollHeight - innerHeight]"
    assert browser.js(scrolled) == [0, 0]


CONTRAST = r"""
const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
const rgba = (text) => {
  canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = text; canvas.fillRect(0, 0, 1, 1);
  const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data; return [r, g, b, a / 255];
};
const over = (top, under) => [0, 1, 2].map((i) => top[i] * top[3] + under[i] * (1 - top[3]));
const background = (node) => {
  const layers = [];
  for (let at = node; at; at = at.parentElement) layers.push(rgba(getComputedStyle(at).backgroundColor));
  return layers.reverse().reduce((under, top) => over(top, under), [255, 255, 255]);
};
const luminance = (c) => {
  const [r, g, b] = c.map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const found = [];
for (const node of document.querySelectorAll('#app *')) {
  const own = [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim());
  if (!own || !node.checkVisibility() || node.closest('.unseen, .skip, [aria-disabled=true]')) continue;
  const under = background(node);
  const text = over(rgba(getComputedStyle(node).color), under);
  const [low, high] = [luminance(text), luminance(under)].sort((a, b) => a - b);
  const ratio = (high + 0.05) / (low + 0.05);
  if (ratio < 4.5) found.push([node.className || node.tagName, node.textContent.slice(0, 30), ratio.toFixed(2)]);
}
return found;
"""
