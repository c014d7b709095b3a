"""What a Messenger or Instagram message carries besides its text, as `File` parts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.core.messages import File
from connectors.meta import listed, mapping, word

THUMBS_UP = frozenset({"369239263222822", "369239343222814", "369239383222810"})  # small, medium, large
HEART = "❤️"
URL_LENGTH = 4_000
TITLE_LENGTH = 300
# What the platforms' types are to us; a type that is missing here is a plain file when it has an address.
FILES = {
    "image": "image",
    "video": "video",
    "audio": "audio",
    "file": "file",
    "sticker": "sticker",
    "like_heart": "sticker",
    "reel": "share",
    "ig_reel": "share",
    "post": "share",
    "ig_post": "share",
    "share": "share",
    "media": "share",
    "fallback": "share",
    "template": "share",
    "appointment_booking": "share",
    "story": "story",
    "ig_story": "story",
    "story_mention": "story",
    "location": "location",
    "contact": "contact",
    "contacts": "contact",
}


@dataclass(frozen=True)
class Carried:
    """What came with a message: `files` we can show, the platform's `types` of all (also of what we cannot)."""

    files: tuple[File, ...] = ()
    types: tuple[str, ...] = ()
    products: tuple[dict[str, str], ...] = ()
    words: str = ""  # what a sticker says

    @property
    def is_sticker(self) -> bool:
        """Whether stickers are all there is."""
        return bool(self.files) and all(file.kind == "sticker" for file in self.files)

    @property
    def is_contact(self) -> bool:
        """Whether contacts are all there is."""
        return bool(self.files) and all(file.kind == "contact" for file in self.files)


def carried(attachments: Any) -> Carried:
    """What the `attachments` of a message hold; things without anything to see are only named in `types`."""
    found = [mapping(item) for item in listed(attachments)]
    files: list[File] = []
    products: list[dict[str, str]] = []
    for item in found:
        shared = _products(item)
        products += shared
        if shared:
            files += [File("product", one["image"], one["title"], one["sku"] or one["id"]) for one in shared]
        elif (file := _file(item)) is not None:
            files.append(file)
    return Carried(
        files=tuple(_without_copies(files)),
        types=tuple(word(item.get("type")) for item in found),
        products=tuple(products),
        words=_words(found),
    )


def _without_copies(files: Sequence[File]) -> list[File]:
    """Until 2026-08-30 a sticker comes twice, as a sticker and as an image, and nothing else beside it can be sent."""
    stickers = [file for file in files if file.kind == "sticker"]
    copies = len(stickers)
    kept = []
    for file in files:
        if file.kind == "image" and copies:
            copies -= 1
        elif file.kind != "sticker" or file not in kept:
            kept.append(file)
    return kept


def _file(item: dict[str, Any]) -> File | None:
    payload = mapping(item.get("payload"))
    sticker = word(payload.get("sticker_id"))
    name = word(item.get("type"))
    kind = "sticker" if sticker else FILES.get(name, "file")
    url = _url(payload.get("url")) or _url(item.get("url"))
    title = _title(payload.get("title")) or _title(item.get("title"))
    own_id = sticker or next(
        (found for key in ("reel_video_id", "id", "booking_id") if (found := word(payload.get(key)))), ""
    )
    if name == "like_heart":
        return File(kind, title=HEART)
    if sticker in THUMBS_UP:
        title = "👍"
    if kind == "location":
        title = _place(payload) or title
    elif kind == "contact":
        title = _contact(payload) or title
    elif name == "template":
        title = title or _template(payload)
    elif name == "appointment_booking":
        title = " ".join(part for part in ("appointment", word(payload.get("status"))) if part)
    return File(kind, url, title, own_id) if url or title else None


def _products(item: dict[str, Any]) -> list[dict[str, str]]:
    product = mapping(mapping(item.get("payload")).get("product"))
    return [
        {
            "sku": word(one.get("retailer_id")),
            "id": word(one.get("id")),
            "title": _title(one.get("title")),
            "image": _url(one.get("image_url")),
        }
        for one in map(mapping, listed(product.get("elements")))
        if word(one.get("retailer_id")) or word(one.get("id"))
    ]


def _place(payload: dict[str, Any]) -> str:
    place = mapping(payload.get("coordinates"))
    sides = [place.get("lat"), place.get("long")]
    return ", ".join(str(side) for side in sides) if all(isinstance(s, int | float) for s in sides) else ""


def _contact(payload: dict[str, Any]) -> str:
    cards = [mapping(one) for one in listed(payload.get("contacts"))] or [payload]
    lines = []
    for card in cards:
        name = _title(card.get("name")) or _title(mapping(card.get("name")).get("formatted_name"))
        phones = listed(card.get("phones")) or [{"phone": card.get("phone") or card.get("phone_number")}]
        numbers = [word(mapping(one).get("phone")) for one in phones]
        lines.append(" ".join(part for part in (name, *numbers) if part))
    return ", ".join(line for line in lines if line)[:TITLE_LENGTH]


def _template(payload: dict[str, Any]) -> str:
    """The words of a template: the layout inside varies by version, so only what is sure is read."""
    elements = [mapping(one) for one in listed(payload.get("elements"))]
    titles = [_title(one.get("title")) for one in elements]
    return _title(payload.get("text")) or ", ".join(title for title in titles if title)[:TITLE_LENGTH]


def _words(attachments: Sequence[dict[str, Any]]) -> str:
    for item in attachments:
        if word(item.get("type")) == "like_heart":
            return HEART
        if word(mapping(item.get("payload")).get("sticker_id")) in THUMBS_UP:
            return "👍"
    return ""


def _url(value: Any) -> str:
    is_web = isinstance(value, str) and value.startswith(("https://", "http://"))
    return value if is_web and len(value) <= URL_LENGTH else ""


def _title(value: Any) -> str:
    return value[:TITLE_LENGTH] if isinstance(value, str) else ""
