"""What a shopper can do on Messenger and Instagram, and the events the product hears of it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from bot.core.errors import BadInput
from bot.sandbox.common_acts import Act, Fields, block, own_target, target_of
from bot.sandbox.graph_nodes import INBOX_APP, hand_over
from bot.sandbox.meta_send import echo, occur
from bot.sandbox.world import Comment, Entry, Occurrence, Thread, World

MID = {"messenger": "m_", "instagram": "aWdf"}
LIKE = 369239263222822  # thumbs-up, small
EDITS = 5
REACTIONS = {
    "❤": "love",
    "❤️": "love",
    "😆": "smile",
    "😮": "wow",
    "😢": "sad",
    "😠": "angry",
    "👍": "like",
    "👎": "dislike",
}
PROFILE_POST = {"messenger": "556677", "instagram": "17900000000000001"}


def _at(world: World, fields: Fields) -> datetime:
    """The time of the act: now, or `age_seconds` ago (a platform that delivers late)."""
    return world.now() - timedelta(seconds=float(fields.get("age_seconds", 0)))


def _opens(thread: Thread, at: datetime) -> None:
    thread.opened_at = max(thread.opened_at or at, at)


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _message(
    world: World,
    thread: Thread,
    fields: Fields,
    kind: str,
    content: Mapping[str, Any],
    view: dict[str, Any],
) -> Entry:
    at = _at(world, fields)
    mid = world.new_id(MID[thread.account.channel])
    reply_to = str(fields.get("reply_to", ""))
    message: dict[str, Any] = {"mid": mid, **content}
    if reply_to:
        message["reply_to"] = {"mid": reply_to}
        view["reply_to"] = reply_to
    _opens(thread, at)
    entry = world.add(thread, world.entry("person", kind, at=at, platform_id=mid, wire=message, view=view))
    occur(world, thread, "messages", {"message": message}, at=_ms(at))
    return entry


def text(world: World, thread: Thread, fields: Fields) -> Entry:
    words = str(fields.get("text", ""))
    if not words:
        raise BadInput("text is empty", field="text")
    return _message(world, thread, fields, "text", {"text": words}, {"text": words})


def quick_reply(world: World, thread: Thread, fields: Fields) -> Entry:
    title, payload = str(fields.get("title", "")), str(fields.get("payload", ""))
    content = {"text": title, "quick_reply": {"payload": payload}}
    return _message(world, thread, fields, "quick_reply", content, {"text": title})


def postback(world: World, thread: Thread, fields: Fields) -> Entry:
    """A tap on a button, on Get Started, on an ice breaker or in the menu."""
    at = _at(world, fields)
    mid = world.new_id(MID[thread.account.channel])
    title, payload = str(fields.get("title", "")), str(fields.get("payload", ""))
    event: dict[str, Any] = {"mid": mid, "title": title, "payload": payload}
    if fields.get("ref"):
        event["referral"] = {"ref": str(fields["ref"]), "source": "SHORTLINK", "type": "OPEN_THREAD"}
    _opens(thread, at)
    view = {"text": title, "is_tap": True}
    entry = world.add(
        thread, world.entry("person", "postback", at=at, platform_id=mid, wire=event, view=view)
    )
    occur(world, thread, "messaging_postbacks", {"postback": event}, at=_ms(at))
    return entry


def _attachment(kind: str) -> Act:
    def act(world: World, thread: Thread, fields: Fields) -> Entry:
        url = str(fields.get("url", ""))
        if not url:
            raise BadInput("url is empty", field="url")
        content: dict[str, Any] = {"attachments": [{"type": kind, "payload": {"url": url}}]}
        shown = (
            {"images": [{"url": url}]}
            if kind == "image"
            else {"files": [{"kind": kind, "url": url, "title": kind}]}
        )
        if fields.get("text") and thread.account.channel == "messenger":
            content["text"] = shown["text"] = str(fields["text"])  # type: ignore[assignment]
        return _message(world, thread, fields, kind, content, dict(shown))

    return act


def sticker(world: World, thread: Thread, fields: Fields) -> Entry:
    if thread.account.channel == "instagram":
        return _message(
            world, thread, fields, "sticker", {"attachments": [{"type": "like_heart"}]}, {"sticker": "❤️"}
        )
    payload = {"url": str(fields.get("url", "https://example.com/like.png")), "sticker_id": LIKE}
    content = {"attachments": [{"type": "sticker", "payload": payload}]}
    return _message(world, thread, fields, "sticker", content, {"sticker": "👍"})


def story_reply(world: World, thread: Thread, fields: Fields) -> Entry:
    words, url = str(fields.get("text", "")) or "❤️", str(fields.get("url", ""))
    story = {"url": url, "id": str(fields.get("story_id", "17900000000000042"))}
    content = {"text": words, "reply_to": {"story": story}}
    return _message(world, thread, fields, "story_reply", content, {"text": words, "story": url})


def story_mention(world: World, thread: Thread, fields: Fields) -> Entry:
    url = str(fields.get("url", ""))
    content = {"attachments": [{"type": "story_mention", "payload": {"url": url}}]}
    return _message(world, thread, fields, "story_mention", content, {"story": url})


def comment(world: World, thread: Thread, fields: Fields) -> Entry:
    """Under a post of the shop; `is_live` under a broadcast (Instagram). Permits one private reply."""
    account, person = thread.account, thread.person
    at = _at(world, fields)
    is_live = bool(fields.get("is_live", False))
    words = str(fields.get("text", ""))
    post = str(fields.get("post_id") or PROFILE_POST[account.channel])
    number = str(int(world.new_id(length=12), 16))
    comment_id = f"{post}_{number}" if account.channel == "messenger" else number
    world.comments[comment_id] = Comment(comment_id, account, person, post, at, words, is_live)
    if account.channel == "messenger":
        place = f"{account.id}_{post}"
        value: dict[str, Any] = {
            "item": "comment",
            "verb": "add",
            "comment_id": comment_id,
            "post_id": place,
            "parent_id": place,
            "from": {"id": person.id, "name": person.name},
            "message": words,
            "created_time": int(at.timestamp()),
        }
        field = "feed"
    else:
        field = "live_comments" if is_live else "comments"
        value = {
            "id": comment_id,
            "from": {"id": person.id, "username": person.username or person.name.lower().replace(" ", ".")},
            "text": words,
            "media": {"id": post, "media_product_type": "LIVE" if is_live else "FEED"},
        }
    view = {"text": words, "post": "live" if is_live else "post"}
    entry = world.add(
        thread, world.entry("person", "comment", at=at, platform_id=comment_id, wire=value, view=view)
    )
    world.emit(Occurrence(account, thread.key, field, value, "changes"))
    return entry


def end_live(world: World, thread: Thread, _fields: Fields) -> Entry:
    for one in world.comments.values():
        if one.account is thread.account and one.is_live:
            one.is_over = True
    return world.add(thread, world.entry("note", "live_over"))


def reaction(world: World, thread: Thread, fields: Fields) -> Entry:
    """On a message of either side; without an emoji it is taken back."""
    target, at, emoji = target_of(thread, fields), _at(world, fields), str(fields.get("emoji", ""))
    event: dict[str, Any] = {"mid": target.platform_id, "action": "react" if emoji else "unreact"}
    if emoji:
        event |= {"reaction": REACTIONS.get(emoji, "other"), "emoji": emoji}
    target.marks["reaction"] = emoji
    _opens(thread, at)
    world.changed(thread, target)
    occur(world, thread, "message_reactions", {"reaction": event}, at=_ms(at))
    return target


def edit(world: World, thread: Thread, fields: Fields) -> Entry:
    target, words = own_target(thread, fields), str(fields.get("text", ""))
    number = int(target.marks.get("edited", 0)) + 1
    if number > EDITS:
        raise BadInput(f"a message can be edited {EDITS} times")
    target.marks["edited"] = number
    target.view["text"] = words
    world.changed(thread, target)
    field = "message_edits" if thread.account.channel == "messenger" else "message_edit"
    event = {"message_edit": {"mid": target.platform_id, "text": words, "num_edit": number}}
    occur(world, thread, field, event, at=_ms(_at(world, fields)))
    return target


def unsend(world: World, thread: Thread, fields: Fields) -> Entry:
    target = own_target(thread, fields)
    target.marks["unsent"] = True
    target.view.clear()
    world.changed(thread, target)
    event = {"message": {"mid": target.platform_id, "is_deleted": True}}
    occur(world, thread, "messages", event, at=_ms(_at(world, fields)))
    return target


def read(world: World, thread: Thread, _fields: Fields) -> Entry:
    """Everything of the shop has been looked at."""
    unseen = [e for e in thread.entries if e.side in ("shop", "inbox") and not e.marks.get("seen")]
    if not unseen:
        return thread.entries[-1] if thread.entries else world.entry("note", "read")
    for entry in unseen:
        entry.marks["seen"] = True
        world.changed(thread, entry)
    last, now = unseen[-1], _ms(world.now())
    if thread.account.channel == "messenger":
        occur(world, thread, "message_reads", {"read": {"watermark": max(now, _ms(last.at))}}, at=now)
    else:
        occur(world, thread, "messaging_seen", {"read": {"mid": last.platform_id}}, at=now)
    return last


def referral(world: World, thread: Thread, fields: Fields) -> Entry:
    at, ref = _at(world, fields), str(fields.get("ref", "newsletter"))
    _opens(thread, at)
    field = "messaging_referrals" if thread.account.channel == "messenger" else "messaging_referral"
    event = {"referral": {"ref": ref, "source": "SHORTLINK", "type": "OPEN_THREAD"}}
    entry = world.add(thread, world.entry("note", "referral", at=at, view={"text": ref}))
    occur(world, thread, field, event, at=_ms(at))
    return entry


def inbox(world: World, thread: Thread, fields: Fields) -> Entry:
    """Somebody of the shop writes from the platform's own inbox."""
    words = str(fields.get("text", ""))
    if not words:
        raise BadInput("text is empty", field="text")
    mid = world.new_id(MID[thread.account.channel])
    entry = world.entry("inbox", "text", platform_id=mid, wire={"text": words}, view={"text": words})
    world.add(thread, entry)
    echo(world, thread, entry, app_id=INBOX_APP)
    return entry


def other_app(world: World, thread: Thread, fields: Fields) -> Entry:
    """Another app takes the thread (or, with `is_on` false, gives it back)."""
    is_on = bool(fields.get("is_on", True))
    hand_over(world, thread.account, thread.person.id, owner=INBOX_APP if is_on else "")
    return world.add(thread, world.entry("note", "other_app" if is_on else "our_app"))


COMMON: dict[str, Act] = {
    "text": text,
    "quick_reply": quick_reply,
    "postback": postback,
    "image": _attachment("image"),
    "video": _attachment("video"),
    "audio": _attachment("audio"),
    "file": _attachment("file"),
    "sticker": sticker,
    "comment": comment,
    "reaction": reaction,
    "edit": edit,
    "unsend": unsend,
    "read": read,
    "referral": referral,
    "inbox": inbox,
    "block": block,
    "other_app": other_app,
}
MESSENGER = COMMON
INSTAGRAM = {**COMMON, "story_reply": story_reply, "story_mention": story_mention, "end_live": end_live}
