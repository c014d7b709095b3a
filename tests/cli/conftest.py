"""The `aisle` command in an install of its own."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli import group

Aisle = Callable[..., Result]
ROOT = Path(__file__).parents[2]


@pytest.fixture
def install(database_url: str, tmp_path: Path) -> dict[str, str]:
    """What the environment of this install says."""
    return {"AISLE_HOME": str(tmp_path / "home"), "AISLE_DATABASE_URL": database_url}


@pytest.fixture
def aisle(install: dict[str, str]) -> Aisle:
    """Runs `aisle …`; the answer has `exit_code`, `stdout` and `stderr`."""
    others = {name: None for name in os.environ if name.startswith("AISLE_")}

    def run(*arguments: str, input: str | None = None, **environment: str) -> Result:
        result = CliRunner(env=others | install | environment).invoke(
            group, arguments, input=input, prog_name="aisle"
        )
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    return run
