"""docs/benchmarks.md, written whole by `python -m benchmarks` or section by section by the programs themselves."""

import os
import re

from benchmarks import machine
from benchmarks.tables import Report

DOCUMENT = machine.ROOT / "docs" / "benchmarks.md"


def section(title: str, report: Report, *, made_by: str = "") -> str:
    """A report under its heading; `made_by`: the command, told with the machine when it is not the document's own."""
    lines = [f"## {title}", ""]
    if made_by:
        known = {row[0]: row[1] for row in machine.describe().rows}
        lines += [
            f"Made by `{made_by}` on {known['date']}, commit {known['commit']}, {known['processor']}, "
            f"load before and after the run as told below ({os.getloadavg()[1]:.1f} over the last five minutes).",
            "",
        ]
    return "\n".join([*lines, report.markdown() if made_by else _tables(report)])


def _tables(report: Report) -> str:
    return "\n".join(table.markdown() for table in report.tables)


def put(text: str, title: str, new: str) -> str:
    """`text` with the section `title` replaced by `new`, or with it at the end."""
    found = re.search(rf"^## {re.escape(title)}\n.*?(?=^## |\Z)", text, re.M | re.S)
    if found is None:
        return f"{text.rstrip()}\n\n{new.rstrip()}\n"
    return f"{text[: found.start()]}{new.rstrip()}\n\n{text[found.end() :]}".rstrip() + "\n"


def write(title: str, report: Report, *, made_by: str) -> None:
    """Put one section into the document."""
    text = DOCUMENT.read_text(encoding="utf-8")
    DOCUMENT.write_text(put(text, title, section(title, report, made_by=made_by)), encoding="utf-8")
