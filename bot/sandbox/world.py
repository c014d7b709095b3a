"""Everything the stand-in knows: accounts, people, threads, and each thing said, in order."""

import asyncio
import hashlib
import itertools
import json
import secrets
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.core.errors import BadInput, NotFound
from bot.sandbox.accounts import Account
from bot.sandbox.faults import Faults

Clock = Callable[[], datetime]


@dataclass
class Person:
    """Somebody who writes to the shop. `id` is what the platform calls them towards this account."""

    id: str
    name: str = "Maria Example"
    locale: str = "en_GB"
    username: str = ""
    user_id: str = ""  # WhatsApp: the business-scoped id
    has_number: bool = True  # WhatsApp: False when they write under a username only


@dataclass
class Entry:
    """One thing said or done in a thread. `side`: person | shop | inbox | note. `view` is how a phone shows it."""

    number: int
    at: datetime
    side: str
    kind: str
    platform_id: str = ""
    own_id: str = ""
    wire: Mapping[str, Any] = field(default_factory=dict)
    view: dict[str, Any] = field(default_factory=dict)
    digest: str = ""
    marks: dict[str, Any] = field(default_factory=dict)  # seen, delivered, failed, edited, unsent, reaction …
    warnings: list[str] = field(default_factory=list)  # accepted, but not shown as meant

    def shown(self) -> dict[str, Any]:
        """As JSON, for the page and the log."""
        return {
            "number": self.number,
            "at": self.at.isoformat(),
            "side": self.side,
            "kind": self.kind,
            "platform_id": self.platform_id,
            "own_id": self.own_id,
            "digest": self.digest,
            "view": self.view,
            "marks": self.marks,
            "warnings": self.warnings,
        }


@dataclass
class Thread:
    """A person and an account. `opened_at`: when the person last did what opens the window."""

    account: Account
    person: Person
    entries: list[Entry] = field(default_factory=list)
    opened_at: datetime | None = None
    is_blocked: bool = False
    owner: str = ""  # id of another app that controls the thread; empty: ours
    typing_until: datetime | None = None
    by_platform_id: dict[str, Entry] = field(default_factory=dict, repr=False)

    @property
    def key(self) -> str:
        return f"{self.account.key}:{self.person.id}"

    def find(self, platform_id: str) -> Entry | None:
        """The entry of a platform's message id."""
        return self.by_platform_id.get(platform_id)


@dataclass
class Comment:
    """A comment under a post of the shop, which may be answered privately once."""

    id: str
    account: Account
    person: Person
    post_id: str
    at: datetime
    text: str = ""
    is_live: bool = False
    is_over: bool = False  # the broadcast has ended
    is_answered: bool = False


@dataclass
class Media:
    """A file the platform keeps."""

    id: str
    content_type: str
    content: bytes


@dataclass(frozen=True)
class Occurrence:
    """An event on its way to the product: `field` is the subscription it belongs to, `payload` in the platform's shape.

    `place`: messaging | standby | changes (WhatsApp: the value's list) | update (Telegram).
    """

    account: Account
    lane: str  # events of one lane are first posted in order
    field: str
    payload: Mapping[str, Any]
    place: str = "messaging"


class World:
    """State in memory, changed on one event loop. Look at it, change it through `acts` and `faults`."""

    def __init__(self, accounts: Iterable[Account], *, seed: str = "", clock: Clock | None = None) -> None:
        self.accounts = {account.key: account for account in accounts}
        self.seed = seed or secrets.token_hex(4)  # ids of two runs must not meet in one database
        self.clock = clock or (lambda: datetime.now(UTC))
        self.faults = {key: Faults() for key in self.accounts}
        self.threads: dict[str, Thread] = {}
        self.comments: dict[str, Comment] = {}
        self.media: dict[str, Media] = {}
        self.public: list[dict[str, Any]] = []  # what was answered under posts, for all to see
        self.calls: dict[str, int] = {}  # calls by account and outcome
        self._places: dict[tuple[str, str], Thread] = {}
        self._numbers = itertools.count(1)
        self._ids = itertools.count(1)
        self._recent: dict[str, deque[datetime]] = {}
        self._listeners: set[asyncio.Queue[dict[str, Any]]] = set()
        self.emit: Callable[[Occurrence], None] = lambda _occurrence: None
        self._updates = int(self.clock().timestamp())

    # --- looking things up

    def account(self, name: str) -> Account:
        """By key (`messenger:1077`), id, or channel when it has one account.

        Raises:
            NotFound: no such account.
        """
        if name in self.accounts:
            return self.accounts[name]
        found = [a for a in self.accounts.values() if name in (a.channel, a.id)]
        if not found:
            raise NotFound(f"no account is called {name!r}")
        return found[0]

    def thread(self, account: Account, person_id: str) -> Thread | None:
        return self.threads.get(f"{account.key}:{person_id}")

    def thread_with(self, account: Account, platform_id: str) -> Thread | None:
        """The thread in which a message is."""
        return self._places.get((account.key, platform_id))

    def meet(self, account: Account, person: Person) -> Thread:
        """The thread of a person, made when they are new."""
        key = f"{account.key}:{person.id}"
        if key not in self.threads:
            self.threads[key] = Thread(account, person)
            self.tell({"event": "thread", "thread": key})
        return self.threads[key]

    # --- ids and time

    def now(self) -> datetime:
        return self.clock()

    def new_id(self, prefix: str = "", length: int = 22) -> str:
        """An id that no other run gives out."""
        digest = hashlib.sha256(f"{self.seed}:{next(self._ids)}".encode()).hexdigest()
        return f"{prefix}{digest[:length]}"

    def new_number(self) -> int:
        """A number that grows, also from one run to the next (Telegram's update and message ids)."""
        self._updates += 1
        return self._updates

    # --- changing

    def add(self, thread: Thread, entry: Entry) -> Entry:
        """Append to a thread and tell who watches."""
        thread.entries.append(entry)
        if entry.platform_id:
            thread.by_platform_id[entry.platform_id] = entry
            self._places[thread.account.key, entry.platform_id] = thread
        self.changed(thread, entry)
        return entry

    def entry(self, side: str, kind: str, *, at: datetime | None = None, **values: Any) -> Entry:
        """An entry with the next number."""
        made = Entry(next(self._numbers), at or self.now(), side, kind, **values)
        made.digest = digest(made.wire)
        return made

    def changed(self, thread: Thread, entry: Entry) -> None:
        """Tell that an entry is new or its marks have changed."""
        opened_at = thread.opened_at.isoformat() if thread.opened_at else None
        self.tell({"event": "entry", "thread": thread.key, "opened_at": opened_at, "entry": entry.shown()})

    def typing(self, thread: Thread, *, is_on: bool, seconds: float = 20) -> None:
        thread.typing_until = self.now() + timedelta(seconds=seconds) if is_on else None
        self.tell({"event": "typing", "thread": thread.key, "seconds": seconds if is_on else 0})

    def let_pass(self, thread: Thread, seconds: float) -> None:
        """As if the person had written that much earlier; the window moves, entries keep their times."""
        if seconds <= 0:
            raise BadInput("time passes forwards only", field="seconds")
        if thread.opened_at is not None:
            thread.opened_at -= timedelta(seconds=seconds)
        for comment in self.comments.values():
            if comment.account is thread.account and comment.person is thread.person:
                comment.at -= timedelta(seconds=seconds)
        self.add(thread, self.entry("note", "time", view={"seconds": seconds}))

    def store(self, content_type: str, content: bytes) -> Media:
        media = Media(str(int(self.new_id(length=12), 16)), content_type, content)
        self.media[media.id] = media
        return media

    def is_too_fast(self, account: Account) -> bool:
        """Whether one more message within this second is too many; counts it otherwise."""
        recent = self._recent.setdefault(account.key, deque())
        now = self.now()
        while recent and (now - recent[0]).total_seconds() >= 1:
            recent.popleft()
        if len(recent) >= account.per_second:
            return True
        recent.append(now)
        return False

    def usage(self, account: Account) -> int:
        """Percent of what this account may send in a second."""
        return min(100, 100 * len(self._recent.get(account.key, ())) // account.per_second)

    def count(self, account: Account, outcome: str) -> None:
        name = f"{account.key} {outcome}"
        self.calls[name] = self.calls.get(name, 0) + 1

    # --- watching

    def listen(self) -> asyncio.Queue[dict[str, Any]]:
        """A queue of everything that changes from now on; give it back with `unlisten`."""
        queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue(maxsize=2000)
        self._listeners.add(queue)
        return queue

    def unlisten(self, queue: asyncio.Queue[dict[str, Any]]) -> None:
        self._listeners.discard(queue)

    def tell(self, news: dict[str, Any]) -> None:
        for queue in list(self._listeners):
            try:
                queue.put_nowait(news)
            except asyncio.QueueFull:  # nobody reads it any more
                self._listeners.discard(queue)


def digest(wire: Mapping[str, Any]) -> str:
    """Equal for equal content: the wire body without our own id in it."""
    own = ("metadata", "biz_opaque_callback_data")

    def bare(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {k: bare(v) for k, v in value.items() if k not in own}
        return [bare(v) for v in value] if isinstance(value, list) else value

    text = json.dumps(bare(wire), sort_keys=True, ensure_ascii=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16] if wire else ""
