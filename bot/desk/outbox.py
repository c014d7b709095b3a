"""The outbox: what we say leaves in order per conversation, once, and only while it still may (promises 4 and 6)."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar, cast

from sqlalchemy.exc import SQLAlchemyError

from bot.core.channel import Connector, Outgoing, Piece, Platform, Receipt
from bot.core.errors import NotDelivered
from bot.core.times import now
from bot.desk import sending
from bot.desk.deliver import deliver_live
from bot.desk.figures import Figures
from bot.desk.lanes import Lanes
from bot.desk.live import Live
from bot.desk.pace import Pace
from bot.desk.sending import Claim, Terms
from bot.store import outbox as store
from bot.store.database import Database

Result = TypeVar("Result")
log = logging.getLogger("aisle.outbox")
AT_ONCE_PER_CHANNEL = 64
KEEP_AGAIN_SECONDS = (0.2, 1.0, 3.0)
LAST_CALLS_SECONDS = 5.0  # how long a call that is out may still be answered when the desk stops


class Outbox:
    """The worker; lives in the event loop of the desk. One message of a conversation at a time."""

    def __init__(
        self,
        database: Database,
        connectors: Mapping[str, Connector],
        live: Live,
        figures: Figures,
        *,
        terms: Terms,
        step_aside: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self.connectors = connectors
        self._database = database
        self._live = live
        self._figures = figures
        self._terms = terms
        self._lanes = Lanes("outbox", self._one, step_aside=step_aside)
        # One of its writes at a time beside intake's and turns': none of the three keeps the others waiting.
        self._commits = asyncio.Semaphore(1 if database.is_sqlite else 8)
        self._places = {name: asyncio.Semaphore(AT_ONCE_PER_CHANNEL) for name in connectors}
        self._paces: dict[tuple[str, str], Pace] = defaultdict(lambda: Pace(self.notify))

    def notify(self, conversation_id: str) -> None:
        """There is something to send; returns at once."""
        self._lanes.notify(conversation_id)

    async def recover(self) -> int:
        """Pick up what is due; the number of conversations."""
        found = await self._database.read(store.due, now(), channels=list(self.connectors))
        paces = list(self._paces.values())
        awake = [key for key in found if not any(pace.holds(key) for pace in paces)]
        for conversation_id in awake:
            self.notify(conversation_id)
        return len(awake)

    async def stop(self) -> None:
        """Calls that are out may be answered; all else waits in its rows for the next start."""
        for pace in self._paces.values():
            pace.close()
        await self._lanes.stop(patience_seconds=LAST_CALLS_SECONDS)

    async def _one(self, conversation_id: str) -> bool:
        """Send the next message; False when nothing may be sent now."""
        lead = await self._database.read(store.lead, conversation_id)
        if lead is None or not lead.has_leaving:
            return False
        connector = self.connectors.get(lead.channel)
        if connector is None:
            log.warning("messages wait for a channel that is off", extra={"channel": lead.channel})
            return False
        if connector.is_live:
            left = await self._database.write(deliver_live, conversation_id, now())
            self._count(lead.channel, len(left))
            self._live.wake(conversation_id)
            return False
        pace = self._paces[lead.channel, lead.account]
        async with self._places[lead.channel]:
            if not pace.enter(conversation_id):
                return False
            try:
                return await self._send(cast(Platform, connector), pace, conversation_id)
            finally:
                pace.leave(conversation_id)

    async def _send(self, platform: Platform, pace: Pace, conversation_id: str) -> bool:
        claim = await self._write(sending.claim, conversation_id, platform, terms=self._terms, at=now())
        self._count(platform.name, len(claim.left))
        self._live.wake(conversation_id)
        if claim.message is None:
            if claim.wait_seconds is not None:
                self._lanes.notify_later(conversation_id, claim.wait_seconds)
            return False
        number = claim.number
        while True:
            try:
                receipt = await self._call(platform, claim.message, claim.pieces[number])
            except NotDelivered as error:
                if error.cause != "lost" or sending.is_told_back(platform.capabilities):
                    return await self._refused(platform, pace, claim, number, error)
                receipt = None
            else:
                pace.taken(conversation_id)
            has_next = await self._keep(
                sending.taken,
                conversation_id,
                claim.message.message_id,
                number,
                count=len(claim.pieces),
                receipt=receipt,
                at=now(),
            )
            number += 1
            if not has_next:
                self._count(platform.name, int(number == len(claim.pieces)))
                self._live.wake(conversation_id)
                return True

    async def _call(self, platform: Platform, message: Outgoing, piece: Piece) -> Receipt:
        receipt = await platform.send(message, piece)
        return replace(receipt, person="") if receipt.person == message.recipient else receipt

    async def _refused(
        self, platform: Platform, pace: Pace, claim: Claim, number: int, error: NotDelivered
    ) -> bool:
        message = cast(Outgoing, claim.message)
        key = message.conversation_id
        pause = pace.busy(key, error, attempts=claim.attempts) if error.cause == "busy" else None
        log.warning(
            "a message did not leave",
            extra={"channel": platform.name, "account": message.account, "cause": error.cause},
        )
        seconds = await self._keep(
            sending.refused,
            key,
            message.message_id,
            number,
            error=error,
            pause=pause,
            terms=self._terms,
            at=now(),
        )
        self._live.wake(key)
        if seconds:
            self._lanes.notify_later(key, seconds)
        return seconds == sending.AT_ONCE

    async def _keep(self, change: Callable[..., Result], *args: Any, **kwargs: Any) -> Result:
        """Commit what a platform answered; a database that stumbles must not leave the answer in doubt."""
        for pause in KEEP_AGAIN_SECONDS:
            try:
                return await self._write(change, *args, **kwargs)
            except SQLAlchemyError as error:
                log.warning("an answer could not be kept", extra={"error": type(error).__name__})
                await asyncio.sleep(pause)
        return await self._write(change, *args, **kwargs)

    async def _write(self, change: Callable[..., Result], *args: Any, **kwargs: Any) -> Result:
        async with self._commits:
            return await self._database.write(change, *args, **kwargs)

    def _count(self, channel: str, number: int) -> None:
        for _ in range(number):
            self._figures.message("out", channel)
