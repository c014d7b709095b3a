"""Why a message is understood as it is: the parts of a small model explain themselves, and the decision its reason."""

import pytest

pytest.importorskip("rasa")

from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.constants import INTENT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.nlu.decision import DECIDED, Decision
from bot.nlu.entities import ShopEntityExtractor
from bot.nlu.explanation import Parts, explain
from bot.nlu.importer import LANGUAGE
from bot.nlu.intents import LEAVES, SCOPE, LeafIntentClassifier
from bot.nlu.language import LanguageIdentifier

THINGS = {
    "en": ("parcel", "package", "tent", "lamp", "blanket", "jacket", "kettle", "stove"),
    "sr": ("paket", "pošiljka", "šator", "lampa", "ćebe", "jakna", "čajnik", "šporet"),
}
ASKED = {
    "en": {
        "track_order": ("where is my {}", "when will the {} arrive", "has order A1044 with the {} been sent"),
        "cancel_order": ("cancel my {}", "i do not want the {} any more", "please stop the {}"),
        "faq/returns": ("can i send the {} back", "how do i return the {}", "returning a {}"),
        "faq/refund_time": ("when is the money for the {} back", "refund for the {}", "paid back for the {}"),
    },
    "sr": {
        "track_order": ("gde je {}", "kada stiže {}", "da li je poslato A1044, {}"),
        "cancel_order": ("otkažite {}", "ne želim više {}", "molim vas stornirajte {}"),
        "faq/returns": ("mogu li da vratim {}", "kako se vraća {}", "vraćanje robe {}"),
        "faq/refund_time": ("kada stiže novac za {}", "povraćaj novca za {}", "vraćen novac za {}"),
    },
}
TITLES = {"en": {"faq/returns": "How returns work"}, "sr": {"faq/returns": "Како се враћа роба"}}
PARTS = {
    LanguageIdentifier: {},
    ShopEntityExtractor: {"order_prefix": "A", "order_digits_min": 4, "order_digits_max": 4},
    LeafIntentClassifier: LeafIntentClassifier.get_default_config() | {"order_digits_max": 4},
}


def examples():
    for code, by_leaf in ASKED.items():
        for leaf, texts in by_leaf.items():
            for text in texts:
                for thing in THINGS[code]:
                    message = Message.build(text.format(thing), leaf)
                    message.set(LANGUAGE, code)
                    if title := TITLES[code].get(leaf):
                        message.set("metadata", {"intent": {"title": title}})
                    yield message


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    """A model of two languages, as it is when loaded."""
    storage = LocalModelStorage.create(tmp_path_factory.mktemp("model"))
    data = TrainingData(list(examples()))
    loaded = []
    for kind, config in PARTS.items():
        resource = Resource(kind.__name__)
        kind.create(config, storage, resource, None).train(data)
        loaded.append(kind.load(config, storage, resource, None))
    return Parts.of([*loaded, Decision(Decision.get_default_config())])


def test_an_explanation_names_language_entities_readings_and_the_nearest_examples(parts):
    found = explain(parts, "where is my parcel, A1044", {})
    assert found["language"]["message"] == "en"
    assert found["language"]["ranking"][0]["share"] > found["language"]["ranking"][1]["share"]
    assert [(one["entity"], one["value"], one["text"]) for one in found["entities"]] == [
        ("order_number", "A1044", "A1044")
    ]
    assert "ordernum" in found["read_as"][0]["text"]
    assert found["leaves"][0]["leaf"] == "track_order"
    assert sum(one["confidence"] for one in found["leaves"]) == pytest.approx(1, abs=0.01)
    assert found["nearest"][0]["leaf"] == "track_order"
    likeness = [one["likeness"] for one in found["nearest"]]
    assert likeness == sorted(likeness, reverse=True)
    assert found["scope"]["value"] >= found["scope"]["threshold"]
    assert found["scope"]["of_needed"] == found["decision"]["scope"] >= 1
    assert found["compared"] == [one["leaf"] for one in found["leaves"][:2]]
    assert found["decision"] == {
        "intent": "track_order", "why": "", "scope": found["decision"]["scope"], "offers": []
    }  # fmt: skip


def test_a_message_that_asks_for_two_things_is_explained_with_both(parts):
    found = explain(parts, "where is my parcel? also how do i return the tent", {})
    assert [(one["leaf"], one["text"]) for one in found["requests"]] == [
        ("track_order", "where is my parcel"),
        ("faq/returns", "how do i return the tent"),
    ]
    assert explain(parts, "where is my parcel", {})["requests"] == []


def test_the_word_that_matters_is_said_to_matter(parts):
    found = explain(parts, "cancel my parcel", {})
    weights = {one["word"]: one["for_best"] for one in found["words"]}
    assert found["leaves"][0]["leaf"] == "cancel_order"
    assert max(weights, key=weights.get) == "cancel"
    speaking = [one["weight"] for one in found["grams"]["for"]]
    assert speaking[0] > 0
    assert all(one["weight"] < 0 for one in found["grams"]["against"])


def test_another_language_is_read_folded_and_compared_by_its_n_grams(parts):
    found = explain(parts, "kako se vraća šator", {"language": "sr", "language_from": "message"})
    assert found["language"]["message"] == "sr-Latn"
    assert found["read_as"][0] == {"language": "sr", "share": 1.0, "text": "kako se vraca sator"}
    assert found["nearest_by"] == "n-grams"
    assert found["nearest"][0] == {"text": "kako se vraća šator", "leaf": "faq/returns", "likeness": 1.0}
    assert found["leaves"][0]["title"] == "Како се враћа роба"


def test_a_stranger_is_out_of_scope_for_a_reason(parts):
    found = explain(parts, "who composed the ninth symphony", {"language": "en", "language_from": "message"})
    assert found["scope"]["outside"] > 0.7
    assert (found["decision"]["intent"], found["decision"]["why"]) == ("out_of_scope", "")
    assert found["scope"]["of_needed"] < 1
    assert found["compared"] == ["out_of_scope", "inside"]  # by the model that says so
    assert found["views"][0]["leaves"][0]["leaf"] == "out_of_scope"
    assert max(one["for_best"] for one in found["words"]) > 0


@pytest.mark.parametrize("text", ["/faq/returns", "   ", "?"])
def test_what_has_no_words_is_explained_too(parts, text):
    found = explain(parts, text, {})
    assert found["text"] == text
    assert {"leaves", "decision", "nearest", "words"} <= set(found)


def decided(*leaves, scope=2.0):
    """What the decision makes of leaves."""
    message = Message({"text": "money for what i sent back"})
    rows = [{"name": name, "confidence": share, "title": name} for name, share in leaves]
    message.set(LEAVES, rows)
    message.set(SCOPE, scope)
    message.set("aisle_coverage", 1.0)
    message.set(INTENT, {"name": leaves[0][0].split("/")[0], "confidence": leaves[0][1]})
    Decision(Decision.get_default_config()).process([message])
    offered = [one["name"] for one in message.get("candidates") or []]
    return message.get(INTENT)["name"], message.get(DECIDED)["why"], offered


def test_one_is_the_least_likeness_that_is_needed():
    message = Message({"text": "money back"})
    message.set(LEAVES, [{"name": "faq/refund_time", "confidence": 0.9, "title": ""}])
    message.set(SCOPE, 0.45)
    message.set("aisle_coverage", 1.0)
    Decision(Decision.get_default_config() | {"scope": 0.6}).process([message])
    assert message.get(DECIDED) == {
        "why": "low_confidence",
        "scope": 0.75,
        "leaves": [{"intent": "faq/refund_time", "confidence": 0.9}],
    }


def test_two_answers_that_are_close_are_both_offered_and_no_third():
    pair = (("faq/refund_time", 0.55), ("faq/return_cost", 0.3), ("faq/returns", 0.1))
    assert decided(*pair) == ("nlu_fallback", "ambiguous", ["faq/refund_time", "faq/return_cost"])
    # their likeness to each other keeps each below the threshold: no reason to offer more
    assert decided(*pair, scope=0.5) == (
        "nlu_fallback", "low_confidence", ["faq/refund_time", "faq/return_cost"]
    )  # fmt: skip


@pytest.mark.parametrize(
    "leaves",
    [
        (("faq/refund_time", 0.75), ("faq/return_cost", 0.2)),  # clear enough
        (("faq/refund_time", 0.4), ("faq/return_cost", 0.25), ("faq/returns", 0.2)),  # one of three
        (("cancel_order", 0.55), ("faq/returns", 0.3)),  # an action is as likely as ever
    ],
)
def test_otherwise_it_acts_as_before(leaves):
    name, why, offered = decided(*leaves)
    assert (name, why, offered) == (leaves[0][0].split("/")[0], "", [])
