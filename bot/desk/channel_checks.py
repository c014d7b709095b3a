"""Whether the accounts of a channel are well: asking the platform, and keeping what it said."""

from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.core.channel import Finding, Platform
from bot.core.errors import NotDelivered
from bot.core.times import now
from bot.store.conversations import insert_if_new
from bot.store.tables import ChannelAccount

STATES = ("ok", "warning", "broken")  # the worse, the later
REASON_LIMIT = 300
NAME_LIMIT = 200
ENDS_SOON = timedelta(days=7)
NEAR_LIMIT_PERCENT = 80


@dataclass(frozen=True)
class Checked:
    """What was found about one account; `is_asked`: the platform answered at all."""

    account: str
    findings: tuple[Finding, ...]
    is_asked: bool = True

    @property
    def state(self) -> str:
        """The worst of the findings."""
        return max((finding.state for finding in self.findings), key=STATES.index, default="ok")

    @property
    def reason(self) -> str:
        """The worst finding in words, empty when all is well."""
        worst = next((item for item in self.findings if item.state == self.state), None)
        if worst is None or worst.state == "ok":
            return ""
        return f"{worst.what}: {worst.advice}" if worst.advice else worst.what

    @property
    def name(self) -> str:
        """How people know the account, empty when the platform did not say."""
        return next((item.name for item in self.findings if item.name), "")

    @property
    def expires_at(self) -> datetime | None:
        """When the first of the account's tokens ends, where that is known."""
        return min((item.expires_at for item in self.findings if item.expires_at is not None), default=None)

    @property
    def used_percent(self) -> int | None:
        """Of the platform's limit, where it tells."""
        return max(
            (item.used_percent for item in self.findings if item.used_percent is not None), default=None
        )


async def check(platform: Platform, account: str) -> Checked:
    """Try the credentials of an account; a token that ends soon and a limit that is near are findings, too."""
    asked = await _asked(account, platform.check(account))
    return replace(asked, findings=tuple(_heeded(finding, now()) for finding in asked.findings))


def _heeded(finding: Finding, at: datetime) -> Finding:
    """A finding as a warning when it tells of something that needs a look soon."""
    ends_soon = finding.expires_at is not None and finding.expires_at - at <= ENDS_SOON
    is_near = finding.used_percent is not None and finding.used_percent >= NEAR_LIMIT_PERCENT
    return replace(finding, state="warning") if finding.state == "ok" and (ends_soon or is_near) else finding


async def set_up(
    platform: Platform, account: str, *, webhook_url: str, profile: Mapping[str, Any]
) -> Checked:
    """Point the platform at us, then look at how it sees us now; what both say is told once."""
    done = await _asked(account, platform.set_up(account, webhook_url=webhook_url, profile=profile))
    tried = await check(platform, account)
    said = {finding.what for finding in tried.findings}
    more = tuple(finding for finding in done.findings if finding.what not in said)
    return Checked(account, (*tried.findings, *more), is_asked=tried.is_asked)


async def _asked(account: str, answer: Awaitable[list[Finding]]) -> Checked:
    """A platform that is not reached now says nothing about the account; one that refuses does."""
    try:
        return Checked(account, tuple(await answer))
    except NotDelivered as error:
        if error.heals:
            finding = Finding("warning", f"the platform could not be asked: {error}", "try again in a while")
            return Checked(account, (finding,), is_asked=False)
        return Checked(account, (Finding("broken", "the platform refuses us", str(error)),))


def record(session: Session, channel: str, checked: Checked, *, at: datetime) -> None:
    """Keep the state of an account: one found well may send again. What was not asked changes nothing known."""
    key = (channel, checked.account)
    if not checked.is_asked and session.get(ChannelAccount, key) is not None:
        return
    insert_if_new(session, ChannelAccount, channel=channel, account=checked.account, name="", state="ok")
    row = session.get_one(ChannelAccount, key, with_for_update=True)
    row.state, row.reason, row.checked_at = checked.state, checked.reason[:REASON_LIMIT], at
    row.name = checked.name[:NAME_LIMIT] or row.name or ""
    row.expires_at, row.used_percent = checked.expires_at, checked.used_percent


def accounts(session: Session) -> Sequence[ChannelAccount]:
    """All accounts known, by channel and id."""
    return session.scalars(
        select(ChannelAccount).order_by(ChannelAccount.channel, ChannelAccount.account)
    ).all()
