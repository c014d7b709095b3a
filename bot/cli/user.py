"""`aisle user`: people who sign in."""

import click

from bot.cli.common import as_json, migrated, say
from bot.cli.supervise.secrets import new_password

MAKE_ONE = "-"  # as a password


@click.group("user")
def command() -> None:
    """People who sign in."""


@command.command("add")
@click.argument("email")
@click.option("--name", default="", help="Shown to shoppers and colleagues.")
@click.option("--role", type=click.Choice(["agent", "manager", "admin"]), default="agent", show_default=True)
@click.option("--password", help="Asked for when left out; `-` makes one and prints it.")
@as_json
def add(email: str, name: str, role: str, password: str | None, is_json: bool) -> None:
    """Add EMAIL as an agent, manager or admin."""
    from bot.desk.people import add_user
    from bot.store.database import Database

    is_made = password == MAKE_ONE or (password is None and is_json)
    if is_made:
        chosen = new_password()
    else:
        chosen = password or click.prompt("Password", hide_input=True, confirmation_prompt=True)
    database = Database(migrated().database, threads=1)
    try:
        with database.writing() as session:
            user = add_user(session, email=email, name=name, role=role, password=chosen)
            made = {"id": user.id, "email": user.email, "name": user.name, "role": user.role}
    finally:
        database.close()
    if is_json:
        say(made | ({"password": chosen} if is_made else {}))
    else:
        click.echo(f"{made['name']} <{made['email']}> may now sign in as {role}.")
        if is_made:
            click.echo(f"Password: {chosen}")


@command.command("password")
@click.argument("email")
@click.option("--password", help="Asked for when left out; `-` makes one and prints it.")
def password(email: str, password: str | None) -> None:
    """Give EMAIL a new password; every session of theirs ends."""
    from bot.desk.people import set_password
    from bot.store.database import Database

    is_made = password == MAKE_ONE
    chosen = new_password() if is_made else password
    chosen = chosen or click.prompt("New password", hide_input=True, confirmation_prompt=True)
    database = Database(migrated().database, threads=1)
    try:
        with database.writing() as session:
            set_password(session, email=email, password=chosen)
    finally:
        database.close()
    click.echo(f"New password: {chosen}" if is_made else f"{email} has a new password.")
