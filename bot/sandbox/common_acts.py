"""What acts have alike on every platform: their types, which message one is about, and blocking."""

from collections.abc import Callable, Mapping
from typing import Any

from bot.core.errors import BadInput
from bot.sandbox.world import Entry, Thread, World

Fields = Mapping[str, Any]
Act = Callable[[World, Thread, Fields], Entry]


def target_of(thread: Thread, fields: Fields) -> Entry:
    """The message an act is about.

    Raises:
        BadInput: `target` names none of the thread.
    """
    found = thread.find(str(fields.get("target", "")))
    if found is None:
        raise BadInput("target names no message of this thread", field="target")
    return found


def own_target(thread: Thread, fields: Fields) -> Entry:
    """The same, for what people do to their own messages only.

    Raises:
        BadInput: there is none, or it is the shop's.
    """
    target = target_of(thread, fields)
    if target.side != "person":
        raise BadInput("only an own message can be changed", field="target")
    return target


def block(world: World, thread: Thread, fields: Fields) -> Entry:
    """The shopper blocks the shop (or, with `is_on` false, lets it write again); Meta tells nobody."""
    thread.is_blocked = bool(fields.get("is_on", True))
    return world.add(thread, world.entry("note", "blocked" if thread.is_blocked else "unblocked"))
