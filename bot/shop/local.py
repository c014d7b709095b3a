"""A shop kept in our own tables: the demo shop, and every shop that imports its catalogue."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import bindparam, func, literal_column, or_, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from bot.core.errors import ProofNeeded, ShopUnavailable
from bot.core.messages import OrderCard, ProductCard
from bot.core.profile import Profile
from bot.shop import keys, pictures
from bot.shop import proof as proving
from bot.shop.cards import order_cards, price_now, product_cards, variants_of
from bot.shop.contract import Customer, Found, Query, VariantView
from bot.shop.serving import Serving
from bot.shop.tables import Order, Product, ShopCustomer
from bot.store import prepared
from bot.store.database import Database

SHORT = 300  # characters of a description on a card
MOST_CUSTOMERS = 20
UNPAID = ("cancelled", "payment_failed")
_orders, _people = Order.__table__.c, ShopCustomer.__table__.c
_CUSTOMER = select(ShopCustomer.__table__).where(_people.id == bindparam("customer"))
_SPENT = (
    select(_orders.customer_id, func.count(), func.sum(_orders.total_minor - _orders.refunded_minor))
    .where(_orders.state.not_in([literal_column(f"'{state}'") for state in UNPAID]))
    .group_by(_orders.customer_id)
)
_SPENT_BY_ONE = _SPENT.where(_orders.customer_id == bindparam("customer"))


class LocalShop:
    """Implements `bot.shop.contract.Shop` on the shop's tables; one per process."""

    def __init__(self, database: Database, home: Path, profile: Profile) -> None:
        self.database = database
        self.profile = profile
        self.serving = Serving(database, Path(home))

    def search(self, query: Query) -> Found:
        """Products that fit, best first, each with a short description."""
        try:
            with self.database.reading() as session:
                hits = self.serving.searcher(session).search(query, currency=self.profile.currency)
                cards = product_cards(session, hits.product_ids, longest=SHORT)
        except SQLAlchemyError as error:
            raise ShopUnavailable() from error
        items = tuple(cards[key] for key in hits.product_ids if key in cards)
        return Found(items=items, total=hits.total, corrected=hits.corrected)

    def product(self, product_id: str) -> ProductCard | None:
        """One product with its whole description, or None."""
        try:
            with self.database.reading() as session:
                return product_cards(session, [product_id]).get(product_id)
        except SQLAlchemyError as error:
            raise ShopUnavailable() from error

    def variants(self, product_id: str) -> Sequence[VariantView]:
        """What can be bought of a product, in the shop's order."""
        try:
            with self.database.reading() as session:
                rows = variants_of(session, [product_id])
        except SQLAlchemyError as error:
            raise ShopUnavailable() from error
        return [
            VariantView(
                sku=row.sku,
                options=dict(row.options),
                price_minor=price_now(row) or 0,
                currency=row.currency if price_now(row) is not None else "",
                availability=row.availability,
                stock=row.stock,
            )
            for row in rows
        ]

    def picture(self, product_id: str) -> str | None:
        """The drawn picture of a product (SVG), or None when there is no such product."""
        try:
            with self.database.reading() as session:
                product = session.get(Product, product_id)
                if product is None:
                    return None
                first = next(iter(variants_of(session, [product_id])), None)
        except SQLAlchemyError as error:
            raise ShopUnavailable() from error
        options = first.options if first is not None else {}
        return pictures.svg(product.title, product.category, str(options.get("Colour", "")))

    def categories(self, limit: int = 16) -> Sequence[str]:
        """Paths of the largest categories (`Outdoor > Tents`), in alphabetical order."""
        try:
            with self.database.reading() as session:
                query = select(Product.category).where(Product.category != "").group_by(Product.category)
                return sorted(session.scalars(query.order_by(func.count().desc()).limit(limit)))
        except SQLAlchemyError as error:
            raise ShopUnavailable() from error

    def order(self, number: str, *, proof: str, key: str) -> OrderCard:
        """The order, when `proof` is the e-mail or postcode of its buyer; see the contract."""
        try:
            with self.database.writing() as session:  # wrong answers are counted as one step with the check
                order = proving.check(session, number, proof=proof, key=key, profile=self.profile)
                card = order_cards(session, [order])[0] if order is not None else None
        except SQLAlchemyError as error:
            raise ShopUnavailable() from error
        if card is None:
            raise ProofNeeded()
        return card

    def order_customer(self, number: str) -> str:
        """Id of the customer behind an order; empty when unknown or when several orders could be meant."""
        try:
            with self.database.reading() as session:
                found = proving.candidates(session, number)
                return found[0].customer_id if len(found) == 1 else ""
        except SQLAlchemyError as error:
            raise ShopUnavailable() from error

    def orders_of(self, customer_id: str) -> Sequence[OrderCard]:
        """Orders of a customer, newest first."""
        try:
            with self.database.reading() as session:
                newest = select(Order).where(Order.customer_id == customer_id)
                orders = session.scalars(newest.order_by(Order.placed_at.desc(), Order.id.desc()).limit(100))
                return order_cards(session, orders.all())
        except SQLAlchemyError as error:
            raise ShopUnavailable() from error

    def customer(self, customer_id: str) -> Customer | None:
        """One customer with what they bought so far, or None."""
        try:
            with self.database.reading() as session:
                found = prepared.rows(session, _CUSTOMER, {"customer": customer_id})
                return self._customers(session, found)[0] if found else None
        except SQLAlchemyError as error:
            raise ShopUnavailable() from error

    def find_customers(self, text: str) -> Sequence[Customer]:
        """Customers by e-mail, order number or name, best matches first; at most twenty."""
        text = text.strip()[:200]
        if not text:
            return []
        try:
            with self.database.reading() as session:
                return self._customers(session, _matching(session, text))
        except SQLAlchemyError as error:
            raise ShopUnavailable() from error

    def _customers(self, session: Session, rows: Sequence[Any]) -> list[Customer]:
        if len(rows) == 1:
            sums = prepared.rows(session, _SPENT_BY_ONE, {"customer": rows[0].id})
        else:
            of_these = _orders.customer_id.in_([row.id for row in rows])
            sums = list(session.connection().execute(_SPENT.where(of_these)))
        totals = {customer: (count, int(total)) for customer, count, total in sums}
        return [
            Customer(
                id=row.id,
                name=row.name,
                email=row.email,
                phone=row.phone,
                city=row.city,
                since=row.since_at.date().isoformat(),
                orders_count=totals.get(row.id, (0, 0))[0],
                spent_minor=totals.get(row.id, (0, 0))[1],
                currency=self.profile.currency,
            )
            for row in rows
        ]


def _matching(session: Session, text: str) -> Sequence[ShopCustomer]:
    mail = keys.email(text)
    by_email = ShopCustomer.email_key == mail
    exact = session.scalars(select(ShopCustomer).where(or_(by_email, ShopCustomer.id == text))).all()
    if exact:
        return exact
    ids = list(dict.fromkeys(order.customer_id for order in proving.candidates(session, text)))
    if ids:
        return session.scalars(select(ShopCustomer).where(ShopCustomer.id.in_(ids))).all()
    query = select(ShopCustomer)
    if "@" in mail:
        query = query.where(ShopCustomer.email_key.startswith(mail, autoescape=True))
    else:
        for word in text.lower().split()[:5]:
            in_email = ShopCustomer.email_key.contains(word, autoescape=True)
            query = query.where(or_(ShopCustomer.name_key.contains(word, autoescape=True), in_email))
    return session.scalars(query.order_by(ShopCustomer.name_key).limit(MOST_CUSTOMERS)).all()
