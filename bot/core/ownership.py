"""Who owns a conversation, and which changes of hands are possible."""

from enum import StrEnum

from bot.core.errors import Conflict


class Owner(StrEnum):
    """Exactly one at a time; only changed by compare-and-set on `owner_version`."""

    BOT = "bot"
    QUEUE = "queue"
    AGENT = "agent"
    CLOSED = "closed"


ALLOWED: dict[Owner, frozenset[Owner]] = {
    Owner.BOT: frozenset({Owner.QUEUE, Owner.AGENT, Owner.CLOSED}),
    Owner.QUEUE: frozenset({Owner.AGENT, Owner.BOT, Owner.CLOSED}),
    Owner.AGENT: frozenset({Owner.BOT, Owner.QUEUE, Owner.CLOSED, Owner.AGENT}),
    Owner.CLOSED: frozenset({Owner.BOT, Owner.QUEUE, Owner.AGENT}),
}


class Reason(StrEnum):
    """Why a conversation went to a person."""

    ASKED = "asked"
    NOT_UNDERSTOOD = "not_understood"
    COMPLAINT = "complaint"
    ANGRY = "angry"
    PROOF_FAILED = "proof_failed"
    REQUEST = "request"  # something only a person may do: change, cancel, refund
    ERROR = "error"
    BRAIN_DOWN = "brain_down"
    TAKEN = "taken"  # an agent stepped in unasked
    ELSEWHERE = "elsewhere"  # somebody answered in another program (a platform's own inbox)


def check(old: Owner, new: Owner) -> None:
    """Raise `Conflict` unless a conversation may pass from `old` to `new`."""
    if new not in ALLOWED[old]:
        raise Conflict(f"a conversation owned by {old} cannot go to {new}")


def may_send(*, author: str, written_under: int, owner: Owner, owner_version: int) -> bool:
    """Whether an outgoing message may still leave, asked at the moment of sending.

    A bot reply is written under an `owner_version`; once a person (or the queue) owns the
    conversation under a later one, it is dropped. People and system notices always may.
    """
    if author != "bot":
        return True
    return owner not in (Owner.QUEUE, Owner.AGENT) or written_under >= owner_version
