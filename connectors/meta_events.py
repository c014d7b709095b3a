"""What Messenger and Instagram tell about a chat, one event of `messaging` or `standby` at a time, in our words."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.core.channel import Heard
from connectors.meta import Entry, fingerprint, key, listed, mapping, moment, word
from connectors.meta_messages import read_message, read_postback
from connectors.meta_told import INBOXES, House, Told, number, party, referral_of, small, stamp, text_of


def read_event(raw: Any, entry: Entry, house: House, *, at: datetime) -> Heard:
    """One event of `messaging`; `at` is the time of arrival."""
    data = mapping(raw)
    told = Told(
        house=house,
        account=entry.account[:100],
        at=moment(data.get("timestamp"), entry.at, latest=at),
        sender=party(data.get("sender")),
        recipient=party(data.get("recipient")),
        data=data,
    )
    if entry.account == "0":
        return test(raw, entry)
    for name, reader in READERS.items():
        if isinstance(data.get(name), dict):
            return reader(told)
    return ignored(raw, entry, person=told.person, at=told.at)


def read_standby(raw: Any, entry: Entry, house: House, *, at: datetime) -> Heard:
    """One event of `standby`: another app has the thread, so it is only kept."""
    found = read_event(raw, entry, house, at=at)
    if found.kind == "test":
        return found
    detail = {**found.detail, "was": found.kind}
    return replace(found, kind="standby", key=key("standby", found.key), detail=detail)


def ignored(raw: Any, entry: Entry, *, person: str = "", at: datetime | None = None, why: str = "") -> Heard:
    """Something that is nothing to us, kept as it came."""
    detail = {"raw": small(raw)} | ({"why": why} if why else {})
    return Heard(
        kind="ignored",
        account=entry.account[:100],
        key=key("raw", fingerprint(raw)),
        at=at or entry.at,
        person=person,
        detail=detail,
    )


def test(raw: Any, entry: Entry) -> Heard:
    """A try-out from the app's dashboard: made-up ids, nobody to answer."""
    return Heard(
        kind="test",
        account=entry.account[:100],
        key=key("test", fingerprint(raw)),
        at=entry.at,
        detail={"raw": small(raw)},
    )


def _referral(told: Told) -> Heard:
    referral = referral_of(told.data)
    about = fingerprint(told.data.get("referral"))
    return told.heard("referral", "referral", told.sender, stamp(told), about, detail={"referral": referral})


def _reaction(told: Told) -> Heard:
    reaction = told.part("reaction")
    mid, action = word(reaction.get("mid")), word(reaction.get("action"))
    if told.is_by_us:
        return _other("reaction")(told)
    emoji = "" if action == "unreact" else word(reaction.get("emoji"))
    return told.heard(
        "reaction",
        *("reaction", mid, action, told.sender, stamp(told), emoji),
        target=mid,
        text=emoji,
        detail={"action": action, "reaction": word(reaction.get("reaction")), "emoji": emoji},
    )


def _read(told: Told) -> Heard:
    """Messenger gives a watermark, Instagram the message."""
    read = told.part("read")
    mid = word(read.get("mid"))
    mark = moment(read.get("watermark"), told.at)
    names = ("read", told.sender, mid or number(read.get("watermark")) or stamp(told))
    return told.heard("read", *names, target=mid, detail={} if mid else {"watermark": mark.isoformat()})


def _delivery(told: Told) -> Heard:
    delivery = told.part("delivery")
    mids = [mid for item in listed(delivery.get("mids")) if (mid := word(item))]
    mark = moment(delivery.get("watermark"), told.at)
    names = ("delivery", told.sender, number(delivery.get("watermark")), fingerprint(mids))
    detail = {"watermark": mark.isoformat(), "mids": mids}
    return told.heard("delivery", *names, target=mids[0] if len(mids) == 1 else "", detail=detail)


def _edit(told: Told) -> Heard:
    edit = told.part("message_edit")
    mid, count = word(edit.get("mid")), number(edit.get("num_edit"))
    return told.heard(
        "message.edit",
        *("edit", mid, count or stamp(told)),
        target=mid,
        text=text_of(edit.get("text")),
        detail={"number": int(count) if count.isdecimal() and len(count) < 9 else None},
    )


def _optin(told: Told) -> Heard:
    optin = told.part("optin")
    person = told.person or party(optin)
    names = ("type", "ref", "payload", "title")
    detail = {name: text for name in names if (text := word(optin.get(name)))}
    return told.heard("optin", "optin", person, stamp(told), fingerprint(optin), person=person, detail=detail)


def _handover(name: str, kind: str) -> Callable[[Told], Heard]:
    ids = ("previous_owner_app_id", "new_owner_app_id", "requested_owner_app_id")

    def read(told: Told) -> Heard:
        control = told.part(name)
        detail: dict[str, Any] = {part: word(control[part]) for part in ids if part in control}
        detail["metadata"] = text_of(control.get("metadata"))[:1000]
        new_owner = detail.get("new_owner_app_id")
        if new_owner and (told.house.app_ids or new_owner in INBOXES):
            detail["is_ours"] = new_owner in told.house.app_ids
        return told.heard(kind, name, told.person, stamp(told), fingerprint(control), detail=detail)

    return read


def _roles(told: Told) -> Heard:
    roles = told.part("app_roles")
    detail = {
        "roles": {word(app): [word(role) for role in listed(given)][:9] for app, given in roles.items()}
    }
    return told.heard("handover.roles", "app_roles", stamp(told), fingerprint(roles), detail=detail)


def _policy(told: Told) -> Heard:
    policy = told.part("policy_enforcement")
    detail = {"action": word(policy.get("action")), "reason": text_of(policy.get("reason"))[:1000]}
    return told.heard("policy", "policy", stamp(told), fingerprint(policy), detail=detail)


def _other(name: str) -> Callable[[Told], Heard]:
    """An event that is known but asks for nothing."""

    def read(told: Told) -> Heard:
        detail = {"why": name, "raw": small(dict(told.data))}
        return told.heard("ignored", "raw", fingerprint(told.data), detail=detail)

    return read


# What makes an event what it is, the first that is there counting. A message may carry a referral, never the reverse.
READERS: Mapping[str, Callable[[Told], Heard]] = {
    "message": read_message,
    "postback": read_postback,
    "message_edit": _edit,
    "reaction": _reaction,
    "delivery": _delivery,
    "read": _read,
    "optin": _optin,
    "pass_thread_control": _handover("pass_thread_control", "handover.pass"),
    "take_thread_control": _handover("take_thread_control", "handover.take"),
    "request_thread_control": _handover("request_thread_control", "handover.request"),
    "app_roles": _roles,
    "policy_enforcement": _policy,
    "account_linking": _other("account_linking"),
    "messaging_feedback": _other("messaging_feedback"),
    "response_feedback": _other("response_feedback"),
    "referral": _referral,
}
