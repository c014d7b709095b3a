"""What a message on Messenger or Instagram may hold, and how a phone shows it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from bot.sandbox.refusals import Refused

METADATA, PAYLOAD = 1000, 1000
QUICK_REPLIES, QUICK_REPLY_TITLE = 13, 20
ELEMENTS, ELEMENT_TEXT, BUTTONS, BUTTON_TITLE, BUTTON_TEXT = 10, 80, 3, 20, 640
LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Rules:
    """One row a channel."""

    text_limit: int
    text_unit: str
    attachments: frozenset[str]
    templates: frozenset[str]
    buttons: frozenset[str]
    quick_replies: frozenset[str]
    images: int


RULES = {
    "messenger": Rules(
        2000,
        "characters",
        frozenset({"image", "audio", "video", "file", "template"}),
        frozenset({"generic", "button", "media", "receipt", "customer_feedback", "product"}),
        frozenset({"web_url", "postback", "phone_number", "account_link", "account_unlink"}),
        frozenset({"text", "user_phone_number", "user_email"}),
        30,
    ),
    "instagram": Rules(
        1000,
        "bytes",
        frozenset({"image", "audio", "video", "file", "template", "like_heart", "MEDIA_SHARE"}),
        frozenset({"generic", "button", "product"}),
        frozenset({"web_url", "postback"}),
        frozenset({"text"}),
        10,
    ),
}


def check(message: Mapping[str, Any], channel: str) -> tuple[dict[str, Any], list[str]]:
    """(view, warnings) of a message the platform accepts.

    Raises:
        Refused: it does not, and says which parameter.
    """
    rules = RULES[channel]
    warnings: list[str] = []
    view: dict[str, Any] = {}
    text, attachment, several = message.get("text"), message.get("attachment"), message.get("attachments")
    kinds = [
        name for name in ("text", "attachment", "attachments", "template", "sticker_id") if message.get(name)
    ]
    if len(kinds) != 1:
        wrong = "must be non-empty" if not kinds else f"may hold one of them only: {', '.join(kinds)}"
        raise Refused("parameter", f"param message {wrong}.")
    metadata = message.get("metadata", "")
    if not isinstance(metadata, str) or len(metadata) > METADATA:
        raise Refused(
            "parameter", f"Length of param message[metadata] must be less than or equal to {METADATA}"
        )
    if text is not None:
        view["text"] = _text(text, rules)
    if attachment is not None:
        view |= _attachment(attachment, rules, warnings)
    if several is not None:
        if not isinstance(several, list) or not 0 < len(several) <= rules.images:
            raise Refused("parameter", f"param message[attachments] takes 1 to {rules.images} images.")
        if any(item.get("type") != "image" for item in several):
            raise Refused("parameter", "param message[attachments] takes images only.")
        view["images"] = [_attachment(item, rules, warnings)["images"][0] for item in several]
    if message.get("sticker_id"):
        view["sticker"] = str(message["sticker_id"])
    quick_replies = message.get("quick_replies")
    if quick_replies:
        view["quick_replies"] = _quick_replies(quick_replies, rules, warnings)
    return view, warnings


def _text(text: Any, rules: Rules) -> str:
    if not isinstance(text, str) or not text.strip():
        raise Refused("parameter", "param message[text] must be a non-empty UTF-8 encoded string.")
    size = len(text.encode()) if rules.text_unit == "bytes" else len(text)
    if size > rules.text_limit:
        unit = "" if rules.text_unit == "characters" else f" {rules.text_unit}"
        raise Refused(
            "parameter",
            f"Length of param message[text] must be less than or equal to {rules.text_limit}{unit}",
        )
    return text


def address(url: Any, where: str, *, is_picture: bool = False, warnings: list[str] | None = None) -> str:
    """A URL the platform can fetch or open: https, or http on this machine.

    Raises:
        Refused: it is none.
    """
    parts = urlsplit(url) if isinstance(url, str) else None
    is_open = parts is not None and (
        parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    )
    if parts is None or not is_open or not parts.hostname:
        raise Refused("parameter", f"{where} should represent a valid URL")
    if is_picture and parts.path.endswith(".svg") and warnings is not None:
        warnings.append(f"{where}: the platform shows no SVG pictures")
    return str(url)


def _attachment(attachment: Any, rules: Rules, warnings: list[str]) -> dict[str, Any]:
    kind = attachment.get("type") if isinstance(attachment, Mapping) else None
    if kind not in rules.attachments:
        raise Refused(
            "parameter", f"Param message[attachment][type] must be one of {sorted(rules.attachments)}"
        )
    if kind == "like_heart":
        return {"sticker": "heart"}
    payload = attachment.get("payload")
    if not isinstance(payload, Mapping):
        raise Refused("parameter", "Param message[attachment][payload] is required.")
    if kind == "template":
        return _template(payload, rules, warnings)
    if payload.get("attachment_id"):
        return {"files": [{"kind": kind, "url": "", "title": f"#{payload['attachment_id']}"}]}
    url = address(
        payload.get("url"), "message[attachment][payload][url]", is_picture=kind == "image", warnings=warnings
    )
    if kind == "image":
        return {"images": [{"url": url}]}
    return {"files": [{"kind": kind, "url": url, "title": url.rsplit("/", 1)[-1]}]}


def _template(payload: Mapping[str, Any], rules: Rules, warnings: list[str]) -> dict[str, Any]:
    kind = payload.get("template_type")
    if kind not in rules.templates:
        raise Refused("parameter", f"Param message[attachment][payload][template_type] cannot be {kind!r}.")
    where = "message[attachment][payload]"
    if kind == "button":
        text = payload.get("text")
        if not isinstance(text, str) or not text.strip() or len(text) > BUTTON_TEXT:
            raise Refused("parameter", f"Length of param {where}[text] must be between 1 and {BUTTON_TEXT}")
        buttons = _buttons(payload.get("buttons"), rules, where)
        if not buttons:
            raise Refused("parameter", f"Param {where}[buttons] must be a non-empty array.")
        return {"text": text, "buttons": buttons}
    if kind == "generic":
        elements = payload.get("elements")
        if not isinstance(elements, list) or not 0 < len(elements) <= ELEMENTS:
            raise Refused("parameter", f"Param {where}[elements] must have 1 to {ELEMENTS} elements.")
        return {
            "cards": [
                _element(item, rules, f"{where}[elements][{n}]", warnings) for n, item in enumerate(elements)
            ]
        }
    return {"text": f"[{kind}]"}


def _element(element: Any, rules: Rules, where: str, warnings: list[str]) -> dict[str, Any]:
    if not isinstance(element, Mapping):
        raise Refused("parameter", f"Param {where} must be an object.")
    title, subtitle = element.get("title"), element.get("subtitle", "")
    for name, value in (("title", title), ("subtitle", subtitle)):
        if not isinstance(value, str) or len(value) > ELEMENT_TEXT or (name == "title" and not value.strip()):
            raise Refused(
                "parameter", f"Length of param {where}[{name}] must be less than or equal to {ELEMENT_TEXT}"
            )
    image = element.get("image_url", "")
    if image:
        address(image, f"{where}[image_url]", is_picture=True, warnings=warnings)
    buttons = _buttons(element.get("buttons", []), rules, where)
    action = element.get("default_action") or {}
    if action:
        if action.get("type") != "web_url" or "title" in action:
            raise Refused("parameter", f"Param {where}[default_action] takes a web_url without a title.")
        address(action.get("url"), f"{where}[default_action][url]")
    if not (subtitle or image or buttons or action):
        raise Refused("parameter", f"Param {where} needs more than a title.")
    return {
        "title": title,
        "subtitle": subtitle,
        "image": image,
        "url": action.get("url", ""),
        "buttons": buttons,
    }


def _buttons(buttons: Any, rules: Rules, where: str) -> list[dict[str, Any]]:
    if not isinstance(buttons, Sequence) or isinstance(buttons, str) or len(buttons) > BUTTONS:
        raise Refused("parameter", f"Param {where}[buttons] must have at most {BUTTONS} elements.")
    found = []
    for number, button in enumerate(buttons):
        place = f"{where}[buttons][{number}]"
        kind = button.get("type") if isinstance(button, Mapping) else None
        if kind not in rules.buttons:
            raise Refused("parameter", f"Param {place}[type] must be one of {sorted(rules.buttons)}")
        title = button.get("title", "")
        if kind not in ("account_link", "account_unlink") and (
            not title.strip() or len(title) > BUTTON_TITLE
        ):
            raise Refused("parameter", f"Length of param {place}[title] must be between 1 and {BUTTON_TITLE}")
        payload = button.get("payload", "")
        if kind == "postback" and (not payload or len(payload) > PAYLOAD):
            raise Refused("parameter", f"Length of param {place}[payload] must be between 1 and {PAYLOAD}")
        url = address(button.get("url"), f"{place}[url]") if kind == "web_url" else ""
        found.append(
            {"title": title or kind, "kind": "url" if url else "postback", "payload": payload, "url": url}
        )
    return found


def _quick_replies(items: Any, rules: Rules, warnings: list[str]) -> list[dict[str, Any]]:
    if not isinstance(items, list) or len(items) > QUICK_REPLIES:
        raise Refused(
            "parameter", f"param message[quick_replies] must have at most {QUICK_REPLIES} elements."
        )
    found = []
    for number, item in enumerate(items):
        place = f"message[quick_replies][{number}]"
        kind = item.get("content_type") if isinstance(item, Mapping) else None
        if kind not in rules.quick_replies:
            raise Refused(
                "parameter", f"Param {place}[content_type] must be one of {sorted(rules.quick_replies)}"
            )
        title, payload = item.get("title", ""), item.get("payload", "")
        if kind == "text" and (not isinstance(title, str) or not title.strip()):
            raise Refused("parameter", f"Param {place}[title] must be a non-empty string.")
        if kind == "text" and (not payload or len(payload) > PAYLOAD):
            raise Refused("parameter", f"Length of param {place}[payload] must be between 1 and {PAYLOAD}")
        if len(title) > QUICK_REPLY_TITLE:
            warnings.append(f"{place}: the title is cut after {QUICK_REPLY_TITLE} characters")
        found.append({"title": (title or kind)[:QUICK_REPLY_TITLE], "payload": payload})
    return found
