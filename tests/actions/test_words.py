"""The words of the actions stand in the domain, and every one of them is known to Rasa."""

import re
from pathlib import Path

import pytest
import yaml

from actions.words import day, listed, money, shortened
from bot.core.messages import from_json
from bot.core.ownership import Reason

ROOT = Path(__file__).parents[2]
DOMAIN = yaml.safe_load((ROOT / "domain.yml").read_text(encoding="utf-8"))
DATA = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted((ROOT / "data").rglob("*.yml"))]
EXAMPLES = [item for data in DATA for item in data.get("nlu", [])]
RESPONSES = DOMAIN["responses"] | {
    name: texts for data in DATA for name, texts in data.get("responses", {}).items()
}


def said_by_actions() -> set[str]:
    """Responses named in the actions, with those put together from a part."""
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "actions").glob("*.py"))
    named = set(re.findall(r'"(utter_[a-z_]+[a-z])"', source)) - {"utter_action"}  # Rasa's own key
    by_bot = [reason for reason in Reason if reason not in ("brain_down", "taken", "elsewhere")]
    return named | {f"utter_hand_off_{reason}" for reason in by_bot}


def test_every_response_an_action_says_is_in_the_domain() -> None:
    assert said_by_actions() - set(RESPONSES) == set()


def test_the_responses_of_actions_are_all_named_for_rasa_data_validate() -> None:
    ruled = {
        step["action"]
        for data in DATA
        for rule in data.get("rules", [])
        for step in rule["steps"]
        if "action" in step and rule["rule"] != "responses that only actions say"
    }
    (kept,) = [
        r for data in DATA for r in data.get("rules", []) if r["rule"] == "responses that only actions say"
    ]
    assert {step["action"] for step in kept["steps"]} == {
        name for name in DOMAIN["responses"] if name not in ruled
    }


def test_every_intent_has_at_least_twelve_examples_and_none_twice() -> None:
    seen: dict[str, str] = {}
    for item in EXAMPLES:
        lines = [line[2:].strip() for line in item["examples"].splitlines() if line.startswith("- ")]
        assert len(lines) >= 12, item["intent"]
        for line in lines:
            assert seen.setdefault(line.lower(), item["intent"]) == item["intent"], line


def test_there_are_at_least_twenty_five_answers_and_each_has_a_title_and_words() -> None:
    answers = [item for item in EXAMPLES if item["intent"].startswith("faq/")]
    assert len(answers) >= 25
    for item in answers:
        assert item["metadata"]["title"]
        assert RESPONSES[f"utter_{item['intent']}"][0]["text"]


def test_every_button_leads_to_an_intent_there_is() -> None:
    known = set(DOMAIN["intents"]) | {item["intent"] for item in EXAMPLES}
    for name, texts in RESPONSES.items():
        for text in texts:
            for button in text.get("buttons", []):
                payload = button["payload"].partition("{")[0] if not button["payload"].startswith("{") else ""
                assert not payload or payload.removeprefix("/") in known, (name, button)


def test_payloads_in_responses_are_ones_the_desk_understands() -> None:
    found = [text["custom"] for texts in RESPONSES.values() for text in texts if "custom" in text]
    assert found
    for custom in found:
        from_json(custom)


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (4990, "EUR", "€49.90"),
        (123456, "GBP", "£1,234.56"),
        (500, "PLN", "5.00 PLN"),
        (500, "JPY", "500 JPY"),
    ],
)
def test_money_reads_as_people_write_it(minor: int, currency: str, text: str) -> None:
    assert money(minor, currency) == text


def test_days_and_lists_read_as_people_write_them() -> None:
    assert day("2026-11-24T16:00:00+00:00") == "Tuesday, 24 November"
    assert day("soon") == ""
    assert listed(["S", "M", "L"]) == "S, M and L"
    assert shortened("One sentence. " * 50, 100).endswith("One sentence.")
