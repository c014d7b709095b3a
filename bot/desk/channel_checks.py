"""Whether the accounts of a channel are well: asking the platform, and keeping what it said."""

from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.core.channel import Finding, Platform
from bot.core.errors import AisleError
from bot.store.tables import ChannelAccount

STATES = ("ok", "warning", "broken")  # the worse, the later
REASON_LIMIT = 300


@dataclass(frozen=True)
class Checked:
    """What was found about one account."""

    account: str
    findings: tuple[Finding, ...]

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


async def check(platform: Platform, account: str) -> Checked:
    """Try the credentials of an account; a platform that cannot be asked is a finding too."""
    return Checked(account, tuple(await _asked(platform.check(account))))


async def set_up(
    platform: Platform, account: str, *, webhook_url: str, profile: Mapping[str, Any]
) -> Checked:
    """Point the platform at us, then look at how it sees us now; what both say is told once."""
    done = await _asked(platform.set_up(account, webhook_url=webhook_url, profile=profile))
    tried = await check(platform, account)
    said = {finding.what for finding in tried.findings}
    return Checked(account, (*tried.findings, *(finding for finding in done if finding.what not in said)))


async def _asked(answer: Awaitable[list[Finding]]) -> list[Finding]:
    try:
        return await answer
    except AisleError as error:
        return [Finding("broken", "the platform could not be asked", str(error))]


def record(session: Session, channel: str, checked: Checked, *, at: datetime) -> None:
    """Keep the state of an account; one found well may send again."""
    row = session.get(ChannelAccount, (channel, checked.account))
    if row is None:
        row = ChannelAccount(channel=channel, account=checked.account)
        session.add(row)
    row.state, row.reason, row.checked_at = checked.state, checked.reason[:REASON_LIMIT], at


def accounts(session: Session) -> Sequence[ChannelAccount]:
    """All accounts known, by channel and id."""
    return session.scalars(
        select(ChannelAccount).order_by(ChannelAccount.channel, ChannelAccount.account)
    ).all()
