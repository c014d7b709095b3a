"""What the bot says comes out as written, and without an error in the log, which would hold the shopper's slots."""

import json
from pathlib import Path

import pytest

pytest.importorskip("rasa")

from rasa.core.nlg import interpolator
from rasa.shared.importers.importer import TrainingDataImporter
from structlog.testing import capture_logs

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def domain():
    """Domain and answers, as a model is trained on."""
    return TrainingDataImporter.load_from_config(
        str(ROOT / "config.yml"), str(ROOT / "domain.yml"), [str(ROOT / "data")]
    ).get_domain()


def test_every_button_is_said_with_its_entities_and_without_an_error(domain):
    written = {
        button["payload"]
        for variations in domain.responses.values()
        for response in variations
        for button in response.get("buttons", [])
        if button["payload"].startswith("/")  # else an action fills it in
    }
    assert len(written) > 5
    with capture_logs() as logged:
        said = {interpolator.interpolate_text(payload, {"order_number": "A1001"}) for payload in written}
    assert logged == []
    assert '/talk_to_person{"reason": "request"}' in said
    for payload in said:
        name, brace, entities = payload[1:].partition("{")
        assert name.split("/")[0] in domain.intents, payload
        assert isinstance(json.loads((brace + entities) or "{}"), dict)
