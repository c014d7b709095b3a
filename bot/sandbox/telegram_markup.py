"""Telegram's text formats and keyboards."""

import html
import json
import re
from collections.abc import Mapping
from typing import Any

from bot.sandbox.meta_content import address
from bot.sandbox.refusals import BotRefused, Refused

CALLBACK = 64  # bytes
TAGS = frozenset(
    {
        "b",
        "strong",
        "i",
        "em",
        "u",
        "ins",
        "s",
        "strike",
        "del",
        "a",
        "code",
        "pre",
        "blockquote",
        "tg-spoiler",
        "span",
    }
)
_TAG = re.compile(r"<(/?)([a-zA-Z-]*)([^<>]*)(>?)")


def size(text: str) -> int:
    """Length as Telegram counts it: UTF-16 code units."""
    return len(text.encode("utf-16-le")) // 2


def plain(text: str, mode: str) -> str:
    """The words of a formatted text.

    Raises:
        BotRefused: the markup cannot be parsed.
    """
    if not mode:
        return text
    if mode.lower() == "html":
        return _plain_html(text)
    if mode.lower() in ("markdown", "markdownv2"):
        return re.sub(r"\\([_*\[\]()~`>#+\-=|{}.!\\])", r"\1", text)
    raise BotRefused(400, "Bad Request: unsupported parse_mode")


def _plain_html(text: str) -> str:
    opened: list[str] = []
    for match in _TAG.finditer(text):
        is_end, name, end = match[1] == "/", match[2].lower(), match[4]
        if not end or name not in TAGS:
            raise BotRefused(
                400,
                f'Bad Request: can\'t parse entities: Unsupported start tag "{name}" at byte offset {match.start()}',
            )
        if not is_end:
            opened.append(name)
        elif not opened or opened.pop() != name:
            raise BotRefused(400, "Bad Request: can't parse entities: Unexpected end tag")
    if opened:
        raise BotRefused(
            400, f"Bad Request: can't parse entities: Can't find end tag corresponding to {opened[-1]}"
        )
    return html.unescape(_TAG.sub("", text))


def keyboard(markup: Any) -> dict[str, Any]:
    """What a phone shows below the text: `buttons` in rows for an inline keyboard, else `quick_replies`.

    Raises:
        BotRefused: a button the platform refuses.
    """
    if not markup:
        return {}
    data = json.loads(markup) if isinstance(markup, str) else markup
    if not isinstance(data, Mapping):
        raise BotRefused(400, "Bad Request: object expected as reply markup")
    if "inline_keyboard" in data:
        rows = [[_button(button) for button in row] for row in data["inline_keyboard"]]
        return {"buttons": [{**button, "row": number} for number, row in enumerate(rows) for button in row]}
    if "keyboard" in data:
        labels = [
            item if isinstance(item, str) else item.get("text", "")
            for row in data["keyboard"]
            for item in row
        ]
        return {"quick_replies": [{"title": label, "payload": label} for label in labels]}
    return {}


def _button(button: Any) -> dict[str, Any]:
    text = button.get("text") if isinstance(button, Mapping) else None
    if not text:
        raise BotRefused(400, "Bad Request: text buttons are unallowed in the inline keyboard")
    if "url" in button:
        try:
            url = address(button["url"], "url")
        except Refused as refused:
            raise BotRefused(
                400, f"Bad Request: inline keyboard button URL '{button['url']}' is invalid"
            ) from refused
        return {"title": text, "kind": "url", "payload": "", "url": url}
    data = button.get("callback_data")
    if not isinstance(data, str) or not 1 <= len(data.encode()) <= CALLBACK:
        raise BotRefused(400, "Bad Request: BUTTON_DATA_INVALID")
    return {"title": text, "kind": "callback", "payload": data, "url": ""}
