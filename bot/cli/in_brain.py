"""Runs a module of ours in the brain's environment and reads the JSON it prints."""

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bot.brain.train import NOISE_OFF
from bot.cli.common import ROOT
from bot.core.errors import AisleError


class NotRun(AisleError):
    """The environment is missing, or the module refused what it was given."""

    code = "not_run"


def run(module: str, words: Sequence[str]) -> dict[str, Any]:
    """What `python -m module words…` printed.

    Raises:
        NotRun: with the last line it said.
    """
    python = Path(os.environ.get("AISLE_BRAIN_ENV") or ROOT / ".venv-brain") / "bin" / "python"
    if not python.exists():
        raise NotRun(f"{python} is missing: make env")
    # one thread: figures of one core, and products too small to share
    environment = os.environ | NOISE_OFF | {"OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(
        [str(python), "-m", module, *words],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise NotRun((done.stderr.strip().splitlines() or ["it ended without a word"])[-1])
    found: dict[str, Any] = json.loads(done.stdout)
    return found
