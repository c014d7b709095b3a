"""After the catalogue changed: a fresh index, a fresh gazetteer for the brain, and a new version for all to see."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.core import settings
from bot.core.ids import new_id
from bot.shop import index as indexing
from bot.shop.index import Document, Index, Sellable
from bot.shop.materials import materials
from bot.shop.tables import Product, Variant
from bot.store import prepared
from bot.store.database import Database
from bot.store.tables import Mark

VERSION = "catalogue_version"
KEPT = 2  # index files; a process may be reading the one before
PAGE = 2000
_VERSION = select(Mark.__table__.c.value).where(Mark.__table__.c.name == VERSION)  # asked in every search


def home_of(database: Database) -> Path:
    """Where files about the catalogue live unless said otherwise: beside a SQLite database, else AISLE_HOME."""
    if database.is_sqlite and database.url.database:
        return Path(database.url.database).parent
    return settings.load(os.environ, needs_secrets=False).home


def index_file(home: Path, version: str) -> Path:
    """The file of an index."""
    return home / "search" / f"{version}.npz"


def version(session: Session) -> str:
    """The catalogue's version; empty before the first import."""
    return prepared.value(session, _VERSION, {}) or ""


def documents(session: Session) -> Iterator[Document]:
    """Every product as the index sees it, page by page."""
    last = ""
    while True:
        products = session.execute(
            select(
                Product.id,
                Product.title,
                Product.brand,
                Product.category,
                Product.description,
                Product.attributes,
            )
            .where(Product.id > last)
            .order_by(Product.id)
            .limit(PAGE)
        ).all()
        if not products:
            return
        variants: dict[str, list[tuple[Sellable, str]]] = {}
        rows = session.execute(
            select(
                Variant.product_id,
                Variant.sku,
                Variant.options,
                Variant.price_minor,
                Variant.sale_minor,
                Variant.availability,
                Variant.gtin,
                Variant.mpn,
            )
            .where(Variant.product_id > last, Variant.product_id <= products[-1].id)
            .order_by(Variant.product_id, Variant.position)
        )
        for row in rows:
            price = row.price_minor if row.sale_minor is None else row.sale_minor
            sellable = Sellable(row.options, price, row.availability == "in_stock")
            variants.setdefault(row.product_id, []).append((sellable, f"{row.sku} {row.gtin} {row.mpn}"))
        for product in products:
            mine = variants.get(product.id, [])
            yield Document(
                product_id=product.id,
                brand=product.brand,
                category=product.category,
                fields={
                    "title": product.title,
                    "brand": product.brand,
                    "category": product.category,
                    "options": _option_words([sellable for sellable, _ in mine]),
                    "codes": " ".join(dict.fromkeys([product.id, *(code for _, code in mine)])),
                    "attributes": " ".join(str(value) for value in product.attributes.values()),
                    "description": product.description,
                },
                variants=[sellable for sellable, _ in mine],
            )
        last = products[-1].id


def _option_words(variants: list[Sellable]) -> str:
    values = dict.fromkeys(value for variant in variants for value in variant.options.values())
    return " ".join(values)


def build(database: Database, *, version: str) -> Index:
    """The index of the catalogue as it is now."""
    with database.reading() as session:
        return indexing.build(documents(session), version=version)


def publish(database: Database, home: Path) -> str:
    """Build the index, write it and the gazetteer, then make the new version known; answers the version."""
    with database.reading() as session:
        old = version(session)
    count = int(old.split("-")[0]) if old.split("-")[0].isdigit() else 0
    fresh = f"{count + 1}-{new_id()[:8]}"
    index = build(database, version=fresh)
    indexing.save(index, index_file(home, fresh))
    write_gazetteer(database, home)
    with database.writing() as session:
        session.merge(Mark(name=VERSION, value=fresh))
    _forget_old(home)
    return fresh


def _forget_old(home: Path) -> None:
    files = sorted((home / "search").glob("*.npz"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in files[KEPT:]:
        path.unlink(missing_ok=True)


def write_gazetteer(database: Database, home: Path) -> None:
    """Write `gazetteer.json`, the names the brain recognises, in one step."""
    options: dict[str, dict[str, None]] = {}
    with database.reading() as session:
        brands = sorted(filter(None, session.scalars(select(Product.brand).distinct())))
        paths = session.scalars(select(Product.category).distinct())
        categories = sorted({part.strip() for path in paths for part in path.split(">")} - {""})
        titles = list(session.scalars(select(Product.title).order_by(Product.id)))
        attributes = session.scalars(select(Product.attributes))
        made_of = materials(str(one["material"]) for one in attributes if one.get("material"))
        for chosen in session.scalars(select(Variant.options)):
            for name, value in chosen.items():
                options.setdefault(name, {})[value] = None
    data = {
        "brands": brands,
        "categories": categories,
        "products": list(dict.fromkeys(titles)),
        "materials": made_of,
        "options": {name: sorted(values) for name, values in sorted(options.items())},
    }
    home.mkdir(parents=True, exist_ok=True)
    temporary = home / f".gazetteer.json.{os.getpid()}"
    temporary.write_text(json.dumps(data, ensure_ascii=False, indent=1), encoding="utf-8")
    temporary.replace(home / "gazetteer.json")
