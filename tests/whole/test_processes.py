"""Each process is killed in the middle of real talk: nothing is lost or doubled, nobody is left in the dark."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.whole.product import Product, Visitor, http, until
from tests.whole.seeing import Window

pytestmark = pytest.mark.brain
NUMBER, EMAIL = "A1090", "grace.whitfield@example.com"
BACK_SECONDS = 180.0  # the brain imports Rasa, which takes a while on a busy machine


@pytest.fixture(scope="module")
def sturdy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A product of its own, since its parts get killed."""
    started = Product(tmp_path_factory.mktemp("sturdy") / "home")
    started.start()
    yield started
    started.stop()


def replaced(product: Product, name: str, pid: int) -> bool:
    """Whether the supervisor has started a part afresh and it works again."""
    now = product.parts().get(name)
    return now is not None and now != pid and product.answers(name)


def answers_to(visitor: Visitor, text: str) -> list[str]:
    """What the bot said between this message of the shopper and their next."""
    thread = visitor.thread()
    after = thread[[said for _, said in thread].index(text) + 1 :]
    stop = next((place for place, (who, _) in enumerate(after) if who == "shopper"), len(after))
    return [said for who, said in after[:stop] if who == "bot"]


def test_a_killed_brain_comes_back_and_goes_on_where_the_form_was(sturdy: Product) -> None:
    visitor = Visitor(sturdy.url)
    visitor.send("where is my order?")
    visitor.hears("number")
    pid = sturdy.kill("brain")
    visitor.send(NUMBER)
    told = until(
        lambda: [said for who, said in visitor.thread() if who == "system"], "word that it takes longer"
    )
    until(lambda: replaced(sturdy, "brain", pid), "a new brain", seconds=BACK_SECONDS)
    until(lambda: answers_to(visitor, NUMBER), "the answer to what was said meanwhile", seconds=BACK_SECONDS)
    visitor.send(EMAIL)
    until(lambda: answers_to(visitor, EMAIL), "the order")
    shown = [
        part for event in visitor.events() if event["kind"] == "message" for part in event["message"]["parts"]
    ]
    assert len(told) == 1
    assert len(answers_to(visitor, NUMBER)) == 1
    assert "mail" in answers_to(visitor, NUMBER)[0]
    assert [part["number"] for part in shown if part["type"] == "order"] == [NUMBER]


def test_with_the_action_server_killed_the_shopper_hears_so_and_it_works_again_after(sturdy: Product) -> None:
    shopper = sturdy.shopper()
    shopper.say("hello")
    pid = sturdy.kill("actions")
    said = shopper.say("show me tents")
    until(lambda: replaced(sturdy, "actions", pid), "a new action server")
    assert said.products == []
    assert str(said).strip()
    assert "person" in " ".join([str(said), *said.buttons]).lower()
    assert "Tarn Trail Tent" in shopper.say("show me tents").titles


def test_with_the_desk_killed_an_open_chat_goes_on_by_itself(
    sturdy: Product, open_window: Callable[..., Window]
) -> None:
    window = open_window("shopper")
    window.driver.get(f"{sturdy.url}/chat")
    window.ready()
    window.answer("hello")
    pid = sturdy.kill("desk")
    window.say("how much is delivery?")
    until(lambda: replaced(sturdy, "desk", pid), "a new desk")
    window.until(
        lambda: any("4.90" in text for text in window.bubbles()), "the answer to what was said meanwhile"
    )
    window.say("and how long can i return things?")
    window.until(lambda: any("30 days" in text for text in window.bubbles()), "the next answer")
    rows = window.js("return [...document.querySelectorAll('#log .row')].map((row) => row.dataset.seq)")
    shown = window.bubbles()
    window.driver.refresh()
    window.ready()
    window.until(lambda: len(window.bubbles()) == len(shown), "the same thread after a reload")
    assert len(set(rows)) == len(rows)
    assert sum("4.90" in text for text in shown) == 1
    assert shown.count("how much is delivery?") == 1
    assert window.bubbles() == shown


def test_a_message_sent_again_after_a_kill_is_answered_once(sturdy: Product) -> None:
    visitor = Visitor(sturdy.url)
    sent = visitor.send("how much is delivery?")
    pid = sturdy.kill("desk")
    visitor.send("how much is delivery?", sent)
    until(lambda: replaced(sturdy, "desk", pid), "a new desk")
    visitor.hears("4.90")
    visitor.send("thanks")
    until(lambda: answers_to(visitor, "thanks"), "the answer to the next message")
    numbers = [event["seq"] for event in visitor.events()]
    said = [text for who, text in visitor.thread() if who == "shopper"]
    assert numbers == sorted(set(numbers))
    assert said == ["how much is delivery?", "thanks"]
    assert len(answers_to(visitor, "how much is delivery?")) == 1


def test_interrupt_stops_every_process_and_the_next_start_goes_on(sturdy: Product) -> None:
    visitor = Visitor(sturdy.url)
    visitor.send("hello")
    until(lambda: answers_to(visitor, "hello"), "a greeting")
    before = sturdy.parts()
    code = sturdy.stop()
    left = [pid for pid in before.values() if Path(f"/proc/{pid}").exists()]
    seconds = sturdy.start()
    print(f"second start: pages after {seconds['serving']:.1f} s, answers after {seconds['answering']:.1f} s")
    visitor.send("how much is delivery?")
    visitor.hears("4.90")
    assert code == 0
    assert sorted(before) == ["actions", "brain", "desk"]
    assert left == []
    assert ("shopper", "hello") in visitor.thread()


def test_two_supervisors_never_share_a_home(sturdy: Product) -> None:
    with pytest.raises(AssertionError, match="already runs"):
        sturdy.command("up")
    assert json.dumps(http("GET", f"{sturdy.url}/health")[1])
