"""Taking the bot's turns: one at a time per conversation, in order, each committed as one transaction.

A shopper message is a turn to take as long as it is unhandled and the bot owns the conversation. Nothing else
is remembered: after a crash, `recover` finds the same rows again and the brain answers a repeated message id
with the replies it already gave (promises 3, 5 and 8).
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.brain.client import Answer, Brain, BrainRefused, Turn
from bot.core.errors import BrainUnavailable, Conflict
from bot.core.ownership import Owner
from bot.core.text import for_brain
from bot.core.times import now, seconds_between
from bot.desk import merge, presence
from bot.desk.commit import PROVED, AnswerFor, commit_turn, give_up
from bot.desk.context import Context
from bot.desk.figures import Figures
from bot.desk.lanes import Lanes
from bot.desk.live import Live
from bot.desk.say import notice
from bot.store import contacts, prepared, statements
from bot.store import conversations as store
from bot.store.database import Database
from bot.store.tables import Conversation, Message

log = logging.getLogger("aisle.turns")
REFUSALS = 3  # a message the brain refuses this often goes to a person
BACK_OFF = (0.25, 0.5, 1.0, 2.0, 3.0)


@dataclass(frozen=True)
class Next:
    """The next turn of a conversation."""

    message_id: int
    turn: Turn
    owner: str
    owner_version: int
    asked_at: datetime
    refusals: int


def next_turn(session: Session, conversation_id: str, *, context: Context, at: datetime) -> Next | None:
    """The oldest unhandled message by the platform's time, with what the brain should know."""
    found = prepared.rows(session, statements.NEXT_TURN, {"conversation_id": conversation_id})
    if not found:
        return None
    row = found[0]
    turn = Turn(
        sender=f"{conversation_id}.{row.episode}",
        message=row.payload or for_brain(row.text),
        message_id=str(row.message_id),
        metadata={
            "channel": row.channel,
            "language": row.language,
            "language_from": row.language_from,
            "languages": list(context.profile.locales),
            "conversation_id": conversation_id,
            "page": row.message_page or row.page,
            "agents": presence.people(session, context.profile, at).state,
            "contact": {"name": row.name, "email": row.email, "customer_id": row.customer_id},
        },
    )
    return Next(row.message_id, turn, row.owner, row.owner_version, row.stored_at, row.attempts)


@dataclass(frozen=True)
class Outcome:
    """What a committed turn left: `waits` in the outbox, or `left` (authors) already; is there a next one?

    `is_proved`: the shopper proved to be a customer, and may be known from other channels.
    """

    channel: str
    waits: bool
    left: tuple[str, ...]
    has_next: bool
    fresh: store.Fresh
    is_proved: bool


def finish(
    session: Session,
    conversation_id: str,
    following: Next,
    answer: Answer,
    *,
    context: Context,
    answer_for: AnswerFor,
    live_channels: Collection[str],
    at: datetime,
) -> Outcome:
    """Commit a turn; on a live channel its replies leave in the same transaction, being events themselves."""
    channel = str(following.turn.metadata["channel"])
    is_live = channel in live_channels
    left = commit_turn(
        session,
        conversation_id,
        following.message_id,
        answer,
        owner_version=following.owner_version,
        context=context,
        answer_for=answer_for,
        is_live=is_live,
        at=at,
    )
    conversation = store.held(session, conversation_id)
    has_next = store.has_open_turn(session, conversation_id, besides=following.message_id)
    fresh = store.fresh_events(session, conversation)
    store.save(session, conversation)
    is_proved = bool(session.info.get(PROVED))
    return Outcome(channel, left is not None and not is_live, tuple(left or ()), has_next, fresh, is_proved)


def _skip(session: Session, conversation_id: str, at: datetime) -> None:
    conversation = store.locked(session, conversation_id)
    if conversation.owner != Owner.BOT:
        store.mark_all_handled(session, conversation_id, at)


def _count_refusal(session: Session, message_id: int) -> None:
    session.execute(update(Message).where(Message.id == message_id).values(attempts=Message.attempts + 1))


def tell_slow(
    session: Session, conversation_id: str, message_id: int, *, context: Context, at: datetime
) -> bool:
    """Tell the shopper their message is kept, once an outage; False when there is nothing to tell."""
    conversation = store.locked(session, conversation_id)
    message = session.get_one(Message, message_id)
    if (
        conversation.owner != Owner.BOT
        or message.handled_at is not None
        or conversation.slow_told_at is not None
    ):
        return False
    conversation.slow_told_at = at
    store.add_fact(session, conversation, "brain_down", at=at, actor="system", message_id=message_id)
    notice(session, conversation, "slow", context=context, at=at, choices=["person"], cause_id=message_id)
    return True


class Turns:
    """The worker; lives in the event loop of the desk."""

    def __init__(
        self,
        database: Database,
        brain: Brain,
        context: Context,
        live: Live,
        figures: Figures,
        *,
        sent: Callable[[str], None],
        version_of: AnswerFor,
        live_channels: Collection[str],
        began: Callable[[str, str], None],
        step_aside: Callable[[], Awaitable[None]] | None = None,
        at_once: int = 32,
    ) -> None:
        self._database = database
        self._brain = brain
        self._context = context
        self._live = live
        self._figures = figures
        self._sent = sent
        self._answer_for = version_of
        self._live_channels = live_channels
        self._began = began
        self._lanes = Lanes("turns", self._one, step_aside=step_aside)
        self._read_ahead: dict[str, Next] = {}
        self._places = asyncio.Semaphore(at_once)
        # Messages coming in are kept before turns are: an acknowledgement waits for one commit, not for all of them.
        self._commits = asyncio.Semaphore(1 if database.is_sqlite else 3)

    def notify(self, conversation_id: str, following: Next | None = None) -> None:
        """There is a turn to take (`following`, where the caller has read it already); returns at once."""
        if self._lanes.notify(conversation_id) and following is not None:
            self._read_ahead[conversation_id] = following

    async def recover(self) -> int:
        """Pick up what a crash or an outage left; the number of conversations."""
        found = await self._database.read(store.open_turns)
        for conversation_id in found:
            self.notify(conversation_id)
        return len(found)

    async def stop(self) -> None:
        """Stop; turns not committed will be taken again by the next start."""
        await self._lanes.stop()

    async def _one(self, conversation_id: str) -> bool:
        """Take one turn; False when there is none to take after it."""
        following = self._read_ahead.pop(conversation_id, None) or await self._database.read(
            next_turn, conversation_id, context=self._context, at=now()
        )
        if following is None:
            return False
        if following.owner != Owner.BOT:
            await self._database.write(_skip, conversation_id, now())
            return True
        self._live.signal(conversation_id, {"kind": "typing", "author": "bot"})
        self._began(conversation_id, str(following.turn.metadata["channel"]))
        async with self._places:
            answer = await self._ask(conversation_id, following)
        if answer is None:
            return True
        async with self._commits:
            outcome = await self._database.write(
                finish,
                conversation_id,
                following,
                answer,
                context=self._context,
                answer_for=self._answer_for,
                live_channels=self._live_channels,
                at=now(),
            )
        self._live.wake(conversation_id, outcome.fresh)
        self._figures.turn(seconds_between(following.asked_at, now()))
        for _author in outcome.left:
            self._figures.message("out", outcome.channel)
        if outcome.waits:
            self._sent(conversation_id)
        if outcome.is_proved:
            await self._merge(conversation_id)
        return outcome.has_next

    async def _merge(self, conversation_id: str) -> None:
        """The same customer on other channels is the same contact from now on."""
        contact_id, others = await self._database.read(contacts.same_customer, conversation_id)
        for other_id in others:
            try:
                merged = await self._database.write(
                    merge.merge, contact_id, other_id, user_id=None, context=self._context
                )
            except Conflict:  # they have to stay apart, or somebody was faster
                continue
            for changed in merged:
                self._live.wake(changed)
            contact_id, _ = await self._database.read(contacts.same_customer, conversation_id)

    async def _ask(self, conversation_id: str, following: Next) -> Answer | None:
        """The brain's answer, however long it takes; the shopper is told when it is slow.

        None: it is no longer the bot's turn, or the message was given up and handed to a person.
        """
        work = asyncio.create_task(self._persist(conversation_id, following))
        try:
            waited = seconds_between(following.asked_at, now())
            patience = max(0.2, self._context.settings.slow_notice_seconds - waited)
            done, _ = await asyncio.wait({work}, timeout=patience)
            if not done and await self._database.write(
                tell_slow, conversation_id, following.message_id, context=self._context, at=now()
            ):
                self._sent(conversation_id)
                self._live.wake(conversation_id)
            return await work
        finally:
            if not work.done():
                work.cancel()

    async def _persist(self, conversation_id: str, following: Next) -> Answer | None:
        refusals = following.refusals
        for attempt in range(1_000_000):
            try:
                return await self._brain.turn(following.turn)
            except BrainRefused as error:
                refusals += 1
                log.warning("the brain refused a turn", extra={"reason": str(error), "refusals": refusals})
                await self._database.write(_count_refusal, following.message_id)
                if refusals >= REFUSALS:
                    await self._database.write(
                        give_up, conversation_id, following.message_id, context=self._context, at=now()
                    )
                    self._sent(conversation_id)
                    self._live.wake(conversation_id)
                    return None
            except BrainUnavailable as error:
                self._figures.brain_failed()
                if attempt == 0:
                    log.warning("the brain is unavailable", extra={"reason": str(error)})
            pause = BACK_OFF[min(attempt, len(BACK_OFF) - 1)]
            await asyncio.sleep(pause * random.uniform(0.8, 1.2))  # noqa: S311 - jitter, not a secret
            still = await self._database.read(_is_bots, conversation_id, following.message_id)
            if not still:
                return None
        return None


def _is_bots(session: Session, conversation_id: str, message_id: int) -> bool:
    row: Any = session.execute(
        select(Conversation.owner, Message.handled_at)
        .join(Message, Message.conversation_id == Conversation.id)
        .where(Conversation.id == conversation_id, Message.id == message_id)
    ).one()
    return bool(row[0] == Owner.BOT.value and row[1] is None)
