"""`aisle key`: keys for programs that talk to the product."""

import click

from bot.cli.common import as_json, migrated, say


@click.group("key")
def command() -> None:
    """Keys for programs (the REST channel)."""


@command.command("add")
@click.argument("name")
@as_json
def add(name: str, is_json: bool) -> None:
    """Make a key called NAME; it is shown once."""
    from bot.desk.people import make_api_key
    from bot.store.database import Database

    database = Database(migrated().database, threads=1)
    try:
        with database.writing() as session:
            key = make_api_key(session, name)
    finally:
        database.close()
    if is_json:
        say({"name": name, "key": key})
    else:
        click.echo(f"{key}\nKeep it now: it is not shown again.")
