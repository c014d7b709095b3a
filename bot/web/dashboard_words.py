"""A metric's words in the reader's language; English stands in the metric's own module."""

from collections.abc import Mapping
from dataclasses import replace

from bot.core import languages
from bot.metrics.registry import Metric
from bot.metrics.values import Result, Row
from bot.web.pages import catalogues

CHANNEL_ROWS = ("conversations", "channels", "channel_service")  # metrics whose rows are channels


def said(key: str, locale: str, default: str) -> str:
    """The text of `dashboard.<key>` in a locale, else in English, else `default`."""
    texts = catalogues()
    name = f"dashboard.{key}"
    return str(texts.get(locale, {}).get(name) or texts.get("en", {}).get(name) or default)


def words_of(metric: Metric, locale: str) -> dict[str, str]:
    """Title, definition and formula."""
    key = f"metric.{metric.NAME}"
    return {
        "title": said(f"{key}.title", locale, metric.TITLE),
        "definition": said(f"{key}.definition", locale, metric.DEFINITION),
        "formula": said(f"{key}.formula", locale, metric.FORMULA),
    }


def in_words(name: str, result: Result, locale: str, titles: Mapping[str, str]) -> Result:
    """The result with titles of columns, labels of rows and what is missing translated; `titles` of intents."""
    columns = tuple(
        replace(column, title=said(f"column.{name}.{column.name}", locale, column.title))
        for column in result.columns
    )
    rows = tuple(replace(row, label=_label(name, row, locale, titles)) for row in result.rows)
    if name == "comments":  # its last column says who answered
        who = [said(f"closed_{row.cells[-1]}", locale, str(row.cells[-1])) for row in rows]
        rows = tuple(replace(row, cells=(*row.cells[:-1], one)) for row, one in zip(rows, who, strict=True))
    missing = said(f"missing.{name}", locale, result.missing) if result.missing else ""
    return replace(result, columns=columns, rows=rows, missing=missing)


def _label(name: str, row: Row, locale: str, titles: Mapping[str, str]) -> str:
    if name == "intents":
        if row.label in titles:
            return titles[row.label]
        topic, _, rest = row.label.partition("/")
        return (f"{topic}: {rest}" if rest else topic).replace("_", " ")
    if name == "volume":
        day, _, hour = row.key.partition("-")
        return f"{languages.formats(locale)['weekdays_alone'][int(day) - 1]}, {int(hour):02}:00"
    if name in CHANNEL_ROWS and row.key != "all":
        return said(f"channel.{row.key}", locale, row.label)
    return said(f"row.{name}.{row.key}", locale, row.label)
