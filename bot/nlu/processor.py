"""Rasa's message processor with the parts of a loaded model replaced by quicker ones that say the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rasa.core.actions import action as rasa_actions
from rasa.core.channels.channel import UserMessage
from rasa.core.policies import rule_policy
from rasa.core.policies.policy import PolicyPrediction
from rasa.core.processor import MessageProcessor
from rasa.shared.core.events import ActionExecutionRejected, Event
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig

from bot.nlu import several
from bot.nlu.action_endpoint import ActionEndpoint
from bot.nlu.language import OUTPUT
from bot.nlu.mood import OUTPUT as MOOD
from bot.nlu.rules import RulePolicy
from bot.nlu.runner import StraightGraphRunner


def _keep_default_actions(actions: ActionEndpoint) -> None:
    """Rasa makes its dozen default actions anew to find one action by its name; they hold nothing of a turn."""
    kept = rasa_actions.default_actions(actions)
    slow = getattr(rasa_actions.default_actions, "slow", rasa_actions.default_actions)

    def default_actions(action_endpoint: EndpointConfig | None = None) -> list[rasa_actions.Action]:
        return kept if action_endpoint is actions else slow(action_endpoint)

    default_actions.slow = slow  # type: ignore[attr-defined]
    rasa_actions.default_actions = default_actions


class TurnProcessor(MessageProcessor):
    """Takes over from the processor that loaded the model."""

    @classmethod
    def of(cls, loaded: MessageProcessor, actions: ActionEndpoint) -> TurnProcessor:
        """The same processor, quicker, with our way to the action server."""
        made = cls.__new__(cls)
        made.__dict__.update(loaded.__dict__)
        made.action_endpoint = actions
        made.graph_runner = StraightGraphRunner.of(loaded.graph_runner)
        for node in made.graph_runner.nodes.values():
            if type(node._component) is rule_policy.RulePolicy:
                node._component = RulePolicy.of(node._component)
        _keep_default_actions(actions)
        return made

    async def handle_message(self, message: UserMessage) -> list[dict[str, Any]] | None:
        """Take the turn; where a message asks for several things, a turn for each, saved together."""
        message.parse_data = await self.parse_message(message)  # which Rasa does not do again
        parts = await self._parts(message)
        if not parts:
            return await super().handle_message(message)  # type: ignore[no-any-return]
        tracker = await self.fetch_tracker_and_update_session(
            message.sender_id, message.output_channel, message.metadata
        )
        for part in parts:
            await self._handle_message_with_tracker(part, tracker)
            tracker = await self.run_action_extract_slots(part.output_channel, tracker)
            await self._run_prediction_loop(part.output_channel, tracker)
        await self.run_anonymization_pipeline(tracker)
        await self.save_tracker(tracker)
        return None

    async def _parts(self, message: UserMessage) -> list[UserMessage]:
        """The requests of a message as messages of their own, in the order to act in; none where it is one."""
        whole = message.parse_data
        if not several.may_be(whole):
            return []
        tracker = await self.get_tracker(message.sender_id)

        def read(text: str, metadata: Mapping[str, Any]) -> dict[str, Any]:
            return self._read(
                UserMessage(text, sender_id=message.sender_id, metadata=dict(metadata)), tracker
            )

        found = several.parts(whole, read, is_form_active=bool(tracker.active_loop_name))
        return [
            UserMessage(
                part.text,
                message.output_channel,
                message.sender_id,
                # the language of the conversation, and the mood, are those of the message
                parse_data={**part.parsed, OUTPUT: whole[OUTPUT], MOOD: whole.get(MOOD)},
                input_channel=message.input_channel,
                message_id=message.message_id,
                metadata=message.metadata,
            )
            for part in several.in_turn(found)
        ]

    def _read(self, message: UserMessage, tracker: DialogueStateTracker) -> dict[str, Any]:
        parsed: dict[str, Any] = self._parse_message_with_graph(message, tracker)
        self._update_full_retrieval_intent(parsed)
        return parsed

    def _log_action_on_tracker(
        self,
        tracker: DialogueStateTracker,
        action: rasa_actions.Action,
        events: list[Event] | None,
        prediction: PolicyPrediction,
    ) -> None:
        """Rasa's, without its debug lines, for which it makes deep copies also when they are off."""
        events = events or []
        if not any(isinstance(event, ActionExecutionRejected) for event in events):
            tracker.update_with_events(prediction.events, self.domain)
            tracker.update(action.event_for_successful_execution(prediction))
        tracker.update_with_events(events, self.domain)

    def _check_for_unseen_features(self, parse_data: dict[str, Any]) -> None:
        """Warn of a name the domain lacks. Rasa makes an empty domain each time, to see whether this one is."""
        intent = parse_data["intent"]["name"]
        entities = {item["entity"] for item in parse_data["entities"] or ()}
        if (intent and intent not in self.domain.intents) or not entities.issubset(self.domain.entities):
            super()._check_for_unseen_features(parse_data)
