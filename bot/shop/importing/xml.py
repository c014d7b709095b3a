"""Reading a Google Merchant feed in XML (RSS 2.0 or Atom) in a stream, with line numbers."""

from collections.abc import Iterator
from typing import Any, BinaryIO
from xml.sax import SAXParseException
from xml.sax.handler import ContentHandler

from defusedxml.common import DefusedXmlException
from defusedxml.sax import make_parser

from bot.shop.importing.items import BadCatalogue, Complain, Problem, Row

CHUNK = 1 << 16
LONGEST = 200_000  # characters of one field
ITEMS = frozenset({"item", "entry"})
LISTS = frozenset(
    {"product_highlight", "additional_image_link", "product_detail", "additional_variant_attribute"}
)
DETAIL = ("section_name", "attribute_name", "attribute_value")


class _Collector(ContentHandler):
    """Gathers the direct children of each item; of nested ones only product details and named options."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[Row] = []
        self.line = 0
        self.depth = 0  # inside an item; 0: outside
        self.fields: dict[str, str] = {}
        self.nested: dict[str, str] = {}
        self.text: list[str] = []
        self.size = 0
        self.seen_root = ""
        self.locator: Any = None

    def startElement(self, name: str, attrs: Any) -> None:  # noqa: N802 - the SAX interface's name
        name = name.rsplit(":", 1)[-1].lower()
        self.seen_root = self.seen_root or name
        self.text, self.size = [], 0
        if self.depth:
            self.depth += 1
            if self.depth == 2:
                self.nested = {}
                href = attrs.get("href") if name == "link" else None
                if href and attrs.get("rel", "alternate") == "alternate":
                    self.fields.setdefault("link", href)
        elif name in ITEMS:
            self.depth, self.fields, self.line = 1, {}, self.locator.getLineNumber()

    def characters(self, content: str) -> None:
        if self.depth and self.size < LONGEST:
            self.text.append(content)
            self.size += len(content)

    def endElement(self, name: str) -> None:  # noqa: N802
        if not self.depth:
            return
        is_own = ":" in name
        name = name.rsplit(":", 1)[-1].lower()
        value = "".join(self.text).strip()
        self.text, self.size = [], 0
        self.depth -= 1
        if self.depth == 0:
            self.rows.append(Row(self.line, self.fields))
        elif self.depth >= 2:
            self.nested[name] = value
        else:
            self._keep(name, self._value(name, value), is_own=is_own)

    def _value(self, name: str, value: str) -> str:
        if name == "product_detail":
            return ":".join(self.nested.get(part, "") for part in DETAIL)
        if name == "additional_variant_attribute" and "label" in self.nested:
            return f"{self.nested['label']}:{self.nested.get('value', '')}"
        return value

    def _keep(self, name: str, value: str, *, is_own: bool) -> None:
        if not value:
            return
        if name in LISTS and name in self.fields:
            self.fields[name] += "," + value
        elif is_own or name not in self.fields:  # g:title wins over title
            self.fields[name] = value


def rows(source: BinaryIO, complain: Complain) -> Iterator[Row]:
    """The items of a feed; when the XML breaks off, those before the break.

    Raises:
        BadCatalogue: not XML at all, no item in it, or entities that could harm (never resolved).
    """
    collector = _Collector()
    parser = make_parser()
    parser.setContentHandler(collector)
    collector.locator = parser  # fed in pieces, it does not introduce itself
    count = 0
    try:
        while chunk := source.read(CHUNK):
            parser.feed(chunk)
            count += len(collector.rows)
            yield from collector.rows
            collector.rows = []
        parser.close()
    except SAXParseException as error:
        yield from collector.rows
        count += len(collector.rows)
        line = error.getLineNumber() or 1
        if not count:
            message = f"The XML cannot be read: line {line}: {error.getMessage()}."
            raise BadCatalogue(message) from error
        complain(Problem(line, "", f"the XML breaks off here ({error.getMessage()}); the rest is not read"))
    except DefusedXmlException as error:
        raise BadCatalogue(
            "The XML declares entities of its own; feeds do not, and they can harm."
        ) from error
    else:
        yield from collector.rows
        count += len(collector.rows)
    if not count:
        root = collector.seen_root or "nothing"
        raise BadCatalogue(f"No <item> or <entry> in the XML (it begins with <{root}>).")
