"""What several commands need: the root of the install, settings with its secrets, JSON out."""

import json
import os
from pathlib import Path
from typing import Any

import click

import bot
from bot.cli.supervise import secrets
from bot.core import channel_settings
from bot.core import settings as core
from bot.core.settings import Settings

ROOT = Path(bot.__file__).resolve().parent.parent
as_json = click.option("--json", "is_json", is_flag=True, help="Write what a program may read.")


def settings(*, needs_secrets: bool = False) -> Settings:
    """Settings of the environment, filled up with the secrets `aisle up` made for this install.

    The default home and profile are those of the install, wherever the command is called from.

    Raises:
        MissingSetting: says which, and where to get it.
    """
    defaults = {
        f"AISLE_{name.upper()}": str(ROOT / getattr(Settings, name)) for name in ("home", "shop_file")
    }
    given = {name: value for name, value in os.environ.items() if value}
    found = core.load({**defaults, **given}, needs_secrets=False)
    return core.load({**defaults, **secrets.read(found.home), **given}, needs_secrets=needs_secrets)


def environment(chosen: Settings) -> dict[str, str]:
    """This process's environment over the values of channels that `aisle channel add` keeps in the home folder."""
    return channel_settings.merged(chosen.home, os.environ)


def migrated() -> Settings:
    """Settings, after bringing the database to the newest schema."""
    from bot.store import migrate

    chosen = settings()
    migrate.upgrade(chosen.database)
    return chosen


def say(data: Any) -> None:
    """One JSON document on standard output."""
    click.echo(json.dumps(data, ensure_ascii=False, default=str))
