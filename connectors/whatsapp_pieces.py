"""A message as calls of the WhatsApp Cloud API: texts, pictures with captions, reply buttons, lists, link buttons.

Choices are reply buttons when they are few and short, else a list. Products are pictures with captions, then a list
to ask about one of them. Source: Cloud API, "Messages" (2026): its limits are the constants below.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from bot.core.channel import Capabilities, Outgoing, Piece, Template, choice_word, own_id
from bot.core.messages import Choice, Image, OrderCard, Part, ProductCard, Products, QuickReplies, Text
from bot.core.rendering import shorten, split
from bot.core.windows import TEMPLATE
from bot.core.words import availability, phrase, price
from connectors.cards import ask_about, caption, is_picture, shown, tracked

BY_TITLE = "title:"  # id of a choice whose own does not fit; what comes back with it is read as its title
BUTTONS, BUTTON_TITLE = 3, 20
ROWS, ROW_TITLE, ROW_TEXT, ROW_ID = 10, 24, 72, 200
PICTURES = (".jpg", ".jpeg", ".png")  # what it shows as an image
BODY_LIMIT = CAPTION_LIMIT = 1024
CAPABILITIES = Capabilities(
    text_limit=4096,
    quick_replies=ROWS,
    quick_reply_title=ROW_TEXT,  # a list says a long title in full below a short one
    has_cards=False,
    window_seconds=86_400,
    cards=3,
    card_title=200,
    caption_limit=BODY_LIMIT,
    has_templates=True,
    settles=True,
    has_typing=True,
    has_seen=True,
)

Json = dict[str, Any]


def pieces(message: Outgoing) -> list[Piece]:
    """The calls that show `message`, in order; outside the window the one template it carries."""
    is_template = message.way == TEMPLATE and message.template is not None
    contents = [_template(message.template)] if is_template and message.template else list(_contents(message))
    head = {"messaging_product": "whatsapp", "recipient_type": "individual", **recipient(message.recipient)}
    return [
        Piece(number, {**head, **content, "biz_opaque_callback_data": own_id(message.message_id, number)})
        for number, content in enumerate(contents)
    ]


def recipient(person: str) -> dict[str, str]:
    """Whom it goes to: a number, or the business-scoped id of someone whose number is hidden."""
    number = person.removeprefix("+")
    is_number = number.isascii() and number.isdigit()
    return {"to": number} if is_number else {"recipient": person}


def as_words(body: Json) -> Json | None:
    """A picture as its words and address, for when it cannot be fetched; None when there is no picture."""
    image = body.get("image")
    if not isinstance(image, dict):
        return None
    kept = {name: value for name, value in body.items() if name not in ("image", "type")}
    words = str(image.get("caption") or "")
    if "://" not in words:  # a product's caption has the product's own address
        words = f"{words}\n{image.get('link', '')}".strip()
    return {**kept, **_text(words)}


def _contents(message: Outgoing) -> Iterator[Json]:
    asked = _products(message)
    parts = shown(_with_asks(message, asked), CAPABILITIES, pictures=PICTURES)
    for part, after in zip(parts, [*parts, None][1:], strict=True):
        match part:
            case Text(text=text) if isinstance(after, QuickReplies):
                yield _choices(message, text, after.items, asked)
            case Text(text=text):
                yield _text(text)
            case Image(url=url, alt=alt):
                yield _image(url, shorten(alt, CAPTION_LIMIT))
            case Products(items=items):
                for item in items:
                    words = caption(item, language=message.language, limit=CAPTION_LIMIT)
                    yield _image(item.image, words) if is_picture(item.image, PICTURES) else _text(words)
            case OrderCard():
                yield from _order(part, message.language)


def _products(message: Outgoing) -> dict[str, ProductCard]:
    """The products of a message by the id of the choice that asks about them."""
    items = [item for part in message.parts if isinstance(part, Products) for item in part.items]
    return {ask_about(item, message.language).id: item for item in items}


def _with_asks(message: Outgoing, asked: dict[str, ProductCard]) -> Outgoing:
    """`message` with its products to choose from, where they fit beside its own choices in one list.

    They come after its own: a shopper who types a number means one of those.
    """
    own = sum(len(part.items) for part in message.parts if isinstance(part, QuickReplies))
    asks = tuple(
        Choice(name, item.title.strip())
        for name, item in asked.items()
        if item.title.strip() and len(choice_word(message.message_id, name)) <= ROW_ID
    )
    has_rating = any(not isinstance(part, _PLAIN) for part in message.parts)
    if not asks or has_rating or own + len(asks) > ROWS:
        return message
    prompt: list[Part] = [] if own else [Text(phrase("card.ask_which", message.language))]
    titled = tuple(Choice(ask.id, shorten(ask.title, ROW_TEXT)) for ask in asks)
    return replace(message, parts=(*message.parts, *prompt, QuickReplies(titled)))


_PLAIN = (Text, Image, Products, QuickReplies, OrderCard)


def _text(text: str) -> Json:
    return {"type": "text", "text": {"body": text, "preview_url": "https://" in text or "http://" in text}}


def _image(url: str, words: str) -> Json:
    return {"type": "image", "image": {"link": url} | ({"caption": words} if words else {})}


def _interactive(kind: str, text: str, action: Json) -> Json:
    return {"type": "interactive", "interactive": {"type": kind, "body": {"text": text}, "action": action}}


def _choices(message: Outgoing, text: str, items: Sequence[Choice], asked: dict[str, ProductCard]) -> Json:
    words = _ids(message.message_id, items)
    titles = [" ".join(item.title.split()) or "·" for item in items]
    is_short = all(len(title) <= BUTTON_TITLE for title in titles)
    has_products = any(item.id in asked for item in items)
    if len(items) <= BUTTONS and is_short and len(set(titles)) == len(titles) and not has_products:
        buttons = [
            {"type": "reply", "reply": {"id": word, "title": title}}
            for word, title in zip(words, titles, strict=True)
        ]
        return _interactive("button", text, {"buttons": buttons})
    rows = [
        {"id": word} | _row(title, asked.get(item.id), message.language)
        for word, title, item in zip(words, titles, items, strict=True)
    ]
    label = shorten(phrase("list.open", message.language), BUTTON_TITLE)
    return _interactive("list", text, {"button": label, "sections": [{"rows": rows}]})


def _ids(message_id: int, items: Sequence[Choice]) -> list[str]:
    """Ids that come back; they must differ and fit, else the title speaks for the choice."""
    ids: list[str] = []
    for number, item in enumerate(items):
        word = choice_word(message_id, item.id)
        ids.append(word if len(word) <= ROW_ID and word not in ids else f"{BY_TITLE}{number}")
    return ids


def _row(title: str, product: ProductCard | None, language: str) -> Json:
    if product is not None:
        cost = f"{price(product, language=language)}, {availability(product, language=language)}"
        return {"title": shorten(title, ROW_TITLE), "description": shorten(cost, ROW_TEXT)}
    if len(title) <= ROW_TITLE:
        return {"title": title}
    return {"title": shorten(title, ROW_TITLE), "description": shorten(title, ROW_TEXT)}


def _order(order: OrderCard, language: str) -> Iterator[Json]:
    *before, last = split(tracked(order, language=language), BODY_LIMIT)
    yield from map(_text, before)
    label = shorten(phrase("card.track", language), BUTTON_TITLE)
    parameters = {"display_text": label, "url": order.tracking_url}
    yield _interactive("cta_url", last, {"name": "cta_url", "parameters": parameters})


def _template(template: Template) -> Json:
    """Line ends, tabs and runs of blanks are refused in parameters."""
    components: list[Json] = []
    values = [{"type": "text", "text": " ".join(value.split()) or "-"} for value in template.parameters]
    if values:
        components.append({"type": "body", "parameters": values})
    if template.button:
        end = {"type": "text", "text": template.button}
        components.append({"type": "button", "sub_type": "url", "index": "0", "parameters": [end]})
    content: Json = {"name": template.name, "language": {"code": template.language}}
    return {"type": "template", "template": content | ({"components": components} if components else {})}
