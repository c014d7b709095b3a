"""What helps agents to answer: the shopper's orders, products to insert, canned replies."""

import asyncio
from dataclasses import asdict
from typing import Any

from sanic import Request

from bot.core import languages
from bot.core.errors import ShopUnavailable
from bot.core.messages import to_json
from bot.desk import inbox
from bot.shop.contract import Query
from bot.web.api import Api
from bot.web.pages import catalogues, text_of

ORDERS_MOST = 10


def routes(api: Api) -> None:
    """Declare the aids."""

    @api.route(
        "GET",
        "/api/inbox/conversations/<conversation_id:str>/shopper",
        guard="agent",
        returns="contact, identities, conversations, proofs, customer, orders, candidates, episodes, page, shop_is_up",
    )
    async def shopper(request: Request, conversation_id: str) -> Any:
        """Who the shopper is, their orders and earlier episodes."""
        services = request.app.ctx.services
        found = await services.database.read(inbox.shopper, conversation_id)
        try:
            known = await asyncio.to_thread(_known, services.shop, found)
        except ShopUnavailable:
            known = {"customer": None, "orders": [], "candidates": [], "shop_is_up": False}
        return {"ok": True, **found, **known}

    @api.route(
        "GET",
        "/api/inbox/customers",
        guard="agent",
        query=(("q", "e-mail, name or order number"),),
        returns="customers: [{id, name, email, city, orders_count, …, orders}]",
    )
    async def customers(request: Request) -> Any:
        """Customers of the shop with their newest orders."""
        text = (request.args.get("q") or "").strip()[:100]
        shop = request.app.ctx.services.shop
        return {"ok": True, "customers": await asyncio.to_thread(_customers, shop, text) if text else []}

    @api.route(
        "GET",
        "/api/inbox/products",
        guard="agent",
        query=(("q", "what to look for"),),
        returns="products: product cards; corrected",
    )
    async def products(request: Request) -> Any:
        """Products to insert into an answer."""
        text = (request.args.get("q") or "").strip()[:100]
        found = await asyncio.to_thread(request.app.ctx.services.shop.search, Query(text=text, limit=8))
        return {"ok": True, "products": [asdict(item) for item in found.items], "corrected": found.corrected}

    @api.route(
        "GET",
        "/api/inbox/canned",
        guard="agent",
        query=(("language", "the shopper's"),),
        returns="replies: [{name, title, text}]",
    )
    async def canned(request: Request) -> Any:
        """Replies ready to send: phrases of the desk and the bot's own answers, in the shopper's language."""
        language = (request.args.get("language") or "en")[:12]
        services = request.app.ctx.services
        found = await asyncio.to_thread(_canned, services.answers, language)
        return {"ok": True, "replies": found}


def _known(shop: Any, found: dict[str, Any]) -> dict[str, Any]:
    contact = found["contact"]
    customer, orders = None, []
    candidates: list[dict[str, Any]] = []
    if contact["customer_id"]:
        customer = shop.customer(contact["customer_id"])
        orders = [to_json(order) for order in list(shop.orders_of(contact["customer_id"]))[:ORDERS_MOST]]
    else:
        for clue in (contact["email"], found["order_number"]):
            candidates = _customers(shop, clue) if clue and not candidates else candidates
    return {
        "customer": asdict(customer) if customer else None,
        "orders": orders,
        "candidates": candidates[:3],
        "shop_is_up": True,
    }


def _customers(shop: Any, text: str) -> list[dict[str, Any]]:
    return [
        {**asdict(item), "orders": [to_json(order) for order in list(shop.orders_of(item.id))[:5]]}
        for item in list(shop.find_customers(text))[:8]
    ]


def _canned(answers: Any, language: str) -> list[dict[str, Any]]:
    base = language.split("-")[0]
    ours = languages.match(catalogues(), language)
    found = [
        {
            "name": key.removeprefix("canned."),
            "title": text_of(f"canned_title.{key.removeprefix('canned.')}", ours),
            "text": text_of(key, ours),
        }
        for key in catalogues()["en"]
        if key.startswith("canned.")
    ]
    for name, default in answers.defaults.items():
        if not default.is_editable or default.topic != "faq":
            continue
        edited = answers.text_for(name, language)
        texts = default.texts.get(language) or default.texts.get(base) or default.texts.get("en") or ()
        text = edited[0] if edited else (texts[0] if texts else "")
        if text:
            short = name.removeprefix("utter_")
            found.append({"name": short, "title": short.partition("/")[2].replace("_", " "), "text": text})
    return found
