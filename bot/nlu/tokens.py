"""Rasa component: the words of a message for Rasa's own reports; nothing of ours learns from them."""

from __future__ import annotations

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.tokenizers.whitespace_tokenizer import WhitespaceTokenizer
from rasa.shared.nlu.training_data.training_data import TrainingData


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_TOKENIZER, is_trainable=False)
class MessageTokenizer(WhitespaceTokenizer):
    """Rasa's tokenizer of messages that leaves examples as they are: Rasa would hash 20,000 of them once more."""

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """As they are."""
        return training_data
