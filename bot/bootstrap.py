"""The composition root: builds everything once, from settings; nothing else makes connections or reads files."""

import asyncio
import importlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

import connectors
from bot.brain.client import Brain
from bot.core.channel import Connector, Platform
from bot.core.errors import Conflict
from bot.core.profile import Profile
from bot.core.profile import load as load_profile
from bot.core.settings import Settings
from bot.core.times import now
from bot.desk import close
from bot.desk.account_health import AccountHealth
from bot.desk.answers import Answers
from bot.desk.context import Context
from bot.desk.figures import Figures
from bot.desk.ingest import Ingest
from bot.desk.intake import Intake
from bot.desk.line import Line
from bot.desk.live import Live
from bot.desk.marks import Marks
from bot.desk.outbox import Outbox
from bot.desk.pressure import Pressure
from bot.desk.sending import Terms
from bot.desk.turns import Turns
from bot.desk.words import Words
from bot.shop.contract import Shop
from bot.store.database import Database

log = logging.getLogger("aisle")
SWEEP_SECONDS = 5.0
CHECKPOINT_SECONDS = 0.5


@dataclass
class Services:
    """All that a desk process holds. `start` and `stop` run in its event loop.

    `platforms` are the channels of other houses that are on; `off` those that lack a value, with its name in `missing`.
    """

    settings: Settings
    profile: Profile
    context: Context
    database: Database
    shop: Shop
    live: Live
    brain: Brain
    turns: Turns
    outbox: Outbox
    answers: Answers
    figures: Figures
    intake: Intake
    ingest: Ingest
    marks: Marks
    line: Line
    accounts: AccountHealth
    platforms: dict[str, Platform] = field(default_factory=dict)
    off: dict[str, Platform] = field(default_factory=dict)
    _upkeep: list[asyncio.Task[None]] = field(default_factory=list, repr=False)

    async def start(self) -> None:
        """Finish what the last run committed, and keep sweeping."""
        await self.turns.recover()
        await self.outbox.recover()
        await self.intake.recover()
        self.accounts.start()
        self.line.start()
        self._upkeep = [
            asyncio.create_task(self._sweep(), name="sweeper"),
            asyncio.create_task(self._checkpoint(), name="checkpoints"),
        ]

    async def stop(self) -> None:
        """Stop the workers; the rows keep what they had not done."""
        for task in self._upkeep:
            task.cancel()
        await asyncio.gather(*self._upkeep, return_exceptions=True)
        await self.line.stop()
        await self.accounts.stop()
        await self.intake.stop()
        await self.turns.stop()
        await self.outbox.stop()
        await self.marks.stop()
        await self.brain.close()
        for platform in (*self.platforms.values(), *self.off.values()):
            await platform.close()

    def close(self) -> None:
        """Give the database back, after `stop` and when no request is in flight."""
        self.database.close()

    def changed(self, conversation_id: str, *, has_turn: bool = False) -> None:
        """Call after every committed change of a conversation: wakes pages, outbox and (if asked) the bot."""
        if has_turn:
            self.turns.notify(conversation_id)
        self.outbox.notify(conversation_id)
        self.live.wake(conversation_id)

    async def _sweep(self) -> None:
        """Due retries, turns nobody took, and episodes gone silent."""
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            try:
                await self.turns.recover()
                await self.outbox.recover()
                await self.intake.recover()
                await self._close_idle()
                await asyncio.to_thread(self.answers.refresh)
            except Exception:
                log.exception("the sweep failed")

    async def _checkpoint(self) -> None:
        while True:
            await asyncio.sleep(CHECKPOINT_SECONDS)
            try:
                await asyncio.to_thread(self.database.checkpoint)
            except Exception:
                log.exception("the database's log could not be written back")

    async def _close_idle(self) -> None:
        for conversation_id in await self.database.read(close.idle, context=self.context, at=now()):
            try:
                await self.database.write(
                    close.close_if_idle, conversation_id, context=self.context, at=now()
                )
            except Conflict:
                continue
            self.changed(conversation_id)
        for conversation_id in await self.intake.close_silent():
            self.changed(conversation_id)


def build_shop(settings: Settings, *, database: Database | None = None) -> Shop:
    """The shop the settings name: the local catalogue and orders."""
    from bot.shop.local import LocalShop

    profile = load_profile(settings.shop_file)
    return LocalShop(database or Database(settings.database), settings.home, profile)


def build_connectors(environment: Mapping[str, str]) -> dict[str, Connector]:
    """All channels by name, also those that are off; `environment` holds their values (`AISLE_<CHANNEL>_<NAME>`)."""
    found = {}
    for name in connectors.NAMES:
        connector: Connector = importlib.import_module(f"connectors.{name}").connector(environment)
        found[connector.name] = connector
    return found


def build(
    settings: Settings,
    *,
    environment: Mapping[str, str] | None = None,
    channels: dict[str, Connector] | None = None,
) -> Services:
    """Everything a desk needs. Call in the process (not necessarily the loop) that will run it.

    Channels of other houses are built from `environment`, and are off without one; `channels` takes the place of
    all that would be built.
    """
    profile = load_profile(settings.shop_file)
    context = Context(settings=settings, profile=profile, words=Words())
    database = Database(settings.database)
    live, figures = Live(), Figures()
    figures.watch(database.reader)
    figures.watch(database.writer)
    brain = Brain(
        settings.brain_url, settings.internal_secret, timeout_seconds=settings.brain_timeout_seconds
    )
    answers = Answers(database)
    known = channels if channels is not None else build_connectors(environment or {})
    others = {name: channel for name, channel in known.items() if isinstance(channel, Platform)}
    off = {name: platform for name, platform in others.items() if platform.missing}
    connected = {name: connector for name, connector in known.items() if name not in off}
    terms = Terms(echo_wait_seconds=settings.echo_wait_seconds, public_url=settings.url, since=now())
    platforms = {name: platform for name, platform in others.items() if name not in off}
    marks = Marks(database, platforms)
    pressure = Pressure()
    outbox = Outbox(database, connected, live, figures, terms=terms, step_aside=pressure.step_aside)
    turns = Turns(
        database,
        brain,
        context,
        live,
        figures,
        sent=outbox.notify,
        version_of=answers.text_for,
        live_channels={name for name, connector in connected.items() if connector.is_live},
        began=marks.began,
        step_aside=pressure.step_aside,
    )
    shop = build_shop(settings, database=database)

    def changed(conversation_id: str, has_turn: bool) -> None:
        if has_turn:
            turns.notify(conversation_id)
        outbox.notify(conversation_id)
        live.wake(conversation_id)

    intake = Intake(
        database,
        context,
        platforms,
        figures,
        has_product=lambda sku: shop.product(sku) is not None,
        changed=changed,
        seen=marks.seen,
        is_busy=lambda: ingest.is_busy,
        forget=brain.forget,
        step_aside=pressure.step_aside,
    )
    ingest = Ingest(database, intake.notify, pressure.arrived)
    return Services(
        settings=settings,
        profile=profile,
        context=context,
        database=database,
        shop=shop,
        live=live,
        brain=brain,
        turns=turns,
        outbox=outbox,
        answers=answers,
        figures=figures,
        intake=intake,
        ingest=ingest,
        marks=marks,
        line=Line(database, live, profile),
        accounts=AccountHealth(database, platforms, figures, mended=outbox.recover),
        platforms=platforms,
        off=off,
    )
