"""What a word says is remembered; a text means the same whether its words were met before or not."""

import numpy as np
import pytest

from bot.nlu import ensemble, language_model
from bot.nlu.ensemble import Views
from bot.nlu.language_model import LanguageModel, train
from bot.nlu.ngrams import SHOP, Style, Vectoriser, grams

TEXTS = [
    "where is my order",
    "where where is it??",
    "",
    "?",
    "pleeeease hurry!!",
    "kur mano žibintas",
    "მინდა დაბრუნება",
    "a a a a",
    "never met before xyzzy",
]
STYLES = [SHOP, Style(shortest=3, longest=4, has_concepts=False)]


@pytest.fixture
def vectoriser():
    return Vectoriser.learn([grams(text) for text in TEXTS[:-1]], least=1)


@pytest.mark.parametrize("style", STYLES)
def test_a_text_read_word_by_word_has_the_values_of_its_ngrams(vectoriser, style):
    for text in [*TEXTS, *TEXTS]:  # the second time all words have been met
        indices, values = vectoriser.rows(*grams(text, ("order",), style))
        read = vectoriser.read(text, ("order",), style)
        assert read[0].tolist() == indices.tolist()
        assert read[1].tobytes() == values.tobytes()


def test_styles_do_not_share_what_they_have_met(vectoriser):
    for style in STYLES:
        vectoriser.read("order", (), style)
    short, long = (set(vectoriser.read("order", (), style)[0].tolist()) for style in STYLES)
    assert short != long


def test_each_half_has_length_one(vectoriser):
    _, values = vectoriser.read("where is my order")
    assert float(values @ values) == pytest.approx(2)


@pytest.mark.parametrize("remembers", [1, 2])
def test_little_room_to_remember_changes_nothing(vectoriser, remembers):
    forgetful = Vectoriser(vectoriser.vocabulary, vectoriser.idf, remembers=remembers)
    for text in [*TEXTS, "ja" * 40, *TEXTS]:
        assert forgetful.read(text)[1].tobytes() == vectoriser.read(text)[1].tobytes()


def test_the_evidence_of_a_text_is_that_of_its_words():
    model = train({"en": ["where is my order", "thank you"], "lt": ["kur mano siunta", "ačiū"]})
    text = "where is mano siunta xyzzy"
    rows = [
        model._vocabulary[gram]
        for gram in language_model.grams(language_model.words_of(text))
        if gram in model._vocabulary
    ]
    wanted = language_model.DEPENDENT * model._logs[rows].sum(axis=0)
    forgetful = LanguageModel(model.labels, model._vocabulary, model._logs, remembers=1)
    for reader in (model, model, forgetful, forgetful):
        np.testing.assert_allclose(reader.evidence(text), wanted, rtol=1e-5)
    assert not model.evidence("12345").any()


@pytest.fixture
def views(vectoriser):
    chance = np.random.default_rng(7)

    def some(*shape):
        return chance.standard_normal(shape, dtype=np.float32)

    features, classes, examples, size = len(vectoriser.vocabulary), 3, 10, ensemble.SIZE
    known = some(examples, size)
    known /= np.linalg.norm(known, axis=1, keepdims=True)
    belongs = np.arange(examples) % classes
    return Views(
        *(vectoriser, some(features, classes), some(classes)),
        *(some(features, classes), some(classes), some(examples, classes), known, belongs),
    )


def test_an_embedding_met_before_says_what_it_said(views, monkeypatch):
    features, cosines = views.vectoriser.read("where is my order"), []
    monkeypatch.setattr(ensemble, "kernel", lambda found: cosines.append(found) or np.exp(found - 1))
    first, second = views.examples[0], views.examples[1].astype(np.float64)
    said = [views.log_probabilities(features, vector) for vector in (first, second, first, second)]
    assert len(cosines) == 2, "the examples are gone through once for each"
    assert said[0].tobytes() == said[2].tobytes()
    assert said[1].tobytes() == said[3].tobytes()
    assert said[0].tolist() != said[1].tolist()
    rows, values = features
    joint = values @ views.joint_weights[rows] + np.exp(cosines[0] - 1) @ views.joint_dual + views.joint_bias
    assert said[0][1] == pytest.approx(ensemble.logs_of(joint[None])[0], abs=1e-5)


def test_embeddings_that_no_longer_fit_are_forgotten(views, monkeypatch):
    monkeypatch.setattr(ensemble, "REMEMBERED", 2)
    forgetful = Views(**{name: getattr(views, name) for name in views.__dataclass_fields__})
    features = views.vectoriser.read("thanks")
    for vector in [*views.examples, *views.examples]:
        assert (
            forgetful.log_probabilities(features, vector).tobytes()
            == views.log_probabilities(features, vector).tobytes()
        )
        assert len(forgetful._met._known) <= 2
