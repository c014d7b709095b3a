"""Trouble on purpose: what happens to the next call or webhook, drawn by a seed so that a run can be repeated."""

import dataclasses
import hashlib
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.core.errors import BadInput

# What can happen to a call that says something. `drop` and those after it in this row are not accepted.
CALLS = ("drop", "error", "throttle", "lost", "hang", "garbled", "slow")
NOT_ACCEPTED = frozenset({"drop", "error", "throttle"})
DEAD = {"": "", "expired": "token.expired", "revoked": "token.revoked"}


@dataclass
class Faults:
    """Of one account. Shares are probabilities, 0 to 1; those of calls may sum to 1 at most.

    Calls: `drop` connection closed, nothing accepted · `error` HTTP 500 · `throttle` refused, with the usage headers ·
    `lost` accepted, then the connection closed · `hang` accepted, no answer for `hang_seconds` · `garbled` accepted,
    answered with broken JSON · `slow` accepted and answered after `slow_seconds`. `dead_token`: expired | revoked.
    Webhooks: `twice` posted twice · `batch` up to so many events in one post, gathered for `batch_seconds` ·
    `shuffle` the events of a batch and its entries in another order · `late` posted `late_seconds` later than others.
    """

    seed: int = 0
    drop: float = 0.0
    error: float = 0.0
    throttle: float = 0.0
    lost: float = 0.0
    hang: float = 0.0
    garbled: float = 0.0
    slow: float = 0.0
    hang_seconds: float = 30.0
    slow_seconds: float = 1.0
    throttle_minutes: int = 1
    throttle_seconds: int = 0  # a Retry-After header when above 0
    throttle_code: str = ""  # "", calls or app: which of the platform's limits
    dead_token: str = ""
    twice: float = 0.0
    batch: int = 1
    batch_seconds: float = 0.05
    shuffle: float = 0.0
    late: float = 0.0
    late_seconds: float = 1.0
    script: deque[str] = field(default_factory=deque)  # outcomes of the next calls, before any chance
    drawn: dict[str, int] = field(default_factory=dict)

    def change(self, values: Mapping[str, Any]) -> None:
        """Set some of the fields; `script` takes a list of `CALLS` or `fine`. A new seed starts the draws afresh.

        Raises:
            BadInput: unknown name or value; nothing is changed then.
        """
        changed = dataclasses.replace(self, script=deque(self.script), drawn=dict(self.drawn))
        for name, value in values.items():
            changed._set(name, value)
        if sum(getattr(changed, name) for name in CALLS) > 1.000001:
            raise BadInput("the shares of faults of calls sum to more than 1", field="faults")
        for item in dataclasses.fields(self):
            setattr(self, item.name, getattr(changed, item.name))

    def _set(self, name: str, value: Any) -> None:
        if name == "script":
            if not isinstance(value, Iterable) or any(word not in (*CALLS, "fine") for word in value):
                raise BadInput(f"script takes a list of: {', '.join((*CALLS, 'fine'))}", field=name)
            self.script = deque(value)
            return
        known = {item.name: item.type for item in dataclasses.fields(self) if item.name != "drawn"}
        if name not in known:
            raise BadInput(f"no fault is called {name!r}", field=name)
        kind = type(getattr(self, name))
        if isinstance(value, bool) or not isinstance(value, (int, float) if kind in (int, float) else kind):
            raise BadInput(f"{name} takes {'a number' if kind in (int, float) else 'a word'}", field=name)
        if kind in (int, float) and value < 0:
            raise BadInput(f"{name} is not negative", field=name)
        if name == "dead_token" and value not in DEAD:
            raise BadInput("dead_token takes '', 'expired' or 'revoked'", field=name)
        setattr(self, name, kind(value))
        if name == "seed":
            self.drawn = {}

    def chance(self, what: str) -> float:
        """The next number of the series `what`, 0 to 1; a series depends on the seed and nothing else."""
        number = self.drawn.get(what, 0)
        self.drawn[what] = number + 1
        digest = hashlib.sha256(f"{self.seed}:{what}:{number}".encode()).digest()
        return int.from_bytes(digest[:6], "big") / 2**48

    def of_call(self) -> str:
        """What happens to this call: one of `CALLS`, or ''."""
        if self.script:
            word = self.script.popleft()
            return "" if word == "fine" else word
        drawn = self.chance("call")
        for name in CALLS:
            drawn -= getattr(self, name)
            if drawn < 0:
                return name
        return ""

    def shown(self) -> dict[str, Any]:
        """As JSON."""
        found = {
            item.name: getattr(self, item.name) for item in dataclasses.fields(self) if item.name != "drawn"
        }
        return {**found, "script": list(self.script)}
