"""What platforms told us: kept as it came (promise 1), once (promise 2), and taken out lane by lane."""

import hashlib
import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, cast

from sqlalchemy import Table, bindparam, func, literal_column, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from bot.core.channel import KINDS, Heard
from bot.core.messages import File, Part, from_json, to_json
from bot.store.tables import Message, Piece, PlatformEvent

NEW, WAITING, DONE, IGNORED, FAILED = "new", "waiting", "done", "ignored", "failed"
TEXT_LIMIT = 20_000  # characters of any one text we keep
AHEAD = timedelta(minutes=5)  # a platform's clock further ahead than this is not believed
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")  # PostgreSQL keeps no NUL, UTF-8 no lone surrogates
_DEPTH = 12

_events = cast(Table, PlatformEvent.__table__)
_e = _events.c
# As in ix_platform_events_open; literals, so that the databases see that the partial index fits.
_OPEN = _e.state.in_((literal_column("'new'"), literal_column("'waiting'")))
_IS_NEW = _e.state == literal_column("'new'")
_IS_WAITING = _e.state == literal_column("'waiting'")
_NEVER_APPLIED = _e.conversation_id.is_(None)  # watermarks wait for more after they were applied
_ECHOES = ("echo", "echo.human", "standby")
_IN_LANE = (
    (_e.channel == bindparam("channel"))
    & (_e.account == bindparam("account"))
    & (_e.person == bindparam("person"))
)
_NEXT = (
    select(PlatformEvent).where(_OPEN, _IS_NEW, _IN_LANE).order_by(_e.at, _e.id).limit(1).with_for_update()
)
_MORE = select(_e.id).where(_OPEN, _IS_NEW, _IN_LANE).limit(1)
_LANES = select(_e.channel, _e.account, _e.person).where(_OPEN, _IS_NEW).distinct()
_KEEP: dict[str, Any] = {
    "sqlite": sqlite.insert(_events).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(_events).on_conflict_do_nothing(),
}


class Lane(NamedTuple):
    """What is applied one after another: the events of one person, or (no person) those of the account itself."""

    channel: str
    account: str
    person: str


def rows(channel: str, heard: Sequence[Heard], *, at: datetime) -> list[dict[str, Any]]:
    """The rows that keep `heard`, which came at `at`: whatever they hold, every database takes them."""
    return [_row(channel, one, at) for one in heard]


def _row(channel: str, heard: Heard, at: datetime) -> dict[str, Any]:
    kind = heard.kind if heard.kind in KINDS else "ignored"
    when = heard.at if heard.at.tzinfo else heard.at.replace(tzinfo=UTC)
    return {
        "channel": channel,
        "account": word(heard.account, 100),
        "key": word(heard.key, 300),
        "kind": kind,
        "person": word(heard.person, 200),
        "target": word(heard.target, 200),
        "at": when if when <= at + AHEAD else at,
        "stored_at": at,
        "state": IGNORED if kind in ("ignored", "test") else NEW,
        "data": {
            "platform_id": word(heard.platform_id, 200),
            "text": _text(heard.text),
            "choice": word(heard.choice, 300),
            "parts": _storable([to_json(part) for part in heard.parts]),
            "name": word(heard.name, 200),
            "locale": word(heard.locale, 20),
            "aliases": [word(alias, 200) for alias in heard.aliases],
            "echo_of": word(heard.echo_of, 200),
            "detail": _storable(dict(heard.detail)),
        },
    }


def word(value: Any, limit: int) -> str:
    """An id as kept: one too long for its column is cut and told apart by its hash."""
    text = _text(value)
    if len(text) <= limit:
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()[:32]
    return f"{text[: max(0, limit - 33)]}~{digest}"[-limit:]


def _text(value: Any) -> str:
    return _UNSTORABLE.sub("\ufffd", str(value))[:TEXT_LIMIT]


def _storable(value: Any, depth: int = 0) -> Any:
    """`value` as JSON that both databases keep: no NaN, no odd keys, not too deep."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if value.bit_length() < 64 else _text(float(value) if value.bit_length() < 1000 else "")
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if depth >= _DEPTH:
        return None
    if isinstance(value, Mapping):
        return {_text(name): _storable(item, depth + 1) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_storable(item, depth + 1) for item in value]
    return _text(value.isoformat() if isinstance(value, datetime) else value)


def heard(event: PlatformEvent) -> Heard:
    """The value behind a row."""
    data = event.data
    return Heard(
        kind=event.kind,
        account=event.account,
        key=event.key,
        at=event.at,
        person=event.person,
        platform_id=data.get("platform_id", ""),
        target=event.target,
        text=data.get("text", ""),
        choice=data.get("choice", ""),
        parts=tuple(_part(part) for part in data.get("parts", ())),
        name=data.get("name", ""),
        locale=data.get("locale", ""),
        aliases=tuple(data.get("aliases", ())),
        echo_of=data.get("echo_of", ""),
        detail=data.get("detail", {}),
    )


def _part(data: dict[str, Any]) -> Part:
    found = from_json(data)
    return found if isinstance(found, Part) else File("file")


def keep(session: Session, new: Sequence[dict[str, Any]]) -> None:
    """Store rows of `rows()`; what is known by its key already falls out."""
    if new:
        session.connection().execute(_KEEP[session.get_bind().dialect.name], list(new))


def open_lanes(session: Session) -> list[Lane]:
    """Lanes with something to apply."""
    return [Lane(*row) for row in session.connection().execute(_LANES)]


def following(session: Session, lane: Lane) -> PlatformEvent | None:
    """The next event of a lane by the platform's time; nobody else takes of this lane until the transaction ends."""
    if session.get_bind().dialect.name == "postgresql":  # SQLite has one writer anyway
        key = "/".join(lane)
        session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, 0))))
    return session.scalars(_NEXT, lane._asdict()).one_or_none()


def has_more(session: Session, lane: Lane) -> bool:
    """Whether a lane has something to apply."""
    return session.connection().scalar(_MORE, lane._asdict()) is not None


def waiting(session: Session, lane: Lane, *, target: str) -> list[PlatformEvent]:
    """Events of the account that wait for message `target`, and those of the person for any message, in order."""
    query = (
        select(PlatformEvent)
        .where(
            _OPEN,
            _IS_WAITING,
            _e.channel == lane.channel,
            _e.account == lane.account,
            or_(
                _e.target == target,
                (_e.person == lane.person) & (_e.target == ""),
            ),
            _NEVER_APPLIED,
        )
        .order_by(_e.at, _e.id)
    )
    return list(session.scalars(query))


def marks_waiting(session: Session, lane: Lane, kinds: Sequence[str]) -> list[PlatformEvent]:
    """Watermarks of a person, kept for a day, which hold for messages we hear of later as well."""
    query = select(PlatformEvent).where(
        _OPEN,
        _IS_WAITING,
        _e.channel == lane.channel,
        _e.account == lane.account,
        _e.person == lane.person,
        _e.kind.in_(kinds),
    )
    return list(session.scalars(query))


def echo_waiting(session: Session, lane: Lane, words: str) -> PlatformEvent | None:
    """The oldest echo of a person that nobody has claimed and that repeats just these words (none: cards, files)."""
    for event in sorted(marks_waiting(session, lane, ("echo",)), key=lambda event: (event.at, event.id)):
        if " ".join(str(event.data.get("text", "")).split()) == " ".join(words.split()):
            return event
    return None


def has_echoed(session: Session, lane: Lane) -> bool:
    """Whether this account's platform has ever repeated something that was said on our side."""
    query = select(_e.id).where(
        _e.channel == lane.channel, _e.account == lane.account, _e.kind.in_(("echo", "echo.human"))
    )
    return session.connection().scalar(query.limit(1)) is not None


def awaken_known(session: Session) -> int:
    """Have applied what waits for messages that are known by now, and echoes that wait for our own to settle."""
    known = or_(
        select(Piece.message_id)
        .where(Piece.channel == _e.channel, Piece.account == _e.account, Piece.platform_id == _e.target)
        .exists(),
        select(Message.id)
        .where(Message.channel == _e.channel, Message.account == _e.account, Message.platform_id == _e.target)
        .exists(),
    )
    done = session.connection().execute(
        update(_events)
        .where(_OPEN, _IS_WAITING, _NEVER_APPLIED, _e.target != "", or_(known, _e.kind.in_(_ECHOES)))
        .values(state=NEW)
    )
    return done.rowcount


def give_up(session: Session, *, before: datetime) -> int:
    """End the waiting of events stored before then: done when they were applied to something, else ignored."""
    old = (_OPEN, _IS_WAITING, _e.stored_at < before)
    connection = session.connection()
    applied = update(_events).where(*old, _e.conversation_id.is_not(None)).values(state=DONE)
    rest = update(_events).where(*old).values(state=IGNORED)
    return connection.execute(applied).rowcount + connection.execute(rest).rowcount


def unsent(session: Session, *, limit: int = 50) -> list[tuple[int, str, int, int]]:
    """What the brain has yet to forget: (event, conversation, episode, message) of deletions that were applied."""
    query = (
        select(_e.id, Message.conversation_id, Message.episode, Message.id)
        .join(Message, Message.id == _e.message_id)
        .where(_OPEN, _IS_WAITING, _e.kind == "message.deleted", _e.conversation_id.is_not(None))
        .order_by(_e.id)
        .limit(limit)
    )
    return [(event, talk, episode, message) for event, talk, episode, message in session.execute(query)]


def forgotten(session: Session, event_id: int) -> None:
    """The brain has forgotten the message of a deletion."""
    session.execute(update(_events).where(_e.id == event_id).values(state=DONE))


def settle(
    event: PlatformEvent,
    state: str,
    *,
    conversation_id: str = "",
    message_id: int | None = None,
    is_content_kept: bool = True,
    target: str = "",
) -> None:
    """Note what came of an event, in the unit of work that applied it."""
    event.state = state
    event.conversation_id = conversation_id or event.conversation_id
    event.message_id = message_id or event.message_id
    event.target = target or event.target
    if not is_content_kept and state == DONE:
        event.data = {}


def forget(session: Session, event_id: int) -> None:
    """Take the content out of an event; that it was there stays, so that a repeat still falls out."""
    event = session.get(PlatformEvent, event_id)
    if event is not None:
        event.data = {}


def failed(session: Session, event_id: int, *, error: str, most: int) -> int:
    """Count a failed attempt; how many there were. After the `most`-th the event is put aside as failed."""
    event = session.get_one(PlatformEvent, event_id)
    event.attempts += 1
    event.error = error[:300]
    if event.attempts >= most:
        event.state = FAILED
    return event.attempts
