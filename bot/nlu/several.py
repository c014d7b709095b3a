"""Whether a message asks for several things: then each of its parts, read by itself, is surely a request of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from bot.nlu.decision import ANSWERS, DECIDED, FALLBACK, NAMED
from bot.nlu.entities import PRODUCT_INTENTS
from bot.nlu.language import OTHER, OUTPUT
from bot.nlu.splitter import Joint, Piece, pieces

MOST_PARTS = 3
# Chosen on tests/nlu/held_out/*two_requests.tsv, see docs/nlu.md. By the weakest joint between parts:
SURE: Mapping[Joint, float] = {
    Joint.COMMA: 0.9,
    Joint.STOP: 0.8,
    Joint.WORD: 0.7,
    Joint.CLAUSE: 0.6,
    Joint.TURN: 0.6,
}
BACKED = 0.5  # sure enough, where the whole message has …
BACKING = 0.1  # … this of each reading as well
MEANT = 0.8  # what the whole message is taken for with more than this is one of the parts
SURE_SEARCH = 0.9  # where it names nothing: "a present for my dad"

FOR_A_PERSON = "talk_to_person"
COMPLAINT = "complaint"
SEARCH = "search_product"
HANDED_OVER = frozenset(
    {
        "change_order",
        "cancel_order",
        "return_order",
        "refund_request",
        COMPLAINT,
        "leave_message",
        FOR_A_PERSON,
    }
)
FOR_THE_FORM = frozenset({"track_order", "inform", "other_order", "other_proof"})
FACTS = PRODUCT_INTENTS - {"refine_search"}
REQUESTS = HANDED_OVER | FACTS | {"track_order"}
NAMES_A_PRODUCT = frozenset(
    {"product", "category", "query", "brand", "colour", "size", "material", "option", "ordinal"}
)
PROVES = frozenset({"order_number", "number", "email", "postcode"})  # what the order form asks for
# what went wrong, or how something goes -> what is no second request beside it, unless words say so
ONE_MATTER: Mapping[str, frozenset[str]] = {
    "faq/payment_failed": frozenset({"faq/order_confirmation", "faq/refund_time", "track_order"}),
    "faq/damaged": frozenset(
        {"faq/returns", "faq/exchange", "faq/warranty", "return_order", "refund_request"}
    ),
    "faq/delivery_problem": frozenset({"faq/order_confirmation", "faq/stock_alert", "track_order"}),
    "faq/payment_methods": frozenset({"faq/order_confirmation"}),
    "faq/order_cancel": frozenset({"cancel_order"}),
    "faq/order_change": frozenset({"change_order"}),
    "faq/returns": frozenset({"return_order"}),
    "faq/exchange": frozenset({"return_order"}),
}
# what a complaint that was told only leads up to
LED_UP_TO = FACTS | {
    "faq/returns",
    "faq/exchange",
    "faq/warranty",
    "faq/damaged",
    "faq/delivery_problem",
    "return_order",
    "refund_request",
    "cancel_order",
    "change_order",
}
# leaves with the same answer, or one as good as the other; a bare number beside a wish is the order it is about
ALIKE = (
    FACTS,
    HANDED_OVER | {"inform"},
    frozenset({"track_order", "inform"}),
    frozenset({"faq/returns", "return_order"}),
    frozenset({"faq/order_cancel", "cancel_order"}),
    frozenset({"faq/order_change", "change_order"}),
)
Read = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]


@dataclass(frozen=True)
class Part:
    """One request of a message: its words, and what the pipeline made of them."""

    text: str
    parsed: Mapping[str, Any]

    @property
    def leaf(self) -> str:
        """What it is taken for."""
        return leaf_of(self.parsed)[0]


def leaf_of(parsed: Mapping[str, Any]) -> tuple[str, float]:
    """The best leaf of a reading and its confidence."""
    leaves = (parsed.get(DECIDED) or {}).get("leaves") or [{"intent": "", "confidence": 0.0}]
    return str(leaves[0]["intent"]), float(leaves[0]["confidence"])


def may_be(whole: Mapping[str, Any]) -> bool:
    """Whether a message, as the pipeline reads it, has anywhere to fall apart; quick, as it is asked of each."""
    return len(_pieces(whole)) > 1


def parts(whole: Mapping[str, Any], read: Read, *, is_form_active: bool = False) -> list[Part]:
    """The requests in a message, in its order; none where it is to be read as one.

    `whole`: the message as the pipeline reads it; `read`: the same for a part, with what to tell of the language.
    """
    found, text = _pieces(whole), str(whole["text"])
    if len(found) < 2:
        return []
    metadata = {"language": _locale(whole), "language_from": "message"}
    readings: dict[tuple[int, int], Part | None] = {}

    def sure_part(first: int, last: int) -> Part | None:
        if (first, last) not in readings:
            words = text[found[first].start : found[last].end]
            part = Part(words, read(words, metadata))
            readings[first, last] = part if _is_request(part, is_form_active=is_form_active) else None
        return readings[first, last]

    best: list[Part] = []
    for cut in _cuts(found):
        taken = _about_one(_all(sure_part(first, last) for first, last in cut))
        if _are_several(taken, whole, _weakest(found, cut)) and _rank(taken) > _rank(best):
            best = taken
    return best


def _weakest(found: Sequence[Piece], cut: Sequence[tuple[int, int]]) -> Joint:
    """What least speaks for a way to cut; a word is no more than a comma where a part falls apart further: a story."""
    weakest = min(found[first].joint for first, _ in cut)
    return Joint.COMMA if weakest is Joint.WORD and len(cut) < len(found) else weakest


def _pieces(whole: Mapping[str, Any]) -> list[Piece]:
    if not whole.get(DECIDED):  # a button of ours, or another pipeline
        return []
    return pieces(str(whole["text"]), _locale(whole).partition("-")[0])


def _locale(whole: Mapping[str, Any]) -> str:
    told = whole[OUTPUT]
    return str(told["answer"] if told["message"] == OTHER else told["message"])


def in_turn(found: Sequence[Part]) -> list[Part]:
    """The order to act in: answers, then what opens the order form, then what needs a person, the wish for one last."""
    return sorted(
        found,
        key=lambda part: (part.leaf == FOR_A_PERSON, part.leaf in HANDED_OVER, part.leaf in FOR_THE_FORM),
    )


def _cuts(found: Sequence[Piece]) -> Iterator[list[tuple[int, int]]]:
    """Ways to put neighbouring pieces together into two or three parts, as (first, last)."""
    for count in range(2, min(MOST_PARTS, len(found)) + 1):
        for starts in combinations(range(1, len(found)), count - 1):
            ends = (*starts, len(found))
            yield [(first, end - 1) for first, end in zip((0, *starts), ends, strict=True)]


def _all(found: Iterator[Part | None]) -> list[Part]:
    """Those up to the first that is no request; the ones behind need not be read."""
    taken: list[Part] = []
    for part in found:
        if part is None:
            return []
        taken.append(part)
    return taken


def _about_one(taken: Sequence[Part]) -> list[Part]:
    """The parts, one that asks about a product without its name being about the one named before; else none."""
    named: list[Mapping[str, Any]] = []
    told: list[Part] = []
    for part in taken:
        names = _names(part)
        if part.leaf in FACTS and not names:
            if not named and not (part.leaf == SEARCH and _sureness(part) >= SURE_SEARCH):
                return []
            entities = [*(part.parsed.get("entities") or ()), *named]
            part = Part(part.text, {**part.parsed, "entities": entities})
        told.append(part)
        named = names or named
    return told


def _names(part: Part) -> list[Mapping[str, Any]]:
    """What says which product a part is about, without its place in the words."""
    found: list[Mapping[str, Any]] = [
        {"entity": one["entity"], "value": one["value"]}
        for one in part.parsed.get("entities") or ()
        if one["entity"] in NAMES_A_PRODUCT
    ]
    aside = part.parsed[DECIDED].get(NAMED)
    return [*found, {"entity": "query", "value": aside}] if aside else found


def _is_request(part: Part, *, is_form_active: bool) -> bool:
    leaf = part.leaf
    intent = (part.parsed.get("intent") or {}).get("name")
    if _sureness(part) < BACKED or intent == FALLBACK or part.parsed[DECIDED]["why"]:
        return False
    entities = {item["entity"] for item in part.parsed.get("entities") or ()}
    if is_form_active and leaf in FOR_THE_FORM:
        return bool(entities & PROVES)
    return leaf.startswith(ANSWERS) or leaf in REQUESTS


def _sureness(part: Part) -> float:
    """How likely it is taken for the right kind of request."""
    leaf, confidence = leaf_of(part.parsed)
    kind = next((kind for kind in ALIKE if leaf in kind), frozenset())
    others = part.parsed[DECIDED]["leaves"][1:]
    return confidence + sum(float(one["confidence"]) for one in others if one["intent"] in kind)


def _are_several(taken: Sequence[Part], whole: Mapping[str, Any], weakest: Joint) -> bool:
    """Whether requests are different ones, not one about one matter, and all sure."""
    leaves = {part.leaf for part in taken}
    if len(taken) < 2 or len(leaves) < len(taken):
        return False
    if len(leaves & FOR_THE_FORM) > 1:
        return False
    if weakest < Joint.TURN and any(leaves & ONE_MATTER.get(leaf, frozenset()) for leaf in leaves):
        return False
    if weakest < Joint.WORD and COMPLAINT in leaves and leaves & LED_UP_TO:
        return False
    if (
        weakest < Joint.CLAUSE and SEARCH in leaves and len(leaves & FACTS) > 1
    ):  # "i like the mug and what is it"
        return False
    shares = {one["intent"]: one["confidence"] for one in whole[DECIDED]["leaves"]}
    meant, share = leaf_of(whole)
    if share > MEANT and meant not in leaves:
        return False
    lowest = min(_sureness(part) for part in taken)
    is_backed = all(shares.get(leaf, 0.0) >= BACKING for leaf in leaves)
    return lowest >= (BACKED if is_backed else SURE[weakest])


def _rank(taken: Sequence[Part]) -> tuple[int, float]:
    """More requests are better, then surer ones."""
    return len(taken), min((_sureness(part) for part in taken), default=0.0)
