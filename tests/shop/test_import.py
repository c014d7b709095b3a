"""Importing catalogues: every format, and every way a file can be wrong."""

import gzip
import json
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.core.times import now
from bot.shop import import_catalogue
from bot.shop.contract import Query
from bot.shop.importing.items import BadCatalogue, Progress, Report
from bot.shop.importing.keeping import CHUNK
from bot.shop.local import LocalShop
from bot.shop.tables import Product, Variant
from bot.store.database import Database
from bot.store.tables import Attempt, Mark

BringIn = Callable[..., Report]
HEADER = "id\ttitle\tdescription\tlink\timage_link\tavailability\tprice\tbrand"
LINKS = "https://shop.example/t1\thttps://shop.example/t1.jpg"
GOOD = f"T1\tBrown teapot\tHolds a litre\t{LINKS}\tin_stock\t20.00 EUR\tPotter"
RSS = """<?xml version="1.0" encoding="UTF-8"?>
<rss xmlns:g="http://base.google.com/ns/1.0" version="2.0"><channel><title>Shop</title>
<item>
  <g:id>X1</g:id><title>Plain title</title><g:title>Blue &amp; white teapot</g:title>
  <g:description><![CDATA[<p>Holds <b>a litre</b></p>]]></g:description>
  <link>https://shop.example/x1</link><g:image_link>https://shop.example/x1.jpg</g:image_link>
  <g:availability>in stock</g:availability><g:price>1,249.50 EUR</g:price>
  <g:shipping><g:country>LT</g:country><g:price>4.90 EUR</g:price></g:shipping>
  <g:product_detail><g:section_name>General</g:section_name><g:attribute_name>Glaze</g:attribute_name>
  <g:attribute_value>cobalt, lead-free</g:attribute_value></g:product_detail>
  <g:product_type>Home > Tea</g:product_type>
</item>
<item><g:id>X2</g:id><g:title>Sugar bowl</g:title><g:availability>out of stock</g:availability>
<g:price>9 EUR</g:price></item>
</channel></rss>"""
ATOM = """<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom" xmlns:g="http://base.google.com/ns/1.0">
<entry><id>tag:x</id><g:id>E1</g:id><title>Kettle</title><link href="https://shop.example/e1"/>
<g:availability>preorder</g:availability><g:price>30.00 EUR</g:price></entry></feed>"""
SHOPIFY = (
    "Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Option1 Name,Option1 Value,Option2 Name,Option2 Value,"
    "Variant SKU,Variant Inventory Tracker,Variant Inventory Qty,Variant Inventory Policy,Variant Price,"
    "Variant Compare At Price,Variant Barcode,Image Src,Status\n"
    'tee,Cotton Tee,"<p>Soft,\n""organic"" cotton</p>",Weaver,Shirts,"summer, basic",TRUE,Size,S,Color,Red,'
    "TEE-S,shopify,4,deny,19.00,25.00,'4006381333931,https://cdn.example/tee.jpg,active\n"
    "tee,,,,,,,,M,,Red,TEE-M,shopify,0,deny,19.00,,,,\n"
    "tee,,,,,,,,L,,Red,TEE-L,shopify,-2,continue,19.00,,,,\n"
    "tee,,,,,,,,,,,,,,,,,,https://cdn.example/back.jpg,\n"
    "mug,Mug,Plain,Weaver,Mugs,,TRUE,Title,Default Title,,,,,,,8.50,,,,active\n"
    "old,Old thing,,Weaver,,,TRUE,Title,Default Title,,,OLD,,,,1.00,,,,draft\n"
)
SHOPIFY_NEW = (
    "Title,URL handle,Description,Vendor,Type,Status,SKU,Option1 name,Option1 value,Price,Compare-at price,"
    "Inventory tracker,Inventory quantity,Continue selling when out of stock,Product image URL\n"
    "Bowl,bowl,Deep,Weaver,Bowls,Active,BOWL-1,Size,Large,12.00,,shopify,3,deny,https://cdn.example/bowl.jpg\n"
)


def tsv(*lines: str, header: str = HEADER) -> str:
    return "\n".join([header, *lines]) + "\n"


def problems(report: Report) -> list[tuple[int, str]]:
    return [(problem.line, problem.field) for problem in report.problems]


def test_a_tsv_feed_goes_in_and_can_be_searched_at_once(shop: LocalShop, bring_in: BringIn) -> None:
    assert shop.search(Query("teapot")).total == 0
    report = bring_in(tsv(GOOD))
    assert (report.imported, report.products, report.variants, report.problems) == (1, 1, 1, [])
    (card,) = shop.search(Query("teapot")).items
    assert (card.product_id, card.title, card.price_minor, card.currency) == (
        "T1",
        "Brown teapot",
        2000,
        "EUR",
    )
    assert (card.url, card.image) == ("https://shop.example/t1", "https://shop.example/t1.jpg")
    assert (card.availability, card.stock, card.description) == ("in_stock", None, "Holds a litre")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("feed.tsv", tsv(GOOD)),
        ("feed.csv", tsv(GOOD).replace("\t", ",")),
        ("semicolons.csv", tsv(GOOD).replace("\t", ";")),
        ("windows.txt", tsv(GOOD).replace("\n", "\r\n")),
        ("bom.tsv", "\ufeff" + tsv(GOOD)),
        ("blank.tsv", "\n\n" + tsv(GOOD, "", "   ")),
        ("unended.tsv", tsv(GOOD).rstrip("\n")),
        ("spelled.tsv", tsv(GOOD).replace("image_link", "Image Link").replace("id\t", "ID\t", 1)),
    ],
)
def test_separators_line_ends_and_marks_do_not_matter(
    shop: LocalShop, bring_in: BringIn, name: str, content: str
) -> None:
    assert bring_in(content, name=name).problems == []
    card = shop.product("T1")
    assert card is not None
    assert (card.title, card.image, card.price_minor) == ("Brown teapot", "https://shop.example/t1.jpg", 2000)


def test_a_packed_feed_is_unpacked(shop: LocalShop, bring_in: BringIn) -> None:
    assert bring_in(gzip.compress(tsv(GOOD).encode()), name="feed.tsv.gz").imported == 1


def test_utf16_and_windows_text_are_read(shop: LocalShop, bring_in: BringIn) -> None:
    assert bring_in(tsv(GOOD.replace("Brown", "Café")).encode("utf-16")).problems == []
    first = shop.product("T1")
    report = bring_in(tsv(GOOD.replace("Brown", "Früh–stück")).encode("cp1252"))
    second = shop.product("T1")
    assert first is not None
    assert second is not None
    assert (first.title, second.title) == ("Café teapot", "Früh–stück teapot")
    assert problems(report) == [(2, "")]
    assert "UTF-8" in report.problems[0].message


def test_an_rss_feed_is_read_with_its_details(shop: LocalShop, bring_in: BringIn, database: Database) -> None:
    report = bring_in(RSS, name="feed.xml")
    assert (report.imported, report.problems) == (2, [])
    card = shop.product("X1")
    assert card is not None
    assert (card.title, card.price_minor, card.description) == (
        "Blue & white teapot",
        124950,
        "Holds a litre",
    )
    with database.reading() as session:
        product = session.get(Product, "X1")
    assert product is not None
    assert product.attributes == {"Glaze": "cobalt, lead-free"}
    assert product.category == "Home > Tea"
    bowl = shop.product("X2")
    assert bowl is not None
    assert (bowl.availability, bowl.price_minor) == ("out_of_stock", 900)


def test_an_atom_feed_is_read(shop: LocalShop, bring_in: BringIn) -> None:
    assert bring_in(ATOM, name="feed.atom").imported == 1
    card = shop.product("E1")
    assert card is not None
    assert (card.url, card.availability, card.price_minor) == ("https://shop.example/e1", "preorder", 3000)


def test_a_shopify_export_is_read(shop: LocalShop, bring_in: BringIn) -> None:
    report = bring_in(SHOPIFY, name="products.csv")
    assert (report.imported, report.products, report.problems) == (4, 2, [])
    tee = shop.product("tee")
    assert tee is not None
    assert tee.description == 'Soft, "organic" cotton'
    assert (tee.price_minor, tee.price_to_minor, tee.sale_from_minor) == (1900, None, 2500)
    assert tee.options == {"Size": ("S", "M", "L"), "Colour": ("Red",)}
    assert [(row.sku, row.availability, row.stock) for row in shop.variants("tee")] == [
        ("TEE-S", "in_stock", 4),
        ("TEE-M", "out_of_stock", 0),
        ("TEE-L", "backorder", 0),
    ]
    mug = shop.product("mug")
    assert mug is not None
    assert (mug.options, mug.stock, mug.price_minor) == ({}, None, 850)
    assert shop.product("old") is None


def test_the_newer_shopify_columns_are_read_too(shop: LocalShop, bring_in: BringIn) -> None:
    assert bring_in(SHOPIFY_NEW, name="products.csv").problems == []
    card = shop.product("bowl")
    assert card is not None
    assert (card.price_minor, card.stock, card.options) == (1200, 3, {"Size": ("Large",)})


def test_rows_of_one_group_are_variants_of_one_product(shop: LocalShop, bring_in: BringIn) -> None:
    header = "id\titem_group_id\ttitle\tdescription\tprice\tsale_price\tavailability\tcolor\tsize\toption:fit\tquantity"
    report = bring_in(
        tsv(
            "S-1\tshirt\tLinen shirt\tLong\t40.00 EUR\t\tin stock\tBlue\tM\tSlim\t3",
            "Z-9\t\tOther\t\t5 EUR\t\tin stock\t\t\t\t",
            "S-2\tshirt\t\t\t50.00 EUR\t35.00 EUR\tavailable for order\tGreen\tL\tSlim\t",
            header=header,
        )
    )
    assert (report.products, report.variants, report.problems) == (2, 3, [])
    card = shop.product("shirt")
    assert card is not None
    assert card.options == {"Colour": ("Blue", "Green"), "Size": ("M", "L"), "Fit": ("Slim",)}
    assert (card.price_minor, card.price_to_minor, card.sale_from_minor) == (3500, 4000, 5000)
    assert [(row.sku, row.price_minor, row.availability, row.stock) for row in shop.variants("shirt")] == [
        ("S-1", 4000, "in_stock", 3),
        ("S-2", 3500, "backorder", None),
    ]


@pytest.mark.parametrize(
    ("written", "minor", "currency"),
    [
        ("49.95 EUR", 4995, "EUR"),
        ("49.95EUR", 4995, "EUR"),
        ("EUR 49,95", 4995, "EUR"),
        ("€49.95", 4995, "EUR"),
        ("1,299.00 USD", 129900, "USD"),
        ("1.299,00 EUR", 129900, "EUR"),
        ("1 299 SEK", 129900, "SEK"),
        ("1500 JPY", 1500, "JPY"),
        ("0 EUR", 0, "EUR"),
    ],
)
def test_prices_are_read_as_they_are_written(
    shop: LocalShop, bring_in: BringIn, written: str, minor: int, currency: str
) -> None:
    assert bring_in(tsv(GOOD.replace("20.00 EUR", written))).problems == []
    card = shop.product("T1")
    assert card is not None
    assert (card.price_minor, card.currency) == (minor, currency)


@pytest.mark.parametrize(
    "written", ["", "free", "-5.00 EUR", "12 13 14 EURO", "9" * 40 + " EUR", "NaN EUR", "1e9"]
)
def test_a_bad_price_is_reported_and_the_product_goes_in_without(
    shop: LocalShop, bring_in: BringIn, written: str
) -> None:
    report = bring_in(tsv(GOOD.replace("20.00 EUR", written)))
    assert (report.imported, problems(report)) == (1, [(2, "price")])
    card = shop.product("T1")
    assert card is not None
    assert (card.price_minor, card.currency) == (0, "")
    assert shop.search(Query("teapot under 10 euro")).total == 0


def test_a_price_without_currency_takes_the_shops_own(shop: LocalShop, bring_in: BringIn) -> None:
    report = bring_in(tsv(GOOD.replace("20.00 EUR", "20.00")), currency="PLN")
    card = shop.product("T1")
    assert card is not None
    assert (card.price_minor, card.currency, problems(report)) == (2000, "PLN", [(2, "price")])


def test_each_bad_row_is_named_by_line_and_field_and_the_rest_goes_in(
    shop: LocalShop, bring_in: BringIn
) -> None:
    report = bring_in(
        tsv(
            GOOD,
            GOOD.replace("T1", "", 1),
            GOOD.replace("T1", "T3", 1).replace("Brown teapot", ""),
            GOOD.replace("T1", "T4", 1).replace("in_stock", "perhaps"),
            GOOD.replace("T1", "T5", 1).replace("https://shop.example/t1\t", "javascript:alert(1)\t"),
            GOOD.replace("T1", "T6", 1) + "\textra\tfields",
            GOOD.replace("T1", "T7", 1),
        )
    )
    assert problems(report) == [(3, "id"), (4, "title"), (5, "availability"), (6, "link"), (7, "")]
    assert [problem.is_skipped for problem in report.problems] == [True, True, False, False, True]
    assert (report.imported, report.skipped) == (4, 3)
    five = shop.product("T5")
    assert five is not None
    assert five.url == "/shop/products/T5"
    assert all(problem.message for problem in report.problems)


def test_of_rows_with_one_id_the_last_counts(shop: LocalShop, bring_in: BringIn) -> None:
    report = bring_in(tsv(GOOD, GOOD.replace("Brown", "Red").replace("20.00", "21.00")))
    assert problems(report) == [(3, "id")]
    card = shop.product("T1")
    assert card is not None
    assert (card.title, card.price_minor, report.products, report.variants) == ("Red teapot", 2100, 1, 1)


def test_broken_quotes_spoil_one_row_only(shop: LocalShop, bring_in: BringIn) -> None:
    rows = [GOOD.replace("T1", f"T{number}", 1) for number in range(1, 2000)]
    rows[4] = rows[4].replace("Brown teapot", '"Brown teapot, never closed')
    rows[9] = rows[9].replace("Brown teapot", '17" teapot')
    rows[14] = rows[14].replace("Holds a litre", '"Holds\na ""litre"""')
    report = bring_in(tsv(*rows))
    assert report.imported == 1999
    assert problems(report) == [(6, "")]
    titles = [shop.product(key) for key in ("T5", "T6", "T10", "T15")]
    assert [card.title for card in titles if card] == [
        "Brown teapot, never closed",
        "Brown teapot",
        '17" teapot',
        "Brown teapot",
    ]
    last = titles[-1]
    assert last is not None
    assert last.description == 'Holds a "litre"'


def test_markup_and_control_characters_are_taken_out(shop: LocalShop, bring_in: BringIn) -> None:
    nasty = (
        "<script>alert('x')</script>Bro\x00wn\x1b <b>tea</b>pot\u202e "
        "&lt;img src=x onerror=alert(1)&gt; 3 < 4 &amp; fine"
    )
    assert bring_in(tsv(GOOD.replace("Brown teapot", nasty))).problems == []
    card = shop.product("T1")
    assert card is not None
    assert card.title == "Brown teapot 3 < 4 & fine"


def test_absurd_lengths_are_cut_and_reported(shop: LocalShop, bring_in: BringIn) -> None:
    long = GOOD.replace("Brown teapot", "teapot " * 20_000).replace("Holds a litre", "x" * 100_000)
    report = bring_in(tsv(long, GOOD.replace("T1", "I" * 500, 1), GOOD.replace("T1", "T2", 1)))
    card = shop.product("T1")
    assert card is not None
    assert len(card.title) <= 300
    assert len(card.description) <= 5000
    assert {(2, "title"), (2, "description"), (3, "id")} <= set(problems(report))
    assert report.imported == 2


def test_right_to_left_text_and_emoji_stay(shop: LocalShop, bring_in: BringIn) -> None:
    bring_in(tsv(GOOD.replace("Brown teapot", "إبريق شاي 🫖")))
    card = shop.product("T1")
    assert card is not None
    assert card.title == "إبريق شاي 🫖"
    assert shop.search(Query("شاي")).total == 1


@pytest.mark.parametrize(
    ("content", "name", "says"),
    [
        (b"", "empty.tsv", "empty"),
        (b"  \n\n ", "blank.tsv", "empty"),
        (b"\xef\xbb\xbf", "bom.tsv", "empty"),
        (HEADER + "\n", "header.tsv", "no product"),
        ("just a letter to the shop\nwith two lines", "letter.txt", "id and title"),
        ('{"products": []}', "feed.json", "JSON"),
        (b"PK\x03\x04rest", "feed.xlsx", "ZIP or Excel"),
        (b"\x1f\x8bbroken", "feed.tsv.gz", "damaged"),
        (gzip.compress(b"", mtime=0), "nothing.tsv.gz", "empty"),
        ("<html><body><p>Sign in</p></body></html>", "page.xml", "No <item>"),
        ("<rss><channel></channel></rss>", "none.xml", "No <item>"),
        ("<rss><item>", "cut.xml", "line 1"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><rss><item>&b;</item></rss>', "bomb.xml", "entities"),
        (
            '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><rss><item><title>&b;</title></item></rss>',
            "file.xml",
            "entities",
        ),
        (bytes(range(256)) * 20, "noise.bin", ""),
    ],
)
def test_what_is_no_catalogue_is_refused_with_the_reason(
    bring_in: BringIn, database: Database, content: str | bytes, name: str, says: str
) -> None:
    with pytest.raises(BadCatalogue) as refused:
        bring_in(content, name=name)
    assert says in str(refused.value)
    with database.reading() as session:
        assert session.scalars(select(Product)).all() == []


def test_a_missing_file_is_refused_with_its_name(database: Database, tmp_path: Path) -> None:
    with pytest.raises(BadCatalogue, match=r"nowhere\.tsv"):
        import_catalogue(database, tmp_path / "nowhere.tsv", home=tmp_path)


def test_what_stands_before_a_break_goes_in(shop: LocalShop, bring_in: BringIn) -> None:
    report = bring_in(RSS.split("<item><g:id>X2")[0] + "<item><g:id>X9", name="cut.xml")
    assert (report.imported, len(report.problems)) == (1, 1)
    assert "breaks off" in report.problems[0].message
    rows = "\n".join(GOOD.replace("T1", f"T{number}", 1) for number in range(5000))
    packed = gzip.compress(f"{HEADER}\n{rows}\n".encode(), compresslevel=0)
    report = bring_in(packed[: len(packed) // 2], name="cut.tsv.gz")
    assert 100 < report.imported < 5000
    assert any("breaks off" in problem.message for problem in report.problems)


def test_importing_again_updates_and_keeps_the_rest(shop: LocalShop, bring_in: BringIn) -> None:
    other = GOOD.replace("T1", "T2", 1).replace("Brown", "Green")
    bring_in(tsv(GOOD, other))
    report = bring_in(tsv(GOOD.replace("20.00", "18.00")))
    card = shop.product("T1")
    assert card is not None
    assert (card.price_minor, report.removed) == (1800, 0)
    assert shop.search(Query("green teapot")).items[0].product_id == "T2"


def test_replacing_removes_what_the_file_does_not_have(
    demo: LocalShop, bring_in: BringIn, database: Database
) -> None:
    bring_in(tsv(GOOD, GOOD.replace("T1", "T2", 1)))
    report = bring_in(tsv(GOOD), replace=True)
    assert report.removed == 75  # T2 and the 74 products of the demo shop
    with database.reading() as session:
        assert session.scalars(select(Product.id)).all() == ["T1"]
        assert session.scalars(select(Variant.sku)).all() == ["T1"]
    assert demo.search(Query("tent")).total == 0


def test_progress_is_told_up_to_the_end(bring_in: BringIn) -> None:
    seen: list[Progress] = []
    rows = (GOOD.replace("T1", f"T{number}", 1) for number in range(1100))
    bring_in(tsv(*rows), on_progress=seen.append)
    assert len(seen) > 3
    assert [step.rows for step in seen] == sorted(step.rows for step in seen)
    assert (seen[-1].rows, seen[-1].share) == (1100, 1.0)
    assert all(0 <= step.share <= 1 for step in seen)


def test_other_writers_get_their_turn_during_an_import(bring_in: BringIn, database: Database) -> None:
    waits: list[float] = []
    is_over = threading.Event()

    def write() -> None:
        other = Database(database.url.render_as_string(hide_password=False))
        while not is_over.is_set():
            began = now()
            with other.writing() as session:
                session.add(Attempt(key="writer", at=now()))
            waits.append((now() - began).total_seconds())
            is_over.wait(0.01)
        other.close()

    writer = threading.Thread(target=write)
    writer.start()
    bring_in(tsv(*(GOOD.replace("T1", f"T{number}", 1) for number in range(12 * CHUNK))))
    is_over.set()
    writer.join()
    assert len(waits) > 5
    assert max(waits) < 5


def test_an_import_makes_a_new_version_known_and_names_for_the_brain(
    bring_in: BringIn, database: Database, tmp_path: Path
) -> None:
    first = bring_in(tsv(GOOD)).version
    second = bring_in(tsv(GOOD)).version
    with database.reading() as session:
        known = session.scalar(select(Mark.value).where(Mark.name == "catalogue_version"))
    assert first != second == known
    assert json.loads((tmp_path / "gazetteer.json").read_text()) == {
        "brands": ["Potter"],
        "categories": [],
        "products": ["Brown teapot"],
        "options": {},
        "materials": [],
    }


def test_a_process_that_already_searches_sees_the_import(
    shop: LocalShop, bring_in: BringIn, database: Database, tmp_path: Path
) -> None:
    bring_in(tsv(GOOD))
    elsewhere = LocalShop(
        Database(database.url.render_as_string(hide_password=False)), tmp_path, shop.profile
    )
    assert elsewhere.search(Query("teapot")).total == 1
    bring_in(tsv(GOOD.replace("T1", "T2", 1).replace("Brown", "Green")))
    assert elsewhere.search(Query("teapot")).total == 2
    elsewhere.database.close()


def test_a_lost_or_damaged_index_is_built_again(
    shop: LocalShop, bring_in: BringIn, tmp_path: Path, database: Database
) -> None:
    version = bring_in(tsv(GOOD)).version
    (tmp_path / "search" / f"{version}.npz").write_bytes(b"not an index")
    assert LocalShop(database, tmp_path, shop.profile).search(Query("teapot")).total == 1
    (tmp_path / "search" / f"{version}.npz").unlink()
    assert LocalShop(database, tmp_path, shop.profile).search(Query("teapot")).total == 1
