"""Pictures drawn by code."""

import csv
from pathlib import Path

import pytest
from defusedxml import ElementTree

from bot.shop import pictures
from bot.shop.local import LocalShop

DEMO = Path(__file__).parents[2] / "bot" / "shop" / "demo"


def products() -> list[dict[str, str]]:
    with (DEMO / "products.csv").open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["description"]]


@pytest.mark.parametrize("row", products(), ids=lambda row: row["item_group_id"])
def test_each_demo_product_has_a_light_picture_with_its_title(row: dict[str, str]) -> None:
    text = pictures.svg(row["title"], row["product_type"], row["color"])
    root = ElementTree.fromstring(text)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert row["title"] in (root.findtext("{http://www.w3.org/2000/svg}title") or "")
    assert len(text) < 4096
    assert pictures.kind(row["title"], row["product_type"]) != "parcel"


def test_the_same_words_draw_the_same_picture_and_colours_differ() -> None:
    moss = pictures.svg("Enamel Camp Mug", "Camp kitchen", "Moss")
    assert moss == pictures.svg("Enamel Camp Mug", "Camp kitchen", "Moss")
    assert moss != pictures.svg("Enamel Camp Mug", "Camp kitchen", "Lake")


@pytest.mark.parametrize(
    "title", ['"><script>alert(1)</script>', "a & b < c", "", "{c}", "\u202e", "x" * 5000, "إبريق 🫖"]
)
def test_no_title_breaks_out_of_the_picture(title: str) -> None:
    text = pictures.svg(title, "Odd > Things", "'\"><b>")
    root = ElementTree.fromstring(text)
    assert {element.tag.rsplit("}", 1)[1] for element in root.iter()} <= {
        "svg",
        "title",
        "rect",
        "ellipse",
        "g",
        "path",
        "circle",
    }


def test_the_shop_draws_the_picture_of_a_product(demo: LocalShop) -> None:
    text = demo.picture("enamel-mug")
    assert text is not None
    assert "Enamel Camp Mug" in text
    assert demo.picture("nothing") is None
