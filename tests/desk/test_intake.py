"""What platforms tell is taken in: messages, what becomes of them later, and what others do in the thread."""

from collections.abc import AsyncIterator

import pytest

from bot.core.settings import Settings
from tests.desk.hearing import Street, moment, said
from tests.running import running
from tests.small_platform import SmallPlatform


@pytest.fixture
async def street(settings: Settings) -> AsyncIterator[Street]:
    platform = SmallPlatform()
    async with running(settings, channels={"small": platform}) as desk:
        yield Street(desk, platform)


async def test_a_message_is_answered_over_its_channel(street: Street) -> None:
    await street.tell(said("hello", name="Ona", locale="lt_LT"))
    assert street.thread() == [("shopper", "hello"), ("bot", "echo: hello")]
    assert [(one.recipient, one.text) for one in street.platform.sent] == [("ona", "echo: hello")]
    conversation = street.conversation()
    assert (conversation.channel, conversation.account, conversation.language) == ("small", "shop-1", "lt")
    assert conversation.window_at == conversation.last_shopper_at == moment(0)
    assert [event.state for event in street.events()] == ["done"]


async def test_a_repeat_changes_nothing_in_whatever_batch_it_comes(street: Street) -> None:
    await street.tell(said("hello"), said("hello"))
    await street.tell(said("hello"), said("and this", "m2", 1))
    assert [text for author, text in street.thread() if author == "shopper"] == ["hello", "and this"]
    assert len(street.facts("message_in")) == 2
    assert len(street.desk.brain.turns) == 2


async def test_events_are_applied_by_the_platforms_time(street: Street) -> None:
    await street.tell(said("third", "m3", 3), said("first", "m1", 1), said("second", "m2", 2))
    asked = [turn["message"] for turn in street.desk.brain.turns]
    assert asked == ["first", "second", "third"]
