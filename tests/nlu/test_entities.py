"""What is recognised in messages as people type them."""

import json
import os
import random
import statistics
import time
from datetime import date
from pathlib import Path

import pytest

pytest.importorskip("spacy")

from bot.nlu.gazetteer import LiveGazetteer
from bot.nlu.orders import OrderNumbers
from bot.nlu.reading import LONGEST, Reader

ORDINARY = frozenset({"return", "parcel", "light", "card"})
TODAY = date(2026, 11, 25)  # a Wednesday
READER = Reader(LiveGazetteer(ORDINARY), OrderNumbers("A", 4, 4), today=lambda: TODAY)


def found(text, live=None, language="en"):
    """(entity, value) pairs, without what is left for the search."""
    reader = Reader(live, OrderNumbers("A", 4, 4)) if live else READER
    return [
        (span.entity, span.value)
        for span in reader.read(text, language).spans
        if span.entity not in ("product", "query")
    ]


@pytest.mark.parametrize(
    "text",
    [
        "A1001",
        "a1001",
        "#A1001",
        "# a1001",
        "a 1001",
        "A-1001",
        "order 1001",
        "order no. 1001",
        "nr. a1001",
        "#1001",
        "my order number is 1001",
        "where is A1001?",
        "A1001.",
        "(A1001)",
        "order:A1001",
        "no 1001",
        "order number: a1001!",
    ],
)
def test_an_order_number_is_recognised_however_it_is_typed(text):
    assert found(text) == [("order_number", "A1001")]


@pytest.mark.parametrize(
    "text", ["a 4-person tent", "size 42", "call +370 600 00100", "EAN 4006381333931", "€1001", "1001.50"]
)
def test_other_numbers_are_not_order_numbers(text):
    assert "order_number" not in dict(found(text))


def test_a_bare_number_is_left_for_the_dialogue_to_decide():
    assert found("1001") == [("number", "1001")]


def test_of_two_bare_numbers_the_first_is_the_order_and_the_second_the_postcode():
    assert found("1001 90210") == [("order_number", "A1001"), ("postcode", "90210")]
    assert found("1001 2200") == [("order_number", "A1001"), ("postcode", "2200")]


@pytest.mark.parametrize(
    ("text", "email"),
    [
        ("jonas@example.com", "jonas@example.com"),
        ("Jonas.Jonaitis@Example.COM.", "jonas.jonaitis@example.com"),
        ("it's ona+shop@mail.example.co.uk, thanks", "ona+shop@mail.example.co.uk"),
        ("<tom@example.org>", "tom@example.org"),
        ("rasa @ example.lt", "rasa@example.lt"),
        ("rasa(at)example.lt", "rasa@example.lt"),
        ("my mail is petras at example dot com", "petras@example.com"),
        ("petras dot p at example dot com", "petras.p@example.com"),
        ("jonas@example,com", "jonas@example.com"),
        ("jonas@example.com. where is it", "jonas@example.com"),
        ("mail: anna_b-c@example-shop.de!", "anna_b-c@example-shop.de"),
    ],
)
def test_an_email_is_recognised_as_typed(text, email):
    assert ("email", email) in found(text)


@pytest.mark.parametrize(
    "text", ["i am at home. thanks", "look at this. ok", "meet at 5", "@larchandloom", "a@b"]
)
def test_what_only_looks_like_an_email_is_not_one(text):
    assert "email" not in dict(found(text))


@pytest.mark.parametrize(
    ("text", "postcode"),
    [
        ("LT-01103", "LT-01103"),
        ("lt-01103", "LT-01103"),
        ("01103", "01103"),
        ("sw1a 1aa", "SW1A 1AA"),
        ("SW1A1AA", "SW1A1AA"),
        ("1012 AB", "1012 AB"),
        ("1012ab", "1012AB"),
        ("10115", "10115"),
        ("my zip is 90210", "90210"),
        ("90210-1234", "90210-1234"),
        ("postcode 2200", "2200"),
        ("00-950", "00-950"),
        ("4050-265", "4050-265"),
        ("T12 X8P6", "T12 X8P6"),
        ("the postcode is LV-1010.", "LV-1010"),
        ("114 55", "114 55"),
    ],
)
def test_a_postcode_is_recognised_in_the_formats_of_many_countries(text, postcode):
    assert found(text) == [("postcode", postcode)]


@pytest.mark.parametrize("text", ["order 1001 is late", "A1001 it is late", "my order 1001 in germany"])
def test_words_behind_an_order_number_do_not_make_it_a_postcode(text):
    assert found(text)[0] == ("order_number", "A1001")
    assert "postcode" not in dict(found(text))


def test_number_and_proof_may_come_in_one_message():
    assert found("A1020, LT-09123") == [("order_number", "A1020"), ("postcode", "LT-09123")]
    assert found("a1099 petras@example.org") == [("order_number", "A1099"), ("email", "petras@example.org")]


@pytest.mark.parametrize(
    ("text", "limits"),
    [
        ("backpacks under 50", {"price_max": "5000"}),
        ("less than 100 euros", {"price_max": "10000"}),
        ("max €29,90", {"price_max": "2990"}),
        ("between 20 and 50", {"price_min": "2000", "price_max": "5000"}),
        ("over 100", {"price_min": "10000"}),
        ("my budget is 80", {"price_max": "8000"}),
        ("50 euros or less", {"price_max": "5000"}),
    ],
)
def test_a_price_limit_is_read_in_minor_units(text, limits):
    assert {name: value for name, value in found(text) if name.startswith("price")} == limits


@pytest.mark.parametrize(
    ("text", "place"),
    [("the second one", "2"), ("2", "2"), ("number three", "3"), ("the last one", "-1"), ("1st", "1")],
)
def test_a_position_in_a_list_is_recognised(text, place):
    assert ("ordinal", place) in found(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("show me jackets", ("category", "Jackets")),
        ("a jacket please", ("category", "Jackets")),
        ("jakcets", ("category", "Jackets")),
        ("something from Northpine", ("brand", "Northpine")),
        ("in blue", ("colour", "Blue")),
        ("gray one", ("colour", "Grey")),
        ("size M", ("size", "M")),
        ("in a medium", ("size", "M")),
        ("boots in 42", ("size", "42")),
    ],
)
def test_words_of_the_catalogue_are_recognised(text, expected):
    assert expected in found(text)


def test_a_single_letter_is_a_size_only_where_it_can_be_one():
    assert "size" not in dict(found("I'm looking for a tent"))
    assert ("size", "S") in found("s")


def test_the_live_catalogue_is_read_again_when_it_changes(tmp_path):
    path = tmp_path / "gazetteer.json"
    live = LiveGazetteer(ORDINARY, path)
    assert found("show me kayaks", live) == []
    path.write_text(
        json.dumps({"brands": ["Rivermoor"], "categories": ["Sport > Kayaks"], "products": [], "options": {}})
    )
    assert found("rivermoor kayak", live) == [("brand", "Rivermoor"), ("category", "Kayaks")]
    path.write_text(json.dumps({"brands": ["Oarson"], "categories": [], "products": [], "options": {}}))
    os.utime(path, ns=(1, 1))
    assert found("rivermoor or oarson", live) == [("brand", "Oarson")]


def test_a_half_written_catalogue_keeps_the_one_in_force(tmp_path):
    path = tmp_path / "gazetteer.json"
    path.write_text(json.dumps({"brands": ["Rivermoor"], "categories": [], "products": [], "options": {}}))
    live = LiveGazetteer(ORDINARY, path)
    live.get()
    path.write_text('{"brands": ["Riv')
    assert found("rivermoor", live) == [("brand", "Rivermoor")]


def test_ordinary_words_are_never_taken_for_slips_in_the_catalogue():
    assert found("i want to return my parcel") == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "😀😀😀",
        "\u202eabc",
        "ა ბ გ",
        "x" * 100_000,
        "@" * 5_000,
        "a." * 5_000 + "@",
        "1" * 5_000,
        "at dot " * 2_000,
    ],
)
def test_any_text_is_read_quickly_and_without_error(text):
    started = time.process_time()
    assert len(READER.read(text).text) <= LONGEST
    assert time.process_time() - started < 1.0


def spans(text, language="en"):
    """(entity, the text it stands on, value, role) of what is found."""
    return [
        (span.entity, text[span.start : span.end], span.value, span.role)
        for span in READER.read(text, language).spans
        if span.entity != "query"
    ]


def of_kind(kind, text, language="en"):
    """(the text it stands on, value) of one kind of entity."""
    return [item[1:3] for item in spans(text, language) if item[0] == kind]


@pytest.mark.parametrize(
    ("text", "said", "value"),
    [
        ("call me on +370 612 34567 please", "+370 612 34567", "+37061234567"),
        ("my number is 07700 900123", "07700 900123", "07700900123"),
        ("8 612 34567", "8 612 34567", "861234567"),
        ("it's 00 44 7700 900456", "00 44 7700 900456", "00447700900456"),
        ("tel: 555-1234", "555-1234", "5551234"),
    ],
)
def test_a_phone_number_is_its_digits(text, said, value):
    assert of_kind("phone", text) == [(said, value)]


@pytest.mark.parametrize(
    "text", ["order 1001", "2026-11-24", "01.12.2026", "EAN 4006381333931", "2200 90210"]
)
def test_other_digits_are_no_phone_number(text):
    assert of_kind("phone", text) == []


@pytest.mark.parametrize("text", ["my card is 4111 1111 1111 1111", "LT12 1000 0111 0100 1000"])
def test_a_card_or_an_account_is_marked_but_not_kept(text):
    reading = READER.read(text)
    (span,) = [span for span in reading.spans if span.entity != "query"]
    assert span.entity == "payment_number"
    assert not any(char.isdigit() for char in span.value + reading.masked)


@pytest.mark.parametrize(
    ("text", "language", "said", "value"),
    [
        ("i was charged €49.90 twice", "en", "€49.90", "EUR 4990"),
        ("refund of 1 299,00 eur", "en", "1 299,00 eur", "EUR 129900"),
        ("it was 1.299 eur", "en", "1.299 eur", "EUR 129900"),
        ("i paid 20 bucks", "en", "20 bucks", "USD 2000"),
        ("sumokėjau 49,90 eurų", "lt", "49,90 eurų", "EUR 4990"),
        ("платила сам 79 евра", "sr", "79 евра", "EUR 7900"),
        ("49.90 ევრო გადავიხადე", "ka", "49.90 ევრო", "EUR 4990"),
    ],
)
def test_a_sum_of_money_has_its_currency(text, language, said, value):
    assert of_kind("money", text, language) == [(said, value)]


def test_a_price_limit_is_no_sum_of_money():
    assert found("tents under 200 euros") == [("category", "Tents"), ("price_max", "20000")]


@pytest.mark.parametrize(
    ("text", "language", "said", "value"),
    [
        ("2 pieces please", "en", "2", "2"),
        ("two of them", "en", "two", "2"),
        ("x3", "en", "x3", "3"),
        ("3 mugs", "en", "3", "3"),
        ("6 of the mugs", "en", "6", "6"),
        ("3 vnt.", "lt", "3", "3"),
        ("hoću tri komada", "sr", "tri", "3"),
        ("du puodelius", "lt", "du", "2"),
    ],
)
def test_how_many_is_a_number(text, language, said, value):
    assert of_kind("quantity", text, language) == [(said, value)]


@pytest.mark.parametrize(
    "text", ["a 2-person tent", "tent for 2 people", "3 x 3 m", "size 42 boots", "one mug", "24/7", "1.85 m"]
)
def test_other_numbers_are_no_quantity(text):
    assert of_kind("quantity", text) == []


@pytest.mark.parametrize(
    ("text", "language", "said", "value", "grain"),
    [
        ("today", "en", "today", "2026-11-25", "day"),
        ("it came yesterday", "en", "yesterday", "2026-11-24", "day"),
        ("ordered 3 days ago", "en", "3 days ago", "2026-11-22", "day"),
        ("two weeks ago", "en", "two weeks ago", "2026-11-11", "week"),
        ("a month ago", "en", "a month ago", "2026-10-25", "month"),
        ("in a week", "en", "in a week", "2026-12-02", "week"),
        ("bought it last friday", "en", "last friday", "2026-11-20", "day"),
        ("i ordered it on monday", "en", "monday", "2026-11-23", "day"),
        ("can it be here by monday", "en", "monday", "2026-11-30", "day"),
        ("i ordered, should come by friday", "en", "friday", "2026-11-27", "day"),
        ("on 24.11.", "en", "24.11.", "2026-11-24", "day"),
        ("nov 24", "en", "nov 24", "2026-11-24", "day"),
        ("the 5th of January", "en", "the 5th of January", "2027-01-05", "day"),
        ("2026-12-01", "en", "2026-12-01", "2026-12-01", "day"),
        ("24/11/26", "en", "24/11/26", "2026-11-24", "day"),
        ("prieš 3 dienas", "lt", "prieš 3 dienas", "2026-11-22", "day"),
        ("lapkričio 24 d.", "lt", "lapkričio 24", "2026-11-24", "day"),
        ("prošlog petka", "sr", "prošlog petka", "2026-11-20", "day"),
        ("გუშინ", "ka", "გუშინ", "2026-11-24", "day"),
        ("gushin", "ka", "gushin", "2026-11-24", "day"),
        ("3 օր առաջ", "hy", "3 օր առաջ", "2026-11-22", "day"),
        ("siku 3 zilizopita", "sw", "siku 3 zilizopita", "2026-11-22", "day"),
        ("jumatatu iliyopita", "sw", "jumatatu iliyopita", "2026-11-23", "day"),
    ],
)
def test_a_day_is_a_date_with_its_grain(text, language, said, value, grain):
    reading = READER.read(text, language)
    dates = [span for span in reading.spans if span.entity == "date"]
    assert [(text[span.start : span.end], span.value, span.grain) for span in dates] == [(said, value, grain)]


@pytest.mark.parametrize("text", ["may i ask", "31.02.", "4.50", "half of 1/2", "in 3 sizes", "2026"])
def test_what_only_looks_like_a_date_is_none(text):
    assert of_kind("date", text) == []


def test_a_month_of_31_days_before_one_of_30_ends_with_it():
    reader = Reader(LiveGazetteer(ORDINARY), OrderNumbers("A", 4, 4), today=lambda: date(2026, 3, 31))
    assert [span.value for span in reader.read("a month ago").spans if span.entity == "date"] == [
        "2026-02-28"
    ]


@pytest.mark.parametrize(
    ("text", "language", "wanted", "given"),
    [
        ("swap the red one for the blue one", "en", "Blue", "Red"),
        ("i'd rather have the blue one instead of the red one", "en", "Blue", "Red"),
        ("M instead of L", "en", "M", "L"),
        ("can i change from M to L", "en", "L", "M"),
        ("noriu mėlyną vietoj raudonos", "lt", "Blue", "Red"),
        ("plavu umesto crvene", "sr", "Blue", "Red"),
        ("წითელის ნაცვლად ლურჯი", "ka", "Blue", "Red"),
        ("կարմիրի փոխարեն կապույտ", "hy", "Blue", "Red"),
        ("nyekundu badala ya bluu", "sw", "Red", "Blue"),
    ],
)
def test_what_is_wanted_and_what_is_given_are_told_apart(text, language, wanted, given):
    roles = {role: value for _, _, value, role in spans(text, language)}
    assert roles == {"wanted": wanted, "given": given}


def test_from_and_to_are_told_apart():
    assert spans("from LT-01103 to LV-1010") == [
        ("postcode", "LT-01103", "LT-01103", "from"),
        ("postcode", "LV-1010", "LV-1010", "to"),
    ]


@pytest.mark.parametrize(
    ("text", "language", "query", "expected"),
    [
        ("ar turite raudoną palapinę?", "lt", "tent", {"colour": "Red", "category": "Tents"}),
        ("raudona palapne", "lt", "tent", {"colour": "Red", "category": "Tents"}),
        ("imate li crveni šator", "sr", "tent", {"colour": "Red", "category": "Tents"}),
        ("имате ли црвени шатор", "sr", "tent", {"colour": "Red", "category": "Tents"}),
        ("წითელი კარავი გაქვთ?", "ka", "tent", {"colour": "Red", "category": "Tents"}),
        ("witeli karavi gaqvt?", "ka", "tent", {"colour": "Red", "category": "Tents"}),
        ("կարմիր վրան ունե՞ք", "hy", "tent", {"colour": "Red", "category": "Tents"}),
        ("karmir vran uneq", "hy", "tent", {"colour": "Red", "category": "Tents"}),
        ("mna hema nyekundu?", "sw", "tent", {"colour": "Red", "category": "Tents"}),
        ("vilnonė antklodė", "lt", "wool blanket", {"material": "wool", "category": "Blankets"}),
        ("palapinė iki 200 eur", "lt", "tent", {"category": "Tents", "price_max": "20000"}),
        ("შავი ჩანთა 50 ევრომდე", "ka", "bag", {"colour": "Black", "price_max": "5000"}),
    ],
)
def test_things_said_in_another_language_become_the_catalogues_words(text, language, query, expected):
    reading = READER.read(text, language)
    said = {span.entity: span.value for span in reading.spans}
    assert said.pop("query") == query
    assert said == expected


def test_material_and_wishes_are_recognised():
    assert found("a wool blanket") == [("material", "wool"), ("category", "Blankets")]
    assert found("pigesnių turit?", language="lt") == [("sort", "price_up")]
    assert found("ar yra sandėlyje", language="lt") == [("in_stock", "yes")]


@pytest.mark.parametrize(
    ("text", "language", "said"),
    [
        ("A1044-ის სტატუსი", "ka", "A1044"),
        ("a1044is statusi", "ka", "a1044"),
        ("А1044", "sr", "А1044"),  # a Cyrillic А
        ("A1044-ը", "hy", "A1044"),
        ("užsakymas 1044", "lt", "1044"),
    ],
)
def test_an_order_number_may_bear_an_ending_or_stand_in_other_letters(text, language, said):
    assert of_kind("order_number", text, language) == [(said, "A1044")]


@pytest.mark.parametrize("language", ["en", "lt", "sr", "ka", "hy", "sw"])
def test_anything_typed_is_read_without_error_and_spans_lie_inside(language):
    letters = "aąšжაქղու 0123456789.,:/-+@#€%'\"?!’\n\t\u200d😀👍🏽½…①İßﬁ"
    words = [
        "A1044",
        "jonas@mail.lt",
        "24.11.",
        "iki 50",
        "instead of",
        "vietoj",
        "do 50",
        "nov",
        "XL",
        "x3",
        "ევრომდე",
    ]
    chance = random.Random(7)
    for _ in range(400):
        text = " ".join(
            chance.choice(words)
            if chance.random() < 0.3
            else "".join(chance.choices(letters, k=chance.randint(1, 12)))
            for _ in range(chance.randint(0, 12))
        )
        for case in (text, text.upper()):
            for span in READER.read(case, language).spans:
                assert 0 <= span.start < span.end <= len(case)
                assert span.value


@pytest.mark.parametrize("language", ["en", "lt", "sr", "ka", "hy", "sw"])
def test_reading_costs_little(language):
    path = Path(__file__).parent / "held_out" / f"{language}.tsv"
    texts = [
        line.split("\t")[1] for line in path.read_text().splitlines() if line and not line.startswith("#")
    ]
    costs = []
    for _ in range(2):  # the first time round fills what is kept of words
        costs = []
        for text in texts:
            started = time.thread_time()
            READER.read(text, language)
            costs.append(time.thread_time() - started)
    assert statistics.median(costs) < 0.0015


@pytest.mark.parametrize(
    ("text", "only"),
    [
        ("raudona palapinė", True),
        ("palapinė", True),
        ("grąžinau palapinę", False),
        ("kur mano palapinė", False),
        ("palapinė praleidžia vandenį", False),
    ],
)
def test_a_message_that_only_names_products_is_told_from_one_that_says_more_of_them(text, only):
    hints = READER.read(text, "lt").hints
    assert "has_title" in hints
    assert bool({"only_title", "one_title"} & set(hints)) == only
