"""The conversation follows the language its shopper writes in, or asks for."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select

from bot.core.settings import Settings
from bot.store.tables import Conversation, Episode, Message
from tests.running import RunningDesk, Shopper, running


@pytest.fixture
async def desk(settings: Settings) -> AsyncIterator[RunningDesk]:
    async with running(settings) as found:
        yield found


async def told(desk: RunningDesk, shopper: Shopper, text: str) -> None:
    """Say it and wait for the answer."""
    await shopper.send(text)
    await shopper.until_thread(lambda _thread: not waits(desk))


def waits(desk: RunningDesk) -> bool:
    with desk.services.database.reading() as session:
        return (
            session.scalar(
                select(Message.id).where(Message.direction == "in", Message.handled_at.is_(None)).limit(1)
            )
            is not None
        )


def spoken(desk: RunningDesk) -> tuple[str, str, str]:
    """(language, how it was found, language of the episode)."""
    with desk.services.database.reading() as session:
        conversation = session.scalars(select(Conversation)).one()
        episode = session.scalars(select(Episode)).one()
        return conversation.language, conversation.language_from, episode.language


async def test_the_brain_is_told_what_the_conversation_is_in_and_what_the_shop_speaks(
    desk: RunningDesk,
) -> None:
    shopper = await desk.shopper()
    await told(desk, shopper, "hello")
    metadata = desk.brain.turns[-1]["metadata"]
    assert metadata["language"] == "en"
    assert metadata["language_from"] == "page"
    assert metadata["languages"] == ["en", "lt"]


async def test_a_message_in_another_language_moves_the_conversation(desk: RunningDesk) -> None:
    shopper = await desk.shopper(locale="en")
    await told(desk, shopper, "in lt kur mano siunta")
    assert spoken(desk) == ("lt", "message", "lt")
    with desk.services.database.reading() as session:
        assert session.scalars(select(Message.language).order_by(Message.id)).all() == ["lt", "lt"]


async def test_the_desk_s_own_words_follow(desk: RunningDesk) -> None:
    shopper = await desk.shopper(locale="en")
    await told(desk, shopper, "in lt kur mano siunta")
    await told(desk, shopper, "mute")
    with desk.services.database.reading() as session:
        last = session.scalars(select(Message).order_by(Message.id.desc()).limit(1)).one()
    assert last.text == desk.services.context.words.text("silent", "lt")


async def test_a_message_in_the_page_s_language_confirms_it(desk: RunningDesk) -> None:
    shopper = await desk.shopper(locale="en")
    await told(desk, shopper, "in en where is my parcel")
    assert spoken(desk) == ("en", "message", "en")


async def test_a_language_the_shop_does_not_speak_changes_nothing(desk: RunningDesk) -> None:
    shopper = await desk.shopper(locale="en")
    await told(desk, shopper, "in ka sad aris")
    assert spoken(desk) == ("en", "page", "en")


async def test_a_wish_for_a_language_is_kept_as_one(desk: RunningDesk) -> None:
    shopper = await desk.shopper(locale="en")
    await told(desk, shopper, "speak lt")
    assert spoken(desk) == ("lt", "choice", "lt")
    await told(desk, shopper, "speak xx")
    assert spoken(desk) == ("lt", "choice", "lt")
