"""What was recognised in a message: a stretch of text with a meaning."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Span:
    """`value` is normalised (order number `A1001`, e-mail in lower case, price in minor units as text).

    `role`: wanted or given, from or to. `grain` of a date: day, week, month or year.
    """

    entity: str
    value: str
    start: int
    end: int
    role: str = ""
    grain: str = ""


def without_overlaps(spans: list[Span]) -> list[Span]:
    """The spans in text order; of two that overlap the one listed first stays."""
    kept: list[Span] = []
    for span in spans:
        if all(span.end <= other.start or span.start >= other.end for other in kept):
            kept.append(span)
    return sorted(kept, key=lambda span: span.start)


def as_entities(spans: list[Span], extractor: str) -> list[dict[str, Any]]:
    """Rasa's entity dictionaries."""
    return [
        {
            **{"entity": s.entity, "value": s.value, "start": s.start, "end": s.end, "extractor": extractor},
            **({"role": s.role} if s.role else {}),
            **({"grain": s.grain} if s.grain else {}),
        }
        for s in spans
    ]
