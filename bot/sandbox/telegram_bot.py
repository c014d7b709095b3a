"""Telegram's Bot API: /bot<token>/<method>."""

import hmac
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from bot.sandbox.accounts import Account
from bot.sandbox.calls import Answer, Call
from bot.sandbox.faults import NOT_ACCEPTED
from bot.sandbox.meta_content import address
from bot.sandbox.refusals import BotRefused, Refused, bot_body
from bot.sandbox.telegram_markup import keyboard, plain, size
from bot.sandbox.world import Entry, Thread, World

PATH = re.compile(r"bot(?P<token>\d+:[\w-]+)/(?P<method>[A-Za-z]+)")
TEXT, CAPTION = 4096, 1024
ALBUM = (2, 10)
TYPING_SECONDS = 5
ACTIONS = frozenset(
    {
        "typing",
        "upload_photo",
        "record_video",
        "upload_video",
        "record_voice",
        "upload_voice",
        "upload_document",
    }
    | {"choose_sticker", "find_location", "record_video_note", "upload_video_note"}
)
SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
Given = Mapping[str, Any]


def answer(world: World, call: Call) -> Answer | None:
    """What the Bot API says; None when the address is not one of its."""
    found = PATH.fullmatch(call.path)
    if found is None:
        return None
    account: Account | None = None
    try:
        account = _account(world, found["token"])
        method = METHODS.get(found["method"].lower())
        if method is None:
            raise BotRefused(404, "Not Found")
        given = {**call.query, **call.body}
        if found["method"].lower() in SENDING:
            return _send(world, account, method, given)
        return Answer({"ok": True, "result": method(world, account, given)})
    except BotRefused as refused:
        if account is not None:
            world.count(account, refused.answer.description)
        return Answer(bot_body(refused.answer), refused.answer.code)


def _account(world: World, token: str) -> Account:
    for account in world.accounts.values():
        if account.channel == "telegram" and hmac.compare_digest(account.token.encode(), token.encode()):
            if world.faults[account.key].dead_token:
                raise BotRefused(401, "Unauthorized")
            return account
    raise BotRefused(401, "Unauthorized")


def _too_many(seconds: int) -> BotRefused:
    return BotRefused(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)


def _send(world: World, account: Account, method: "Method", given: Given) -> Answer:
    faults = world.faults[account.key]
    fault = faults.of_call()
    if fault:
        world.count(account, fault)
    if fault == "throttle":
        raise _too_many(faults.throttle_seconds or 60 * faults.throttle_minutes)
    if fault == "error":
        raise BotRefused(500, "Internal Server Error")
    if fault in NOT_ACCEPTED:
        return Answer({}, fault=fault)
    if world.is_too_fast(account):
        raise _too_many(1)
    result = method(world, account, given)
    world.count(account, "accepted")
    seconds = {"hang": faults.hang_seconds, "slow": faults.slow_seconds}.get(fault, 0.0)
    return Answer({"ok": True, "result": result}, fault=fault, seconds=seconds)


# --- the bot and its webhook


def bot_user(account: Account) -> dict[str, Any]:
    return {"id": int(account.id), "is_bot": True, "first_name": account.name, "username": account.username}


def _get_me(_world: World, account: Account, _given: Given) -> Any:
    return bot_user(account) | {"can_join_groups": True, "supports_inline_queries": False}


def _set_webhook(_world: World, account: Account, given: Given) -> Any:
    url = str(given.get("url", ""))
    if url:
        try:
            address(url, "url")
        except Refused as refused:
            raise BotRefused(
                400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook"
            ) from refused
    secret = str(given.get("secret_token", ""))
    if secret and not SECRET.fullmatch(secret):
        raise BotRefused(400, "Bad Request: secret token contains unallowed characters")
    allowed = given.get("allowed_updates")
    account.profile["allowed_updates"] = json.loads(allowed) if isinstance(allowed, str) else allowed or []
    account.webhook, account.secret_token = url, secret
    return True


def _delete_webhook(_world: World, account: Account, _given: Given) -> Any:
    account.webhook = account.secret_token = ""
    return True


def _webhook_info(_world: World, account: Account, _given: Given) -> Any:
    return {
        "url": account.webhook,
        "has_custom_certificate": False,
        "pending_update_count": 0,
        "max_connections": 40,
        "allowed_updates": account.profile.get("allowed_updates", []),
    }


# --- saying something


def chat_of(thread: Thread) -> dict[str, Any]:
    first, _, last = thread.person.name.partition(" ")
    return {"id": int(thread.person.id), "type": "private", "first_name": first, "last_name": last}


def _thread(world: World, account: Account, given: Given) -> Thread:
    chat = str(given.get("chat_id", ""))
    if not chat:
        raise BotRefused(400, "Bad Request: chat_id is empty")
    thread = world.thread(account, chat)
    if thread is None:
        raise BotRefused(400, "Bad Request: chat not found")
    if thread.is_blocked:
        raise BotRefused(403, "Forbidden: bot was blocked by the user")
    if thread.opened_at is None:
        raise BotRefused(403, "Forbidden: bot can't initiate conversation with a user")
    return thread


def _words(given: Given, name: str, limit: int, *, is_needed: bool) -> str:
    words = plain(str(given.get(name, "")), str(given.get("parse_mode", "")))
    if is_needed and not words.strip():
        raise BotRefused(400, "Bad Request: message text is empty")
    if size(words) > limit:
        raise BotRefused(
            400,
            "Bad Request: message is too long"
            if name == "text"
            else "Bad Request: message caption is too long",
        )
    return words


def _say(world: World, thread: Thread, given: Given, kind: str, view: dict[str, Any], content: Given) -> Any:
    view |= keyboard(given.get("reply_markup"))
    reply = given.get("reply_parameters") or given.get("reply_to_message_id")
    if isinstance(reply, Mapping):
        reply = reply.get("message_id")
    if reply:
        view["reply_to"] = str(reply)
    number = world.new_number()
    wire = {name: value for name, value in given.items() if name != "chat_id"}
    entry = world.entry("shop", kind, platform_id=str(number), wire=wire, view=view)
    entry.warnings += _warnings(view)
    world.typing(thread, is_on=False)
    world.add(thread, entry)
    return message_of(thread, entry, content)


def _warnings(view: Mapping[str, Any]) -> list[str]:
    pictures = [image["url"] for image in view.get("images", [])]
    return [
        f"{url}: the platform takes no SVG as a photo"
        for url in pictures
        if url.split("?")[0].endswith(".svg")
    ]


def message_of(thread: Thread, entry: Entry, content: Given) -> dict[str, Any]:
    """A message of the bot as answers and callback queries hold it."""
    return {
        "message_id": int(entry.platform_id),
        "from": bot_user(thread.account),
        "chat": chat_of(thread),
        "date": int(entry.at.timestamp()),
        **content,
    }


def _send_message(world: World, account: Account, given: Given) -> Any:
    text = _words(given, "text", TEXT, is_needed=True)
    return _say(world, _thread(world, account, given), given, "text", {"text": text}, {"text": text})


def _file_url(given: Given, name: str) -> str:
    value = given.get(name)
    if not value:
        raise BotRefused(400, f"Bad Request: there is no {name} in the request")
    if not str(value).startswith(("http://", "https://")):
        return ""  # a file_id
    try:
        return address(value, name)
    except Refused as refused:
        raise BotRefused(400, "Bad Request: wrong file identifier/HTTP URL specified") from refused


def _send_photo(world: World, account: Account, given: Given) -> Any:
    url = _file_url(given, "photo")
    caption = _words(given, "caption", CAPTION, is_needed=False)
    thread = _thread(world, account, given)
    sizes = [
        {"file_id": world.new_id("AgAC"), "file_unique_id": world.new_id("AQ"), "width": 320, "height": 240}
    ]
    view = {"images": [{"url": url}], "text": caption}
    return _say(world, thread, given, "photo", view, {"photo": sizes, "caption": caption})


def _send_file(name: str) -> "Method":
    def send(world: World, account: Account, given: Given) -> Any:
        url = _file_url(given, name)
        caption = _words(given, "caption", CAPTION, is_needed=False)
        thread = _thread(world, account, given)
        view = {
            "files": [{"kind": name, "url": url, "title": url.rsplit("/", 1)[-1] or name}],
            "text": caption,
        }
        content = {
            name: {"file_id": world.new_id("BQAC"), "file_unique_id": world.new_id("AQ")},
            "caption": caption,
        }
        return _say(world, thread, given, name, view, content)

    return send


def _send_album(world: World, account: Account, given: Given) -> Any:
    media = given.get("media")
    items = json.loads(media) if isinstance(media, str) else media
    least, most = ALBUM
    if not isinstance(items, list) or not least <= len(items) <= most:
        raise BotRefused(400, "Bad Request: wrong number of media in the album")
    thread = _thread(world, account, given)
    said = []
    for item in items:
        url = _file_url(item, "media")
        caption = _words(item, "caption", CAPTION, is_needed=False)
        view = {"images": [{"url": url}], "text": caption}
        said.append(
            _say(world, thread, {**item, "chat_id": given["chat_id"]}, "photo", view, {"caption": caption})
        )
    return said


def _send_location(world: World, account: Account, given: Given) -> Any:
    place = {"latitude": float(given["latitude"]), "longitude": float(given["longitude"])}
    thread = _thread(world, account, given)
    view = {"text": f"📍 {place['latitude']}, {place['longitude']}"}
    return _say(world, thread, given, "location", view, {"location": place})


# --- besides


def _action(world: World, account: Account, given: Given) -> Any:
    if given.get("action") not in ACTIONS:
        raise BotRefused(400, "Bad Request: wrong parameter action in request")
    world.typing(_thread(world, account, given), is_on=True, seconds=TYPING_SECONDS)
    return True


def _answer_callback(world: World, account: Account, given: Given) -> Any:
    query = str(given.get("callback_query_id", ""))
    thread = world.thread_with(account, f"tap:{query}")
    entry = thread.find(f"tap:{query}") if thread else None
    if thread is None or entry is None:
        raise BotRefused(
            400, "Bad Request: query is too old and response timeout expired or query ID is invalid"
        )
    if size(str(given.get("text", ""))) > 200:
        raise BotRefused(400, "Bad Request: MESSAGE_TOO_LONG")
    entry.marks["answered"] = True
    world.changed(thread, entry)
    return True


def _own_message(world: World, account: Account, given: Given) -> tuple[Thread, Entry]:
    thread = _thread(world, account, given)
    entry = thread.find(str(given.get("message_id", "")))
    if entry is None or entry.side != "shop":
        raise BotRefused(400, "Bad Request: message to edit not found")
    return thread, entry


def _edit(world: World, account: Account, given: Given) -> Any:
    thread, entry = _own_message(world, account, given)
    changed = {name: value for name, value in entry.view.items() if name not in ("buttons", "quick_replies")}
    if "text" in given:
        changed["text"] = _words(given, "text", TEXT, is_needed=True)
        entry.marks["edited"] = int(entry.marks.get("edited", 0)) + 1
    changed |= keyboard(given.get("reply_markup"))
    if changed == entry.view:
        raise BotRefused(400, "Bad Request: message is not modified")
    entry.view = changed
    world.changed(thread, entry)
    return message_of(thread, entry, {"text": changed.get("text", "")})


def _get_file(world: World, _account: Account, given: Given) -> Any:
    media = world.media.get(str(given.get("file_id", "")))
    if media is None:
        raise BotRefused(400, "Bad Request: invalid file_id")
    path = f"photos/{media.id}.{media.content_type.rsplit('/', 1)[-1]}"
    return {
        "file_id": media.id,
        "file_unique_id": media.id,
        "file_size": len(media.content),
        "file_path": path,
    }


def _set_commands(_world: World, account: Account, given: Given) -> Any:
    commands = given.get("commands")
    items = json.loads(commands) if isinstance(commands, str) else commands
    for item in items or []:
        if not re.fullmatch(r"[a-z0-9_]{1,32}", item.get("command", "")):
            raise BotRefused(400, "Bad Request: BOT_COMMAND_INVALID")
        if not 1 <= len(item.get("description", "")) <= 256:
            raise BotRefused(400, "Bad Request: BOT_COMMAND_DESCRIPTION_INVALID")
    account.profile["commands"] = items or []
    return True


def _get_chat(world: World, account: Account, given: Given) -> Any:
    return chat_of(_thread(world, account, given))


def _no_photos(_world: World, _account: Account, _given: Given) -> Any:
    return {"total_count": 0, "photos": []}


def _agree(_world: World, _account: Account, _given: Given) -> Any:
    return True


Method = Callable[[World, Account, Given], Any]
SAYING: dict[str, Method] = {
    "sendmessage": _send_message,
    "sendphoto": _send_photo,
    "senddocument": _send_file("document"),
    "sendvideo": _send_file("video"),
    "sendaudio": _send_file("audio"),
    "sendvoice": _send_file("voice"),
    "sendmediagroup": _send_album,
    "sendlocation": _send_location,
}
SENDING = frozenset(SAYING)
METHODS: dict[str, Method] = {
    **SAYING,
    "getme": _get_me,
    "setwebhook": _set_webhook,
    "deletewebhook": _delete_webhook,
    "getwebhookinfo": _webhook_info,
    "sendchataction": _action,
    "answercallbackquery": _answer_callback,
    "editmessagetext": _edit,
    "editmessagereplymarkup": _edit,
    "getfile": _get_file,
    "setmycommands": _set_commands,
    "getchat": _get_chat,
    "getuserprofilephotos": _no_photos,
    "setmydescription": _agree,
    "setmyshortdescription": _agree,
    "setchatmenubutton": _agree,
}
