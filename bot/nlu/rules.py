"""Rasa's RulePolicy with the same predictions in less time.

Rasa tries every rule against the states of a conversation, looking up each rule's JSON for every state. Here the
rules are read once, and one is tried only when its last state has the conversation's previous action and intent.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from typing import Any, NamedTuple

from rasa.core.policies import rule_policy
from rasa.shared.core.constants import PREVIOUS_ACTION, SHOULD_NOT_BE_SET, USER
from rasa.shared.core.domain import State
from rasa.shared.nlu.constants import ACTION_NAME, INTENT

logger = logging.getLogger(__name__)


class _Wanted(NamedTuple):
    """What one state of a rule asks of the conversation's state."""

    is_start: bool  # no previous action: fits the start of a conversation and nothing else
    equal: tuple[tuple[str, str, Any], ...]  # (kind, name, value)
    unset: tuple[tuple[str, str], ...]

    def fits(self, state: State) -> bool:
        """Whether the conversation's state has all of it (`RulePolicy._is_rule_applicable`)."""
        if self.is_start or not state.get(PREVIOUS_ACTION):
            return self.is_start and not state.get(PREVIOUS_ACTION)
        for kind, name, value in self.equal:
            found = state.get(kind)
            if found is None or found.get(name) != value:
                return False
        for kind, name in self.unset:
            value = state.get(kind, {}).get(name)
            if value and value != SHOULD_NOT_BE_SET:
                return False
        return True

    def value(self, kind: str, name: str) -> Any:
        """The value wanted, None when any will do."""
        return next((value for k, n, value in self.equal if k == kind and n == name), None)


def _wanted(state: dict[str, dict[str, Any]]) -> _Wanted:
    equal, unset = [], []
    for kind, parts in state.items():
        for name, given in parts.items():
            value = tuple(given) if isinstance(given, list) else given  # JSON knows no tuples
            if value == SHOULD_NOT_BE_SET:
                unset.append((kind, name))
            elif value:
                equal.append((kind, name, value))
    return _Wanted(not state.get(PREVIOUS_ACTION), tuple(equal), tuple(unset))


class RuleIndex:
    """The rules of one look-up table, found by the previous action and the intent of their last state."""

    def __init__(self, keys: Iterable[str]) -> None:
        self._rules: dict[tuple[Any, Any], list[tuple[str, tuple[_Wanted, ...]]]] = {}
        alike: dict[str, _Wanted] = {}  # most states are part of several rules
        for key in keys:
            states = [alike.setdefault(json.dumps(state), _wanted(state)) for state in json.loads(key)]
            last = states[-1]
            place = last.value(PREVIOUS_ACTION, ACTION_NAME), last.value(USER, INTENT)
            self._rules.setdefault(place, []).append((key, tuple(reversed(states))))

    def fitting(self, states: list[State]) -> set[str]:
        """Keys of the rules that fit a conversation; of one longer than the conversation, the end must."""
        action = states[-1].get(PREVIOUS_ACTION, {}).get(ACTION_NAME)
        intent = states[-1].get(USER, {}).get(INTENT)
        found: set[str] = set()
        for place in {(action, intent), (action, None), (None, intent), (None, None)}:
            for key, wanted in self._rules.get(place, ()):
                if all(one.fits(state) for one, state in zip(wanted, reversed(states))):  # noqa: B905
                    found.add(key)
        return found


class RulePolicy(rule_policy.RulePolicy):
    """Takes the place of a loaded RulePolicy; by the same name, which the tracker's events tell."""

    _indexes: dict[int, RuleIndex]

    @classmethod
    def of(cls, loaded: rule_policy.RulePolicy) -> RulePolicy:
        """The same policy, quicker."""
        made = cls.__new__(cls)
        made.__dict__.update(loaded.__dict__)
        tables = (rule_policy.RULES, rule_policy.RULES_FOR_LOOP_UNHAPPY_PATH)
        made._indexes = {id(made.lookup[name]): RuleIndex(made.lookup[name]) for name in tables}
        return made

    def _get_possible_keys(self, lookup: dict[str, str], states: list[State]) -> set[str]:
        return self._indexes[id(lookup)].fitting(states)

    @staticmethod
    def format_tracker_states(states: list[dict[str, Any]]) -> str:
        """Words for the debug log, which costs more than the prediction."""
        if not logger.isEnabledFor(logging.DEBUG):
            return ""
        return rule_policy.RulePolicy.format_tracker_states(states)  # type: ignore[no-any-return]
