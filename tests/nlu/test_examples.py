"""Our reader of examples says what Rasa's says, and copies are as good as the original."""

import copy
from pathlib import Path

import pytest

pytest.importorskip("rasa")

from rasa.shared.nlu.training_data.loading import load_data

from bot.nlu import examples

ROOT = Path(__file__).parents[2]
FILES = [
    *sorted((ROOT / "data").glob("*/nlu.yml")),
    *sorted((ROOT / "data" / "languages").glob("lt/nlu/*.yml")),
]


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_file_is_read_as_rasa_reads_it(path):
    ours, theirs = examples.read(str(path), "en"), load_data(str(path), "en")
    assert [item.data for item in ours.training_examples] == [item.data for item in theirs.training_examples]
    assert ours.fingerprint() == theirs.fingerprint()


def test_entities_and_answers_are_left_to_rasa(tmp_path):
    path = tmp_path / "nlu.yml"
    path.write_text(
        'version: "3.1"\nnlu:\n- intent: faq/x\n  examples: |\n    - where is [A1001](order_number)\n    - where\n'
        "responses:\n  utter_faq/x:\n  - text: Here.\n",
        encoding="utf-8",
    )
    found = examples.read(str(path), "en")
    assert found.training_examples[0].get("entities")[0]["value"] == "A1001"
    assert found.responses == {"utter_faq/x": [{"text": "Here."}]}


def test_a_copy_goes_its_own_way():
    first = examples.Example.build("where is it", "track_order", intent_metadata={"title": "Where"})
    second = copy.deepcopy(first)
    assert second == first
    second.set("text", "gone")
    assert first.get("text") == "where is it"
    assert second != first
    before = first.fingerprint()
    first.set("intent", "track_order")
    assert first.fingerprint() == before
    first.set("intent", "stop")
    assert first.fingerprint() != before
