"""Looking for products, and what follows: cheaper, in blue, the second one, is it in stock."""

import json

from sqlalchemy import update

from bot.core.messages import HandOff, Note, Products
from bot.core.words import plain
from bot.shop.local import LocalShop
from bot.shop.tables import Variant
from tests.actions.conftest import Talk


def titles(outcome):
    return [item.title for part in outcome.of(Products) for item in part.items]


async def search(talk: Talk, text: str, **entities: str):
    return await talk.act("action_search_products", text, intent="search_product", **entities)


async def test_a_search_shows_cards_and_counts_the_hits(talk: Talk) -> None:
    outcome = await search(talk, "show me tents", query="tents", category="Tents")
    assert "Tarn Trail Tent" in titles(outcome)
    (note,) = outcome.of(Note)
    assert (note.kind, note.label) == ("searched", "tents")
    assert note.value is not None
    assert note.value >= len(titles(outcome))
    assert [item["title"] for item in outcome.slots["shown"]] == titles(outcome)


async def test_a_limit_of_price_holds(talk: Talk) -> None:
    outcome = await search(talk, "blankets under 60", query="blankets", price_max="6000")
    prices = [item.price_minor for part in outcome.of(Products) for item in part.items]
    assert prices
    assert max(prices) <= 6000


async def test_without_a_word_of_what_the_bot_asks(talk: Talk) -> None:
    assert (await search(talk, "i am looking for a product")).said == ["utter_what_product"]


async def test_nothing_found_is_said_and_counted(talk: Talk) -> None:
    outcome = await search(talk, "zxqv", query="zxqv")
    assert outcome.said == ["utter_products_none"]
    assert outcome.of(Note)[0].value == 0


async def test_filters_nothing_fits_are_dropped_and_said_to_be(talk: Talk) -> None:
    outcome = await search(talk, "jackets in purple", query="jackets", colour="Purple")
    assert outcome.said == ["utter_products_widened"]
    assert titles(outcome)


async def test_what_has_some_of_the_words_is_shown_where_nothing_has_all(talk: Talk) -> None:
    words = "device to grind coffee beans while hiking far"
    outcome = await search(talk, words, query=words)
    assert outcome.said == ["utter_products_widened"]
    assert "Ash Coffee Dripper" in titles(outcome)
    assert len(titles(outcome)) <= 3


async def test_more_shows_others(talk: Talk) -> None:
    first = await search(talk, "tents", query="tents")
    more = await talk.act("action_search_products", "more", intent="show_more")
    assert titles(more)
    assert not set(titles(first)) & set(titles(more))


async def test_cheaper_ones_are_cheaper(talk: Talk) -> None:
    await search(talk, "jackets", query="jackets")
    before = [item["price"] for item in talk.slots["shown"]]
    outcome = await talk.act(
        "action_search_products", "cheaper ones", intent="refine_search", sort="price_up"
    )
    prices = [item.price_minor for part in outcome.of(Products) for item in part.items]
    assert prices
    assert max(prices) < sorted(before)[len(before) // 2]


async def test_a_colour_narrows_the_last_search(talk: Talk) -> None:
    await search(talk, "jackets", query="jackets")
    outcome = await talk.act("action_search_products", "the blue ones", intent="refine_search", colour="Blue")
    assert titles(outcome)
    for part in outcome.of(Products):
        assert all("blue" in " ".join(item.options["Colour"]).lower() for item in part.items)


async def test_a_colour_after_one_product_asks_about_that_product(talk: Talk) -> None:
    await search(talk, "nida storm jacket", query="nida storm jacket")
    outcome = await talk.act("action_search_products", "in blue?", intent="refine_search", colour="Blue")
    assert outcome.said == ["utter_product_variant_in_stock"]
    assert outcome.values("utter_product_variant_in_stock")["title"] == "Nida Storm Jacket"


async def ask(talk: Talk, intent: str, text: str, **entities: str):
    return await talk.act("action_product_facts", text, intent=intent, **entities)


async def test_the_price_of_a_product_named(talk: Talk) -> None:
    outcome = await ask(talk, "product_price", "how much is the nida storm jacket", query="nida storm jacket")
    assert outcome.values("utter_product_price")["price"] == "€219.00"
    assert titles(outcome) == ["Nida Storm Jacket"]
    assert outcome.of(Note) == [Note(kind="product_asked", label="storm-jacket")]


async def test_it_means_the_product_spoken_of_and_its_card_is_not_repeated(talk: Talk) -> None:
    await search(talk, "nida storm jacket", query="nida storm jacket")
    outcome = await ask(talk, "product_details", "is it waterproof", query="waterproof")
    assert outcome.values("utter_product_details")["title"] == "Nida Storm Jacket"
    assert titles(outcome) == []


async def test_it_means_the_product_of_the_page_when_nothing_was_spoken_of(talk: Talk) -> None:
    outcome = await talk.act(
        "action_product_facts",
        "is it in stock",
        intent="product_stock",
        metadata={"page": {"sku": "storm-jacket"}},
    )
    assert outcome.values("utter_product_in_stock")["title"] == "Nida Storm Jacket"


async def test_it_without_anything_spoken_of_is_asked_back(talk: Talk) -> None:
    assert (await ask(talk, "product_details", "is it waterproof", query="waterproof")).said == [
        "utter_which_product"
    ]


async def test_the_second_one_is_the_second_shown_and_a_sixth_is_none(talk: Talk) -> None:
    await search(talk, "jackets", query="jackets")
    second = talk.slots["shown"][1]["title"]
    assert titles(await ask(talk, "pick_product", "the second one", ordinal="2")) == [second]
    outcome = await ask(talk, "pick_product", "the fifth one", ordinal="9")
    assert outcome.said == ["utter_position_unknown"]


async def test_which_product_repeats_the_question_on_its_buttons(talk: Talk) -> None:
    await search(talk, "jackets", query="jackets")
    outcome = await ask(talk, "product_stock", "is it available in M", size="M")
    buttons = outcome.values("utter_which_product")["buttons"]
    assert [button["title"] for button in buttons] == [item["title"] for item in talk.slots["shown"]]
    intent, _, entities = buttons[0]["payload"].partition("{")
    assert intent == "/product_stock"
    assert json.loads("{" + entities) == {"size": "M", "ordinal": "1"}


async def test_stock_is_told_by_size_and_colour(talk: Talk) -> None:
    await search(talk, "nida storm jacket", query="nida storm jacket")
    assert (await ask(talk, "product_stock", "in size M?", size="M")).said == [
        "utter_product_variant_in_stock"
    ]
    unknown = await ask(talk, "product_stock", "do you have it in red", colour="Red")
    assert unknown.said == ["utter_product_variant_unknown"]
    values = unknown.values("utter_product_variant_unknown")
    assert values["variant"] == "red"
    assert "Dusk blue" in values["others"]


async def test_a_size_within_a_range_is_that_range(talk: Talk) -> None:
    await search(talk, "hiking wool socks", query="hiking wool socks")
    outcome = await ask(
        talk, "product_stock", "are the hiking wool socks there in 43", query="hiking wool socks", size="43"
    )
    assert outcome.said == ["utter_product_variant_in_stock"]


async def test_options_are_listed(talk: Talk) -> None:
    outcome = await ask(
        talk, "product_options", "colours of the nida storm jacket", query="nida storm jacket"
    )
    assert "Dusk blue" in outcome.values("utter_product_options")["options"]


async def test_a_price_nobody_knows_is_said_to_be_unknown_and_never_zero(talk: Talk, demo: LocalShop) -> None:
    with demo.database.writing() as session:
        priceless = update(Variant).where(Variant.product_id == "storm-jacket")
        session.execute(priceless.values(price_minor=None, sale_minor=None))
    outcome = await ask(talk, "product_price", "how much is the nida storm jacket", query="nida storm jacket")
    assert outcome.said == ["utter_product_price_unknown"]
    assert titles(outcome) == ["Nida Storm Jacket"]  # its card, with the way to its page
    assert outcome.slots["shown"] == [{"id": "storm-jacket", "title": "Nida Storm Jacket", "price": None}]
    assert {variant.currency for variant in demo.variants("storm-jacket")} == {""}
    assert plain(outcome.of(Products), language="lt").startswith("- Nida Storm Jacket: kaina nežinoma,")
    assert (await talk.act("action_yes", "yes please", intent="affirm")).of(HandOff)[0].reason == "request"


async def test_a_search_in_another_language_uses_the_catalogues_words(talk: Talk) -> None:
    outcome = await search(talk, "palapinė iki 200 eur, yra sandėlyje", query="tent", in_stock="yes")
    assert "Tarn Trail Tent" in titles(outcome)
    items = [item for part in outcome.of(Products) for item in part.items]
    assert {item.availability for item in items} == {"in_stock"}


async def test_cheaper_in_another_language_shows_cheaper_ones(talk: Talk) -> None:
    first = await search(talk, "antklodės", query="blanket")
    prices = [item["price"] for item in first.slots["shown"]]
    outcome = await talk.act(
        "action_search_products",
        "pigesnių turit?",
        intent="refine_search",
        metadata={"language": "lt"},
        sort="price_up",
    )
    assert max(item["price"] for item in outcome.slots["shown"]) < max(prices)
