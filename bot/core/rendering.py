"""One authored message, as a channel can show it: decided here alone, from its row of capabilities (promise 7).

What a channel cannot show becomes words: cards a list, too many quick replies numbered choices; nothing is dropped.
"""

import unicodedata
from collections.abc import Sequence
from datetime import datetime

from bot.core.channel import Capabilities
from bot.core.errors import OutsideWindow
from bot.core.messages import Choice, OrderCard, Part, Products, QuickReplies, Text
from bot.core.words import plain


def check_window(capabilities: Capabilities, *, last_shopper_at: datetime | None, at: datetime) -> None:
    """Whether the channel lets us write now.

    Raises:
        OutsideWindow: it allows answers for a time after the shopper's last message, and that has passed.
    """
    window = capabilities.window_seconds
    if window is None:
        return
    if last_shopper_at is None:
        raise OutsideWindow("this channel lets a shop write only to shoppers who wrote first")
    if (at - last_shopper_at).total_seconds() > window:
        raise OutsideWindow(f"the shopper's last message is more than {window // 3600} hours old")


def render(parts: Sequence[Part], capabilities: Capabilities) -> tuple[Part, ...]:
    """`parts` as the channel can show them, in order; texts that follow each other are joined."""
    shown: list[Part] = []
    for part in parts:
        match part:
            case Products() | OrderCard() if not capabilities.has_cards:
                shown.append(Text(plain([part])))
            case QuickReplies(items=items) if len(items) > capabilities.quick_replies:
                shown.append(Text(_numbered(items)))
            case _:
                shown.append(part)
    return tuple(_joined(shown))


def _numbered(items: Sequence[Choice]) -> str:
    return "\n".join(f"{number}. {item.title}" for number, item in enumerate(items, start=1))


def _joined(parts: Sequence[Part]) -> list[Part]:
    joined: list[Part] = []
    for part in parts:
        last = joined[-1] if joined else None
        if isinstance(part, Text) and isinstance(last, Text):
            joined[-1] = Text(f"{last.text}\n\n{part.text}")
        else:
            joined.append(part)
    return joined


def split(text: str, limit: int) -> list[str]:
    """`text` in pieces of at most `limit` characters, cut between paragraphs, sentences or words where one fits.

    Raises:
        ValueError: the limit is below 1.
    """
    if limit < 1:
        raise ValueError("a text needs at least one character of room")
    pieces = []
    rest = text.strip()
    while len(rest) > limit:
        cut = _cut(rest, limit)
        pieces.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return [*pieces, rest] if rest or not pieces else pieces


def _cut(text: str, limit: int) -> int:
    for mark in ("\n\n", "\n", ". ", "! ", "? ", " "):
        kept = len(mark.rstrip())  # the sentence keeps its full stop
        place = text.rfind(mark, 0, limit - kept + len(mark))
        if place > limit // 3:
            return place + kept
    cut = limit  # one long word: at least not between a letter and its accents, nor inside a joined emoji
    while cut > 1 and _continues(text, cut):
        cut -= 1
    return cut if cut > 1 else limit


def _continues(text: str, at: int) -> bool:
    here, before = text[at], text[at - 1]
    return (
        unicodedata.combining(here) != 0
        or here in "\u200d\ufe0f"
        or before == "\u200d"
        or "\U0001f3fb" <= here <= "\U0001f3ff"
    )
