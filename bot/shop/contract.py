"""What the bot and the inbox ask of a shop system; one implementation per system, chosen by name."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from bot.core.messages import OrderCard, ProductCard


@dataclass(frozen=True)
class Query:
    """A product search. Empty `text` with filters browses. Prices in minor units.

    `is_loose`: a word of several is enough; for when nothing has them all.
    """

    text: str
    limit: int = 5
    category: str = ""
    brand: str = ""
    options: dict[str, str] = field(default_factory=dict)  # {"Size": "M", "Colour": "blue"}
    price_min_minor: int | None = None
    price_max_minor: int | None = None
    is_in_stock_only: bool = False
    sort: str = "relevance"  # relevance | price_up | price_down
    is_loose: bool = False


@dataclass(frozen=True)
class Found:
    """Result of a search. `corrected` is the spelling searched for when it differs from what was typed."""

    items: tuple[ProductCard, ...]
    total: int
    corrected: str = ""


@dataclass(frozen=True)
class VariantView:
    """One sellable thing: sku, its options, price in minor units (no currency: unknown), stock (None: not counted)."""

    sku: str
    options: dict[str, str]
    price_minor: int
    currency: str
    availability: str
    stock: int | None


@dataclass(frozen=True)
class Customer:
    """A customer of the shop, as an agent may see them."""

    id: str
    name: str
    email: str
    phone: str
    city: str
    since: str
    orders_count: int
    spent_minor: int
    currency: str


ORDER_STATES = (
    "placed",
    "paid",
    "payment_failed",
    "packed",
    "shipped",
    "in_transit",
    "out_for_delivery",
    "delayed",
    "ready_for_pickup",
    "delivered",
    "returned",
    "partially_refunded",
    "refunded",
    "cancelled",
)
"""Every `OrderCard.state` and `OrderStep.state`; a `delivered` step also ends a pick-up."""


class Shop(Protocol):
    """Blocking calls (they query a database or a remote shop): async callers use a thread.

    Every method raises `ShopUnavailable` when the shop's system does not answer.
    """

    def search(self, query: Query) -> Found: ...

    def product(self, product_id: str) -> ProductCard | None: ...

    def variants(self, product_id: str) -> Sequence[VariantView]: ...

    def order(self, number: str, *, proof: str, key: str) -> OrderCard:
        """The order, when `proof` (e-mail or postcode) is that of its buyer.

        `key` names who asks (the conversation); wrong proofs are counted per key and per order.

        Raises:
            ProofNeeded: no such order or wrong proof; deliberately the same.
            TooMany: too many wrong proofs.
        """
        ...

    def order_customer(self, number: str) -> str:
        """Id of the customer behind an order, for linking after proof; empty when unknown."""
        ...

    def orders_of(self, customer_id: str) -> Sequence[OrderCard]:
        """Orders of a customer, newest first; for agents and proven shoppers."""
        ...

    def customer(self, customer_id: str) -> Customer | None: ...

    def find_customers(self, text: str) -> Sequence[Customer]:
        """Customers by e-mail, name or order number; for agents."""
        ...
