"""What agents are told of how the bot understood: titles, English wordings, the brain's explanation of a message."""

from collections.abc import AsyncIterator

import pytest

from bot.core.settings import Settings
from bot.desk import understanding, unsent
from bot.store.tables import Conversation, Message
from tests.running import RunningDesk, Shopper, running
from tests.web.agents import Agent, signed_in


@pytest.fixture
async def desk(settings: Settings) -> AsyncIterator[RunningDesk]:
    async with running(settings) as started:
        yield started


@pytest.fixture
async def ana(desk: RunningDesk) -> AsyncIterator[Agent]:
    async with signed_in(desk, "Ana") as agent:
        yield agent


async def asked(desk: RunningDesk, ana: Agent, text: str) -> tuple[Shopper, dict[str, int]]:
    """A shopper who wrote a text and was handed to people; the ids of the messages by author."""
    shopper = await desk.shopper()
    await shopper.send(text)
    await ana.until_row("waiting", shopper.conversation_id)
    events = (await ana.opened(shopper.conversation_id))["events"]
    return shopper, {one["message"]["author"]: one["message"]["id"] for one in events if "message" in one}


async def test_the_brain_is_asked_about_the_shoppers_words_in_their_conversation(
    desk: RunningDesk, ana: Agent
) -> None:
    shopper, ids = await asked(desk, ana, "/person money back please")
    turns = len(desk.brain.turns)
    status, answer = await ana.act(shopper.conversation_id, f"messages/{ids['shopper']}/explain")
    assert (status, answer["ok"]) == (200, True)
    assert answer["explanation"]["leaves"][0]["leaf"] == "faq/refund_time"
    (told,) = desk.brain.explained
    assert told["text"] == "person money back please"  # a leading slash would be a command
    assert told["metadata"]["language"] == "en"
    assert "en" in told["metadata"]["languages"]
    assert len(desk.brain.turns) == turns


async def test_only_messages_of_shoppers_in_that_conversation_are_explained(
    desk: RunningDesk, ana: Agent
) -> None:
    shopper, ids = await asked(desk, ana, "person please")
    other, _ = await asked(desk, ana, "person too")
    for conversation_id, message_id in (
        (shopper.conversation_id, ids["bot"]),
        (other.conversation_id, ids["shopper"]),
        (shopper.conversation_id, 999_999),
    ):
        status, answer = await ana.act(conversation_id, f"messages/{message_id}/explain")
        assert (status, answer["error"]) == (404, "not_found")
    assert desk.brain.explained == []


async def test_what_a_shopper_unsent_is_not_asked_about(desk: RunningDesk, ana: Agent) -> None:
    shopper, ids = await asked(desk, ana, "person please")
    with desk.services.database.writing() as session:
        conversation = session.get_one(Conversation, shopper.conversation_id)
        unsent.erase(session, conversation, session.get_one(Message, ids["shopper"]))
    status, _ = await ana.act(shopper.conversation_id, f"messages/{ids['shopper']}/explain")
    assert (status, desk.brain.explained) == (404, [])


async def test_a_brain_that_is_down_is_said_and_breaks_nothing(desk: RunningDesk, ana: Agent) -> None:
    shopper, ids = await asked(desk, ana, "person please")
    desk.brain.is_down = True
    status, answer = await ana.act(shopper.conversation_id, f"messages/{ids['shopper']}/explain")
    assert (status, answer["error"]) == (503, "brain_unavailable")


async def test_titles_are_in_the_agents_language_and_answers_beside_their_english(ana: Agent) -> None:
    status, answer = await ana.call(
        "GET", "/api/inbox/wordings?language=sr-Latn", headers={"Accept-Language": "lt"}
    )
    assert status == 200
    assert answer["titles"] == dict(understanding.titles("lt"))
    assert answer["titles"]["faq/returns"] != understanding.titles("en")["faq/returns"]
    greeting = answer["answers"]["utter_greet"]
    assert greeting["texts"][0].startswith("Dobar dan")
    assert "bot" in greeting["english"][0]
    status, answer = await ana.call("GET", "/api/inbox/wordings?language=xx")
    assert (status, answer["field"]) == (400, "language")


def test_titles_of_another_script_are_made_from_the_first() -> None:
    assert understanding.titles("sr")["faq/returns"] == "Како се враћа роба"
    assert understanding.titles("sr-Latn")["faq/returns"] == "Kako se vraća roba"
    # what a language has no title for is said in English
    assert set(understanding.titles("en")) <= set(understanding.titles("sr"))
