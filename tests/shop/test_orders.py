"""Looking orders up: by number as people type it, with proof, and without a crack for guessing."""

import csv
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from bot.core.errors import AisleError, ProofNeeded, TooMany
from bot.core.profile import Profile
from bot.core.times import now
from bot.core.words import plain
from bot.shop import cards
from bot.shop.local import LocalShop
from bot.shop.proof import ALL_TOGETHER, WINDOW
from bot.shop.tables import Order, Product
from bot.store.database import Database
from bot.store.tables import Attempt

DEMO = Path(__file__).parents[2] / "bot" / "shop" / "demo"


def rows(name: str) -> list[dict[str, str]]:
    with (DEMO / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


ORDER = next(row for row in rows("orders.csv") if row["state"] == "in_transit")
BUYER = next(row for row in rows("customers.csv") if row["id"] == ORDER["customer"])
DUTCH = next(row for row in rows("customers.csv") if row["country"] == "NL")
DUTCH_ORDER = next(row for row in rows("orders.csv") if row["customer"] == DUTCH["id"])
NUMBER, DIGITS = ORDER["number"], ORDER["number"][1:]


@pytest.mark.parametrize(
    "typed",
    [
        NUMBER,
        NUMBER.lower(),
        f"#{NUMBER}",
        f"#a{DIGITS}",
        f"A {DIGITS}",
        f"a-{DIGITS}",
        DIGITS,
        f" {DIGITS} ",
        f"order no. {NUMBER}",
        f"Order number: {DIGITS}.",
    ],
)
def test_the_number_may_be_written_as_people_write_it(shelves: LocalShop, typed: str) -> None:
    assert shelves.order(typed, proof=BUYER["email"], key="k").number == NUMBER


@pytest.mark.parametrize(
    "proof",
    [
        BUYER["email"],
        BUYER["email"].upper(),
        f"  {BUYER['email']} ",
        BUYER["email"].replace("@", " @ "),
        f"<{BUYER['email']}>",
        BUYER["postcode"],
        BUYER["postcode"].lower(),
        BUYER["postcode"].replace("-", " "),
        BUYER["postcode"].removeprefix("LT-"),
    ],
)
def test_the_buyers_email_or_postcode_proves_it(shelves: LocalShop, proof: str) -> None:
    assert shelves.order(NUMBER, proof=proof, key="k").number == NUMBER


@pytest.mark.parametrize(
    "proof", [DUTCH["postcode"], DUTCH["postcode"].replace(" ", ""), DUTCH["postcode"].lower()]
)
def test_postcodes_with_letters_are_tolerant_too(shelves: LocalShop, proof: str) -> None:
    assert shelves.order(DUTCH_ORDER["number"], proof=proof, key="k").number == DUTCH_ORDER["number"]


def test_the_card_tells_where_the_parcel_is_and_what_is_still_to_come(shelves: LocalShop) -> None:
    card = shelves.order(NUMBER, proof=BUYER["email"], key="k")
    assert card.state == "in_transit"
    assert card.carrier == ORDER["carrier"]
    assert card.tracking_url == ORDER["tracking_url"]
    assert card.expected_at > card.placed_at
    assert [step.state for step in card.timeline if not step.is_done] == ["out_for_delivery", "delivered"]
    assert sum(line.total_minor for line in card.lines) <= card.total_minor


def refusal(shop: LocalShop, number: str, proof: str, key: str) -> AisleError:
    with pytest.raises(AisleError) as caught:
        shop.order(number, proof=proof, key=key)
    return caught.value


@pytest.mark.parametrize(
    "proof", ["someone@example.com", "LT-99999", "", "   ", "@", "a" * 5000, "💥", "\x00"]
)
def test_an_unknown_order_and_a_wrong_proof_look_the_same(demo: LocalShop, proof: str) -> None:
    wrong = refusal(demo, NUMBER, proof, "one")
    unknown = refusal(demo, "A9999", proof, "two")
    assert type(wrong) is type(unknown) is ProofNeeded
    assert (str(wrong), wrong.status, wrong.code) == (str(unknown), unknown.status, unknown.code)
    assert BUYER["email"] not in str(wrong)


@pytest.mark.parametrize("number", ["", "   ", "#", "ąčę", "' OR 1=1 --", "A" * 10_000, "%", "\x00"])
def test_odd_numbers_are_just_unknown(demo: LocalShop, number: str) -> None:
    assert isinstance(refusal(demo, number, BUYER["email"], "k"), ProofNeeded)


def test_another_customers_email_opens_nothing(demo: LocalShop) -> None:
    assert isinstance(refusal(demo, NUMBER, DUTCH["email"], "k"), ProofNeeded)


def test_wrong_answers_run_out_for_the_one_who_asks(demo: LocalShop, profile: Profile) -> None:
    for guess in range(profile.proof_attempts):
        refusal(demo, f"A{1001 + guess}", f"guess{guess}@example.com", "guesser")
    stopped = refusal(demo, NUMBER, BUYER["email"], "guesser")
    assert isinstance(stopped, TooMany)
    assert 0 < stopped.retry_after_seconds <= WINDOW.total_seconds()
    assert demo.order(NUMBER, proof=BUYER["email"], key="the buyer").number == NUMBER


def test_one_stranger_cannot_lock_the_buyer_out(demo: LocalShop, profile: Profile) -> None:
    for guess in range(profile.proof_attempts * ALL_TOGETHER):
        refusal(demo, NUMBER, f"guess{guess}@example.com", "one stranger")
    assert demo.order(NUMBER, proof=BUYER["email"], key="the buyer").number == NUMBER


@pytest.mark.parametrize("number", [NUMBER, "A9999"])
def test_wrong_answers_run_out_for_an_order_whoever_asks(
    demo: LocalShop, profile: Profile, number: str
) -> None:
    for guess in range(profile.proof_attempts * ALL_TOGETHER):
        refusal(demo, number, f"guess{guess}@example.com", f"guesser {guess}")
    assert isinstance(refusal(demo, number.lower(), BUYER["email"], "fresh"), TooMany)
    assert isinstance(refusal(demo, number[1:], BUYER["email"], "fresher"), TooMany)


def test_right_answers_and_missing_ones_are_not_counted(
    demo: LocalShop, profile: Profile, database: Database
) -> None:
    for _ in range(profile.proof_attempts + 2):
        demo.order(NUMBER, proof=BUYER["email"], key="k")
        refusal(demo, NUMBER, "", "k")
    with database.reading() as session:
        assert session.scalars(select(Attempt)).all() == []


def test_an_hour_later_one_may_try_again(demo: LocalShop, profile: Profile, database: Database) -> None:
    for guess in range(profile.proof_attempts):
        refusal(demo, NUMBER, f"guess{guess}@example.com", "k")
    with database.writing() as session:
        session.execute(update(Attempt).values(at=now() - WINDOW))
    assert demo.order(NUMBER, proof=BUYER["email"], key="k").number == NUMBER


def test_a_shop_may_accept_emails_only(database: Database, tmp_path: Path, demo: LocalShop) -> None:
    strict = LocalShop(database, tmp_path, Profile(name="Strict", proof=("email",)))
    assert isinstance(refusal(strict, NUMBER, BUYER["postcode"], "k"), ProofNeeded)
    assert strict.order(NUMBER, proof=BUYER["email"], key="k2").number == NUMBER


def test_a_wrong_proof_takes_as_long_as_an_unknown_order(demo: LocalShop, profile: Profile) -> None:
    def fastest(number: str) -> float:
        times = []
        for guess in range(profile.proof_attempts):
            began = time.perf_counter()
            refusal(demo, number, "guess@example.com", f"{number} {guess}")
            times.append(time.perf_counter() - began)
        return min(times)

    refusal(demo, "A1", "warm@example.com", "warm")
    assert abs(fastest(NUMBER) - fastest("A9998")) < 0.05


def test_orders_of_a_customer_come_newest_first(shelves: LocalShop) -> None:
    orders = shelves.orders_of(BUYER["id"])
    assert NUMBER in [card.number for card in orders]
    assert [card.placed_at for card in orders] == sorted((card.placed_at for card in orders), reverse=True)
    assert shelves.orders_of("nobody") == []


def test_cards_of_many_at_once_are_those_of_one_at_a_time(shelves: LocalShop) -> None:
    with shelves.database.reading() as session:
        orders = session.scalars(select(Order).order_by(Order.id)).all()
        products = list(session.scalars(select(Product.id)))
        assert min(len(orders), len(products)) > cards.FEW
        assert cards.order_cards(session, orders) == [
            card for order in orders for card in cards.order_cards(session, [order])
        ]
        together = cards.product_cards(session, products)
        assert together == {key: cards.product_cards(session, [key])[key] for key in products}
    people = shelves.find_customers("a")
    assert len(people) > 1
    assert people == [shelves.customer(one.id) for one in people]


def test_the_customer_behind_an_order_is_known_by_its_number_only(shelves: LocalShop) -> None:
    assert shelves.order_customer(f"#{NUMBER.lower()}") == BUYER["id"]
    assert shelves.order_customer("A9999") == ""


@pytest.mark.parametrize(
    "text", [BUYER["email"], BUYER["email"].upper(), BUYER["name"], BUYER["name"].split()[1].lower(), NUMBER]
)
def test_agents_find_customers_by_email_name_or_order_number(shelves: LocalShop, text: str) -> None:
    assert BUYER["id"] in [customer.id for customer in shelves.find_customers(text)]


@pytest.mark.parametrize("text", ["", "   ", "%", "_", "nobody@example.com", "' OR 1=1 --"])
def test_agents_find_nobody_by_nothing(shelves: LocalShop, text: str) -> None:
    assert list(shelves.find_customers(text)) == []


def test_a_customer_shows_what_was_really_paid(shelves: LocalShop) -> None:
    customer: Any = shelves.customer(BUYER["id"])
    paid = [
        card for card in shelves.orders_of(BUYER["id"]) if card.state not in ("cancelled", "payment_failed")
    ]
    assert customer.name == BUYER["name"]
    assert customer.orders_count == len(paid)
    assert 0 <= customer.spent_minor <= sum(card.total_minor for card in paid)
    assert shelves.customer("nobody") is None


def test_every_step_of_the_demo_is_told_in_both_languages(demo: LocalShop) -> None:
    cards = [card for row in rows("customers.csv") for card in demo.orders_of(row["id"])]
    assert cards
    assert [step.text for card in cards for step in card.timeline if not step.texts.get("lt")] == []


def test_an_order_in_words_follows_the_language_and_falls_back_to_the_shops(shelves: LocalShop) -> None:
    card = shelves.order(NUMBER, proof=BUYER["email"], key="c1")
    said = {language: plain([card], language=language) for language in ("en", "lt-LT", "de")}
    assert "We have received the order." in said["en"]
    assert "Užsakymą gavome." in said["lt-LT"]
    assert "We have received the order." in said["de"]
    assert f"{card.total_minor // 100},{card.total_minor % 100:02d} EUR" in said["lt-LT"]
