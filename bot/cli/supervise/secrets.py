"""Secrets and demo sign-ins of this install: random, made on the first start, readable by its owner only."""

import json
import os
import secrets
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

NAMES = ("AISLE_SECRET_KEY", "AISLE_INTERNAL_SECRET")


@dataclass(frozen=True)
class SignIn:
    """A demo person and the password made for this install."""

    role: str
    name: str
    email: str
    password: str


PEOPLE = (
    ("agent", "Robin Hale", "robin@aisle.test"),
    ("agent", "Sam Okoye", "sam@aisle.test"),
    ("manager", "Maya Lind", "maya@aisle.test"),
    ("admin", "Alex Stone", "alex@aisle.test"),
)


def write_private(path: Path, text: str) -> None:
    """Write a file nobody else may read; it is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")  # mkstemp makes it 0600
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    Path(name).replace(path)


def read(home: Path) -> dict[str, str]:
    """The secrets of this install, `{}` when none were made."""
    path = home / "secrets.env"
    if not path.exists():
        return {}
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


def ensure(home: Path) -> bool:
    """Make the secrets that are missing; say whether any were."""
    found = read(home)
    missing = [name for name in NAMES if len(found.get(name, "")) < 32]
    if not missing:
        return False
    found |= {name: secrets.token_urlsafe(48) for name in missing}
    lines = "".join(f"{name}={value}\n" for name, value in found.items())
    write_private(
        home / "secrets.env", f"# Made by `aisle up` for this install. Keep private; back up.\n{lines}"
    )
    return True


def new_password() -> str:
    """Four groups of letters and digits that cannot be mistaken for each other: 99 bits, easy to type."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(5)) for _ in range(4))


def new_sign_ins() -> tuple[SignIn, ...]:
    """Demo people with fresh passwords."""
    return tuple(SignIn(role, name, email, new_password()) for role, name, email in PEOPLE)


def keep_sign_ins(home: Path, people: tuple[SignIn, ...]) -> None:
    """Remember the demo sign-ins, to be printed at each start."""
    write_private(home / "sign-ins.json", json.dumps([asdict(person) for person in people], indent=1) + "\n")


def sign_ins(home: Path) -> tuple[SignIn, ...]:
    """The demo sign-ins made for this install."""
    path = home / "sign-ins.json"
    if not path.exists():
        return ()
    return tuple(SignIn(**person) for person in json.loads(path.read_text(encoding="utf-8")))
