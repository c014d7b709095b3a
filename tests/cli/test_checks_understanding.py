"""What `aisle doctor` says of the sentence encoder and of the languages."""

from pathlib import Path

import pytest

from bot.cli import checks_understanding
from bot.cli.finding import Finding
from bot.core import languages
from tests.cli.conftest import ROOT


def brain_that(tmp_path: Path, script: str) -> Path:
    """A Python of the brain that says what it is told to."""
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\n{script}\n")
    python.chmod(0o755)
    return python


@pytest.mark.parametrize(
    ("script", "state", "words"),
    [
        ("echo", "ok", "present"),
        (
            "echo 'onnxruntime is not installed (make env)'",
            "warning",
            "n-grams only: onnxruntime is not installed",
        ),
        ("echo 'No module named numpy' >&2; exit 1", "warning", "n-grams only: No module named numpy"),
    ],
)
def test_the_doctor_says_whether_there_is_an_encoder_and_how_to_get_it(
    tmp_path: Path, script: str, state: str, words: str
) -> None:
    (found,) = checks_understanding.encoder(brain_that(tmp_path, script), ROOT)
    assert (found.name, found.state) == ("sentence encoder", state)
    assert words in found.found
    assert bool(found.mend) is (state == "warning")


def test_without_an_environment_nothing_is_said_twice(tmp_path: Path) -> None:
    assert list(checks_understanding.encoder(tmp_path / "python", ROOT)) == []


def test_every_language_of_ours_is_complete() -> None:
    assert list(checks_understanding.spoken()) == [Finding("languages", "ok", ", ".join(languages.locales()))]


def test_a_language_without_examples_and_words_is_named(tmp_path: Path) -> None:
    (tmp_path / "lt" / "nlu").mkdir(parents=True)
    (tmp_path / "lt" / "nlu" / "faq.yml").write_text("nlu: []\n")
    found = {one.name: one for one in checks_understanding.spoken(tmp_path)}
    assert found["language lt"].found == "lacks words.yml"
    assert found["language sw"].found == "lacks words.yml, nlu (examples)"
    assert found["language sw"].mend == "write it in data/languages/sw"
