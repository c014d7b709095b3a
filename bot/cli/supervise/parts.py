"""The parts of the product as processes: what to run, in which environment, where each tells its health."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import connectors
from bot.brain.train import NOISE_OFF, python
from bot.core.channel_settings import is_channels
from bot.core.settings import Settings


@dataclass(frozen=True)
class Part:
    """One process. `health` answers 200 once it works; `start_seconds` is how long a start may take."""

    name: str
    command: tuple[str, ...]
    folder: Path
    health: str
    start_seconds: float
    environment: dict[str, str] = field(default_factory=dict)
    stop_seconds: float = 10.0  # to end by itself before it is killed


@dataclass(frozen=True)
class Beside:
    """What a start may add to the product: parts of its own, values for the desk's environment, pages by name."""

    parts: tuple[Part, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    pages: Mapping[str, str] = field(default_factory=dict)


def _port(url: str, default: int) -> str:
    return str(urlsplit(url).port or default)


def environment(settings: Settings) -> dict[str, str]:
    """What every part is given: this process's environment, the secrets, and absolute paths."""
    return os.environ | {
        "AISLE_HOME": str(settings.home.resolve()),
        "AISLE_SHOP_FILE": str(settings.shop_file.resolve()),
        "AISLE_DATABASE_URL": absolute_database(settings),
        "AISLE_SECRET_KEY": settings.secret_key,
        "AISLE_INTERNAL_SECRET": settings.internal_secret,
        "AISLE_BRAIN_URL": settings.brain_url,
        "AISLE_ACTIONS_URL": settings.actions_url,
        "AISLE_PORT": str(settings.port),
        "PYTHONUNBUFFERED": "1",
    }


def private(settings: Settings) -> dict[str, str]:
    """The same without the values of channels: brain and actions have no use for a platform's tokens."""
    given = environment(settings)
    return {name: value for name, value in given.items() if not is_channels(name, connectors.NAMES)}


def absolute_database(settings: Settings) -> str:
    """The database's address, not depending on the folder a part runs in."""
    if settings.database_url:
        return settings.database_url
    return f"sqlite:///{settings.home.resolve() / 'aisle.db'}"


def desk(settings: Settings, root: Path, *, more: Mapping[str, str] | None = None) -> Part:
    """Pages and APIs; `more` goes over the environment."""
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::", "") else settings.host  # noqa: S104 - compared only
    return Part(
        name="desk",
        command=(sys.executable, "-m", "bot", "serve"),
        folder=root,
        health=f"http://{host}:{settings.port}/health",
        start_seconds=60,
        environment=environment(settings) | dict(more or {}),
    )


def sandbox(settings: Settings, root: Path, *, port: int, config: str) -> Part:
    """The stand-in for the platforms; `config` (JSON) holds secrets and is therefore no argument."""
    return Part(
        name="sandbox",
        command=(sys.executable, "-m", "bot.sandbox", "--port", str(port)),
        folder=root,
        health=f"http://127.0.0.1:{port}/sandbox/health",
        start_seconds=60,
        environment=private(settings) | {"AISLE_SANDBOX": config},
    )


def actions(settings: Settings, root: Path) -> Part:
    """What the bot does: our own server where `actions/__main__.py` exists, else Rasa's."""
    port = _port(settings.actions_url, 5055)
    own = (sys.executable, "-m", "actions", "--port", port)
    rasas = (sys.executable, "-m", "rasa_sdk", "--actions", "actions", "--port", port)
    return Part(
        name="actions",
        command=own if (root / "actions" / "__main__.py").exists() else rasas,
        folder=root,
        health=f"{settings.actions_url.rstrip('/')}/health",
        start_seconds=60,
        environment=private(settings) | {"SANIC_HOST": "127.0.0.1"},
    )


def brain(settings: Settings, root: Path, model: Path) -> Part:
    """One model on loopback: what `rasa run` serves, without importing what the model never calls."""
    program = str(python(root))
    command = [program, "-m", "bot.nlu.host", "--model", str(model), "--interface", "127.0.0.1"]
    command += ["--port", _port(settings.brain_url, 5005)]
    for option, name in (("--credentials", "credentials.yml"), ("--endpoints", "endpoints.yml")):
        if (root / name).exists():
            command += [option, name]
    return Part(
        name="brain",
        command=tuple(command),
        folder=root,
        health=f"{settings.brain_url.rstrip('/')}/webhooks/desk/",
        start_seconds=240,
        environment=private(settings) | NOISE_OFF,
    )
