"""`aisle migrate`: bring the database to the newest schema."""

import click

from bot.cli.common import as_json, say, settings


@click.command("migrate")
@as_json
def command(is_json: bool) -> None:
    """Bring the database to the newest schema."""
    from bot.store import migrate

    changed = migrate.upgrade(settings().database)
    if is_json:
        say({"changed": changed, "revision": migrate.head()})
    else:
        click.echo(f"Schema {migrate.head()}: {'brought up to date' if changed else 'nothing to do'}.")
