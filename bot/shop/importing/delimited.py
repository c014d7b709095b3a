"""Reading TSV and CSV line by line, so that one broken quote spoils one row and not the rest of the file."""

import csv
from collections import deque
from collections.abc import Iterator
from typing import TextIO

from bot.shop.importing.items import BadCatalogue, Complain, Problem, Row

DELIMITERS = "\t,;|"
LONGEST_ROW = 200_000  # characters; product descriptions stay far below
MOST_LINES = 500  # of one quoted field
MOST_COLUMNS = 2_000


class Lines:
    """Physical lines with their numbers; some can be put back."""

    def __init__(self, source: TextIO) -> None:
        self.source = source
        self.number = 0
        self.waiting: deque[str] = deque()

    def next(self) -> str | None:
        """The next line without its end, or None at the end of the file."""
        line = self.waiting.popleft() if self.waiting else self.source.readline(LONGEST_ROW * 20)
        if not line:
            return None
        self.number += 1
        return line

    def put_back(self, lines: list[str]) -> None:
        """Give back lines read too far."""
        self.waiting.extendleft(reversed(lines))
        self.number -= len(lines)


def _split(line: str, delimiter: str) -> list[str]:
    return line.rstrip("\r\n").split(delimiter)


def _parse(text: str, delimiter: str, *, is_strict: bool) -> list[str] | None:
    """Fields of one record; None when (strictly read) the quotes do not add up."""
    try:
        reader = csv.reader([text], delimiter=delimiter, strict=is_strict)
        return next(reader, [])
    except csv.Error:
        return None


def _is_open(text: str, delimiter: str) -> bool:
    """Whether the record ends inside a quoted field."""
    try:
        next(csv.reader([text], delimiter=delimiter, strict=True), [])
    except csv.Error as error:
        return "end of data" in str(error)
    return False


def _record(lines: Lines, first: str, delimiter: str, width: int) -> tuple[list[str], bool]:
    """The fields of the record that starts with line `first`, and whether its quotes were broken."""
    if '"' not in first:
        return _split(first, delimiter), False
    text, taken = first, [first]
    while _is_open(text, delimiter) and len(taken) < MOST_LINES and len(text) < LONGEST_ROW:
        line = lines.next()
        if line is None:
            break
        taken.append(line)
        text += line
    fields = _parse(text, delimiter, is_strict=True)
    if fields is not None and (len(taken) == 1 or not width or len(fields) <= width):
        return fields, False
    lines.put_back(taken[1:])
    fields = _parse(first, delimiter, is_strict=False)
    if fields is not None and len(fields) == width and not _is_open(first, delimiter):
        return fields, True
    return [part.strip().strip('"').replace('""', '"') for part in _split(first, delimiter)], True


def delimiter_of(header: str) -> str:
    """The character between the names of a header line."""
    return max(DELIMITERS, key=header.count)


def rows(source: TextIO, complain: Complain) -> Iterator[Row]:
    """The rows below the header.

    Raises:
        BadCatalogue: there is no header, or nothing a table could be made of.
    """
    csv.field_size_limit(LONGEST_ROW * 20)
    lines = Lines(source)
    header = lines.next()
    while header is not None and not header.strip():
        header = lines.next()
    if header is None:
        raise BadCatalogue("The file is empty.")
    delimiter = delimiter_of(header)
    names, _ = _record(lines, header, delimiter, 0)
    names = [name.strip().lower() for name in names]
    if len(names) > MOST_COLUMNS or len(names) < 2:
        raise BadCatalogue("The first line does not name columns; a catalogue begins with id, title, price …")
    while (line := lines.next()) is not None:
        number = lines.number
        if not line.strip():
            continue
        fields, is_broken = _record(lines, line, delimiter, len(names))
        if is_broken:
            complain(Problem(number, "", "a quotation mark is not closed; the line was read without quotes"))
        extra = [value for value in fields[len(names) :] if value.strip()]
        if extra:
            count = f"{len(fields)} fields, but the header names {len(names)}"
            complain(Problem(number, "", count, is_skipped=True))
            continue
        yield Row(number, {name: value for name, value in zip(names, fields, strict=False) if value and name})
