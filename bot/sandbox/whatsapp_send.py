"""POST /{phone number id}/messages of the WhatsApp Cloud API; failures of delivery follow as statuses."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from bot.sandbox.accounts import Account
from bot.sandbox.meta_content import address
from bot.sandbox.refusals import Refused
from bot.sandbox.world import Entry, Occurrence, Thread, World

WINDOW = timedelta(hours=24)
TEXT, BODY, HEADER, CALLBACK = 4096, 1024, 60, 512
BUTTONS, BUTTON_TITLE, BUTTON_ID = 3, 20, 256
ROWS, ROW_TITLE, ROW_TEXT, ROW_ID, SECTIONS, SECTION_TITLE = 10, 24, 72, 200, 10, 24
TYPING_SECONDS = 25
FAILURES = {
    131047: "Re-engagement message",
    131026: "Message undeliverable",
}
Accept = Callable[[], None]


def send(world: World, account: Account, body: Mapping[str, Any]) -> tuple[dict[str, Any], Accept | None]:
    """(answer, what happens when it is taken).

    Raises:
        Refused: as the platform refuses it.
    """
    if body.get("messaging_product") != "whatsapp":
        raise Refused("parameter", "The parameter messaging_product is required.")
    if "whatsapp_business_messaging" not in account.permissions:
        raise Refused("permission", "whatsapp_business_messaging")
    if body.get("status") == "read":
        return _read(world, account, body), None
    kind = body.get("type", "text")
    view = _content(account, kind, body)
    callback = body.get("biz_opaque_callback_data", "")
    if not isinstance(callback, str) or len(callback) > CALLBACK:
        raise Refused("whatsapp.parameter", f"biz_opaque_callback_data is longer than {CALLBACK} characters")
    to = str(body.get("to") or body.get("recipient") or "")
    if not to:
        raise Refused("whatsapp.missing", "to or recipient")
    number = to.removeprefix("+")
    if number == account.phone:
        raise Refused("whatsapp.self")
    thread = _thread(world, account, number)
    wamid = world.new_id("wamid.HBgN")
    contact = {"input": to, "wa_id": number} if "to" in body else {"input": to, "user_id": to}
    said = {"messaging_product": "whatsapp", "contacts": [contact], "messages": [{"id": wamid}]}
    context = body.get("context")
    if isinstance(context, Mapping):
        view["reply_to"] = str(context.get("message_id", ""))
    entry = world.entry(
        "shop",
        str(kind),
        platform_id=wamid,
        own_id=callback,
        wire={
            name: value for name, value in body.items() if name not in ("messaging_product", "recipient_type")
        },
        view=view,
    )
    return said, lambda: _accept(world, account, thread, entry, number)


def _thread(world: World, account: Account, number: str) -> Thread | None:
    found = world.thread(account, number)
    if found is not None:
        return found
    mine = (t for t in world.threads.values() if t.account is account and t.person.user_id)
    return next((t for t in mine if t.person.user_id == number), None)


def _accept(world: World, account: Account, thread: Thread | None, entry: Entry, number: str) -> None:
    if thread is None:  # a number nobody has: accepted, then undeliverable
        _status(world, account, number, entry, "failed", code=131026)
        return
    world.typing(thread, is_on=False)
    world.add(thread, entry)
    is_open = thread.opened_at is not None and world.now() - thread.opened_at <= WINDOW
    if thread.is_blocked or not (is_open or entry.kind == "template"):
        code = 131026 if thread.is_blocked else 131047
        entry.marks["failed"] = code
        world.changed(thread, entry)
        _status(world, account, number, entry, "failed", code=code)
        return
    _status(world, account, number, entry, "sent")
    entry.marks["delivered"] = True
    world.changed(thread, entry)
    _status(world, account, number, entry, "delivered")


def seen(world: World, thread: Thread, entry: Entry) -> None:
    """The person has looked at a message of the shop."""
    _status(world, thread.account, thread.person.id, entry, "read")


def _status(world: World, account: Account, number: str, entry: Entry, state: str, *, code: int = 0) -> None:
    status: dict[str, Any] = {
        "id": entry.platform_id,
        "status": state,
        "timestamp": str(int(world.now().timestamp())),
        "recipient_id": number,
    }
    if entry.own_id:
        status["biz_opaque_callback_data"] = entry.own_id
    if code:
        status["errors"] = [
            {
                "code": code,
                "title": FAILURES[code],
                "message": FAILURES[code],
                "error_data": {
                    "details": "More than 24 hours have passed since the customer last replied to this number."
                    if code == 131047
                    else "Message undeliverable."
                },
            }
        ]
    else:
        status["pricing"] = {"billable": False, "pricing_model": "PMP", "category": "service"}
    world.emit(
        Occurrence(
            account, f"{account.key}:{number}", "messages", value(account, {"statuses": [status]}), "changes"
        )
    )


def value(account: Account, content: Mapping[str, Any]) -> dict[str, Any]:
    """The `value` of a change: what it is about, for which number."""
    metadata = {"display_phone_number": account.phone, "phone_number_id": account.id}
    return {"messaging_product": "whatsapp", "metadata": metadata, **content}


def _read(world: World, account: Account, body: Mapping[str, Any]) -> dict[str, Any]:
    wamid = str(body.get("message_id", ""))
    thread = world.thread_with(account, wamid)
    entry = thread.find(wamid) if thread else None
    if thread is None or entry is None:
        raise Refused("whatsapp.parameter", "message_id names no message received by this number")
    for earlier in thread.entries:
        if earlier.side == "person" and earlier.number <= entry.number and not earlier.marks.get("seen"):
            earlier.marks["seen"] = True
            world.changed(thread, earlier)
    if body.get("typing_indicator"):
        world.typing(thread, is_on=True, seconds=TYPING_SECONDS)
    return {"success": True}


def _content(account: Account, kind: Any, body: Mapping[str, Any]) -> dict[str, Any]:
    shower = CONTENTS.get(str(kind))
    if shower is None:
        raise Refused("whatsapp.type", f"{kind!r}")
    content = body.get(str(kind))
    if not isinstance(content, Mapping):
        raise Refused("whatsapp.missing", str(kind))
    return shower(account, content)


def _words(content: Mapping[str, Any], name: str, limit: int, *, is_needed: bool = True) -> str:
    text = content.get(name, "")
    if is_needed and (not isinstance(text, str) or not text.strip()):
        raise Refused("whatsapp.missing", f"{name} must be a non-empty string")
    if not isinstance(text, str) or len(text) > limit:
        raise Refused("whatsapp.parameter", f"{name} must be at most {limit} characters")
    return text


def _text(_account: Account, content: Mapping[str, Any]) -> dict[str, Any]:
    return {"text": _words(content, "body", TEXT)}


def _media_of(content: Mapping[str, Any]) -> str:
    if content.get("id"):
        return ""
    try:
        return address(content.get("link"), "link")
    except Refused as refused:
        raise Refused("whatsapp.parameter", refused.detail) from refused


def _image(_account: Account, content: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "images": [{"url": _media_of(content)}],
        "text": _words(content, "caption", BODY, is_needed=False),
    }


def _file(kind: str) -> Callable[[Account, Mapping[str, Any]], dict[str, Any]]:
    def show(_account: Account, content: Mapping[str, Any]) -> dict[str, Any]:
        url = _media_of(content)
        title = str(content.get("filename") or url.rsplit("/", 1)[-1] or kind)
        return {
            "files": [{"kind": kind, "url": url, "title": title}],
            "text": _words(content, "caption", BODY, is_needed=False),
        }

    return show


def _location(_account: Account, content: Mapping[str, Any]) -> dict[str, Any]:
    if not {"latitude", "longitude"} <= set(content):
        raise Refused("whatsapp.missing", "latitude and longitude")
    return {"text": str(content.get("name") or f"{content['latitude']}, {content['longitude']}")}


def _reaction(_account: Account, content: Mapping[str, Any]) -> dict[str, Any]:
    if not content.get("message_id"):
        raise Refused("whatsapp.missing", "reaction.message_id")
    return {"sticker": str(content.get("emoji", ""))}


def _template(account: Account, content: Mapping[str, Any]) -> dict[str, Any]:
    name, language = content.get("name"), content.get("language")
    code = language.get("code") if isinstance(language, Mapping) else None
    if not code:
        raise Refused("whatsapp.missing", "template.language.code")
    if account.templates.get(str(name)) != code:
        raise Refused("whatsapp.template", f"template name ({name}) does not exist in {code}")
    values = [
        str(parameter.get("text", ""))
        for component in content.get("components", [])
        if component.get("type") == "body"
        for parameter in component.get("parameters", [])
    ]
    return {"text": f"[{name}] {' · '.join(values)}".strip(), "footer": "template"}


def _interactive(_account: Account, content: Mapping[str, Any]) -> dict[str, Any]:
    kind, action, body = content.get("type"), content.get("action"), content.get("body")
    if not isinstance(action, Mapping):
        raise Refused("whatsapp.missing", "interactive.action")
    if not isinstance(body, Mapping):
        raise Refused("whatsapp.missing", "interactive.body")
    view: dict[str, Any] = {"text": _words(body, "text", BODY)}
    footer, header = content.get("footer"), content.get("header")
    if isinstance(footer, Mapping):
        view["footer"] = _words(footer, "text", HEADER)
    if isinstance(header, Mapping):
        view |= _header(header)
    shower = INTERACTIVE.get(str(kind))
    if shower is None:
        raise Refused("whatsapp.parameter", f"interactive.type {kind!r}")
    return view | shower(action)


def _header(header: Mapping[str, Any]) -> dict[str, Any]:
    kind = header.get("type")
    if kind == "text":
        return {"header": _words(header, "text", HEADER)}
    if kind not in ("image", "video", "document"):
        raise Refused("whatsapp.parameter", f"interactive.header.type {kind!r}")
    media = header.get(str(kind))
    url = _media_of(media if isinstance(media, Mapping) else {})
    return (
        {"images": [{"url": url}]}
        if kind == "image"
        else {"files": [{"kind": kind, "url": url, "title": url}]}
    )


def _unique(values: list[str], what: str) -> None:
    if len(set(values)) != len(values):
        raise Refused("whatsapp.parameter", f"Duplicated {what}")


def _buttons(action: Mapping[str, Any]) -> dict[str, Any]:
    buttons = action.get("buttons")
    if not isinstance(buttons, list) or not 0 < len(buttons) <= BUTTONS:
        raise Refused("whatsapp.parameter", f"Invalid buttons count. Min allowed buttons: 1, Max: {BUTTONS}")
    found = []
    for button in buttons:
        reply = button.get("reply") if isinstance(button, Mapping) and button.get("type") == "reply" else None
        if not isinstance(reply, Mapping):
            raise Refused("whatsapp.parameter", "buttons take type reply")
        title, payload = _words(reply, "title", BUTTON_TITLE), _words(reply, "id", BUTTON_ID)
        found.append({"title": title, "kind": "reply", "payload": payload, "url": ""})
    _unique([button["title"] for button in found], "Button Title")
    _unique([button["payload"] for button in found], "Reply id")
    return {"buttons": found}


def _list(action: Mapping[str, Any]) -> dict[str, Any]:
    label, sections = _words(action, "button", BUTTON_TITLE), action.get("sections")
    if not isinstance(sections, list) or not 0 < len(sections) <= SECTIONS:
        raise Refused("whatsapp.parameter", f"sections: 1 to {SECTIONS}")
    shown: list[dict[str, Any]] = []
    for section in sections:
        title = _words(section, "title", SECTION_TITLE, is_needed=len(sections) > 1)
        rows = [
            {
                "id": _words(row, "id", ROW_ID),
                "title": _words(row, "title", ROW_TITLE),
                "description": _words(row, "description", ROW_TEXT, is_needed=False),
            }
            for row in section.get("rows", [])
        ]
        shown.append({"title": title, "rows": rows})
    ids = [row["id"] for section in shown for row in section["rows"]]
    if not 0 < len(ids) <= ROWS:
        raise Refused("whatsapp.parameter", f"Total row count exceed max allowed count: {ROWS}")
    _unique(ids, "row id")
    return {"list": {"button": label, "sections": shown}}


def _link(action: Mapping[str, Any]) -> dict[str, Any]:
    parameters = action.get("parameters")
    if not isinstance(parameters, Mapping):
        raise Refused("whatsapp.missing", "action.parameters")
    try:
        url = address(parameters.get("url"), "action.parameters.url")
    except Refused as refused:
        raise Refused("whatsapp.parameter", refused.detail) from refused
    title = _words(parameters, "display_text", BUTTON_TITLE)
    return {"buttons": [{"title": title, "kind": "url", "payload": "", "url": url}]}


INTERACTIVE: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "button": _buttons,
    "list": _list,
    "cta_url": _link,
}
CONTENTS: dict[str, Callable[[Account, Mapping[str, Any]], dict[str, Any]]] = {
    "text": _text,
    "image": _image,
    "video": _file("video"),
    "audio": _file("audio"),
    "document": _file("document"),
    "sticker": _file("sticker"),
    "location": _location,
    "reaction": _reaction,
    "interactive": _interactive,
    "template": _template,
}
