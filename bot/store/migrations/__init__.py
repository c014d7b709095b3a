"""Alembic environment and steps of the schema."""

from pathlib import Path

FOLDER = Path(__file__).parent


def head() -> str:
    """Revision id of the newest step; imports nothing, so that a start can ask it first."""
    return max(path.name.split("_", 1)[0] for path in (FOLDER / "versions").glob("[0-9]*_*.py"))
