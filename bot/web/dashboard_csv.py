"""A metric as a CSV file that a spreadsheet can open without running anything."""

import csv
import io
from datetime import datetime

from bot.metrics.values import Cell, Result

# A cell that begins like this is a formula to Excel, LibreOffice or Sheets (OWASP, "CSV injection").
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")
BOM = "\ufeff"  # without it Excel reads UTF-8 as the local code page


def safe(text: str) -> str:
    """Text that stays text: an apostrophe before what would be read as a formula."""
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA) else text


def as_csv(result: Result, *, label: str, key: str, behind: str) -> str:
    """Header and one line per row: key, label, the columns with their unit, conversations behind the row."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    units = {"percent": " (%)", "seconds": " (s)", "at": " (UTC)"}
    titles = [f"{column.title}{units.get(column.unit, '')}" for column in result.columns]
    writer.writerow([safe(text) for text in (key, label, *titles, behind)])
    for row in result.rows:
        cells = [_cell(cell) for cell in row.cells]
        writer.writerow([safe(row.key), safe(row.label), *cells, row.conversations])
    return BOM + out.getvalue()


def _cell(cell: Cell) -> str | int:
    match cell:
        case None:
            return ""
        case datetime():
            return cell.strftime("%Y-%m-%d %H:%M:%S")
        case float():
            return f"{cell:.4f}".rstrip("0").rstrip(".")  # numbers of ours are never negative
        case str():
            return safe(cell)
    return cell
