"""A row of a Google Merchant (or Meta) product feed as an item."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from bot.core.times import now
from bot.shop import money
from bot.shop.importing.cleaning import Cleaner
from bot.shop.importing.items import Complain, Item, Row

AVAILABILITY = {
    "in_stock": "in_stock",
    "instock": "in_stock",
    "available": "in_stock",
    "limited_availability": "in_stock",
    "limitedavailability": "in_stock",
    "out_of_stock": "out_of_stock",
    "outofstock": "out_of_stock",
    "sold_out": "out_of_stock",
    "soldout": "out_of_stock",
    "discontinued": "out_of_stock",
    "preorder": "preorder",
    "pre_order": "preorder",
    "backorder": "backorder",
    "back_order": "backorder",
    "available_for_order": "backorder",
}
OPTIONS = {"color": "Colour", "colour": "Colour", "size": "Size"}
OPTION_PREFIX = "option:"  # our own columns for what Google has no name for: option:Capacity
ATTRIBUTES = ("material", "pattern", "gender", "age_group", "size_type", "size_system", "condition")
STOCK = ("quantity", "inventory", "quantity_to_sell_on_facebook", "sell_on_google_quantity", "stock")
DETAIL_END = re.compile(r",(?=[^,:]*:[^,:]+:)")  # a comma inside a value is not followed by section:name:
MOST_DETAILS = 200


class Reader:
    """Turns rows into items; remembers the title of each product, which later variants may leave out."""

    def __init__(self, complain: Complain, *, currency: str) -> None:
        self.complain = complain
        self.currency = currency
        self.titles: set[str] = set()

    def items(self, rows: Iterable[Row]) -> Iterator[Item]:
        """One item a row; rows without an id or a title are reported and left out."""
        for row in rows:
            fields = {_name(name): value for name, value in row.fields.items()}
            item = self.item(Cleaner(row.line, fields, self.complain))
            if item is not None:
                yield item

    def item(self, row: Cleaner) -> Item | None:
        """The row as an item, or None."""
        sku = row.code("id", longest=100)
        if not sku:
            row.problem("id", "missing", is_skipped=True)
            return None
        product_id = row.code("item_group_id", longest=100) or sku
        if not row.fields.get("title"):
            row.fields["title"] = row.fields.get("name", "")
        title = row.text("title", longest=300)
        if not title and product_id not in self.titles:
            row.problem("title", "missing", is_skipped=True)
            return None
        self.titles.add(product_id)
        item = Item(
            line=row.line,
            sku=sku,
            product_id=product_id,
            title=title,
            description=row.text("description", longest=5000),
            brand=row.text("brand", longest=100),
            category=_category(row),
            url=row.address("link"),
            image=row.address("image_link"),
            attributes=_attributes(row),
            options=_options(row),
            availability=_availability(row),
            stock=_stock(row),
            gtin=_gtin(row),
            mpn=row.text("mpn", longest=100),
        )
        return self._priced(item, row)

    def _priced(self, item: Item, row: Cleaner) -> Item:
        price = self._amount(row, "price")
        if price is None:
            return item
        sale = self._amount(row, "sale_price") if row.fields.get("sale_price", "").strip() else None
        if sale is not None and not _is_on(row):
            sale = None
        if sale is not None and (sale[1] != price[1] or sale[0] >= price[0]):
            row.problem("sale_price", "is not below the price; ignored")
            sale = None
        return replace(
            item, price_minor=price[0], currency=price[1], sale_minor=None if sale is None else sale[0]
        )

    def _amount(self, row: Cleaner, name: str) -> tuple[int, str] | None:
        text = row.fields.get(name, "").strip()
        if not text:
            row.problem(name, "missing; the product goes in without a price")
            return None
        try:
            return money.parse(text)
        except ValueError as error:
            try:
                amount = money.parse(text, currency=self.currency)
            except ValueError:
                row.problem(name, f"{error}; the product goes in without it")
                return None
            row.problem(name, f"{text[:40]!r} has no currency; taken as {self.currency}")
            return amount


def _name(name: str) -> str:
    """A column's name as Google writes it now; spreadsheets have `image link` and `g:id`."""
    return name if name.startswith(OPTION_PREFIX) else name.removeprefix("g:").replace(" ", "_")


def _is_on(row: Cleaner) -> bool:
    """Whether the sale is on now, by sale_price_effective_date (start/end); unreadable dates count as on."""
    span = row.fields.get("sale_price_effective_date", "").strip()
    if not span:
        return True
    try:
        start, end = (datetime.fromisoformat(part.strip().replace(" ", "")) for part in span.split("/"))
    except ValueError:
        row.problem("sale_price_effective_date", f"{span[:60]!r} is not start/end; ignored")
        return True
    if start.tzinfo is None or end.tzinfo is None:
        return start.date() <= now().date() <= end.date()
    return start <= now() <= end


def _category(row: Cleaner) -> str:
    category = row.text("product_type", longest=300)
    if not category:
        category = row.text("google_product_category", longest=300)
    return "" if category.isdigit() else re.sub(r"\s*>\s*", " > ", category)


def _availability(row: Cleaner) -> str:
    raw = row.fields.get("availability", "").strip()
    if not raw:
        stock = next((row.fields[name] for name in STOCK if row.fields.get(name)), "")
        if not stock:
            row.problem("availability", "missing; taken as in_stock")
        return "out_of_stock" if stock.strip() == "0" else "in_stock"
    word = raw.lower().rsplit("/", 1)[-1].replace(" ", "_").replace("-", "_")
    known = AVAILABILITY.get(word)
    if known is None:
        row.problem("availability", f"{raw[:40]!r} is not known; taken as out_of_stock")
    return known or "out_of_stock"


def _stock(row: Cleaner) -> int | None:
    for name in STOCK:
        text = row.fields.get(name, "").strip()
        if not text:
            continue
        try:
            return max(0, min(int(float(text)), 2_000_000_000))
        except (ValueError, OverflowError):
            row.problem(name, f"{text[:40]!r} is not a number; stock is not counted")
    return None


def _gtin(row: Cleaner) -> str:
    text = re.sub(r"[\s-]", "", row.fields.get("gtin", ""))
    if text and not (text.isascii() and text.isdigit() and 8 <= len(text) <= 14):
        row.problem("gtin", f"{text[:30]!r} is not 8 to 14 digits; left out")
        return ""
    return text


def _options(row: Cleaner) -> dict[str, str]:
    options: dict[str, str] = {}
    for name, title in OPTIONS.items():
        value = row.text(name, longest=100)
        if value:
            options[title] = value
    for name in row.fields:
        if name.startswith(OPTION_PREFIX) and (value := row.text(name, longest=100)):
            title = name.removeprefix(OPTION_PREFIX).strip().title()[:50]
            options[title] = value
    for pair in row.text("additional_variant_attribute", longest=1000).split(","):
        title, _, value = pair.partition(":")
        if title.strip() and value.strip():
            options[title.strip()[:50]] = value.strip()[:100]
    return options


def _attributes(row: Cleaner) -> dict[str, str]:
    attributes: dict[str, str] = {}
    for name in ATTRIBUTES:
        value = row.text(name, longest=200)
        if value and not (name == "condition" and value.lower() == "new"):
            attributes[name.replace("_", " ")] = value
    detail = row.text("product_detail", longest=20_000)
    if detail:
        for part in DETAIL_END.split(detail)[:MOST_DETAILS]:
            _section, _, rest = part.partition(":")
            name, _, value = rest.partition(":")
            if name.strip() and value.strip():
                attributes[name.strip()[:100]] = value.strip()[:500]
            elif not name.strip():
                row.problem("product_detail", f"{part[:60]!r} is not section:name:value; left out")
    highlights = row.text("product_highlight", longest=2000)
    if highlights:
        attributes["highlights"] = highlights
    return attributes
