"""Looking for products: a new search, a narrower one, and more of the last."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from statistics import median_low
from typing import Any

from rasa_sdk.events import EventType, SlotSet

from actions.base import ShopAction, Speaker, ask, shop
from actions.product import answer
from actions.turn import Turn
from bot.core.messages import Note, ProductCard, Products
from bot.shop.contract import Found, Query

PAGE = 5
CLOSEST = 3  # products shown where nothing has all of the words
_IN_STOCK = re.compile(r"\b(?:in stock|available(?: now)?)\b", re.I)
_SEVERAL = re.compile(r"\b(?:ones|others?|all|only|show)\b", re.I)
_CHEAPER = re.compile(
    r"\b(?:cheaper|less expensive|not so expensive|too expensive|lower price)\b(?!\s+than)", re.I
)


class SearchProducts(ShopAction):
    """Answers search_product, refine_search and show_more with cards."""

    def name(self) -> str:
        """As in domain.yml."""
        return "action_search_products"

    async def act(self, turn: Turn, speaker: Speaker) -> list[EventType]:
        """Search and show."""
        last = turn.slots.get("search") or None
        if turn.intent == "show_more" and last:
            return await _more(last, speaker)
        if turn.intent == "refine_search" and last:
            card = await _in_focus(turn)
            return await answer(card, turn, speaker) if card else await _refine(turn, last, speaker)
        query = _new(turn)
        if (
            not query.text
            and not query.options
            and query.price_max_minor is None
            and query.price_min_minor is None
        ):
            speaker.say("utter_what_product")
            return []
        return await _search(query, speaker)


async def _in_focus(turn: Turn) -> ProductCard | None:
    """The one product spoken of, when 'in blue?' or 'size M' asks about it and not for other products."""
    asks_for_option = any(turn.entity(name) for name in ("colour", "size", "option"))
    asks_for_others = any(
        turn.entity(name) for name in ("price_max", "price_min", "sort", "product", "category", "brand")
    )
    if not turn.slot("product") or not asks_for_option or asks_for_others or _SEVERAL.search(turn.text):
        return None
    return await ask(shop().product, turn.slot("product"))


def _new(turn: Turn) -> Query:
    words = turn.query
    return _with_filters(Query(text=words, limit=PAGE), turn)


def _with_filters(query: Query, turn: Turn) -> Query:
    """The query with what the message says about options, price and stock."""
    values: dict[str, Any] = asdict(query)
    options = dict(query.options)
    for entity, name in (("colour", "Colour"), ("size", "Size")):
        if turn.entity(entity):
            options[name] = turn.entity(entity)
    for text in turn.entity_values("option"):
        name, _, value = text.partition("=")
        options[name] = value
    values["options"] = options
    for entity, limit in (("price_max", "price_max_minor"), ("price_min", "price_min_minor")):
        if turn.entity(entity).isdigit():
            values[limit] = int(turn.entity(entity))
    values["sort"] = turn.entity("sort") or query.sort
    values["is_in_stock_only"] = (
        query.is_in_stock_only or bool(turn.entity("in_stock")) or bool(_IN_STOCK.search(turn.text))
    )
    return Query(**values)


async def _search(query: Query, speaker: Speaker) -> list[EventType]:
    found = await ask(shop().search, query)
    speaker.show(Note(kind="searched", label=query.text[:200], value=float(found.total)))
    if not found.total:
        wider = Query(**{**asdict(query), "options": {}})
        loose = Query(**{**asdict(query), "is_loose": True, "limit": CLOSEST})
        for other in [*([wider] if query.options else []), *([loose] if query.text else [])]:
            closest = await ask(shop().search, other)
            if closest.total:
                speaker.say("utter_products_widened", Products(items=tuple(closest.items)))
                return _remember(other, closest.items)
        speaker.say("utter_products_none", query=query.text or "that")
        return []
    if found.corrected:
        speaker.say("utter_products_corrected", corrected=found.corrected)
    _show(found, speaker)
    return _remember(query, found.items)


def _show(found: Found, speaker: Speaker) -> None:
    cards = Products(items=tuple(found.items))
    if found.total > len(found.items):
        speaker.say("utter_products_many", cards, count=len(found.items), total=found.total)
    else:
        speaker.say("utter_products_found", cards)


async def _more(last: Mapping[str, Any], speaker: Speaker) -> list[EventType]:
    seen = int(last.get("seen", PAGE))
    query = _query(last, limit=seen + PAGE)
    found = await ask(shop().search, query)
    items = found.items[seen:]
    if not items:
        speaker.say("utter_products_no_more")
        return []
    speaker.say("utter_products_more", Products(items=tuple(items)))
    return _remember(query, items, seen=seen + len(items))


async def _refine(turn: Turn, last: Mapping[str, Any], speaker: Speaker) -> list[EventType]:
    before = _query(last, limit=PAGE)
    query = _with_filters(before, turn)
    prices = [int(item["price"]) for item in turn.slots.get("shown") or [] if item.get("price")]
    is_cheaper = _CHEAPER.search(turn.text) if turn.language == "en" else turn.entity("sort") == "price_up"
    if is_cheaper and prices and not turn.entity("price_max"):
        query = Query(**{**asdict(query), "price_max_minor": median_low(prices) - 1, "sort": "price_up"})
        found = await ask(shop().search, query)
        if not found.total:
            speaker.say("utter_products_cheapest")
            return []
    more = turn.query
    if more and more.lower() not in query.text.lower():
        both = Query(**{**asdict(query), "text": f"{query.text} {more}".strip()})
        if (await ask(shop().search, both)).total:
            query = both
    return await _search(query, speaker)


def _query(last: Mapping[str, Any], *, limit: int) -> Query:
    return Query(**{**{key: value for key, value in last.items() if key != "seen"}, "limit": limit})


def _remember(query: Query, items: Sequence[ProductCard], *, seen: int | None = None) -> list[EventType]:
    """What 'cheaper ones', 'more' and 'the second one' will refer to."""
    return [
        SlotSet("search", {**asdict(query), "seen": len(items) if seen is None else seen}),
        SlotSet(
            "shown",
            [
                {
                    "id": item.product_id,
                    "title": item.title,
                    "price": item.price_minor if item.has_price else None,
                }
                for item in items
            ],
        ),
        SlotSet("product", items[0].product_id if len(items) == 1 else None),
    ]
