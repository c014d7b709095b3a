"""One row of a catalogue as a value, and what can be wrong with it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from bot.core.errors import BadInput


@dataclass(frozen=True)
class Problem:
    """Something wrong in a file. `is_skipped`: the row was left out; otherwise it went in without that value."""

    line: int
    field: str
    message: str
    is_skipped: bool = False


@dataclass(frozen=True)
class Progress:
    """How far an import is: rows read so far and the share (0 to 1) of the file that is read."""

    rows: int
    share: float


@dataclass(frozen=True)
class Report:
    """What an import did. `imported`: rows that went in; `products` and `variants`: how many those make."""

    imported: int
    products: int
    variants: int
    removed: int
    problems: list[Problem]
    seconds: float
    skipped: int = 0
    version: str = ""


@dataclass(frozen=True)
class Row:
    """A row as read: its line in the file, and its fields by lower-case name."""

    line: int
    fields: dict[str, str]


@dataclass(frozen=True)
class Item:
    """A sellable thing read from a row; rows with the same `product_id` are variants of one product."""

    line: int
    sku: str
    product_id: str
    title: str = ""
    description: str = ""
    brand: str = ""
    category: str = ""
    url: str = ""
    image: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)
    price_minor: int | None = None
    sale_minor: int | None = None
    currency: str = ""
    availability: str = "in_stock"
    stock: int | None = None
    gtin: str = ""
    mpn: str = ""


Complain = Callable[[Problem], None]
OnProgress = Callable[[Progress], None]


class BadCatalogue(BadInput):
    """The file is not a catalogue we can read; the message says why."""

    code = "bad_catalogue"
