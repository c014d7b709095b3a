"""A message as calls of the Send API of Messenger or Instagram: texts, carousels, pictures, quick replies.

Quick replies vanish as soon as another message follows, so they go with the last call.
Source: Messenger Platform, "Send messages" and "Quick replies"; Instagram, "Messaging API" (2026).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.core.channel import Capabilities, Outgoing, Piece, choice_word, own_id
from bot.core.messages import (
    Choice,
    File,
    Image,
    OrderCard,
    Part,
    ProductCard,
    Products,
    QuickReplies,
    Survey,
    Text,
)
from bot.core.rendering import ELLIPSIS, MEASURES, degrade, shorten, split
from bot.core.windows import HUMAN_AGENT, PRIVATE_REPLY
from bot.core.words import availability, phrase, plain, price
from connectors.cards import ask_about, is_fetched, is_picture, is_public, tracked
from connectors.meta_told import USER_REF

BUTTON_TITLE = 20
BUTTON_TEXT = 640  # of a template that is a text with buttons
PAYLOAD = 1000

Json = dict[str, Any]


@dataclass(frozen=True)
class Look:
    """What differs between the two in how a message is shown."""

    capabilities: Capabilities
    may_send: Callable[
        [str, str], bool
    ]  # (kind of a file, its address) -> whether the platform would take it
    has_choices_below_cards: bool  # else only below texts
    has_order_buttons: bool
    card_look: Mapping[str, str]  # of pictures on cards, where it can be chosen
    private_reply_type: Mapping[str, str]  # what stands beside the message of a private reply


def pieces(message: Outgoing, look: Look) -> list[Piece]:
    """The calls that show `message`, in order; a private reply is one text, as only one is allowed."""
    if message.way == PRIVATE_REPLY:
        head: Json = {"recipient": _commenter(message), **look.private_reply_type}
        contents = [{"text": text}] if (text := _in_one_text(message, look)) else []
    else:
        head = {"recipient": _recipient(message.recipient), **_type(message.way)}
        contents = _contents(message, look)
    if look.capabilities.settles:
        contents = [
            {**content, "metadata": own_id(message.message_id, number)}
            for number, content in enumerate(contents)
        ]
    return [
        Piece(number, {**head, "message": content}, words=content.get("text", ""))
        for number, content in enumerate(contents)
    ]


def in_words(content: Mapping[str, Any]) -> Json | None:
    """A picture or file as its address, for when the platform cannot fetch it; None when it is neither."""
    attachment = content.get("attachment", {})
    url = attachment.get("payload", {}).get("url")
    if not url:
        return None
    return {**{name: value for name, value in content.items() if name != "attachment"}, "text": url}


def _recipient(person: str) -> Json:
    reference = person.removeprefix(USER_REF)
    return {"user_ref": reference} if reference != person else {"id": person}


def _commenter(message: Outgoing) -> Json:
    """Posts are called `<page>_<post>`, comments `<post>_<comment>`; Instagram knows comments only."""
    is_post = message.comment.startswith(f"{message.account}_")
    return {"post_id" if is_post else "comment_id": message.comment}


def _type(way: str) -> Json:
    if way == HUMAN_AGENT:
        return {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}
    return {"messaging_type": "RESPONSE"}


def _parts(message: Outgoing) -> list[Part]:
    return list(message.parts) or [Text(message.text)]


def _in_one_text(message: Outgoing, look: Look) -> str:
    bare = replace(look.capabilities, cards=0, quick_replies=0, has_images=False)
    shown = degrade(_parts(message), bare, language=message.language)
    text = "\n\n".join(part.text for part in shown if isinstance(part, Text))
    limit, unit = bare.text_limit, bare.text_unit
    size = MEASURES[unit]
    return text if size(text) <= limit else split(text, limit - size(ELLIPSIS), unit=unit)[0] + ELLIPSIS


def _contents(message: Outgoing, look: Look) -> list[Json]:
    choices = [part for part in _parts(message) if isinstance(part, QuickReplies | Survey)]
    others = [part for part in _parts(message) if part not in choices and not _is_empty(part)]
    if choices and not look.has_choices_below_cards:
        others.sort(key=lambda part: isinstance(part, Text))  # attachments first, so that a text is last
    done: list[Json] = []
    waiting: list[Part] = []
    for part in others:
        content = _ready(part, message, look)
        if content is None:
            waiting.append(_fetchable(part, message))
        else:
            done += _degraded(waiting, message, look)
            done.append(content)
            waiting = []
    skip_prompt = look.has_choices_below_cards and bool(others)
    return _degraded([*waiting, *choices], message, look, before=done, skip_prompt=skip_prompt)


def _is_empty(part: Part) -> bool:
    return (isinstance(part, Products) and not part.items) or (
        isinstance(part, Text) and not part.text.strip()
    )


def _ready(part: Part, message: Outgoing, look: Look) -> Json | None:
    """What needs no degrading: pictures and files the platform can fetch, orders whose parcel can be followed."""
    match part:
        case Image(url=url) if is_picture(url) and look.may_send("image", url):
            return _attachment("image", url)
        case File(kind=kind, url=url) if is_public(url) and look.may_send(kind, url):
            return _attachment(kind, url)
        case OrderCard(tracking_url=url) if look.has_order_buttons and is_public(url):
            text = tracked(part, language=message.language)
            button = _link(phrase("card.track", message.language), url)
            return _template("button", text=text, buttons=[button]) if len(text) <= BUTTON_TEXT else None
    return None


def _fetchable(part: Part, message: Outgoing) -> Part:
    return Text(plain([part], language=message.language)) if isinstance(part, Image | File) else part


def _degraded(
    parts: Sequence[Part],
    message: Outgoing,
    look: Look,
    *,
    before: Sequence[Json] = (),
    skip_prompt: bool = False,
) -> list[Json]:
    done = list(before)
    for part in degrade(parts, look.capabilities, language=message.language, skip_prompt=skip_prompt):
        match part:
            case Text(text=text):
                done.append({"text": text})
            case Products(items=items):
                elements = [_element(item, message, look.capabilities) for item in items]
                done.append(_template("generic", **look.card_look, elements=elements))
            case QuickReplies(items=items):
                done[-1] = {**done[-1], "quick_replies": [_quick_reply(item, message) for item in items]}
    return done


def _quick_reply(item: Choice, message: Outgoing) -> Json:
    payload = choice_word(message.message_id, item.id)[:PAYLOAD]
    return {"content_type": "text", "title": item.title.strip() or "·", "payload": payload}


def _element(item: ProductCard, message: Outgoing, capabilities: Capabilities) -> Json:
    limit, language = capabilities.card_title, message.language
    cost = f"{price(item, language=language)} · {availability(item, language=language)}"
    ask = ask_about(item, language)
    payload = choice_word(message.message_id, ask.id)
    element: Json = {"title": shorten(item.title, limit) or "·", "subtitle": shorten(cost, limit)}
    buttons: list[Json] = []
    if is_fetched(item.image) and is_picture(item.image):
        element["image_url"] = item.image
    if is_public(item.url):
        element["default_action"] = {"type": "web_url", "url": item.url}
        buttons.append(_link(phrase("card.view", language), item.url))
    if len(payload) <= PAYLOAD:
        buttons.append({"type": "postback", "title": shorten(ask.title, BUTTON_TITLE), "payload": payload})
    return element | ({"buttons": buttons[: capabilities.buttons]} if buttons else {})


def _link(title: str, url: str) -> Json:
    return {"type": "web_url", "url": url, "title": shorten(title, BUTTON_TITLE)}


def _template(kind: str, **values: Any) -> Json:
    return {"attachment": {"type": "template", "payload": {"template_type": kind, **values}}}


def _attachment(kind: str, url: str) -> Json:
    return {"attachment": {"type": kind, "payload": {"url": url}}}
