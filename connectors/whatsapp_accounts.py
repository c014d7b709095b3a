"""What WhatsApp says about the business itself: templates, restrictions, quality, and who wants no advertising."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from bot.core.channel import Heard
from connectors.meta import Entry, fingerprint, key, listed, mapping, moment, word

Json = Mapping[str, Any]
_BROKEN = frozenset(
    {"DISABLED_UPDATE", "ACCOUNT_DELETED", "ACCOUNT_RESTRICTION", "PARTNER_REMOVED", "BAN", "REJECTED"}
)
_MENDED = frozenset({"REINSTATE", "APPROVED"})
_NO_NEWS = frozenset(
    {"ONBOARDING", "PARTNER_ADDED", "PARTNER_APP_INSTALLED", "UNFLAGGED", "UPGRADE", "VERIFIED_ACCOUNT"}
)
_ACCOUNT = (
    "account_update",
    "account_alerts",
    "account_review_update",
    "business_capability_update",
    "business_status_update",
    "phone_number_name_update",
    "phone_number_quality_update",
    "security",
)
_TEMPLATE = (
    "message_template_status_update",
    "message_template_quality_update",
    "message_template_components_update",
    "template_category_update",
)


def read_change(name: str, value: Json, entry: Entry, accounts: Mapping[str, str]) -> Iterator[Heard]:
    """A change of a field other than `messages`; nothing for fields that do not concern us.

    `accounts`: phone number id -> business account id. What is said about a business is heard on each of its numbers.
    """
    read = _READERS.get(name)
    if read is None:
        return
    mine = [number for number, business in accounts.items() if business == entry.account]
    own = word(mapping(value.get("metadata")).get("phone_number_id"))
    for account in [own] if own else mine or [entry.account]:
        yield from read(name, value, entry, account)


def _template(name: str, value: Json, entry: Entry, account: str) -> Iterator[Heard]:
    status = next(
        (
            found
            for field in ("event", "new_category", "new_quality_score")
            if (found := word(value.get(field)))
        ),
        "",
    )
    reason = word(value.get("reason"))
    detail = {
        "name": word(value.get("message_template_name")),
        "language": word(value.get("message_template_language")),
        "status": status.upper(),
        "reason": "" if reason == "NONE" else reason,
    }
    own = key(name, fingerprint(dict(value)), entry.at.timestamp())
    yield Heard("template_status", account, own, entry.at, detail=detail)


def _account(name: str, value: Json, entry: Entry, account: str) -> Iterator[Heard]:
    event = (
        word(value.get("event"))
        or word(value.get("decision"))
        or word(mapping(value.get("ban_info")).get("waba_ban_state"))
    ).upper()
    if event in _NO_NEWS:
        return
    state = "broken" if event in _BROKEN else "ok" if event in _MENDED else "warning"
    what = (
        word(value.get("alert_description"))
        or word(value.get("rejection_reason"))
        or word(value.get("current_limit"))
    )
    reason = " ".join(part for part in (name.replace("_", " "), event, what) if part)
    own = key(name, fingerprint(dict(value)), entry.at.timestamp())
    yield Heard(
        "account", account, own, entry.at, detail={"state": state, "reason": reason[:300], "event": event}
    )


def _preferences(name: str, value: Json, entry: Entry, account: str) -> Iterator[Heard]:
    """Advertising wanted or not. Support answers are not advertising, so it stops nothing of ours."""
    for one in map(mapping, listed(value.get("user_preferences"))):
        at = moment(one.get("timestamp"), entry.at)
        person = word(one.get("wa_id")) or word(one.get("user_id"))
        own = key(name, fingerprint(dict(one)))
        detail = {"state": f"{word(one.get('category'))}:{word(one.get('value'))}"}
        yield Heard("optin", account, own, at, person=person, detail=detail)


_READERS: dict[str, Callable[[str, Json, Entry, str], Iterator[Heard]]] = {
    **dict.fromkeys(_TEMPLATE, _template),
    **dict.fromkeys(_ACCOUNT, _account),
    "user_preferences": _preferences,
}
