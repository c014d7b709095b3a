"""The calls a message leaves in: what was tried, what the platform took, and under which of its ids.

A piece is found by the platform's id (reactions, deletions, reads) or by our own, which some platforms repeat
in echoes and statuses (`bot.core.channel.own_id`). Call inside a unit of work that holds the conversation's lock.
"""

import re
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.store.tables import Message, Piece

_OWN = re.compile(r"aisle:(\d{1,18}):(\d{1,6})")


def of_message(session: Session, message_id: int) -> Sequence[Piece]:
    """All pieces of a message that were tried, in order."""
    query = select(Piece).where(Piece.message_id == message_id).order_by(Piece.number)
    return session.scalars(query).all()


def begin(session: Session, message: Message, number: int, *, at: datetime) -> Piece:
    """A piece is about to be sent, for the first time or again; commit before the call."""
    piece = session.get(Piece, (message.id, number))
    if piece is None:
        piece = Piece(message_id=message.id, number=number, channel=message.channel, account=message.account)
        session.add(piece)
    piece.state, piece.tried_at, piece.platform_id = "sending", at, None
    return piece


def sent(piece: Piece, *, platform_id: str, at: datetime) -> bool:
    """The platform has it, by its answer or by an echo; False when that was known (the first id stays)."""
    if piece.state == "sent":
        piece.platform_id = piece.platform_id or platform_id or None
        return False
    piece.state, piece.sent_at = "sent", at
    piece.platform_id = platform_id or None
    return True


def failed(piece: Piece) -> bool:
    """The platform refused it; False when an echo had said that it has it."""
    if piece.state == "sent":
        return False
    piece.state = "failed"
    return True


def find_by_platform_id(session: Session, *, channel: str, account: str, platform_id: str) -> Piece | None:
    """The piece the platform knows under this id."""
    query = select(Piece).where(
        Piece.channel == channel, Piece.account == account, Piece.platform_id == platform_id
    )
    return session.scalars(query.limit(1)).first()


def find_by_own_id(session: Session, own_id: str) -> Piece | None:
    """The piece with this id of ours, as an echo or status gives it back; None for any other text."""
    found = _OWN.fullmatch(own_id)
    return session.get(Piece, (int(found[1]), int(found[2]))) if found else None
