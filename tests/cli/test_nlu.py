"""`aisle nlu evaluate`: the real program where the brain's environment is, and how it refuses."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bot.cli import group, nlu
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
