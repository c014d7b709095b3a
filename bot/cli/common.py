"""What several commands need: the root of the install, settings with its secrets, JSON out."""

import json
import os
from pathlib import Path
from typing import Any

import click

import bot
from bot.cli.supervise import secrets
from bot.core import settings as core
from bot.core.settings import Settings

ROOT = Path(bot.__file__).resolve().parent.parent
as_json = click.option("--json", "is_json", is_flag=True, help="Write what a program may read.")


def settings(*, needs_secrets: bool = False) -> Settings:
    """Settings of the environment, filled up with the secrets `aisle up` made for this install.

    Raises:
        MissingSetting: says which, and where to get it.
    """
    found = core.load(os.environ, needs_secrets=False)
    return core.load({**secrets.read(found.home), **os.environ}, needs_secrets=needs_secrets)


def migrated() -> Settings:
    """Settings, after bringing the database to the newest schema."""
    from bot.store import migrate

    chosen = settings()
    migrate.upgrade(chosen.database)
    return chosen


def say(data: Any) -> None:
    """One JSON document on standard output."""
    click.echo(json.dumps(data, ensure_ascii=False, default=str))
