"""`aisle demo`: the demo shop with 90 days of past conversations, laid down or taken away."""

import click

from bot.cli.common import as_json, migrated, say
from bot.cli.supervise import first_start, secrets


@click.group("demo")
def command() -> None:
    """The demo shop and its past."""


@command.command("load")
@as_json
def load(is_json: bool) -> None:
    """Lay down the demo shop, 90 days of past conversations, and people to sign in as."""
    chosen = migrated()
    first_start.load_demo(chosen, on_progress=lambda line: click.echo(line, err=is_json))
    people = secrets.sign_ins(chosen.home)
    if is_json:
        say({"sign_ins": [{"role": p.role, "email": p.email, "password": p.password} for p in people]})
        return
    for person in people:
        click.echo(f"  {person.role:<8} {person.email:<18} {person.password}")


@command.command("remove")
@as_json
def remove(is_json: bool) -> None:
    """Take all demo data away: products, customers, orders, past conversations and demo people."""
    chosen = migrated()
    first_start.remove_demo(chosen)
    if is_json:
        say({"removed": True})
    else:
        click.echo("The demo shop, its past and its people are gone.")
