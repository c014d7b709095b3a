"""The brain's memory of a conversation: saved, small, and true after any restart."""

import asyncio
import time

import pytest

pytest.importorskip("rasa")

from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, ActiveLoop, BotUttered, SlotSet, UserUttered

from bot.nlu.lock_store import WakingLockStore
from bot.nlu.tracker_store import MOST_EVENTS, RecentTrackerStore

DOMAIN = Domain.from_yaml(
    """
version: "3.1"
intents: [greet]
actions: [action_x]
slots:
  order_number: {type: text, influence_conversation: false, mappings: [{type: custom}]}
  proof: {type: text, influence_conversation: false, mappings: [{type: custom}]}
forms:
  order_form: {required_slots: [proof]}
"""
)


@pytest.fixture
def store(tmp_path, monkeypatch):
    """A store on a file of its own."""
    monkeypatch.setenv("AISLE_HOME", str(tmp_path))
    monkeypatch.delenv("AISLE_TRACKER_URL", raising=False)
    return RecentTrackerStore(DOMAIN)


async def turn(store, sender, text, *extra, message_id=None):
    """One turn as Rasa takes it: retrieve, add events, save."""
    tracker = await store.get_or_create_tracker(sender)
    events = [
        UserUttered(text, intent={"name": "greet", "confidence": 1.0}, message_id=message_id or text),
        *extra,
        ActionExecuted("action_x"),
        BotUttered(f"re: {text}", metadata={"utter_action": "utter_x"}),
        ActionExecuted("action_listen"),
    ]
    tracker.update_with_events(events, DOMAIN)
    await store.save(tracker)
    return tracker


async def test_a_saved_turn_is_there_after_a_restart(store):
    await turn(store, "a.1", "hello", SlotSet("order_number", "A1001"))
    again = await RecentTrackerStore(DOMAIN).retrieve("a.1")
    assert again.latest_message.text == "hello"
    assert again.get_slot("order_number") == "A1001"
    assert [event.text for event in again.events if isinstance(event, BotUttered)] == ["re: hello"]


async def test_what_was_unsent_is_forgotten_and_the_dialogue_goes_on(store, tmp_path):
    await turn(store, "a.1", "first", SlotSet("proof", "vilnius"))
    await turn(store, "a.1", "my order is rosebud", SlotSet("order_number", "Rosebud"))
    store.forget("a.1", "my order is rosebud")
    again = await store.retrieve("a.1")
    assert (again.get_slot("proof"), again.get_slot("order_number")) == ("vilnius", None)
    assert (again.latest_message.text, again.latest_message.intent["name"]) == ("", "greet")
    await turn(store, "a.1", "and then")
    assert (await RecentTrackerStore(DOMAIN).retrieve("a.1")).latest_message.text == "and then"
    kept = [event.as_dict() for event in again.events if not isinstance(event, BotUttered)]
    assert "my order" not in str([event.get("text") for event in kept])
    store.forget("nobody.1", "x")


async def test_all_requests_of_an_unsent_message_are_forgotten(store):
    await turn(store, "a.1", "where is rosebud", message_id="7")
    late = SlotSet("order_number", "Rosebud")  # said in one part, and asked for by the other
    await turn(store, "a.1", "and who pays in vilnius", late, SlotSet("proof", "vilnius"), message_id="7")
    store.forget("a.1", "7")
    again = await store.retrieve("a.1")
    assert (again.get_slot("proof"), again.get_slot("order_number")) == (None, None)
    assert [event.text for event in again.events if isinstance(event, UserUttered)] == ["", ""]


async def test_what_an_unsent_message_named_is_forgotten(store):
    tracker = await store.get_or_create_tracker("a.1")
    said = UserUttered(
        "can i wash the rosebud", {"name": "greet"}, parse_data={"decision": {"named": "rosebud", "why": ""}}
    )
    said.message_id = "7"
    tracker.update(said, DOMAIN)
    await store.save(tracker)
    store.forget("a.1", "7")
    (kept,) = [event for event in (await store.retrieve("a.1")).events if isinstance(event, UserUttered)]
    assert kept.parse_data["decision"] == {"named": "", "why": ""}


async def test_a_turn_that_breaks_off_leaves_no_trace(store):
    await turn(store, "a.1", "hello")
    broken = await store.retrieve("a.1")
    broken.update(UserUttered("never answered", intent={"name": "greet"}), DOMAIN)
    assert (await store.retrieve("a.1")).latest_message.text == "hello"
    assert store.latest("a.1").latest_message.text == "hello"


async def test_a_long_conversation_stays_small_and_keeps_slots_form_and_dialogue(store):
    await turn(store, "a.1", "start", SlotSet("order_number", "A1001"), ActiveLoop("order_form"))
    for number in range(300):
        await turn(store, "a.1", f"message {number}")
    for tracker in (await store.retrieve("a.1"), await RecentTrackerStore(DOMAIN).retrieve("a.1")):
        assert len(tracker.events) <= MOST_EVENTS + 10
        assert tracker.get_slot("order_number") == "A1001"
        assert tracker.active_loop_name == "order_form"
        assert tracker.latest_message.text == "message 299"
        assert tracker.latest_action_name == "action_listen"


async def test_the_five_hundredth_turn_costs_what_the_fiftieth_did(store):
    async def seconds(first):
        started = time.process_time()
        for number in range(first, first + 50):
            await turn(store, "a.1", f"message {number}")
        return time.process_time() - started

    await seconds(0)
    early = await seconds(50)
    for first in range(100, 450, 50):
        await seconds(first)
    assert await seconds(450) < 2.5 * early + 0.05


async def test_conversations_do_not_mix(store):
    await turn(store, "a.1", "mine", SlotSet("order_number", "A1001"))
    await turn(store, "b.1", "yours")
    assert (await store.retrieve("b.1")).get_slot("order_number") is None
    assert sorted(await store.keys()) == ["a.1", "b.1"]
    assert await store.retrieve("a.2") is None


async def test_the_next_turn_of_a_conversation_starts_the_moment_the_one_before_ends():
    locks, order = WakingLockStore(), []

    async def hold(name, seconds):
        async with locks.lock("a"):
            order.append(name)
            await asyncio.sleep(seconds)

    started = time.perf_counter()
    await asyncio.gather(hold("first", 0.05), hold("second", 0.05), hold("third", 0.0))
    assert order == ["first", "second", "third"]
    assert time.perf_counter() - started < 0.6  # Rasa's own store would take two seconds


async def test_other_conversations_do_not_wait():
    locks = WakingLockStore()
    async with locks.lock("a"):
        await asyncio.wait_for(_take(locks, "b"), timeout=1)


async def test_a_lock_is_free_again_after_an_error():
    locks = WakingLockStore()
    with pytest.raises(ValueError, match="boom"):
        await _fail(locks)
    await asyncio.wait_for(_take(locks, "a"), timeout=1)
    assert locks.get_lock("a") is None


async def _take(locks, name):
    async with locks.lock(name):
        pass


async def _fail(locks):
    async with locks.lock("a"):
        raise ValueError("boom")
