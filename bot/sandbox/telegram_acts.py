"""What a shopper can do on Telegram, and the updates the product hears of it."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from bot.core.errors import BadInput
from bot.sandbox.common_acts import Act, Fields, target_of
from bot.sandbox.telegram_bot import bot_user, chat_of, message_of
from bot.sandbox.world import Entry, Occurrence, Thread, World


def _emit(world: World, thread: Thread, kind: str, content: Mapping[str, Any]) -> None:
    allowed = thread.account.profile.get("allowed_updates") or []
    if (allowed and kind not in allowed) or (not allowed and kind == "message_reaction"):
        return
    payload = {"update_id": world.new_number(), kind: content}
    world.emit(Occurrence(thread.account, thread.key, kind, payload, "update"))


def _user(thread: Thread) -> dict[str, Any]:
    person = thread.person
    first, _, last = person.name.partition(" ")
    user: dict[str, Any] = {"id": int(person.id), "is_bot": False, "first_name": first}
    user |= {"last_name": last} if last else {}
    user |= {"username": person.username} if person.username else {}
    return user | {"language_code": person.locale.split("_")[0]}


def _said(thread: Thread, entry: Entry, content: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "message_id": int(entry.platform_id),
        "from": _user(thread),
        "chat": chat_of(thread),
        "date": int(entry.at.timestamp()),
        **content,
    }


def _message(
    world: World, thread: Thread, fields: Fields, kind: str, content: Mapping[str, Any], view: dict[str, Any]
) -> Entry:
    at = world.now() - timedelta(seconds=float(fields.get("age_seconds", 0)))
    thread.opened_at = max(thread.opened_at or at, at)
    answered = thread.find(str(fields.get("reply_to", "")))
    wire = dict(content)
    if answered is not None:
        wire["reply_to_message"] = message_of(thread, answered, {"text": answered.view.get("text", "")})
        view["reply_to"] = answered.platform_id
    entry = world.entry("person", kind, at=at, platform_id=str(world.new_number()), wire=wire, view=view)
    world.add(thread, entry)
    _emit(world, thread, "message", _said(thread, entry, wire))
    return entry


def text(world: World, thread: Thread, fields: Fields) -> Entry:
    words = str(fields.get("text") or fields.get("title") or "")
    if not words:
        raise BadInput("text is empty", field="text")
    return _message(world, thread, fields, "text", {"text": words}, {"text": words})


def start(world: World, thread: Thread, fields: Fields) -> Entry:
    """The first tap, with what the link carried."""
    words = f"/start {fields.get('ref', '')}".strip()
    entities = [{"type": "bot_command", "offset": 0, "length": 6}]
    return _message(world, thread, fields, "text", {"text": words, "entities": entities}, {"text": words})


def callback(world: World, thread: Thread, fields: Fields) -> Entry:
    """A tap on a button under a message of the bot; `target` is that message."""
    title, payload = str(fields.get("title", "")), str(fields.get("payload", ""))
    target = thread.find(str(fields.get("target", "")))
    if target is None:
        raise BadInput("target names no message of this thread", field="target")
    thread.opened_at = world.now()
    query = str(world.new_number())
    wire = {"callback_query_id": query, "data": payload}
    view = {"text": title, "is_tap": True}
    entry = world.add(
        thread, world.entry("person", "callback", platform_id=f"tap:{query}", wire=wire, view=view)
    )
    update = {
        "id": query,
        "from": _user(thread),
        "message": message_of(thread, target, {"text": target.view.get("text", "")}),
        "chat_instance": str(world.new_number()),
        "data": payload,
    }
    _emit(world, thread, "callback_query", update)
    return entry


def _media(kind: str) -> Act:
    def act(world: World, thread: Thread, fields: Fields) -> Entry:
        media = world.media.get(str(fields.get("media", "")))
        if media is None:
            raise BadInput("media names nothing kept", field="media")
        about = {"file_id": media.id, "file_unique_id": media.id, "file_size": len(media.content)}
        url = f"/sandbox/media/{media.id}"
        content: dict[str, Any] = {kind: about}
        view: dict[str, Any] = {"files": [{"kind": kind, "url": url, "title": kind}]}
        if kind == "photo":
            content = {kind: [{**about, "width": 160, "height": 120}, {**about, "width": 320, "height": 240}]}
            view = {"images": [{"url": url}]}
        if fields.get("text"):
            content["caption"] = view["text"] = str(fields["text"])
        return _message(world, thread, fields, kind, content, view)

    return act


def sticker(world: World, thread: Thread, fields: Fields) -> Entry:
    media = world.store("image/webp", b"RIFF")
    about = {
        "file_id": media.id,
        "file_unique_id": media.id,
        "emoji": "👋",
        "is_animated": False,
        "type": "regular",
    }
    return _message(world, thread, fields, "sticker", {"sticker": about}, {"sticker": "👋"})


def location(world: World, thread: Thread, fields: Fields) -> Entry:
    place = {
        "latitude": float(fields.get("latitude", 54.687)),
        "longitude": float(fields.get("longitude", 25.28)),
    }
    view = {"text": f"📍 {place['latitude']}, {place['longitude']}"}
    return _message(world, thread, fields, "location", {"location": place}, view)


def contact(world: World, thread: Thread, fields: Fields) -> Entry:
    phone = str(fields.get("phone", "+37060000000"))
    content = {
        "contact": {"phone_number": phone, "first_name": thread.person.name, "user_id": int(thread.person.id)}
    }
    return _message(world, thread, fields, "contact", content, {"text": f"☎ {phone}"})


def edit(world: World, thread: Thread, fields: Fields) -> Entry:
    target, words = target_of(thread, fields), str(fields.get("text", ""))
    if target.side != "person":
        raise BadInput("only an own message can be changed", field="target")
    target.marks["edited"] = int(target.marks.get("edited", 0)) + 1
    target.view["text"] = words
    world.changed(thread, target)
    edited = {**_said(thread, target, {"text": words}), "edit_date": int(world.now().timestamp())}
    _emit(world, thread, "edited_message", edited)
    return target


def reaction(world: World, thread: Thread, fields: Fields) -> Entry:
    target, emoji = target_of(thread, fields), str(fields.get("emoji", ""))
    before = [{"type": "emoji", "emoji": target.marks["reaction"]}] if target.marks.get("reaction") else []
    target.marks["reaction"] = emoji
    world.changed(thread, target)
    update = {
        "chat": chat_of(thread),
        "message_id": int(target.platform_id),
        "user": _user(thread),
        "date": int(world.now().timestamp()),
        "old_reaction": before,
        "new_reaction": [{"type": "emoji", "emoji": emoji}] if emoji else [],
    }
    _emit(world, thread, "message_reaction", update)
    return target


def block(world: World, thread: Thread, fields: Fields) -> Entry:
    """Telegram tells the bot that it was stopped, or started again."""
    is_on = bool(fields.get("is_on", True))
    was, thread.is_blocked = thread.is_blocked, is_on
    entry = world.add(thread, world.entry("note", "blocked" if is_on else "unblocked"))
    bot = bot_user(thread.account)
    update = {
        "chat": chat_of(thread),
        "from": _user(thread),
        "date": int(entry.at.timestamp()),
        "old_chat_member": {"user": bot, "status": "kicked" if was else "member"},
        "new_chat_member": {"user": bot, "status": "kicked" if is_on else "member"},
    }
    _emit(world, thread, "my_chat_member", update)
    return entry


ACTS: dict[str, Act] = {
    "text": text,
    "quick_reply": text,
    "start": start,
    "callback": callback,
    "image": _media("photo"),
    "video": _media("video"),
    "audio": _media("voice"),
    "file": _media("document"),
    "sticker": sticker,
    "location": location,
    "contact": contact,
    "reaction": reaction,
    "edit": edit,
    "block": block,
}
