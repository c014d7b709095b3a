"""What Messenger and Instagram tell about a chat, one event of `messaging` or `standby` at a time, in our words."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bot.core.channel import Heard
from connectors.meta import Entry, fingerprint, key, listed, mapping, moment, word
from connectors.meta_attachments import Carried, carried

INBOXES = frozenset({"263902037430900", "1217981644879628"})  # the platforms' own, of Pages and of Instagram
OWN_MARK = "aisle:"  # how `bot.core.channel.own_id` begins
USER_REF = "user_ref:"  # a guest of a checkbox or plugin has no id, only this reference
RAW_LENGTH = 20_000


@dataclass(frozen=True)
class House:
    """What differs between the two channels.

    `app_ids`: of our own app, where known; `unsigned_echo`: the kind of an echo that names no app.
    """

    app_ids: frozenset[str] = frozenset()
    unsigned_echo: str = "echo.human"


@dataclass(frozen=True)
class Told:
    """One event as it came, with what all kinds have."""

    house: House
    account: str
    at: datetime
    sender: str
    recipient: str
    data: Mapping[str, Any]

    @property
    def is_by_us(self) -> bool:
        """Whether the account itself did it."""
        return bool(self.sender) and self.sender == self.account

    @property
    def person(self) -> str:
        """The shopper it concerns: the other side of the account."""
        person = self.recipient if self.is_by_us else self.sender
        return "" if person == self.account else person

    def part(self, name: str) -> dict[str, Any]:
        """The object under `name`."""
        return mapping(self.data.get(name))

    def heard(self, kind: str, *names: object, **values: Any) -> Heard:
        """A `Heard` with the key made of `names`."""
        values.setdefault("person", self.person)
        return Heard(kind=kind, account=self.account, key=key(*names), at=self.at, **values)


def read_event(raw: Any, entry: Entry, house: House, *, at: datetime) -> Heard:
    """One event of `messaging`; `at` is the time of arrival."""
    data = mapping(raw)
    told = Told(
        house=house,
        account=entry.account[:100],
        at=moment(data.get("timestamp"), entry.at, latest=at),
        sender=_party(data.get("sender")),
        recipient=_party(data.get("recipient")),
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


def small(raw: Any) -> Any:
    """`raw` where it is short enough to keep, else its beginning as text."""
    text = json.dumps(raw)
    return raw if len(text) <= RAW_LENGTH else text[:RAW_LENGTH]


def _party(value: Any) -> str:
    party = mapping(value)
    if found := word(party.get("id")):
        return found
    reference = word(party.get("user_ref"))
    return f"{USER_REF}{reference}"[:200] if reference else ""


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _message(told: Told) -> Heard:
    message = told.part("message")
    mid = word(message.get("mid"))
    name = mid or fingerprint(told.data)
    if message.get("is_deleted") is True:
        person = told.recipient if message.get("is_echo") is True else told.person
        return told.heard("message.deleted", "deleted", name, target=mid, person=person)
    content = carried(message.get("attachments"))
    detail = _detail(message, content)
    text = _text(message.get("text")) or content.words
    if message.get("is_self") is True:
        return told.heard(
            "echo.self", "message", name, platform_id=mid, text=text, parts=content.files, detail=detail
        )
    if message.get("is_echo") is True or told.is_by_us:
        return _echo(told, message, content, name=name, text=text, detail=detail)
    return told.heard(
        _kind(message, content, text),
        "message",
        name,
        platform_id=mid,
        target=word(mapping(message.get("reply_to")).get("mid")),
        text=text,
        choice=word_of_choice(mapping(message.get("quick_reply"))),
        parts=content.files,
        detail=detail,
    )


def word_of_choice(value: Mapping[str, Any]) -> str:
    """The payload of a button, which may be as long as the platform allows (1000)."""
    return _text(value.get("payload"))[:1000]


def _kind(message: Mapping[str, Any], content: Carried, text: str) -> str:
    if mapping(message.get("quick_reply")):
        return "message.quick_reply"
    if "story_mention" in content.types:
        return "message.story_mention"
    if content.products:
        return "message.product"
    if content.is_sticker:
        return "message.sticker"
    if content.is_contact:
        return "message.contact"
    if content.files:
        return "message.attachment"
    return "message.text" if text else "message.unsupported"


def _detail(message: Mapping[str, Any], content: Carried) -> dict[str, Any]:
    detail: dict[str, Any] = {}
    if referral := _referral_of(message):
        detail["referral"] = referral
    if product := word(mapping(mapping(message.get("referral")).get("product")).get("id")):
        detail["product"] = {"id": product}
    if content.products:
        detail["product"] = content.products[0]
        detail["products"] = list(content.products)
    if story := mapping(mapping(message.get("reply_to")).get("story")):
        detail["reply_to"] = {"story": {name: _text(story.get(name))[:4_000] for name in ("id", "url")}}
    elif mid := word(mapping(message.get("reply_to")).get("mid")):
        detail["reply_to"] = {"mid": mid}
    if "story_mention" in content.types:
        url = content.files[0].url if content.files else ""
        detail |= {"touch": "story_mention", "url": url}
    if commands := [word(mapping(item).get("name")) for item in listed(message.get("commands"))]:
        detail["commands"] = commands[:20]
    unseen = [name for name in content.types if name in ("ephemeral", "fallback") or not content.files]
    if message.get("is_unsupported") is True or (unseen and not content.files):
        detail["unsupported"] = unseen[0] if unseen else "unsupported"
    return detail


def _echo(
    told: Told,
    message: Mapping[str, Any],
    content: Carried,
    *,
    name: str,
    text: str,
    detail: dict[str, Any],
) -> Heard:
    """What the account itself sent: by us (told by our id, our app, or nothing to the contrary) or by a person."""
    app = word(message.get("app_id"))
    metadata = _text(message.get("metadata"))[:1000]
    is_ours = metadata.startswith(OWN_MARK)
    if is_ours:
        kind = "echo"
    elif not app:
        kind = told.house.unsigned_echo
    elif app in INBOXES or (told.house.app_ids and app not in told.house.app_ids):
        kind = "echo.human"
    else:
        kind = "echo"
    detail |= {"app_id": app} if app else {}
    detail |= {"metadata": metadata} if metadata and not is_ours else {}
    return told.heard(
        kind,
        "message",
        name,
        person="" if told.recipient == told.account else told.recipient,
        platform_id=word(message.get("mid")),
        text=text,
        parts=content.files,
        echo_of=metadata if is_ours else "",
        detail=detail,
    )


def _postback(told: Told) -> Heard:
    postback = told.part("postback")
    mid = word(postback.get("mid"))
    choice = word_of_choice(postback)
    names = ("message", mid) if mid else ("postback", told.sender, _stamp(told), choice)
    return told.heard(
        "postback",
        *names,
        platform_id=mid,
        text=_text(postback.get("title"))[:1000],
        choice=choice,
        detail={"referral": referral} if (referral := _referral_of(postback)) else {},
    )


def _referral_of(holder: Mapping[str, Any]) -> dict[str, Any]:
    raw = mapping(holder.get("referral"))
    names = ("ref", "source", "type", "ad_id", "referer_uri")
    found: dict[str, Any] = {name: text for name in names if (text := word(raw.get(name)))}
    context = mapping(raw.get("ads_context_data"))
    ad_names = ("ad_title", "photo_url", "video_url", "post_id", "product_id", "flow_id")
    if ad := {name: text for name in ad_names if (text := word(context.get(name)))}:
        found["ad"] = ad
    if product := word(mapping(raw.get("product")).get("id")):
        found["product_id"] = product
    return found


def _referral(told: Told) -> Heard:
    referral = _referral_of(told.data)
    about = fingerprint(told.data.get("referral"))
    return told.heard("referral", "referral", told.sender, _stamp(told), about, detail={"referral": referral})


def _reaction(told: Told) -> Heard:
    reaction = told.part("reaction")
    mid, action = word(reaction.get("mid")), word(reaction.get("action"))
    if told.is_by_us:
        return _other("reaction")(told)
    emoji = "" if action == "unreact" else word(reaction.get("emoji"))
    return told.heard(
        "reaction",
        *("reaction", mid, action, told.sender, _stamp(told), emoji),
        target=mid,
        text=emoji,
        detail={"action": action, "reaction": word(reaction.get("reaction")), "emoji": emoji},
    )


def _read(told: Told) -> Heard:
    """Messenger gives a watermark, Instagram the message."""
    read = told.part("read")
    mid = word(read.get("mid"))
    mark = moment(read.get("watermark"), told.at)
    names = ("read", told.sender, mid or _number(read.get("watermark")) or _stamp(told))
    return told.heard("read", *names, target=mid, detail={} if mid else {"watermark": mark.isoformat()})


def _delivery(told: Told) -> Heard:
    delivery = told.part("delivery")
    mids = [mid for item in listed(delivery.get("mids")) if (mid := word(item))]
    mark = moment(delivery.get("watermark"), told.at)
    names = ("delivery", told.sender, _number(delivery.get("watermark")), fingerprint(mids))
    detail = {"watermark": mark.isoformat(), "mids": mids}
    return told.heard("delivery", *names, target=mids[0] if len(mids) == 1 else "", detail=detail)


def _edit(told: Told) -> Heard:
    edit = told.part("message_edit")
    mid, number = word(edit.get("mid")), _number(edit.get("num_edit"))
    return told.heard(
        "message.edit",
        *("edit", mid, number or _stamp(told)),
        target=mid,
        text=_text(edit.get("text")),
        detail={"number": int(number) if number.isdecimal() and len(number) < 9 else None},
    )


def _optin(told: Told) -> Heard:
    optin = told.part("optin")
    person = told.person or _party(optin)
    names = ("type", "ref", "payload", "title")
    detail = {name: text for name in names if (text := word(optin.get(name)))}
    return told.heard(
        "optin", "optin", person, _stamp(told), fingerprint(optin), person=person, detail=detail
    )


def _handover(name: str, kind: str) -> Callable[[Told], Heard]:
    ids = ("previous_owner_app_id", "new_owner_app_id", "requested_owner_app_id")

    def read(told: Told) -> Heard:
        control = told.part(name)
        detail: dict[str, Any] = {part: word(control[part]) for part in ids if part in control}
        detail["metadata"] = _text(control.get("metadata"))[:1000]
        new_owner = detail.get("new_owner_app_id")
        if new_owner and (told.house.app_ids or new_owner in INBOXES):
            detail["is_ours"] = new_owner in told.house.app_ids
        return told.heard(kind, name, told.person, _stamp(told), fingerprint(control), detail=detail)

    return read


def _roles(told: Told) -> Heard:
    roles = told.part("app_roles")
    detail = {
        "roles": {word(app): [word(role) for role in listed(given)][:9] for app, given in roles.items()}
    }
    return told.heard("handover.roles", "app_roles", _stamp(told), fingerprint(roles), detail=detail)


def _policy(told: Told) -> Heard:
    policy = told.part("policy_enforcement")
    detail = {"action": word(policy.get("action")), "reason": _text(policy.get("reason"))[:1000]}
    return told.heard("policy", "policy", _stamp(told), fingerprint(policy), detail=detail)


def _other(name: str) -> Callable[[Told], Heard]:
    """An event that is known but asks for nothing."""

    def read(told: Told) -> Heard:
        detail = {"why": name, "raw": small(dict(told.data))}
        return told.heard("ignored", "raw", fingerprint(told.data), detail=detail)

    return read


def _number(value: Any) -> str:
    """A count or time as text: `3`, `"3"` and `3.0` are the same."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e18:
        value = int(value)
    return word(value)


def _stamp(told: Told) -> str:
    """The time as it was given, which a repeat gives again; not `told.at`, which may be the time of arrival."""
    return _number(told.data.get("timestamp")) or "-"


# What makes an event what it is, the first that is there counting. A message may carry a referral, never the reverse.
READERS: Mapping[str, Callable[[Told], Heard]] = {
    "message": _message,
    "postback": _postback,
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
