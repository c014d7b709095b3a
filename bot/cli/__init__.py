"""The `aisle` command: one module per command, loaded when called; COMMANDS is the registry."""

import importlib
from typing import IO, Any

import click

from bot.core.errors import AisleError

COMMANDS = (
    "up",
    "serve",
    "train",
    "nlu",
    "migrate",
    "demo",
    "catalog",
    "channel",
    "user",
    "key",
    "export",
    "doctor",
)


class _Commands(click.Group):
    """Each command lives in the module of its name, as `command`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"bot.cli.{cmd_name}").command
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Run it; an expected failure becomes one line on standard error and exit code 1."""
        try:
            return super().invoke(ctx)
        except AisleError as error:
            raise _Refused(str(error)) from error


class _Refused(click.ClickException):
    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(f"aisle: {self.message}", file=file, err=True)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="aisle", message="aisle %(version)s")
def group() -> None:
    """The support chatbot that online shops run themselves.

    Settings are read from AISLE_… in the environment (docs/settings.md). `aisle up` starts everything.
    """


def main() -> None:
    """Run the command of the command line."""
    group(prog_name="aisle")
