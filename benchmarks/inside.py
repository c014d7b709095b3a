"""Programs that run in the brain's environment and print one JSON object on their last line."""

import json
import os
import subprocess
from typing import Any

from benchmarks import machine
from benchmarks.default_rasa import QUIET


def told(program: str, *arguments: str) -> dict[str, Any]:
    """What a module says, run with one thread for its matrix products.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    done = subprocess.run(
        [str(machine.brain_python()), "-m", program, *arguments],
        cwd=machine.ROOT,
        env=os.environ | QUIET | {"OPENBLAS_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found
