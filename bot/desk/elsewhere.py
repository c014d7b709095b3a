"""Answered elsewhere: a person wrote in the platform's own inbox, or another program has the thread.

The bot keeps out until an agent closes the conversation or hands it back, the platform passes the thread to us,
or nothing was said for a day. Of two changes of hands the later by the platform's time counts, however they arrive.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.core.messages import to_json
from bot.core.ownership import Owner, Reason
from bot.core.text import clean, first_line
from bot.core.times import seconds_between
from bot.desk import identities, receipts, sending
from bot.desk.case import Applied, Case
from bot.desk.close import close
from bot.desk.context import Context
from bot.store import conversations as store
from bot.store import messages, pieces, platform_events
from bot.store.platform_events import WAITING
from bot.store.tables import Conversation, Event, Message, Piece

NOT_ASKED = {"deleted_at", "standby", "silent"}  # in `extra` of messages nobody need answer
SILENT_FOR = timedelta(hours=24)


def take_echo(case: Case) -> Applied:
    """What was sent to the shopper: by us, which settles it, or elsewhere."""
    heard, session = case.heard, case.session
    own = pieces.find_by_own_id(session, heard.echo_of)
    if own is not None and own.channel == case.channel:
        return _settle(case, own)
    # Locked before it is asked what is known: the answer to our call may be about to be kept beside this.
    conversation = identities.conversation_of(case)
    key = {"channel": case.channel, "account": heard.account, "platform_id": heard.platform_id}
    if heard.platform_id and (
        pieces.find_by_platform_id(session, **key) or messages.id_of_platform(session, **key)
    ):
        return Applied(is_content_kept=False)
    if conversation is not None:
        doubts = _doubts(session, conversation)
        for piece, text, parts in doubts:
            is_card = bool(parts) and piece.state == "sent" and not heard.text
            if is_card or _is_same(heard.text, text):
                return _settle(case, piece)
        if any(piece.state == "sending" for piece, *_ in doubts):  # the outbox decides which piece it is
            return Applied(WAITING, conversation_id="", target=heard.platform_id)
        if not heard.echo_of and heard.kind == "echo" and _was_repeated(session, conversation, heard.text):
            return Applied(conversation_id=conversation.id, is_content_kept=False)
    return _answered(case)


def _settle(case: Case, piece: Piece) -> Applied:
    message = case.session.get_one(Message, piece.message_id)
    sending.settle(case.session, piece, platform_id=case.heard.platform_id, at=case.heard.at)
    return Applied(conversation_id=message.conversation_id, message_id=message.id, is_content_kept=False)


def _doubts(session: Session, conversation: Conversation) -> list[tuple[Piece, str, list[Any]]]:
    """Pieces of a conversation of which the platform has not told its id, with text and parts of their messages."""
    query = (
        select(Piece, Message.text, Message.parts)
        .join(Message, Message.id == Piece.message_id)
        .where(
            Message.conversation_id == conversation.id,
            Message.direction == "out",
            Piece.platform_id.is_(None),
            Piece.state.in_(("sending", "sent")),
        )
        .order_by(Piece.message_id, Piece.number)
    )
    return [(piece, text, parts) for piece, text, parts in session.execute(query)]


def _was_repeated(session: Session, conversation: Conversation, text: str) -> bool:
    """Whether it is the copy, late, of something of ours that was sent again because no copy came."""
    query = select(Message.text, Message.parts).where(
        Message.conversation_id == conversation.id, Message.direction == "out", Message.attempts > 1
    )
    return any(_is_same(text, said) if text else bool(parts) for said, parts in session.execute(query))


def _is_same(heard: str, said: str) -> bool:
    """Whether what the platform repeats is (a piece of) a text of ours."""
    one, other = " ".join(heard.split()), " ".join(said.split())
    return bool(one) and (one == other or (len(one) >= 20 and one in other))


def _answered(case: Case) -> Applied:
    """Somebody else answered: agents see what, and the bot keeps out."""
    heard, session = case.heard, case.session
    conversation = identities.make_conversation(case)
    text = clean(heard.text, limit=20_000)
    _open(case, conversation)
    read_at = receipts.read_by_then(case, heard.at)
    message = messages.add(
        session,
        {
            "conversation_id": conversation.id,
            "episode": conversation.episode,
            "direction": "out",
            "author": "agent",
            "channel": case.channel,
            "account": heard.account,
            "platform_id": heard.platform_id or None,
            "text": text,
            "parts": [to_json(part) for part in heard.parts],
            "created_at": heard.at,
            "stored_at": case.at,
            "state": "sent",
            "sent_at": heard.at,
            "read_at": read_at,
            "owner_version": conversation.owner_version,
            "language": conversation.language,
            "extra": {"elsewhere": True, "event": case.event_id},
        },
    )
    waited = conversation.waiting_since
    store.append_event(
        session, conversation, "message", at=case.at, message=session.get_one(Message, message.id)
    )
    store.add_fact(
        session,
        conversation,
        "answered_elsewhere",
        at=heard.at,
        actor="agent",
        message_id=message.id,
        value=seconds_between(waited, heard.at) if waited else None,
    )
    if conversation.last_at <= heard.at:
        conversation.last_at = heard.at
        conversation.last_text = first_line(text) or conversation.last_text
    if conversation.first_reply_at is None or conversation.agent_id is None:
        conversation.first_reply_at = min(conversation.first_reply_at or heard.at, heard.at)
    go(case, conversation)
    recount_waiting(session, conversation)
    for event in platform_events.waiting(session, case.lane, target=heard.platform_id):
        event.state = platform_events.NEW
    return Applied(conversation_id=conversation.id, message_id=message.id, is_message=True)


def _open(case: Case, conversation: Conversation) -> None:
    """An answer belongs into an episode, and one after the end begins another: what the shopper says next is its."""
    at = case.heard.at
    if conversation.episode == 0:
        store.open_episode(case.session, conversation, at)
        store.add_fact(case.session, conversation, "opened", at=at, actor="agent")
    elif conversation.owner == Owner.CLOSED and (conversation.closed_at or at) < at:
        since = seconds_between(conversation.closed_at or at, at)
        store.change_owner(case.session, conversation, Owner.AGENT)
        store.open_episode(case.session, conversation, at)
        store.add_fact(case.session, conversation, "reopened", at=at, actor="agent", value=since)
        conversation.reason = Reason.ELSEWHERE.value
        _told(case, conversation)


def go(case: Case, conversation: Conversation) -> None:
    """Keep the bot out of a conversation (locked by the caller), unless its hands have changed since."""
    owner, session = Owner(conversation.owner), case.session
    if owner in (Owner.AGENT, Owner.CLOSED) or _last_change(session, conversation) > case.heard.at:
        return
    store.mark_all_handled(session, conversation.id, case.at)
    store.change_owner(session, conversation, Owner.AGENT)
    conversation.reason = Reason.ELSEWHERE.value
    conversation.left_message = ""
    conversation.queued_at = conversation.queued_at or case.heard.at
    _told(case, conversation)


def take_handover(case: Case) -> Applied:
    """The platform says who has the thread now."""
    conversation = identities.conversation_of(case)
    if conversation is None:
        return Applied(WAITING)
    done = Applied(conversation_id=conversation.id)
    # Who is told of a pass has got the thread; who is told of a taking has lost it.
    if not case.heard.detail.get("is_ours", case.heard.kind == "handover.pass"):
        if is_elsewhere(conversation) and _last_change(case.session, conversation) < case.heard.at:
            _told(case, conversation)  # so that older news that come later find it
        go(case, conversation)
        return done
    if _last_change(case.session, conversation) > case.heard.at:
        return done
    if is_elsewhere(conversation):
        store.change_owner(case.session, conversation, Owner.BOT)
        conversation.reason, conversation.queued_at = "", None
        recount_waiting(case.session, conversation)
        store.add_fact(case.session, conversation, "handed_back", at=case.heard.at, actor="system")
    _told(case, conversation)  # also when nothing changes, as above
    return done


def is_elsewhere(conversation: Conversation) -> bool:
    """Whether somebody who is none of our agents has the conversation."""
    return conversation.owner == Owner.AGENT and conversation.agent_id is None


def _told(case: Case, conversation: Conversation) -> None:
    store.append_event(
        case.session,
        conversation,
        "owner",
        at=case.heard.at,
        data={
            "owner": conversation.owner,
            "agent": None,
            "reason": conversation.reason,
            "wait": None,
        },
        audience="agents",
    )


def _last_change(session: Session, conversation: Conversation) -> datetime:
    """When the conversation last changed hands, or was answered elsewhere."""
    session.flush()
    owner = (
        select(Event.at)
        .where(Event.conversation_id == conversation.id, Event.kind == "owner")
        .order_by(Event.at.desc())
        .limit(1)
    )
    said = select(func.max(Message.created_at)).where(
        Message.conversation_id == conversation.id,
        Message.direction == "out",
        Message.author == "agent",
        Message.user_id.is_(None),
    )
    times = [at for at in (session.scalar(owner), session.scalar(said)) if at is not None]
    return max(times, default=datetime.min.replace(tzinfo=conversation.last_at.tzinfo))


def recount_waiting(session: Session, conversation: Conversation) -> None:
    """Since when the shopper waits: their first message after the last answer, by the platform's time."""
    session.flush()
    mine = Message.conversation_id == conversation.id
    answered = session.scalar(
        select(func.max(func.coalesce(Message.sent_at, Message.created_at))).where(
            mine, Message.direction == "out", Message.author.in_(("agent", "bot")), Message.state == "sent"
        )
    )
    query = select(Message.created_at, Message.extra).where(mine, Message.direction == "in")
    if answered is not None:
        query = query.where(Message.created_at > answered)
    asked = [at for at, extra in session.execute(query) if not NOT_ASKED & extra.keys()]
    conversation.waiting_since = min(asked, default=None)


def silent(session: Session, *, at: datetime, limit: int = 100) -> list[str]:
    """Conversations elsewhere in which nothing was said for a day."""
    query = (
        select(Conversation.id)
        .where(
            Conversation.owner == Owner.AGENT.value,
            Conversation.agent_id.is_(None),
            Conversation.last_at < at - SILENT_FOR,
        )
        .limit(limit)
    )
    return list(session.scalars(query))


def close_if_silent(session: Session, conversation_id: str, *, context: Context, at: datetime) -> None:
    """Close one of `silent`, so that the bot takes the shopper's next message."""
    conversation = store.find_locked(session, conversation_id)
    if conversation is None or not is_elsewhere(conversation) or conversation.last_at >= at - SILENT_FOR:
        return
    close(session, conversation_id, context=context, by="idle", at=at)
