"""What a person overtook stays unsaid, also when they give the conversation back before it could leave."""

import asyncio

from sqlalchemy import select

from bot.core.channel import Outgoing, Piece, Receipt
from bot.core.errors import NotDelivered
from bot.core.messages import Text
from bot.core.settings import Settings
from bot.core.times import now
from bot.desk import assign, hand_off
from bot.desk.people import add_user
from bot.desk.say import say
from bot.store import conversations
from bot.store.tables import Message
from tests.desk.hearing import Street, said
from tests.running import running
from tests.small_platform import SmallPlatform

BUSY = NotDelivered("wait", heals=True, cause="busy", retry_after_seconds=0.5)


async def test_a_reply_of_before_the_hand_off_is_not_sent_after_the_way_back(settings: Settings) -> None:
    platform = SmallPlatform()
    async with running(settings, channels={"small": platform}) as desk:
        street = Street(desk, platform)
        await street.tell(said("hello"))
        conversation_id = street.conversation().id
        with desk.services.database.writing() as session:
            user = add_user(
                session, email="ona@shop.test", name="Ona", role="agent", password="correct horse battery"
            )
        platform.refusals = [BUSY] * 100  # more than it will meet: it refuses until the conversation is back
        with desk.services.database.writing() as session:
            say(
                session,
                conversations.locked(session, conversation_id),
                [Text("old news")],
                author="bot",
                at=now(),
            )
        desk.services.outbox.notify(conversation_id)
        await street.until(lambda _session: len(platform.refusals) < 100)
        with desk.services.database.writing() as session:
            assign.take(session, conversation_id, user=user, version=None)
            hand_off.hand_back(session, conversation_id, context=desk.services.context, user_id=user.id)
        platform.refusals = []
        desk.services.changed(conversation_id)
        await street.quiet()
        assert "old news" not in [message.text for message in platform.sent]
        assert street.look(select(Message.state).where(Message.text == "old news")) == ["dropped"]


class Slow(SmallPlatform):
    """Takes its time to refuse one message."""

    def __init__(self) -> None:
        super().__init__()
        self.asked_for, self.may_answer = asyncio.Event(), asyncio.Event()

    async def send(self, message: Outgoing, piece: Piece) -> Receipt:
        if message.text == "old news":
            self.asked_for.set()
            await self.may_answer.wait()
        return await super().send(message, piece)


async def test_a_reply_that_is_refused_after_it_was_overtaken_is_not_tried_again(settings: Settings) -> None:
    platform = Slow()
    async with running(settings, channels={"small": platform}) as desk:
        street = Street(desk, platform)
        await street.tell(said("hello"))
        conversation_id = street.conversation().id
        with desk.services.database.writing() as session:
            user = add_user(
                session, email="ona@shop.test", name="Ona", role="agent", password="correct horse battery"
            )
            conversation = conversations.locked(session, conversation_id)
            say(session, conversation, [Text("old news")], author="bot", at=now())
        desk.services.outbox.notify(conversation_id)
        await asyncio.wait_for(platform.asked_for.wait(), 20)
        with desk.services.database.writing() as session:
            assign.take(session, conversation_id, user=user, version=None)
            hand_off.hand_back(session, conversation_id, context=desk.services.context, user_id=user.id)
        platform.refusals = [BUSY]
        platform.may_answer.set()
        desk.services.changed(conversation_id)
        await street.quiet()
        assert "old news" not in [message.text for message in platform.sent]
        assert street.look(select(Message.state).where(Message.text == "old news")) == ["dropped"]
