"""Training without TensorFlow and side by side gives the model that `rasa train` gives."""

import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

pytest.importorskip("rasa")

from bot.nlu import lessons
from bot.nlu.lessons import Lesson
from bot.nlu.orders import OrderNumbers
from bot.nlu.spoken import Spoken

ROOT = Path(__file__).parents[2]
CONFIG = """
recipe: default.v1
assistant_id: small
language: en
importers:
- name: bot.nlu.importer.ShopImporter
pipeline:
- name: bot.nlu.tokens.MessageTokenizer
- name: bot.nlu.intents.LeafIntentClassifier
policies:
- name: RulePolicy
"""
INTENTS = {
    "greet": ("hello", "hi there", "good morning", "hey", "hello you", "good day"),
    "track_order": ("where is my parcel", "track it", "when does it come", "where is it", "my order is late"),
    "return": (
        "i want to return it",
        "send it back",
        "how do i return this",
        "it goes back",
        "returns please",
    ),
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A small Rasa project with our components in two languages."""
    (tmp_path / "config.yml").write_text(CONFIG)
    (tmp_path / "domain.yml").write_text(f'version: "3.1"\nintents: [{", ".join(INTENTS)}]\n')
    for folder in ("data", "data/languages/sw/nlu"):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        blocks = "".join(
            f"- intent: {name}\n  examples: |\n" + "".join(f"    - {text}\n" for text in texts)
            for name, texts in INTENTS.items()
        )
        (tmp_path / folder / "nlu.yml").write_text(f'version: "3.1"\nnlu:\n{blocks}')
    return tmp_path


def trained(project: Path, *command: str) -> dict[str, bytes]:
    """The classifier's files in the model that a command makes."""
    out = project / f"models-{command[1].replace('.', '-')}"
    environment = os.environ | {"PYTHONPATH": str(ROOT), "RASA_TELEMETRY_ENABLED": "false"}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", *command, "--out", str(out), "--force"],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    (model,) = out.glob("*.tar.gz")
    with tarfile.open(model) as file:
        return {
            member.name.partition("LeafIntentClassifier")[2].partition("/")[2]: file.extractfile(
                member
            ).read()
            for member in file
            if member.isfile() and "LeafIntentClassifier" in member.name
        }


def test_our_training_makes_the_model_that_rasa_train_makes(project: Path) -> None:
    ours = trained(project, "-m", "bot.nlu.training")
    theirs = trained(project, "-m", "rasa", "train")
    assert {name.partition("/")[0] for name in ours} == {"en", "sw"}
    assert ours == theirs


def test_languages_taught_side_by_side_are_those_taught_one_after_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    examples = [(text, intent) for intent, texts in INTENTS.items() for text in texts]
    given = [
        Lesson(code, examples, {}, frozenset(), OrderNumbers("A", 4, 4), 20.0, 7) for code in ("lt", "sw")
    ]
    for processors in (1, 2):
        (tmp_path / str(processors)).mkdir()
        monkeypatch.setattr(lessons, "_processors", lambda processors=processors: processors)
        lessons.teach_all(given, tmp_path / str(processors))
    for code in ("lt", "sw"):
        one, two = (Spoken.load(tmp_path / str(count) / code) for count in (1, 2))
        assert one.model.views.weights.tobytes() == two.model.views.weights.tobytes()
        assert one.model.threshold == two.model.threshold
