"""POST /{page | me | account}/messages: who may be written to, when, and what comes back."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from bot.sandbox import meta_content
from bot.sandbox.accounts import Account
from bot.sandbox.refusals import Refused
from bot.sandbox.world import Comment, Entry, Occurrence, Thread, World

WINDOW = timedelta(hours=24)
HUMAN_AGENT = timedelta(days=7)
PRIVATE_REPLY = timedelta(days=7)
TYPING_SECONDS = 20
TYPES = ("RESPONSE", "UPDATE", "MESSAGE_TAG", "UTILITY")
RETIRED = ("CONFIRMED_EVENT_UPDATE", "ACCOUNT_UPDATE", "POST_PURCHASE_UPDATE")
ACTIONS = ("mark_seen", "typing_on", "typing_off", "react", "unreact")
MESSAGING = {
    "messenger": ("pages_messaging",),
    "instagram": ("instagram_manage_messages", "instagram_business_manage_messages"),
}
COMMENTS = {
    "messenger": ("pages_messaging",),
    "instagram": ("instagram_manage_comments", "instagram_business_manage_comments"),
}


def send(
    world: World, account: Account, body: Mapping[str, Any]
) -> tuple[dict[str, Any], Thread | None, Entry | None]:
    """(answer, thread, entry) of a call; no entry when it was a sender action.

    Raises:
        Refused: as the platform refuses it.
    """
    recipient = body.get("recipient")
    if not isinstance(recipient, Mapping) or not recipient:
        raise Refused("parameter", "The parameter recipient is required")
    message, action = body.get("message"), body.get("sender_action")
    if action is not None:
        return _act(world, account, recipient, body)
    if not isinstance(message, Mapping):
        raise Refused("parameter", "param message must be non-empty.")
    need(account, MESSAGING[account.channel])
    view, warnings = meta_content.check(message, account.channel)
    if "comment_id" in recipient or "post_id" in recipient:
        thread = _private_reply(
            world, account, str(recipient.get("comment_id") or recipient["post_id"]), view
        )
    else:
        thread = person_of(world, account, recipient.get("id"))
        _check_window(world, thread, body)
    reply_to = body.get("reply_to")
    if isinstance(reply_to, Mapping):
        view["reply_to"] = str(reply_to.get("mid", ""))
    mid = world.new_id("m_" if account.channel == "messenger" else "aWdf")
    entry = world.entry(
        "shop",
        str(body.get("tag") or body.get("messaging_type") or "RESPONSE"),
        platform_id=mid,
        own_id=str(message.get("metadata", "")),
        wire=message,
        view=view,
        warnings=warnings,
    )
    return {"recipient_id": thread.person.id, "message_id": mid}, thread, entry


def accept(world: World, thread: Thread, entry: Entry) -> None:
    """Show the message and tell the product what the platform tells: echo and, on Messenger, delivery."""
    world.typing(thread, is_on=False)
    world.add(thread, entry)
    echo(world, thread, entry, app_id=thread.account.app_id)
    if thread.account.channel == "messenger" and thread.opened_at is not None:
        entry.marks["delivered"] = True
        world.changed(thread, entry)
        watermark = ms(entry)
        occur(
            world,
            thread,
            "message_deliveries",
            {"delivery": {"mids": [entry.platform_id], "watermark": watermark}},
            at=watermark,
        )


def echo(world: World, thread: Thread, entry: Entry, *, app_id: str) -> None:
    """The copy of what was said on the shop's side; Instagram tells neither the app nor its metadata."""
    account = thread.account
    message: dict[str, Any] = {"mid": entry.platform_id, "is_echo": True}
    if account.channel == "messenger":
        if app_id:
            message["app_id"] = int(app_id)
        if entry.own_id:
            message["metadata"] = entry.own_id
    if entry.wire.get("text"):
        message["text"] = entry.wire["text"]
    attachment = entry.wire.get("attachment")
    if attachment:
        message["attachments"] = [attachment]
    field = "message_echoes" if account.channel == "messenger" else "messages"
    occur(world, thread, field, {"message": message}, at=ms(entry), is_from_shop=True)


def ms(entry: Entry) -> int:
    """The entry's time as the platforms write it."""
    return int(entry.at.timestamp() * 1000)


def occur(
    world: World,
    thread: Thread,
    field: str,
    event: Mapping[str, Any],
    *,
    at: int,
    is_from_shop: bool = False,
) -> None:
    """Send an event of a thread on its way, to `standby` while another app controls the thread."""
    shop, person = {"id": thread.account.id}, {"id": thread.person.id}
    sender, recipient = (shop, person) if is_from_shop else (person, shop)
    payload = {"sender": sender, "recipient": recipient, "timestamp": at, **event}
    place = "messaging"
    if thread.owner and "pass_thread_control" not in event and "take_thread_control" not in event:
        place, field = "standby", "standby"
        if "postback" in event:
            payload["postback"] = {k: v for k, v in event["postback"].items() if k != "payload"}
    world.emit(Occurrence(thread.account, thread.key, field, payload, place))


def need(account: Account, permissions: tuple[str, ...]) -> None:
    """Refuse unless the token has one of the permissions.

    Raises:
        Refused: it has none.
    """
    if not account.permissions.intersection(permissions):
        raise Refused("permission", permissions[0])


def person_of(world: World, account: Account, person_id: Any) -> Thread:
    """The thread with a person the account may know and write to.

    Raises:
        Refused: nobody of that id, or they have blocked the shop.
    """
    thread = world.thread(account, str(person_id)) if person_id else None
    if thread is None:
        raise Refused("person.unknown" if account.channel == "messenger" else "person.unknown.instagram")
    if thread.is_blocked:
        raise Refused("person.blocked")
    return thread


def _check_window(world: World, thread: Thread, body: Mapping[str, Any]) -> None:
    account = thread.account
    kind, tag = body.get("messaging_type", "RESPONSE"), body.get("tag")
    if kind not in TYPES:
        raise Refused("parameter", f"Param messaging_type must be one of {{{', '.join(TYPES)}}}")
    if tag in RETIRED:
        raise Refused("parameter.bare")
    if tag not in (None, "HUMAN_AGENT", "CUSTOMER_FEEDBACK"):
        raise Refused("parameter", f"Param tag cannot be {tag!r}")
    if kind == "MESSAGE_TAG" and tag is None:
        raise Refused("parameter", "Param tag is required for messaging_type MESSAGE_TAG")
    if tag == "HUMAN_AGENT" and not account.has_human_agent:
        raise Refused("human_agent.not_allowed")
    if thread.owner:
        raise Refused(f"thread.owner.{account.channel}")
    allowed = HUMAN_AGENT if tag else WINDOW
    if thread.opened_at is None or world.now() - thread.opened_at > allowed:
        raise Refused(f"window.{account.channel}")


def _private_reply(world: World, account: Account, comment_id: str, view: Mapping[str, Any]) -> Thread:
    need(account, COMMENTS[account.channel])
    comment = world.comments.get(comment_id)
    if comment is None or comment.account is not account:
        raise Refused("comment.unknown" if account.channel == "messenger" else "private_reply.instagram")
    why = _why_not(world, comment)
    if why and account.channel == "instagram":
        raise Refused("private_reply.instagram", why)
    if why:
        raise Refused(
            "private_reply.used.messenger" if comment.is_answered else "private_reply.old.messenger", why
        )
    if account.channel == "instagram" and set(view) - {"text"}:
        raise Refused("parameter", "a private reply on Instagram holds text only")
    comment.is_answered = True
    return world.meet(account, comment.person)


def _why_not(world: World, comment: Comment) -> str:
    if comment.is_answered:
        return "answered already"
    if world.now() - comment.at > PRIVATE_REPLY:
        return "older than 7 days"
    return "the broadcast is over" if comment.is_live and comment.is_over else ""


def _act(
    world: World, account: Account, recipient: Mapping[str, Any], body: Mapping[str, Any]
) -> tuple[dict[str, Any], Thread | None, Entry | None]:
    action = body["sender_action"]
    beside = sorted({"message", "reply_to", "tag"} & set(body))
    if beside:
        raise Refused("action.beside_message", f"Found: {', '.join(beside)}")
    if action not in ACTIONS:
        raise Refused("parameter", f"Param sender_action must be one of {{{', '.join(ACTIONS)}}}")
    need(account, MESSAGING[account.channel])
    thread = person_of(world, account, recipient.get("id"))
    if action in ("typing_on", "typing_off"):
        world.typing(thread, is_on=action == "typing_on", seconds=TYPING_SECONDS)
    elif action == "mark_seen":
        for entry in thread.entries:
            if entry.side == "person" and not entry.marks.get("seen"):
                entry.marks["seen"] = True
                world.changed(thread, entry)
    else:
        given = body.get("payload")
        payload: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
        target = thread.find(str(payload.get("message_id", "")))
        if target is None:
            raise Refused("parameter", "Param payload[message_id] names no message of this thread")
        target.marks["shop_reaction"] = payload.get("reaction", "❤") if action == "react" else ""
        world.changed(thread, target)
    return {"recipient_id": thread.person.id}, None, None
