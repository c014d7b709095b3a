"""The outbox: what we say leaves in order per conversation, once, and only while it still may (promises 4 and 6)."""

import asyncio
import logging
import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.core import ownership
from bot.core.channel import Connector, Outgoing
from bot.core.errors import NotDelivered, OutsideWindow
from bot.core.messages import Part, Text, from_json
from bot.core.ownership import Owner
from bot.core.rendering import check_window, render
from bot.core.times import now, seconds_between
from bot.desk.figures import Figures
from bot.desk.live import Live
from bot.desk.sent import record_sent
from bot.store import conversations as store
from bot.store import statements
from bot.store.database import Database
from bot.store.tables import Conversation, Identity, Message

log = logging.getLogger("aisle.outbox")
BACK_OFF_SECONDS = (1, 5, 30, 120, 600, 1800)


@dataclass(frozen=True)
class Sending:
    """What `claim` decided: a message to hand to a platform, or nothing now."""

    message: Outgoing | None
    attempts: int = 0
    retry_in_seconds: float | None = None


def _waiting(session: Session, conversation_id: str) -> list[Message]:
    return list(session.scalars(statements.WAITING_TO_LEAVE, {"conversation_id": conversation_id}))


def _may_leave(session: Session, conversation: Conversation, message: Message, at: datetime) -> bool:
    """Asked again at the moment of sending; a bot reply overtaken by a hand-off is dropped."""
    if ownership.may_send(
        author=message.author,
        written_under=message.owner_version,
        owner=Owner(conversation.owner),
        owner_version=conversation.owner_version,
    ):
        return True
    message.state = "dropped"
    store.add_fact(session, conversation, "reply_dropped", at=at, actor="bot", message_id=message.cause_id)
    return False


def _sent(
    session: Session,
    conversation: Conversation,
    message: Message,
    at: datetime,
    *,
    is_handing_over: bool = False,
) -> None:
    message.state, message.sent_at, message.error = "sent", at, ""
    record_sent(session, conversation, message, at, is_handing_over=is_handing_over)


def deliver_live(session: Session, conversation_id: str, at: datetime) -> list[str]:
    """Deliver all that waits on a live channel: the event is the delivery. Returns the authors of what left."""
    return leave(session, store.locked(session, conversation_id), at)


def leave(
    session: Session, conversation: Conversation, at: datetime, *, is_handing_over: bool = False
) -> list[str]:
    """`deliver_live` inside a unit of work that holds the lock of `conversation`: what it says leaves as it commits.

    `is_handing_over`: a person is about to be fetched, so what the bot says is no answer to the request.
    """
    if not store.has_leaving(session, conversation.id):
        return []
    left = []
    for message in _waiting(session, conversation.id):
        if _may_leave(session, conversation, message, at):
            _sent(session, conversation, message, at, is_handing_over=is_handing_over)
            left.append(message.author)
    return left


def claim(session: Session, conversation_id: str, at: datetime) -> Sending:
    """Mark the first waiting message as being sent, for a channel that leaves the house."""
    conversation = store.locked(session, conversation_id)
    for message in _waiting(session, conversation_id):
        if message.next_try_at is not None and message.next_try_at > at:
            return Sending(None, retry_in_seconds=seconds_between(at, message.next_try_at))
        if not _may_leave(session, conversation, message, at):
            continue
        message.state = "sending"
        message.attempts += 1
        recipient = session.scalar(
            select(Identity.external_id).where(
                Identity.contact_id == conversation.contact_id,
                Identity.channel == conversation.channel,
                Identity.account == conversation.account,
            )
        )
        parts: list[Part] = [Text(message.text)] if message.text else []
        parts += [from_json(part) for part in message.parts]  # type: ignore[misc]  # stored parts are no commands
        outgoing = Outgoing(
            message_id=message.id,
            conversation_id=conversation.id,
            account=conversation.account,
            recipient=recipient or "",
            text=message.text,
            parts=tuple(parts),
            last_shopper_at=conversation.last_shopper_at,
        )
        return Sending(outgoing, attempts=message.attempts)
    return Sending(None)


def settle(
    session: Session, conversation_id: str, message_id: int, *, platform_id: str, at: datetime
) -> None:
    """The platform took it."""
    conversation = store.locked(session, conversation_id)
    message = session.get_one(Message, message_id)
    if message.state == "sent":
        return
    message.platform_id = message.platform_id or platform_id or None
    _sent(session, conversation, message, at)


def failed(
    session: Session,
    conversation_id: str,
    message_id: int,
    *,
    reason: str,
    retry_at: datetime | None,
    at: datetime,
) -> None:
    """The platform did not take it: try again at `retry_at`, or never (agents see why)."""
    conversation = store.locked(session, conversation_id)
    message = session.get_one(Message, message_id)
    message.error = reason[:300]
    message.next_try_at = retry_at
    message.state = "pending" if retry_at else "failed"
    if retry_at:
        return
    store.add_fact(
        session, conversation, "delivery_failed", at=at, actor="system", message_id=message_id, label=reason
    )
    store.append_event(
        session,
        conversation,
        "delivery",
        at=at,
        audience="agents",
        data={"message_id": message_id, "state": "failed", "error": reason[:300], "text": message.text},
    )


class Outbox:
    """The worker; lives in the event loop of the desk."""

    def __init__(
        self, database: Database, connectors: Mapping[str, Connector], live: Live, figures: Figures
    ) -> None:
        self._database = database
        self._connectors = connectors
        self._live = live
        self._figures = figures
        self._running: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()
        self._is_stopping = False

    def notify(self, conversation_id: str) -> None:
        """There is something to send; returns at once."""
        if self._is_stopping:
            return
        if conversation_id in self._running:
            self._again.add(conversation_id)
            return
        self._running[conversation_id] = asyncio.create_task(
            self._work(conversation_id), name=f"outbox {conversation_id}"
        )

    async def recover(self) -> int:
        """Pick up what is due; the number of conversations."""
        found = await self._database.read(store.open_outbox, now())
        for conversation_id in found:
            self.notify(conversation_id)
        return len(found)

    async def stop(self) -> None:
        """Finish nothing more; the rows wait for the next start."""
        self._is_stopping = True
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _work(self, conversation_id: str) -> None:
        try:
            while True:
                self._again.discard(conversation_id)
                await self._deliver(conversation_id)
                if conversation_id not in self._again:
                    break
        except asyncio.CancelledError:
            raise
        except Exception:
            log.exception("delivery failed", extra={"conversation_id": conversation_id})
            asyncio.get_running_loop().call_later(2.0, self.notify, conversation_id)
        finally:
            self._running.pop(conversation_id, None)

    async def _deliver(self, conversation_id: str) -> None:
        channel = await self._database.read(_channel, conversation_id)
        connector = self._connectors.get(channel)
        if connector is None:
            log.error("no connector for a channel", extra={"channel": channel})
            return
        if connector.is_live:
            left = await self._database.write(deliver_live, conversation_id, now())
            for _author in left:
                self._figures.message("out", channel)
            self._live.wake(conversation_id)
            return
        while await self._send_one(connector, conversation_id):
            self._live.wake(conversation_id)

    async def _send_one(self, connector: Connector, conversation_id: str) -> bool:
        sending = await self._database.write(claim, conversation_id, now())
        if sending.message is None:
            if sending.retry_in_seconds is not None:
                asyncio.get_running_loop().call_later(
                    sending.retry_in_seconds + 0.01, self.notify, conversation_id
                )
            return False
        message = sending.message
        capabilities = connector.capabilities
        try:
            check_window(capabilities, last_shopper_at=message.last_shopper_at, at=now())
            shown = replace(message, parts=render(message.parts, capabilities))
            receipt = await connector.send(shown)  # type: ignore[attr-defined]  # a live one does not send
        except OutsideWindow as error:
            await self._failed(message, f"window: {error}", None)
        except NotDelivered as error:
            retry_at = self._retry_at(error, sending.attempts)
            await self._failed(message, str(error), retry_at)
            if retry_at is not None:
                return True
        else:
            await self._database.write(
                settle, conversation_id, message.message_id, platform_id=receipt.platform_id, at=now()
            )
            self._figures.message("out", connector.name)
        return True

    async def _failed(self, message: Outgoing, reason: str, retry_at: datetime | None) -> None:
        await self._database.write(
            failed, message.conversation_id, message.message_id, reason=reason, retry_at=retry_at, at=now()
        )

    def _retry_at(self, error: NotDelivered, attempts: int) -> datetime | None:
        if not error.heals or attempts > len(BACK_OFF_SECONDS):
            return None
        pause = BACK_OFF_SECONDS[attempts - 1] * random.uniform(0.7, 1.3)  # noqa: S311 - jitter, not a secret
        return now() + timedelta(seconds=max(pause, error.retry_after_seconds or 0.0))


def _channel(session: Session, conversation_id: str) -> str:
    return session.scalar(select(Conversation.channel).where(Conversation.id == conversation_id)) or ""
