"""What `aisle doctor` looks at: one function per thing, each saying what it found and how to mend it."""

import contextlib
import os
import shutil
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from bot.brain import train
from bot.cli import checks_understanding
from bot.cli.finding import Finding
from bot.cli.supervise import secrets
from bot.core import channel_settings, profile
from bot.core.channel_settings import FILE, variable
from bot.core.errors import AisleError
from bot.core.settings import Settings

DISK_LEAST_BYTES = 2_000_000_000  # a model, its training and some growth of the database


def run(settings: Settings, root: Path, *, for_tests: bool) -> list[Finding]:
    """All findings, in reading order."""
    findings = [
        *_interpreters(root),
        *checks_understanding.encoder(_brain_python(root), root),
        *_model(root),
        *checks_understanding.spoken(),
        *_home(settings),
        *_secrets(settings),
        *_database(settings),
    ]
    findings += [*_shop(settings), *_channels(settings), *_ports(settings)]
    return [*findings, *_test_tools()] if for_tests else findings


def _interpreters(root: Path) -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    is_new = sys.version_info >= (3, 11)
    yield Finding(
        "Python of the desk", "ok" if is_new else "bad", version, "" if is_new else "needs 3.11 or newer"
    )
    python = _brain_python(root)
    if not python.exists():
        yield Finding("Python of the brain", "bad", f"{python} is missing", "make env")
        return
    code = (
        "import sys, importlib.metadata as m;"
        "print(sys.version.split()[0], m.version('rasa'), m.version('spacy'))"
    )
    done = subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=False, timeout=60)
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["does not run"])[-1]
        yield Finding("Python of the brain", "bad", last, "rm -rf .venv-brain && make env")
        return
    found, rasa, spacy = done.stdout.split()
    is_right = found.startswith("3.10.") and rasa == "3.6.21"
    words = f"{found}, rasa {rasa}, spacy {spacy}"
    yield Finding("Python of the brain", "ok" if is_right else "bad", words, "" if is_right else "make env")


def _brain_python(root: Path) -> Path:
    return Path(os.environ.get("AISLE_BRAIN_ENV") or root / ".venv-brain") / "bin" / "python"


def _model(root: Path) -> Iterator[Finding]:
    if not (root / "config.yml").exists():
        yield Finding("model", "bad", f"no config.yml in {root}", "run aisle from its own checkout")
        return
    path = train.model_path(root)
    if path.exists():
        yield Finding(
            "model", "ok", f"{path.name}, {path.stat().st_size // 1000} kB, of today's training data"
        )
    else:
        yield Finding(
            "model", "warning", "none of today's training data", "aisle train (`aisle up` does it too)"
        )


def _home(settings: Settings) -> Iterator[Finding]:
    home = settings.home.resolve()
    there = home if home.exists() else home.parent
    if not os.access(there, os.W_OK):
        yield Finding(
            "home folder", "bad", f"{there} cannot be written", f"chown it, or set AISLE_HOME: {home}"
        )
        return
    yield Finding("home folder", "ok", str(home) if home.exists() else f"{home} (made on the first start)")
    free = shutil.disk_usage(there).free
    is_enough = free >= DISK_LEAST_BYTES
    yield Finding(
        "disk",
        "ok" if is_enough else "warning",
        f"{free / 1e9:.1f} GB free",
        "" if is_enough else "at least 2 GB are wise: logs, models and the database grow",
    )


def _secrets(settings: Settings) -> Iterator[Finding]:
    short = [name for name in ("secret_key", "internal_secret") if len(getattr(settings, name)) < 32]
    if short:
        names = ", ".join(f"AISLE_{name.upper()}" for name in short)
        yield Finding(
            "secrets", "warning", f"{names} not set", "`aisle up` makes them; else: openssl rand -hex 32"
        )
    else:
        yield Finding("secrets", "ok", "set, long enough")
    for path in (settings.home / name for name in ("secrets.env", "sign-ins.json", FILE)):
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
            yield Finding("permissions", "bad", f"others may read {path}", f"chmod 600 {path}")


def _database(settings: Settings) -> Iterator[Finding]:
    from bot.store import migrate
    from bot.store.database import Database

    if not settings.database_url and not (settings.home / "aisle.db").exists():
        yield Finding("database", "warning", "none yet", "aisle migrate (`aisle up` does it too)")
        return
    database = Database(settings.database, threads=1)
    try:
        found = migrate.current(database)
    except AisleError as error:
        yield Finding("database", "bad", str(error), "start it, or correct AISLE_DATABASE_URL")
        return
    finally:
        database.close()
    where = database.url.render_as_string(hide_password=True)
    if found == migrate.head():
        yield Finding("database", "ok", f"{where}, schema {found}")
    elif found > migrate.head():
        yield Finding(
            "database", "bad", f"{where}: schema {found} is newer than this program", "use the newer one"
        )
    else:
        yield Finding("database", "warning", f"{where}: schema {found or 'none'}", "aisle migrate")


def _shop(settings: Settings) -> Iterator[Finding]:
    path = settings.shop_file
    try:
        yield Finding("shop profile", "ok", f"{profile.load(path).name} ({path})")
    except AisleError as error:
        yield Finding(
            "shop profile", "bad", str(error), "correct the file, or point AISLE_SHOP_FILE to another"
        )
    if (
        settings.public_url
        and not settings.is_tls
        and urlsplit(settings.url).hostname not in ("localhost", "127.0.0.1")
    ):
        yield Finding(
            "TLS", "warning", f"{settings.url} is not https", "put a reverse proxy with TLS before the desk"
        )


def _channels(settings: Settings) -> Iterator[Finding]:
    """Channels that are on or half set up; the rest in one line. What the platforms say, `aisle channel check` asks."""
    from bot.cli.channel_platforms import check_address, missing, platforms

    values = channel_settings.merged(settings.home, os.environ)
    found = platforms(values)
    known = _known_states(settings)
    for name, platform in found.items():
        lacking = missing(platform)
        if not lacking:
            try:
                check_address(settings, platform, values)
            except AisleError as error:
                yield Finding(f"channel {name}", "warning", str(error), "docs/channels/README.md")
                continue
            yield _of_accounts(name, [known.get((name, one), "unchecked") for one in platform.accounts])
        elif any(values.get(variable(name, need.name)) for need in platform.needs):
            words = f"off: {', '.join(lacking)} not set, or not of the form the platform gives"
            yield Finding(f"channel {name}", "warning", words, f"aisle channel add {name}")
    off = [name for name, platform in found.items() if platform.missing]
    if off:
        yield Finding("channels off", "ok", ", ".join(off))


def _of_accounts(name: str, states: list[str]) -> Finding:
    words = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))
    is_well = all(state == "ok" for state in states)
    mend = "" if is_well else f"aisle channel check {name}"
    return Finding(f"channel {name}", "ok" if is_well else "warning", f"on; accounts: {words}", mend)


def _known_states(settings: Settings) -> dict[tuple[str, str], str]:
    from sqlalchemy.exc import SQLAlchemyError

    from bot.desk import channel_checks
    from bot.store.database import Database

    if not settings.database_url and not (settings.home / "aisle.db").exists():
        return {}
    database = Database(settings.database, threads=1)
    try:
        with database.reading() as session:
            return {(row.channel, row.account): row.state for row in channel_checks.accounts(session)}
    except SQLAlchemyError:
        return {}  # said under `database`
    finally:
        database.close()


def _ports(settings: Settings) -> Iterator[Finding]:
    is_running = bool(secrets.read(settings.home)) and is_up(settings)
    for name, url, default in (
        ("port of the desk", f"http://{settings.host}:{settings.port}", settings.port),
        ("port of the brain", settings.brain_url, 5005),
        ("port of the actions", settings.actions_url, 5055),
    ):
        host, port = urlsplit(url).hostname or "127.0.0.1", urlsplit(url).port or default
        is_taken = _listens(host, port)
        if is_taken and is_running:
            yield Finding(name, "ok", f"{port}, in use by this install")
        elif is_taken:
            yield Finding(
                name,
                "warning",
                f"{port} is taken",
                "stop what listens there, or choose another (docs/settings.md)",
            )
        else:
            yield Finding(name, "ok", f"{port} is free")


def _listens(host: str, port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=1):
        return True
    return False


def is_up(settings: Settings) -> bool:
    import fcntl

    path = settings.home / "up.lock"
    if not path.exists():
        return False
    with path.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _test_tools() -> Iterator[Finding]:
    for names, what in (
        (("chromium", "chromium-browser", "google-chrome"), "Chromium"),
        (("chromedriver",), "driver of Chromium"),
        (("psql",), "PostgreSQL"),
        (("redis-server",), "Redis"),
    ):
        found = next((path for path in map(shutil.which, names) if path), None)
        yield Finding(
            f"tests: {what}",
            "ok" if found else "warning",
            found or "not found",
            "" if found else "on Debian: apt-get install chromium chromium-driver postgresql redis-server",
        )
