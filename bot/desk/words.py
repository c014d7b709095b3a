"""What the desk itself says to shoppers, per language with fallback to English (data/languages/*/notices.json)."""

from collections.abc import Mapping

from bot.core import languages


class Words:
    """All texts, read once."""

    def __init__(self) -> None:
        self._texts: Mapping[str, Mapping[str, str]] = languages.texts("notices")

    def text(self, key: str, locale: str, **values: object) -> str:
        """The text in `locale`, else its base language, else English.

        Raises:
            KeyError: no such text in English: a mistake of ours.
        """
        for name in languages.chain(locale):
            found = self._texts.get(name, {}).get(key)
            if found is not None:
                return found.format(**values) if values else found
        raise KeyError(key)

    def keys(self) -> set[str]:
        """All keys, as in English."""
        return set(self._texts["en"])

    def locales(self) -> tuple[str, ...]:
        """Languages with at least one text."""
        return tuple(self._texts)
