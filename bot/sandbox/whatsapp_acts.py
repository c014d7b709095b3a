"""What a shopper can do on WhatsApp, and the events the product hears of it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from bot.core.errors import BadInput
from bot.sandbox import whatsapp_send
from bot.sandbox.common_acts import Act, Fields, block, own_target, target_of
from bot.sandbox.world import Entry, Media, Occurrence, Thread, World


def _emit(world: World, thread: Thread, message: Mapping[str, Any]) -> None:
    person = thread.person
    profile = {"name": person.name} | ({"username": person.username} if person.username else {})
    contact: dict[str, Any] = {"profile": profile}
    sender: dict[str, Any] = {}
    if person.has_number:
        contact["wa_id"] = sender["from"] = person.id
    if person.user_id:
        contact["user_id"] = sender["from_user_id"] = person.user_id
    content = {"contacts": [contact], "messages": [{**sender, **message}]}
    value = whatsapp_send.value(thread.account, content)
    world.emit(Occurrence(thread.account, thread.key, "messages", value, "changes"))


def _message(
    world: World, thread: Thread, fields: Fields, kind: str, content: Mapping[str, Any], view: dict[str, Any]
) -> Entry:
    at: datetime = world.now() - timedelta(seconds=float(fields.get("age_seconds", 0)))
    message: dict[str, Any] = {
        "id": world.new_id("wamid.HBgM"),
        "timestamp": str(int(at.timestamp())),
        "type": kind,
        **content,
    }
    answered = str(fields.get("reply_to") or (fields.get("target", "") if kind == "interactive" else ""))
    if answered:
        message["context"] = {"from": thread.account.phone, "id": answered}
        view["reply_to"] = str(fields.get("reply_to", ""))
    thread.opened_at = max(thread.opened_at or at, at)
    entry = world.entry("person", kind, at=at, platform_id=message["id"], wire=message, view=view)
    world.add(thread, entry)
    _emit(world, thread, message)
    return entry


def text(world: World, thread: Thread, fields: Fields) -> Entry:
    words = str(fields.get("text", ""))
    if not words:
        raise BadInput("text is empty", field="text")
    return _message(world, thread, fields, "text", {"text": {"body": words}}, {"text": words})


def reply(world: World, thread: Thread, fields: Fields) -> Entry:
    title, payload = str(fields.get("title", "")), str(fields.get("payload", ""))
    answer = {"type": "button_reply", "button_reply": {"id": payload, "title": title}}
    return _message(world, thread, fields, "interactive", {"interactive": answer}, {"text": title})


def list_reply(world: World, thread: Thread, fields: Fields) -> Entry:
    title = str(fields.get("title", ""))
    row = {"id": str(fields.get("payload", "")), "title": title}
    if fields.get("description"):
        row["description"] = str(fields["description"])
    content = {"interactive": {"type": "list_reply", "list_reply": row}}
    return _message(world, thread, fields, "interactive", content, {"text": title})


def _kept(world: World, fields: Fields) -> Media:
    media = world.media.get(str(fields.get("media", "")))
    if media is None:
        raise BadInput("media names nothing kept", field="media")
    return media


def _media(kind: str) -> Act:
    def act(world: World, thread: Thread, fields: Fields) -> Entry:
        media = _kept(world, fields)
        about = {"id": media.id, "mime_type": media.content_type, "sha256": world.new_id(length=32)}
        if fields.get("text"):
            about["caption"] = str(fields["text"])
        url = f"/sandbox/media/{media.id}"
        shown = (
            {"images": [{"url": url}]}
            if kind == "image"
            else {"files": [{"kind": kind, "url": url, "title": kind}]}
        )
        return _message(
            world, thread, fields, kind, {kind: about}, {**shown, "text": about.get("caption", "")}
        )

    return act


def sticker(world: World, thread: Thread, fields: Fields) -> Entry:
    media = world.store("image/webp", b"RIFF")
    about = {"id": media.id, "mime_type": "image/webp", "sha256": world.new_id(length=32), "animated": False}
    return _message(world, thread, fields, "sticker", {"sticker": about}, {"sticker": "👋"})


def location(world: World, thread: Thread, fields: Fields) -> Entry:
    place = {
        "latitude": float(fields.get("latitude", 54.687)),
        "longitude": float(fields.get("longitude", 25.28)),
    }
    view = {"text": f"📍 {place['latitude']}, {place['longitude']}"}
    return _message(world, thread, fields, "location", {"location": place}, view)


def _about(world: World, thread: Thread, kind: str, content: Mapping[str, Any]) -> None:
    now = world.now()
    thread.opened_at = now
    message = {
        "id": world.new_id("wamid.HBgM"),
        "timestamp": str(int(now.timestamp())),
        "type": kind,
        kind: content,
    }
    _emit(world, thread, message)


def reaction(world: World, thread: Thread, fields: Fields) -> Entry:
    target, emoji = target_of(thread, fields), str(fields.get("emoji", ""))
    target.marks["reaction"] = emoji
    world.changed(thread, target)
    _about(
        world, thread, "reaction", {"message_id": target.platform_id} | ({"emoji": emoji} if emoji else {})
    )
    return target


def edit(world: World, thread: Thread, fields: Fields) -> Entry:
    target, words = own_target(thread, fields), str(fields.get("text", ""))
    target.marks["edited"] = int(target.marks.get("edited", 0)) + 1
    target.view["text"] = words
    world.changed(thread, target)
    message = {"type": "text", "text": {"body": words}}
    _about(world, thread, "edit", {"original_message_id": target.platform_id, "message": message})
    return target


def unsend(world: World, thread: Thread, fields: Fields) -> Entry:
    target = own_target(thread, fields)
    target.marks["unsent"] = True
    target.view.clear()
    world.changed(thread, target)
    _about(world, thread, "revoke", {"original_message_id": target.platform_id})
    return target


def read(world: World, thread: Thread, _fields: Fields) -> Entry:
    unseen = [
        e
        for e in thread.entries
        if e.side == "shop" and not e.marks.get("seen") and not e.marks.get("failed")
    ]
    for entry in unseen:
        entry.marks["seen"] = True
        world.changed(thread, entry)
        whatsapp_send.seen(world, thread, entry)
    return thread.entries[-1] if thread.entries else world.entry("note", "read")


ACTS: dict[str, Act] = {
    "text": text,
    "reply": reply,
    "list_reply": list_reply,
    "image": _media("image"),
    "video": _media("video"),
    "audio": _media("audio"),
    "file": _media("document"),
    "sticker": sticker,
    "location": location,
    "reaction": reaction,
    "edit": edit,
    "unsend": unsend,
    "read": read,
    "block": block,
}
