"""Applying what platforms told us: in order per person, each event once, in one transaction with what comes of it.

Nothing is remembered but the rows: after a crash `recover` finds those not applied. An event that fails is tried
three times and then put aside with its error; the others go on (promises 1 to 3).
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from bot.core.channel import MESSAGES, Platform
from bot.core.errors import AisleError, BrainUnavailable
from bot.core.times import now
from bot.desk import (
    accounts,
    changes_of_messages,
    elsewhere,
    heard_messages,
    identities,
    receipts,
    touches,
)
from bot.desk.case import Applied, Case
from bot.desk.context import Context
from bot.desk.figures import Figures
from bot.desk.identities import Profiles
from bot.desk.lanes import Lanes
from bot.store import platform_events
from bot.store.database import Database, end
from bot.store.platform_events import IGNORED, Lane

log = logging.getLogger("aisle.intake")
ATTEMPTS = 3
PAUSES = (0.1, 0.5)
STEPS_ASIDE, STEP_ASIDE_SECONDS = 20, 0.005
WAIT = timedelta(hours=24)  # for the message an event is about

Handler = Callable[[Case], Applied]
HANDLERS: dict[str, Handler] = {
    **dict.fromkeys(MESSAGES, heard_messages.take),
    "standby": heard_messages.take_standby,
    "referral": heard_messages.take_referral,
    "message.edit": changes_of_messages.take_edit,
    "message.deleted": changes_of_messages.take_deletion,
    "reaction": changes_of_messages.take_reaction,
    "delivery": receipts.take_delivery,
    "read": receipts.take_read,
    "status": receipts.take_status,
    "status.failed": receipts.take_failure,
    "optin": receipts.take_membership,
    "echo": elsewhere.take_echo,
    "echo.human": elsewhere.take_echo,
    "handover.pass": elsewhere.take_handover,
    "handover.take": elsewhere.take_handover,
    "policy": accounts.take_policy,
    "account": accounts.take_account,
    "error": accounts.take_account,
    "template_status": accounts.take_template,
    "comment.add": touches.take,
    "post.add": touches.take,
    "message.story_mention": touches.take,
}
OF_A_PERSON = frozenset(
    {*MESSAGES, "standby", "referral", "optin", "echo", "echo.human", "handover.pass", "handover.take"}
)  # what says nothing without one


@dataclass(frozen=True)
class Step:
    """What applying one event came to; `applied` None: there was none."""

    applied: Applied | None = None
    has_more: bool = False
    wants_profile: bool = False
    needs_product: str = ""  # nothing was done: first find out whether the catalogue has this SKU
    is_deletion: bool = False
    tap: str = ""  # platform id of a tap that no turn answers


class NotApplied(AisleError):
    """An event could not be applied."""

    def __init__(self, event_id: int, error: Exception) -> None:
        super().__init__(f"{type(error).__name__}: {error}")
        self.event_id = event_id


class _Unlooked(AisleError):
    """The catalogue has not been asked for this SKU."""


class Intake:
    """The worker; lives in the event loop of the desk.

    While platforms wait for their acknowledgement (`is_busy`) it steps aside, though never for long: what it sets off
    costs them more time than it takes itself.

    `changed` is called after each commit with the conversation and whether the bot has a turn to take; `has_product`
    may take its time (it runs in a thread); `seen` is told of taps that no turn answers (channel, account, person,
    platform id): the shopper's app waits for a sign. `forget` has the brain forget a message (sender, message id).
    """

    def __init__(
        self,
        database: Database,
        context: Context,
        platforms: Mapping[str, Platform],
        figures: Figures,
        *,
        has_product: Callable[[str], bool],
        changed: Callable[[str, bool], None],
        seen: Callable[[str, str, str, str], None],
        is_busy: Callable[[], bool],
        forget: Callable[[str, str], Awaitable[None]],
        step_aside: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._database = database
        self._context = context
        self._platforms = platforms
        self._figures = figures
        self._has_product = has_product
        self._changed = changed
        self._is_busy = is_busy
        self._seen = seen
        self._forget = forget
        self._forgetting: asyncio.Task[None] | None = None
        self._profiles = Profiles(database, platforms)
        self._lanes = Lanes("intake", self._one, step_aside=step_aside)
        self._commits = asyncio.Semaphore(1 if database.is_sqlite else 3)

    def notify(self, lanes: Iterable[Lane]) -> None:
        """Something was kept for these lanes; returns at once. Lanes of channels that are off wait."""
        for lane in lanes:
            if lane.channel in self._platforms:
                self._lanes.notify(json.dumps(lane))

    async def recover(self) -> int:
        """Pick up what was kept and not applied, and what waits for messages known by now; the number of lanes."""
        if not self._platforms:
            return 0
        async with self._commits:
            await self._database.write(_sweep, now())
        lanes = await self._database.read(platform_events.open_lanes)
        self.notify(lanes)
        self._forget_unsent()
        return len(lanes)

    async def close_silent(self) -> list[str]:
        """End what was answered elsewhere a day ago, so that the bot takes what comes next; their conversations."""
        found = await self._database.read(elsewhere.silent, at=now())
        for conversation_id in found:
            await self._database.write(
                elsewhere.close_if_silent, conversation_id, context=self._context, at=now()
            )
        return found

    async def stop(self) -> None:
        """Stop; the rows keep what was not applied."""
        await self._lanes.stop()
        await self._profiles.stop()
        if self._forgetting is not None:
            self._forgetting.cancel()
            await asyncio.gather(self._forgetting, return_exceptions=True)

    def _forget_unsent(self) -> None:
        if self._forgetting is None or self._forgetting.done():
            self._forgetting = asyncio.create_task(self._forget_all(), name="forget unsent")

    async def _forget_all(self) -> None:
        """Tell the brain what was unsent; what it cannot be told now waits for the next sweep."""
        while found := await self._database.read(platform_events.unsent):
            for event_id, conversation_id, episode, message_id in found:
                try:
                    await self._forget(f"{conversation_id}.{episode}", str(message_id))
                except BrainUnavailable:
                    return
                await self._database.write(platform_events.forgotten, event_id)

    async def _one(self, key: str) -> bool:
        lane = Lane(*json.loads(key))
        known: dict[str, bool] = {}
        while True:
            step = await self._apply(lane, known)
            if not step.needs_product:
                break
            sku = step.needs_product
            known[sku] = await asyncio.to_thread(self._has_product, sku)
        if step.applied is None:
            return step.has_more
        if step.applied.conversation_id:
            self._changed(step.applied.conversation_id, step.applied.needs_turn)
        if step.tap:
            self._seen(lane.channel, lane.account, lane.person, step.tap)
        if step.is_deletion:
            self._forget_unsent()
        if step.applied.is_message:
            self._figures.message("in", lane.channel)
        if step.wants_profile:
            self._profiles.want(lane)
        return step.has_more

    async def _let_by(self) -> None:
        for _ in range(STEPS_ASIDE):
            if not self._is_busy():
                return
            await asyncio.sleep(STEP_ASIDE_SECONDS)

    async def _apply(self, lane: Lane, known: Mapping[str, bool]) -> Step:
        """The next event; one that fails is counted, and the lane goes on with it or the one behind it."""
        platform = self._platforms[lane.channel]
        try:
            async with self._commits:
                await self._let_by()
                return await self._database.write(
                    apply_next,
                    lane,
                    context=self._context,
                    platform=platform,
                    has_product=lambda sku: _look(known, sku),
                    at=now(),
                )
        except NotApplied as failure:
            if isinstance(failure.__cause__, _Unlooked):
                return Step(needs_product=str(failure.__cause__))
            if isinstance(failure.__cause__, OperationalError):
                raise  # of the database, not of the event: the lane is tried again
            log.error(
                "an event could not be applied",
                extra={"channel": lane.channel, "event": failure.event_id},
                exc_info=failure.__cause__,
            )
            async with self._commits:
                attempts = await self._database.write(
                    platform_events.failed,
                    failure.event_id,
                    error=type(failure.__cause__).__name__,
                    most=ATTEMPTS,
                )
            if attempts < ATTEMPTS:
                await asyncio.sleep(PAUSES[attempts - 1])
            return Step(has_more=True)


def apply_next(
    session: Session,
    lane: Lane,
    *,
    context: Context,
    platform: Platform,
    has_product: Callable[[str], bool],
    at: datetime,
) -> Step:
    """Apply the next event of a lane and mark it, in this one unit of work.

    Raises:
        NotApplied: from what went wrong.
    """
    event = platform_events.following(session, lane)
    if event is None:
        return Step()
    handler = HANDLERS.get(event.kind)
    try:
        case = Case(
            session=session,
            channel=lane.channel,
            heard=platform_events.heard(event),
            event_id=event.id,
            context=context,
            capabilities=platform.capabilities,
            at=at,
            has_product=has_product,
            is_first_try=event.attempts == 0,
        )
        if handler is None or (event.kind in OF_A_PERSON and not lane.person):
            applied = Applied(IGNORED)
        else:
            applied = handler(case)
        platform_events.settle(
            event,
            applied.state,
            conversation_id=applied.conversation_id,
            message_id=applied.message_id,
            is_content_kept=applied.is_content_kept,
            target=applied.target,
        )
        session.flush()
        end(session)
    except Exception as error:  # of one event, which must not stop the others
        raise NotApplied(event.id, error) from error
    return Step(
        applied,
        has_more=platform_events.has_more(session, lane),
        wants_profile=applied.is_message and identities.is_due(session, lane, at),
        is_deletion=event.kind == "message.deleted",
        tap=case.heard.platform_id if event.kind == "postback" and not applied.needs_turn else "",
    )


def _look(known: Mapping[str, bool], sku: str) -> bool:
    if sku not in known:
        raise _Unlooked(sku)
    return known[sku]


def _sweep(session: Session, at: datetime) -> None:
    platform_events.awaken_known(session)
    platform_events.give_up(session, before=at - WAIT)
