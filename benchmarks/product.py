"""The whole product, started as a shop starts it (`aisle up`), in a home folder and on ports of its own."""

import json
import os
import queue
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from benchmarks import machine

SIGNS = (("desk", "bot serve"), ("brain", "bot.nlu.host"), ("brain", "rasa run"), ("actions", "-m actions"))
FIRST_PORT = int(os.environ.get("AISLE_BENCH_PORT", "5705"))
_next_port = FIRST_PORT


def free_port() -> int:
    """A loopback port nobody listens on, from AISLE_BENCH_PORT (5705) upwards."""
    global _next_port
    while True:
        port, _next_port = _next_port, _next_port + 1
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port


class Product:
    """`aisle up` for the length of a `with` block. `serving` and `answering`: seconds since the start.

    A `home` that is given is kept afterwards; else a temporary one is made and removed. `more`: values that go over
    the environment below; they may be added until the block begins.
    """

    def __init__(self, home: Path | None = None, *, has_brain: bool = True, patience: float = 600.0) -> None:
        self.more: dict[str, str] = {}
        self._keeps_home = home is not None
        self.home = home or Path(tempfile.mkdtemp(prefix="aisle-bench-"))
        self.port, self.brain_port, self.actions_port = free_port(), free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.serving = self.answering = self.first_page = 0.0
        self._has_brain = has_brain
        self._patience = patience
        self._process: subprocess.Popen[str] | None = None
        self._lines: queue.Queue[str | None]
        self._errors = self.home / "bench-up.log"

    @property
    def environment(self) -> dict[str, str]:
        """Settings of this install: only what a shop would set, and no limit on our own pace."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AISLE_")}
        if "AISLE_BRAIN_ENV" in os.environ:
            kept["AISLE_BRAIN_ENV"] = os.environ["AISLE_BRAIN_ENV"]
        return kept | {
            "AISLE_HOME": str(self.home),
            "AISLE_PORT": str(self.port),
            "AISLE_BRAIN_URL": f"http://127.0.0.1:{self.brain_port}",
            "AISLE_ACTIONS_URL": f"http://127.0.0.1:{self.actions_port}",
            "AISLE_MESSAGES_PER_MINUTE": "1000000",
            **self.more,
        }

    def aisle(self, *arguments: str, timeout: float = 900) -> str:
        """Run `aisle …` on this home; answers its standard output."""
        done = subprocess.run(
            [sys.executable, "-m", "bot", *arguments],
            cwd=machine.ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=timeout,
        )
        if done.returncode != 0:
            raise RuntimeError(f"aisle {' '.join(arguments)} failed:\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "bot", "up", "--json", *([] if self._has_brain else ["--no-brain"])]
        self.home.mkdir(parents=True, exist_ok=True)
        self._lines = queue.Queue()
        started = time.monotonic()
        self._process = subprocess.Popen(
            command,
            cwd=machine.ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=self._errors.open("w"),
            text=True,
            start_new_session=True,
        )
        threading.Thread(target=self._read, args=(self._process, self._lines), daemon=True).start()
        try:
            self._wait_for("serving", started)
            self.serving = time.monotonic() - started
            self._wait_for("answering", started)
            self.answering = time.monotonic() - started
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @staticmethod
    def _read(process: "subprocess.Popen[str]", lines: "queue.Queue[str | None]") -> None:
        assert process.stdout is not None
        for line in process.stdout:
            lines.put(line)
        lines.put(None)

    def _wait_for(self, event: str, started: float) -> dict[str, Any]:
        while True:
            left = self._patience - (time.monotonic() - started)
            try:
                line = self._lines.get(timeout=max(0.1, left))
            except queue.Empty:
                line = None
            if line is None:
                raise RuntimeError(f"aisle up did not reach '{event}':\n{self._errors.read_text()[-3000:]}")
            try:
                said = json.loads(line)
            except ValueError:
                continue
            if isinstance(said, dict) and said.get("event") == event:
                return said

    def stop(self) -> None:
        """Ctrl-C, and harder when that does not do."""
        process, self._process = self._process, None
        if process is not None and process.poll() is None:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()  # its parts die with it (PR_SET_PDEATHSIG)
                process.wait(10)
        if not self._keeps_home:
            shutil.rmtree(self.home, ignore_errors=True)

    def start_again(self) -> None:
        """Once more, on the same home, which must have been given."""
        self.stop()
        self.__enter__()

    def processes(self) -> dict[str, list[int]]:
        """Process ids by part: supervisor, desk, brain, actions."""
        assert self._process is not None
        found: dict[str, list[int]] = {"desk": [], "brain": [], "actions": [], "supervisor": []}
        for pid in machine.children(self._process.pid):
            command = machine.command_of(pid)
            part = "supervisor"
            for name, sign in SIGNS:
                if sign in command:
                    part = name
                    break
            found[part].append(pid)
        return found

    @property
    def database(self) -> Path:
        """The SQLite file of this install."""
        return self.home / "aisle.db"

    def rows(self, query: str, *values: str) -> list[tuple[Any, ...]]:
        """Look into this install's database."""
        with sqlite3.connect(f"file:{self.database}?mode=ro", uri=True) as connection:
            return connection.execute(query, values).fetchall()
