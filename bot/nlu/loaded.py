"""What a model is given when it has been loaded: our way to the action server, and quicker parts that say the same."""

from __future__ import annotations

from typing import Any

from rasa.core.policies import rule_policy
from rasa.engine.runner.dask import DaskGraphRunner

from bot.nlu.action_endpoint import ActionEndpoint
from bot.nlu.rules import RulePolicy
from bot.nlu.runner import StraightGraphRunner


def prepare(agent: Any, actions: ActionEndpoint) -> None:
    """Prepare the agent's processor; once per model, as a new one makes a new processor."""
    processor = agent.processor
    processor.action_endpoint = agent.action_endpoint = actions
    if isinstance(processor.graph_runner, DaskGraphRunner):
        processor.graph_runner = StraightGraphRunner.of(processor.graph_runner)
        for node in processor.graph_runner.nodes.values():
            if type(node._component) is rule_policy.RulePolicy:
                node._component = RulePolicy.of(node._component)
