"""Words of the live catalogue's titles and brands: they are of no language, whoever writes them."""

import json
import logging
import re
from pathlib import Path

logger = logging.getLogger(__name__)
SHORTEST = 4  # letters; shorter ones are words of some language too
_WORD = re.compile(r"[^\W\d_]+")


class CatalogueWords:
    """Those of `$AISLE_HOME/gazetteer.json`, read again when it changes; none while there is no such file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp = (0, 0)
        self._words: frozenset[str] = frozenset()

    def get(self) -> frozenset[str]:
        """In lower case."""
        try:
            stat = self._path.stat()
            stamp = (stat.st_mtime_ns, stat.st_size)
            if stamp != self._stamp:
                self._stamp = stamp
                data = json.loads(self._path.read_text(encoding="utf-8"))
                names = [str(name) for kind in ("products", "brands") for name in data.get(kind, [])]
                self._words = frozenset(
                    word for name in names for word in _WORD.findall(name.lower()) if len(word) >= SHORTEST
                )
        except FileNotFoundError:
            pass
        except (OSError, ValueError, AttributeError):
            logger.exception("gazetteer.unreadable")  # keep what is known; an import may be half done
        return self._words
