"""The demo shop: pages made from the catalogue that carry the chat."""

import json
import re
from collections.abc import AsyncIterator

import aiohttp
import pytest

from bot.core.settings import Settings
from bot.core.times import now
from bot.shop import publishing
from bot.shop.tables import Product, Variant
from bot.web.demo_shop import money
from tests.running import RunningDesk, running

MODULES = ("widget", "demo_shop", "static_files", "theme")
HOSTILE = '<script>alert("x")</script> & co'


@pytest.fixture
async def desk(settings: Settings) -> AsyncIterator[RunningDesk]:
    async with running(settings, modules=MODULES) as started:
        database = started.services.database
        with database.writing() as session:
            for key, title, category in (
                ("tent", "Tarn Tent", "Outdoor > Tents"),
                ("mug", "Enamel Mug", "Outdoor > Camp kitchen"),
                ("odd", HOSTILE, "Home"),
            ):
                session.add(
                    Product(id=key, title=title, category=category, description=title, updated_at=now())
                )
                session.flush()
                for place, colour in enumerate(("Moss", "Sand")):
                    session.add(
                        Variant(
                            sku=f"{key}-{colour}",
                            product_id=key,
                            position=place,
                            options={"Colour": colour},
                            price_minor=4990,
                            sale_minor=3990 if key == "tent" else None,
                            currency="EUR",
                            availability="in_stock" if colour == "Moss" else "out_of_stock",
                            stock=3,
                        )
                    )
        publishing.publish(database, settings.home)
        yield started


async def get(desk: RunningDesk, path: str, accept_language: str = "en") -> tuple[int, str, dict[str, str]]:
    async with desk.http.get(desk.url + path, headers={"Accept-Language": accept_language}) as response:
        return response.status, await response.text(), dict(response.headers)


async def test_the_shelves_show_every_product_with_its_price(desk: RunningDesk) -> None:
    status, body, _headers = await get(desk, "/shop")
    assert status == 200
    assert "Tarn Tent" in body
    assert "Enamel Mug" in body
    assert "€39.90" in body
    assert re.search(r"<del>.*€49\.90</del>", body, re.DOTALL)


async def test_a_category_and_a_search_narrow_the_shelves(desk: RunningDesk) -> None:
    _status, body, _headers = await get(desk, "/shop?category=Outdoor+%3E+Tents")
    assert "Tarn Tent" in body
    assert "Enamel Mug" not in body
    _status, body, _headers = await get(desk, "/shop?q=mug")
    assert "Enamel Mug" in body
    assert "Tarn Tent" not in body


async def test_nothing_found_says_so(desk: RunningDesk) -> None:
    status, body, _headers = await get(desk, "/shop?q=zzzzqqqq")
    assert status == 200
    assert "Nothing found" in body


async def test_a_product_page_tells_the_chat_which_product_it_is(desk: RunningDesk) -> None:
    status, body, headers = await get(desk, "/shop/products/tent")
    assert status == 200
    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', body, re.DOTALL)
    assert found is not None
    linked = json.loads(found[1])
    assert (linked["@type"], linked["name"], linked["sku"]) == ("Product", "Tarn Tent", "tent")
    assert (linked["offers"]["price"], linked["offers"]["priceCurrency"]) == ("39.90", "EUR")
    assert 'data-sku="tent"' in body
    assert '<script async src="/widget.js"' in body
    assert (
        "script-src" not in headers["Content-Security-Policy"]
        or "unsafe" not in headers["Content-Security-Policy"]
    )


async def test_a_hostile_title_is_shown_as_text(desk: RunningDesk) -> None:
    for path in ("/shop", "/shop/products/odd", "/shop?q=%3Cscript%3Ealert(1)%3C/script%3E"):
        status, body, _headers = await get(desk, path)
        assert status == 200
        assert "<script>alert" not in body
        assert "</script> & co" not in body


async def test_pictures_are_drawn_and_may_be_shown_in_the_chat(desk: RunningDesk) -> None:
    status, body, headers = await get(desk, "/shop/pictures/tent.svg")
    assert status == 200
    assert body.startswith("<svg")
    assert headers["Content-Type"] == "image/svg+xml"
    assert headers["Cross-Origin-Resource-Policy"] == "cross-origin"


async def test_pictures_come_as_pixels_for_platforms_that_show_no_vectors(desk: RunningDesk) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{desk.url}/shop/pictures/tent.png") as answer,
    ):
        body = await answer.read()
        assert (answer.status, answer.content_type) == (200, "image/png")
    assert body.startswith(b"\x89PNG")
    assert int.from_bytes(body[16:20], "big") == 600  # wide


@pytest.mark.parametrize(
    "path",
    [
        "/shop/products/none",
        "/shop/pictures/none.svg",
        "/shop/pictures/none.png",
        "/shop/pictures/tent",
        "/shop/pictures/tent.gif",
        "/shop/pictures/%2e%2e.svg",
    ],
)
async def test_what_is_not_there_is_not_found(desk: RunningDesk, path: str) -> None:
    status, _body, _headers = await get(desk, path)
    assert status == 404


async def test_the_landing_page_leads_everywhere_in_the_readers_language(desk: RunningDesk) -> None:
    _status, body, _headers = await get(desk, "/", "lt")
    assert '<html lang="lt"' in body
    for address in ("/shop", "/inbox", "/dashboard", "/chat"):
        assert f'href="{address}"' in body


@pytest.mark.parametrize(
    ("minor", "currency", "locale", "text"),
    [
        (4990, "EUR", "en", "€49.90"),
        (123456, "EUR", "lt", "1\u00a0234,56\u00a0€"),
        (500, "JPY", "en", "500\u00a0JPY"),
        (1234, "KWD", "en", "1.234\u00a0KWD"),
    ],
)
def test_money_is_written_as_readers_expect(minor: int, currency: str, locale: str, text: str) -> None:
    assert money(minor, currency, locale) == text
