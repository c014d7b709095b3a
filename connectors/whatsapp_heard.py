"""What a WhatsApp webhook says, in our words (Cloud API, object `whatsapp_business_account`).

A person is known by two ids: the number (`wa_id`) and, since usernames came in 2026, the business-scoped user id
(`AT.1349…`). Who has a username may come without a number. The number is the person here as long as there is one;
the other ids are aliases. Times are seconds written as strings.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from bot.core.channel import Heard
from bot.core.messages import File
from connectors.graph_errors import UNKNOWN, Problem, rule_for
from connectors.meta import Entry, decode, entries, fingerprint, key, listed, mapping, moment, word
from connectors.whatsapp_accounts import read_change
from connectors.whatsapp_errors import RULES

OBJECT = "whatsapp_business_account"
Json = Mapping[str, Any]
_FILES = {"image": "image", "video": "video", "document": "file", "audio": "audio", "voice": "audio"}
_ANSWERS_LIMIT = 2_000  # characters of a filled-in form
_TITLE_LIMIT = 300
_READ = {"read": "read", "played": "read", "sent": "sent", "delivered": "delivered"}


@dataclass(frozen=True)
class Frame:
    """What the messages and statuses of one change share. `account`: the phone number's id."""

    account: str
    at: datetime
    contacts: tuple[Json, ...] = ()


@dataclass(frozen=True)
class _Said:
    """What one type of message comes to."""

    kind: str
    text: str = ""
    choice: str = ""
    target: str = ""
    parts: tuple[File, ...] = ()
    detail: Json = field(default_factory=dict)


def parse(body: bytes, *, accounts: Mapping[str, str], at: datetime) -> list[Heard]:
    """Everything in `body`, each event on its own, in its order; at least one.

    `accounts`: phone number id -> WhatsApp business account id, for what is said about the business as a whole.

    Raises:
        BadInput: not a JSON object.
    """
    envelope = decode(body)
    if envelope.get("object") != OBJECT:
        return [ignored("", envelope, at, reason="object")]
    found = [
        one
        for entry in entries(envelope, at=at)
        for change in entry.changes
        for one in _of_change(mapping(change), entry, accounts)
    ]
    return found or [ignored("", envelope, at, reason="empty")]


def ignored(account: str, raw: Any, at: datetime, *, reason: str) -> Heard:
    """Something that is nothing to us."""
    return Heard("ignored", account, key("ignored", fingerprint(raw)), at, detail={"reason": reason})


def _of_change(change: Json, entry: Entry, accounts: Mapping[str, str]) -> Iterator[Heard]:
    value, name = mapping(change.get("value")), word(change.get("field"))
    account = word(mapping(value.get("metadata")).get("phone_number_id"))
    frame = Frame(account, entry.at, tuple(map(mapping, listed(value.get("contacts")))))
    readers: tuple[tuple[str, Callable[[Json, Frame], Heard]], ...] = (
        ("messages", read_message),
        ("message_echoes", read_echo),
        ("statuses", read_status),
        ("errors", read_error),
    )
    found = [read(mapping(raw), frame) for member, read in readers for raw in listed(value.get(member))]
    if not found and name not in ("", "messages"):
        found = list(read_change(name, value, entry, accounts))
    yield from found or [ignored(account, change, entry.at, reason=name or "empty")]


# --- who


def _contact(sender: Json, frame: Frame) -> Json:
    """The entry of `contacts` about whoever sent it; they are listed apart from the messages."""
    number, own = word(sender.get("from")), word(sender.get("from_user_id"))
    for contact in frame.contacts:
        if (number and word(contact.get("wa_id")) == number) or (own and word(contact.get("user_id")) == own):
            return contact
    return frame.contacts[0] if len(frame.contacts) == 1 and not (number or own) else {}


def _from(heard: Heard, sender: Json, frame: Frame) -> Heard:
    contact = _contact(sender, frame)
    profile = mapping(contact.get("profile"))
    ids = [
        word(sender.get("from")) or word(contact.get("wa_id")),
        word(sender.get("from_user_id")) or word(contact.get("user_id")),
        word(contact.get("parent_user_id")),
    ]
    known = [own for own in dict.fromkeys(ids) if own]
    username = word(profile.get("username"))
    return replace(
        heard,
        person=known[0] if known else "",
        aliases=tuple(known[1:]),
        name=_words(profile.get("name"))[:200],
        detail={**heard.detail, **({"username": username} if username else {})},
    )


# --- messages


def read_message(message: Json, frame: Frame) -> Heard:
    """One of `messages`: said, tapped, edited, unsent or reacted."""
    own, kind = word(message.get("id")), word(message.get("type"))
    at = moment(message.get("timestamp"), frame.at)
    if not own:
        return ignored(frame.account, dict(message), at, reason="no_id")
    if "group_id" in message:
        return replace(ignored(frame.account, dict(message), at, reason="group"), key=key("message", own))
    said = _TYPES.get(kind, _unsupported)(message)
    heard = Heard(
        kind=said.kind,
        account=frame.account,
        key=key("message", own),
        at=at,
        platform_id="" if said.kind in ("reaction", "message.edit", "message.deleted", "ignored") else own,
        target=said.target,
        text=said.text,
        choice=said.choice,
        parts=said.parts,
        detail=said.detail,
    )
    heard = _from(_beside(heard, message), message, frame)
    if not heard.person:
        return replace(ignored(frame.account, dict(message), at, reason="no_sender"), key=heard.key)
    return heard


def read_echo(message: Json, frame: Frame) -> Heard:
    """What somebody of the shop wrote in the WhatsApp Business app on the same number (coexistence)."""
    sent = read_message({**message, "from": message.get("to"), "from_user_id": ""}, frame)
    if sent.kind == "ignored" or not sent.platform_id:
        return replace(sent, kind="ignored")
    return replace(sent, kind="echo.human", choice="", target="", name="", aliases=())


def _beside(heard: Heard, message: Json) -> Heard:
    """What is said around a message: what it answers, where it was forwarded from, which advertisement led here."""
    context, referral = mapping(message.get("context")), mapping(message.get("referral"))
    detail = dict(heard.detail)
    answered = word(context.get("id"))
    if answered:
        detail["reply_to"] = answered
    if context.get("forwarded") is True or context.get("frequently_forwarded") is True:
        detail["is_forwarded"] = True
    sku = word(mapping(context.get("referred_product")).get("product_retailer_id"))
    if sku:
        detail["product"] = {"sku": sku, "title": "", "url": ""}
    if referral:
        detail["referral"] = _referral(referral)
    return replace(heard, target=heard.target or answered, detail=detail)


def _referral(referral: Json) -> dict[str, str]:
    own = word(referral.get("source_id"))
    source = word(referral.get("source_type")) or "ad"
    found = {
        "source": source,
        "ref": own,
        "ad_id": own if source == "ad" else "",
        "ad_title": _words(referral.get("headline"))[:_TITLE_LIMIT],
        "url": _words(referral.get("source_url"))[:2_000],
        "click": word(referral.get("ctwa_clid")),
    }
    return {name: value for name, value in found.items() if value}


def _words(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _text(message: Json) -> _Said:
    return _Said("message.text", text=_words(mapping(message.get("text")).get("body")))


def _media(message: Json) -> _Said:
    kind = word(message.get("type"))
    media = mapping(message.get(kind))
    part = File(_FILES[kind], title=word(media.get("filename")), platform_id=word(media.get("id")))
    detail = {"content_type": word(media.get("mime_type"))}
    return _Said("message.attachment", text=_words(media.get("caption")), parts=(part,), detail=detail)


def _sticker(message: Json) -> _Said:
    sticker = mapping(message.get("sticker"))
    return _Said("message.sticker", parts=(File("sticker", platform_id=word(sticker.get("id"))),))


def _location(message: Json) -> _Said:
    place = mapping(message.get("location"))
    names = [word(place.get(name)) for name in ("name", "address")]
    title = ", ".join(name for name in names if name)
    sides = [place.get("latitude"), place.get("longitude")]
    if not all(isinstance(side, int | float) for side in sides):
        return _Said("message.attachment", parts=(File("location", title=title),))
    point = f"{sides[0]}, {sides[1]}"
    part = File("location", title=f"{title} ({point})" if title else point)
    detail = {"latitude": sides[0], "longitude": sides[1]}
    return _Said("message.attachment", parts=(part,), detail=detail)


def _contacts(message: Json) -> _Said:
    parts = []
    for contact in map(mapping, listed(message.get("contacts"))):
        name = word(mapping(contact.get("name")).get("formatted_name"))
        phones = [word(mapping(phone).get("phone")) for phone in listed(contact.get("phones"))]
        title = " ".join(part for part in (name, *phones) if part)
        parts.append(File("contact", title=title[:_TITLE_LIMIT]))
    return _Said("message.contact", parts=tuple(parts))


def _button(message: Json) -> _Said:
    """The quick reply of a template."""
    button = mapping(message.get("button"))
    text = _words(button.get("text"))
    return _Said("message.quick_reply", text=text, choice=_words(button.get("payload")))


def _interactive(message: Json) -> _Said:
    answer = mapping(message.get("interactive"))
    kind = word(answer.get("type"))
    if kind == "nfm_reply":
        return _form(mapping(answer.get("nfm_reply")))
    reply = mapping(answer.get(kind))
    if kind not in ("button_reply", "list_reply"):
        return _unsupported(message)
    return _Said("message.quick_reply", text=_words(reply.get("title")), choice=_words(reply.get("id")))


def _form(reply: Json) -> _Said:
    """A filled-in Flow: its answers come as JSON in a string."""
    try:
        found = json.loads(_words(reply.get("response_json")) or "{}")
    except (ValueError, RecursionError):
        found = {}
    answers = {
        name[:100]: (value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))[
            :_TITLE_LIMIT
        ]
        for name, value in mapping(found).items()
        if name != "flow_token"
    }
    text = "\n".join(f"{name.replace('_', ' ')}: {value}" for name, value in answers.items())
    detail = {"form": word(reply.get("name")), "answers": dict(list(answers.items())[:50])}
    return _Said("message.form", text=text[:_ANSWERS_LIMIT] or _words(reply.get("body")), detail=detail)


def _order(message: Json) -> _Said:
    """A basket from the shop's WhatsApp catalogue."""
    order = mapping(message.get("order"))
    items = [mapping(item) for item in listed(order.get("product_items"))]
    parts = [
        File("order", title=_line(item), platform_id=word(item.get("product_retailer_id")))
        for item in items[:50]
    ]
    detail = {"catalog": word(order.get("catalog_id"))}
    return _Said("message.order", text=_words(order.get("text")), parts=tuple(parts), detail=detail)


def _line(item: Json) -> str:
    price = item.get("item_price")
    money = (
        f" ({price} {word(item.get('currency'))})" if isinstance(price, int | float | str) and price else ""
    )
    return f"{word(item.get('quantity')) or '1'} × {word(item.get('product_retailer_id'))}{money}"[
        :_TITLE_LIMIT
    ]


def _reaction(message: Json) -> _Said:
    """Without an emoji, or with an empty one, it was taken back."""
    reaction = mapping(message.get("reaction"))
    detail = {"emoji": word(reaction.get("emoji"))}
    return _Said("reaction", target=word(reaction.get("message_id")), detail=detail)


def _edit(message: Json) -> _Said:
    edit = mapping(message.get("edit"))
    new = mapping(edit.get("message"))
    media = mapping(new.get(word(new.get("type"))))
    text = _words(media.get("body")) or _words(media.get("caption"))
    return _Said("message.edit", text=text, target=word(edit.get("original_message_id")))


def _revoke(message: Json) -> _Said:
    return _Said("message.deleted", target=word(mapping(message.get("revoke")).get("original_message_id")))


def _system(message: Json) -> _Said:
    """They changed their number or identity: nothing was said."""
    system = mapping(message.get("system"))
    detail = {"reason": "system", "type": word(system.get("type"))}
    return _Said("ignored", detail=detail)


def _unsupported(message: Json) -> _Said:
    error = mapping(next(iter(listed(message.get("errors"))), None))
    detail = {"type": word(message.get("type")), "code": word(error.get("code"))}
    return _Said("message.unsupported", detail=detail)


def _welcome(_message: Json) -> _Said:
    """They opened the chat for the first time; nothing was said yet."""
    return _Said("ignored", detail={"reason": "request_welcome"})


_TYPES: dict[str, Callable[[Json], _Said]] = {
    "text": _text,
    **dict.fromkeys(_FILES, _media),
    "sticker": _sticker,
    "location": _location,
    "contacts": _contacts,
    "button": _button,
    "interactive": _interactive,
    "order": _order,
    "reaction": _reaction,
    "edit": _edit,
    "revoke": _revoke,
    "system": _system,
    "request_welcome": _welcome,
}


# --- statuses and errors


def read_status(status: Json, frame: Frame) -> Heard:
    """How a message of ours fared: a failure may follow long after the call was answered with 200."""
    own, state = word(status.get("id")), word(status.get("status"))
    at = moment(status.get("timestamp"), frame.at)
    if not own or not state:
        return ignored(frame.account, dict(status), at, reason="no_id")
    ids = dict.fromkeys(
        [word(status.get(name)) for name in ("recipient_id", "recipient_user_id", "recipient_parent_user_id")]
    )
    known = [one for one in ids if one]
    heard = Heard(
        kind="status",
        account=frame.account,
        key=key("status", own, state),
        at=at,
        person=known[0] if known else "",
        aliases=tuple(known[1:]),
        target=own,
        echo_of=word(status.get("biz_opaque_callback_data")),
        detail={"status": _READ.get(state, state)},
    )
    if state != "failed":
        return heard
    error = mapping(next(iter(listed(status.get("errors"))), None))
    return replace(heard, kind="status.failed", detail={"status": state, **_failure(error)})


def _failure(error: Json) -> dict[str, str]:
    code = word(error.get("code"))
    number = int(code) if code.isascii() and code.isdigit() else 0
    rule = rule_for(Problem(400, code=number), RULES)
    details = _words(mapping(error.get("error_data")).get("details"))
    said = details or _words(error.get("message")) or _words(error.get("title"))
    is_known = rule is not UNKNOWN
    reason = (
        f"{rule.words} ({code}: {said})"
        if is_known
        else f"{said or rule.words} ({code})"
        if code
        else rule.words
    )
    return {"code": code, "cause": rule.cause, "reason": reason[:_TITLE_LIMIT]}


def read_error(error: Json, frame: Frame) -> Heard:
    """Something is wrong with the account as a whole. It has no id: once an hour counts as the same."""
    found = _failure(error)
    name = key("error", found["code"], fingerprint(dict(error)), f"{frame.at:%Y%m%d%H}")
    state = "broken" if found["code"] in ("131031", "368") else "warning"
    return Heard("error", frame.account, name, frame.at, detail={**found, "state": state})
