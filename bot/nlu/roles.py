"""Who plays which part: what is wanted and what is given back ('the blue one instead of the red one'); from and to."""

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from bot.nlu.lexicon import Folded
from bot.nlu.spans import Span
from bot.nlu.wording import REACH, Wording

WANTED, GIVEN, FROM, TO = "wanted", "given", "from", "to"
ROLES = {"a": WANTED, "b": GIVEN}
EXCHANGED = frozenset({"colour", "size", "option", "material", "product", "category"})
TRAVELLED = frozenset({"postcode", "date"})
_ENDS = re.compile(r"[.!?\n]")


def sides(message: Folded, wording: Wording) -> Iterator[tuple[str, int, int]]:
    """Stretches of the typed text that say what is wanted and what is given, by the templates of the language.

    A stretch with two roles holds one thing for each, in their order.
    """
    if not wording.swapping.may_be_in(message.words):
        return
    for swap in wording.swaps:
        for match in swap.pattern.finditer(message.text):
            groups = {name: match.span(name) for name in match.groupdict()}
            if swap.opens:
                start = max(0, match.start() - REACH)
                ends = [found.end() for found in _ENDS.finditer(message.text, start, match.start())]
                groups[swap.opens] = (max([start, *ends]), match.start())
            if "".join(sorted("".join(groups))) == "ab" and all(
                end > start for start, end in groups.values()
            ):
                for names, place in groups.items():
                    yield (" ".join(ROLES[name] for name in names), *message.typed_span(*place))
                return


def with_roles(spans: list[Span], parts: list[tuple[str, int, int]], text: str) -> list[Span]:
    """The spans, those of things that are exchanged with their role; postcodes and dates 'from … to …' with theirs."""
    found = list(spans)
    for names, start, end in parts:
        roles = names.split()
        inside = [
            index
            for index, span in enumerate(found)
            if span.entity in EXCHANGED and start <= span.start and span.end <= end
        ]
        for place, index in enumerate(reversed(inside)):
            if len(roles) == 1 or place < len(roles):
                found[index] = replace(found[index], role=roles[max(-1 - place, -len(roles))])
    for index, (one, other) in enumerate(pairwise(found)):
        if (
            one.entity == other.entity
            and one.entity in TRAVELLED
            and re.search(r"\bfrom\s$", text[: one.start], re.I)
            and re.fullmatch(r"\s(?:to|until|till)\s", text[one.end : other.start], re.I)
        ):
            found[index : index + 2] = [replace(one, role=FROM), replace(other, role=TO)]
    return found
