"""`aisle up`: everything, under one supervisor."""

import asyncio
import fcntl
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import click

from bot.cli.common import ROOT, as_json, say, settings
from bot.cli.serve import check_port
from bot.cli.supervise import first_start, secrets
from bot.cli.supervise.parts import Beside
from bot.cli.supervise.secrets import SignIn
from bot.core.errors import AisleError
from bot.core.settings import Settings

PAGES = (("demo shop", "/shop"), ("inbox", "/inbox"), ("dashboard", "/dashboard"))


class AlreadyRunning(AisleError):
    """Another `aisle up` uses this home folder."""

    code = "already_running"


@click.command("up")
@click.option("--brain/--no-brain", "has_brain", default=True, help="Run the brain (rasa run).")
@click.option("--actions/--no-actions", "has_actions", default=True, help="Run the action server.")
@click.option("--desk/--no-desk", "has_desk", default=True, help="Run the desk.")
@click.option("--demo/--no-demo", "with_demo", default=True, help="Load the demo shop on the first start.")
@click.option("--verbose", "is_verbose", is_flag=True, help="Show what every part writes.")
@as_json
def command(
    has_brain: bool, has_actions: bool, has_desk: bool, with_demo: bool, is_verbose: bool, is_json: bool
) -> None:
    """Start desk, brain and actions, and keep them running. Ctrl-C stops all of it."""
    on = {"desk": has_desk, "actions": has_actions, "brain": has_brain}
    names = [name for name, is_on in on.items() if is_on]
    start(names, with_demo=with_demo, is_verbose=is_verbose, is_json=is_json)


def start(
    names: list[str],
    *,
    with_demo: bool,
    is_verbose: bool,
    is_json: bool,
    beside: Callable[[Settings], Beside] | None = None,
) -> None:
    """Run the parts named, with what `beside` adds, until told to stop."""
    home = settings().home
    home.mkdir(mode=0o700, parents=True, exist_ok=True)  # conversations are nobody else's business
    with _alone(home):
        is_first = secrets.ensure(home)
        chosen = settings(needs_secrets=True)
        _check_ports(chosen, names)
        added = beside(chosen) if beside else Beside()
        teller = _Teller(is_json=is_json, is_verbose=is_verbose, pages=added.pages)
        if is_first:
            teller.line("aisle", f"secrets of this install made in {home / 'secrets.env'}")
        people = first_start.prepare(
            chosen, with_demo=with_demo, on_progress=lambda line: teller.line("aisle", line)
        )
        _supervise(chosen, names, teller, people, added)


def _supervise(
    chosen: Settings, names: list[str], teller: "_Teller", people: tuple[SignIn, ...], added: Beside
) -> None:
    from bot.cli.supervise.supervisor import Supervisor

    async def run() -> None:
        await Supervisor(
            chosen,
            ROOT,
            names=names,
            say=teller.line,
            forward=teller.forwarded,
            on_serving=lambda seconds: teller.serving(chosen, people, seconds),
            on_answering=lambda seconds: teller.answering(names, seconds),
            beside=added,
        ).run()

    asyncio.run(run())
    teller.line("aisle", "stopped")


class _Teller:
    """What the terminal shows; with --json, one JSON document per event on standard output."""

    def __init__(self, *, is_json: bool, is_verbose: bool, pages: Mapping[str, str]) -> None:
        self._is_json = is_json
        self._pages = pages
        self._is_verbose = is_verbose

    def line(self, part: str, text: str) -> None:
        for line in text.splitlines():
            click.echo(f"{part:<8}│ {line}", err=self._is_json)

    def forwarded(self, part: str, line: str) -> None:
        if self._is_verbose:
            self.line(part, line)

    def serving(self, chosen: Settings, people: tuple[SignIn, ...], seconds: float) -> None:
        pages = {name: chosen.url + path for name, path in PAGES} | dict(self._pages)
        if self._is_json:
            who = [{"role": p.role, "name": p.name, "email": p.email, "password": p.password} for p in people]
            say({"event": "serving", "seconds": round(seconds, 2), "pages": pages, "sign_ins": who})
            return
        click.echo(f"\nPages are served ({seconds:.1f} s). Ctrl-C stops everything.\n")
        for name, url in pages.items():
            click.echo(f"  {name:<14} {url}")
        if people:
            click.echo("\nDemo sign-ins of this install:\n")
            for person in people:
                click.echo(f"  {person.role:<8} {person.email:<18} {person.password}")
        click.echo("")

    def answering(self, names: list[str], seconds: float) -> None:
        if self._is_json:
            say({"event": "answering", "seconds": round(seconds, 2), "parts": names})
        else:
            self.line("aisle", f"{', '.join(names)}: ready after {seconds:.1f} s")


def _check_ports(chosen: Settings, names: list[str]) -> None:
    if "desk" in names:
        check_port(chosen.host, chosen.port, setting="AISLE_PORT")
    if "brain" in names:
        check_port("127.0.0.1", urlsplit(chosen.brain_url).port or 5005, setting="AISLE_BRAIN_URL")
    if "actions" in names:
        check_port("127.0.0.1", urlsplit(chosen.actions_url).port or 5055, setting="AISLE_ACTIONS_URL")


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    with (home / "up.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            raise AlreadyRunning(
                f"`aisle up` already runs on {home} (process {file.read().strip() or 'unknown'}). "
                "Stop it first, or give this one another AISLE_HOME."
            ) from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
