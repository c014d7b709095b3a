"""What was found out about a word or a message, remembered: most come again."""

from collections.abc import Callable, Sized
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Sized)
Value = TypeVar("Value")
LONGEST = 30  # letters of a word that is remembered; longer ones do not come again


class Met(Generic[Key, Value]):
    """At most `most` words, or other keys, with what `find` says of them; all are forgotten when there is no more room.

    Keys longer than `longest` are not remembered.
    """

    def __init__(self, find: Callable[[Key], Value], most: int, *, longest: int = LONGEST) -> None:
        self._find = find
        self._most = most
        self._longest = longest
        self._known: dict[Key, Value] = {}

    def __call__(self, key: Key) -> Value:
        """What is to know of a key."""
        known = self._known.get(key)
        if known is None:
            known = self._find(key)
            if len(self._known) >= self._most:
                self._known.clear()
            if len(key) <= self._longest:
                self._known[key] = known
        return known
