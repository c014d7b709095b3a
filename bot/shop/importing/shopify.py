"""The product CSV that Shopify exports, in its older and newer spelling of the columns, as items."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from bot.shop import money
from bot.shop.importing.cleaning import Cleaner
from bot.shop.importing.items import Complain, Item, Row

NAMES = {
    "url handle": "handle",
    "description": "body (html)",
    "published on online store": "published",
    "sku": "variant sku",
    "barcode": "variant barcode",
    "price": "variant price",
    "compare-at price": "variant compare at price",
    "inventory tracker": "variant inventory tracker",
    "inventory quantity": "variant inventory qty",
    "continue selling when out of stock": "variant inventory policy",
    "product image url": "image src",
    "variant image url": "variant image",
}
SPELLING = {"color": "Colour", "colour": "Colour", "size": "Size"}


@dataclass
class _Product:
    """What the first row of a handle said; the others leave it out."""

    title: str
    description: str
    brand: str
    category: str
    image: str
    tags: str
    is_live: bool
    options: dict[int, str] = field(default_factory=dict)
    count: int = 0


class Reader:
    """Turns rows into items; a product's rows follow each other and share its handle."""

    def __init__(self, complain: Complain, *, currency: str) -> None:
        self.complain = complain
        self.currency = currency
        self.products: dict[str, _Product] = {}

    def items(self, rows: Iterable[Row]) -> Iterator[Item]:
        """One item for each row with a price; rows that only add a picture pass quietly."""
        for row in rows:
            fields = {NAMES.get(name, name): value for name, value in row.fields.items()}
            item = self.item(Cleaner(row.line, fields, self.complain))
            if item is not None:
                yield item

    def item(self, row: Cleaner) -> Item | None:
        """The row as an item, or None."""
        handle = row.code("handle", longest=100)
        if not handle:
            row.problem("handle", "missing", is_skipped=True)
            return None
        product = self.products.get(handle)
        if product is None:
            title = row.text("title", longest=300)
            if not title:
                row.problem("title", "missing on the first row of the product", is_skipped=True)
                return None
            product = self.products[handle] = _product(row, title)
        for number in (1, 2, 3):
            name = row.text(f"option{number} name", longest=50)
            if name:
                product.options[number] = SPELLING.get(name.lower(), name)
        if not product.is_live or not _is_variant(row):
            return None
        product.count += 1
        price, sale = self._prices(row)
        stock, availability = _stock(row)
        return Item(
            line=row.line,
            sku=row.code("variant sku", longest=100).lstrip("'") or f"{handle[:90]}-{product.count}",
            product_id=handle,
            title=product.title,
            description=product.description,
            brand=product.brand,
            category=product.category,
            image=row.address("variant image") or product.image,
            attributes={"tags": product.tags} if product.tags else {},
            options=_options(row, product),
            price_minor=price,
            sale_minor=sale,
            currency=self.currency if price is not None else "",
            availability=availability,
            stock=stock,
            gtin="".join(char for char in row.fields.get("variant barcode", "") if char in "0123456789")[:14],
        )

    def _prices(self, row: Cleaner) -> tuple[int | None, int | None]:
        now, before = self._amount(row, "variant price"), self._amount(row, "variant compare at price")
        if now is not None and before is not None and before > now:
            return before, now
        return now, None

    def _amount(self, row: Cleaner, name: str) -> int | None:
        text = row.fields.get(name, "").strip()
        if not text:
            return None
        try:
            return money.parse(text, currency=self.currency)[0]
        except ValueError as error:
            row.problem(name, f"{error}; the variant goes in without it")
            return None


def _product(row: Cleaner, title: str) -> _Product:
    status = row.fields.get("status", "active").strip().lower() or "active"
    published = row.fields.get("published", "true").strip().lower()
    return _Product(
        title=title,
        description=row.text("body (html)", longest=5000),
        brand=row.text("vendor", longest=100),
        category=row.text("product category", longest=300) or row.text("type", longest=300),
        image=row.address("image src"),
        tags=row.text("tags", longest=500),
        is_live=status == "active" and published not in ("false", "no"),
    )


def _is_variant(row: Cleaner) -> bool:
    return any(row.fields.get(name, "").strip() for name in ("variant price", "variant sku", "option1 value"))


def _options(row: Cleaner, product: _Product) -> dict[str, str]:
    options = {}
    for number, name in product.options.items():
        value = row.text(f"option{number} value", longest=100)
        if value and value.lower() != "default title":
            options[name] = value
    return options


def _stock(row: Cleaner) -> tuple[int | None, str]:
    """Stock and availability; None when the shop does not count this variant."""
    text = row.fields.get("variant inventory qty", "").strip()
    tracker = row.fields.get("variant inventory tracker", "").strip()
    if not text or not tracker:
        return None, "in_stock"
    try:
        stock = int(float(text))
    except (ValueError, OverflowError):
        row.problem("variant inventory qty", f"{text[:40]!r} is not a number; stock is not counted")
        return None, "in_stock"
    goes_on = row.fields.get("variant inventory policy", "").strip().lower() in ("continue", "true", "yes")
    availability = "in_stock" if stock > 0 else "backorder" if goes_on else "out_of_stock"
    return max(0, min(stock, 2_000_000_000)), availability
