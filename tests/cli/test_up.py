"""`aisle up`: a first start makes what it needs, a dead part comes back, and stopping stops everything."""

import http.client
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.desk.people import sign_in
from bot.store.database import Database
from tests.cli.conftest import ROOT

PATIENCE = 90.0  # the machine may be busy


@dataclass
class Started:
    """A supervisor that serves pages."""

    process: "subprocess.Popen[str]"
    serving: dict[str, Any]
    url: str

    def children(self) -> list[int]:
        pid = self.process.pid
        return [int(number) for number in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


Start = Callable[..., Started]


def _until(condition: Callable[[], object], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f"waited in vain until {what}"
        time.sleep(0.1)


def _status(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return int(response.status)
    except (OSError, http.client.HTTPException):
        return 0


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture
def environment(install: dict[str, str], free_port: int) -> dict[str, str]:
    others = {name: value for name, value in os.environ.items() if not name.startswith("AISLE_")}
    return others | install | {"AISLE_PORT": str(free_port), "AISLE_BRAIN_URL": "http://127.0.0.1:9"}


@pytest.fixture
def start(environment: dict[str, str]) -> Iterator[Start]:
    """Starts `aisle up` with a desk only and no demo unless said, and waits until pages are served."""
    started: list[subprocess.Popen[str]] = []

    def run(*options: str, **others: str) -> Started:
        command = [sys.executable, "-m", "bot", "up", "--json", "--no-actions", "--no-demo", *options]
        command += [] if "--brain" in options else ["--no-brain"]
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment | others,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout is not None
        assert process.stderr is not None
        line = process.stdout.readline()
        assert line, process.stderr.read()
        return Started(process, json.loads(line), f"http://127.0.0.1:{environment['AISLE_PORT']}")

    yield run
    for process in started:
        process.kill()
        process.communicate()


def _stop(started: Started) -> str:
    started.process.send_signal(signal.SIGINT)
    _out, said = started.process.communicate(timeout=PATIENCE)
    return said


def test_a_first_start_lays_everything_down_and_a_second_finds_it(
    start: Start, database: Database, tmp_path: Path
) -> None:
    first = start("--demo")
    home = tmp_path / "home"
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    for name in ("secrets.env", "sign-ins.json"):
        assert stat.S_IMODE((home / name).stat().st_mode) == 0o600
    assert _status(first.serving["pages"]["demo shop"]) == 200
    with database.writing() as session:
        for person in first.serving["sign_ins"]:
            sign_in(session, email=person["email"], password=person["password"], address="::1")
    assert {person["role"] for person in first.serving["sign_ins"]} == {"agent", "manager", "admin"}
    secrets = (home / "secrets.env").read_text()
    assert "loading the demo shop" in _stop(first)
    assert first.process.returncode == 0

    second = start("--demo")
    assert second.serving["sign_ins"] == first.serving["sign_ins"]
    assert (home / "secrets.env").read_text() == secrets
    assert "loading" not in _stop(second)


def test_a_desk_that_is_killed_comes_back_and_stopping_ends_it(start: Start) -> None:
    up = start()
    (desk,) = up.children()
    os.kill(desk, signal.SIGKILL)
    _until(lambda: up.children() not in ([], [desk]) and _status(f"{up.url}/health") == 200, "it is back")
    (again,) = up.children()
    said = _stop(up)
    assert "ended (SIGKILL); starting again" in said
    assert not _is_alive(again)
    assert up.process.returncode == 0


def test_nothing_outlives_a_supervisor_that_is_killed(start: Start) -> None:
    up = start()
    (desk,) = up.children()
    up.process.kill()
    up.process.wait()
    _until(lambda: not _is_alive(desk), "the desk is gone too")


def test_a_second_supervisor_on_the_same_home_is_refused(start: Start, environment: dict[str, str]) -> None:
    up = start()
    second = subprocess.run(
        [sys.executable, "-m", "bot", "up"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert second.returncode == 1
    assert "already runs" in second.stderr
    assert str(up.process.pid) in second.stderr
    assert _status(f"{up.url}/health") == 200, "the first goes on"


def test_a_port_in_use_is_said_before_anything_starts(environment: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", int(environment["AISLE_PORT"]))):
        done = subprocess.run(
            [sys.executable, "-m", "bot", "up", "--no-brain", "--no-actions"],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert f"127.0.0.1:{environment['AISLE_PORT']} cannot be listened on" in done.stderr
    assert "AISLE_PORT" in done.stderr
    assert "Traceback" not in done.stderr


# Stands in for a training that takes for ever.
SLOW_TRAINING = """#!/bin/sh
echo $$ > {pid_file}
exec sleep 600
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_training_ends_with_the_supervisor(start: Start, tmp_path: Path, number: signal.Signals) -> None:
    program = tmp_path / "brain" / "bin" / "python"
    program.parent.mkdir(parents=True)
    pid_file = tmp_path / "training.pid"
    program.write_text(SLOW_TRAINING.format(pid_file=pid_file))
    program.chmod(0o700)
    up = start("--brain", AISLE_BRAIN_ENV=str(tmp_path / "brain"), AISLE_MODELS=str(tmp_path / "models"))
    _until(lambda: pid_file.exists() and pid_file.read_text().strip(), "training has begun")
    training = int(pid_file.read_text())
    up.process.send_signal(number)
    up.process.communicate(timeout=PATIENCE)
    _until(lambda: not _is_alive(training), "it has ended")
