"""Searching the demo shop the way shoppers write."""

import time

import pytest

from bot.shop.contract import Query
from bot.shop.local import LocalShop


def titles(shop: LocalShop, text: str, **filters: object) -> list[str]:
    return [card.title for card in shop.search(Query(text, **filters)).items]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("tent", "Tarn Trail Tent"),
        ("TENTS", "Tarn Trail Tent"),
        ("4 person tent", "Tarn Trail Tent"),
        ("wool blankets", "Curonian Wool Blanket"),
        ("socks", "Hiking Wool Socks"),
        ("head lamp", "Owl Headlamp"),
        ("powerbank", "Cairn Power Bank"),
        ("power bank 20000mAh", "Cairn Power Bank"),
        ("rucksack for kids", "Acorn Kids Backpack"),
        ("torch", "Minnow Pocket Torch"),
        ("flashlight", "Minnow Pocket Torch"),
        ("LL-OWLHEAD-SLATE", "Owl Headlamp"),
        ("do you have a gift card?", "Gift Card"),
        ("hi, i'm looking for a sheepskin please", "Gotland Sheepskin"),
        ("ar turite sheepskin?", "Gotland Sheepskin"),
        ("how much is the enamel mug", "Enamel Camp Mug"),
        ("waterproof jackets", "Nida Storm Jacket"),
    ],
)
def test_shoppers_find_what_they_mean(shelves: LocalShop, text: str, first: str) -> None:
    assert titles(shelves, text)[0] == first


@pytest.mark.parametrize(
    ("typed", "corrected", "first"),
    [
        ("headlmap", "headlamp", "Owl Headlamp"),
        ("backpak", "backpack", None),
        ("wool blankt", "wool blanket", "Curonian Wool Blanket"),
        ("sleepng bag", "sleeping bag", "Ember Sleeping Bag"),
        ("beenie", "beanie", "Tern Wool Beanie"),
        ("tumbler lanternn", "tumbler lantern", "Firefly Camp Lantern"),
    ],
)
def test_slips_are_mended_with_the_shops_own_words(
    shelves: LocalShop, typed: str, corrected: str, first: str | None
) -> None:
    found = shelves.search(Query(typed))
    assert found.corrected == corrected
    assert found.items
    assert first in (None, found.items[0].title)


def test_what_is_spelt_right_is_not_corrected(shelves: LocalShop) -> None:
    assert shelves.search(Query("wool blankets")).corrected == ""


@pytest.mark.parametrize("typed", ["hike", "winter hike", "something for a hike"])
def test_another_form_of_a_word_is_no_slip(shelves: LocalShop, typed: str) -> None:
    found = shelves.search(Query(typed, limit=20))
    assert found.corrected == ""
    assert "Hiking Wool Socks" in [card.title for card in found.items]


@pytest.mark.parametrize(
    ("typed", "titles_have"), [("trainers", "Shoes"), ("candl", "Candle"), ("bottl", "Bottle")]
)
def test_synonyms_and_slips_come_before_other_forms(shelves: LocalShop, typed: str, titles_have: str) -> None:
    assert titles_have in shelves.search(Query(typed)).items[0].title


@pytest.mark.parametrize("typed", ["cleaner", "lighter"])
def test_what_does_something_is_not_what_was_done(shelves: LocalShop, typed: str) -> None:
    assert shelves.search(Query(typed)).items == ()


@pytest.mark.parametrize("text", ["pizza", "qwertyuiop", "💥", "???", "\x00", "'; --", "<script>"])
def test_what_the_shop_does_not_have_is_not_made_up(shelves: LocalShop, text: str) -> None:
    found = shelves.search(Query(text))
    assert (found.items, found.total) == ((), 0)


def test_a_very_long_text_is_answered_in_time(shelves: LocalShop) -> None:
    began = time.perf_counter()
    shelves.search(Query("tent xqzzvy " * 10_000))
    assert time.perf_counter() - began < 1


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("jacket under 100 euro", 0, 10000),
        ("jackets below €100", 0, 10000),
        ("a jacket for less than 100", 0, 10000),
        ("jacket max 100 eur", 0, 10000),
        ("jacket up to 99.50 euros", 0, 9950),
        ("jacket over 200 euro", 20000, 10**9),
        ("jackets between 50 and 120 euros", 5000, 12000),
        ("jacket 50-120 eur", 5000, 12000),
        ("my budget is 100 euro for a jacket", 0, 10000),
        ("jacket iki 100 eur", 0, 10000),
        ("jacket nuo 50 iki 120 eurų", 5000, 12000),
    ],
)
def test_price_limits_said_in_words_are_kept(shelves: LocalShop, text: str, least: int, most: int) -> None:
    found = shelves.search(Query(text, limit=50))
    assert found.items
    assert all(
        card.price_minor <= most and (card.price_to_minor or card.price_minor) >= least
        for card in found.items
    )
    assert found.total < shelves.search(Query("jacket", limit=50)).total


def test_sizes_are_not_taken_for_prices(shelves: LocalShop) -> None:
    assert titles(shelves, "tarp up to 4 m")[0] == "Heron Tarp"
    assert titles(shelves, "backpack over 70 l")[0] == "Ridge Trekking Backpack"
    assert titles(shelves, "stove under 300 g")[0] == "Hearth Gas Stove"


def test_a_price_limit_alone_browses(shelves: LocalShop) -> None:
    found = shelves.search(Query("something under 15 euro", limit=100))
    assert found.total == len(found.items) > 1
    assert all(card.price_minor <= 1500 for card in found.items)


def test_cheapest_and_dearest_sort_what_was_asked_for(shelves: LocalShop) -> None:
    cheap = shelves.search(Query("cheapest backpack")).items
    dear = shelves.search(Query("most expensive backpack")).items
    assert cheap[0].title == "Acorn Kids Backpack"
    assert dear[0].price_minor == max(card.price_minor for card in dear)
    assert [card.price_minor for card in cheap] == sorted(card.price_minor for card in cheap)


def test_in_stock_leaves_out_what_is_sold_out(shelves: LocalShop) -> None:
    assert titles(shelves, "tarp")[0] == "Heron Tarp"
    assert "Heron Tarp" not in titles(shelves, "tarp in stock")
    assert "Heron Tarp" not in titles(shelves, "tarp", is_in_stock_only=True)


def test_filters_hold_for_one_variant_at_once(shelves: LocalShop) -> None:
    variants = shelves.variants("bog-boots")
    gone = next(row for row in variants if row.availability == "out_of_stock")
    there = next(row for row in variants if row.availability == "in_stock")
    assert "Bog Hiking Boots" in titles(shelves, "bog boots", options=there.options, is_in_stock_only=True)
    assert "Bog Hiking Boots" not in titles(shelves, "bog boots", options=gone.options, is_in_stock_only=True)
    assert titles(shelves, "storm jacket", options={"Size": "XXXL"}) == []
    assert titles(shelves, "storm jacket", options={"size": "m", "COLOUR": "ember"})[0] == "Nida Storm Jacket"


@pytest.mark.parametrize("brand", ["Skaldur", "skaldur", "Skaldurr"])
def test_a_brand_may_be_given_roughly(shelves: LocalShop, brand: str) -> None:
    found = shelves.search(Query("", brand=brand, limit=100))
    assert "Ember Sleeping Bag" in [card.title for card in found.items]
    assert found.total == 9


@pytest.mark.parametrize("category", ["Outdoor > Tents & shelters", "tents", "Tent", "tents & shelters"])
def test_a_category_may_be_given_by_any_of_its_words(shelves: LocalShop, category: str) -> None:
    found = shelves.search(Query("", category=category, limit=100))
    assert found.total == 6
    assert "Lagoon Family Tent" in [card.title for card in found.items]


def test_unknown_brands_and_categories_find_nothing(shelves: LocalShop) -> None:
    assert shelves.search(Query("", brand="Nobody")).total == 0
    assert shelves.search(Query("tent", category="Books")).total == 0


def test_price_filters_and_sorting_work_together(shelves: LocalShop) -> None:
    found = shelves.search(
        Query("", price_min_minor=2000, price_max_minor=5000, sort="price_up", limit=100, category="Clothing")
    )
    prices = [card.price_minor for card in found.items]
    assert prices == sorted(prices)
    assert all(2000 <= price <= 5000 for price in prices)


def test_the_limit_cuts_the_list_but_not_the_count(shelves: LocalShop) -> None:
    found = shelves.search(Query("", limit=3))
    assert (len(found.items), found.total) == (3, 74)
    assert shelves.search(Query("", limit=0)).items == ()


def test_cards_of_a_search_are_short_and_the_product_is_whole(shelves: LocalShop) -> None:
    card = shelves.search(Query("tarn tent")).items[0]
    whole = shelves.product(card.product_id)
    assert whole is not None
    assert len(card.description) <= 300
    assert whole.description.startswith(card.description.rstrip("…")[:50])
    assert whole.options["Capacity"] == ("2-person", "3-person", "4-person")


def test_an_empty_shop_answers_every_search_with_nothing(shop: LocalShop) -> None:
    assert shop.search(Query("tent")).total == 0
    assert shop.search(Query("")).total == 0
    assert shop.product("tent") is None
    assert shop.variants("tent") == []
    assert shop.picture("tent") is None


@pytest.mark.parametrize(
    ("options", "text", "first"),
    [
        ({"Colour": "blue"}, "jacket", "Nida Storm Jacket"),
        ({"color": "Ember"}, "jacket", "Nida Storm Jacket"),
        ({"Size": "42"}, "socks", "Hiking Wool Socks"),
        ({"size": "L"}, "sun hat", "Dune Sun Hat"),
        ({"Capacity": "4-person"}, "tent", "Tarn Trail Tent"),
    ],
)
def test_options_are_met_as_people_name_them(
    shelves: LocalShop, options: dict[str, str], text: str, first: str
) -> None:
    assert titles(shelves, text, options=options)[0] == first


def test_an_option_that_no_product_lists_is_looked_for_in_the_words(shelves: LocalShop) -> None:
    assert titles(shelves, "jumper", options={"Material": "wool"})[0] == "Fisher Wool Jumper"
    assert titles(shelves, "", options={"Material": "beeswax"}) == ["Beeswax Candles"]
