"""A message as calls of Telegram's Bot API: plain text without markup, pictures with captions, inline keyboards.

Nothing is sent with a `parse_mode`, so nothing a shopper or a catalogue says can turn into markup.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from bot.core.channel import Capabilities, Outgoing, Piece, choice_word
from bot.core.messages import Choice, Image, OrderCard, ProductCard, Products, QuickReplies, Text
from bot.core.rendering import shorten, split
from bot.core.words import phrase
from connectors.cards import ask_about, caption, is_picture, is_public, shown, tracked
from connectors.telegram_heard import BY_TITLE

CAPABILITIES = Capabilities(
    text_limit=4096,
    text_unit="utf16",
    quick_replies=24,
    quick_reply_title=60,
    has_cards=False,
    window_seconds=None,
    cards=5,  # one photo each, in a row; further products are words
    card_title=200,
    buttons=2,
    has_typing=True,
    has_seen=True,  # taps are answered, which ends the button's spinner
)
CAPTION_LIMIT = 1024  # below a picture; choices may stand below a text of any length
DATA_LIMIT = 64  # bytes of a button's callback data
_COLUMNS = ((4, 5), (16, 2))  # with titles of at most so many characters: so many buttons in a row

Json = dict[str, Any]
Keyboard = list[list[Json]]


def pieces(message: Outgoing) -> list[Piece]:
    """The calls that show `message`, in order; `body` holds Telegram's `method` beside its parameters."""
    is_number = message.recipient.removeprefix("-").isdecimal() and message.recipient.isascii()
    chat = int(message.recipient) if is_number else message.recipient
    return [
        Piece(number, {"method": method, "chat_id": chat, **parameters})
        for number, (method, parameters) in enumerate(_calls(message))
    ]


def as_words(body: Json) -> Json:
    """A call with a picture as one without: what is sent when the picture cannot be fetched."""
    kept = {name: value for name, value in body.items() if name in ("chat_id", "reply_markup")}
    text = body.get("caption", "")
    if "reply_markup" not in body:  # a product's buttons lead to the product
        text = f"{text}\n{body.get('photo', '')}".strip()
    return {"method": "sendMessage", **kept, "text": text}


def _calls(message: Outgoing) -> Iterator[tuple[str, Json]]:
    parts = shown(message, CAPABILITIES)
    for part, after in zip(parts, [*parts, None][1:], strict=True):
        match part:
            case Text(text=text):
                choices = after.items if isinstance(after, QuickReplies) else ()
                yield _text(text, _choices(message.message_id, choices))
            case QuickReplies():
                continue  # below the text before
            case Image(url=url, alt=alt):
                yield (
                    "sendPhoto",
                    {"photo": url} | ({"caption": shorten(alt, CAPTION_LIMIT, unit="utf16")} if alt else {}),
                )
            case Products(items=items):
                for item in items:
                    yield _product(item, message)
            case OrderCard():
                text = tracked(part, language=message.language)
                button = {"text": phrase("card.track", message.language), "url": part.tracking_url}
                *before, last = split(text, CAPABILITIES.text_limit, unit="utf16")
                for piece in before:
                    yield _text(piece, [])
                yield _text(last, [[button]])


def _text(text: str, keyboard: Keyboard) -> tuple[str, Json]:
    return "sendMessage", {"text": text} | _markup(keyboard)


def _markup(keyboard: Keyboard) -> Json:
    return {"reply_markup": {"inline_keyboard": keyboard}} if keyboard else {}


def _product(item: ProductCard, message: Outgoing) -> tuple[str, Json]:
    """A photo with the words below and two buttons; without a picture that can be shown, the words alone."""
    has_button = is_public(item.url)
    words = caption(
        item, language=message.language, limit=CAPTION_LIMIT, unit="utf16", has_link=not has_button
    )
    row = [{"text": phrase("card.view", message.language), "url": item.url}] if has_button else []
    ask = ask_about(item, message.language)
    data = choice_word(message.message_id, ask.id)
    row += [{"text": ask.title, "callback_data": data}] if len(data.encode()) <= DATA_LIMIT else []
    if not is_picture(item.image):
        return _text(words, [row] if row else [])
    return "sendPhoto", {"photo": item.image, "caption": words} | _markup([row] if row else [])


def _choices(message_id: int, items: Sequence[Choice]) -> Keyboard:
    """Rows of buttons: a rating in one row, short titles in pairs, long ones each on its own."""
    longest = max((len(item.title) for item in items), default=0)
    columns = next((count for most, count in _COLUMNS if longest <= most), 1)
    buttons = [_button(message_id, number, item) for number, item in enumerate(items)]
    return [buttons[at : at + columns] for at in range(0, len(buttons), columns)]


def _button(message_id: int, number: int, item: Choice) -> Json:
    data = choice_word(message_id, item.id)
    fits = len(data.encode("utf-8", "replace")) <= DATA_LIMIT
    return {"text": item.title.strip() or "·", "callback_data": data if fits else f"{BY_TITLE}{number}"}
