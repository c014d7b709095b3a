"""Which language a message is in, and that a conversation stays in its own."""

import itertools
import re

import pytest
import yaml

pytest.importorskip("rasa")

from pathlib import Path

from bot.core import languages
from bot.nlu.catalogue_words import CatalogueWords
from bot.nlu.importer import language_of
from bot.nlu.language import OTHER, examples_of, identify, in_script
from bot.nlu.language_model import LanguageModel, train, words_of

ROOT = Path(__file__).parents[2]
SHORT = Path(__file__).with_name("held_out") / "short.tsv"
LEAST = 0.93  # of short messages that are no examples, over all languages
LOCALES = ["en", "lt", "sr", "sr-Latn", "ka", "hy", "sw"]


def taught():
    """Examples by language, from the files themselves."""
    found = {}
    for path in sorted((ROOT / "data").rglob("*.yml")):
        data = yaml.load(path.read_text(encoding="utf-8"), Loader=languages.LOADER)  # noqa: S506 - a safe one
        lines = [
            line.strip()[2:]
            for item in data.get("nlu") or []
            for line in item["examples"].splitlines()
            if line.strip().startswith("- ")
        ]
        found.setdefault(language_of(str(path)), []).extend(lines)
    return found


def short():
    lines = SHORT.read_text(encoding="utf-8").splitlines()
    return [tuple(line.split("\t")) for line in lines if line and not line.startswith("#")]


@pytest.fixture(scope="module")
def model():
    return train(examples_of(taught()))


def test_short_messages_never_seen_are_told_apart(model):
    examples = {text.lower() for texts in taught().values() for text in texts}
    never_seen = [(language, text) for language, text in short() if text.lower() not in examples]
    assert len(never_seen) > 200
    right: dict[str, list[bool]] = {}
    for language, text in never_seen:
        found, _ = identify(model, text, {})
        right.setdefault(language, []).append(found.message.partition("-")[0] == language)
    print({language: round(sum(hits) / len(hits), 3) for language, hits in right.items()})
    hits = list(itertools.chain.from_iterable(right.values()))
    print(f"{sum(hits) / len(hits):.3f} of {len(hits)}")
    assert sum(hits) / len(hits) >= LEAST


@pytest.mark.parametrize("before", LOCALES)
def test_one_word_never_moves_a_conversation(model, before):
    words = {text for _, text in short() if len(words_of(text)) == 1}
    assert len(words) > 20
    for word in words:
        found, _ = identify(model, word, {"language": before, "language_from": "message"})
        assert (found.answer, found.is_changed) == (before, False), word


@pytest.mark.parametrize(
    ("before", "text", "after"),
    [
        ("en", "laba diena, norėčiau sužinoti kur mano siunta", "lt"),
        ("lt", "hello, could you tell me where my parcel is please", "en"),
        ("en", "када ће стићи моја поруџбина", "sr"),
        ("en", "kada ce stici moja porudzbina", "sr-Latn"),
        ("en", "როდის მოვა ჩემი ამანათი", "ka"),
        ("en", "ե՞րբ կստանամ իմ պատվերը", "hy"),
        ("en", "habari, mzigo wangu utafika lini jamani", "sw"),
    ],
)
def test_a_sentence_moves_it(model, before, text, after):
    found, shares = identify(model, text, {"language": before, "language_from": "message"})
    assert (found.answer, found.is_changed) == (after, True)
    assert max(shares, key=shares.get) == after.partition("-")[0]


def test_the_first_message_moves_it_with_one_word(model):
    found, _ = identify(model, "გამარჯობა", {"language": "en", "language_from": "page"})
    assert found.answer == "ka"


def test_a_language_the_shop_does_not_answer_in_is_understood_and_not_spoken(model):
    told = {"language": "en", "language_from": "page", "languages": ["en", "lt"]}
    found, shares = identify(model, "როდის მოვა ჩემი ამანათი", told)
    assert (found.message, found.answer) == ("ka", "en")
    assert max(shares, key=shares.get) == "ka"


@pytest.mark.parametrize(
    "text", ["wo bleibt denn mein paket, ich warte schon lange", "где мой заказ, уже неделю жду"]
)
def test_another_language_is_known_as_one(model, text):
    found, _ = identify(model, text, {"language": "lt", "language_from": "message"})
    assert (found.message, found.answer) == (OTHER, "lt")


@pytest.mark.parametrize(
    "text", ["", "👍", "A1044", "1044 jo@example.com", "/affirm", "...", "https://shop.example/x"]
)
def test_what_has_no_words_stays_in_the_language_of_its_conversation(model, text):
    found, shares = identify(model, text, {"language": "hy", "language_from": "page"})
    assert (found.answer, found.is_changed, shares) == ("hy", False, {"hy": 1.0})


@pytest.mark.parametrize("text", ["qwoeiu zxcmn asldk", "ajshd kajshd", "sdkfjh sdkjfh", "bkzgrt"])
def test_what_is_typed_at_random_moves_no_conversation(model, text):
    found, _ = identify(model, text, {"language": "en", "language_from": "page"})
    assert (found.answer, found.is_changed, found.is_sure) == ("en", False, False)


def test_names_of_products_are_of_no_language(model, tmp_path):
    path = tmp_path / "gazetteer.json"
    catalogue = CatalogueWords(path)
    assert catalogue.get() == frozenset()
    path.write_text(
        '{"products": ["Titanium Spork", "Tarn Trail Tent"], "brands": ["Sufu"]}', encoding="utf-8"
    )
    names = catalogue.get()
    assert {"titanium", "spork", "sufu"} <= names
    found, shares = identify(model, "titanium spork", {"language": "ka", "language_from": "page"}, names)
    assert (found.answer, found.is_changed, shares) == ("ka", False, {"ka": 1.0})
    path.write_text("{", encoding="utf-8")
    assert catalogue.get() == names


def test_serbian_is_answered_in_the_script_it_is_written_in():
    assert in_script("sr", "gde je paket") == "sr-Latn"
    assert in_script("sr", "где је пакет A1044") == "sr"
    assert in_script("ka", "sad aris") == "ka"


def test_what_is_saved_says_the_same(model, tmp_path):
    model.save(tmp_path)
    again = LanguageModel.load(tmp_path)
    for _, text in short()[:40]:
        before, after = model.probabilities(text), again.probabilities(text)
        assert max(before, key=before.get) == max(after, key=after.get)
        assert sum(after.values()) == pytest.approx(1.0)


def test_addresses_and_numbers_are_no_words():
    assert words_of("Gde je A1044 jo@mail.rs http://x.rs/a pleeeease") == ["gde", "je", "pleease"]
    assert not any(re.search(r"\d", word) for word in words_of("1 2 a3"))
