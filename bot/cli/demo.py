"""`aisle demo`: the demo shop with 90 days of past conversations, and all channels without business accounts."""

import json

import click

from bot.cli.common import ROOT, as_json, migrated, say
from bot.cli.serve import check_port
from bot.cli.supervise import first_start, parts, secrets
from bot.cli.supervise.parts import Beside
from bot.core.profile import load as load_profile
from bot.core.settings import Settings
from bot.sandbox import accounts


@click.group("demo")
def command() -> None:
    """The demo shop and its past; all channels on this machine."""


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


@command.command("channels")
@click.option("--port", default=8890, show_default=True, help="Port of the page with the phones.")
@click.option("--brain/--no-brain", "has_brain", default=True, help="Run the brain (rasa run).")
@click.option("--verbose", "is_verbose", is_flag=True, help="Show what every part writes.")
@as_json
def channels(port: int, has_brain: bool, is_verbose: bool, is_json: bool) -> None:
    """Start everything with Messenger, Instagram, WhatsApp and Telegram played on this machine.

    Accounts and secrets are made anew at each start and kept nowhere; the install's own reach no platform meanwhile.
    """
    from bot.cli.up import start

    def beside(chosen: Settings) -> Beside:
        check_port("127.0.0.1", port, setting="--port")
        url = f"http://127.0.0.1:{port}"
        made = accounts.generated(_desk_address(chosen), name=load_profile(chosen.shop_file).name)
        config = json.dumps({"accounts": [accounts.to_json(account) for account in made]})
        return Beside(
            parts=(parts.sandbox(chosen, ROOT, port=port, config=config),),
            environment=accounts.environment(made, url),
            pages={"phones": url},
        )

    names = ["desk", "actions", "brain"] if has_brain else ["desk", "actions"]
    start(names, with_demo=True, is_verbose=is_verbose, is_json=is_json, beside=beside)


def _desk_address(chosen: Settings) -> str:
    """How the stand-in reaches the desk."""
    host = "127.0.0.1" if chosen.host in ("0.0.0.0", "::", "") else chosen.host  # noqa: S104 - compared only
    return f"http://{host}:{chosen.port}"
