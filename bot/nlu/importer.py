"""Reads `domain.yml` and `data/` as Rasa does, without its warning about every retrieval intent.

Rasa 3.6 wants `faq` in the domain because rules name it, then adds it once more from the examples and warns of
the duplicate. Here the rules see it and the merge does not. Examples under data/languages/<code> know their language.
"""

from pathlib import Path

from rasa.shared.core.domain import Domain
from rasa.shared.core.training_data.structures import StoryGraph
from rasa.shared.importers import utils
from rasa.shared.importers.rasa import RasaFileImporter
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.nlu import examples

LANGUAGE = "aisle_example_language"
FOLDER = "languages"


def language_of(path: str) -> str:
    """Code of the language a file of examples is written in; English outside of data/languages."""
    parts = Path(path).parts
    return parts[parts.index(FOLDER) + 1] if FOLDER in parts else "en"


class ShopImporter(RasaFileImporter):
    """Rasa's file importer; `domain.yml` need not list the intents that have answers."""

    _read: TrainingData | None = None

    def _full_domain(self) -> Domain:
        domain = self.get_domain()
        answered = [
            name for name in sorted(self.get_nlu_data().retrieval_intents) if name not in domain.intents
        ]
        return domain.merge(Domain.from_dict({"intents": answered})) if answered else domain

    def get_nlu_data(self, language: str | None = "en") -> TrainingData:
        """Examples of all languages. Read once: Rasa asks for them again with every file of rules."""
        if self._read is None:
            parts = [_read(path) for path in sorted(self._nlu_files)]
            self._read = TrainingData(
                [example for part in parts for example in part.training_examples],
                {name: value for part in parts for name, value in part.entity_synonyms.items()},
                [feature for part in parts for feature in part.regex_features],
                [table for part in parts for table in part.lookup_tables],
                {name: texts for part in parts for name, texts in part.responses.items()},
            )
        return self._read

    def get_stories(self, exclusion_percentage: int | None = None) -> StoryGraph:
        """Rules and stories."""
        return utils.story_graph_from_paths(self._story_files, self._full_domain(), exclusion_percentage)

    def get_conversation_tests(self) -> StoryGraph:
        """Test stories."""
        return utils.story_graph_from_paths(self._conversation_test_files, self._full_domain())


def _read(path: str) -> TrainingData:
    code = language_of(path)
    found = examples.read(path, code)
    for example in found.training_examples:
        example.set(LANGUAGE, code)
    return found
