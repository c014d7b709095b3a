"""Folding: one spelling for what people type in several."""

import pytest

from bot.core.folding import fold, fold_with_offsets

TEXTS = [
    "Žalią kuprinę, prašau!",
    "Где је моја пошиљка? ЉУБАВ, џемпер, ђак",
    "sta je sa mojom porudžbinom đavola",
    "გამარჯობა, სად არის ჩემი შეკვეთა წითელი ყავისფერი",
    "Ինչպե՞ս վերադարձնել պատվերը։ Որքան արժե և ուղարկել",
    "ՈՒՐ Է ԻՄ ՊԱՏՎԵՐԸ",
    "İstanbul ½ … ② 한국 मराठी 😀👍🏽",
    "",
]


@pytest.mark.parametrize(
    ("text", "language", "folded"),
    [
        ("Žalią ĄŽUOLĄ", "lt", "zalia azuola"),
        ("Porudžbina ђак", "sr", "porudzbina djak"),
        ("Љубав", "sr", "ljubav"),
        ("Crveni šešir", "en", "crveni sesir"),
        ("Ինչպե՞ս", "hy", "inchpes"),
        ("Jetboil X100", "en", "jetboil x100"),
    ],
)
def test_text_is_compared_in_lower_latin_letters_without_marks(text, language, folded):
    assert fold(text, language) == folded


@pytest.mark.parametrize(
    ("language", "own", "typed"),
    [
        ("ka", "გაქვთ", ["gaqvt", "gakvt", "gaqvT"]),
        ("ka", "წითელი", ["witeli", "tsiteli", "citeli"]),
        ("ka", "ყავისფერი", ["yavisferi", "qavisperi", "kavisferi"]),
        ("ka", "დღეს", ["dghes", "dges"]),
        ("ka", "ხალიჩა", ["xalicha", "khalicha"]),
        ("ka", "ფასი", ["fasi", "pasi"]),
        ("hy", "խնդրում", ["xndrum", "khndrum"]),
        ("hy", "ուղարկել", ["ugharkel", "uxarkel", "ougharkel"]),
        ("hy", "որքան", ["vorqan", "vorkan"]),
        ("hy", "ժամանակ", ["zhamanak", "jamanak"]),
        ("hy", "ցածր", ["cacr", "tsatsr"]),
        ("hy", "պատվերը", ["patvery", "patver@"]),
        ("hy", "երեկ", ["erek", "yerek"]),
        ("sr", "ђубре", ["djubre", "đubre"]),
        ("sr", "кишобран", ["kisobran", "kišobran"]),
    ],
)
def test_a_word_in_its_own_letters_and_as_people_type_it_in_latin_ones_fold_alike(language, own, typed):
    assert {fold(word, language) for word in typed} == {fold(own, language)}
    assert fold(own) == fold(own, language)


@pytest.mark.parametrize("language", ["en", "lt", "sr", "ka", "hy", "sw"])
@pytest.mark.parametrize("text", TEXTS)
def test_each_folded_character_knows_where_it_comes_from(text, language):
    folded, offsets = fold_with_offsets(text, language)
    assert folded == fold(text, language)
    assert len(offsets) == len(folded) + 1
    assert offsets == sorted(offsets)
    assert offsets[-1] == len(text)


def test_the_place_of_a_word_is_found_again_in_what_was_typed():
    text = "ուզում եմ կարմիր ՎՐԱՆ ունե՞ք"
    folded, offsets = fold_with_offsets(text, "hy")
    start = folded.index("vran")
    assert text[offsets[start] : offsets[start + 4]] == "ՎՐԱՆ"


def test_an_address_keeps_its_sign_in_armenian():
    assert fold("ani@mail.am", "hy") == "ani@mail.am"
