"""One authored message, as a channel can show it: decided here alone, from its row of capabilities (promise 7).

What a channel cannot show becomes words: cards a list, too many quick replies numbered choices; nothing is dropped.
A connector calls `degrade` and turns each part it gets into a call; nothing it gets is too long or too many.
"""

from collections.abc import Callable, Mapping, Sequence

from bot.core.channel import Capabilities
from bot.core.graphemes import clusters
from bot.core.messages import Choice, File, Image, OrderCard, Part, Products, QuickReplies, Survey, Text
from bot.core.words import phrase, plain

MEASURES: Mapping[str, Callable[[str], int]] = {
    "characters": len,
    "bytes": lambda text: len(text.encode("utf-8", "surrogatepass")),
    "utf16": lambda text: len(text.encode("utf-16-le", "surrogatepass")) // 2,
}
LARGEST = {"characters": 1, "bytes": 4, "utf16": 2}  # what one code point may take
ELLIPSIS = "…"
_SENTENCE_ENDS = ".!?…"
_WIDE_SENTENCE_ENDS = "。！？"  # of Chinese and Japanese, where no space follows
_PARAGRAPH, _LINE, _SENTENCE, _WORD = range(4)


def degrade(
    parts: Sequence[Part], capabilities: Capabilities, *, language: str = "en", skip_prompt: bool = False
) -> tuple[Part, ...]:
    """`parts` as a channel can show them, in order: every text fits, every card and choice is allowed.

    - Texts that follow each other are joined, then cut to `text_limit`; the one above an image or choices also fits
      `caption_limit`.
    - `Products` have at most `cards` items, further ones follow in a part of their own; without `cards` they are
      words, as are orders.
    - All choices (those of a rating too) come last as one `QuickReplies`, below a text; a text asking to choose is
      put there when the message has none, unless `skip_prompt` (Messenger shows choices below a card, too). More than
      `quick_replies` are a numbered list in the text. Where a title is longer than `quick_reply_title`, the text
      lists all of them in full and the titles are numbered and shortened.
    """
    shown: list[Part] = []
    choices: list[Choice] = []
    for part in parts:
        match part:
            case QuickReplies(items=items):
                choices.extend(items)
            case Survey() if not capabilities.has_cards:
                choices.extend(ratings(part))
            case Products(items=products) if not capabilities.has_cards and capabilities.cards:
                at_once = capabilities.cards
                shown += [Products(products[at : at + at_once]) for at in range(0, len(products), at_once)]
            case Products() | OrderCard() if not capabilities.has_cards:
                shown.append(Text(plain([part], language=language)))
            case Image() | File() if not capabilities.has_images:
                shown.append(Text(plain([part], language=language)))
            case _:
                shown.append(part)
    if choices:
        words, buttons = _choices(choices, capabilities, language)
        if words:
            shown.append(Text(words))
        elif not capabilities.has_cards and not skip_prompt and not _ends_in_text(shown):
            shown.append(Text(phrase("choose", language)))
        shown += [QuickReplies(buttons)] if buttons else []
    return tuple(_fitting(_joined(shown), capabilities))


def ratings(survey: Survey) -> tuple[Choice, ...]:
    """The choices of a rating: `rate:1` and on, with the survey's labels as titles."""
    labels = survey.labels or tuple(str(score) for score in range(1, survey.scale + 1))
    return tuple(Choice(f"rate:{score}", label) for score, label in enumerate(labels, start=1))


def _choices(
    choices: Sequence[Choice], capabilities: Capabilities, language: str
) -> tuple[str, tuple[Choice, ...]]:
    """(words above the choices, the choices to show as buttons)."""
    listed = "\n".join(_numbered(number, item.title) for number, item in enumerate(choices, start=1))
    if len(choices) > capabilities.quick_replies:
        return f"{listed}\n\n{phrase('answer_with_number', language)}", ()
    limit = capabilities.quick_reply_title
    if all(len(item.title) <= limit for item in choices):
        return "", tuple(choices)
    short = (shorten(_numbered(number, item.title), limit) for number, item in enumerate(choices, start=1))
    return listed, tuple(
        Choice(item.id, title, item.payload) for item, title in zip(choices, short, strict=True)
    )


def _numbered(number: int, title: str) -> str:
    """`2. title`; a title that begins with its number (a rating) has it already."""
    is_numbered = title.startswith(str(number)) and not title[len(str(number)) :][:1].isdigit()
    return title if is_numbered else f"{number}. {title}"


def _ends_in_text(parts: Sequence[Part]) -> bool:
    return bool(parts) and isinstance(parts[-1], Text)


def _joined(parts: Sequence[Part]) -> list[Part]:
    joined: list[Part] = []
    for part in parts:
        last = joined[-1] if joined else None
        if isinstance(part, Text) and isinstance(last, Text):
            joined[-1] = Text(f"{last.text}\n\n{part.text}")
        elif not isinstance(part, Text) or part.text.strip():
            joined.append(part)
    return joined


def _fitting(parts: Sequence[Part], capabilities: Capabilities) -> list[Part]:
    fitting: list[Part] = []
    following = [*parts, None][1:]
    for part, after in zip(parts, following, strict=True):
        if not isinstance(part, Text):
            fitting.append(part)
            continue
        pieces = split(part.text, capabilities.text_limit, unit=capabilities.text_unit)
        if capabilities.caption_limit and isinstance(after, QuickReplies):
            *_, last = split(pieces[-1], capabilities.caption_limit, unit=capabilities.text_unit)
            before = pieces[-1].removesuffix(last).rstrip()
            pieces[-1:] = [before, last] if before else [last]
        fitting += [Text(piece) for piece in pieces]
    return fitting


def split(text: str, limit: int, *, unit: str = "characters") -> list[str]:
    """`text` in pieces of at most `limit` (`unit`: characters | bytes, of UTF-8 | utf16, code units).

    Cut between paragraphs, lines or sentences where one fits and fills more than a third, else between words; a word
    is broken only when it alone is longer than `limit`, a grapheme cluster only likewise.

    Raises:
        ValueError: no room for one code point: the limit is below 1 (4 bytes, 2 UTF-16 units).
    """
    if limit < LARGEST[unit]:
        raise ValueError(f"a text needs room for one character; {limit} {unit} are too few")
    size = MEASURES[unit]
    text = text.strip()
    if size(text) <= limit:
        return [text]
    letters = [
        letter for cluster in clusters(text) for letter in ([cluster] if size(cluster) <= limit else cluster)
    ]
    pieces, start = [], 0
    while start < len(letters):
        cut = _cut(letters, start, limit, size)
        end = cut
        while letters[end - 1].isspace():
            end -= 1
        pieces.append("".join(letters[start:end]))
        start = cut
        while start < len(letters) and letters[start].isspace():
            start += 1
    return pieces


def shorten(text: str, limit: int, *, unit: str = "characters") -> str:
    """`text` as one line of at most `limit`, with an ellipsis where something was left out.

    Raises:
        ValueError: the limit is below 1.
    """
    if limit < 1:
        raise ValueError("a title needs at least one character of room")
    size = MEASURES[unit]
    text = " ".join(text.split())
    if size(text) <= limit:
        return text
    mark = ELLIPSIS if size(ELLIPSIS) < limit else ""
    room, kept = limit - size(mark), []
    for cluster in clusters(text):
        room -= size(cluster)
        if room < 0:
            break
        kept.append(cluster)
    whole = "".join(kept)
    words, _, rest = whole.rpartition(" ")
    is_word_cut = not text[len(whole) :].startswith(" ")
    if is_word_cut and len(rest) < len(words):
        whole = words
    return whole.rstrip(" ,.;:–-") + mark


def _cut(letters: Sequence[str], start: int, limit: int, size: Callable[[str], int]) -> int:
    """Where the piece that begins at `start` ends: an index above `start`."""
    best: dict[int, int] = {}  # by level, the last place of it
    room, end = limit, start
    while end < len(letters) and (room := room - size(letters[end])) >= 0:
        end += 1
        if end < len(letters):
            level = _level(letters, end)
            if level is not None:
                best[level] = end
    if end == len(letters):
        return end
    for level in (_PARAGRAPH, _LINE, _SENTENCE):
        if best.get(level, start) - start > (end - start) // 3:
            return best[level]
    word = max(best.values(), default=start)
    if word > start and _fits(letters, word, limit, size):
        return word
    return end


def _level(letters: Sequence[str], at: int) -> int | None:
    """What ends before `at`: a paragraph, a line, a sentence, a word, or nothing."""
    before, here = letters[at - 1], letters[at]
    if before in _WIDE_SENTENCE_ENDS:
        return _SENTENCE
    if not here.isspace() or before.isspace():
        return None
    space = "".join(letters[at : at + 8])
    breaks = space[: len(space) - len(space.lstrip())].count("\n")
    if breaks:
        return _PARAGRAPH if breaks > 1 else _LINE
    return _SENTENCE if before in _SENTENCE_ENDS else _WORD


def _fits(letters: Sequence[str], at: int, limit: int, size: Callable[[str], int]) -> bool:
    """Whether the word that follows `at` has room in a piece of its own."""
    while at < len(letters) and letters[at].isspace():
        at += 1
    room = limit
    while at < len(letters) and not letters[at].isspace():
        room -= size(letters[at])
        if room < 0:
            return False
        at += 1
    return True
