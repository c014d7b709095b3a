"""`aisle channel`: channels of other houses set up, looked at and tried."""

import asyncio
import logging
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from bot.cli import channel_values, checks
from bot.cli.channel_platforms import (
    ask_desk,
    check_address,
    desk_finding,
    missing,
    named,
    platforms,
    refuse_missing,
    verify_token,
    webhook,
)
from bot.cli.channel_words import Outcome, show, show_finding, show_list, tell
from bot.cli.common import as_json, environment, migrated, say, settings
from bot.core.channel import Finding, Platform
from bot.core.settings import Settings
from bot.core.times import now
from bot.desk import channel_checks
from bot.desk.channel_checks import Checked

if TYPE_CHECKING:
    from bot.store.database import Database

SET = "A value. Others may read your command line: give secrets in the environment instead."
ACCOUNT = "Id of a further account (Page, number …) of the same channel."
UNCHECKED = {"name": "", "state": "unchecked", "reason": "", "checked_at": None, "expires_at": None}


@click.group("channel")
def command() -> None:
    """Messenger, Instagram and other houses where shoppers write to the shop."""
    logging.getLogger("aisle").addHandler(logging.NullHandler())  # what a platform says is shown as a finding


@command.command("list")
@as_json
def show_channels(is_json: bool) -> None:
    """Each channel: on or off, what it lacks, how its accounts fare, the address for its webhook."""
    chosen = migrated()
    known = _known(chosen)
    rows = [
        {
            "channel": platform.name,
            "is_on": not platform.missing,
            "missing": missing(platform),
            "accounts": [
                {"account": account, **known.get((platform.name, account), UNCHECKED)}
                for account in platform.accounts
            ],
            "webhook": webhook(chosen, platform.name),
        }
        for platform in platforms(environment(chosen)).values()
    ]
    if is_json:
        say({"channels": rows})
    else:
        show_list(rows)


@command.command("check")
@click.argument("channel", required=False)
@as_json
def check(channel: str | None, is_json: bool) -> None:
    """Try the credentials of CHANNEL, or of all that are on; exit code 1 when something is broken."""
    chosen = migrated()
    known = platforms(environment(chosen))
    wanted = [named(known, channel)] if channel else [one for one in known.values() if not one.missing]
    for platform in wanted:
        refuse_missing(platform)
    found, desks = asyncio.run(_check(wanted, chosen))
    _record(chosen, found)
    is_well = _is_well(found)
    if is_json:
        rows = [_as_json(name, one) for name, accounts in found.items() for one in accounts]
        say({"ok": is_well, "accounts": rows, "desk": {name: asdict(one) for name, one in desks.items()}})
    else:
        for name, accounts in found.items():
            show(name, accounts)
            show_finding(desks[name])
        if not found:
            click.echo("No channel is on. `aisle channel list` says what each lacks.")
    sys.exit(0 if is_well else 1)


@command.command("add")
@click.argument("channel")
@click.option("--set", "values", multiple=True, metavar="NAME=VALUE", help=SET)
@click.option("--account", default="", help=ACCOUNT)
@click.option("--again", "asks_again", is_flag=True, help="Ask also for values that are already set.")
@click.option("--keep", "keeps", is_flag=True, help="Keep the values even when something is broken.")
@as_json
def add(
    channel: str, values: tuple[str, ...], account: str, asks_again: bool, keeps: bool, is_json: bool
) -> None:
    """Ask for what CHANNEL needs, try it, point the platform at this desk, and keep the values.

    Values are taken from --set, else the environment, else what was kept before; the rest is asked for. They are
    kept in channels.env in the home folder, which only its owner may read. With --json nothing is asked.
    """
    chosen = settings()
    before = environment(chosen)
    needs = channel_values.needs_of(channel, account)
    collected = channel_values.collect(
        needs,
        given=channel_values.given(needs, values),
        known=before,
        asks_again=asks_again,
        may_ask=not is_json,
    )
    platform = named(platforms(before | collected), channel)
    check_address(chosen, platform, before | collected)
    refuse_missing(platform)
    accounts = (account,) if account else platform.accounts
    results, desk = asyncio.run(_set_up(platform, accounts, chosen))
    found = {channel: results}
    is_well = _is_well(found)
    path = channel_values.keep(chosen.home, collected) if is_well or keeps else None
    if path is not None:
        _record(migrated(), found)
    is_new = any(before.get(name) != value for name, value in collected.items())
    outcome = Outcome(
        is_well=is_well,
        has_warnings=any(one.state == "warning" for one in results),
        desk=_desk(desk, is_up=checks.is_up(chosen), is_new=is_new),
        webhook=webhook(chosen, channel),
        verify_token=verify_token(platform, collected),
        kept_in=str(path or ""),
    )
    if is_json:
        rows = [_as_json(channel, one) for one in results]
        say({"ok": is_well, "channel": channel, "accounts": rows, **asdict(outcome)})
    else:
        show(channel, results)
        tell(channel, outcome)
    sys.exit(0 if is_well else 1)


async def _check(
    wanted: Iterable[Platform], chosen: Settings
) -> tuple[dict[str, list[Checked]], dict[str, Finding]]:
    found, desks = {}, {}
    for platform in wanted:
        try:
            found[platform.name] = [await channel_checks.check(platform, one) for one in platform.accounts]
        finally:
            await platform.close()
        address = webhook(chosen, platform.name)
        desks[platform.name] = desk_finding(await ask_desk(address), address, platform.name)
    return found, desks


async def _set_up(platform: Platform, accounts: Iterable[str], chosen: Settings) -> tuple[list[Checked], str]:
    from bot.core.profile import load
    from bot.desk.channel_profile import channel_profile
    from bot.desk.words import Words

    profile = channel_profile(load(chosen.shop_file), Words())
    address = webhook(chosen, platform.name)
    try:
        found = [
            await channel_checks.set_up(platform, one, webhook_url=address, profile=profile)
            for one in accounts
        ]
    finally:
        await platform.close()
    return found, await ask_desk(address)


def _desk(seen: str, *, is_up: bool, is_new: bool) -> str:
    """What `ask_desk` saw, knowing that a running desk does not have new values."""
    if seen == "silent" and not is_up:
        return seen
    return "ready" if seen == "ready" and not is_new else "old"


def _is_well(found: Mapping[str, Iterable[Checked]]) -> bool:
    return all(one.state != "broken" for accounts in found.values() for one in accounts)


@contextmanager
def _opened(chosen: Settings) -> "Iterator[Database]":
    from bot.store.database import Database

    database = Database(chosen.database, threads=1)
    try:
        yield database
    finally:
        database.close()


def _known(chosen: Settings) -> dict[tuple[str, str], dict[str, Any]]:
    with _opened(chosen) as database, database.reading() as session:
        return {
            (row.channel, row.account): {name: getattr(row, name) for name in UNCHECKED}
            for row in channel_checks.accounts(session)
        }


def _record(chosen: Settings, found: Mapping[str, Iterable[Checked]]) -> None:
    with _opened(chosen) as database, database.writing() as session:
        for channel, accounts in found.items():
            for one in accounts:
                channel_checks.record(session, channel, one, at=now())


def _as_json(channel: str, checked: Checked) -> dict[str, Any]:
    findings = [asdict(finding) for finding in checked.findings]
    return {"channel": channel, "account": checked.account, "state": checked.state, "findings": findings}
