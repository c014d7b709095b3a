"""The quick parts of a turn (tracker, rules, runner, processor) say exactly what Rasa's own parts say."""

import asyncio
import copy
import json
import random
from pathlib import Path

import pytest

pytest.importorskip("rasa")

from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage
from rasa.core.policies import rule_policy
from rasa.core.training import load_data
from rasa.shared.core.events import (
    ActionExecuted,
    ActionExecutionRejected,
    ActionReverted,
    ActiveLoop,
    AllSlotsReset,
    BotUttered,
    ConversationPaused,
    DefinePrevUserUtteredFeaturization,
    FollowupAction,
    LoopInterrupted,
    Restarted,
    SessionStarted,
    SlotSet,
    UserUtteranceReverted,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker, EventVerbosity
from rasa.shared.importers.importer import TrainingDataImporter

from bot.nlu.action_endpoint import ActionEndpoint
from bot.nlu.processor import TurnProcessor
from bot.nlu.rules import RuleIndex, RulePolicy
from bot.nlu.runner import StraightGraphRunner
from bot.nlu.tracker import TurnTracker

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
    """The same model, as the desk's channel has it."""
    agent = Agent.load(newest_model())
    agent.processor = TurnProcessor.of(agent.processor, ActionEndpoint(None))
    assert isinstance(agent.processor.graph_runner, StraightGraphRunner)
    assert isinstance(rules_of(agent), RulePolicy)
    return agent


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
                    [FollowupAction(chance.choice(told))],
                    [ActionReverted()],
                    [BotUttered("words", metadata={"utter_action": "utter_x"})],
                    [AllSlotsReset()],
                    [ConversationPaused()],
                    [ActiveLoop(None), SlotSet("requested_slot", None)],
                    [SlotSet("never", chance.choice([True, False, None]))],
                    [SlotSet("order_number", chance.choice(["A1001", None]))],
                ]
            )
        events += chance.choice([[ActionExecuted("action_listen")]] * 8 + [[], [UserUtteranceReverted()]])
        events += chance.choice([[]] * 15 + [[Restarted()]])
    return events


def replayed(events, domain):
    """Rasa's tracker after some events, which it has to itself."""
    return DialogueStateTracker.from_events("same.1", copy.deepcopy(list(events)), domain.slots)


def assert_same(plain, quick, events):
    """Predictions, their sources, states and copies, before each action of a conversation and at its end.

    Rasa's tracker is played from the start each time; ours grows by the events.
    """
    growing = TurnTracker("same.1", plain.domain.slots)
    for step in range(len(events) + 1):
        if step == len(events) or isinstance(events[step], (ActionExecuted, ActionExecutionRejected)):
            fresh = replayed(events[:step], plain.domain)
            assert growing.applied_events() == fresh.applied_events()
            assert rules_of(quick)._predict(growing, plain.domain) == rules_of(plain)._predict(
                fresh, plain.domain
            ), events[:step]
            assert growing.past_states(plain.domain) == fresh.past_states(plain.domain)
            assert_same_tracker(growing.copy(), fresh.copy())
        if step < len(events):
            growing.update(copy.deepcopy(events[step]))


def assert_same_tracker(ours, theirs):
    """Everything a tracker knows."""
    kept = {name: value for name, value in vars(ours).items() if name not in ("_applied", "_played", "slots")}
    assert kept == {name: value for name, value in vars(theirs).items() if name != "slots"}
    assert {name: vars(slot) for name, slot in ours.slots.items()} == {
        name: vars(slot) for name, slot in theirs.slots.items()
    }
    assert ours.current_state(EventVerbosity.ALL) == theirs.current_state(EventVerbosity.ALL)


def test_every_rule_of_the_training_data_is_the_same(plain, quick):
    importer = TrainingDataImporter.load_from_config(
        str(ROOT / "config.yml"), str(ROOT / "domain.yml"), [str(ROOT / "data")]
    )
    trackers = load_data(importer, plain.domain)
    assert len(trackers) > 30
    for tracker in trackers:
        assert_same(plain, quick, list(tracker.events))


def test_every_conversation_test_is_the_same(plain, quick):
    importer = TrainingDataImporter.load_from_config(
        str(ROOT / "config.yml"), str(ROOT / "domain.yml"), [str(ROOT / "tests" / "conversations")]
    )
    steps = importer.get_conversation_tests().story_steps
    assert len(steps) > 10
    for step in steps:
        assert_same(plain, quick, list(step.events))


@pytest.mark.parametrize("seed", range(8))
def test_random_conversations_are_the_same(plain, quick, seed):
    for number in range(40):
        assert_same(plain, quick, walk(seed * 1000 + number, plain.domain))


def test_a_copy_leaves_the_conversation_alone(plain):
    heard = UserUttered("track A1001", {"name": "track_order"})
    events = [ActionExecuted("action_listen"), heard, ActionExecuted(FORM), ActiveLoop(FORM)]
    tracker = TurnTracker.from_events("same.1", events, plain.domain.slots)
    before = tracker.current_state(EventVerbosity.ALL)
    twin = tracker.copy()
    twin.update_with_events([LoopInterrupted(True), SlotSet("order_number", "A9")], plain.domain)
    assert tracker.current_state(EventVerbosity.ALL) == before
    assert twin.past_states(plain.domain) == replayed(twin.events, plain.domain).past_states(plain.domain)


@pytest.mark.parametrize(
    "last", [FollowupAction("action_yes"), Restarted(), SessionStarted(), SlotSet("proof", "x")]
)
def test_a_copy_knows_what_the_events_ask_for_next(plain, last):
    """The processor takes it off the tracker, but not off the events, before the action runs."""
    events = [
        ActionExecuted("action_listen"),
        UserUttered("hi", {"name": "greet"}),
        ActionExecuted("action_no"),
    ]
    ours = TurnTracker.from_events("same.1", [*events, last], plain.domain.slots)
    ours.clear_followup_action()
    assert ours.copy().followup_action == replayed([*events, last], plain.domain).followup_action
    assert TurnTracker("same.1", plain.domain.slots).copy().followup_action == "action_listen"


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


@pytest.mark.parametrize(("intent", "entity"), [("unheard_of", "size"), ("greet", "unheard_of")])
def test_a_name_the_domain_lacks_is_warned_of(quick, intent, entity):
    with pytest.warns(UserWarning, match="'unheard_of' which is not defined in the domain"):
        quick.processor._check_for_unseen_features(
            {"intent": {"name": intent}, "entities": [{"entity": entity}]}
        )


def test_a_part_that_fails_says_which_as_rasa_does(quick):
    from rasa.engine.exceptions import GraphComponentException
    from rasa.shared.exceptions import RasaException

    runner = StraightGraphRunner(quick.processor.graph_runner._schema, quick.processor.graph_runner.nodes)
    target = quick.processor.model_metadata.nlu_target
    first = next(name for name in runner.nodes if name.startswith("run_") and "LanguageIdentifier" in name)
    node = runner.nodes[first]
    working = node._fn
    try:
        for raised, told in (
            (KeyError("odd"), GraphComponentException),
            (RasaException("own"), RasaException),
        ):

            def fails(*_args, raised=raised, **_kwargs):
                raise raised

            node._fn = fails
            runner._plans.clear()
            with pytest.raises(told):
                runner.run({"__message__": [UserMessage("hi")], "__tracker__": None}, [target])
    finally:
        node._fn = working


def test_default_actions_are_those_of_rasa(plain, quick):
    from rasa.core.actions import action

    endpoint = quick.processor.action_endpoint
    kept, made = action.default_actions(endpoint), action.default_actions(plain.processor.action_endpoint)
    assert [type(one) for one in kept] == [type(one) for one in made]
    assert action.default_actions(endpoint) is kept
    assert quick.processor._get_action("action_listen").name() == "action_listen"
