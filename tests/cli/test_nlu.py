"""`aisle nlu evaluate` and `explain`: the real program where the brain's environment is, and how it refuses."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bot.cli import group, nlu, nlu_explain
from tests.cli.conftest import ROOT

FOUND: dict[str, Any] = {
    "trained_on": 8,
    "classes": 2,
    "folds": 0,
    "encoder": "none",
    "threshold": 0.4,
    "messages": 3,
    "out_of_scope_messages": 1,
    "accuracy": 0.5,
    "macro_f1": 0.5,
    "calibration_error": None,
    "in_scope_after_decision": 0.5,
    "accuracy_after_decision": 0.6667,
    "training_seconds": 1.25,
    "training_cpu_seconds": 1.0,
    "model_bytes": 2_000_000,
    "latency_ms": {"p50": 1.0, "p95": 2.0},
    "latency_cpu_ms": {"p50": 0.9, "p95": 1.9},
    "intents": [{"intent": "<b>bye</b>", "messages": 2, "precision": 0.5, "recall": 0.5, "f1": 0.5}],
    "confusions": [{"intent": "<b>bye</b>", "taken_for": "greet", "messages": 1}],
    "out_of_scope": {
        "auroc": 0.75,
        "recall": 1.0,
        "false_alarms": 0.0,
        "recall_at_5_percent_false_alarms": 1.0,
        "mcc": 0.61,
        "best_mcc": 0.71,
        "best_threshold": 0.45,
        "mcc_by_threshold": [[0.0, 0.1], [0.45, 0.71], [1.0, -0.2]],
    },
}


def test_the_table_says_how_far_the_own_threshold_is_from_the_best() -> None:
    lines = "\n".join(nlu.summary(FOUND))
    assert "MCC at our threshold                         0.610 (at 0.40)" in lines
    assert "0.710 (at 0.45, chosen on these messages)" in lines
    assert "calibration error (ECE)                      –" in lines


def test_the_page_escapes_what_others_wrote_and_loads_nothing() -> None:
    page = nlu.report(FOUND, "shop.yml", "held-out.csv")
    assert "&lt;b&gt;bye&lt;/b&gt;" in page
    assert "<b>bye" not in page
    assert "http" not in page
    assert 'lang="en"' in page
    assert "held-out.csv" in page


def _run(*words: str) -> Result:
    return CliRunner().invoke(group, ["nlu", "evaluate", *words], prog_name="aisle")


@pytest.mark.brain
@pytest.mark.skipif(not (ROOT / ".venv-brain").exists(), reason="no brain environment")
def test_the_program_measures_and_refuses(tmp_path: Path) -> None:
    file = tmp_path / "messages.csv"
    things = ("tent", "lamp", "mug", "rug", "hat", "pan")
    rows = [f"where is my {thing},track\ncancel the {thing},cancel" for thing in things]
    file.write_text("\n".join(["text,intent", *rows]), encoding="utf-8")
    done = _run(str(file), "--folds", "2", "--no-encoder", "--json", "--html", str(tmp_path / "page.html"))
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert (found["messages"], found["accuracy"]) == (12, 1.0)
    assert "track" in (tmp_path / "page.html").read_text(encoding="utf-8")
    file.write_text("text,kind\nhello,greet\n", encoding="utf-8")
    done = _run(str(file))
    assert (done.exit_code, done.stderr) == (
        1,
        f"aisle: {file}: no column intent (or label, category)\n",
    )


EXPLAINED: dict[str, Any] = {
    "text": "money for what i sent back",
    "language": {
        "message": "en", "answer": "en", "confidence": 0.98, "is_sure": True,
        "ranking": [{"language": "en", "share": 0.98}, {"language": "other:nl", "share": 0.02}],
    },
    "entities": [{"entity": "size", "value": "L", "text": "large", "start": 0, "end": 5, "role": "wanted"}],
    "leaves": [
        {"leaf": "faq/refund_time", "title": "When refunds come", "confidence": 0.55},
        {"leaf": "faq/returns", "title": "How returns work", "confidence": 0.3},
    ],
    "decision": {
        "intent": "nlu_fallback", "why": "ambiguous", "scope": 1.5, "offers": ["faq/refund_time", "faq/returns"],
    },
    "requests": [],
    "read_as": [{"language": "en", "share": 1.0, "text": "money for what i sent back"}],
    "hints": ["has_size"],
    "known_words": 1.0,
    "scope": {"of_needed": 1.5, "value": 0.45, "threshold": 0.3, "outside": 0.02},
    "compared": ["faq/refund_time", "faq/returns"],
    "views": [
        {
            "view": "n-grams",
            "weight": 1.2,
            "leaves": [{"leaf": "faq/refund_time", "confidence": 0.5}, {"leaf": "faq/returns", "confidence": 0.2}],
        }
    ],
    "words": [{"word": "money", "for_best": 2.5, "for_second": -1.0}],
    "grams": {
        "for": [{"gram": "money", "kind": "word", "weight": 0.2}],
        "against": [{"gram": "_sen", "kind": "letters", "weight": -0.1}],
    },
    "nearest_by": "embeddings",
    "nearest": [{"text": "when is my money back", "leaf": "faq/refund_time", "likeness": 0.8}],
}  # fmt: skip


def test_the_explanation_says_the_reason_the_words_and_the_nearest_examples() -> None:
    lines = [" ".join(line.split()) for line in nlu_explain.table(EXPLAINED)]
    assert "language en (en 0.980, other:nl 0.020); answered in en" in lines
    assert "entity size, wanted: L (large)" in lines
    assert (
        "scope 1.50 of what is needed (like the examples 0.450, threshold 0.300; none of the shop's business 0.020)"
        in lines
    )
    assert "decision nlu_fallback – asks back: the first two are too close" in lines
    assert "offers faq/refund_time, faq/returns" in lines
    assert "n-grams: faq/refund_time 0.500 1.200" in lines
    assert "money +2.50 -1.00" in lines
    assert lines.index("money (word) +0.200") < lines.index("_sen (letters) -0.100")
    assert "when is my money back 0.800 faq/refund_time" in lines


def test_an_explanation_of_two_requests_says_that_both_are_answered() -> None:
    requests = [
        {"text": "where is it", "leaf": "track_order", "confidence": 0.97},
        {"text": "do you gift wrap", "leaf": "faq/gift_wrap", "confidence": 0.99},
    ]
    lines = [" ".join(line.split()) for line in nlu_explain.table({**EXPLAINED, "requests": requests})]
    asked = lines.index("asks for track_order 0.970 (where is it)")
    assert lines[asked + 1 : asked + 3] == [
        "asks for faq/gift_wrap 0.990 (do you gift wrap)",
        "decision each of these is answered; what follows is the message read as one",
    ]
    assert not any(line.startswith("offers") for line in lines)


def test_every_reason_of_the_decision_is_said_in_words() -> None:
    source = (ROOT / "bot" / "nlu" / "decision.py").read_text(encoding="utf-8")
    reasons = set(re.findall(r'(?:why =|CATALOGUE =|return) "(\w+)"', source))
    assert reasons == set(nlu_explain.WHY) - {""}


def test_without_a_model_it_says_how_to_make_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AISLE_MODELS", str(tmp_path))
    done = CliRunner().invoke(group, ["nlu", "explain", "hello"], prog_name="aisle")
    assert (done.exit_code, done.stderr) == (1, "aisle: There is no model yet: aisle train\n")
