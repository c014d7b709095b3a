"""Rows of the shop as the cards that shoppers and agents see."""

import itertools
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple, Protocol
from urllib.parse import quote

from sqlalchemy import ColumnElement, Select, bindparam, select
from sqlalchemy.orm import Session

from bot.core.messages import OrderCard, OrderLine, OrderStep, ProductCard
from bot.shop.tables import OrderEvent, OrderItem, Product, Variant
from bot.store import prepared

BEST_FIRST = ("in_stock", "preorder", "backorder", "out_of_stock")


def variants_of(session: Session, product_ids: Sequence[str]) -> Sequence[Variant]:
    """The variants of products, in the shop's order."""
    chosen = select(Variant).where(Variant.product_id.in_(product_ids))
    return session.scalars(chosen.order_by(Variant.product_id, Variant.position, Variant.sku)).all()


class SoldAs(NamedTuple):
    """The columns of a variant that a card needs; plain rows, since a search reads many."""

    sku: str
    position: int
    options: dict[str, str]
    price_minor: int | None
    sale_minor: int | None
    currency: str
    availability: str
    stock: int | None


_products, _variants = Product.__table__.c, Variant.__table__.c
SOLD = tuple(_variants[name] for name in SoldAs._fields)
SHOWN = tuple(_products[name] for name in ("id", "source", "title", "description", "url", "image"))
_CARDS = (
    select(*SHOWN, *SOLD)
    .select_from(Product.__table__.outerjoin(Variant.__table__, _variants.product_id == _products.id))
    .order_by(_products.id, _variants.position, _variants.sku)
)
_items, _events = OrderItem.__table__.c, OrderEvent.__table__.c
_LINES = select(
    *(_items[name] for name in ("order_id", "title", "options", "quantity", "total_minor"))
).order_by(_items.order_id, _items.position)
_STEPS = select(*(_events[name] for name in ("order_id", "state", "at", "text", "texts"))).order_by(
    _events.order_id, _events.position
)
FEW = 20  # ids looked up by a statement that is compiled once for their number


class Ordered(Protocol):
    """What a card needs of an order: the row of the table, whichever way it was read."""

    @property
    def id(self) -> int: ...
    @property
    def number(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def placed_at(self) -> datetime: ...
    @property
    def total_minor(self) -> int: ...
    @property
    def currency(self) -> str: ...
    @property
    def carrier(self) -> str: ...
    @property
    def tracking_number(self) -> str: ...
    @property
    def tracking_url(self) -> str: ...
    @property
    def expected_at(self) -> datetime | None: ...


@cache
def _of(statement: Select[Any], column: ColumnElement[Any], count: int) -> Select[Any]:
    """`statement` for `count` values of a column, named `id0`, `id1` …"""
    return statement.where(column.in_([bindparam(f"id{place}") for place in range(count)]))


def _rows(
    session: Session, statement: Select[Any], column: ColumnElement[Any], ids: Sequence[Any]
) -> Sequence[Any]:
    """The rows of `statement` with one of `ids` in a column."""
    if len(ids) <= FEW:
        values = {f"id{place}": value for place, value in enumerate(ids)}
        return prepared.rows(session, _of(statement, column, len(ids)), values)
    return session.connection().execute(statement.where(column.in_(ids))).all()


def price_now(variant: "Variant | SoldAs") -> int | None:
    """What the variant costs today, or None when the shop gave no price."""
    return variant.price_minor if variant.sale_minor is None else variant.sale_minor


def product_cards(
    session: Session, product_ids: Sequence[str], *, longest: int | None = None
) -> dict[str, ProductCard]:
    """Cards by product id; descriptions are cut at a word to at most `longest` characters."""
    if not product_ids:
        return {}
    rows = _rows(session, _CARDS, _products.id, product_ids)
    return {
        key: _card(list(group), longest) for key, group in itertools.groupby(rows, key=lambda row: row[0])
    }


def _card(rows: Sequence[Any], longest: int | None) -> ProductCard:
    product = rows[0]
    variants = [SoldAs(*row[len(SHOWN) :]) for row in rows if row.sku is not None]
    priced = [(price, variant) for variant in variants if (price := price_now(variant)) is not None]
    priced.sort(key=lambda item: item[0])
    cheapest = priced[0][1] if priced else None
    on_sale = cheapest is not None and cheapest.sale_minor is not None
    stocks = [variant.stock for variant in variants]
    options: dict[str, dict[str, None]] = {}
    for variant in variants:
        for name, value in variant.options.items():
            options.setdefault(name, {})[value] = None
    states = {variant.availability for variant in variants}
    is_ours = product.source == "demo" or not product.url
    return ProductCard(
        product_id=product.id,
        title=product.title,
        price_minor=priced[0][0] if priced else 0,
        currency=cheapest.currency if cheapest is not None else "",
        availability=next((state for state in BEST_FIRST if state in states), "out_of_stock"),
        stock=None if not stocks or None in stocks else sum(stock or 0 for stock in stocks),
        url=f"/shop/products/{quote(product.id, safe='')}" if is_ours else product.url,
        image=product.image or f"/shop/pictures/{quote(product.id, safe='')}.svg",
        options={name: tuple(values) for name, values in options.items()},
        price_to_minor=priced[-1][0] if priced and priced[-1][0] != priced[0][0] else None,
        sale_from_minor=cheapest.price_minor if cheapest is not None and on_sale else None,
        description=_shortened(product.description, longest),
    )


def _shortened(text: str, longest: int | None) -> str:
    if longest is None or len(text) <= longest:
        return text
    return text[: longest - 1].rsplit(" ", 1)[0].rstrip(" ,.;:") + "…"


def order_cards(session: Session, orders: Iterable[Ordered]) -> list[OrderCard]:
    """Cards of orders in the order given, with lines and timeline."""
    chosen = list(orders)
    if not chosen:
        return []
    ids = [order.id for order in chosen]
    lines: dict[int, list[OrderLine]] = {}
    for order_id, title, options, quantity, total_minor in _rows(session, _LINES, _items.order_id, ids):
        line = OrderLine(title=title, options=options, quantity=quantity, total_minor=total_minor)
        lines.setdefault(order_id, []).append(line)
    steps: dict[int, list[OrderStep]] = {}
    for order_id, state, at, text, texts in _rows(session, _STEPS, _events.order_id, ids):
        step = OrderStep(state=state, at=_iso(at), text=text, is_done=at is not None, texts=texts or {})
        steps.setdefault(order_id, []).append(step)
    return [
        OrderCard(
            number=order.number,
            state=order.state,
            placed_at=_iso(order.placed_at),
            total_minor=order.total_minor,
            currency=order.currency,
            lines=tuple(lines.get(order.id, ())),
            timeline=tuple(steps.get(order.id, ())),
            carrier=order.carrier,
            tracking_number=order.tracking_number,
            tracking_url=order.tracking_url,
            expected_at=_iso(order.expected_at),
        )
        for order in chosen
    ]


def _iso(at: datetime | None) -> str:
    return "" if at is None else at.isoformat()
