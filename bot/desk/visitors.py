"""Signed visitor tokens: who a shopper on the website is, without asking them."""

import time
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

import jwt

from bot.core.errors import BadSignature
from bot.core.ids import new_id
from bot.core.times import now

AUDIENCE = "aisle-chat"
LIFETIME = timedelta(days=400)


@dataclass(frozen=True)
class Visitor:
    """A browser. Rows of contact and conversation are made with the first message, under these ids."""

    contact_id: str
    conversation_id: str


def fresh() -> Visitor:
    """A visitor nobody has seen before."""
    return Visitor(contact_id=new_id(), conversation_id=new_id())


def sign(visitor: Visitor, secret_key: str) -> str:
    """The token a browser keeps: JWT, HS256 (the algorithm is ours, never the caller's)."""
    claims = {
        "sub": visitor.contact_id,
        "conv": visitor.conversation_id,
        "aud": AUDIENCE,
        "exp": now() + LIFETIME,
    }
    return jwt.encode(claims, secret_key, algorithm="HS256")


def verify(token: str, secret_key: str) -> Visitor:
    """The visitor behind `token`.

    Raises:
        BadSignature: not signed by us, expired, or for something else.
    """
    visitor, expires_at = _verified(token, secret_key)
    if expires_at <= time.time():
        raise BadSignature()
    return visitor


@lru_cache(maxsize=10_000)  # a page sends the same token with each message
def _verified(token: str, secret_key: str) -> tuple[Visitor, float]:
    """The visitor behind `token` and when it expires, in seconds since 1970."""
    try:
        claims = jwt.decode(
            token,
            secret_key,
            algorithms=["HS256"],
            audience=AUDIENCE,
            options={"require": ["exp", "sub", "aud"]},
        )
    except jwt.PyJWTError as error:
        raise BadSignature() from error
    conversation_id = claims.get("conv")
    if not isinstance(conversation_id, str) or not conversation_id:
        raise BadSignature()
    return Visitor(contact_id=claims["sub"], conversation_id=conversation_id), float(claims["exp"])
