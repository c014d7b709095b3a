"""Looking after the accounts of channels: asked every hour, a broken one every minute until it is mended."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from bot.core.channel import Platform
from bot.core.errors import NotFound
from bot.core.times import now
from bot.desk import channel_checks
from bot.desk.channel_checks import Checked
from bot.desk.figures import Figures
from bot.store import outbox
from bot.store.database import Database
from bot.store.tables import ChannelAccount

log = logging.getLogger("aisle.channels")
LOOK_SECONDS = 60.0
CHECK_AFTER = timedelta(hours=1)
Account = tuple[str, str]  # (channel, account)


def due(session: Session, accounts: Sequence[Account], at: datetime) -> list[Account]:
    """Which of these accounts should be asked now: broken ones, and those not asked for an hour."""
    known = outbox.accounts(session)
    rows = ((account, known.get(account)) for account in accounts)
    return [account for account, row in rows if row is None or _is_due(row, at)]


def _is_due(row: ChannelAccount, at: datetime) -> bool:
    return row.state == "broken" or row.checked_at is None or at - row.checked_at >= CHECK_AFTER


def states(
    session: Session, accounts: Sequence[Account], figures: Figures, at: datetime
) -> dict[str, list[str]]:
    """ok, warning or broken of each account, by channel; one never looked at is taken for well. Sets the figures."""
    known = outbox.accounts(session)
    found: dict[str, list[str]] = {}
    for channel, name in accounts:
        row = known.get((channel, name))
        state = row.state if row else "ok"
        ends_at = row.expires_at if row else None
        found.setdefault(channel, []).append(state)
        figures.account(
            channel,
            name,
            may_send=state != "broken",
            used_percent=row.used_percent if row else None,
            token_seconds=(ends_at - at).total_seconds() if ends_at else None,
        )
    return found


def keep(session: Session, channel: str, checked: Checked, at: datetime) -> bool:
    """Record what was found; True when an account that was broken may send again."""
    before = outbox.account(session, channel, checked.account)
    was_broken = before is not None and before.state == "broken"
    channel_checks.record(session, channel, checked, at=at)
    return was_broken and checked.state != "broken"


class AccountHealth:
    """The worker; lives in the event loop of the desk. `mended` is called when messages that waited may leave."""

    def __init__(
        self,
        database: Database,
        platforms: Mapping[str, Platform],
        figures: Figures,
        mended: Callable[[], Awaitable[object]],
    ) -> None:
        self._database = database
        self._platforms = platforms
        self._figures = figures
        self._mended = mended
        self._task: asyncio.Task[None] | None = None

    @property
    def accounts(self) -> tuple[Account, ...]:
        """All that are configured, of channels that are on."""
        return tuple((name, one) for name, platform in self._platforms.items() for one in platform.accounts)

    async def states(self) -> dict[str, list[str]]:
        """ok, warning or broken of each account, by channel; sets the figures."""
        return await self._database.read(states, self.accounts, self._figures, now())

    def start(self) -> None:
        """Begin to look after the accounts, when there are any."""
        if self._platforms:
            self._task = asyncio.create_task(self._run(), name="account health")

    async def stop(self) -> None:
        """Look after nothing more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def check(self, channel: str, account: str) -> Checked:
        """Ask the platform about an account now, and let its messages leave when that finds it mended.

        Raises:
            NotFound: no such account is configured.
        """
        platform = self._platforms.get(channel)
        if platform is None or account not in platform.accounts:
            raise NotFound("there is no such account of a channel")
        checked = await channel_checks.check(platform, account)
        is_mended = await self._database.write(keep, channel, checked, now())
        if checked.state != "ok":
            log.warning(
                "an account needs a look",
                extra={"channel": channel, "account": account, "state": checked.state},
            )
        if is_mended:
            await self._mended()
        return checked

    async def look(self) -> None:
        """Ask about all accounts that are due."""
        waiting = await self._database.read(due, self.accounts, now())
        await asyncio.gather(*(self.check(channel, account) for channel, account in waiting))

    async def _run(self) -> None:
        while True:
            try:
                await self.look()
            except Exception:
                log.exception("accounts could not be looked after")
            await asyncio.sleep(LOOK_SECONDS)
