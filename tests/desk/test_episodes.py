"""Episodes: cut by silence, by closing and by coming back."""

from datetime import timedelta

from sqlalchemy import select, update

from bot.core.times import now
from bot.desk import close
from bot.store.tables import Conversation, Episode, Fact, Survey
from tests.running import RunningDesk


def age(desk: RunningDesk, conversation_id: str, seconds: int) -> None:
    """Make a conversation look silent for that long."""
    with desk.services.database.writing() as session:
        session.execute(
            update(Conversation)
            .where(Conversation.id == conversation_id)
            .values(last_at=now() - timedelta(seconds=seconds))
        )


async def sweep(desk: RunningDesk) -> list[str]:
    services = desk.services
    found = await services.database.read(close.idle, context=services.context, at=now())
    for conversation_id in found:
        await services.database.write(
            close.close_if_idle, conversation_id, context=services.context, at=now()
        )
    return found


async def test_a_silent_conversation_of_the_bot_is_closed_without_a_survey(desk: RunningDesk) -> None:
    shopper = await desk.shopper()
    await shopper.send("hello")
    await shopper.until("echo: hello")
    age(desk, shopper.conversation_id, 3600)
    assert await sweep(desk) == [shopper.conversation_id]
    with desk.services.database.reading() as session:
        episode = session.scalars(select(Episode)).one()
        assert (episode.closed_by, episode.closed_at is not None) == ("idle", True)
        assert session.scalars(select(Survey)).all() == []


async def test_a_conversation_the_bot_could_only_apologise_in_still_ends(desk: RunningDesk) -> None:
    shopper = await desk.shopper()
    await shopper.send("mute")
    await shopper.until("no good answer")
    age(desk, shopper.conversation_id, 3600)
    await sweep(desk)
    with desk.services.database.reading() as session:
        assert session.get_one(Conversation, shopper.conversation_id).owner == "closed"


async def test_a_conversation_with_an_unanswered_message_is_not_closed(desk: RunningDesk) -> None:
    desk.brain.is_down = True
    shopper = await desk.shopper()
    await shopper.send("hello")
    age(desk, shopper.conversation_id, 3600)
    await sweep(desk)
    with desk.services.database.reading() as session:
        assert session.get_one(Conversation, shopper.conversation_id).owner == "bot"


async def test_coming_back_after_a_long_silence_is_a_new_episode(desk: RunningDesk) -> None:
    shopper = await desk.shopper()
    await shopper.send("hello")
    await shopper.until("echo: hello")
    age(desk, shopper.conversation_id, 3600)
    await shopper.send("again")
    await shopper.until("echo: again")
    with desk.services.database.reading() as session:
        numbers = session.scalars(select(Episode.number).order_by(Episode.number)).all()
        kinds = session.scalars(
            select(Fact.kind).where(Fact.kind.in_(("opened", "closed", "reopened"))).order_by(Fact.id)
        ).all()
    assert numbers == [1, 2]
    assert kinds == ["opened", "closed", "reopened"]
    assert desk.brain.turns[-1]["sender"].endswith(".2")


async def test_facts_tell_the_response_time_of_the_bot(desk: RunningDesk) -> None:
    shopper = await desk.shopper()
    await shopper.send("slow 0.3")
    await shopper.until("done")
    with desk.services.database.reading() as session:
        fact = session.scalars(select(Fact).where(Fact.kind == "answered")).one()
    assert fact.actor == "bot"
    assert 0.3 <= (fact.value or 0) < 3
