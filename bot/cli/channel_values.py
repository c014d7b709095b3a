"""The values of a channel: collected from the command line, environment, file and person; kept in the file."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from bot.cli.channel_platforms import missing, named, platforms
from bot.cli.supervise.secrets import write_private
from bot.core.channel import Secret
from bot.core.channel_settings import FILE, variable
from bot.core.errors import BadInput, MissingSetting

ADDRESS = "API"  # never asked for: only a stand-in needs another
ACCOUNT = "ACCOUNT"  # the id of the first account; of further ones it stands in the names of their values
HEADING = "# Values of channels, written by `aisle channel add`. Keep private; back up.\n"


@dataclass(frozen=True)
class Need:
    """A value to be had: its variable, and whether the channel is off without it."""

    secret: Secret
    variable: str
    is_required: bool


def needs_of(channel: str, account: str) -> list[Need]:
    """What a channel needs for its first account, or for a further one, whose id is then known.

    Raises:
        BadInput: there is no such channel, or it has one account only.
    """
    empty = named(platforms({}), channel)
    names = {one: variable(channel, one.name) for one in empty.needs}
    first = missing(empty)
    if not account:
        return [Need(one, name, name in first) for one, name in names.items()]
    own = {
        one: variable(channel, one.name, account)
        for one in empty.needs
        if one.is_of_account and one.name != ACCOUNT
    }
    if not own:
        raise BadInput(f"{channel} has one account; --account is for channels that have several.")
    shared = missing(named(platforms(dict.fromkeys(own.values(), "given")), channel))
    return [
        Need(one, own.get(one, name), name in (first if one in own else shared))
        for one, name in names.items()
        if one.name != ACCOUNT
    ]


def given(needs: Iterable[Need], settings: Iterable[str]) -> dict[str, str]:
    """`NAME=value` of the command line by variable; NAME with or without `AISLE_<CHANNEL>_`.

    Raises:
        BadInput: not of that form, or a name the channel does not know.
    """
    known = {name: need.variable for need in needs for name in (need.secret.name, need.variable)}
    found = {}
    for text in settings:
        name, is_there, value = text.partition("=")
        if not is_there or name not in known:
            names = ", ".join(need.secret.name for need in needs)
            raise BadInput(f"--set {name}: write NAME=value, with NAME one of {names}", field=name)
        found[known[name]] = _clean(value, name)
    return found


def collect(
    needs: Sequence[Need],
    *,
    given: Mapping[str, str],
    known: Mapping[str, str],
    asks_again: bool,
    may_ask: bool,
) -> dict[str, str]:
    """A value for each need that has one; what nobody gave is asked for.

    What a channel can do without is asked for only together with something it cannot do without.

    Raises:
        MissingSetting: a required value that may not or cannot be asked for.
    """
    before = dict.fromkeys((need.variable for need in needs), "") | dict(known)
    is_new = any(
        need.is_required and not (given.get(need.variable) or before[need.variable]) for need in needs
    )
    found = {}
    for need in needs:
        value = given.get(need.variable) or ("" if asks_again and may_ask else before[need.variable])
        if need.secret.is_made:
            value = value or before[need.variable] or secrets.token_urlsafe(32)
        if not value and may_ask and (need.is_required or _is_asked(need, is_new=is_new or asks_again)):
            value = _asked(need, before[need.variable])
        if not value and need.is_required:
            raise MissingSetting(_missing(need))
        if value:
            found[need.variable] = value
    return found


def _is_asked(need: Need, *, is_new: bool) -> bool:
    """Whether something optional is worth a question."""
    return is_new and need.secret.name != ADDRESS and not need.secret.default


def _missing(need: Need) -> str:
    return (
        f"{need.variable} is missing: {need.secret.help}. "
        f"Give it in the environment, or by --set {need.secret.name}=…"
    )


def _asked(need: Need, before: str) -> str:
    """Secrets are typed unseen; Enter keeps what was there before, or goes on without what is optional."""
    hint = " (Enter: as before)" if before else "" if need.is_required else " (Enter: without)"
    click.echo(f"\n{need.secret.help}", err=True)
    try:
        answer = click.prompt(
            f"{need.secret.name}{hint}",
            default=before or (None if need.is_required else ""),
            show_default=False,
            hide_input=need.secret.is_secret,
            err=True,
        )
    except click.Abort as error:
        raise MissingSetting(f"Nobody is there to ask. {_missing(need)}") from error
    return _clean(str(answer), need.secret.name)


def _clean(value: str, name: str) -> str:
    text = value.strip()
    if not text.isprintable():
        raise BadInput(f"{name} holds line ends or control characters: was more than the value copied?")
    return text


def keep(home: Path, values: Mapping[str, str]) -> Path:
    """Write `values` into the file, which is whole at any instant; other lines stay as they are."""
    path = home / FILE
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else [HEADING.rstrip()]
    left = dict(values)
    for place, line in enumerate(lines):
        name = line.split("=", 1)[0].strip()
        if name in left:
            lines[place] = f"{name}={left.pop(name)}"
    lines += [f"{name}={value}" for name, value in left.items()]
    write_private(path, "\n".join(lines) + "\n")
    return path
