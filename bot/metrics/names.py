"""Names of the people behind user ids."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.store.tables import User


def names_of(session: Session, users: Iterable[int]) -> dict[int, str]:
    """Name by user id; somebody who is gone is missing."""
    found = session.execute(select(User.id, User.name).where(User.id.in_(list(users))))
    return {row.id: row.name for row in found}
