"""A conversation that is asked for its past several times per turn, and copied, without being replayed each time.

Rasa plays all events of a tracker back for every prediction and every action; here only what is new is played. What
is told is the same, as the tests compare.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from rasa.shared.core.constants import ACTION_LISTEN_NAME, ACTION_SESSION_START_NAME, USER
from rasa.shared.core.domain import Domain, State
from rasa.shared.core.events import (
    ActionExecuted,
    ActionReverted,
    Event,
    FollowupAction,
    Restarted,
    SessionStarted,
    UserUtteranceReverted,
    UserUttered,
)
from rasa.shared.core.slots import Slot
from rasa.shared.core.trackers import AnySlotDict, DialogueStateTracker


class _Played:
    """How far the past has been played: the events so far, where they led, and the state before each action."""

    def __init__(self, tracker: DialogueStateTracker, domain: Domain) -> None:
        self._domain = domain
        self._tracker = DialogueStateTracker(tracker.sender_id, tracker.slots.values())
        self._events: list[Event] = []
        self._states: list[State] = []

    def leads_to(self, events: list[Event], domain: Domain) -> bool:
        """Whether `events` begin with those played."""
        return (
            domain is self._domain
            and len(self._events) <= len(events)
            and all(played is event for played, event in zip(self._events, events))  # noqa: B905
        )

    def states(self, events: list[Event]) -> list[State]:
        """Play what is new; the state before each action, and the one at the end."""
        for event in events[len(self._events) :]:
            if isinstance(event, ActionExecuted):
                self._states.append(self._domain.get_active_state(self._tracker))
            self._tracker.update(event)
            self._events.append(event)
        return [*self._states, self._domain.get_active_state(self._tracker)]


def _twin(slot: Slot) -> Slot:
    """What `copy.copy` makes, without asking the slot how it wants to be copied."""
    made = slot.__class__.__new__(slot.__class__)
    made.__dict__.update(slot.__dict__)
    return made


class TurnTracker(DialogueStateTracker):
    """Rasa's tracker, quicker."""

    _applied: list[Event] | None = None
    _played: _Played | None = None

    @classmethod
    def of(cls, tracker: DialogueStateTracker) -> TurnTracker:
        """The tracker itself if it is one, else one that takes over from it."""
        if isinstance(tracker, cls):
            return tracker
        made = cls.__new__(cls)
        made.__dict__.update(tracker.__dict__)
        return made

    def update(self, event: Event, domain: Domain | None = None) -> None:
        """Add an event."""
        self._applied = None
        super().update(event, domain)

    def applied_events(self) -> list[Event]:
        """The events that count: what was reverted, and repeated runs of a form, are left out."""
        if self._applied is None:
            self._applied = super().applied_events()
        return self._applied.copy()

    def past_states(
        self,
        domain: Domain,
        omit_unset_slots: bool = False,
        ignore_rule_only_turns: bool = False,
        rule_only_data: dict[str, Any] | None = None,
    ) -> list[State]:
        """The state before each action, and the one now.

        The caller may change a state and its `user`, as featurizers do, and nothing else inside it.
        """
        if omit_unset_slots or ignore_rule_only_turns:
            return super().past_states(domain, omit_unset_slots, ignore_rule_only_turns, rule_only_data)  # type: ignore[no-any-return]
        events = self.applied_events()
        if self._played is None or not self._played.leads_to(events, domain):
            self._played = _Played(self, domain)
        states = self._played.states(events)
        return [{**state, USER: dict(state[USER])} if USER in state else {**state} for state in states]

    def copy(self) -> DialogueStateTracker:
        """A tracker with the same events, in the state they lead to."""
        if isinstance(self.slots, AnySlotDict) or any(
            isinstance(event, (ActionReverted, UserUtteranceReverted)) for event in self.events
        ):
            return super().copy()
        made = TurnTracker.__new__(TurnTracker)
        made.__dict__.update(self.__dict__)
        made.events = self.events.copy()
        made.slots = {name: _twin(slot) for name, slot in self.slots.items()}
        made.active_loop = dataclasses.replace(self.active_loop) if self.active_loop else None
        made.followup_action = self._followup_action()
        made.sender_source = made.model_id = made.assistant_id = None  # as when replayed
        made._played = None
        return made

    def _followup_action(self) -> str | None:
        """What the events ask for next; a prediction takes it off the tracker without an event."""
        for event in reversed(self.events):
            if isinstance(event, (ActionExecuted, UserUttered)):
                return None
            if isinstance(event, FollowupAction):
                return str(event.action_name)
            if isinstance(event, Restarted):
                return ACTION_SESSION_START_NAME  # type: ignore[no-any-return]
            if isinstance(event, SessionStarted):
                break
        return ACTION_LISTEN_NAME  # type: ignore[no-any-return]
