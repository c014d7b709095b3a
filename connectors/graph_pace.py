"""How fast an account may call: token buckets, slowed as the platform's usage headers near their limit."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from bot.core.errors import NotDelivered

CAREFUL_PERCENT = 80  # from here on calls are spread out, so that the limit is never met
FULL_PERCENT = 100
MEMORY_SECONDS = 300.0  # how long a reported usage is believed
LONGEST_WAIT_SECONDS = 5.0  # a call that would wait longer is put off instead
LONGEST_HOLD_SECONDS = 86_400.0  # limits are counted over a day at most
CAREFUL_SHARE = 0.5  # of the full rate at 80 %, going down to the slowest at 100 %
SLOWEST_SHARE = 0.005
WHOLE_APP = ""


class Pace:
    """The pace of all accounts of one channel in this process.

    Accounts are kept apart; what the platform says about the whole app is kept under the account "".
    """

    def __init__(
        self, rates: Mapping[str, tuple[float, float]], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`rates`: sort of call -> (calls a second, how many at once); `clock` gives monotonic seconds."""
        self._rates = rates
        self._clock = clock
        self._tokens: dict[tuple[str, str], tuple[float, float]] = {}
        self._usage: dict[str, tuple[float, float]] = {}
        self._held_until: dict[str, float] = {}

    def reserve(self, account: str, sort: str) -> float:
        """Take one call's turn; the seconds to wait before making it.

        Raises:
            NotDelivered: (busy) the account is held back, or the wait is too long for a caller to hang on.
        """
        at = self._clock()
        held = max(self._held_until.get(name, 0.0) for name in (account, WHOLE_APP)) - at
        if held > 0:
            raise _later(held)
        rate, most = self._rates[sort]
        used = self.used_percent(account)
        if used >= CAREFUL_PERCENT:
            left = max(0.0, FULL_PERCENT - used) / (FULL_PERCENT - CAREFUL_PERCENT)
            rate, most = rate * max(SLOWEST_SHARE, CAREFUL_SHARE * left**2), 1.0
        tokens, since = self._tokens.get((account, sort), (most, at))
        tokens = min(most, tokens + (at - since) * rate) - 1
        wait = max(0.0, -tokens / rate)
        if wait > LONGEST_WAIT_SECONDS:
            raise _later(wait, is_shared=sort == "text")  # the others of the account may still leave as words
        self._tokens[account, sort] = (tokens, at)
        return wait

    def hold(self, account: str, seconds: float) -> None:
        """Make no call of this account for so long, at most a day."""
        until = self._clock() + min(seconds, LONGEST_HOLD_SECONDS)
        self._held_until[account] = max(self._held_until.get(account, 0.0), until)

    def used_percent(self, account: str) -> float:
        """Of the account's or the app's limit, whichever is nearer, as last reported; 0 when it is not known."""
        oldest = self._clock() - MEMORY_SECONDS
        known = (self._usage.get(name, (0.0, oldest)) for name in (account, WHOLE_APP))
        return max(percent if since >= oldest else 0.0 for percent, since in known)

    def heed(self, headers: Mapping[str, str], account: str) -> float:
        """Take in the usage headers of an answer to `account`; the seconds it asks to wait, 0 for none."""
        app = _percent(_decoded(headers.get("X-App-Usage")))
        asked = 0.0
        if app is not None:
            self._note(WHOLE_APP, app)
        cases = _decoded(headers.get("X-Business-Use-Case-Usage"))
        for name, percent, minutes in _use_cases(cases):
            # The id is the Page's even when Instagram's account id was called: an only one is that account's.
            is_only = isinstance(cases, dict) and len(cases) == 1
            for known_as in {name, account} if is_only else {name}:
                self._note(known_as, percent)
                if minutes:
                    self.hold(known_as, minutes * 60)
                    asked = max(asked, minutes * 60)
        return asked

    def _note(self, account: str, percent: float) -> None:
        self._usage[account] = (percent, self._clock())


def _later(seconds: float, *, is_shared: bool = True) -> NotDelivered:
    return NotDelivered(
        "the platform's limit is near; this waits",
        heals=True,
        retry_after_seconds=seconds,
        cause="busy",
        is_shared=is_shared,
    )


def _use_cases(cases: Any) -> Iterator[tuple[str, float, float]]:
    """(account, percent, minutes to wait) of every use case; one account may have several, the fullest counts."""
    if not isinstance(cases, dict):
        return
    for account, rows in cases.items():
        found = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
        if found:
            percent = max(_percent(row) or 0.0 for row in found)
            minutes = max(_number(row.get("estimated_time_to_regain_access")) for row in found)
            yield account, percent, minutes


def _percent(row: Any) -> float | None:
    if not isinstance(row, dict):
        return None
    return max(_number(row.get(name)) for name in ("call_count", "total_time", "total_cputime"))


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0.0
    return min(max(float(value), 0.0), 1e6)


def _decoded(header: str | None) -> Any:
    try:
        return json.loads(header) if header else None
    except (ValueError, RecursionError):
        return None
