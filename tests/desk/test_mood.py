"""What an angry or frustrated shopper is offered, when a person is fetched, and what of it is kept."""

from typing import Any

from sqlalchemy import select

from bot.desk import unsent
from bot.store import inbox
from bot.store.tables import Conversation, Fact, Message
from tests.running import RunningDesk, Shopper

OFFERED = "one tap away"
FETCHED = "something for a person"


async def said(shopper: Shopper, text: str, *, times: int = 1) -> list[str]:
    """Say something; all that was said once the brain has answered it."""
    await shopper.send(text)
    answer = {"cross": "Thirty days.", "lost": "Sorry, what?"}.get(text.split()[0], f"echo: {text}")
    return [line for _, line in await shopper.until(answer, times=times)]


def offers(lines: list[str]) -> int:
    return sum(OFFERED in line for line in lines)


def kept(desk: RunningDesk, shopper: Shopper) -> tuple[Conversation, list[tuple[str, float | None]]]:
    """The conversation, and its facts about mood: (label, value)."""
    with desk.services.database.reading() as session:
        facts = session.execute(select(Fact.label, Fact.value).where(Fact.kind == "mood").order_by(Fact.id))
        conversation = session.get_one(Conversation, shopper.conversation_id)
        session.expunge(conversation)
        return conversation, [(label, value) for label, value in facts]


async def test_an_angry_shopper_is_answered_and_offered_a_person_once(desk: RunningDesk) -> None:
    shopper = await desk.shopper()
    await shopper.send("cross angry")
    await shopper.until("Thirty days.")
    await shopper.until(OFFERED)
    for text in ("one", "two", "three"):
        lines = await said(shopper, text)
    assert offers(lines) == 1
    conversation, facts = kept(desk, shopper)
    assert conversation.owner == "bot"
    assert facts == [("angry", 0.8)]


async def test_the_offer_comes_again_after_four_messages(desk: RunningDesk) -> None:
    shopper = await desk.shopper()
    await said(shopper, "cross angry")
    await said(shopper, "one")
    await said(shopper, "cross angry", times=2)
    await said(shopper, "two")
    lines = await said(shopper, "three")
    assert offers(lines) == 1
    await shopper.send("cross angry")
    await shopper.until(OFFERED, times=2)


async def test_anger_twice_running_fetches_a_person_with_the_reasons(desk: RunningDesk) -> None:
    shopper = await desk.shopper()
    await said(shopper, "cross angry")
    await shopper.send("cross angry")
    lines = [line for _, line in await shopper.until(FETCHED)]
    assert lines.count("Thirty days.") == 2
    await shopper.until("No person is at the desk")
    conversation, _ = kept(desk, shopper)
    assert (conversation.owner, conversation.reason) == ("queue", "angry")
    assert conversation.summary["details"]["mood"] == "angry (useless, third time, capitals)"


async def test_anger_that_is_not_understood_fetches_a_person_in_place_of_the_answer(
    desk: RunningDesk,
) -> None:
    shopper = await desk.shopper()
    await shopper.send("lost angry")
    lines = [line for _, line in await shopper.until("No person is at the desk")]
    assert any(FETCHED in line for line in lines)
    assert "Sorry, what?" not in lines
    assert kept(desk, shopper)[0].reason == "angry"


async def test_frustration_takes_two_messages_or_a_miss_to_be_offered_a_person(desk: RunningDesk) -> None:
    shopper = await desk.shopper()
    await said(shopper, "cross frustrated")
    assert offers(await said(shopper, "calm now")) == 0
    await said(shopper, "cross frustrated", times=2)
    await shopper.send("cross frustrated")
    await shopper.until(OFFERED)
    other = await desk.shopper()
    await other.send("lost frustrated")
    await other.until("Sorry, what?")
    await other.until(OFFERED)
    assert kept(desk, other)[0].owner == "bot"


async def test_yes_to_the_offer_fetches_a_person(desk: RunningDesk) -> None:
    shopper = await desk.shopper()
    await said(shopper, "cross angry")
    await shopper.until(OFFERED)
    await shopper.send("yes")
    lines = [line for _, line in await shopper.until("No person is at the desk")]
    assert "Go on." not in lines
    assert kept(desk, shopper)[0].owner == "queue"


async def test_yes_to_something_else_is_the_brains(desk: RunningDesk) -> None:
    shopper = await desk.shopper()
    await shopper.send("yes")
    await shopper.until("Go on.")
    assert kept(desk, shopper)[0].owner == "bot"


async def test_the_button_of_the_offer_asks_for_a_person_because_of_anger(desk: RunningDesk) -> None:
    shopper = await desk.shopper()
    await shopper.send("cross angry")
    await shopper.until(OFFERED)
    events: list[dict[str, Any]] = await shopper.events()
    button = next(
        (event["seq"], part["items"][0]["id"])
        for event in events
        if event["kind"] == "message" and OFFERED in event["message"]["text"]
        for part in event["message"]["parts"]
    )
    await shopper.send(choice={"id": button[1], "seq": button[0]})
    await shopper.until("echo: /talk_to_person")
    assert desk.brain.turns[-1]["message"] == '/talk_to_person{"reason": "angry"}'


async def test_a_mood_is_over_after_three_calm_messages(desk: RunningDesk) -> None:
    shopper = await desk.shopper()
    await said(shopper, "cross angry")
    await said(shopper, "one")
    await said(shopper, "two")
    assert kept(desk, shopper)[0].summary["mood"]["label"] == "angry"
    await said(shopper, "three")
    assert "mood" not in kept(desk, shopper)[0].summary


async def test_what_a_mood_quotes_goes_when_its_message_is_unsent(desk: RunningDesk) -> None:
    shopper = await desk.shopper()
    await said(shopper, "cross angry")
    with desk.services.database.writing() as session:
        conversation = session.get_one(Conversation, shopper.conversation_id)
        message = session.scalars(select(Message).where(Message.direction == "in")).one()
        message.text = "useless bot, I ask for the third time"
        unsent.erase(session, conversation, message)
    assert "useless" not in str(kept(desk, shopper)[0].summary)


async def test_agents_see_the_mood_with_its_reasons(desk: RunningDesk) -> None:
    shopper = await desk.shopper()
    await said(shopper, "hello")
    with desk.services.database.reading() as session:
        calm = inbox.whole(session, shopper.conversation_id)
    await said(shopper, "cross frustrated")
    with desk.services.database.reading() as session:
        upset = inbox.whole(session, shopper.conversation_id)
    assert calm is not None
    assert upset is not None
    assert calm["mood"] is None
    assert upset["mood"] == {
        "label": "frustrated",
        "reasons": ["words: useless", "repeated: third time", "capitals"],
    }
