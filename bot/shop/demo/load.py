"""Laying the demo shop down, and taking it away without a trace."""

import csv
import hashlib
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from bot.core import profile as profiles
from bot.core.profile import Profile
from bot.core.times import now
from bot.shop import keys, publishing
from bot.shop.importing.items import BadCatalogue, Problem
from bot.shop.importing.keeping import Keeper
from bot.shop.importing.merchant import Reader
from bot.shop.importing.sources import Source
from bot.shop.tables import Order, OrderEvent, OrderItem, Product, ShopCustomer, Variant
from bot.store.database import Database
from bot.store.tables import Mark

FOLDER = Path(__file__).parent
MARK = "demo_shop"
FILES = ("products.csv", "customers.csv", "orders.csv", "order_lines.csv", "order_events.csv")
PARCEL = ("placed", "paid", "packed", "shipped", "in_transit", "out_for_delivery", "delivered")
PICK_UP = ("placed", "paid", "packed", "ready_for_pickup", "delivered")
TO_COME = {
    "paid": ("Payment.", {"lt": "Apmokėjimas."}),
    "packed": ("Packing in our warehouse.", {"lt": "Pakavimas mūsų sandėlyje."}),
    "shipped": ("Handing over to the carrier.", {"lt": "Perdavimas vežėjui."}),
    "in_transit": ("On its way.", {"lt": "Pakeliui."}),
    "out_for_delivery": ("With the courier.", {"lt": "Pas kurjerį."}),
    "ready_for_pickup": ("Waiting for you in our shop.", {"lt": "Laukia jūsų mūsų parduotuvėje."}),
    "delivered": ("Delivery.", {"lt": "Pristatymas."}),
}
ENDED = ("delivered", "payment_failed", "cancelled", "returned", "refunded", "partially_refunded")
Rows = list[dict[str, str]]


def load_demo(
    database: Database, profile: Profile | None = None, *, home: Path | None = None, folder: Path = FOLDER
) -> None:
    """Lay the demo shop down, or bring the one there up to date; orders are dated back from now.

    `profile` gives timezone and currency (the demo's own when None); `home` is where index and gazetteer go.

    Raises:
        BadInput: a file in `folder` does not fit; names line and field.
    """
    shop = profile or profiles.load(folder / "shop.toml")
    digest = hashlib.sha256((folder / "products.csv").read_bytes()).hexdigest()
    with database.reading() as session:
        is_there = session.scalar(select(Mark.value).where(Mark.name == MARK)) == digest
        held = session.scalar(select(func.count()).where(Product.source == "demo"))
    if not is_there or not held:
        _load_products(database, folder / "products.csv", currency=shop.currency)
        publishing.publish(database, home or publishing.home_of(database))
    tables = {name: _read(folder / name) for name in FILES[1:]}
    with database.writing() as session:
        _remove_people(session)
        _load_customers(session, tables["customers.csv"])
        session.flush()
        _load_orders(session, tables, at=now(), shop=shop)
        session.merge(Mark(name=MARK, value=digest))


def remove_demo(database: Database, *, home: Path | None = None) -> None:
    """Remove the demo's products, customers and orders; what was imported stays."""
    with database.writing() as session:
        _remove_people(session)
        removed = session.scalars(select(Product.id).where(Product.source == "demo")).all()
        session.execute(delete(Product).where(Product.source == "demo"))
        session.execute(delete(Mark).where(Mark.name == MARK))
    if removed:
        publishing.publish(database, home or publishing.home_of(database))


def _remove_people(session: Session) -> None:
    session.execute(delete(Order).where(Order.source == "demo"))  # lines and events go with it
    session.execute(delete(ShopCustomer).where(ShopCustomer.source == "demo"))


def _load_products(database: Database, path: Path, *, currency: str) -> None:
    problems: list[Problem] = []
    file = Source(path)
    try:
        keeper = Keeper(database, problems.append, source="demo")
        keeper.keep(Reader(problems.append, currency=currency).items(file.rows("merchant", problems.append)))
    finally:
        file.close()
    if problems:
        first = problems[0]
        raise BadCatalogue(
            f"{path.name}, line {first.line}: {first.field}: {first.message}", field=first.field
        )
    keeper.remove_others(source="demo")


def _read(path: Path) -> Rows:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _load_customers(session: Session, rows: Rows) -> None:
    today = now()
    for row in rows:
        session.add(
            ShopCustomer(
                id=row["id"],
                source="demo",
                name=row["name"],
                name_key=row["name"].lower(),
                email=row["email"],
                email_key=keys.email(row["email"]),
                phone=row["phone"],
                address=row["address"],
                postcode=row["postcode"],
                city=row["city"],
                country=row["country"],
                language=row["language"],
                since_at=today - timedelta(days=int(row["since_days_ago"])),
            )
        )


class _Clock:
    """Turns 'so many days ago at 14:20' into a moment; steps of one order never lie ahead or go backwards."""

    def __init__(self, at: datetime, zone: ZoneInfo) -> None:
        self.at = at
        self.zone = zone
        self.last = datetime(1970, 1, 1, tzinfo=UTC)

    def moment(self, days_ago: str, clock: str) -> datetime:
        """The moment meant; what would still lie ahead today happened a quarter of an hour ago."""
        day = self.at.astimezone(self.zone).date() - timedelta(days=int(days_ago))
        meant = datetime.combine(day, time.fromisoformat(clock), self.zone).astimezone(UTC)
        self.last = max(min(meant, self.at - timedelta(minutes=15)), self.last)
        return self.last


def _load_orders(session: Session, tables: dict[str, Rows], *, at: datetime, shop: Profile) -> None:
    zone = ZoneInfo(shop.timezone)
    lines: dict[str, Rows] = {}
    for row in tables["order_lines.csv"]:
        lines.setdefault(row["order"], []).append(row)
    events: dict[str, Rows] = {}
    for row in tables["order_events.csv"]:
        events.setdefault(row["order"], []).append(row)
    skus = {row["sku"] for row in tables["order_lines.csv"]}
    products = _products_of(session, skus)
    customers = {row["id"]: row for row in tables["customers.csv"]}
    for row in tables["orders.csv"]:
        number = row["number"]
        clock = _Clock(at, zone)
        steps = [
            OrderEvent(
                position=place,
                state=step["state"],
                text=step["text"],
                texts=_texts(step),
                at=clock.moment(step["days_ago"], step["time"]),
            )
            for place, step in enumerate(events[number])
        ]
        order = _order(row, customers[row["customer"]], lines[number], shop=shop)
        placed_at = steps[0].at
        order.placed_at = placed_at if placed_at is not None else at
        order.expected_at = _expected(row["expected_in_days"], at=at, zone=zone)
        session.add(order)
        session.flush()
        steps.extend(_to_come(row, done=[step.state for step in steps]))
        for step in steps:
            step.order_id = order.id
        session.add_all(steps)
        session.add_all(
            OrderItem(
                order_id=order.id,
                position=place,
                sku=line["sku"],
                product_id=products.get(line["sku"], ""),
                title=line["title"],
                options=line["options"],
                quantity=int(line["quantity"]),
                total_minor=_cents(line["unit_price"]) * int(line["quantity"]),
            )
            for place, line in enumerate(lines[number])
        )


def _products_of(session: Session, skus: set[str]) -> dict[str, str]:
    rows = session.execute(select(Variant.sku, Variant.product_id).where(Variant.sku.in_(skus)))
    return {sku: product for sku, product in rows}


def _order(row: dict[str, str], customer: dict[str, str], lines: Rows, *, shop: Profile) -> Order:
    subtotal = sum(_cents(line["unit_price"]) * int(line["quantity"]) for line in lines)
    delivery = _cents(row["delivery_price"])
    return Order(
        number=row["number"],
        number_key=keys.order_number(row["number"]),
        digits_key=keys.digits(row["number"]),
        source="demo",
        customer_id=customer["id"],
        email_key=keys.email(customer["email"]),
        postcode_key=keys.postcode(customer["postcode"]),
        state=row["state"],
        currency=shop.currency,
        subtotal_minor=subtotal,
        delivery_minor=delivery,
        total_minor=subtotal + delivery,
        refunded_minor=_cents(row["refunded"]),
        carrier=row["carrier"],
        tracking_number=row["tracking_number"],
        tracking_url=row["tracking_url"],
    )


def _expected(days: str, *, at: datetime, zone: ZoneInfo) -> datetime | None:
    """The evening of the day the parcel should arrive."""
    if not days:
        return None
    day = at.astimezone(zone).date() + timedelta(days=int(days))
    return datetime.combine(day, time(18, 0), zone).astimezone(UTC)


def _to_come(row: dict[str, str], *, done: list[str]) -> list[OrderEvent]:
    """The steps an order that is still moving has before it."""
    if row["state"] in ENDED:
        return []
    flow = PICK_UP if row["delivery"] == "pick-up" else PARCEL
    last = max(flow.index(state) for state in done if state in flow)
    return [
        OrderEvent(
            position=len(done) + place, state=state, text=TO_COME[state][0], texts=TO_COME[state][1], at=None
        )
        for place, state in enumerate(flow[last + 1 :])
    ]


def _texts(step: dict[str, str]) -> dict[str, str]:
    """What columns `text_<locale>` say, by locale."""
    return {
        name.removeprefix("text_"): text for name, text in step.items() if name.startswith("text_") and text
    }


def _cents(text: str) -> int:
    return round(float(text) * 100)
