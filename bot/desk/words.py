"""What the desk itself says to shoppers, per language with fallback to English (texts/*.json)."""

import json
from pathlib import Path

TEXTS = Path(__file__).parent / "texts"


class Words:
    """All texts, read once."""

    def __init__(self, folder: Path = TEXTS) -> None:
        self._texts: dict[str, dict[str, str]] = {
            path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))
        }

    def text(self, key: str, locale: str, **values: object) -> str:
        """The text in `locale`, else its base language, else English.

        Raises:
            KeyError: no such text in English: a mistake of ours.
        """
        for name in (locale, locale.split("-")[0], "en"):
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
