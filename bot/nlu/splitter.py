"""Where a message may fall into several requests: at the end of a sentence, at words that join clauses, at commas."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.nlu.lexicon import Folded
from bot.nlu.wording import wording

LEAST_WORDS = 2
LEAST_WORDS_BY_COMMA = 3  # "hi lumi, where is it"
MOST_PIECES = 4  # more are a story
END_MARKS = ".?!;: \n"
_WORDS = {
    LEAST_WORDS: re.compile(r"\b\w+\W+\w"),
    LEAST_WORDS_BY_COMMA: re.compile(r"\b\w+\W+\w+\W+\w"),
}
_IS_ENOUGH = re.compile(r"[@\d]")  # an order number, an address: one word says it


@dataclass(frozen=True)
class Piece:
    """A stretch of a message; `is_loose`: nothing but a comma stands before it."""

    start: int
    end: int
    is_loose: bool = False


def pieces(text: str, language: str) -> list[Piece]:
    """What may be requests by themselves, in order, without what is between; one where there is nothing to split."""
    folded = Folded(text, language)
    joints = list(wording(language).joints.finditer(folded.text))
    for found in (joints, [joint for joint in joints if not _is_comma(joint)]):
        made = _cut(folded, found)
        if len(made) <= MOST_PIECES:
            return made
    return [Piece(0, len(text))]


def _cut(folded: Folded, joints: list[re.Match[str]]) -> list[Piece]:
    made: list[Piece] = []
    start, is_loose = 0, False
    for joint in joints:
        least = LEAST_WORDS_BY_COMMA if _is_comma(joint) else LEAST_WORDS
        before, behind = folded.text[start : joint.start()], folded.text[joint.end() :]
        if _stands_alone(before, least) and _stands_alone(behind, least):
            made.append(Piece(*folded.typed_span(start, joint.start()), is_loose))
            start, is_loose = joint.end(), _is_comma(joint)
    made.append(Piece(*folded.typed_span(start, len(folded.text.rstrip(END_MARKS))), is_loose))
    return made


def _is_comma(joint: re.Match[str]) -> bool:
    return joint.group().strip() == ","


def _stands_alone(text: str, least: int) -> bool:
    return bool(_WORDS[least].search(text) or _IS_ENOUGH.search(text))
