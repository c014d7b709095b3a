"""What `aisle channel` shows a person."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import click

from bot.core.channel import Finding
from bot.desk.channel_checks import Checked

SIGNS = {"ok": "✓", "warning": "!", "broken": "✗", "unchecked": "?"}
RESTART = "Restart the desk, which reads the values when it starts: Ctrl-C and `aisle up`, or its service."
START = "Start the desk: `aisle up`."


@dataclass(frozen=True)
class Outcome:
    """What `add` came to. `desk`: ready (has these values), old (runs without them) or silent (does not answer).

    `verify_token` and `kept_in` are empty when there is none, and when nothing was kept.
    """

    is_well: bool
    has_warnings: bool
    desk: str
    webhook: str
    verify_token: str
    kept_in: str


def show(channel: str, accounts: Iterable[Checked]) -> None:
    """The findings of a channel, an account at a time."""
    for checked in accounts:
        click.echo(f"{channel}, account {checked.account}")
        for finding in checked.findings:
            show_finding(finding)


def show_finding(finding: Finding) -> None:
    """One line, and what to do below it."""
    click.echo(f" {SIGNS[finding.state]} {finding.what}")
    if finding.advice:
        click.echo(f"   → {finding.advice}")


def show_list(rows: Iterable[dict[str, Any]]) -> None:
    """One block a channel."""
    for row in rows:
        click.echo(f"{row['channel']:<10} {'on' if row['is_on'] else 'off'}")
        if row["missing"]:
            click.echo(f"           missing: {', '.join(row['missing'])}")
            click.echo(f"           → aisle channel add {row['channel']}")
        for account in row["accounts"]:
            name = f" ({account['name']})" if account["name"] else ""
            reason = f": {account['reason']}" if account["reason"] else ""
            click.echo(
                f"         {SIGNS[account['state']]} account {account['account']}{name}, {account['state']}{reason}"
            )
        if row["is_on"]:
            click.echo(f"           webhook: {row['webhook']}")


def tell(channel: str, outcome: Outcome) -> None:
    """What `add` has kept, and what is left to do in its order."""
    page = f"docs/channels/{channel}.md"
    if not outcome.kept_in:
        click.echo(f"\nNothing was kept. Mend what has ✗ and run it again ({page}), or add --keep.", err=True)
        return
    if not outcome.is_well:
        click.echo(f"\nKept in {outcome.kept_in} all the same. Nothing is sent until ✗ is mended ({page}).")
        return
    steps = {"ready": [], "old": [RESTART], "silent": [START]}[outcome.desk]
    is_first = outcome.verify_token and outcome.has_warnings and outcome.desk != "ready"
    if is_first:
        steps.append(
            f"`aisle channel add {channel}` again: now the platform reaches the desk and takes the webhook's address."
        )
    if outcome.verify_token and outcome.has_warnings:
        steps.append(
            f"{'Should it not, enter it' if is_first else 'If ! says so, enter'} in the app's dashboard ({page}):\n"
            f"     callback URL  {outcome.webhook}\n     verify token  {outcome.verify_token}"
        )
    steps.append(f"`aisle channel check {channel}`, and write the shop a message.")
    click.echo(f"\nKept in {outcome.kept_in}. Next:")
    for number, step in enumerate(steps, 1):
        click.echo(f"  {number}. {step}")
