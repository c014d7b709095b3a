"""Queries about answers the shop has edited, and the mark that says when they changed."""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot.store.tables import Answer, Mark, User

MARK = "content_version"


def all_answers(session: Session) -> list[Answer]:
    """Every edited answer."""
    return list(session.scalars(select(Answer).order_by(Answer.name, Answer.locale)))


def editors(session: Session) -> dict[int, str]:
    """Names of those who edited."""
    rows = session.execute(select(User.id, User.name).where(User.id.in_(select(Answer.user_id))))
    return {user_id: name for user_id, name in rows}


def content_version(session: Session) -> int:
    """Grows with every change of an answer; 0 when nothing was ever changed."""
    value = session.scalar(select(Mark.value).where(Mark.name == MARK))
    return int(value) if value else 0


def next_version(session: Session) -> int:
    """Count a change."""
    row = session.scalars(select(Mark).where(Mark.name == MARK).with_for_update()).one_or_none()
    if row is None:
        row = Mark(name=MARK, value="0")
        session.add(row)
    row.value = str(int(row.value) + 1)
    session.flush()
    return int(row.value)


def save(
    session: Session, *, name: str, locale: str, text: str, version: int, user_id: int | None, at: datetime
) -> None:
    """Keep the shop's wording of an answer."""
    row = session.get(Answer, (name, locale))
    if row is None:
        row = Answer(name=name, locale=locale)
        session.add(row)
    row.text, row.version, row.user_id, row.updated_at = text, version, user_id, at
    session.flush()


def remove(session: Session, *, name: str, locale: str) -> bool:
    """Forget the shop's wording; False when there was none."""
    result = session.execute(delete(Answer).where(Answer.name == name, Answer.locale == locale))
    return bool(result.rowcount)  # type: ignore[attr-defined]


def one(session: Session, *, name: str, locale: str) -> Answer | None:
    """The shop's wording of one answer."""
    return session.get(Answer, (name, locale))
