"""Sending a message piece by piece over a channel of another house: each step one unit of work (promise 6).

A piece is committed as `sending` before its call and as `sent` after it, together with the next one's beginning, so
a message costs one write more than it has pieces. What a crash or a lost answer leaves `sending` is in doubt: where
the platform repeats what we said (by our id, or by its words) its echo settles it, or after a while it is sent again;
elsewhere it counts as sent and agents see that it is unconfirmed.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from bot.core import windows
from bot.core.channel import Capabilities, Outgoing, Piece, Platform, Receipt, Template
from bot.core.errors import NotDelivered, OutsideWindow
from bot.core.messages import File, Image, Part, ProductCard, Products, Text, from_json
from bot.core.times import seconds_between
from bot.desk.deliver import failed, may_leave, tell_agents, waiting
from bot.desk.pace import BACK_OFF_SECONDS, Pause, back_off
from bot.desk.sent import record_sent
from bot.store import conversations as store
from bot.store import outbox, pieces, platform_events, tables
from bot.store.tables import Conversation, Identity, Message

log = logging.getLogger("aisle.outbox")
ATTEMPTS_MOST = len(BACK_OFF_SECONDS) + 1
UNCONFIRMED = "unconfirmed"  # in `Message.error` of a sent message: no answer of the platform says so
AT_ONCE = 0.0
NEWS_SECONDS = 5.0  # at most, until what the platform told us meanwhile is applied, which wakes the outbox
FINAL = ("person", "owner")  # causes that trying again soon does not change


@dataclass(frozen=True)
class Terms:
    """What holds for all channels: the time an echo may take, and the address that makes our own ones whole.

    `since`: when this process started; echoes that came while none ran are tried again by the platform.
    """

    echo_wait_seconds: float
    public_url: str
    since: datetime


@dataclass(frozen=True)
class Claim:
    """What may leave now: piece `number` of `message`, begun and committed. Without a message nothing may.

    `left` are authors of messages found to have left already; `wait_seconds` is when to ask again.
    """

    message: Outgoing | None = None
    pieces: Sequence[Piece] = ()
    number: int = 0
    attempts: int = 0
    left: tuple[str, ...] = ()
    wait_seconds: float | None = None


def claim(session: Session, conversation_id: str, platform: Platform, *, terms: Terms, at: datetime) -> Claim:
    """Begin the next piece of the first message that waits, if it still may leave, by the way the window allows."""
    conversation = store.locked(session, conversation_id)
    account = outbox.account(session, conversation.channel, conversation.account)
    if account is not None and account.state == "broken":
        return Claim()
    left: list[str] = []
    for message in waiting(session, conversation_id):
        tried = pieces.of_message(session, message.id)
        doubt = next((piece for piece in tried if piece.state == "sending"), None)
        until = message.next_try_at
        if message.state == "sending":
            until = _doubted_until(doubt, until, terms)
        if until is not None and until > at:
            message.next_try_at = until
            return Claim(left=tuple(left), wait_seconds=seconds_between(at, until))
        if doubt is not None and _has_news(session, conversation, platform.capabilities):
            return Claim(left=tuple(left), wait_seconds=NEWS_SECONDS)
        outgoing, obstacle = _outgoing(session, conversation, message, platform.capabilities, terms, at)
        calls = _rendered(platform, outgoing)
        if doubt is not None and not platform.capabilities.settles:
            _decide(session, doubt, message, outgoing, calls, platform.capabilities, at)
        number = sum(piece.state == "sent" for piece in tried)  # as they leave in order
        if calls is None:
            _give_up(session, message, "this channel cannot show the message", at)
        elif number >= len(calls):
            _settle(session, conversation, message, at)
            left.append(message.author)
        elif not _may_leave(session, conversation, message, number, len(calls), at):
            continue
        elif obstacle or message.attempts >= ATTEMPTS_MOST:
            _give_up(session, message, obstacle or message.error, at)
        else:
            message.state, message.next_try_at = "sending", None
            message.attempts += 1
            if outgoing.way == windows.HUMAN_AGENT:
                message.extra = {**message.extra, "way": outgoing.way}
            pieces.begin(session, message, number, at=at)
            return Claim(outgoing, calls, number, message.attempts, tuple(left))
    return Claim(left=tuple(left))


def taken(
    session: Session,
    conversation_id: str,
    message_id: int,
    number: int,
    *,
    count: int,
    receipt: Receipt | None,
    at: datetime,
) -> bool:
    """The platform took piece `number` of `count` (receipt None: probably); True when the next one has begun.

    `receipt.person` is kept as another name of the shopper.

    After the last one the message is sent. Between two the owner is asked again: a bot's message that was overtaken
    by a hand-off stops there.
    """
    conversation = store.locked(session, conversation_id)
    message = session.get_one(Message, message_id)
    piece = session.get_one(tables.Piece, (message_id, number))
    if piece.state == "failed":  # what the platform told of it later was faster than its answer
        return False
    pieces.sent(piece, platform_id=receipt.platform_id if receipt else "", at=at)
    if receipt is None:
        message.error = UNCONFIRMED
    else:
        conversation.unreachable = ""
        _learn(session, conversation, receipt.person)
    if message.state != "sending":
        return False
    if number + 1 >= count:
        _settle(session, conversation, message, at)
        return False
    if not _may_leave(session, conversation, message, number + 1, count, at):
        return False
    pieces.begin(session, message, number + 1, at=at)
    return True


def refused(
    session: Session,
    conversation_id: str,
    message_id: int,
    number: int,
    *,
    error: NotDelivered,
    pause: Pause | None,
    terms: Terms,
    at: datetime,
) -> float | None:
    """The platform did not take a piece, or did not say so. The seconds until the conversation's outbox goes on.

    None: a pause of the account, or its mending, wakes it. `pause` is given for what is busy.
    """
    conversation = store.locked(session, conversation_id)
    message = session.get_one(Message, message_id)
    piece = session.get_one(tables.Piece, (message_id, number))
    if piece.state == "sent":  # its echo was faster
        return AT_ONCE
    message.error = str(error)[:300]
    is_dropped = message.state == "dropped"  # a person overtook it while it was out: it is not tried again
    if error.cause == "lost" and not is_dropped:
        message.next_try_at = at + timedelta(seconds=terms.echo_wait_seconds)
        return terms.echo_wait_seconds
    if error.cause != "lost":
        pieces.failed(piece)
    if error.cause == "account":
        message.state = "dropped" if is_dropped else "pending"
        message.attempts -= 1
        outbox.mark_broken(session, conversation.channel, conversation.account, reason=str(error), at=at)
        return None
    if error.cause == "person":
        _stop_writing(session, conversation, str(error), at)
    if is_dropped:
        return AT_ONCE
    seconds = _retry_in(message, error, pause)
    retry_at = None if seconds is None else at + timedelta(seconds=seconds)
    failed(session, conversation_id, message_id, reason=str(error), retry_at=retry_at, at=at)
    return AT_ONCE if seconds is None else seconds


def _retry_in(message: Message, error: NotDelivered, pause: Pause | None) -> float | None:
    """Seconds until a refused message is tried again; None: never."""
    if pause is not None:
        message.attempts -= 0 if pause.is_attempt else 1
        return pause.seconds
    if not error.heals or error.cause in FINAL or message.attempts >= ATTEMPTS_MOST:
        return None
    return max(back_off(message.attempts), error.retry_after_seconds or 0.0)


def settle(session: Session, piece: tables.Piece, *, platform_id: str, at: datetime) -> str | None:
    """An echo or status says that the platform has a piece of ours.

    Returns the conversation whose outbox should be notified after the commit; None when this was known.
    """
    message = session.get_one(Message, piece.message_id)
    store.locked(session, message.conversation_id)
    session.refresh(piece)
    if not pieces.sent(piece, platform_id=platform_id, at=at):
        return None
    if message.state == "failed":
        message.state = "sending"  # it was given up too early
    message.next_try_at = None
    return message.conversation_id


def _outgoing(
    session: Session,
    conversation: Conversation,
    message: Message,
    capabilities: Capabilities,
    terms: Terms,
    at: datetime,
) -> tuple[Outgoing, str]:
    """A message as a connector gets it, and why it may not leave now: empty when it may."""
    comment = str(message.extra.get("comment") or "")
    way, obstacle = windows.RESPONSE, ""
    try:
        way = _opening(session, conversation, message, comment, capabilities, at).way
    except OutsideWindow as error:
        obstacle = f"window: {error}"
    if not obstacle and conversation.unreachable and message.author != "agent" and not comment:
        obstacle = f"unreachable: {conversation.unreachable}"
    recipient = outbox.recipient(session, conversation)
    if not recipient and not comment:
        obstacle = obstacle or "the channel does not know this shopper"
    parts: list[Part] = [Text(message.text)] if message.text else []
    parts += [from_json(part) for part in message.parts]  # type: ignore[misc]  # stored parts are no commands
    outgoing = Outgoing(
        message_id=message.id,
        conversation_id=conversation.id,
        account=conversation.account,
        recipient=recipient,
        text=message.text,
        parts=tuple(_whole(part, terms.public_url) for part in parts),
        last_shopper_at=conversation.last_shopper_at,
        author=message.author,
        language=message.language or conversation.language,
        way=way,
        comment=comment,
        template=_template(message),
    )
    return outgoing, obstacle


def _template(message: Message) -> Template | None:
    """What `extra["template"]` names: name, language, parameters and button, as in `Template`."""
    found = message.extra.get("template")
    if not found:
        return None
    return Template(**{**found, "parameters": tuple(found.get("parameters", ()))})


def _rendered(platform: Platform, outgoing: Outgoing) -> Sequence[Piece] | None:
    try:
        return platform.render(outgoing)
    except Exception:  # a mistake of ours in one message must not stop those behind it
        log.exception("a message cannot be rendered", extra={"message_id": outgoing.message_id})
        return None


def _opening(
    session: Session,
    conversation: Conversation,
    message: Message,
    comment: str,
    capabilities: Capabilities,
    at: datetime,
) -> windows.Opening:
    if comment:
        touched = outbox.touched_at(
            session, channel=conversation.channel, account=conversation.account, platform_id=comment
        )
        return windows.private_reply(capabilities, commented_at=touched or message.created_at, at=at)
    return windows.way(
        capabilities,
        author=message.author,
        window_at=conversation.window_at,
        last_shopper_at=conversation.last_shopper_at,
        at=at,
        has_template=_template(message) is not None,
    )


def is_told_back(capabilities: Capabilities) -> bool:
    """Whether the platform repeats what we said, so that a lost answer is worth waiting for."""
    return capabilities.settles or capabilities.echoes


def _doubted_until(doubt: tables.Piece | None, until: datetime | None, terms: Terms) -> datetime | None:
    """When a piece in doubt may be decided on: its echo had its time, and somebody was there to hear it."""
    if doubt is None:  # settled by its echo
        return None
    wait = timedelta(seconds=terms.echo_wait_seconds)
    if doubt.tried_at < terms.since:  # found after a crash
        return max(until or terms.since, terms.since + wait)
    return until or doubt.tried_at + wait


def _has_news(session: Session, conversation: Conversation, capabilities: Capabilities) -> bool:
    """Whether the platform told us something of this shopper that is not applied yet: it may settle the doubt."""
    person = outbox.recipient(session, conversation)
    lane = platform_events.Lane(conversation.channel, conversation.account, person)
    return is_told_back(capabilities) and platform_events.has_more(session, lane)


def _decide(
    session: Session,
    doubt: tables.Piece,
    message: Message,
    outgoing: Outgoing,
    calls: Sequence[Piece] | None,
    capabilities: Capabilities,
    at: datetime,
) -> None:
    """Without our ids given back: whether a piece in doubt counts as sent, or (left `sending`) is sent again."""
    lane = platform_events.Lane(message.channel, message.account, outgoing.recipient)
    words = calls[doubt.number].words if calls and doubt.number < len(calls) else None
    echo = None
    if capabilities.echoes and words is not None:
        echo = platform_events.echo_waiting(session, lane, words)
    if echo is not None:
        pieces.sent(doubt, platform_id=echo.data.get("platform_id", ""), at=at)
        platform_events.settle(echo, platform_events.DONE, message_id=message.id, is_content_kept=False)
    elif not (capabilities.echoes and platform_events.has_echoed(session, lane)):
        pieces.sent(doubt, platform_id="", at=at)
        message.error = UNCONFIRMED


def _may_leave(
    session: Session, conversation: Conversation, message: Message, number: int, count: int, at: datetime
) -> bool:
    if may_leave(session, conversation, message, at):
        return True
    message.next_try_at = None
    if number:  # the shopper has seen a part of it, which agents should know
        message.error = f"stopped after {number} of {count} parts"
        tell_agents(session, conversation, message, at)
    return False


def _settle(session: Session, conversation: Conversation, message: Message, at: datetime) -> None:
    message.state, message.sent_at, message.next_try_at = "sent", at, None
    message.error = message.error if message.error == UNCONFIRMED else ""
    record_sent(session, conversation, message, at)


def _give_up(session: Session, message: Message, reason: str, at: datetime) -> None:
    failed(session, message.conversation_id, message.id, reason=reason, retry_at=None, at=at)


def _stop_writing(session: Session, conversation: Conversation, reason: str, at: datetime) -> None:
    conversation.unreachable = reason[:300]
    store.add_fact(session, conversation, "unreachable", at=at, actor="system", label=reason)


def _learn(session: Session, conversation: Conversation, person: str) -> None:
    """Keep who the recipient is, when the platform told: the answer to a private reply comes from them."""
    if person:
        store.insert_if_new(
            session,
            Identity,
            contact_id=conversation.contact_id,
            channel=conversation.channel,
            account=conversation.account,
            external_id=person,
        )


def _in_pixels(image: str) -> str:
    """Our drawn pictures also come as PNG: platforms take no vectors."""
    return image.removesuffix(".svg") + ".png" if image.startswith("/shop/pictures/") else image


def _whole(part: Part, base: str) -> Part:
    """A part whose addresses of our own pages and pictures can be opened from elsewhere."""

    def whole(url: str) -> str:
        return f"{base}{url}" if url.startswith("/") else url

    def card(item: ProductCard) -> ProductCard:
        return replace(item, url=whole(item.url), image=whole(_in_pixels(item.image)))

    match part:
        case Products(items=items):
            return Products(tuple(card(item) for item in items))
        case Image() | File():
            return replace(part, url=whole(part.url))
        case _:
            return part
