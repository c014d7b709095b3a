"""Training the model when what it is made of has changed.

A model is found by its fingerprint, `models/aisle-<fingerprint>.tar.gz`, which covers training data, domain,
configuration, our pipeline components and the pinned packages: an equal model is never trained twice.
"""

import fcntl
import hashlib
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.core.errors import AisleError
from bot.core.processes import die_with_parent

KEPT = 3  # models of earlier data, to go back to
NOISE_OFF = {
    "RASA_TELEMETRY_ENABLED": "false",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    "PYTHONWARNINGS": "ignore",
    "PYTHONUNBUFFERED": "1",
}
Progress = Callable[[str], None]


class NotTrained(AisleError):
    """The model could not be trained."""

    code = "not_trained"


def sources(root: Path) -> list[Path]:
    """Every file a model is made of, in a stable order."""
    folders = [root / "data", root / "domain", root / "bot" / "nlu"]
    inside = [path for folder in folders for path in folder.rglob("*") if path.is_file() and _is_learnt(path)]
    single = [root / "domain.yml", root / "config.yml", root / "requirements" / "brain.txt"]
    chosen = [path for path in inside if "__pycache__" not in path.parts and not path.name.startswith(".")]
    return sorted([*chosen, *(path for path in single if path.exists())])


def _is_learnt(path: Path) -> bool:
    """Whether training reads a file: texts of pages and answers in other languages change without it."""
    return path.suffix != ".json" and path.name != "answers.yml"


def fingerprint(root: Path) -> str:
    """16 hex digits that change with any byte a model is made of."""
    digest = hashlib.sha256()
    for path in sources(root):
        digest.update(f"{path.relative_to(root).as_posix()}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


def folder(root: Path) -> Path:
    """Where models are kept: AISLE_MODELS, else `models` in the checkout."""
    return Path(os.environ.get("AISLE_MODELS") or root / "models").resolve()


def model_path(root: Path) -> Path:
    """Where the model of today's sources is, or will be."""
    return folder(root) / f"aisle-{fingerprint(root)}.tar.gz"


def newest(root: Path) -> Path | None:
    """The model made last, whatever it was made of; None when there is none."""
    found = sorted(folder(root).glob("aisle-*.tar.gz"), key=lambda path: path.stat().st_mtime)
    return found[-1] if found else None


def python(root: Path) -> Path:
    """The interpreter of the brain's environment (AISLE_BRAIN_ENV, else `.venv-brain`).

    Raises:
        NotTrained: it is not there; says how to make it.
    """
    program = Path(os.environ.get("AISLE_BRAIN_ENV") or root / ".venv-brain") / "bin" / "python"
    if not program.exists():
        raise NotTrained(f"{program} is missing: run `make env`, which creates the brain's environment.")
    return program


def train(root: Path, *, is_forced: bool = False, on_progress: Progress = lambda _line: None) -> Path:
    """The model of today's sources, trained unless it is there already.

    `on_progress` gets one line per step. Two calls at once train once.

    Raises:
        NotTrained: with the last lines Rasa said.
    """
    target = model_path(root)
    if target.exists() and not is_forced:
        return target
    program = python(root)
    with _lock(target.parent):
        if target.exists() and not is_forced:
            return target
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".training-") as made_in:
            _run(program, root, Path(made_in), on_progress, is_forced=is_forced)
            made = list(Path(made_in).glob("*.tar.gz"))
            if len(made) != 1:
                raise NotTrained("Rasa ended without writing a model.")
            made[0].replace(target)
        _drop_old(target)
    return target


def _run(program: Path, root: Path, out: Path, on_progress: Progress, *, is_forced: bool) -> None:
    # what `rasa train` makes, in half of the time: see bot/nlu/training.py
    command = [str(program), "-m", "bot.nlu.training", "--out", str(out)]
    command += ["--domain", "domain" if (root / "domain").is_dir() else "domain.yml"]
    command += ["--force"] if is_forced else []
    started = time.monotonic()
    said: list[str] = []
    process = subprocess.Popen(
        command,
        cwd=root,
        env=os.environ | NOISE_OFF,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        preexec_fn=die_with_parent(),
    )
    on_progress("   0 s  starting Rasa")
    try:
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        for raw in process.stdout:
            line = re.sub(r"\x1b\[[0-9;]*m", "", raw).rstrip()
            said = [*said[-40:], line]
            step = re.search(r"(?:Starting to train|Restored) component '(\w+)'", line)
            if step:
                on_progress(f"{time.monotonic() - started:4.0f} s  {step.group(1)}")
        code = process.wait()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    if code != 0:
        raise NotTrained("Training failed:\n" + "\n".join(line for line in said if line)[-3000:])
    on_progress(f"{time.monotonic() - started:4.0f} s  done")


@contextmanager
def _lock(where: Path) -> Iterator[None]:
    where.mkdir(parents=True, exist_ok=True)
    with (where / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _drop_old(newest: Path) -> None:
    models = sorted(newest.parent.glob("aisle-*.tar.gz"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in [model for model in models if model != newest][KEPT - 1 :]:
        path.unlink()
