"""People who sign in: users and roles, passwords, sessions, limits on attempts, keys for programs."""

import hashlib
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy.orm import Session

from bot.core.errors import BadInput, NotSignedIn, TooMany
from bot.core.ids import new_token
from bot.core.times import now
from bot.store import people as rows
from bot.store.tables import ApiKey, Attempt, SignIn, User

log = logging.getLogger("aisle.people")

ROLES = ("agent", "manager", "admin")  # each may do what those before it may
PASSWORD_LEAST = 10
PASSWORD_MOST = 200  # argon2 would hash any length; a megabyte of it is an attack
WINDOW = timedelta(minutes=15)
PER_EMAIL = 5  # failures of one address within the window
PER_ADDRESS = 30  # failures from one network address: a shop's office may share it
SALT = "aisle"


@dataclass(frozen=True)
class Person:
    """Who is signed in; `csrf` must come back with every change they ask for."""

    id: int
    name: str
    email: str
    role: str
    presence: str
    csrf: str
    expires_at: datetime


@dataclass(frozen=True)
class Key:
    """A program that showed a valid key."""

    id: int
    name: str


def may(role: str, needed: str) -> bool:
    """Whether someone of `role` may do what `needed` may."""
    return role in ROLES and ROLES.index(role) >= ROLES.index(needed)


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()  # argon2id, RFC 9106 low-memory profile: 64 MiB, 3 passes


@cache
def _nobodys_hash() -> str:
    """A hash to check against when there is no such user, so that both cases cost the same."""
    return _hasher().hash(new_token())


def hash_token(token: str) -> str:
    """What we keep of a token: tokens are 256 random bits, so a plain digest is enough."""
    return hashlib.sha256(f"{SALT}:{token}".encode()).hexdigest()


def _valid_email(email: str) -> str:
    email = email.strip().lower()
    local, _, host = email.rpartition("@")
    if (
        not local
        or "." not in f"{host}.local"
        or not host
        or any(c.isspace() for c in email)
        or len(email) > 320
    ):
        raise BadInput("That is not an e-mail address.", field="email")
    return email


def check_password(password: str, *, email: str = "", name: str = "") -> None:
    """The rules of passwords: long enough, and not the person's own name or address.

    Raises:
        BadInput: says which rule is broken.
    """
    if len(password) < PASSWORD_LEAST:
        raise BadInput(f"A password needs at least {PASSWORD_LEAST} characters.", field="password")
    if len(password) > PASSWORD_MOST:
        raise BadInput(f"A password has at most {PASSWORD_MOST} characters.", field="password")
    if len(set(password)) < 4:
        raise BadInput("That password is too easy to guess.", field="password")
    if password.lower() in {email.lower(), name.lower(), email.partition("@")[0].lower()}:
        raise BadInput("A password must not be your name or e-mail address.", field="password")


def add_user(session: Session, *, email: str, name: str, role: str, password: str) -> User:
    """A new user.

    Raises:
        BadInput: address, role or password breaks a rule, or the address is taken.
    """
    email = _valid_email(email)
    name = name.strip() or email.partition("@")[0]
    if role not in ROLES:
        raise BadInput(f"A role is one of {', '.join(ROLES)}.", field="role")
    check_password(password, email=email, name=name)
    if rows.user_by_email(session, email) is not None:
        raise BadInput(f"There is already a user {email}.", field="email")
    user = User(
        email=email,
        name=name[:200],
        role=role,
        password_hash=_hasher().hash(password),
        presence="away",
        is_active=True,
        created_at=now(),
    )
    session.add(user)
    session.flush()
    return user


def set_password(session: Session, *, email: str, password: str) -> User:
    """A new password; every session of the user ends.

    Raises:
        BadInput: no such user, or the password breaks a rule.
    """
    user = rows.user_by_email(session, email)
    if user is None:
        raise BadInput(f"There is no user {email}.", field="email")
    check_password(password, email=user.email, name=user.name)
    user.password_hash = _hasher().hash(password)
    rows.end_sign_ins_of(session, user.id)
    return user


def _keys(email: str, address: str) -> tuple[tuple[str, int], tuple[str, int]]:
    digest = hashlib.sha256(email.encode()).hexdigest()[:32]  # no addresses of strangers in our tables
    return (f"sign_in:email:{digest}", PER_EMAIL), (f"sign_in:address:{address}"[:200], PER_ADDRESS)


def admit(session: Session, *, email: str, address: str) -> None:
    """Count a try, or refuse it before any password is looked at when there were too many failures.

    Counted before the password is checked and forgotten when it is right, so that tries sent side by side
    cannot slip past the limit.

    Raises:
        TooMany: says how long to wait; the same for known and unknown addresses.
    """
    at = now()
    keys = _keys(email.strip().lower(), address)
    for key in sorted(key for key, _limit in keys):
        rows.hold_key(session, key)
    for key, limit in keys:
        count, oldest = rows.attempts(session, key, at - WINDOW)
        if count >= limit and oldest is not None:
            seconds = max(1, round((oldest + WINDOW - at).total_seconds()))
            minutes = -(-seconds // 60)
            raise TooMany(
                f"Too many tries. Please wait {minutes} minute{'s' if minutes > 1 else ''} and try again.",
                retry_after_seconds=seconds,
            )
    for key, _limit in keys:
        session.add(Attempt(key=key, at=at))


def is_right(user_hash: str | None, password: str) -> bool:
    """Whether a password is the one behind a hash; takes as long when there is no user (None)."""
    try:
        _hasher().verify(user_hash or _nobodys_hash(), password[:PASSWORD_MOST])
    except (VerificationError, InvalidHashError):
        return False
    return user_hash is not None


def password_hash_of(session: Session, email: str) -> str | None:
    """The hash to check a password against, None when nobody of that address may sign in."""
    user = rows.user_by_email(session, email)
    return user.password_hash if user is not None and user.is_active else None


def open_session(
    session: Session, *, email: str, password: str, checked_hash: str, seconds: int, address: str
) -> tuple[str, Person]:
    """Start a session for someone whose password was found right: (token for the cookie, person).

    Forgets the address's failures of this user, and takes back the one counted for this very try.

    Raises:
        NotSignedIn: the user changed or left since the password was checked.
    """
    at = now()
    user = rows.user_by_email(session, email)
    if user is None or not user.is_active or user.password_hash != checked_hash:
        raise NotSignedIn("The e-mail address or the password is not right.")
    rows.drop_ended(session, at)
    (by_email, _), (by_address, _) = _keys(user.email, address)
    rows.forget_attempts(session, by_email)
    rows.forget_latest_attempt(session, by_address)
    if _hasher().check_needs_rehash(user.password_hash):
        user.password_hash = _hasher().hash(password)
    if user.role == "agent" and user.presence == "away":
        user.presence = "available"  # who signs in to answer is there, until they say otherwise
    token = new_token()
    row = SignIn(
        token_hash=hash_token(token),
        user_id=user.id,
        csrf=new_token(),
        created_at=at,
        expires_at=at + timedelta(seconds=seconds),
    )
    session.add(row)
    return token, _person(user, row)


def sign_in(
    session: Session, *, email: str, password: str, address: str, seconds: int = 43_200
) -> tuple[str, Person]:
    """All of signing in in one unit of work, for programs and tests; the page takes the steps apart so that
    hashing does not hold the writing thread. A refusal counts only when the caller commits.

    Raises:
        TooMany: too many failures lately.
        NotSignedIn: unknown address or wrong password; deliberately the same.
    """
    admit(session, email=email, address=address)
    session.flush()
    checked = password_hash_of(session, email)
    if not is_right(checked, password) or checked is None:
        raise NotSignedIn("The e-mail address or the password is not right.")
    return open_session(
        session, email=email, password=password, checked_hash=checked, seconds=seconds, address=address
    )


def _person(user: User, row: SignIn) -> Person:
    return Person(user.id, user.name, user.email, user.role, user.presence, row.csrf, row.expires_at)


def user_of(session: Session, token: str) -> Person | None:
    """Who a session token belongs to, None when it is unknown or has ended."""
    found = rows.sign_in_with_user(session, hash_token(token), now())
    return _person(found[1], found[0]) if found else None


def sign_out(session: Session, token: str) -> None:
    """End the session of a token."""
    rows.end_sign_in(session, hash_token(token))


def make_api_key(session: Session, name: str) -> str:
    """A new key for a program; shown once, only its hash is kept."""
    if not name.strip():
        raise BadInput("A key needs a name.", field="name")
    key = f"aisle_{new_token()}"
    session.add(ApiKey(name=name.strip()[:100], key_hash=hash_token(key), created_at=now()))
    return key


def key_of(session: Session, key: str) -> Key | None:
    """The program behind a key, None when there is none."""
    row = rows.api_key_by_hash(session, hash_token(key))
    return Key(row.id, row.name) if row else None
