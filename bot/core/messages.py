"""What is said and what is asked for: the typed parts of a message and the commands of a turn.

JSON shapes are part of the public web-chat API (docs/api.md) and of the private border
between actions and desk. An action puts commands and rich parts into `custom` of its reply:
`dispatcher.utter_message(json_message=to_json(part_or_command))`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, is_dataclass
from typing import Any

from bot.core.errors import BadInput


@dataclass(frozen=True)
class Choice:
    """A quick reply. `payload` is what the brain gets; it never leaves the desk."""

    id: str
    title: str
    payload: str = ""


@dataclass(frozen=True)
class Text:
    text: str


@dataclass(frozen=True)
class QuickReplies:
    items: tuple[Choice, ...]


@dataclass(frozen=True)
class Image:
    url: str
    alt: str = ""


@dataclass(frozen=True)
class File:
    """Something a shopper sent that is not text. `kind`: image, video, audio, file, sticker, location, contact,
    share, story, product, order. `url` may be empty or die with the platform's copy."""

    kind: str
    url: str = ""
    title: str = ""
    platform_id: str = ""


@dataclass(frozen=True)
class ProductCard:
    """One product as a shopper sees it; money in minor units of `currency`, which is empty when no price is known."""

    product_id: str
    title: str
    price_minor: int
    currency: str
    availability: str  # in_stock | out_of_stock | preorder | backorder
    stock: int | None
    url: str
    image: str
    options: Mapping[str, Sequence[str]] = field(default_factory=dict)
    price_to_minor: int | None = None  # set when variants differ in price
    sale_from_minor: int | None = None  # the price before the sale
    description: str = ""

    @property
    def has_price(self) -> bool:
        """Whether the shop named a price; a free product has one, in its currency."""
        return bool(self.currency or self.price_minor)


@dataclass(frozen=True)
class Products:
    items: tuple[ProductCard, ...]


@dataclass(frozen=True)
class OrderLine:
    title: str
    options: str
    quantity: int
    total_minor: int


@dataclass(frozen=True)
class OrderStep:
    """One step of the timeline; `at` is ISO 8601 UTC, empty when still to come."""

    state: str
    at: str
    text: str
    is_done: bool
    texts: Mapping[str, str] = field(default_factory=dict)  # by locale, besides `text`


@dataclass(frozen=True)
class OrderCard:
    number: str
    state: str
    placed_at: str
    total_minor: int
    currency: str
    lines: tuple[OrderLine, ...]
    timeline: tuple[OrderStep, ...]
    carrier: str = ""
    tracking_number: str = ""
    tracking_url: str = ""
    expected_at: str = ""


@dataclass(frozen=True)
class Survey:
    """A rating; `labels` name its scores from 1 to `scale` in the shopper's language (as quick replies `rate:<n>`)."""

    survey_id: str
    survey: str  # csat
    scale: int
    question: str
    labels: Sequence[str] = ()


Part = Text | QuickReplies | Image | File | Products | OrderCard | Survey

# --- commands: what a turn asks the desk to do, besides speaking -----------------------------


@dataclass(frozen=True)
class HandOff:
    """Fetch a person. `details` are label -> value pairs already collected; `wants` is one line for the agent."""

    reason: str
    wants: str = ""
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Close:
    """End the episode. `is_confirmed`: the shopper said the matter is settled."""

    is_confirmed: bool = False


@dataclass(frozen=True)
class AskSurvey:
    survey: str = "csat"


@dataclass(frozen=True)
class Note:
    """A fact seen during the turn, e.g. product_shown / product_asked / order_looked_up / fallback."""

    kind: str
    label: str = ""
    value: float | None = None


@dataclass(frozen=True)
class Contact:
    """Details of the shopper learnt in the chat; `customer_id` only after proof of identity."""

    name: str = ""
    email: str = ""
    phone: str = ""
    customer_id: str = ""
    order_number: str = ""


@dataclass(frozen=True)
class Language:
    """The shopper asked to be answered in another language from now on."""

    locale: str


Command = HandOff | Close | AskSurvey | Note | Contact | Language

TYPES: dict[str, type] = {
    "text": Text,
    "quick_replies": QuickReplies,
    "image": Image,
    "file": File,
    "products": Products,
    "order": OrderCard,
    "survey": Survey,
    "hand_off": HandOff,
    "close": Close,
    "ask_survey": AskSurvey,
    "note": Note,
    "contact": Contact,
    "language": Language,
}
NAMES = {cls: name for name, cls in TYPES.items()}
NESTED: dict[tuple[str, str], type] = {
    ("quick_replies", "items"): Choice,
    ("products", "items"): ProductCard,
    ("order", "lines"): OrderLine,
    ("order", "timeline"): OrderStep,
}
COMMANDS = (HandOff, Close, AskSurvey, Note, Contact, Language)


def to_json(value: Part | Command) -> dict[str, Any]:
    """The JSON shape of a part or command: its fields and `"type"`."""
    return {"type": NAMES[type(value)], **_plain(vars(value))}


def _plain(value: Any) -> Any:
    """What JSON knows, without the copies of every text that `dataclasses.asdict` makes."""
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    return _plain(vars(value)) if is_dataclass(value) else value


def from_json(data: Mapping[str, Any]) -> Part | Command:
    """The value behind a JSON shape.

    Raises:
        BadInput: unknown type, missing or unknown field.
    """
    name = str(data.get("type", ""))
    cls = TYPES.get(name)
    if cls is None:
        raise BadInput(f"unknown message part {name!r}", field="type")
    fields = {key: value for key, value in data.items() if key != "type"}
    try:
        for key, value in fields.items():
            nested = NESTED.get((name, key))
            if nested is not None:
                fields[key] = tuple(nested(**item) for item in value)
        return cls(**fields)  # type: ignore[no-any-return]
    except (TypeError, AttributeError) as error:
        raise BadInput(f"{name}: {error}") from error
