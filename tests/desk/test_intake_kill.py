"""The desk killed while platforms talk to it: what was acknowledged is applied by the next one, once and in order."""

import asyncio
import time
from typing import Any

import aiohttp
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.core.settings import Settings
from bot.store.database import Database
from bot.store.tables import Conversation, Message, PlatformEvent
from tests.desk.test_kill import Desk
from tests.fake_brain import FakeBrain

SECRET = "told-with-every-call"
PEOPLE, EACH = 4, 15


def update(person: int, number: int) -> dict[str, Any]:
    return {
        "update_id": person * 1_000 + number,
        "message": {
            "message_id": number + 1,
            "date": 1_790_000_000 + number,
            "chat": {"id": 100 + person, "type": "private"},
            "from": {"id": 100 + person, "is_bot": False, "first_name": "Ona", "language_code": "en"},
            "text": f"message {number}",
        },
    }


async def test_a_desk_killed_between_acknowledging_and_applying_loses_and_doubles_nothing(
    settings: Settings,
) -> None:
    brain = await FakeBrain(settings.internal_secret).start()
    desk = Desk(settings, brain.url)
    desk.environment |= {
        "AISLE_TELEGRAM_TOKEN": "4711:abc",
        "AISLE_TELEGRAM_SECRET": SECRET,
        "AISLE_TELEGRAM_API": "http://127.0.0.1:9",  # nobody is there: replies wait
    }
    async with aiohttp.ClientSession(headers={"X-Telegram-Bot-Api-Secret-Token": SECRET}) as http:
        try:
            await desk.start(http)

            async def talk(person: int) -> None:
                for number in range(EACH):
                    await _tell(http, desk.url, update(person, number))

            talks = [asyncio.create_task(talk(person)) for person in range(PEOPLE)]
            for pause in (0.1, 0.25):
                await asyncio.sleep(pause)
                desk.kill()
                await desk.start(http)
            await asyncio.gather(*talks)
            database = Database(settings.database_url)
            deadline = time.monotonic() + 40
            while not await database.read(_is_done):
                assert time.monotonic() < deadline, "not all was applied"
                await asyncio.sleep(0.1)
        finally:
            desk.kill()
            await brain.stop()
    with database.reading() as session:
        threads = [
            session.scalars(
                select(Message.text)
                .where(Message.conversation_id == conversation_id, Message.direction == "in")
                .order_by(Message.created_at)
            ).all()
            for conversation_id in session.scalars(select(Conversation.id))
        ]
        answers = session.scalar(select(func.count()).where(Message.author == "bot"))
    database.close()
    assert threads == [[f"message {number}" for number in range(EACH)]] * PEOPLE
    assert answers == PEOPLE * EACH


async def _tell(http: aiohttp.ClientSession, url: str, body: dict[str, Any]) -> None:
    """As the platform does: the same update again until it is acknowledged."""
    while True:
        try:
            async with http.post(f"{url}/webhooks/telegram", json=body) as response:
                if response.status == 200:
                    return
        except (aiohttp.ClientError, OSError):
            pass
        await asyncio.sleep(0.03)


def _is_done(session: Session) -> bool:
    applied = session.scalar(select(func.count()).where(PlatformEvent.state == "done"))
    handled = session.scalar(select(func.count()).where(Message.handled_at.is_not(None)))
    return (applied, handled) == (PEOPLE * EACH, PEOPLE * EACH)
