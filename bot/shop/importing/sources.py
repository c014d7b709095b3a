"""Opening a catalogue file: unpacks gzip, finds the encoding and the format, counts how far we are."""

import gzip
import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from bot.shop.importing import delimited, xml
from bot.shop.importing.items import BadCatalogue, Complain, Problem, Row

SOURCES = ("merchant", "merchant_xml", "shopify")
GZIP, ZIP = b"\x1f\x8b", b"PK\x03\x04"
ENCODINGS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
SHOPIFY = frozenset({"handle", "url handle"})


class Source:
    """One file being read; `share` says how much of it is."""

    def __init__(self, path: Path) -> None:
        try:
            self.size = path.stat().st_size
            self.raw: BinaryIO = path.open("rb")
        except OSError as error:
            raise BadCatalogue(f"{path}: {error.strerror or error}") from error
        self.path = path
        magic = self.raw.read(4)
        self.raw.seek(0)
        if magic.startswith(ZIP):
            raise BadCatalogue(
                f"{path.name} is a ZIP or Excel file; unpack it, or save the table as CSV, first."
            )
        self.stream = io.BufferedReader(
            cast(io.RawIOBase, gzip.GzipFile(fileobj=self.raw) if magic.startswith(GZIP) else self.raw),
            1 << 17,
        )
        self.head = self._peek()
        self.encoding = next((name for mark, name in ENCODINGS if self.head.startswith(mark)), "utf-8")

    def _peek(self) -> bytes:
        try:
            head = self.stream.peek(1 << 16)
        except (OSError, EOFError, zlib.error) as error:
            raise BadCatalogue(f"{self.path.name} is damaged: {error}") from error
        if not head.strip(b" \t\r\n\x00\xef\xbb\xbf\xff\xfe"):
            raise BadCatalogue(f"{self.path.name} is empty.")
        return head

    @property
    def share(self) -> float:
        """The part of the file (as it lies on disk) already read, from 0 to 1."""
        return min(1.0, self.raw.tell() / self.size) if self.size else 1.0

    def detect(self) -> str:
        """Which of `SOURCES` the file is."""
        text = self.head.decode(self.encoding, errors="replace").lstrip("\ufeff \t\r\n")
        if text.startswith("<"):
            return "merchant_xml"
        if text.startswith(("{", "[")):
            raise BadCatalogue("This looks like JSON; a catalogue is TSV, CSV or XML.")
        header = text.splitlines()[0].lower() if text else ""
        delimiter = delimited.delimiter_of(header)
        names = {name.strip().strip('"') for name in header.split(delimiter)}
        if names & SHOPIFY and "title" in names:
            return "shopify"
        if "id" not in names or not names & {"title", "name"}:
            raise BadCatalogue(
                "The first line does not name the columns id and title (Google Merchant) or Handle and Title "
                "(Shopify): " + ", ".join(sorted(name for name in names if name)[:12])[:300]
            )
        return "merchant"

    def rows(self, source: str, complain: Complain) -> Iterator[Row]:
        """All rows; text that is not UTF-8 is read as Windows-1252 and reported."""
        try:
            if source == "merchant_xml":
                yield from xml.rows(cast(BinaryIO, self.stream), complain)
                return
            text = io.TextIOWrapper(self.stream, self.encoding, errors="surrogateescape", newline="")
            was_told = False
            for row in delimited.rows(text, complain):
                mended = _mended(row)
                if mended is not row and not was_told:
                    complain(
                        Problem(row.line, "", "the text is not UTF-8; read as Windows-1252 from here on")
                    )
                    was_told = True
                yield mended
        except (EOFError, OSError, zlib.error, UnicodeError) as error:
            complain(Problem(0, "", f"the file breaks off ({error}); the rest is not read"))

    def close(self) -> None:
        """Give the file back."""
        self.raw.close()


def _mended(row: Row) -> Row:
    """The row itself, or a copy whose undecodable bytes were read as Windows-1252."""
    fields = {}
    is_same = True
    for name, value in row.fields.items():
        if value.isascii() or not any("\udc80" <= char <= "\udcff" for char in value):
            fields[name] = value
            continue
        is_same = False
        fields[name] = value.encode("utf-8", "surrogateescape").decode("cp1252", errors="replace")
    return row if is_same else Row(row.line, fields)
