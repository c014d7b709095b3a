"""One product: its price, stock, options, details; found by name, position, or by what was spoken of."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from rasa_sdk.events import EventType, SlotSet

from actions.base import ShopAction, Speaker, ask, shop
from actions.stock import asked_options, say_stock
from actions.turn import Turn
from actions.words import listed, money, option, shortened
from bot.core.messages import Note, ProductCard, Products
from bot.shop.contract import Query

_POINTS_BACK = re.compile(r"\b(?:it|its|it's|this|that|them|they|these|those|one)\b", re.I)


class ProductFacts(ShopAction):
    """Answers product_price, product_stock, product_options, product_details and pick_product."""

    def name(self) -> str:
        """As in domain.yml."""
        return "action_product_facts"

    async def act(self, turn: Turn, speaker: Speaker) -> list[EventType]:
        """Find the product and say what was asked."""
        card = await _meant(turn, speaker)
        if card is None:
            return []
        return await answer(card, turn, speaker)


async def answer(card: ProductCard, turn: Turn, speaker: Speaker) -> list[EventType]:
    """Say what was asked about a product."""
    speaker.show(Note(kind="product_asked", label=card.product_id))
    shown = turn.slots.get("shown") or []
    # a card that is the last thing on the screen need not be shown again
    part = None if [item["id"] for item in shown] == [card.product_id] else Products(items=(card,))
    if turn.intent == "product_price":
        _say_price(card, part, turn.language, speaker)
    elif turn.intent in ("product_stock", "refine_search") or (
        turn.intent == "pick_product" and not turn.entity("ordinal") and asked_options(card, turn)
    ):
        await say_stock(card, part, turn, speaker)
    elif turn.intent == "product_options":
        _say_options(card, part, turn.language, speaker)
    elif turn.intent == "product_details" and card.description:
        speaker.say("utter_product_details", part, title=card.title, description=shortened(card.description))
    else:
        speaker.say("utter_product_shown", Products(items=(card,)), title=card.title)
    seen = [{"id": card.product_id, "title": card.title, "price": _price(card)}]
    return [SlotSet("product", card.product_id), *([SlotSet("shown", seen)] if len(shown) < 2 else [])]


async def _meant(turn: Turn, speaker: Speaker) -> ProductCard | None:
    """The product; None after having asked which."""
    shown: Sequence[Mapping[str, Any]] = turn.slots.get("shown") or []
    place = turn.entity("ordinal")
    if place and shown:
        index = int(place) - 1 if int(place) > 0 else len(shown) - 1
        if index < len(shown):
            return await ask(shop().product, shown[index]["id"])
        speaker.say("utter_position_unknown", buttons=_choices(shown, turn))
        return None
    named = turn.query
    current = turn.slot("product") or _of_page(turn)
    among = _among(named, shown)
    if among:
        return await ask(shop().product, among)
    points_back = bool(_POINTS_BACK.search(turn.text))
    is_thing = any(turn.entity(name) for name in ("product", "category", "brand"))
    if named and (is_thing or not points_back):
        found = await ask(shop().search, Query(text=named, limit=1))
        if found.items:
            return await ask(shop().product, found.items[0].product_id)
        if not current:
            speaker.say("utter_products_none", query=named)
            return None
    if current:
        card = await ask(shop().product, current)
        if card is not None:
            return card
    if len(shown) == 1:
        return await ask(shop().product, shown[0]["id"])
    speaker.say("utter_which_product", buttons=_choices(shown, turn))
    return None


def _price(card: ProductCard) -> int | None:
    """What it costs, None when the shop does not say."""
    return card.price_minor if card.has_price else None


def _of_page(turn: Turn) -> str:
    """The product whose page the shopper is reading."""
    page = turn.metadata.get("page")
    return str(page.get("sku") or "") if isinstance(page, Mapping) else ""


def _among(named: str, shown: Sequence[Mapping[str, Any]]) -> str:
    """The product just shown whose title has all the words, if it is one."""
    words = set(named.lower().split())
    fits = [str(item["id"]) for item in shown if words and words <= set(str(item["title"]).lower().split())]
    return fits[0] if len(fits) == 1 else ""


def _choices(shown: Sequence[Mapping[str, Any]], turn: Turn) -> list[dict[str, str]]:
    """One button per product shown; pressing it asks the same question about that product."""
    asked = {name: turn.entity(name) for name in ("colour", "size", "option") if turn.entity(name)}
    return [
        {
            "title": str(item["title"]),
            "payload": f"/{turn.intent}{json.dumps({**asked, 'ordinal': str(number)})}",
        }
        for number, item in enumerate(shown, start=1)
    ]


def _say_price(card: ProductCard, part: Products | None, language: str, speaker: Speaker) -> None:
    price = money(card.price_minor, card.currency, language)
    if not card.has_price:
        speaker.say("utter_product_price_unknown", part or Products(items=(card,)), title=card.title)
    elif card.sale_from_minor is not None:
        before = money(card.sale_from_minor, card.currency, language)
        speaker.say("utter_product_price_sale", part, title=card.title, price=price, before=before)
    elif card.price_to_minor is not None:
        upper = money(card.price_to_minor, card.currency, language)
        speaker.say("utter_product_price_from", part, title=card.title, price=price, price_to=upper)
    else:
        speaker.say("utter_product_price", part, title=card.title, price=price)


def _say_options(card: ProductCard, part: Products | None, language: str, speaker: Speaker) -> None:
    several = {name: list(values) for name, values in card.options.items() if len(values) > 1}
    if not several:
        speaker.say("utter_product_no_options", part, title=card.title)
        return
    text = "; ".join(
        listed([option(value, language) for value in values], language) for values in several.values()
    )
    speaker.say("utter_product_options", part, title=card.title, options=text)
