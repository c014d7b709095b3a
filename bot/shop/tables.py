"""Tables of the shop: products, variants, customers, orders. Money is whole minor units of a currency."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.database import Base, Moment
from bot.store.tables import Json, Serial


class Product(Base):
    """One thing on the shop's shelf; what can be bought are its variants."""

    __tablename__ = "products"
    id: Mapped[str] = mapped_column(String(100), primary_key=True)  # the shop's own id, or its item group
    source: Mapped[str] = mapped_column(String(20), default="import", index=True)  # demo | import
    title: Mapped[str] = mapped_column(String(300))
    description: Mapped[str] = mapped_column(Text, default="")
    brand: Mapped[str] = mapped_column(String(100), default="", index=True)
    category: Mapped[str] = mapped_column(String(300), default="", index=True)  # path: Outdoor > Tents
    url: Mapped[str] = mapped_column(Text, default="")
    image: Mapped[str] = mapped_column(Text, default="")
    attributes: Mapped[dict[str, Any]] = mapped_column(
        Json, default=dict
    )  # name -> text, for search and agents
    updated_at: Mapped[datetime] = mapped_column(Moment)


class Variant(Base):
    """One sellable thing. `price_minor` None: the shop gave none; `stock` None: not counted."""

    __tablename__ = "variants"
    sku: Mapped[str] = mapped_column(String(100), primary_key=True)
    product_id: Mapped[str] = mapped_column(ForeignKey("products.id", ondelete="CASCADE"))
    position: Mapped[int] = mapped_column(default=0)
    options: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)  # {"Size": "M", "Colour": "moss"}
    price_minor: Mapped[int | None] = mapped_column(BigInteger)
    sale_minor: Mapped[int | None] = mapped_column(
        BigInteger
    )  # the price now, while on sale; price_minor is then the one before
    currency: Mapped[str] = mapped_column(String(3), default="")
    availability: Mapped[str] = mapped_column(String(20), default="in_stock")
    stock: Mapped[int | None]
    gtin: Mapped[str] = mapped_column(String(20), default="")
    mpn: Mapped[str] = mapped_column(String(100), default="")
    image: Mapped[str] = mapped_column(Text, default="")
    __table_args__ = (Index("ix_variants_product", "product_id", "position"),)


class ShopCustomer(Base):
    """A customer of the shop. `email_key` and `name_key` are what look-ups compare with."""

    __tablename__ = "customers"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    source: Mapped[str] = mapped_column(String(20), default="import")
    name: Mapped[str] = mapped_column(String(200))
    name_key: Mapped[str] = mapped_column(String(200), default="", index=True)  # lower case
    email: Mapped[str] = mapped_column(String(320), default="")
    email_key: Mapped[str] = mapped_column(String(320), default="", index=True)  # lower case, no spaces
    phone: Mapped[str] = mapped_column(String(40), default="")
    address: Mapped[str] = mapped_column(String(300), default="")
    postcode: Mapped[str] = mapped_column(String(20), default="")
    city: Mapped[str] = mapped_column(String(100), default="")
    country: Mapped[str] = mapped_column(String(2), default="")
    language: Mapped[str] = mapped_column(String(12), default="")
    since_at: Mapped[datetime] = mapped_column(Moment)


class Order(Base):
    """An order. `number_key` is the number without signs and in capitals, as look-ups compare it."""

    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    number: Mapped[str] = mapped_column(String(40))
    number_key: Mapped[str] = mapped_column(String(40))
    digits_key: Mapped[str] = mapped_column(String(40), default="", index=True)  # the digits alone: "1001"
    source: Mapped[str] = mapped_column(String(20), default="import")
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"))
    email_key: Mapped[str] = mapped_column(String(320), default="")
    postcode_key: Mapped[str] = mapped_column(String(20), default="")  # of the delivery address
    state: Mapped[str] = mapped_column(String(30))
    placed_at: Mapped[datetime] = mapped_column(Moment)
    currency: Mapped[str] = mapped_column(String(3))
    subtotal_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    delivery_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    total_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    refunded_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    carrier: Mapped[str] = mapped_column(String(60), default="")
    tracking_number: Mapped[str] = mapped_column(String(100), default="")
    tracking_url: Mapped[str] = mapped_column(Text, default="")
    expected_at: Mapped[datetime | None] = mapped_column(Moment)
    __table_args__ = (
        UniqueConstraint("number_key", name="uq_orders_number_key"),
        Index("ix_orders_customer", "customer_id", "placed_at"),
    )


class OrderItem(Base):
    """One line of an order, with the words and price of the day it was placed."""

    __tablename__ = "order_lines"
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    sku: Mapped[str] = mapped_column(String(100), default="")
    product_id: Mapped[str] = mapped_column(String(100), default="")  # no key: products come and go
    title: Mapped[str] = mapped_column(String(300))
    options: Mapped[str] = mapped_column(String(300), default="")
    quantity: Mapped[int] = mapped_column(default=1)
    total_minor: Mapped[int] = mapped_column(BigInteger, default=0)


class OrderEvent(Base):
    """One step of an order's timeline; `at` None: still to come. `texts`: by locale, besides the shop's own `text`."""

    __tablename__ = "order_events"
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(String(30))
    text: Mapped[str] = mapped_column(String(300), default="")
    texts: Mapped[dict[str, str]] = mapped_column(Json, default=dict, server_default="{}")
    at: Mapped[datetime | None] = mapped_column(Moment)
