"""Bodies caught elsewhere: with AISLE_PAYLOADS naming a folder with an `index.json`, its signatures and kinds hold.

Without that variable there is nothing to collect here.
"""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors import whatsapp

if "AISLE_PAYLOADS" in os.environ:
    FOLDER = Path(os.environ["AISLE_PAYLOADS"])
    INDEX = json.loads((FOLDER / "index.json").read_text(encoding="utf-8"))
    ENTRIES = [entry for entry in INDEX["payloads"] if entry["file"].startswith("whatsapp/")]
    KINDS = {"duplicate": ["message.text", "message.text"]}  # one message twice in one call

    @pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: str(entry["file"]))
    def test_a_captured_body_is_authentic_and_heard_as_its_kind(entry: dict[str, Any]) -> None:
        channel = whatsapp.connector({"AISLE_WHATSAPP_APP_SECRET": INDEX["secrets"]["meta_app_secret"]})
        body = (FOLDER / entry["file"]).read_bytes()
        channel.check_signature({name.lower(): value for name, value in entry["headers"].items()}, body)
        found = channel.parse(body, at=datetime.now(UTC))
        assert [event.kind for event in found] == KINDS.get(entry["kind"], [entry["kind"]])
        assert len({event.key for event in found}) == 1
