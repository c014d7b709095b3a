"""The ensemble, its decision about scope, the figures, and the files it reads; the encoder where its package is."""

import hashlib
import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("rasa")

from bot.nlu import datasets, encoder, ensemble, evaluate, fitting, measures, scope, teaching
from bot.nlu.embeddings import KeptEmbeddings
from bot.nlu.spelling import Speller

ROOT = Path(__file__).parents[2]

THINGS = ("parcel", "package", "order", "delivery", "shipment", "box", "jacket", "tent", "lamp", "blanket")
ASKED = {
    "track": ("where is my {}", "when will the {} arrive", "has the {} been sent"),
    "cancel": ("cancel my {}", "i do not want the {} any more", "please stop the {}"),
    "price": ("what does the {} cost", "how much is the {}", "price of the {}"),
    "open": ("when do you open on {} day", "opening hours for the {}", "are you open for a {}"),
}
MESSAGES = [
    (text.format(thing), label) for label, texts in ASKED.items() for text in texts for thing in THINGS
]
OFF = ["who wrote faust", "play a song", "boil an egg", "asdf jkl qwer"]


class Bag:
    """An embedder that needs no weights: which letters' pairs a text has."""

    def __init__(self):
        self.encoded = []

    def encode(self, texts):
        self.encoded += texts
        rows = np.full((len(texts), 64), 1e-3, np.float32)
        for row, text in zip(rows, texts, strict=True):
            for a, b in pairwise(text):
                row[(ord(a) * 7 + ord(b)) % 64] += 1
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.fixture(scope="module")
def trained():
    return taught(Bag())


def taught(embedder):
    return teaching.train(
        [(text, ()) for text, _ in MESSAGES],
        [label for _, label in MESSAGES],
        names={label: label for label in ASKED},
        embedder=embedder,
        off_topic=OFF,
    )


def test_a_message_like_the_examples_is_understood_and_a_stranger_is_out_of_scope(trained):
    vectors = Bag().encode(["where is the parcel", "zzz vvv kkk"])
    near, far = (
        trained.predict(text, (), vector)
        for text, vector in zip(["where is the parcel", "zzz vvv kkk"], vectors, strict=True)
    )
    assert trained.classes[int(near.probabilities.argmax())] == "track"
    assert far.scope < trained.threshold < near.scope
    assert near.probabilities.sum() == pytest.approx(1)


def test_a_gate_tells_what_is_none_of_the_shop_s_business_by_the_features_of_the_model_beside_it(tmp_path):
    outside = ["zzz vvv kkk", "kkk zzz", "vvv vvv kkk", "zzz kkk vvv zzz"] * 2
    model, gate = teaching.train_with_gate(
        [(text, ()) for text, _ in MESSAGES],
        [label for _, label in MESSAGES],
        outside,
        names={label: label for label in ASKED},
        embedder=None,
    )
    for name, part, beside in (("model", model, None), ("gate", gate, model)):
        (tmp_path / name).mkdir()
        part.save(tmp_path / name, beside=beside)
    model = ensemble.Ensemble.load(tmp_path / "model")
    gate = ensemble.Ensemble.load(tmp_path / "gate", beside=model)
    told = {
        text: gate.predict_features(model.features(text)).probabilities[gate.classes.index(ensemble.OUTSIDE)]
        for text in ("where is the parcel", "kkk vvv zzz")
    }
    assert told["where is the parcel"] < 0.5 < told["kkk vvv zzz"]
    assert model.coverage("kkk parcel") == 0.5  # what only the gate was taught is no word of the shop


def test_training_twice_gives_the_same_bytes_and_a_saved_model_says_the_same(trained, tmp_path):
    for name, model in (("a", trained), ("b", taught(Bag()))):
        (tmp_path / name).mkdir()
        model.save(tmp_path / name)
    for file in ("ensemble.safetensors", "ensemble.json"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
    loaded = ensemble.Ensemble.load(tmp_path / "a")
    vector = Bag().encode(["cancel the tent"])[0]
    ours, theirs = (model.predict("cancel the tent", (), vector) for model in (trained, loaded))
    assert theirs.probabilities == pytest.approx(ours.probabilities, abs=1e-3)
    assert theirs.scope == pytest.approx(ours.scope, abs=1e-3)


def test_embeddings_that_say_nothing_are_left_out():
    class Noise(Bag):
        def encode(self, texts):
            seeds = [int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") for text in texts]
            rows = np.array([np.random.default_rng(seed).normal(size=64) for seed in seeds])
            return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)

    model = taught(Noise())
    assert not model.uses_encoder
    assert model.classes[int(model.predict("how much is the lamp").probabilities.argmax())] == "price"


def test_the_regression_in_the_dual_says_what_scikit_learn_says():
    from sklearn.linear_model import LogisticRegression

    chance = np.random.default_rng(5)
    targets = np.repeat([0, 1, 3], [60, 30, 20])  # class 2 has no examples
    rows = (chance.normal(size=(110, 12)) + 2 * np.eye(4, 12)[targets]).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    dual = fitting.logistic(rows @ rows.T + 1, targets, 4, strength=2.0)
    ours = fitting.softmax(rows @ (rows.T @ dual) + fitting.bias(targets, 4, dual))
    # scikit-learn does not regularise the bias unless it is a feature
    with_bias = np.hstack([rows, np.ones((110, 1))])
    known = LogisticRegression(C=2.0, class_weight="balanced", fit_intercept=False, tol=1e-8).fit(
        with_bias, targets
    )
    assert ours[:, [0, 1, 3]] == pytest.approx(known.predict_proba(with_bias), abs=0.02)
    assert ours[:, 2].max() < 1e-6


def test_the_threshold_lies_between_what_is_known_and_what_is_not():
    known, strange = np.linspace(0.6, 0.9, 50), np.linspace(0.1, 0.4, 50)
    hits = np.zeros(50, int)
    limit = scope.learn_threshold(known, hits, hits, left_out=strange, off_topic=np.array([]))
    assert 0.4 < limit <= 0.6


def test_kept_embeddings_are_not_made_again(tmp_path):
    path = tmp_path / "kept"
    first = KeptEmbeddings(Bag(), path).encode(["a b", "c d"])
    behind = Bag()
    again = KeptEmbeddings(behind, path).encode(["c d", "a b", "e f"])
    assert behind.encoded == ["e f"]
    assert again[:2] == pytest.approx(first[::-1])
    path.write_bytes(b"not what it was")
    assert KeptEmbeddings(Bag(), path).encode(["a b"]).shape == (1, 64)


def test_only_words_nobody_writes_are_mended():
    speller = Speller(["tracking", "failed", "delivery"], is_rare=lambda word: word != "mailed")
    assert speller.mended("trakcing my DILIVERY, mailed 77") == "tracking my delivery, mailed 77"
    assert speller.mended("trk") == "trk"


def test_figures_of_a_known_case():
    found = measures.measure(
        ["a", "a", "b", "out", "out"],
        ["a", "b", "b", "a", "b"],
        np.array([0.9, 0.6, 0.8, 0.3, 0.7]),
        np.array([0.9, 0.6, 0.8, 0.3, 0.7]),
        outside="out",
        thresholds=[0.5] * 5,
    )
    assert found["accuracy"] == pytest.approx(2 / 3)
    assert found["macro_f1"] == pytest.approx(2 / 3)
    assert found["calibration_error"] == pytest.approx((0.1 + 0.6 + 0.2) / 3)
    assert found["out_of_scope"]["auroc"] == pytest.approx(5 / 6)
    assert found["out_of_scope"]["recall"] == 0.5
    assert found["out_of_scope"]["false_alarms"] == 0
    assert found["confusions"] == [{"intent": "a", "taken_for": "b", "messages": 1}]


def test_the_correlation_agrees_with_scikit_learn():
    from sklearn.metrics import matthews_corrcoef

    chance = np.random.default_rng(3)
    truth, guess = chance.integers(0, 5, 300), chance.integers(0, 6, 300)
    assert scope.correlation(truth, guess) == pytest.approx(matthews_corrcoef(truth, guess))
    scores = chance.normal(size=300)
    assert measures.auroc(scores[:200] + 1, scores[200:]) == pytest.approx(_auroc(scores))


def _auroc(scores):
    from sklearn.metrics import roc_auc_score

    return roc_auc_score([1] * 200 + [0] * 100, np.concatenate([scores[:200] + 1, scores[200:]]))


FILES = {
    "a.csv": "text,intent\nhello there,greet\nbye,leave\n",
    "b.csv": "sentence,label\nhello there,greet\nbye,leave\n",
    "c.jsonl": '{"text": "hello there", "intent": "greet"}\n\n{"utterance": "bye", "label": "leave"}\n',
    "d.yml": 'nlu:\n- intent: greet\n  examples: |\n    - hello [there](place)\n- synonym: x\n  examples: "- y"\n'
    '- intent: leave\n  examples:\n  - text: |\n      - [bye]{"entity": "word"}\n',
}


@pytest.mark.parametrize("name", FILES)
def test_messages_are_read_from_each_kind_of_file(name, tmp_path):
    (tmp_path / name).write_text(FILES[name], encoding="utf-8")
    assert datasets.read(tmp_path / name) == [("hello there", "greet"), ("bye", "leave")]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.csv", b"text,kind\nhello,greet\n", "no column intent"),
        ("a.csv", b"text,intent\nhello,\n", "a.csv:2: no intent"),
        ("a.csv", b"text,intent\n", "no labelled messages"),
        ("a.csv", b"text,intent\n\xff\xfe,greet\n", "not UTF-8"),
        ("a.jsonl", b'{"text": "a", "intent": "b"}\n{"text"\n', "a.jsonl:2: not JSON"),
        ("a.jsonl", b"[1]\n", "a.jsonl:1: not an object"),
        ("a.yml", b"nlu: [\n", "not YAML"),
        ("a.yml", b"nlu:\n- intent: greet\n", "greet has no examples"),
        ("a.txt", b"hello", "known are .yml, .csv and .jsonl"),
    ],
)
def test_a_bad_file_is_refused_in_words(name, content, words, tmp_path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(datasets.BadDataset, match=words):
        datasets.read(tmp_path / name)


def test_evaluate_measures_parts_in_turn_and_knows_what_was_never_taught():
    found = evaluate.evaluate(MESSAGES, None, folds=3, has_encoder=False)
    assert found["messages"] == len(MESSAGES)
    assert found["accuracy"] > 0.9
    assert found["out_of_scope"] is None
    found = evaluate.evaluate([*MESSAGES, ("do you have jobs", "work")], None, folds=3, has_encoder=False)
    assert found["out_of_scope"] is None
    assert found["intents"][0] | {"precision": 0} == {
        "intent": "work",
        "messages": 1,
        "precision": 0,
        "recall": 0,
        "f1": 0,
    }
    strangers = [("who wrote faust", "literature"), ("boil an egg", "NO_NODES_DETECTED")]
    found = evaluate.evaluate(MESSAGES, [*MESSAGES[::7], *strangers], has_encoder=False)
    assert found["out_of_scope_messages"] == 2
    assert found["out_of_scope"]["auroc"] > 0.9


def test_the_program_prints_one_object_or_one_line_of_what_is_wrong(tmp_path):
    lines = [json.dumps({"text": text, "intent": label}) for text, label in MESSAGES]
    (tmp_path / "a.jsonl").write_text("\n".join(lines), encoding="utf-8")
    words = [sys.executable, "-m", "bot.nlu.evaluate", "--no-encoder", "--folds", "2"]
    done = subprocess.run([*words, tmp_path / "a.jsonl"], cwd=ROOT, capture_output=True, text=True)
    assert json.loads(done.stdout)["folds"] == 2
    done = subprocess.run([*words, tmp_path / "b.csv"], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr.strip()) == (2, f"{tmp_path / 'b.csv'}: no such file")


needs_weights = pytest.mark.skipif(bool(encoder.why_absent()), reason=encoder.why_absent())


@needs_weights
def test_texts_of_like_meaning_are_near_whatever_runs_beside_them():
    loaded = encoder.load()
    texts = ["Where is my parcel?", "Has my package been sent yet?", "Which colours does the tent come in?"]
    vectors = loaded.encode(texts)
    assert vectors.shape == (3, 384)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(3), abs=1e-5)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.2
    assert np.array_equal(loaded.encode_one(texts[1]), vectors[1])


@needs_weights
def test_rare_words_are_those_nobody_writes():
    loaded = encoder.load()
    assert [loaded.is_rare(word) for word in ("mailed", "reactivate", "trakcing", "dilivery")] == [
        False,
        False,
        True,
        True,
    ]


def test_without_the_package_there_is_no_encoder_and_it_is_said(monkeypatch, caplog):
    monkeypatch.setattr(encoder, "PACKAGE", "a_package_nobody_has")
    encoder.load.cache_clear()
    assert encoder.load() is None
    assert "a_package_nobody_has is not installed" in caplog.text
    encoder.load.cache_clear()
