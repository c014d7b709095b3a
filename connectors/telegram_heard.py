"""What a Telegram update says, in our words. Private chats only: groups and channels are none of a shop's support.

An update holds one event and carries no id of the bot, so the account is told from outside. Field by field:
core.telegram.org/bots/api, object Update.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from bot.core.channel import Heard
from bot.core.messages import File, Part
from connectors.meta import decode, fingerprint, key, listed, mapping, moment, word

Json = Mapping[str, Any]

# What our commands mean; `stop` and any other word after a slash is left to the bot to understand as text.
COMMANDS = {"start": "get_started", "help": "get_started", "person": "person"}
BY_TITLE = "title:"  # callback data of a button whose payload did not fit: its title speaks for it
CALLBACK = "callback:"  # platform ids of taps: `mark` answers those, which ends the button's spinner

_COMMAND = re.compile(r"/(?P<name>[A-Za-z0-9_]{1,64})(?:@\w+)?(?:\s+(?P<rest>.*))?", re.DOTALL)
_WITHIN_SECOND = 10_000  # microseconds: far from the next second, and our clock is no better
_REF = 64  # characters of a deep link's payload, by Telegram's rule
# Parts of a message that carry one file each; an animation comes with a document as well, so it is asked first.
_FILES = {
    "animation": "video",
    "video": "video",
    "video_note": "video",
    "voice": "audio",
    "audio": "audio",
    "document": "file",
}
# Messages that Telegram writes itself about the chat: nothing was said.
_SERVICE = frozenset(
    {
        "pinned_message",
        "message_auto_delete_timer_changed",
        "write_access_allowed",
        "connected_website",
        "successful_payment",
        "refunded_payment",
        "users_shared",
        "chat_shared",
        "passport_data",
        "web_app_data",
        "proximity_alert_triggered",
        "chat_background_set",
        "migrate_to_chat_id",
    }
)


@dataclass(frozen=True)
class _Frame:
    """What every event of an update shares; `at` is when it arrived."""

    account: str
    key: str
    at: datetime
    number: int

    def moment(self, value: Any) -> datetime:
        """A time of Telegram's, in whole seconds; within one the number of the update tells what came first."""
        found = moment(value, self.at)
        return found if found == self.at else found + timedelta(microseconds=self.number % _WITHIN_SECOND)

    def ignored(self, reason: str) -> Heard:
        return Heard("ignored", self.account, self.key, self.at, detail={"reason": reason})


def parse(body: bytes, *, account: str, at: datetime) -> list[Heard]:
    """The one event of an update; kind `ignored` when there is nothing for us.

    Raises:
        BadInput: not a JSON object.
    """
    update = decode(body)
    number = word(update.get("update_id"))
    count = int(number) if number.isascii() and number.isdigit() else 0
    frame = _Frame(account, key("update", number or fingerprint(update)), at, count)
    for field, read in _READERS.items():
        found = update.get(field)
        if isinstance(found, dict):
            return [read(found, frame)]
    return [frame.ignored("unknown_event")]


def platform_id(chat: str, message: Json) -> str:
    """Our id of a Telegram message: their numbers are unique within a chat only; empty when it has none."""
    number = word(message.get("message_id"))
    return f"{chat}:{number}" if chat and number else ""


def _said(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _private(chat: Any) -> str:
    """The id of a private chat, which is also the shopper's; empty for any other."""
    found = mapping(chat)
    return word(found.get("id")) if found.get("type") == "private" else ""


def _by(heard: Heard, sender: Any) -> Heard:
    """`heard` with who sent it."""
    person = mapping(sender)
    names = [_said(person.get("first_name")).strip(), _said(person.get("last_name")).strip()]
    username = word(person.get("username"))
    return replace(
        heard,
        name=" ".join(name for name in names if name)[:200],
        locale=word(person.get("language_code"))[:20],
        detail={**heard.detail, **({"username": username} if username else {})},
    )


def _message(message: Json, frame: _Frame) -> Heard:
    person = _private(message.get("chat"))
    own = platform_id(person, message)
    if not own or mapping(message.get("from")).get("is_bot") is True:
        return frame.ignored("not_private" if not person else "not_a_person")
    heard = Heard(
        kind="message.text",
        account=frame.account,
        key=frame.key,
        at=frame.moment(message.get("date")),
        person=person,
        platform_id=own,
        text=_said(message.get("text")) or _said(message.get("caption")),
    )
    heard = _by(_answering(heard, message), message.get("from"))
    if "text" in message:
        return _command(heard)
    return _content(heard, message, frame)


def _answering(heard: Heard, message: Json) -> Heard:
    """`heard` with what it answers or quotes, and whether it was forwarded."""
    detail: dict[str, Any] = {}
    target = platform_id(heard.person, mapping(message.get("reply_to_message")))
    if target:
        detail["reply_to"] = target
    quote = _said(mapping(message.get("quote")).get("text"))
    if quote:
        detail["quote"] = quote
    if "forward_origin" in message:
        detail["is_forwarded"] = True
    return replace(heard, target=target, detail=detail)


def _command(heard: Heard) -> Heard:
    """A command of ours as the standing choice it means; a deep link's payload tells where they came from."""
    found = _COMMAND.fullmatch(heard.text)
    if found is None:
        return heard
    name, rest = found["name"].lower(), (found["rest"] or "").strip()
    choice = COMMANDS.get(name)
    if choice is None:
        return heard
    detail = dict(heard.detail)
    if name == "start" and rest:
        detail["referral"] = {"source": "deep_link", "ref": rest[:_REF]}
    return replace(heard, kind="postback", choice=choice, detail=detail)


def _content(heard: Heard, message: Json, frame: _Frame) -> Heard:
    """Anything but plain text. Albums come as one message per picture with a common id."""
    for field, read in _CONTENTS.items():
        if field in message:
            kind, parts, extra = read(message[field])
            if "media_group_id" in message:
                extra = {**extra, "album": word(message["media_group_id"])}
            return replace(heard, kind=kind, parts=parts, detail={**heard.detail, **extra})
    for field, kind in _FILES.items():
        if field in message:
            part = _file(kind, mapping(message[field]))
            detail = {**heard.detail, "content_type": word(mapping(message[field]).get("mime_type"))}
            return replace(heard, kind="message.attachment", parts=(part,), detail=detail)
    if _SERVICE & message.keys():
        return frame.ignored("service_message")
    return replace(heard, kind="message.unsupported")


def _file(kind: str, content: Json) -> File:
    title = word(content.get("file_name")) or word(content.get("title"))
    return File(kind=kind, title=title, platform_id=word(content.get("file_id")))


_Content = tuple[str, tuple[Part, ...], dict[str, Any]]


def _photo(content: Any) -> _Content:
    """The same picture in several sizes: the largest."""
    sizes = [size for size in map(mapping, listed(content)) if word(size.get("file_id"))]
    best = max(sizes, key=_area, default={})
    return "message.attachment", (_file("image", best),), {"content_type": "image/jpeg"}


def _area(size: Json) -> int:
    width, height = size.get("width"), size.get("height")
    return width * height if isinstance(width, int) and isinstance(height, int) else 0


def _sticker(content: Any) -> _Content:
    sticker = mapping(content)
    part = File("sticker", title=word(sticker.get("emoji")), platform_id=word(sticker.get("file_id")))
    return "message.sticker", (part,), {}


def _venue(content: Any) -> _Content:
    venue = mapping(content)
    names = [word(venue.get("title")), word(venue.get("address"))]
    return _place(mapping(venue.get("location")), ", ".join(name for name in names if name))


def _location(content: Any) -> _Content:
    return _place(mapping(content), "")


def _place(location: Json, title: str) -> _Content:
    """A point on the map: its numbers are in the title, for agents to look it up."""
    sides = [location.get("latitude"), location.get("longitude")]
    if not all(isinstance(side, int | float) for side in sides):
        return "message.attachment", (File("location", title=title),), {}
    point = f"{sides[0]}, {sides[1]}"
    detail = {"latitude": sides[0], "longitude": sides[1]}
    return "message.attachment", (File("location", title=f"{title} ({point})" if title else point),), detail


def _contact(content: Any) -> _Content:
    contact = mapping(content)
    words = [word(contact.get(name)) for name in ("first_name", "last_name", "phone_number")]
    return "message.contact", (File("contact", title=" ".join(part for part in words if part)),), {}


_CONTENTS: dict[str, Callable[[Any], _Content]] = {
    "photo": _photo,
    "sticker": _sticker,
    "venue": _venue,  # comes with a `location` as well
    "location": _location,
    "contact": _contact,
}


def _edited(message: Json, frame: _Frame) -> Heard:
    """Moving locations are edits too, many a minute: only words count."""
    person = _private(message.get("chat"))
    target = platform_id(person, message)
    text = _said(message.get("text")) or _said(message.get("caption"))
    if not target or not text:
        return frame.ignored("not_private" if not person else "no_text")
    at = frame.moment(message.get("edit_date"))
    heard = Heard("message.edit", frame.account, frame.key, at, person=person, target=target, text=text)
    return _by(heard, message.get("from"))


def _tapped(query: Json, frame: _Frame) -> Heard:
    """A tap has no time of its own: it happens when it arrives. Its title is read off the keyboard it came from."""
    message = mapping(query.get("message"))
    person, data = _private(message.get("chat")), _said(query.get("data"))
    number = word(query.get("id"))
    if not person or not data or not number:
        return frame.ignored("not_private" if not person else "no_choice")
    title = _title(message, data)
    heard = Heard(
        kind="postback",
        account=frame.account,
        key=frame.key,
        at=frame.at,
        person=person,
        platform_id=f"{CALLBACK}{number}",
        target=platform_id(person, message),
        text=title,
        choice="" if data.startswith(BY_TITLE) and title else data,
    )
    return _by(heard, query.get("from"))


def _title(message: Json, data: str) -> str:
    for row in listed(mapping(message.get("reply_markup")).get("inline_keyboard")):
        for button in map(mapping, listed(row)):
            if button.get("callback_data") == data:
                return _said(button.get("text"))
    return ""


def _membership(change: Json, frame: _Frame) -> Heard:
    """The shopper blocked the bot (`kicked`) or let it in again: kind `optin`, detail `state` blocked | unblocked."""
    person = _private(change.get("chat"))
    if not person:
        return frame.ignored("not_private")
    status = mapping(change.get("new_chat_member")).get("status")
    state = "blocked" if status in ("kicked", "left") else "unblocked"
    at = frame.moment(change.get("date"))
    heard = Heard("optin", frame.account, frame.key, at, person=person, detail={"state": state})
    return _by(heard, change.get("from"))


def _reacted(reaction: Json, frame: _Frame) -> Heard:
    """The reactions after the change; none left means it was taken back."""
    person = _private(reaction.get("chat"))
    target = platform_id(person, reaction)
    if not target:
        return frame.ignored("not_private")
    left = [mapping(item) for item in listed(reaction.get("new_reaction"))]
    emoji = next((word(item["emoji"]) for item in left if word(item.get("emoji"))), "⭐" if left else "")
    at = frame.moment(reaction.get("date"))
    detail = {"emoji": emoji}
    heard = Heard("reaction", frame.account, frame.key, at, person=person, target=target, detail=detail)
    return _by(heard, reaction.get("user"))


_READERS: dict[str, Callable[[Json, _Frame], Heard]] = {
    "message": _message,
    "edited_message": _edited,
    "callback_query": _tapped,
    "my_chat_member": _membership,
    "message_reaction": _reacted,
}
UPDATES = tuple(_READERS)  # what we ask Telegram for
