"""A small shop that carries the chat, made from the catalogue; and the landing page of the desk."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Protocol, runtime_checkable

from sanic import HTTPResponse, Request
from sanic.response import html, raw

from bot.core import languages
from bot.core.currencies import exponent
from bot.core.errors import NotFound, ShopUnavailable
from bot.core.messages import ProductCard
from bot.shop import pictures
from bot.shop.contract import Query, Shop
from bot.web import chat_texts, pages
from bot.web.api import Api

ON_A_PAGE = 120
SIGNS = {"EUR": "€", "USD": "$", "GBP": "£"}
PICTURES = {"svg": "image/svg+xml", "png": "image/png"}
SCHEMA = {
    "in_stock": "InStock",
    "out_of_stock": "OutOfStock",
    "preorder": "PreOrder",
    "backorder": "BackOrder",
}


@runtime_checkable
class OwnShelves(Protocol):
    """What a shop on our own tables can do besides the contract of all shops."""

    def categories(self) -> Sequence[str]: ...

    def picture(self, product_id: str) -> str | None: ...


def money(minor: int, currency: str, locale: str) -> str:
    """An amount as the shop's pages write it."""
    digits = exponent(currency)
    ways = languages.formats(locale)
    plain = f"{minor / 10**digits:,.{digits}f}".translate(
        str.maketrans({",": ways["group"], ".": ways["decimal"]})
    )
    sign = SIGNS.get(currency)
    pattern = str(ways["money"] if sign else ways["money_plain"])
    return pattern.format(sign=sign, amount=plain, currency=currency).replace(" ", "\u00a0")


def linked_data(item: ProductCard, *, sku: str, address: str, picture: str) -> dict[str, Any]:
    """The product as schema.org JSON-LD, as shops publish it (the launcher reads it too)."""
    offer: dict[str, Any] = {
        "@type": "Offer",
        "url": address,
        "availability": f"https://schema.org/{SCHEMA.get(item.availability, 'InStock')}",
    }
    if item.has_price:
        digits = exponent(item.currency)
        offer |= {
            "price": f"{item.price_minor / 10**digits:.{digits}f}",
            "priceCurrency": item.currency,
        }
    return {
        "@context": "https://schema.org",
        "@type": "Product",
        "name": item.title,
        "sku": sku,
        "description": item.description,
        "image": picture,
        "offers": offer,
    }


def _render(request: Request, template: str, *, status: int = 200, **context: Any) -> HTTPResponse:
    profile = request.app.ctx.services.profile
    locale = chat_texts.match(*chat_texts.accepted(request), profile.locale)

    def t(key: str, **values: Any) -> str:
        return chat_texts.text(f"shop.{key}", locale, **values)

    options = languages.options(locale)

    def price(minor: int, currency: str) -> str:
        return money(minor, currency, locale)

    body = (
        pages.environment()
        .get_template(f"shop/{template}")
        .render(
            t=t,
            money=price,
            option=lambda word: options.get(word, word),
            formats=pages.formats(locale),
            stock=_stock_text(locale),
            locale=locale,
            dir=chat_texts.direction(locale),
            shop=profile,
            data_block=pages.data_block,
            **context,
        )
    )
    return html(body, status=status, headers={"Cache-Control": "no-cache", "Vary": "Accept-Language"})


def _stock_text(locale: str) -> Callable[[str], str]:
    def text(availability: str) -> str:
        return chat_texts.text(f"stock.{availability}", locale) if availability in SCHEMA else ""

    return text


def _browse(shop: Shop, text: str, category: str) -> tuple[Any, list[str]]:
    """What is found, and the categories of the whole shop."""
    found = shop.search(Query(text=text, category=category, limit=ON_A_PAGE))
    return found, list(shop.categories()) if isinstance(shop, OwnShelves) else []


def _product(shop: Shop, product_id: str) -> tuple[ProductCard | None, list[Any]]:
    item = shop.product(product_id)
    return item, list(shop.variants(product_id)) if item else []


def routes(api: Api) -> None:
    """Register the demo shop's pages."""

    @api.route("GET", "/", guard="none", returns="the landing page")
    async def home(request: Request) -> HTTPResponse:
        """Where to go from here: shop, chat, inbox, dashboard."""
        return _render(request, "home.html")

    @api.route(
        "GET",
        "/shop",
        guard="none",
        query=(("q", "words to search for"), ("category", "one category")),
        returns="the demo shop's products",
    )
    async def shelves(request: Request) -> HTTPResponse:
        """The demo shop's products, all, by category or by search."""
        text = (request.args.get("q") or "").strip()[:200]
        category = (request.args.get("category") or "").strip()[:100]
        try:
            found, categories = await asyncio.to_thread(
                _browse, request.app.ctx.services.shop, text, category
            )
        except ShopUnavailable:
            return _render(request, "unavailable.html", status=503)
        return _render(
            request, "shelves.html", found=found, categories=categories, text=text, category=category
        )

    @api.route("GET", "/shop/products/<product_id:str>", guard="none", returns="a product's page")
    async def product(request: Request, product_id: str) -> HTTPResponse:
        """One product with its options, price and stock."""
        services = request.app.ctx.services
        try:
            item, variants = await asyncio.to_thread(_product, services.shop, product_id)
        except ShopUnavailable:
            return _render(request, "unavailable.html", status=503)
        if item is None:
            return _render(request, "missing.html", status=404)
        address = f"{services.settings.url}/shop/products/{product_id}"
        sku = variants[0].sku if len(variants) == 1 else product_id
        return _render(
            request,
            "product.html",
            item=item,
            variants=[
                {
                    "sku": variant.sku,
                    "options": variant.options,
                    "price": variant.price_minor,
                    "currency": variant.currency,
                    "availability": variant.availability,
                    "stock": variant.stock,
                }
                for variant in variants
            ],
            sku=sku,
            linked=linked_data(item, sku=sku, address=address, picture=item.image),
        )

    @api.route("GET", "/shop/pictures/<name:str>", guard="none", returns="a drawn picture (SVG or PNG)")
    async def picture(request: Request, name: str) -> HTTPResponse:
        """A product's picture, drawn from its data."""
        shop = request.app.ctx.services.shop
        product_id, _, kind = name.rpartition(".")
        drawn = None
        if kind in PICTURES and isinstance(shop, OwnShelves):
            drawn = await asyncio.to_thread(shop.picture, product_id)
        if drawn is None:
            raise NotFound
        body = drawn.encode() if kind == "svg" else await asyncio.to_thread(pictures.png, drawn)
        request.ctx.is_shared = True  # the chat shows it on the shop's own pages
        headers = {"Cache-Control": "public, max-age=86400"}
        return raw(body, headers=headers, content_type=PICTURES[kind])
