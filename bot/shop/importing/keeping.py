"""Writing items into the tables in short transactions, so that other writers are never held up."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Table, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from bot.core.times import now
from bot.shop.importing.items import Complain, Item, Problem
from bot.shop.tables import Product, Variant
from bot.store.database import Base, Database

CHUNK = 250  # rows in one transaction: a few milliseconds on SQLite
DELETE_CHUNK = 400


def upsert(session: Session, table: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    """Insert `rows`, or update those whose key is there; every row has the same columns."""
    if not rows:
        return
    model = table.__table__
    assert isinstance(model, Table)  # noqa: S101 - tells mypy what Base.__table__ is
    keys = [column.name for column in model.primary_key]
    changed = [name for name in rows[0] if name not in keys]
    if session.get_bind().dialect.name == "sqlite":
        lite = sqlite.insert(model)
        session.execute(
            lite.on_conflict_do_update(
                index_elements=keys, set_={name: lite.excluded[name] for name in changed}
            ),
            rows,
        )
        return
    post = postgresql.insert(model)
    session.execute(
        post.on_conflict_do_update(index_elements=keys, set_={name: post.excluded[name] for name in changed}),
        rows,
    )


class Keeper:
    """Keeps the items of one import; knows which products and variants the file had."""

    def __init__(self, database: Database, complain: Complain, *, source: str) -> None:
        self.database = database
        self.complain = complain
        self.source = source
        self.lines: dict[str, int] = {}  # sku -> line
        self.counts: dict[str, int] = {}  # product id -> variants so far
        self.imported = 0
        self._products: dict[str, dict[str, Any]] = {}
        self._variants: dict[str, dict[str, Any]] = {}

    def keep(self, items: Iterable[Item]) -> None:
        """Write all items; a repeated id replaces the earlier row and is reported."""
        for item in items:
            self._add(item)
            if len(self._variants) >= CHUNK:
                self.flush()
        self.flush()

    def _add(self, item: Item) -> None:
        first = self.lines.get(item.sku)
        if first is not None:
            self.complain(
                Problem(item.line, "id", f"{item.sku!r} was on line {first} already; this row counts")
            )
        self.lines[item.sku] = item.line
        if item.product_id not in self.counts or (first is not None and self.counts[item.product_id] == 1):
            self._products[item.product_id] = self._product(item)
        position = self.counts.get(item.product_id, 0)
        self.counts[item.product_id] = position + (first is None or position == 0)
        self._variants.pop(item.sku, None)
        self._variants[item.sku] = {
            "sku": item.sku,
            "product_id": item.product_id,
            "position": position,
            "options": item.options,
            "price_minor": item.price_minor,
            "sale_minor": item.sale_minor,
            "currency": item.currency,
            "availability": item.availability,
            "stock": item.stock,
            "gtin": item.gtin,
            "mpn": item.mpn,
            "image": item.image,
        }
        self.imported += 1

    def _product(self, item: Item) -> dict[str, Any]:
        return {
            "id": item.product_id,
            "source": self.source,
            "title": item.title,
            "description": "" if item.description == item.title else item.description,
            "brand": item.brand,
            "category": item.category,
            "url": item.url,
            "image": item.image,
            "attributes": item.attributes,
            "updated_at": now(),
        }

    def flush(self) -> None:
        """Write what is waiting as one transaction."""
        if not self._variants:
            return
        with self.database.writing() as session:
            upsert(session, Product, list(self._products.values()))
            upsert(session, Variant, list(self._variants.values()))
        self._products, self._variants = {}, {}

    def remove_others(self, *, source: str | None = None) -> int:
        """Remove products and variants the file did not have (only those of `source`); answers how many products."""
        with self.database.reading() as session:
            held = (
                select(Product.id) if source is None else select(Product.id).where(Product.source == source)
            )
            products = [key for key in session.scalars(held) if key not in self.counts]
            rows = session.execute(select(Variant.sku, Variant.product_id))
            variants = [sku for sku, product in rows if product in self.counts and sku not in self.lines]
        self._delete(Variant, Variant.sku, variants)
        self._delete(Product, Product.id, products)
        return len(products)

    def remove_empty(self) -> None:
        """Remove products whose last variant moved to another product."""
        with self.database.reading() as session:
            has_variant = select(Variant.sku).where(Variant.product_id == Product.id).exists()
            empty = list(session.scalars(select(Product.id).where(~has_variant)))
        self._delete(Product, Product.id, empty)

    def _delete(self, table: type[Base], column: Any, keys: Sequence[str]) -> None:
        for start in range(0, len(keys), DELETE_CHUNK):
            with self.database.writing() as session:
                session.execute(delete(table).where(column.in_(keys[start : start + DELETE_CHUNK])))
