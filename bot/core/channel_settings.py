"""Names and file of the channels' own values: `AISLE_<CHANNEL>_<NAME>`, of further accounts `…__<account id>`."""

from collections.abc import Iterable, Mapping
from pathlib import Path

FILE = "channels.env"  # in the home folder; written by `aisle channel add`


def variable(channel: str, name: str, account: str = "") -> str:
    """The variable of a value, e.g. for `messenger`, `TOKEN`; `account` is empty for the first account."""
    return f"AISLE_{channel.upper()}_{name}{f'__{account}' if account else ''}"


def is_channels(variable_name: str, channels: Iterable[str]) -> bool:
    """Whether a variable is a value of one of `channels`, and so nobody's business but the desk's."""
    return variable_name.startswith(tuple(variable(name, "") for name in channels))


def read(home: Path) -> dict[str, str]:
    """The values kept in the file, `{}` when there is none; lines of another form are passed over."""
    path = home / FILE
    if not path.exists():
        return {}
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    pairs = (line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    return {name.strip(): value.strip() for name, value in pairs}


def merged(home: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """The file's values under those of the environment: a variable that is set and not empty wins."""
    return read(home) | {name: value for name, value in environment.items() if value}
