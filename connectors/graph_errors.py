"""What the Graph API's error codes mean for a message: whose matter it is, and whether trying again can help.

Source: Meta's lists of error codes of the Messenger Platform and of the Graph API (2026-06).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.core.errors import NotDelivered

_TOKEN_LIKE = re.compile(r"[A-Za-z0-9_|-]{40,}")  # "Malformed access token EAAB…" repeats it in full


@dataclass(frozen=True)
class Rule:
    """How one error is handled; `cause` as in `NotDelivered`, or "" when the message was taken all the same."""

    cause: str
    heals: bool
    words: str
    retry_after_seconds: float | None = None
    is_shared: bool = True


@dataclass(frozen=True)
class Problem:
    """An error the API answered with. `code` 0: it gave none."""

    status: int
    code: int = 0
    subcode: int = 0
    message: str = ""
    trace: str = ""
    is_transient: bool = False


class Refused(NotDelivered):
    """The Graph API refused a call; `problem` holds its codes."""

    def __init__(self, problem: Problem, rule: Rule, *, retry_after_seconds: float | None = None) -> None:
        number = f"{problem.code}/{problem.subcode}" if problem.subcode else str(problem.code)
        said = f"{number}: {problem.message}" if problem.code else f"HTTP {problem.status}"
        super().__init__(
            f"{rule.words} ({said})",
            heals=rule.heals,
            retry_after_seconds=retry_after_seconds or rule.retry_after_seconds,
            cause=rule.cause,
            is_shared=rule.is_shared,
        )
        self.problem = problem


TAKEN = Rule("", False, "the message was taken although the answer was broken")
BUSY = Rule("busy", True, "the platform is busy")
DOWN = Rule("busy", True, "the platform has trouble of its own")
THROTTLED = Rule("busy", True, "too many calls; the platform asks to wait")
UNKNOWN = Rule("message", False, "the platform refused the message")

_WINDOW = Rule("message", False, "the time to answer this shopper has passed")
_OWNER = Rule("owner", False, "another app has this conversation")
_QUESTIONS = Rule(
    "busy", True, "the platform's own questions and answers have this chat", 300.0, is_shared=False
)
_MEDIA = Rule("message", False, "the platform could not use the attachment")
_GONE = Rule("person", False, "this shopper cannot be reached")
_NOBODY = Rule("person", False, "the platform knows no such shopper for this account")
_TOKEN = Rule("account", False, "the token no longer works; connect the account again")
_PROOF = Rule("account", False, "the app secret does not belong to the token's app")
_PERMISSION = Rule("account", False, "the app lacks a permission for this account")
_POLICY = Rule("account", False, "the platform has blocked messaging for this account")
_INVALID = Rule("message", False, "the platform does not accept this message")
_TAG = Rule("message", False, "the platform does not accept this message or its tag")

# The platform could not fetch an attachment or will not have it: its address can still be said.
MEDIA_SUBCODES = frozenset({2018008, 2018047, 2018109, 2018294, 2018074})

# By (code, subcode); 0 stands for any.
RULES: Mapping[tuple[int, int], Rule] = {
    (10, 2018278): _WINDOW,
    (10, 2534022): _WINDOW,
    (10, 2018065): _WINDOW,
    (100, 0): _TAG,  # a bare 100 is also what retired tags get since 2026-04-27
    (10, 2018300): _OWNER,
    (0, 2018300): _OWNER,
    (2018300, 0): _OWNER,
    (100, 2534037): _OWNER,
    (0, 2018321): _QUESTIONS,
    (2018321, 0): _QUESTIONS,
    (10, 1893063): Rule("account", False, "the platform has restricted this Page"),
    (10, 2018108): _GONE,
    (551, 0): _GONE,
    (0, 1545041): _GONE,
    (1545041, 0): _GONE,
    (100, 2018001): _NOBODY,
    (100, 2534014): _NOBODY,
    (100, 33): Rule("message", False, "what the message is for is gone, or a permission for it is missing"),
    **{(code, subcode): _MEDIA for code in (0, 100) for subcode in MEDIA_SUBCODES},
    (100, 2534015): _INVALID,
    (100, 2534025): Rule("message", False, "this comment cannot be answered privately"),
    (10900, 0): Rule("message", False, "this comment has had its one private answer"),
    (10903, 0): Rule("message", False, "this comment can no longer be answered privately"),
    (100, 2534029): _POLICY,
    (0, 2534029): _POLICY,
    (2022, 0): _POLICY,
    (368, 0): _POLICY,
    (190, 0): _TOKEN,
    (102, 0): _TOKEN,
    (104, 0): _TOKEN,
    (200, 0): _PERMISSION,
    (3, 0): _PERMISSION,
    (10, 0): _PERMISSION,
    (200, 2018028): Rule(
        "account", False, "the app is in development mode: only its own people get messages"
    ),
    (200, 2534041): Rule("account", False, "the owner has switched off access to messages in Instagram"),
    (4, 0): THROTTLED,
    (17, 0): THROTTLED,
    (32, 0): THROTTLED,
    (613, 0): THROTTLED,
    (80001, 0): THROTTLED,
    (80002, 0): THROTTLED,
    (80006, 0): THROTTLED,
    (1, 1357046): TAKEN,
    (1, 0): DOWN,
    (2, 0): DOWN,
    (2, 2018344): _INVALID,
    (-1, 0): DOWN,
}


def problem_of(status: int, answer: Mapping[str, Any]) -> Problem | None:
    """The error in an answer of the API, or None when it is no error of theirs."""
    error = answer.get("error")
    if not isinstance(error, dict):
        return None
    return Problem(
        status=status,
        code=_number(error.get("code")),
        subcode=_number(error.get("error_subcode")),
        message=_TOKEN_LIKE.sub("…", str(error.get("message") or ""))[:200],
        trace=str(error.get("fbtrace_id") or "")[:60],
        is_transient=error.get("is_transient") is True,
    )


def rule_for(problem: Problem, rules: Mapping[tuple[int, int], Rule]) -> Rule:
    """The rule of the code with its subcode, of the subcode, of the code; else by the HTTP status."""
    if "appsecret_proof" in problem.message:  # has no code of its own
        return _PROOF
    by_code = rules.get((problem.code, problem.subcode))
    if by_code is None and problem.subcode:
        by_code = rules.get((0, problem.subcode))
    if by_code is not None:
        return by_code
    if problem.status == 429:
        return THROTTLED
    if problem.is_transient:
        return DOWN
    if (problem.code, 0) in rules:
        return rules[(problem.code, 0)]
    if 200 < problem.code < 300:
        return _PERMISSION
    if problem.status == 401:  # WhatsApp's code 0: the app's user could not be authenticated
        return _TOKEN
    return DOWN if problem.status >= 500 else UNKNOWN


def _number(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return 0
