"""A metric's words in the reader's language; English stands in the metric's own module."""

from dataclasses import replace

from bot.metrics.registry import Metric
from bot.metrics.values import Result, Row
from bot.web.pages import catalogues

CHANNEL_ROWS = ("conversations", "channels", "channel_service")  # metrics whose rows are channels


def said(key: str, locale: str, default: str) -> str:
    """The text of `dashboard.<key>` in a locale, else in English, else `default`."""
    texts = catalogues()
    name = f"dashboard.{key}"
    return texts.get(locale, {}).get(name) or texts.get("en", {}).get(name) or default


def words_of(metric: Metric, locale: str) -> dict[str, str]:
    """Title, definition and formula."""
    key = f"metric.{metric.NAME}"
    return {
        "title": said(f"{key}.title", locale, metric.TITLE),
        "definition": said(f"{key}.definition", locale, metric.DEFINITION),
        "formula": said(f"{key}.formula", locale, metric.FORMULA),
    }


def in_words(name: str, result: Result, locale: str) -> Result:
    """The result with titles of columns, labels of rows and what is missing translated."""
    columns = tuple(
        replace(column, title=said(f"column.{name}.{column.name}", locale, column.title))
        for column in result.columns
    )
    rows = tuple(replace(row, label=_label(name, row, locale)) for row in result.rows)
    missing = said(f"missing.{name}", locale, result.missing) if result.missing else ""
    return replace(result, columns=columns, rows=rows, missing=missing)


def _label(name: str, row: Row, locale: str) -> str:
    if name == "intents":
        topic, _, rest = row.label.partition("/")
        return (f"{topic}: {rest}" if rest else topic).replace("_", " ")
    if name in CHANNEL_ROWS and row.key != "all":
        return said(f"channel.{row.key}", locale, row.label)
    return said(f"row.{name}.{row.key}", locale, row.label)
