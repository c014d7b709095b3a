"""A model is trained when what it is made of has changed, and only then."""

import os
import shutil
import stat
from pathlib import Path

import pytest

from bot.brain import train
from bot.brain.train import NotTrained
from tests.cli.conftest import ROOT

# Stands in for `python -m bot.nlu.training`: writes a model, or fails as Rasa does. The brain's suite runs the real.
TRAINING = """#!/bin/sh
echo "called" >> calls
if [ -f broken ]; then echo "YamlException: data/nlu.yml line 3"; exit 1; fi
echo "Starting to train component 'MessageTokenizer'."
while [ $# -gt 0 ]; do if [ "$1" = "--out" ]; then out="$2"; fi; shift; done
echo model > "$out/20260131-100000-some-name.tar.gz"
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of training data, with a stand-in for the brain's Python."""
    monkeypatch.delenv("AISLE_BRAIN_ENV", raising=False)
    program = tmp_path / ".venv-brain" / "bin" / "python"
    program.parent.mkdir(parents=True)
    program.write_text(TRAINING)
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    (tmp_path / "data" / "faq").mkdir(parents=True)
    (tmp_path / "bot" / "nlu").mkdir(parents=True)
    for name in ("domain.yml", "config.yml", "data/faq/nlu.yml", "bot/nlu/component.py"):
        (tmp_path / name).write_text("version: '3.1'\n")
    return tmp_path


def _calls(root: Path) -> int:
    path = root / "calls"
    return len(path.read_text().splitlines()) if path.exists() else 0


def test_the_same_sources_are_trained_once(root: Path) -> None:
    first = train.train(root)
    assert first.exists()
    assert train.train(root) == first
    assert _calls(root) == 1


@pytest.mark.parametrize(
    "name", ["data/faq/nlu.yml", "domain.yml", "config.yml", "bot/nlu/component.py", "data/new.yml"]
)
def test_any_change_of_a_source_trains_anew(root: Path, name: str) -> None:
    first = train.train(root)
    (root / name).write_text("version: '3.1'  # changed\n")
    second = train.train(root)
    assert second != first
    assert second.exists()
    assert _calls(root) == 2


def test_going_back_to_earlier_sources_finds_the_earlier_model(root: Path) -> None:
    first = train.train(root)
    text = (root / "domain.yml").read_text()
    (root / "domain.yml").write_text("changed")
    train.train(root)
    (root / "domain.yml").write_text(text)
    assert train.train(root) == first
    assert _calls(root) == 2


def test_it_can_be_made_to_train(root: Path) -> None:
    train.train(root)
    train.train(root, is_forced=True)
    assert _calls(root) == 2


def test_compiled_files_do_not_count(root: Path) -> None:
    before = train.fingerprint(root)
    (root / "bot" / "nlu" / "__pycache__").mkdir()
    (root / "bot" / "nlu" / "__pycache__" / "component.cpython-310.pyc").write_bytes(b"x")
    assert train.fingerprint(root) == before


def test_only_a_few_old_models_are_kept(root: Path) -> None:
    for number in range(6):
        (root / "domain.yml").write_text(f"version {number}")
        newest = train.train(root)
    models = list((root / "models").glob("*.tar.gz"))
    assert len(models) == train.KEPT
    assert newest in models


def test_what_rasa_said_is_told_when_it_fails_and_no_model_appears(root: Path) -> None:
    (root / "broken").touch()
    with pytest.raises(NotTrained, match=r"data/nlu\.yml line 3"):
        train.train(root)
    assert list((root / "models").glob("*.tar.gz")) == []
    assert list((root / "models").glob(".training-*")) == []


def test_a_missing_environment_is_named_with_its_remedy(root: Path) -> None:
    shutil.rmtree(root / ".venv-brain")
    with pytest.raises(NotTrained, match="make env"):
        train.train(root)


def test_the_real_project_has_all_its_sources() -> None:
    names = {path.relative_to(ROOT).parts[0] for path in train.sources(ROOT)}
    assert {"data", "domain.yml", "config.yml", "bot", "requirements"} <= names


def test_the_newest_model_is_found_whatever_it_was_made_of(root: Path) -> None:
    assert train.newest(root) is None
    first = train.train(root)
    (root / "config.yml").write_text("pipeline: []\n")
    second = train.train(root)
    os.utime(first, (1, 1))
    assert train.newest(root) == second
