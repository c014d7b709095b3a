"""Where a message may fall into several requests: at the end of a sentence, at words that join clauses, at commas."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum

from bot.nlu.lexicon import Folded
from bot.nlu.wording import Wording, wording

LEAST_WORDS = 2
LEAST_WORDS_BY_COMMA = 3  # "hi lumi, where is it"
MOST_PIECES = 4  # more are a story
END_MARKS = ".?!;: \n"
_WORDS = {
    LEAST_WORDS: re.compile(r"\b\w+\W+\w"),
    LEAST_WORDS_BY_COMMA: re.compile(r"\b\w+\W+\w+\W+\w"),
}
_END = re.compile(r"[.?!;:\n]")
_PLACE = re.compile(r"\d\)")  # in a list
_WORD = re.compile(r"[^\W\d]|[+&]")
_IS_ENOUGH = re.compile(r"[@\d]")  # an order number, an address: one word says it


class Joint(IntEnum):
    """What stands before a piece; the more it is, the likelier a request of its own follows."""

    COMMA = 0
    STOP = 1  # the end of a sentence that may be the story before the question
    WORD = 2  # "and": two things of one request as well as two requests
    CLAUSE = 3  # a question mark; a comma and a word: ", and"
    TURN = 4  # words that say that something else comes: "also", "2)", ". and"


@dataclass(frozen=True)
class Piece:
    """A stretch of a message, and what stands before it."""

    start: int
    end: int
    joint: Joint = Joint.TURN


def pieces(text: str, language: str) -> list[Piece]:
    """What may be requests by themselves, in order, without what is between; one where there is nothing to split."""
    folded = Folded(text, language)
    said = wording(language)
    joints = [(found, _kind(found, said)) for found in said.joints.finditer(folded.text)]
    for found in (joints, [one for one in joints if one[1] is not Joint.COMMA]):
        made = _cut(folded, found)
        if len(made) <= MOST_PIECES:
            return made
    return [Piece(0, len(text))]


def _cut(folded: Folded, joints: list[tuple[re.Match[str], Joint]]) -> list[Piece]:
    made: list[Piece] = []
    start, before = 0, Joint.TURN
    for joint, kind in joints:
        least = LEAST_WORDS_BY_COMMA if kind is Joint.COMMA else LEAST_WORDS
        if _stands_alone(folded.text[start : joint.start()], least) and _stands_alone(
            folded.text[joint.end() :], least
        ):
            made.append(Piece(*folded.typed_span(start, joint.start()), before))
            start, before = joint.end(), kind
    made.append(Piece(*folded.typed_span(start, len(folded.text.rstrip(END_MARKS))), before))
    return made


def _kind(joint: re.Match[str], said: Wording) -> Joint:
    between = joint.group()
    is_word, is_end = bool(_WORD.search(between)), bool(_END.search(between))
    if (is_word and is_end) or said.turns.search(between) or _PLACE.search(between):
        return Joint.TURN
    if "?" in between or (is_word and "," in between):
        return Joint.CLAUSE
    if is_word:
        return Joint.WORD
    return Joint.STOP if is_end else Joint.COMMA


def _stands_alone(text: str, least: int) -> bool:
    return bool(_WORDS[least].search(text) or _IS_ENOUGH.search(text))
