"""What we are measured against: the project `rasa init` makes, its default pipeline, served by `rasa run`.

Trained once into a cache outside the repository (AISLE_BENCH_CACHE, else ~/.cache/aisle-bench).
"""

import json
import os
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Self

from benchmarks import machine
from benchmarks.product import free_port

QUIET = {
    "RASA_TELEMETRY_ENABLED": "false",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    "PYTHONWARNINGS": "ignore",
}


def cache() -> Path:
    """Where trained comparison models are kept."""
    return Path(os.environ.get("AISLE_BENCH_CACHE") or Path.home() / ".cache" / "aisle-bench")


def is_trained() -> bool:
    """Whether the comparison model is in the cache."""
    return (cache() / "rasa-default" / "trained.json").exists()


def rasa() -> str:
    """The `rasa` program of the brain's environment."""
    return str(machine.brain_python().with_name("rasa"))


def project() -> tuple[Path, float]:
    """The trained `rasa init` project and how many seconds its training took."""
    folder = cache() / "rasa-default"
    notes = folder / "trained.json"
    if notes.exists():
        return folder, float(json.loads(notes.read_text())["seconds"])
    shutil.rmtree(folder, ignore_errors=True)
    code = "import sys; from rasa.cli.scaffold import create_initial_project as make; make(sys.argv[1])"
    folder.mkdir(parents=True)
    environment = os.environ | QUIET
    python = str(machine.brain_python())
    subprocess.run([python, "-c", code, str(folder)], check=True, env=environment, timeout=300)
    started = time.monotonic()
    with (folder / "train.log").open("w") as log:
        subprocess.run(
            [rasa(), "train", "--force"],
            cwd=folder,
            env=environment,
            check=True,
            stdout=log,
            stderr=log,
            timeout=3600,
        )
    seconds = time.monotonic() - started
    notes.write_text(json.dumps({"seconds": round(seconds, 1)}))
    return folder, seconds


class DefaultRasa:
    """`rasa run` of the default project for the length of a `with` block; `answering`: seconds to its first answer."""

    def __init__(self, *, patience: float = 600.0) -> None:
        self.folder, self.trained = project()
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.answering = 0.0
        self._patience = patience
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        started = time.monotonic()
        log = (self.folder / "run.log").open("w")
        self._process = subprocess.Popen(
            [rasa(), "run", "--interface", "127.0.0.1", "--port", str(self.port)],
            cwd=self.folder,
            env=os.environ | QUIET,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            while not self._answers():
                if self._process.poll() is not None or time.monotonic() - started > self._patience:
                    raise RuntimeError(f"rasa run did not come up: see {self.folder / 'run.log'}")
                time.sleep(0.1)
        except BaseException:
            self.stop()
            raise
        self.answering = time.monotonic() - started
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start_again(self) -> None:
        """Once more."""
        self.stop()
        self.__enter__()

    def _answers(self) -> bool:
        body = json.dumps({"sender": "first", "message": "hello"}).encode()
        request = urllib.request.Request(
            f"{self.url}/webhooks/rest/webhook", body, {"Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return bool(json.load(response))
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False

    def stop(self) -> None:
        """End it."""
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)

    def processes(self) -> dict[str, list[int]]:
        """Process ids, all of one part."""
        assert self._process is not None
        return {"rasa run": machine.children(self._process.pid)}
