"""Cards for channels that show a picture with words below it: the words, and which addresses a platform can open."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from ipaddress import ip_address
from urllib.parse import urlsplit

from bot.core.channel import Capabilities, Outgoing
from bot.core.messages import Choice, File, Image, OrderCard, Part, ProductCard, Products, Text
from bot.core.rendering import MEASURES, degrade, shorten
from bot.core.words import availability, phrase, plain, price

TITLE_LIMIT = 200
PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".gif")
_ADDRESS_LIMIT = 2000
_IS_HERE: ContextVar[bool] = ContextVar("_IS_HERE", default=False)  # the platform played on this machine


@contextmanager
def shown_to(api: str) -> Iterator[None]:
    """Rendering for the platform at `api`: one played on this machine opens addresses of this machine, too."""
    token = _IS_HERE.set(_is_loopback(urlsplit(api).hostname or ""))
    try:
        yield
    finally:
        _IS_HERE.reset(token)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_address(url: str) -> bool:
    """Whether `url` is a whole web address, which a reader can open or at least copy."""
    return (
        url.startswith(("https://", "http://")) and len(url) <= _ADDRESS_LIMIT and not set(url) & set(" \n\t")
    )


def is_public(url: str) -> bool:
    """Whether `url` is a web address that others than this machine and its network can open."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    if not is_address(url):
        return False
    if _IS_HERE.get() and _is_loopback(host):
        return True
    try:
        return ip_address(host).is_global
    except ValueError:
        return "." in host.strip(".") and not host.endswith((".local", ".localhost", ".internal"))


def is_fetched(url: str) -> bool:
    """Whether a platform that takes files over TLS only fetches `url`."""
    return is_public(url) and (url.startswith("https://") or _is_loopback(urlsplit(url).hostname or ""))


def is_picture(url: str, kinds: Sequence[str] = PICTURES) -> bool:
    """Whether `url` may be a picture that phones show. Drawings (SVG) are refused by the platforms."""
    path = urlsplit(url).path.lower() if is_public(url) else ""
    ending = path[path.rfind(".") :] if "." in path.rsplit("/", 1)[-1] else ""
    return is_public(url) and (not ending or ending in kinds or not ending[1:].isalpha())


def caption(
    card: ProductCard, *, language: str, limit: int, unit: str = "characters", has_link: bool = True
) -> str:
    """Title, price, availability, description and link, at most `limit`; the description gives way first."""
    cost = f"{price(card, language=language)}, {availability(card, language=language)}"
    most = min(TITLE_LIMIT, limit // 3)
    head = "\n".join([shorten(card.title, most, unit=unit), shorten(cost, most, unit=unit)]).strip()
    size = MEASURES[unit]
    is_shown = has_link and is_address(card.url) and size(head) + size(card.url) < limit
    link = card.url if is_shown else ""
    room = limit - size(head) - (size(link) + 1 if link else 0) - 1
    about = shorten(card.description, room, unit=unit) if card.description.strip() and room > 20 else ""
    return "\n".join(line for line in (head, about, link) if line)


def tracked(order: OrderCard, *, language: str) -> str:
    """An order as words without its tracking address, for cards that have a button for it."""
    parcel = f"{order.carrier} {order.tracking_number}".strip()
    words = plain([replace(order, tracking_url="")], language=language)
    return f"{words}\n{parcel}" if parcel else words


def ask_about(card: ProductCard, language: str) -> Choice:
    """The button under a product that asks the bot about it; its choice id is `ask:<product id>`."""
    return Choice(f"ask:{card.product_id}", phrase("card.ask", language))


def shown(message: Outgoing, capabilities: Capabilities, *, pictures: Sequence[str] = PICTURES) -> list[Part]:
    """The parts of `message` as `degrade` leaves them, for channels without carousels.

    Kept as they are: the first `capabilities.cards` products, and orders whose parcel can be followed. Pictures
    that the platform cannot fetch are words.
    """
    known: list[Part] = list(message.parts) or ([Text(message.text)] if message.text else [])
    ready: list[Part] = []
    room = capabilities.cards
    waiting: list[Part] = []
    for part in known:
        match part:
            case Text() if not part.text.strip():
                continue
            case Products(items=items):
                waiting += [Products(items[:room])] if items[:room] else []
                waiting += (
                    [Text(plain([Products(items[room:])], language=message.language))] if items[room:] else []
                )
                room = max(0, room - len(items))
            case OrderCard() if is_public(part.tracking_url):
                ready += [*degrade(waiting, capabilities, language=message.language), part]
                waiting = []
            case Image() if not is_picture(part.url, pictures):
                waiting.append(Text(plain([part], language=message.language)))
            case File() if part.kind == "image" and is_picture(part.url, pictures):
                waiting.append(Image(part.url, part.title))
            case File():
                waiting.append(Text(plain([part], language=message.language)))
            case _:
                waiting.append(part)
    return ready + list(degrade(waiting, capabilities, language=message.language))
