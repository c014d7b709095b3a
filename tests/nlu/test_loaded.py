"""The quick parts a loaded model is given say exactly what Rasa's own parts say."""

import asyncio
import json
import random
from pathlib import Path

import pytest

pytest.importorskip("rasa")

from rasa.core.agent import Agent
from rasa.core.policies import rule_policy
from rasa.core.training import load_data
from rasa.shared.core.events import (
    ActionExecuted,
    ActionExecutionRejected,
    ActiveLoop,
    DefinePrevUserUtteredFeaturization,
    LoopInterrupted,
    Restarted,
    SessionStarted,
    SlotSet,
    UserUtteranceReverted,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.importers.importer import TrainingDataImporter

from bot.nlu.action_endpoint import ActionEndpoint
from bot.nlu.loaded import prepare
from bot.nlu.rules import RuleIndex, RulePolicy
from bot.nlu.runner import StraightGraphRunner

ROOT = Path(__file__).parents[2]
FORM = "order_status_form"


def newest_model():
    """The model trained last."""
    return str(max((ROOT / "models").glob("*.tar.gz"), key=lambda path: path.stat().st_mtime))


def rules_of(agent):
    """The agent's rule policy."""
    nodes = vars(agent.processor.graph_runner)
    parts = nodes.get("nodes") or nodes["_instantiated_nodes"]
    return next(
        node._component for node in parts.values() if isinstance(node._component, rule_policy.RulePolicy)
    )


@pytest.fixture(scope="module")
def plain():
    """The model as Rasa loads it."""
    return Agent.load(newest_model())


@pytest.fixture(scope="module")
def quick():
    """The same model, prepared for the desk's channel."""
    agent = Agent.load(newest_model())
    prepare(agent, ActionEndpoint(None))
    assert isinstance(agent.processor.graph_runner, StraightGraphRunner)
    assert isinstance(rules_of(agent), RulePolicy)
    return agent


def moments(tracker):
    """The tracker at each action of its past, and at its end."""
    for step in range(len(tracker.events) + 1):
        if step == len(tracker.events) or isinstance(tracker.events[step], ActionExecuted):
            yield DialogueStateTracker.from_events(
                "same.1", list(tracker.events)[:step], tracker.slots.values()
            )


def walk(seed, domain):
    """A conversation at random: mostly what happens, sometimes what never should."""
    chance = random.Random(seed)
    intents = [*domain.intents, "nlu_fallback", "restart", "back", "unheard_of"]
    told = [name for name in domain.action_names_or_texts if name.startswith(("utter_", "action_"))]
    events = [ActionExecuted("action_session_start"), SessionStarted(), ActionExecuted("action_listen")]
    for _ in range(chance.randrange(1, 7)):
        name = chance.choice(intents)
        entities = [{"entity": chance.choice(domain.entities), "value": "x"}] * chance.randrange(0, 2)
        events.append(UserUttered(f"words {name}", {"name": name, "confidence": 0.9}, entities))
        events += chance.choice([[], [DefinePrevUserUtteredFeaturization(chance.random() < 0.2)]])
        for _ in range(chance.randrange(0, 3)):
            events += chance.choice(
                [
                    [ActionExecuted(chance.choice(told))],
                    [ActionExecuted(FORM), ActiveLoop(FORM), SlotSet("requested_slot", "proof")],
                    [ActionExecuted(FORM)],
                    [ActionExecutionRejected(FORM)],
                    [LoopInterrupted(True)],
                    [ActiveLoop(None), SlotSet("requested_slot", None)],
                    [SlotSet("never", chance.choice([True, False, None]))],
                    [SlotSet("order_number", chance.choice(["A1001", None]))],
                ]
            )
        events += chance.choice([[ActionExecuted("action_listen")]] * 8 + [[], [UserUtteranceReverted()]])
        events += chance.choice([[]] * 15 + [[Restarted()]])
    return DialogueStateTracker.from_events("same.1", events, domain.slots)


def assert_same_prediction(plain, quick, tracker):
    """One prediction and its source, by both policies; each sees a tracker of its own."""
    events, slots = list(tracker.events), tracker.slots.values()
    said = [
        rules_of(agent)._predict(DialogueStateTracker.from_events("same.1", events, slots), agent.domain)
        for agent in (plain, quick)
    ]
    assert said[0] == said[1], events


def test_every_rule_of_the_training_data_predicts_the_same(plain, quick):
    importer = TrainingDataImporter.load_from_config(
        str(ROOT / "config.yml"), str(ROOT / "domain.yml"), [str(ROOT / "data")]
    )
    trackers = load_data(importer, plain.domain)
    assert len(trackers) > 30
    for tracker in trackers:
        tracker = DialogueStateTracker.from_events("same.1", list(tracker.events), plain.domain.slots)
        for moment in moments(tracker):
            assert_same_prediction(plain, quick, moment)


def test_every_moment_of_the_conversation_tests_predicts_the_same(plain, quick):
    importer = TrainingDataImporter.load_from_config(
        str(ROOT / "config.yml"), str(ROOT / "domain.yml"), [str(ROOT / "tests" / "conversations")]
    )
    steps = importer.get_conversation_tests().story_steps
    assert len(steps) > 10
    for step in steps:
        told = DialogueStateTracker.from_events("same.1", list(step.events), plain.domain.slots)
        for moment in moments(told):
            assert_same_prediction(plain, quick, moment)


@pytest.mark.parametrize("seed", range(8))
def test_random_conversations_predict_the_same(plain, quick, seed):
    for number in range(60):
        assert_same_prediction(plain, quick, walk(seed * 1000 + number, plain.domain))


def test_every_rule_fits_where_it_fitted(plain):
    policy = rules_of(plain)
    chance = random.Random(5)
    for name in (rule_policy.RULES, rule_policy.RULES_FOR_LOOP_UNHAPPY_PATH):
        lookup = policy.lookup[name]
        index = RuleIndex(lookup)
        for key in lookup:
            states = policy._rule_key_to_state(key)
            longer = [*policy._rule_key_to_state(chance.choice(list(lookup))), *states]
            for given in (states, longer, states[1:] or states):
                assert index.fitting(given) == policy._get_possible_keys(lookup, given)
        assert lookup


@pytest.mark.parametrize(
    "start", [{}, {"slots": {"never": (1.0, 1.0)}}, {"prev_action": {"action_name": "x"}}]
)
@pytest.mark.parametrize(
    "before", [[], [{"prev_action": {"action_name": "y"}, "slots": {"never": (1.0, 1.0)}}]]
)
def test_rules_for_the_start_of_a_conversation_fit_there_only(plain, start, before):
    heard = {
        "prev_action": {"action_name": "action_listen"},
        "user": {"intent": "greet", "entities": ("size",)},
    }
    rules = [
        [{}],
        [{}, heard],
        [{"slots": {"never": "should_not_be_set"}}, heard],
        [heard],
        [{"user": {"text": "hi"}}],
    ]
    lookup = {json.dumps(states): "utter_greet" for states in rules}
    for states in ([*before, start], [*before, start, heard]):
        fitting = RuleIndex(lookup).fitting(states)
        assert fitting == rules_of(plain)._get_possible_keys(lookup, states)
    assert fitting


@pytest.mark.parametrize(
    "text", ["hi", "where is my order", "A1001", "show me tents", "/faq/returns", "xyzzy qwrt", "thanks!"]
)
def test_a_message_is_understood_the_same(plain, quick, text):
    parsed = [asyncio.run(agent.parse_message(text)) for agent in (plain, quick)]
    assert parsed[0] == parsed[1]
    assert parsed[0]["intent"]["name"]


def test_a_part_without_its_input_is_an_error(quick):
    from rasa.engine.exceptions import GraphRunError

    with pytest.raises(GraphRunError):
        quick.processor.graph_runner.run({}, [quick.processor.model_metadata.nlu_target])
