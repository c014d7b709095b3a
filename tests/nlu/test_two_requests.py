"""The gate: messages that ask for two things are answered in both, and those that ask for one are left alone."""

import asyncio
import random
from collections import Counter
from pathlib import Path

import pytest

pytest.importorskip("rasa")

from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage

from bot.core import languages
from bot.nlu import several
from bot.nlu.action_endpoint import ActionEndpoint
from bot.nlu.examples import read as load
from bot.nlu.processor import TurnProcessor

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
SETS = sorted(path.relative_to(HERE).as_posix() for path in HERE.rglob("*two_requests.tsv"))
# set -> (least share of two requests both right, most share of one request taken apart); any other set: ELSEWHERE
MEASURED = {"held_out/two_requests.tsv": (0.87, 0.05), "held_out/blind_two_requests.tsv": (0.73, 0.06)}
ELSEWHERE = (0.70, 0.08)
WRONGLY_SPLIT = 0.005  # of messages of other sets, which ask for one thing each
EXAMPLES = 100  # of each language; with 300 none was taken apart either
NO_EXAMPLES = ("rules.yml", "interruptions.yml")
# set -> column of the message, column of its language (None: English, or the one in the name)
SINGLE = {
    "held_out": (1, None),
    "held_out_more": (1, None),
    **{f"held_out/{code}": (1, None) for code in languages.folders()},
    **{f"held_out/fresh_{code}": (1, None) for code in languages.folders()},
    "held_out/mood": (2, 1),
    "held_out/out_of_scope": (1, 0),
    "held_out/short": (1, 0),
}


def lines(name):
    """The columns of every line of a set."""
    text = (HERE / name).read_text(encoding="utf-8")
    return [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]


@pytest.fixture(scope="module")
def processor():
    """The newest model, as the desk's channel runs it."""
    models = sorted((ROOT / "models").glob("*.tar.gz"), key=lambda path: path.stat().st_mtime)
    assert models, "train a model first: aisle train"
    return TurnProcessor.of(Agent.load(str(models[-1])).processor, ActionEndpoint(None))


def read(processor, text, code):
    """(leaf of the whole, leaves of its parts) of a message in a conversation of a language."""
    metadata = {"language": code if code in languages.locales() else "en", "language_from": "page"}
    message = UserMessage(text, sender_id=f"two-{random.random()}", metadata=metadata)

    async def both():
        message.parse_data = await processor.parse_message(message)
        return await processor._parts(message)

    found = asyncio.run(both())
    is_sure = message.parse_data["intent"]["name"] != "nlu_fallback"
    whole = several.leaf_of(message.parse_data)[0] if is_sure else ""
    return whole, [several.leaf_of(part.parse_data)[0] for part in found]


@pytest.mark.parametrize("name", SETS)
def test_two_requests_are_both_understood_and_one_is_not_taken_apart(processor, name):
    told, wrong = Counter(), []
    for code, text, *expected in lines(name):
        wanted = [set(one.split("|")) for one in expected if one.strip("- ")]
        whole, leaves = read(processor, text, code)
        if len(wanted) < 2:
            outcome = "taken apart" if leaves else "left alone"
        elif leaves:
            hit = sum(any(leaf in one for leaf in leaves) for one in wanted)
            outcome = (
                "both" if hit == 2 == len(leaves) else "split, one right" if hit else "split, none right"
            )
        else:
            outcome = "one" if any(whole in one for one in wanted) else "none"
        told["two" if len(wanted) == 2 else "single", outcome] += 1
        told["all", "two" if len(wanted) == 2 else "single"] += 1
        told["en" if code == "en" else "other", outcome] += 1
        if outcome not in ("both", "left alone"):
            wrong.append((code, outcome, text, leaves or whole))
    print(f"\n{name}: {dict(told)}", *wrong, sep="\n  ")
    least, most = MEASURED.get(name, ELSEWHERE)
    assert told["two", "both"] >= least * told["all", "two"]
    assert told["single", "taken apart"] <= most * told["all", "single"]


def examples():
    """(language, text) of some training examples of each language."""
    found = []
    for code in languages.folders():
        folder = ROOT / "data" if code == "en" else languages.FOLDER / code / "nlu"
        paths = [path for path in sorted(folder.rglob("*.yml")) if path.name not in NO_EXAMPLES]
        texts = [
            one.get("text")
            for path in paths
            if code != "en" or languages.FOLDER not in path.parents
            for one in load(str(path), code).intent_examples
        ]
        found += [(code, text) for text in random.Random(7).sample(texts, EXAMPLES)]
    return found


def single():
    """(language, text) of all messages of the other sets."""
    for name, (text, code) in SINGLE.items():
        own = name.partition("/")[2].removeprefix("fresh_") or "en"
        for line in lines(f"{name}.tsv"):
            yield (own if code is None else line[code], line[text])


@pytest.mark.parametrize(("kind", "messages"), [("held out", single), ("examples", examples)])
def test_messages_that_ask_for_one_thing_are_left_alone(processor, kind, messages):
    asked = list(messages())
    apart = [(text, leaves) for code, text in asked if (leaves := read(processor, text, code)[1])]
    print(f"\n{kind}: {len(apart)} of {len(asked)} taken apart", *apart, sep="\n  ")
    assert len(apart) <= WRONGLY_SPLIT * len(asked)
