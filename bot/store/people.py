"""Queries about people who sign in: users, sessions, counted attempts and keys for programs."""

from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from bot.store.tables import ApiKey, Attempt, SignIn, User


def user_by_email(session: Session, email: str) -> User | None:
    """The user of an address (compared in lower case)."""
    return session.scalars(select(User).where(User.email == email.strip().lower())).one_or_none()


def user_by_id(session: Session, user_id: int) -> User | None:
    """The user of an id."""
    return session.get(User, user_id)


def sign_in_with_user(session: Session, token_hash: str, at: datetime) -> tuple[SignIn, User] | None:
    """The session of a token and its user, when neither has ended."""
    row = session.execute(
        select(SignIn, User)
        .join(User, User.id == SignIn.user_id)
        .where(SignIn.token_hash == token_hash, SignIn.expires_at > at, User.is_active.is_(True))
    ).one_or_none()
    return (row[0], row[1]) if row else None


def end_sign_in(session: Session, token_hash: str) -> None:
    """Forget one session."""
    session.execute(delete(SignIn).where(SignIn.token_hash == token_hash))


def end_sign_ins_of(session: Session, user_id: int) -> None:
    """Forget all sessions of a user (a new password, a person who left)."""
    session.execute(delete(SignIn).where(SignIn.user_id == user_id))


def drop_ended(session: Session, at: datetime) -> None:
    """Forget sessions past their time and attempts older than a day."""
    session.execute(delete(SignIn).where(SignIn.expires_at <= at))
    session.execute(delete(Attempt).where(Attempt.at <= at - timedelta(days=1)))


def attempts(session: Session, key: str, since: datetime) -> tuple[int, datetime | None]:
    """How many attempts a key made since then, and when the oldest of them was."""
    row = session.execute(
        select(func.count(Attempt.id), func.min(Attempt.at)).where(Attempt.key == key, Attempt.at > since)
    ).one()
    return int(row[0]), row[1]


def hold_key(session: Session, key: str) -> None:
    """Let nobody else count attempts of this key until the transaction ends (SQLite has one writer anyway)."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, 0))))


def forget_attempts(session: Session, key: str) -> None:
    """Wipe the attempts of a key (after a success)."""
    session.execute(delete(Attempt).where(Attempt.key == key))


def forget_latest_attempt(session: Session, key: str) -> None:
    """Take back the newest attempt of a key."""
    newest = select(func.max(Attempt.id)).where(Attempt.key == key).scalar_subquery()
    session.execute(delete(Attempt).where(Attempt.id == newest))


def api_key_by_hash(session: Session, key_hash: str) -> ApiKey | None:
    """The program's key of a hash."""
    return session.scalars(select(ApiKey).where(ApiKey.key_hash == key_hash)).one_or_none()


def set_presence(session: Session, user_id: int, *, presence: str, at: datetime) -> None:
    """Say how a user is present, and that the page is alive."""
    session.execute(update(User).where(User.id == user_id).values(presence=presence, seen_at=at))


def touch(session: Session, user_id: int, *, at: datetime) -> None:
    """The inbox page of a user is alive."""
    session.execute(update(User).where(User.id == user_id).values(seen_at=at))
