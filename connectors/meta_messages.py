"""What a shopper says and taps on Messenger and Instagram, and what the account itself says there (echoes)."""

from collections.abc import Mapping
from typing import Any

from bot.core.channel import Heard
from connectors.meta import fingerprint, listed, mapping, word
from connectors.meta_attachments import Carried, carried
from connectors.meta_told import INBOXES, OWN_MARK, Told, referral_of, stamp, text_of


def read_message(told: Told) -> Heard:
    """A message, its deletion, or an echo."""
    message = told.part("message")
    mid = word(message.get("mid"))
    name = mid or fingerprint(told.data)
    if message.get("is_deleted") is True:
        person = told.recipient if message.get("is_echo") is True else told.person
        return told.heard("message.deleted", "deleted", name, target=mid, person=person)
    content = carried(message.get("attachments"))
    detail = _detail(message, content)
    text = text_of(message.get("text")) or content.words
    if message.get("is_self") is True:
        return told.heard(
            "echo.self", "message", name, platform_id=mid, text=text, parts=content.files, detail=detail
        )
    if message.get("is_echo") is True or told.is_by_us:
        return _echo(told, message, content, name=name, text=text, detail=detail)
    return told.heard(
        _kind(message, content, text),
        "message",
        name,
        platform_id=mid,
        target=word(mapping(message.get("reply_to")).get("mid")),
        text=text,
        choice=_choice(mapping(message.get("quick_reply"))),
        parts=content.files,
        detail=detail,
    )


def _choice(value: Mapping[str, Any]) -> str:
    """The payload of a button, which may be as long as the platform allows (1000)."""
    return text_of(value.get("payload"))[:1000]


def _kind(message: Mapping[str, Any], content: Carried, text: str) -> str:
    if mapping(message.get("quick_reply")):
        return "message.quick_reply"
    if "story_mention" in content.types:
        return "message.story_mention"
    if content.products:
        return "message.product"
    if content.is_sticker:
        return "message.sticker"
    if content.is_contact:
        return "message.contact"
    if content.files:
        return "message.attachment"
    return "message.text" if text else "message.unsupported"


def _detail(message: Mapping[str, Any], content: Carried) -> dict[str, Any]:
    detail: dict[str, Any] = {}
    if referral := referral_of(message):
        detail["referral"] = referral
    if product := word(mapping(mapping(message.get("referral")).get("product")).get("id")):
        detail["product"] = {"id": product}
    if content.products:
        detail["product"] = content.products[0]
        detail["products"] = list(content.products)
    if story := mapping(mapping(message.get("reply_to")).get("story")):
        detail["reply_to"] = {"story": {name: text_of(story.get(name))[:4_000] for name in ("id", "url")}}
    elif mid := word(mapping(message.get("reply_to")).get("mid")):
        detail["reply_to"] = {"mid": mid}
    if "story_mention" in content.types:
        url = content.files[0].url if content.files else ""
        detail |= {"touch": "story_mention", "url": url}
    if commands := [word(mapping(item).get("name")) for item in listed(message.get("commands"))]:
        detail["commands"] = commands[:20]
    unseen = [name for name in content.types if name in ("ephemeral", "fallback") or not content.files]
    if message.get("is_unsupported") is True or (unseen and not content.files):
        detail["unsupported"] = unseen[0] if unseen else "unsupported"
    return detail


def _echo(
    told: Told,
    message: Mapping[str, Any],
    content: Carried,
    *,
    name: str,
    text: str,
    detail: dict[str, Any],
) -> Heard:
    """What the account itself sent: by us (told by our id, our app, or nothing to the contrary) or by a person."""
    app = word(message.get("app_id"))
    metadata = text_of(message.get("metadata"))[:1000]
    is_ours = metadata.startswith(OWN_MARK)
    if is_ours:
        kind = "echo"
    elif not app:
        kind = told.house.unsigned_echo
    elif app in INBOXES or (told.house.app_ids and app not in told.house.app_ids):
        kind = "echo.human"
    else:
        kind = "echo"
    detail |= {"app_id": app} if app else {}
    detail |= {"metadata": metadata} if metadata and not is_ours else {}
    return told.heard(
        kind,
        "message",
        name,
        person="" if told.recipient == told.account else told.recipient,
        platform_id=word(message.get("mid")),
        text=text,
        parts=content.files,
        echo_of=metadata if is_ours else "",
        detail=detail,
    )


def read_postback(told: Told) -> Heard:
    """A tapped button, menu line or ice breaker."""
    postback = told.part("postback")
    mid = word(postback.get("mid"))
    choice = _choice(postback)
    names = ("message", mid) if mid else ("postback", told.sender, stamp(told), choice)
    return told.heard(
        "postback",
        *names,
        platform_id=mid,
        text=text_of(postback.get("title"))[:1000],
        choice=choice,
        detail={"referral": referral} if (referral := referral_of(postback)) else {},
    )
