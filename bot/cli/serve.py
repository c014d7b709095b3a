"""`aisle serve`: the desk alone, for running each part on its own."""

import socket
import sys

import click

from bot.cli import logs
from bot.cli.common import environment, settings
from bot.core.errors import AisleError

# How long a thread may keep the others from running. A unit of work lets go at every statement, and at Python's own
# 5 ms each time cost it, or the acknowledgement of a message, so much when others had something to do.
SWITCH_SECONDS = 0.0005


class PortTaken(AisleError):
    """Another program listens there."""

    code = "port_taken"


def check_port(host: str, port: int, *, setting: str) -> None:
    """Try an address before anything is built.

    Raises:
        PortTaken: names the setting that chooses another.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortTaken(
                f"{host}:{port} cannot be listened on ({error.strerror}). "
                f"Stop the other program, or choose another port with {setting}."
            ) from error


@click.command("serve")
@click.option("--migrate/--no-migrate", "migrates", default=True, help="Bring the schema up to date first.")
def command(migrates: bool) -> None:
    """Serve pages and APIs (the desk only; brain and actions are run elsewhere)."""
    chosen = settings(needs_secrets=True)
    check_port(chosen.host, chosen.port, setting="AISLE_PORT")
    logs.configure(chosen.log_level)
    if migrates:
        from bot.store import migrate

        migrate.upgrade(chosen.database)
    from bot.bootstrap import build
    from bot.web.app import create_app

    sys.setswitchinterval(SWITCH_SECONDS)
    app = create_app(build(chosen, environment=environment(chosen)))
    app.run(
        host=chosen.host, port=chosen.port, single_process=True, motd=False, access_log=False, debug=False
    )
