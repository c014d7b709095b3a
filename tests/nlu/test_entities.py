"""What is recognised in messages as people type them."""

import json
import os
from datetime import date

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
    import time

    started = time.process_time()
    assert len(READER.read(text).text) <= LONGEST
    assert time.process_time() - started < 1.0
