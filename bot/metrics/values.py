"""What a metric answers: columns with units, rows that can be clicked, and series over time."""

from dataclasses import dataclass
from datetime import datetime

Cell = str | int | float | datetime | None


@dataclass(frozen=True)
class Column:
    """`unit` is count | seconds | percent | score | number | text | at; percents are 0–100."""

    name: str
    title: str
    unit: str


@dataclass(frozen=True)
class Row:
    """One line of a table. `key` names it in addresses; `conversations` is how many episodes are behind it."""

    key: str
    label: str
    conversations: int
    cells: tuple[Cell, ...]  # in the order of the columns


@dataclass(frozen=True)
class Point:
    """One step of a series: local date (`2026-11-20`) or hour (`2026-11-20T13`); None where there is nothing."""

    at: str
    value: float | None
    n: int


@dataclass(frozen=True)
class Series:
    """A number over time, every step of the period present."""

    key: str
    unit: str
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Result:
    """A metric's answer. `missing` says in words what there would have to be, when there is nothing."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    series: tuple[Series, ...] = ()
    missing: str = ""

    def row(self, key: str) -> Row | None:
        """The row named `key`."""
        return next((row for row in self.rows if row.key == key), None)

    def cell(self, key: str, column: str) -> Cell:
        """The value of `column` in the row named `key`; None when there is no such row."""
        row = self.row(key)
        if row is None:
            return None
        return row.cells[[item.name for item in self.columns].index(column)]


def percent(part: int, whole: int) -> float | None:
    """`part` of `whole` × 100; None, never 0, of nothing."""
    return 100.0 * part / whole if whole else None
