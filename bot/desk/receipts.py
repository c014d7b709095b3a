"""Delivered and read: what platforms tell of our messages after they took them, and what they refuse later."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.core.times import seconds_between
from bot.desk import deliver, identities, sending
from bot.desk.case import Applied, Case
from bot.store import conversations as store
from bot.store import pieces, platform_events
from bot.store.messages import id_of_platform
from bot.store.platform_events import WAITING
from bot.store.tables import Conversation, Event, Message, Piece

MARK_REACHES = timedelta(days=8)  # back; nothing may be sent to a window that old
SKEW = timedelta(seconds=1)  # between our clock and the platform's


def take_delivery(case: Case) -> Applied:
    """Messages of ours have arrived."""
    return _take(case, is_read=False)


def take_read(case: Case) -> Applied:
    """Messages of ours were read."""
    return _take(case, is_read=True)


def take_status(case: Case) -> Applied:
    """What became of one message: sent, delivered or read."""
    status = case.heard.detail.get("status")
    own = pieces.find_by_own_id(case.session, case.heard.echo_of)
    settled = Applied()
    if own is not None and own.channel == case.channel and own.state != "failed":
        message = case.session.get_one(Message, own.message_id)
        sending.settle(case.session, own, platform_id=case.heard.target, at=case.heard.at)
        case.session.flush()
        settled = Applied(conversation_id=message.conversation_id, message_id=message.id)
    if status in ("delivered", "read"):
        return _take(case, is_read=status == "read")
    return settled


def take_failure(case: Case) -> Applied:
    """The platform took a message and could not deliver it after all: agents see its reason."""
    session, heard = case.session, case.heard
    piece = pieces.find_by_own_id(session, heard.echo_of) or _piece(case, heard.target)
    if piece is None:
        return Applied(WAITING)
    message = session.get_one(Message, piece.message_id)
    done = Applied(conversation_id=message.conversation_id, message_id=message.id)
    conversation = store.locked(session, message.conversation_id)
    session.refresh(message)
    piece.state, piece.platform_id = "failed", piece.platform_id or heard.target or None
    reason = str(heard.detail.get("reason") or "the platform could not deliver it")
    if heard.detail.get("cause") == "person" and not conversation.unreachable:
        conversation.unreachable = reason[:300]
        store.add_fact(session, conversation, "unreachable", at=heard.at, actor="system", label=reason)
    if message.state != "failed":
        deliver.failed(session, conversation.id, message.id, reason=reason, retry_at=None, at=case.at)
    return done


def take_membership(case: Case) -> Applied:
    """The shopper shut the bot out, or let it in again."""
    conversation = identities.conversation_of(case)
    state = case.heard.detail.get("state")
    if conversation is None or state not in ("blocked", "unblocked"):
        return Applied(conversation_id=conversation.id if conversation else "")
    is_newer = conversation.last_shopper_at is None or conversation.last_shopper_at <= case.heard.at
    if is_newer:
        conversation.unreachable = "blocked" if state == "blocked" else ""
    if state == "blocked":
        store.add_fact(
            case.session, conversation, "unreachable", at=case.heard.at, actor="system", label="blocked"
        )
    return Applied(conversation_id=conversation.id)


def read_by_then(case: Case, sent_at: datetime) -> datetime | None:
    """When a message sent at `sent_at`, of which we hear only now, was read, by what was heard before."""
    reads = [
        event.at
        for event in platform_events.marks_waiting(case.session, case.lane, ("read",))
        if (mark := _moment(event.data.get("detail", {}).get("watermark"))) and sent_at <= mark
    ]
    return min(reads, default=None)


def _take(case: Case, *, is_read: bool) -> Applied:
    heard = case.heard
    mark = _moment(heard.detail.get("watermark"))
    listed = heard.detail.get("targets") or heard.detail.get("mids")
    targets = [heard.target] if heard.target else [str(item) for item in listed or () if item]
    if targets and mark is None:
        return _take_targets(case, targets, is_read=is_read)
    conversation = identities.conversation_of(case)
    if conversation is None or mark is None:
        return Applied(WAITING)
    messages = list(
        case.session.scalars(
            select(Message).where(
                Message.conversation_id == conversation.id,
                Message.direction == "out",
                Message.state.in_(("sending", "sent", "failed")),
                Message.created_at >= mark - MARK_REACHES,
            )
        )
    )
    _mark(case, conversation, messages, upto=mark, is_read=is_read)
    # Kept open for a day: what was sent by then and is told to us later has been read as well.
    return Applied(WAITING, conversation_id=conversation.id)


def _take_targets(case: Case, targets: Sequence[str], *, is_read: bool) -> Applied:
    done, unknown = Applied(), ""
    for target in targets:
        piece = _piece(case, target)
        key = {"channel": case.channel, "account": case.heard.account, "platform_id": target}
        message_id = piece.message_id if piece else id_of_platform(case.session, **key)
        if message_id is None:
            unknown = target
            continue
        message = case.session.get_one(Message, message_id)
        conversation = store.locked(case.session, message.conversation_id)
        _mark(case, conversation, [message], upto=None, is_read=is_read, only=piece)
        done = Applied(conversation_id=conversation.id, message_id=message_id)
    return Applied(WAITING, target=unknown) if unknown else done


def _mark(
    case: Case,
    conversation: Conversation,
    messages: Sequence[Message],
    *,
    upto: datetime | None,
    is_read: bool,
    only: Piece | None = None,
) -> None:
    """Note the time on messages and pieces, the earliest that is told; facts once a message."""
    at, session = case.heard.at, case.session
    newest: Message | None = None
    for message in messages:
        own = [only] if only else list(pieces.of_message(session, message.id))
        if upto is not None:
            own = [piece for piece in own if piece.tried_at <= upto + SKEW]
            is_meant = bool(own) or ("elsewhere" in message.extra and message.created_at <= upto)
            if not is_meant:
                continue
        is_first_delivery = all(piece.delivered_at is None for piece in own) and bool(own)
        for piece in own:
            piece.delivered_at = min(piece.delivered_at or at, at)
            if is_read:
                piece.read_at = min(piece.read_at or at, at)
        sent_at = message.sent_at or message.created_at
        if is_first_delivery:
            _note(case, conversation, message, "delivered", seconds_between(sent_at, at))
        if not is_read:
            continue
        if message.read_at is None:
            _note(case, conversation, message, "read", seconds_between(sent_at, at))
            newest = message if newest is None or newest.id < message.id else newest
        message.read_at = min(message.read_at or at, at)
    if newest is not None:
        _tell_read(case, conversation, newest)


def _note(case: Case, conversation: Conversation, message: Message, kind: str, seconds: float) -> None:
    store.add_fact(
        case.session,
        conversation,
        kind,
        at=case.heard.at,
        actor="shopper",
        message_id=message.id,
        value=seconds,
        episode=message.episode,
    )
    if kind == "delivered":
        data = {"message_id": message.id, "state": "delivered", "error": ""}
        store.append_event(case.session, conversation, "delivery", at=case.at, audience="agents", data=data)


def _tell_read(case: Case, conversation: Conversation, newest: Message) -> None:
    case.session.flush()
    seq = _seq(case.session, conversation.id, newest.id)
    store.append_event(case.session, conversation, "read", at=case.at, audience="agents", data={"up_to": seq})


def _seq(session: Session, conversation_id: str, message_id: int) -> int:
    query = select(Event.seq).where(
        Event.conversation_id == conversation_id, Event.message_id == message_id, Event.kind == "message"
    )
    return session.scalar(query) or 0


def _piece(case: Case, platform_id: str) -> Piece | None:
    if not platform_id:
        return None
    return pieces.find_by_platform_id(
        case.session, channel=case.channel, account=case.heard.account, platform_id=platform_id
    )


def _moment(value: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
