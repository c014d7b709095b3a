"""Moods of messages written apart from the training, through the trained model; `-s` prints the table."""

import asyncio
import re
from collections import Counter
from pathlib import Path

import pytest
import yaml

pytest.importorskip("rasa")

from rasa.core.channels.channel import UserMessage

from tests.nlu.test_held_out import agent  # noqa: F401 - a fixture

ROOT = Path(__file__).parents[2]
MESSAGES = Path(__file__).with_name("held_out") / "mood.tsv"
UPSET = ("angry", "frustrated")
# language -> (least recall of angry, least recall of angry and frustrated, most false alarms among calm)
LIMITS = {
    "en": (0.85, 0.80, 0.08),
    "lt": (0.90, 0.90, 0.10),
    "sr": (0.90, 0.80, 0.10),
    "ka": (0.90, 0.85, 0.10),
    "hy": (0.90, 0.80, 0.10),
    "sw": (0.90, 0.80, 0.10),
}


def cases():
    """(label, language, text) of every line."""
    lines = MESSAGES.read_text(encoding="utf-8").splitlines()
    return [tuple(line.split("\t")) for line in lines if line and not line.startswith("#")]


def bare(text):
    """Words only: a comma more does not make another message."""
    return " ".join(re.findall(r"\w+", text.lower()))


def examples():
    """Examples of the intents, where a short message may stand by chance: it then tests nothing."""
    lines = [
        line.strip()
        for path in (ROOT / "data").rglob("*.yml")
        for line in path.read_text("utf-8").splitlines()
    ]
    return {bare(line[2:]) for line in lines if line.startswith("- ")}


@pytest.fixture(scope="module")
def told(agent):  # noqa: F811
    """Language -> how often a message labelled so was told to be so."""

    async def all_of_them():
        counts = {}
        taught = examples()
        for label, language, text in cases():
            if bare(text) in taught:
                continue
            metadata = {"language": language, "language_from": "message"}
            data = await agent.processor.parse_message(UserMessage(text, metadata=metadata))
            counts.setdefault(language, Counter())[label, data["mood"]["label"]] += 1
        return counts

    return asyncio.run(all_of_them())


def figures(counts):
    """Recall of angry, of angry and frustrated together, and false alarms."""

    def share(of, found):
        asked = sum(count for (label, _), count in counts.items() if label in of)
        return sum(count for (label, mood), count in counts.items() if label in of and mood in found) / asked

    return share(("angry",), ("angry",)), share(UPSET, UPSET), share(("calm",), UPSET)


@pytest.mark.parametrize("language", LIMITS)
def test_anger_is_heard_with_few_false_alarms(told, language):
    angry, upset, alarms = figures(told[language])
    print(f"\n{language}: angry {angry:.2f}, angry or frustrated {upset:.2f}, false alarms {alarms:.3f}")
    least_angry, least_upset, most_alarms = LIMITS[language]
    assert angry >= least_angry
    assert upset >= least_upset
    assert alarms <= most_alarms


def test_no_message_is_among_the_examples_of_mood():
    written = set()
    for path in (ROOT / "data").rglob("mood.yml"):
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        written |= {bare(text) for texts in data["examples"].values() for text in texts}
    assert [text for _, _, text in cases() if bare(text) in written] == []
