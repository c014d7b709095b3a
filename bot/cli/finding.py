"""What one check of `aisle doctor` found."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """`state` is ok, warning (works, but look) or bad (will not work)."""

    name: str
    state: str
    found: str
    mend: str = ""
