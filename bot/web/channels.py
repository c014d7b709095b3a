"""What people are told about channels that do not fare well: a band on their pages, and how to mend it."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

from sanic import HTTPResponse, Request
from sqlalchemy.orm import Session

import bot
from bot.bootstrap import Services
from bot.core.errors import NotFound
from bot.desk import channel_checks, people
from bot.web.api import Api
from bot.web.pages import catalogues, locale_of, render, text_of

GUIDES = Path(bot.__file__).resolve().parent.parent / "docs" / "channels"


def _ill(
    session: Session, configured: Collection[tuple[str, str]], *, is_manager: bool
) -> list[dict[str, str]]:
    """Accounts in use that need somebody; agents are told only of what keeps their replies from leaving."""
    wanted = ("warning", "broken") if is_manager else ("broken",)
    return [
        {"channel": row.channel, "account": row.name or row.account, "state": row.state, "reason": row.reason}
        for row in channel_checks.accounts(session)
        if row.state in wanted and (row.channel, row.account) in configured
    ]


def _name(channel: str, locale: str) -> str:
    key = f"inbox.channel_{channel}"
    return text_of(key, locale) if key in catalogues()["en"] else channel


def _in_words(row: dict[str, str], locale: str, *, is_manager: bool) -> dict[str, str]:
    values = {"channel": _name(row["channel"], locale), "name": row["channel"], "account": row["account"]}
    advice = "mend" if is_manager else "tell"
    return {
        "channel": row["channel"],
        "account": row["account"],
        "state": row["state"],
        "headline": text_of(f"channels.{row['state']}", locale, **values),
        "meaning": text_of(f"channels.{row['state']}_meaning", locale, **values),
        "reason": row["reason"] if is_manager else "",
        "advice": text_of(f"channels.{advice}", locale, **values),
        "guide": f"/channels/{row['channel']}" if is_manager else "",
    }


def routes(api: Api) -> None:
    """Register the API of the band and the guides."""

    @api.route(
        "GET",
        "/api/channels",
        guard="agent",
        returns="{ok, channels: [{channel, account, state, headline, meaning, reason, advice, guide}]}, worst first",
    )
    async def ill(request: Request) -> Any:
        """Channels that do not fare well, in the reader's words; empty when all do."""
        services: Services = request.app.ctx.services
        is_manager = people.may(request.ctx.user.role, "manager")
        found = await services.database.read(_ill, services.accounts.accounts, is_manager=is_manager)
        found.sort(key=lambda row: row["state"] != "broken")
        locale = locale_of(request)
        return {"ok": True, "channels": [_in_words(row, locale, is_manager=is_manager) for row in found]}

    @api.route("GET", "/channels/<channel:str>", guard="manager", returns="the guide of a channel")
    async def guide(request: Request, channel: str) -> HTTPResponse:
        """How a channel is set up and mended, as docs/channels/<channel>.md says it."""
        found = {path.stem: path for path in GUIDES.glob("[a-z]*.md")}.get(channel)
        if found is None:
            raise NotFound
        return render(request, "guide.html", guide=found.read_text(encoding="utf-8"), channel=channel)
