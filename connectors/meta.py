"""What Meta's channels share on the way in: the envelope, its signature, the challenge, times and keys.

Messenger, Instagram and WhatsApp wrap their events alike; what is inside is read by each channel's own module.
"""

import hashlib
import hmac
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.core.errors import BadInput, BadSignature

KEY_LENGTH = 300
WORD_LENGTH = 200  # as the columns for ids are wide
_SIGNATURE = re.compile(r"sha256=[0-9a-f]{64}")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")  # PostgreSQL refuses NUL, UTF-8 lone surrogates
_EARLIEST = datetime(2010, 1, 1, tzinfo=UTC)  # before that no platform of theirs sent webhooks


@dataclass(frozen=True)
class Entry:
    """One entry of a webhook body: what happened on one account. Odd members are kept as they are."""

    account: str  # Page id, Instagram account id or WhatsApp business account id; "" when there was none
    at: datetime
    messaging: tuple[Any, ...] = ()
    standby: tuple[Any, ...] = ()
    changes: tuple[Any, ...] = ()
    raw: Any = field(default=None, repr=False)


def secrets(text: str) -> tuple[str, ...]:
    """App secrets from a comma-separated setting, the newest first, so that they can be rotated."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def check_signature(headers: Mapping[str, str], body: bytes, app_secrets: Sequence[str]) -> None:
    """Check `X-Hub-Signature-256` over the bytes received; `headers` in lower case.

    Meta signs its own spelling of the JSON (non-ASCII as `\\uXXXX`, `/` as `\\/`), so only the raw bytes will do.
    The older SHA-1 header sent beside it is never looked at.

    Raises:
        BadSignature: missing, of another form, or made with none of `app_secrets`.
    """
    given = headers.get("x-hub-signature-256", "")
    if not _SIGNATURE.fullmatch(given):
        raise BadSignature("the call carries no X-Hub-Signature-256")
    digests = [hmac.new(secret.encode(), body, hashlib.sha256).hexdigest() for secret in app_secrets]
    matches = [hmac.compare_digest(f"sha256={digest}", given) for digest in digests]
    if not any(matches):
        raise BadSignature("the call was not signed with this app's secret")


def challenge(query: Mapping[str, str], verify_token: str) -> str | None:
    """The answer to the verification GET, to be sent back bare; None when it must be refused."""
    token = query.get("hub.verify_token", "")
    is_ours = hmac.compare_digest(token.encode("utf-8", "replace"), verify_token.encode())
    if not verify_token or not is_ours or query.get("hub.mode") != "subscribe":
        return None
    return query.get("hub.challenge")


def moment(value: Any, default: datetime, *, latest: datetime | None = None) -> datetime:
    """A platform's time as aware UTC: milliseconds, seconds (below 1e12), either as a string, or ISO 8601.

    `default` when it is absent, unreadable, before 2010 or more than a day after `latest` (else `default`).
    """
    found = _moment(value)
    if found is None or not _EARLIEST <= found <= (latest or default) + timedelta(days=1):
        return default
    return found


def _moment(value: Any) -> datetime | None:
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            try:
                found = datetime.fromisoformat(value)
            except ValueError:
                return None
            return found if found.tzinfo else found.replace(tzinfo=UTC)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        seconds = value / 1000 if value >= 1e12 else float(value)
        return datetime.fromtimestamp(seconds, UTC) if math.isfinite(seconds) else None
    except (OverflowError, ValueError, OSError):
        return None


def key(*parts: object) -> str:
    """A key of an event, at most 300 characters: what does not fit is replaced by its hash."""
    text = ":".join(str(part) for part in parts)
    return text if len(text) <= KEY_LENGTH else f"{text[: KEY_LENGTH - 65]}#{_hash(text)}"


def fingerprint(value: Any) -> str:
    """The same for the same JSON, whatever the order of its members."""
    return _hash(json.dumps(value, sort_keys=True, separators=(",", ":")))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def decode(body: bytes) -> dict[str, Any]:
    """The JSON object in `body`, its strings fit to be stored.

    Raises:
        BadInput: no JSON object.
    """
    try:
        value = _storable(json.loads(body))
    except (ValueError, RecursionError) as error:
        raise BadInput("the body is not JSON") from error
    if not isinstance(value, dict):
        raise BadInput("the body is not a JSON object")
    return value


def _storable(value: Any) -> Any:
    match value:
        case str():
            return _UNSTORABLE.sub("\ufffd", value)
        case dict():
            return {_storable(name): _storable(item) for name, item in value.items()}
        case list():
            return [_storable(item) for item in value]
        case float() if not math.isfinite(value):
            return None  # JSON columns know no NaN
    return value


def entries(envelope: Mapping[str, Any], *, at: datetime) -> Iterator[Entry]:
    """The entries of a body, each on its own; one with neither messages nor changes has only `raw`.

    Instagram-login apps get comments with `field` and `value` in the entry itself: that counts as a change.
    """
    for raw in listed(envelope.get("entry")):
        entry = mapping(raw)
        changes = listed(entry.get("changes"))
        if not changes and isinstance(entry.get("field"), str):
            changes = [{"field": entry["field"], "value": entry.get("value")}]
        yield Entry(
            account=word(entry.get("id")),
            at=moment(entry.get("time"), at),
            messaging=tuple(listed(entry.get("messaging"))),
            standby=tuple(listed(entry.get("standby"))),
            changes=tuple(changes),
            raw=raw,
        )


def listed(value: Any) -> list[Any]:
    """`value` when it is a list, else nothing."""
    return value if isinstance(value, list) else []


def mapping(value: Any) -> dict[str, Any]:
    """`value` when it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def word(value: Any) -> str:
    """An id or short word, which may be a string, a number (both occur for the same field) or absent; cut at 200."""
    if isinstance(value, str):
        return value[:WORD_LENGTH]
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if value.bit_length() < 600 else ""
    return ""
