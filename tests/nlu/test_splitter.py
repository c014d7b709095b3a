"""Where a message may fall into several requests."""

import pytest

from bot.nlu.splitter import Joint, pieces


def cut(text, language="en"):
    """The words of the pieces."""
    return [text[piece.start : piece.end] for piece in pieces(text, language)]


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "where is it? do you ship to Latvia", ["where is it", "do you ship to Latvia"]),
        ("en", "where is it\ndo you gift wrap", ["where is it", "do you gift wrap"]),
        ("en", "how long is it and can I pay later?", ["how long is it", "can I pay later"]),
        ("en", "Where is it?! Also, by the way, do you gift wrap", ["Where is it", "do you gift wrap"]),
        ("en", "show me mugs, and also tell me the price", ["show me mugs", "tell me the price"]),
        ("en", "A1001. also do you gift wrap", ["A1001", "do you gift wrap"]),
        ("lt", "Kur siunta? Taip pat ar siunčiate į Latviją", ["Kur siunta", "ar siunčiate į Latviją"]),
        ("sr", "где је пакет и да ли радите суботом", ["где је пакет", "да ли радите суботом"]),
        ("sr", "gde je paket, a takođe da li radite", ["gde je paket", "da li radite"]),
        ("ka", "სად არის ჩემი შეკვეთა და ლატვიაში აგზავნით", ["სად არის ჩემი შეკვეთა", "ლატვიაში აგზავნით"]),
        ("ka", "sad aris shekveta da latviashi agzavnit", ["sad aris shekveta", "latviashi agzavnit"]),
        ("hy", "որտե՞ղ է իմ պատվերը։ և առաքո՞ւմ եք Լատվիա", ["որտե՞ղ է իմ պատվերը", "առաքո՞ւմ եք Լատվիա"]),
        ("sw", "oda yangu iko wapi? pia mnatuma Latvia", ["oda yangu iko wapi", "mnatuma Latvia"]),
    ],
)
def test_a_message_is_cut_where_another_request_may_begin(language, text, expected):
    assert cut(text, language) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "?",
        "and",
        "thanks and bye",
        "where is my order?",
        "Hello! where is it",
        "it costs 4.90 or so",
        "write to ona@example.com please",
        "hi lumi, where is my order",
        "sandwich landed today",
    ],
)
def test_one_clause_stays_whole(text):
    assert len(pieces(text, "en")) == 1


@pytest.mark.parametrize(
    ("between", "joint"),
    [
        (", ", Joint.COMMA),
        (". ", Joint.STOP),
        (" and ", Joint.WORD),
        (" + ", Joint.WORD),
        (" n ", Joint.WORD),
        (", and ", Joint.CLAUSE),
        ("? ", Joint.CLAUSE),
        ("? and ", Joint.TURN),
        (". plus ", Joint.TURN),
        (" also ", Joint.TURN),
        (", by the way ", Joint.TURN),
        (" 2) ", Joint.TURN),
    ],
)
def test_what_stands_between_says_how_likely_another_request_follows(between, joint):
    first, second = pieces(f"how long does it take{between}can i pay later", "en")
    assert (first.joint, second.joint) == (Joint.TURN, joint)


@pytest.mark.parametrize(
    ("language", "text", "second"),
    [
        ("lt", "kur siunta, be to ar siunčiate į Latviją", "ar siunčiate į Latviją"),
        ("sr", "gde je paket, usput da li radite subotom", "da li radite subotom"),
        ("ka", "სად არის შეკვეთა, ასევე ლატვიაში აგზავნით", "ლატვიაში აგზავნით"),
        ("hy", "որտե՞ղ է պատվերը, ի դեպ առաքո՞ւմ եք Լատվիա", "առաքո՞ւմ եք Լատվիա"),
        ("sw", "oda yangu iko wapi halafu mnatuma Latvia", "mnatuma Latvia"),
    ],
)
def test_every_language_has_words_that_say_that_something_else_comes(language, text, second):
    assert cut(text, language)[-1] == second
    assert pieces(text, language)[-1].joint is Joint.TURN


def test_the_places_of_a_list_are_no_part_of_its_requests():
    assert cut("Two things: 1) change my address on A1161 2) do you gift wrap") == [
        "Two things",
        "change my address on A1161",
        "do you gift wrap",
    ]


def test_of_a_long_message_the_commas_do_not_count_and_a_story_stays_whole():
    commas = "i came by here, i saw the shop, it was all closed, i went home again. do you gift wrap"
    assert cut(commas)[-1] == "do you gift wrap"
    assert len(cut(commas)) == 2
    assert cut("i came by. i saw it. i took one. it is red. i like it") == [
        "i came by. i saw it. i took one. it is red. i like it"
    ]


def test_a_language_without_a_list_of_joiners_is_cut_at_the_ends_of_sentences():
    assert cut("wo ist es? und wann kommt es", "xx") == ["wo ist es", "und wann kommt es"]


def test_a_long_message_takes_no_time():
    assert len(pieces("and , " * 3_000 + "a" * 10_000, "en")) == 1
