"""What the bot says, in the language of the conversation: data/languages/*/answers.yml, else the domain's English."""

from __future__ import annotations

import copy
import random
from collections.abc import Mapping
from typing import Any

from rasa.core.nlg.response import TemplatedNaturalLanguageGenerator
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig

from bot.core import languages
from bot.nlu.language import OUTPUT

Variations = list[dict[str, Any]]


class LanguageGenerator(TemplatedNaturalLanguageGenerator):
    """Rasa's own generator with texts and button titles by language. An action may name one: `language="lt"`."""

    def __init__(self, endpoint_config: EndpointConfig | None = None, domain: Domain | None = None) -> None:
        super().__init__(domain.responses if domain else {})
        self._spoken: dict[str, dict[str, Variations]] = {}
        self._spoken_of: object = None

    async def generate(
        self, utter_action: str, tracker: DialogueStateTracker, output_channel: str, **kwargs: Any
    ) -> dict[str, Any] | None:
        """The response, filled in."""
        locale = str(kwargs.get("language") or answered_in(tracker))
        own = self._in(locale).get(utter_action)
        if own is None:
            return await super().generate(utter_action, tracker, output_channel, **kwargs)
        chosen = copy.deepcopy(random.choice(own))  # noqa: S311 - a variation, not a secret
        return self._fill_response(chosen, tracker.current_slot_values(), **kwargs)

    def _in(self, locale: str) -> Mapping[str, Variations]:
        """All responses there are texts for in a locale; Rasa sets `responses` anew with every model."""
        if self._spoken_of is not self.responses:
            self._spoken_of, self._spoken = self.responses, {}
        if locale not in self._spoken:
            texts = languages.texts("answers")
            name = next((name for name in languages.chain(locale) if name in texts or name == "en"), "en")
            self._spoken[locale] = {
                response: in_language(variations, own)
                for response, variations in self.responses.items()
                if (own := texts.get(name, {}).get(response))
            }
        return self._spoken[locale]


def in_language(english: Variations, own: Mapping[str, Any]) -> Variations:
    """The variations of a response with texts and button titles replaced; what else is in them stays.

    `own`: `texts`, and `buttons` by payload, as in answers.yml.
    """
    titles: Mapping[str, str] = own.get("buttons") or {}
    found: Variations = []
    for number, text in enumerate(own["texts"]):
        made = copy.deepcopy(english[number % len(english)])
        made["text"] = text
        for button in made.get("buttons") or ():
            button["title"] = titles.get(button["payload"], button["title"])
        found.append(made)
    return found


def answered_in(tracker: DialogueStateTracker) -> str:
    """The locale to answer the latest message in."""
    parsed = (tracker.latest_message.parse_data if tracker.latest_message else None) or {}
    return str((parsed.get(OUTPUT) or {}).get("answer") or "en")
