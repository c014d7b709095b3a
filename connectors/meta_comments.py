"""What happens in public on a Page or an Instagram account: comments, mentions and visitors' posts (`changes`)."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from bot.core.channel import Heard
from connectors.meta import Entry, fingerprint, key, mapping, moment, word
from connectors.meta_attachments import URL_LENGTH
from connectors.meta_events import ignored, test
from connectors.meta_told import small

VERBS = frozenset({"add", "edit", "edited", "remove", "hide"})
POSTS = frozenset({"post", "status", "photo", "video", "share", "album", "note"})


def read_change(raw: Any, entry: Entry, *, at: datetime) -> Heard:
    """One change; `at` is the time of arrival. Chat events under `changes` come from the dashboard's test button."""
    change = mapping(raw)
    value = mapping(change.get("value"))
    if entry.account == "0" or "sender" in value or "recipient" in value:
        return test(raw, entry)
    reader = READERS.get(word(change.get("field")))
    found = reader(value, entry, at) if reader else None
    return found or ignored(raw, entry, why=word(change.get("field")))


def _feed(value: Mapping[str, Any], entry: Entry, at: datetime) -> Heard | None:
    """The Page's feed; of all that happens there comments and posts of others count."""
    if word(value.get("verb")) not in VERBS:
        return None
    item, post = word(value.get("item")), word(value.get("post_id"))
    if item == "comment":
        comment = word(value.get("comment_id"))
        parent = word(value.get("parent_id"))
        detail = {"post_id": post, "is_top_level": parent in ("", post)}
        return _touch(value, entry, at, touch="comment", own_id=comment, parent=parent or post, detail=detail)
    if item in POSTS and not _is_own(value, entry):
        return _touch(value, entry, at, touch="post", own_id=post, parent="", detail={"post_id": post})
    return None


def _comments(touch: str) -> Callable[[Mapping[str, Any], Entry, datetime], Heard | None]:
    """Comments and mentions of Instagram, whose id is called `id` or `comment_id`, by the way the app signs in."""

    def read(value: Mapping[str, Any], entry: Entry, at: datetime) -> Heard | None:
        media = mapping(value.get("media"))
        media_id = word(media.get("id")) or word(value.get("media_id"))
        names = ("media_product_type", "ad_id", "ad_title", "original_media_id")
        detail: dict[str, Any] = {"media": {name: text for name in names if (text := word(media.get(name)))}}
        parent = word(value.get("parent_id"))
        detail |= {"media_id": media_id, "is_top_level": not parent}
        own_id = word(value.get("comment_id")) or word(value.get("id"))
        if not own_id:  # mentioned in the words of somebody's own post
            return _touch(value, entry, at, touch="post", own_id=media_id, parent="", detail=detail)
        return _touch(value, entry, at, touch=touch, own_id=own_id, parent=parent or media_id, detail=detail)

    return read


def _touch(
    value: Mapping[str, Any],
    entry: Entry,
    at: datetime,
    *,
    touch: str,
    own_id: str,
    parent: str,
    detail: dict[str, Any],
) -> Heard | None:
    if not own_id:
        return None
    person = mapping(value.get("from"))
    text = value.get("message") or value.get("text")
    url = value.get("permalink_url") or mapping(value.get("post")).get("permalink_url")
    verb = word(value.get("verb")) or "add"
    detail |= {"touch": touch, "parent": parent, "verb": verb}
    if username := word(person.get("username")):
        detail["username"] = username
    if isinstance(url, str) and len(url) <= URL_LENGTH:
        detail["url"] = url
    kind = "post.add" if touch == "post" else "comment.self" if _is_own(value, entry) else "comment.add"
    return Heard(
        kind=kind,
        account=entry.account[:100],
        key=key(*_names(touch, own_id, verb, value)),
        at=moment(value.get("created_time") or value.get("timestamp"), entry.at, latest=at),
        person="" if _is_own(value, entry) else word(person.get("id")),
        platform_id=own_id,
        target=parent,
        text=text if isinstance(text, str) else "",
        name=word(person.get("name")) or word(person.get("username")),
        detail=detail,
    )


def _names(touch: str, own_id: str, verb: str, value: Mapping[str, Any]) -> tuple[str, ...]:
    """What makes a key: a comment comes into being once, but may be told by several fields, and be edited often."""
    names = ("post" if touch == "post" else "comment", own_id, verb)
    return names if verb == "add" else (*names, fingerprint(dict(value)))


def _is_own(value: Mapping[str, Any], entry: Entry) -> bool:
    """Whether the account wrote it itself: answering that would answer ourselves without end."""
    return word(mapping(value.get("from")).get("id")) == entry.account != ""


def _template(value: Mapping[str, Any], entry: Entry, at: datetime) -> Heard | None:
    return Heard(
        kind="template_status",
        account=entry.account[:100],
        key=key("template", fingerprint(dict(value)), entry.at.isoformat()),
        at=entry.at,
        text=word(value.get("event")),
        detail={"raw": small(dict(value))},
    )


READERS: Mapping[str, Callable[[Mapping[str, Any], Entry, datetime], Heard | None]] = {
    "feed": _feed,
    "comments": _comments("comment"),
    "live_comments": _comments("live_comment"),
    "mentions": _comments("comment"),
    "messenger_template_status_update": _template,
}
