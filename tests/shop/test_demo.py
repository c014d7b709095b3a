"""The demo shop: what it holds, that it never grows old, and that it can go again."""

import csv
import itertools
import json
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bot.core import profile as profiles
from bot.core.times import now
from bot.shop import import_catalogue, load_demo, remove_demo
from bot.shop.contract import ORDER_STATES, Query
from bot.shop.local import LocalShop
from bot.shop.tables import Order, OrderEvent, OrderItem, Product, ShopCustomer, Variant
from bot.store.database import Database, Moment
from bot.store.tables import Mark

DEMO = Path(__file__).parents[2] / "bot" / "shop" / "demo"


def count(database: Database, table: type) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_the_demo_holds_sixty_products_forty_customers_and_orders_in_every_state(
    database: Database, demo: LocalShop
) -> None:
    with database.reading() as session:
        states = Counter(session.scalars(select(Order.state)))
        numbers = set(session.scalars(select(Order.number)))
    assert count(database, Product) >= 60
    assert count(database, Variant) > 3 * count(database, Product)
    assert count(database, ShopCustomer) == 40
    assert numbers == {f"A{number}" for number in range(1001, 1121)}
    assert set(states) == set(ORDER_STATES)


def test_every_product_has_words_a_price_a_link_and_a_picture_of_its_own(
    database: Database, demo: LocalShop
) -> None:
    with database.reading() as session:
        ids = list(session.scalars(select(Product.id)))
    cards = [demo.product(key) for key in ids]
    assert all(card is not None and len(card.description) > 60 and card.price_minor > 0 for card in cards)
    assert {card.url for card in cards if card} == {f"/shop/products/{key}" for key in ids}
    assert {card.image for card in cards if card} == {f"/shop/pictures/{key}.svg" for key in ids}
    assert {card.currency for card in cards if card} == {"EUR"}


def test_some_things_are_sold_out_scarce_on_sale_and_not_counted(database: Database, demo: LocalShop) -> None:
    with database.reading() as session:
        stocks = list(session.scalars(select(Variant.stock)))
        availabilities = set(session.scalars(select(Variant.availability)))
        on_sale = session.scalars(select(Variant).where(Variant.sale_minor.is_not(None))).all()
    assert 0 in stocks
    assert {1, 2, 3} & set(stocks)
    assert None in stocks
    assert availabilities == {"in_stock", "out_of_stock", "preorder", "backorder"}
    assert on_sale
    assert all(row.sale_minor < row.price_minor for row in on_sale)


def test_orders_add_up_and_their_steps_go_forward_into_no_future(database: Database, demo: LocalShop) -> None:
    at = now()
    with database.reading() as session:
        orders = {order.id: order for order in session.scalars(select(Order))}
        lines = session.execute(
            select(OrderItem.order_id, func.sum(OrderItem.total_minor)).group_by(OrderItem.order_id)
        ).all()
        events = session.scalars(select(OrderEvent).order_by(OrderEvent.order_id, OrderEvent.position)).all()
    assert {key: int(total) for key, total in lines} == {
        key: order.subtotal_minor for key, order in orders.items()
    }
    assert all(order.total_minor == order.subtotal_minor + order.delivery_minor for order in orders.values())
    assert all(order.delivery_minor == 0 for order in orders.values() if order.subtotal_minor >= 6000)
    done = [event for event in events if event.at is not None]
    assert max(event.at for event in done if event.at) <= at
    pairs = [(a, b) for a, b in itertools.pairwise(done) if a.order_id == b.order_id]
    assert all(a.at <= b.at for a, b in pairs if a.at and b.at)
    assert {orders[event.order_id].state for event in events if event.at is None}.isdisjoint(
        {"delivered", "cancelled", "refunded", "returned", "payment_failed"}
    )


def test_the_last_done_step_of_an_order_is_its_state(database: Database, demo: LocalShop) -> None:
    with database.reading() as session:
        customers = list(session.scalars(select(ShopCustomer.id)))
    cards = [card for key in customers for card in demo.orders_of(key)]
    assert len(cards) == 120
    for card in cards:
        assert [step for step in card.timeline if step.is_done][-1].state == card.state


def test_loading_twice_changes_nothing_but_the_days(
    database: Database, demo: LocalShop, tmp_path: Path
) -> None:
    with database.reading() as session:
        before = session.scalar(select(Mark.value).where(Mark.name == "catalogue_version"))
    sizes = [
        count(database, table) for table in (Product, Variant, ShopCustomer, Order, OrderItem, OrderEvent)
    ]
    load_demo(database, home=tmp_path)
    with database.reading() as session:
        after = session.scalar(select(Mark.value).where(Mark.name == "catalogue_version"))
    assert sizes == [
        count(database, table) for table in (Product, Variant, ShopCustomer, Order, OrderItem, OrderEvent)
    ]
    assert before == after


def test_orders_are_dated_back_from_the_day_of_loading(
    database: Database, demo: LocalShop, tmp_path: Path
) -> None:
    with database.writing() as session:  # as if it had been loaded a year ago
        session.execute(Order.__table__.update().values(placed_at=now() - timedelta(days=365)))  # type: ignore[attr-defined]
    load_demo(database, home=tmp_path)
    with database.reading() as session:
        newest = session.scalar(select(func.max(Order.placed_at, type_=Moment)))
    assert newest is not None
    assert now() - newest < timedelta(days=2)


def test_removing_the_demo_leaves_what_was_imported(
    database: Database, demo: LocalShop, tmp_path: Path
) -> None:
    feed = tmp_path / "own.tsv"
    feed.write_text("id\ttitle\tprice\tavailability\nX1\tOwn teapot\t20.00 EUR\tin_stock\n", encoding="utf-8")
    import_catalogue(database, feed, home=tmp_path)
    remove_demo(database, home=tmp_path)
    assert count(database, Product) == 1
    assert count(database, Order) == count(database, ShopCustomer) == count(database, OrderEvent) == 0
    assert [card.title for card in demo.search(Query("teapot")).items] == ["Own teapot"]
    assert demo.search(Query("tent")).total == 0
    assert json.loads((tmp_path / "gazetteer.json").read_text())["products"] == ["Own teapot"]


def test_the_gazetteer_names_brands_categories_products_options_and_materials(
    demo: LocalShop, tmp_path: Path
) -> None:
    gazetteer = json.loads((tmp_path / "gazetteer.json").read_text(encoding="utf-8"))
    assert "Larch & Loom" in gazetteer["brands"]
    assert {"Outdoor", "Backpacks & bags"} <= set(gazetteer["categories"])
    assert "Tarn Trail Tent" in gazetteer["products"]
    assert {"Colour", "Size", "Capacity"} <= set(gazetteer["options"])
    assert "Moss" in gazetteer["options"]["Colour"]
    assert {"wool", "merino wool", "linen", "stainless steel"} <= set(gazetteer["materials"])
    assert not {"sole", "poles", "fill", "recycled"} & set(gazetteer["materials"])


def test_the_demo_products_go_in_through_the_ordinary_import(
    database: Database, shop: LocalShop, tmp_path: Path
) -> None:
    report = import_catalogue(database, DEMO / "products.csv", home=tmp_path)
    with (DEMO / "products.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert report.problems == []
    assert report.imported == report.variants == len(rows)
    assert report.products == len({row["item_group_id"] for row in rows})


@pytest.mark.parametrize("locale", ["en", "lt"])
def test_the_profile_has_starters_for_each_language(locale: str) -> None:
    shop = profiles.load(DEMO / "shop.toml")
    assert 3 <= len(shop.starters[locale]) <= 5
    assert locale in shop.locales


def test_the_orders_named_in_the_documentation_are_as_it_says(demo: LocalShop) -> None:
    page = (Path(__file__).parents[2] / "docs" / "shop.md").read_text(encoding="utf-8")
    rows = [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("| A1")]
    assert len(rows) >= 5
    for number, proofs, state in rows:
        for proof in proofs.split(" or "):
            card = demo.order(number, proof=proof, key="reader")
            assert card.state.replace("_", " ").replace("pickup", "pick-up") == state


def test_the_largest_categories_are_listed(demo: LocalShop) -> None:
    names = demo.categories()
    assert names == sorted(names)
    assert "Outdoor > Tents & shelters" in names
    assert len(demo.categories(limit=3)) == 3
