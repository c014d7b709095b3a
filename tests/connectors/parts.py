"""Parts of messages for tests of rendering: a product, an order, and strategies for anything an author may put in."""

from typing import Any

from hypothesis import strategies as st

from bot.core.messages import (
    Choice,
    Image,
    OrderCard,
    OrderLine,
    Part,
    ProductCard,
    Products,
    QuickReplies,
    Survey,
    Text,
)


def product(number: int = 1, **changes: Any) -> ProductCard:
    values: dict[str, Any] = {
        "product_id": f"LL-{number}",
        "title": f"Linen throw {number}",
        "price_minor": 3990,
        "currency": "EUR",
        "availability": "in_stock",
        "stock": 4,
        "url": f"https://shop.example/p/{number}",
        "image": f"https://shop.example/p/{number}.jpg",
        "description": "Soft, washed linen.",
    }
    return ProductCard(**{**values, **changes})


ORDER = OrderCard(
    number="A1042",
    state="shipped",
    placed_at="2026-03-01T10:00:00+00:00",
    total_minor=8990,
    currency="EUR",
    lines=(OrderLine("Linen throw", "Sand", 1, 8990),),
    timeline=(),
    carrier="Omniva",
    tracking_number="LT123",
    tracking_url="https://track.example/LT123",
)
SURVEY = Survey("s1", "csat", 5, "How was it?")

_texts = st.text(max_size=60) | st.text(st.sampled_from("a 😀é\n.🏽"), max_size=6000)
_choices = st.lists(
    st.builds(Choice, st.text(min_size=1, max_size=80), st.text(min_size=1, max_size=200)), max_size=40
)
_urls = st.sampled_from(["", "/p/1", "https://shop.example/p", "http://localhost/p"]) | st.text(max_size=40)
_pictures = _urls | st.just("https://shop.example/1.jpg")
_products = st.builds(
    ProductCard,
    product_id=st.text(max_size=80),
    title=_texts,
    price_minor=st.integers(0, 10**12),
    currency=st.text(max_size=4),
    availability=st.sampled_from(["in_stock", "out_of_stock", "sold"]),
    stock=st.none(),
    url=_urls,
    image=_pictures,
    description=_texts,
)
MESSAGES: st.SearchStrategy[list[Part]] = st.lists(
    st.one_of(
        st.builds(Text, _texts),
        st.builds(QuickReplies, _choices.map(tuple)),
        st.builds(Image, _pictures, _texts),
        st.builds(Products, st.lists(_products, max_size=7).map(tuple)),
        st.just(ORDER),
        st.just(SURVEY),
    ),
    max_size=5,
)


def said(body: Any) -> str:
    """Every word of a call, wherever it stands."""
    if isinstance(body, dict):
        return " ".join(said(value) for value in body.values())
    if isinstance(body, list):
        return " ".join(said(value) for value in body)
    return str(body)
