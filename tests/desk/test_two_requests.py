"""A message that asks for two things: one turn, answered in both, with the facts of both."""

from typing import Any

from sqlalchemy import select

from bot.store.tables import Conversation, Fact, Message
from tests.running import RunningDesk, Shopper


def kept(desk: RunningDesk, shopper: Shopper) -> tuple[Conversation, Message, list[Fact]]:
    """The conversation, the shopper's message and the facts of it."""
    with desk.services.database.reading() as session:
        conversation = session.get_one(Conversation, shopper.conversation_id)
        message = session.scalars(select(Message).where(Message.direction == "in")).one()
        facts = list(session.scalars(select(Fact).where(Fact.message_id == message.id).order_by(Fact.id)))
        session.expunge_all()
        return conversation, message, facts


def labels(facts: list[Fact], kind: str) -> list[Any]:
    return [fact.label for fact in facts if fact.kind == kind]


async def test_both_are_answered_and_counted_in_one_turn(desk: RunningDesk) -> None:
    shopper = await desk.shopper()
    await shopper.send("both faq & product")
    lines = [line for _, line in await shopper.until("Look at this.")]
    assert lines.index("Thirty days.") < lines.index("Look at this.")
    _, message, facts = kept(desk, shopper)
    assert labels(facts, "understood") == ["faq/returns", "search_products"]
    assert labels(facts, "product_asked") == ["tent-2"]
    assert {fact.at for fact in facts if fact.kind in ("understood", "product_asked")} == {message.handled_at}
    assert message.understood is not None
    assert [one["text"] for one in message.understood["also"]] == ["product"]
    assert len(desk.brain.turns) == 1


async def test_a_question_is_answered_before_the_person_comes(desk: RunningDesk) -> None:
    shopper = await desk.shopper()
    await shopper.send("both faq & person about a tent")
    lines = [line for _, line in await shopper.until("No person is at the desk")]
    assert lines.index("Thirty days.") < lines.index("I see.")
    conversation, _, _ = kept(desk, shopper)
    assert (conversation.owner, conversation.summary["wants"]) == ("queue", "about a tent")
    understood = [line["intent"] for line in conversation.summary["understood"]]
    assert understood == ["faq/returns", "talk_to_person"]


async def test_two_wishes_for_a_person_are_one_hand_off_that_names_both(desk: RunningDesk) -> None:
    shopper = await desk.shopper()
    await shopper.send("both person to cancel it & person with the money")
    await shopper.until("No person is at the desk")
    conversation, _, facts = kept(desk, shopper)
    assert conversation.summary["wants"] == "to cancel it; with the money"
    assert conversation.summary["details"] == {"order": "A1001"}
    with desk.services.database.reading() as session:
        assert len(list(session.scalars(select(Fact).where(Fact.kind == "handed_off")))) == 1
    assert labels(facts, "understood") == ["talk_to_person", "talk_to_person"]
