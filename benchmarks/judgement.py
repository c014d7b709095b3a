"""What became of every message of a fault run: the platform's log against the database, no counter believed."""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from bot.sandbox.world import Entry, Thread

MICRO = 1_000_000
SLACK = (
    5 * MICRO
)  # between the platform's clock, ours, and what was on its way while a conversation changed hands


class Spoken(NamedTuple):
    """A shopper's message in the database. Times in microseconds since 1970; `turn`: the bot's turn was committed."""

    id: int
    platform_id: str
    created_at: int
    stored_at: int
    handled_at: int | None
    turn: bool


class Said(NamedTuple):
    """A message of the shop in the database."""

    id: int
    author: str
    state: str
    text: str
    cause_id: int | None
    error: str


class Call(NamedTuple):
    """A piece of a message in the database."""

    message_id: int
    number: int
    state: str
    platform_id: str | None
    tried_at: int


@dataclass
class Kept:
    """What the database has of one conversation; `hands`: (at, owner) as it changed."""

    id: str
    owner: str
    spoken: list[Spoken] = field(default_factory=list)
    said: dict[int, Said] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    hands: list[tuple[int, str]] = field(default_factory=list)


@dataclass
class Verdict:
    """Counts, and in words whatever is wrong."""

    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def fault(self, name: str, where: str, number: int = 1) -> None:
        """`number` faults called `name`."""
        self.counts[name] += number
        self.wrong.append(f"{name}: {where}")


def kept(database: Path) -> dict[str, Kept]:
    """Conversations by `channel:account:person`."""
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        found = _conversations(connection)
    return found


def _conversations(connection: sqlite3.Connection) -> dict[str, Kept]:
    people = connection.execute(
        "SELECT c.id, c.owner, c.channel, c.account, i.external_id FROM conversations c JOIN identities i"
        " ON i.contact_id = c.contact_id AND i.channel = c.channel AND i.account = c.account"
        " WHERE c.is_demo = 0"
    )
    by_key: dict[str, Kept] = {}
    by_id: dict[str, Kept] = {}
    for identity, owner, channel, account, person in people:
        by_key[f"{channel}:{account}:{person}"] = by_id.setdefault(identity, Kept(identity, owner))
    rows = connection.execute(
        "SELECT conversation_id, id, direction, author, state, text, cause_id, error, platform_id, created_at,"
        " stored_at, handled_at, understood IS NOT NULL AND understood <> 'null' FROM messages ORDER BY id"
    )
    for (
        conversation,
        number,
        direction,
        author,
        state,
        text,
        cause,
        error,
        mid,
        at,
        stored,
        handled,
        turn,
    ) in rows:
        one = by_id.get(conversation)
        if one is None:
            continue
        if direction == "in":
            one.spoken.append(Spoken(number, mid, at, stored, handled, bool(turn)))
        elif direction == "out":
            one.said[number] = Said(number, author, state, text, cause, error)
    calls = connection.execute(
        "SELECT m.conversation_id, p.message_id, p.number, p.state, p.platform_id, p.tried_at"
        " FROM pieces p JOIN messages m ON m.id = p.message_id ORDER BY p.message_id, p.number"
    )
    for conversation, *call in calls:
        if conversation in by_id:
            by_id[conversation].calls.append(Call(*call))
    hands = connection.execute(
        "SELECT conversation_id, at, json_extract(data, '$.owner') FROM events WHERE kind = 'owner' ORDER BY at"
    )
    for conversation, at, owner in hands:
        if conversation in by_id:
            by_id[conversation].hands.append((at, owner))
    return by_key


def judge(threads: Iterable[Thread], found: dict[str, Kept]) -> Verdict:
    """Compare what the platform saw with what the product kept."""
    verdict = Verdict()
    for thread in threads:
        one = found.get(thread.key)
        if one is None:
            verdict.fault("missing", f"{thread.key} has no conversation", len(thread.entries))
            continue
        _stored(thread, one, verdict)
        _answered(thread.key, one, verdict)
        _turns_in_order(thread.key, one, verdict)
        _left(thread, one, verdict)
    return verdict


def _stored(thread: Thread, one: Kept, verdict: Verdict) -> None:
    times = Counter(spoken.platform_id for spoken in one.spoken)
    for entry in thread.entries:
        if entry.side != "person":
            continue
        verdict.counts["sent"] += 1
        count = times.pop(entry.platform_id, 0)
        if count == 1:
            verdict.counts["stored once"] += 1
        elif count:
            verdict.fault("stored twice", f"{thread.key} {entry.platform_id}")
        else:
            verdict.fault("missing", f"{thread.key} {entry.platform_id}")
    for stranger in times:
        verdict.fault("stored twice", f"{thread.key} has {stranger}, which nobody wrote")


def _answered(where: str, one: Kept, verdict: Verdict) -> None:
    causes = {said.cause_id for said in one.said.values()}
    for spoken in one.spoken:
        if not _is_bots(one, spoken):
            verdict.counts["written to a person"] += 1
        elif spoken.handled_at is None or not spoken.turn:
            verdict.fault("missing answers", f"{where} message {spoken.id} had no turn")
        elif spoken.id not in causes:
            verdict.fault("missing answers", f"{where} message {spoken.id}: the turn said nothing")
        else:
            verdict.counts["answered"] += 1


def _is_bots(one: Kept, spoken: Spoken) -> bool:
    """Whether the bot had the conversation from the message's coming until it was handled."""
    if spoken.turn:
        return True
    at = spoken.handled_at or spoken.stored_at
    owners = {owner for since, owner in one.hands if spoken.stored_at - SLACK <= since <= at + SLACK}
    before = [owner for since, owner in one.hands if since <= spoken.stored_at]
    owners |= {before[-1] if before else "bot"}
    return owners <= {"bot", "closed"}


def _turns_in_order(where: str, one: Kept, verdict: Verdict) -> None:
    """A turn must not be taken before that of an earlier message which was there when it began."""
    turns = sorted((s for s in one.spoken if s.turn and s.handled_at), key=lambda s: s.handled_at or 0)
    for (before, turn), rest in zip(pairwise([None, *turns]), _tails(turns), strict=True):
        assert turn is not None
        began = max(turn.stored_at, before.handled_at or 0 if before else 0)
        late = [s for s in rest if (s.created_at, s.id) < (turn.created_at, turn.id) and s.stored_at < began]
        if late:
            verdict.fault("out of order", f"{where} turn {turn.id} before {[s.id for s in late]}")


def _tails(turns: Sequence[Spoken]) -> Iterator[Sequence[Spoken]]:
    for place in range(len(turns)):
        yield turns[place + 1 :]


def _left(thread: Thread, one: Kept, verdict: Verdict) -> None:
    for said in one.said.values():
        if said.state == "dropped":
            verdict.counts["overtaken by a person"] += 1
        elif said.state != "sent":
            verdict.fault("failed", f"{thread.key} message {said.id} is {said.state}: {said.error}")
    accepted = [entry for entry in thread.entries if entry.side == "shop"]
    pairs = match(accepted, one)
    seen: set[tuple[int, int]] = set()
    latest, handed_over = (0, 0), False
    for entry, call in zip(accepted, pairs, strict=True):
        if call is None:
            verdict.fault("sent twice", f"{thread.key} {entry.platform_id} {entry.own_id or 'without an id'}")
            continue
        key = (call.message_id, call.number)
        said = one.said[call.message_id]
        if key in seen:
            verdict.fault("sent twice", f"{thread.key} message {call.message_id} piece {call.number}")
            continue
        seen.add(key)
        verdict.counts["accepted"] += 1
        if key < latest:
            verdict.fault("out of order", f"{thread.key} message {call.message_id} after {latest[0]}")
        latest = max(latest, key)
        handed_over = said.author == "agent" or (handed_over and not _bots_again(one, call))
        if said.author == "bot" and (handed_over or _is_overtaken(one, call)):
            story = [f"{owner} {(at - call.tried_at) / MICRO:+.1f} s" for at, owner in one.hands]
            verdict.fault("after a hand-off", f"{thread.key} message {call.message_id}, hands {story}")
    for call in one.calls:
        state = one.said[call.message_id].state
        if state == "sent" and (call.message_id, call.number) not in seen:
            verdict.fault("never accepted", f"{thread.key} message {call.message_id} piece {call.number}")
    for message_id in {said.id for said in one.said.values() if said.state == "sent"} - {
        call.message_id for call in one.calls
    }:
        verdict.fault("never accepted", f"{thread.key} message {message_id}")


def match(accepted: Sequence[Entry], one: Kept) -> list[Call | None]:
    """The piece behind each accepted message: by our own id, else by the platform's, else by its words."""
    by_own = {f"aisle:{call.message_id}:{call.number}": call for call in one.calls}
    by_platform = {call.platform_id: call for call in one.calls if call.platform_id}
    pairs = [by_own.get(entry.own_id) or by_platform.get(entry.platform_id) for entry in accepted]
    free = [call for call in one.calls if call not in pairs]
    for place, entry in enumerate(accepted):
        if pairs[place] is None:
            call = next((call for call in free if _is_same(entry, one.said[call.message_id])), None)
            if call is not None:
                free.remove(call)
                pairs[place] = call
    return pairs


def _is_same(entry: Entry, said: Said) -> bool:
    shown = " ".join(str(entry.view.get("text", "")).split())
    return not shown or not said.text or shown in " ".join(said.text.split())


def _owner_at(one: Kept, at: int) -> str:
    before = [owner for since, owner in one.hands if since <= at]
    return before[-1] if before else "bot"


def _is_overtaken(one: Kept, call: Call) -> bool:
    """Whether an agent had the conversation well before the call was begun (times are taken before the commit)."""
    return _owner_at(one, call.tried_at - SLACK) == "agent" and not _bots_again(one, call)


def _bots_again(one: Kept, call: Call) -> bool:
    return _owner_at(one, call.tried_at) != "agent"


def owners(found: dict[str, Kept]) -> dict[str, int]:
    """Conversations by who has them."""
    counts: dict[str, int] = defaultdict(int)
    for one in found.values():
        counts[one.owner] += 1
    return dict(counts)
