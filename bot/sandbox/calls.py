"""A call to a platform and its answer, without any web framework."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Call:
    """`path` without the leading slash; `query` and form fields have one value each; `headers` in lower case."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)
    base: str = ""  # how the caller reaches us, for addresses in answers


@dataclass
class Answer:
    """`fault` is what the connection suffers after the answer was made (see `faults.CALLS`)."""

    body: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    fault: str = ""
    seconds: float = 0.0
    content_type: str = "application/json"
