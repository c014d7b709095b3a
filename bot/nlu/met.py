"""What was found out about a word, remembered: most words come again."""

from collections.abc import Callable
from typing import Generic, TypeVar

Value = TypeVar("Value")
LONGEST = 30  # letters of a word that is remembered; longer ones do not come again


class Met(Generic[Value]):
    """At most `most` words with what `find` says of them; all are forgotten when there is no more room."""

    def __init__(self, find: Callable[[str], Value], most: int) -> None:
        self._find = find
        self._most = most
        self._known: dict[str, Value] = {}

    def __call__(self, word: str) -> Value:
        """What is to know of a word."""
        known = self._known.get(word)
        if known is None:
            known = self._find(word)
            if len(self._known) >= self._most:
                self._known.clear()
            if len(word) <= LONGEST:
                self._known[word] = known
        return known
