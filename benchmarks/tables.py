"""Figures and how they are shown: percentiles, ratios, Markdown tables, aims."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` (0–1) of all values do not exceed (nearest rank).

    Raises:
        ValueError: no values, or a share outside 0–1.
    """
    if not values:
        raise ValueError("a percentile of nothing")
    if not 0 <= share <= 1:
        raise ValueError(f"share must be from 0 to 1, not {share}")
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def median(values: Sequence[float]) -> float:
    """The 50th percentile."""
    return percentile(values, 0.5)


def milliseconds(seconds: float) -> str:
    """Seconds shown as milliseconds: one decimal below 100."""
    value = seconds * 1000
    return f"{value:.1f}" if value < 100 else f"{value:,.0f}"


def megabytes(size: float) -> str:
    """Bytes shown as whole MB (10⁶)."""
    return f"{size / 1e6:,.0f}"


@dataclass(frozen=True)
class Table:
    """Rows under a heading; `note` says how they were measured."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.head):
                raise ValueError(f"{self.title}: a row has {len(row)} cells under {len(self.head)} heads")

    def markdown(self) -> str:
        """The table, columns padded so that it reads well as plain text too."""
        cells = [self.head, *self.rows]
        widths = [max(len(row[column]) for row in cells) for column in range(len(self.head))]
        lines = [_line(self.head, widths), "|" + "|".join("-" * (width + 2) for width in widths) + "|"]
        lines += [_line(row, widths) for row in self.rows]
        text = f"### {self.title}\n\n" + "\n".join(lines) + "\n"
        return f"{text}\n{self.note}\n" if self.note else text


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    padded = [
        cell.ljust(width) if column == 0 else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return "| " + " | ".join(padded) + " |"


@dataclass(frozen=True)
class Aim:
    """A promise about a figure: met when it is at most (or, `at_least`, at least) `bound`.

    Beyond `absurd` something is broken, however slow the machine.
    """

    what: str
    value: float
    bound: float
    unit: str = ""
    at_least: bool = False
    absurd: float = math.inf

    @property
    def is_met(self) -> bool:
        """Whether the figure keeps the promise."""
        return self.value >= self.bound if self.at_least else self.value <= self.bound

    def cells(self) -> tuple[str, str, str, str]:
        """What, aim, measured, verdict."""
        word = "at least" if self.at_least else "at most"
        unit = f" {self.unit}" if self.unit else ""
        return (
            self.what,
            f"{word} {self.bound:g}{unit}",
            f"{self.value:.3g}{unit}" if self.value < 100 else f"{self.value:,.0f}{unit}",
            "met" if self.is_met else "**not met**",
        )


@dataclass
class Report:
    """What one program found; `faults`: what went wrong and is no matter of speed."""

    tables: list[Table] = field(default_factory=list)
    aims: list[Aim] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @property
    def all_faults(self) -> list[str]:
        """`faults`, and figures beyond all reason."""
        absurd = [aim for aim in self.aims if aim.value > aim.absurd]
        return [*self.faults, *(f"{aim.what}: {aim.cells()[2]} is beyond reason" for aim in absurd)]

    def markdown(self) -> str:
        """All tables, then the aims."""
        parts = [table.markdown() for table in self.tables]
        if self.aims:
            parts.append(aims_table(self.aims).markdown())
        return "\n".join(parts)


def aims_table(aims: Sequence[Aim], title: str = "Aims") -> Table:
    """Each aim beside its figure."""
    return Table(title, ("aim", "bound", "measured", "verdict"), tuple(aim.cells() for aim in aims))
