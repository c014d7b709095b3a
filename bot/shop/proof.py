"""Proving whose order it is: wrong answers look like unknown orders, are counted, and run out."""

import hmac
from datetime import timedelta
from typing import Any

from sqlalchemy import bindparam, func, select, text
from sqlalchemy.orm import Session

from bot.core.errors import ProofNeeded, TooMany
from bot.core.profile import Profile
from bot.core.times import now, seconds_between
from bot.shop import keys
from bot.shop.tables import Order
from bot.store import prepared
from bot.store.tables import Attempt

WINDOW = timedelta(hours=1)
ALL_TOGETHER = (
    4  # times as many wrong answers as one asker has close an order to all: guessing from many chats ends,
)
# and one stranger with one chat cannot lock the buyer out
_attempts = Attempt.__table__.c
_RECENT = select(func.count(), func.min(_attempts.at)).where(
    _attempts.key == bindparam("name"), _attempts.at > bindparam("since")
)
_orders = Order.__table__.c
_BY_NUMBER = select(Order.__table__).where(_orders.number_key == bindparam("asked"))
_BY_DIGITS = (
    select(Order.__table__).where(_orders.digits_key == bindparam("asked")).order_by(_orders.id).limit(5)
)
NOBODY = Order(id=0, email_key="", postcode_key="")  # compared with when there is no such order


def candidates(session: Session, number: str) -> list[Any]:
    """Rows of the orders of that number; with the letters left out ('1001') there may be several."""
    key = keys.order_number(number)
    if not key:
        return []
    exact = prepared.rows(session, _BY_NUMBER, {"asked": key})
    if exact or not key.isdigit():
        return exact
    return prepared.rows(session, _BY_DIGITS, {"asked": key})


def check(session: Session, number: str, *, proof: str, key: str, profile: Profile) -> Any:
    """The row of the order when `proof` fits; None, and the attempt counted, when it does not. Needs a writing session.

    Raises:
        TooMany: `profile.proof_attempts` wrong answers in the last hour, by this key; or four times as many for
            this order by anybody.
        ProofNeeded: no proof at all was given (not counted).
    """
    if not proof.strip():
        raise ProofNeeded()
    asked = keys.order_number(number)
    limits = {
        f"proof:key:{key}"[:200]: profile.proof_attempts,
        f"proof:order:{keys.digits(asked) or asked}"[:200]: profile.proof_attempts * ALL_TOGETHER,
    }
    counted = sorted(limits)
    if session.get_bind().dialect.name == "postgresql":  # SQLite writers are alone already
        for name in counted:
            session.execute(text("SELECT pg_advisory_xact_lock(hashtext(:name))"), {"name": name})
    at = now()
    for name in counted:
        ((count, oldest),) = prepared.rows(session, _RECENT, {"name": name, "since": at - WINDOW})
        if count >= limits[name]:
            wait = WINDOW.total_seconds() - seconds_between(oldest, at)
            raise TooMany("Too many wrong answers; try again later.", retry_after_seconds=max(1, round(wait)))
    found = None
    for order in [*candidates(session, number), NOBODY]:
        if _fits(order, proof, profile) and order is not NOBODY:
            found = found or order
    if found is None:
        session.add_all(Attempt(key=name, at=at) for name in counted)
    return found


def _fits(order: Any, proof: str, profile: Profile) -> bool:
    """Whether `proof` is the order's e-mail or postcode; takes the same time whichever it is."""
    by_email = _same(keys.email(proof), order.email_key) and "email" in profile.proof
    by_postcode = _same(keys.postcode(proof), order.postcode_key) and "postcode" in profile.proof
    return by_email | by_postcode


def _same(said: str, known: str) -> bool:
    return hmac.compare_digest(said.encode(), known.encode()) and known != ""
