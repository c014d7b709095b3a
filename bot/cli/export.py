"""`aisle export`: conversations, messages, facts and surveys as JSON lines or CSV."""

import csv
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

import click

from bot.cli.common import migrated

FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would run what a shopper wrote


class _Moment(click.ParamType[datetime]):
    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        try:
            found = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(
                f"{value!r} is not a date or time: write 2026-01-31 or 2026-01-31T10:00+01:00", param, ctx
            )
        return found if found.tzinfo else found.replace(tzinfo=UTC)


@click.command("export")
@click.argument(
    "what",
    type=click.Choice(["all", "conversations", "messages", "facts", "surveys"]),
    default="all",
)
@click.option("--format", "shape", type=click.Choice(["jsonl", "csv"]), default="jsonl", show_default=True)
@click.option("--since", type=_Moment(), help="From this time on (UTC unless said).")
@click.option("--until", type=_Moment(), help="Before this time.")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="File; standard output when left out."
)
def command(what: str, shape: str, since: datetime | None, until: datetime | None, out: Path | None) -> None:
    """Write WHAT as JSON lines (each with its table's name) or CSV."""
    if what == "all" and shape == "csv":
        raise click.UsageError("CSV holds one table: say conversations, messages, facts or surveys.")
    from bot.store import export
    from bot.store.database import Database

    database = Database(migrated().database, threads=1)
    names = list(export.TABLES) if what == "all" else [what]
    count = 0
    try:
        with _target(out) as file, database.reading() as session:
            for name in names:
                write = _writer(shape, file, name, export.columns(name))
                for row in export.rows(session, name, since=since, until=until):
                    write(row)
                    count += 1
    finally:
        database.close()
    click.echo(f"{count} rows{f' in {out}' if out else ''}", err=True)


@contextmanager
def _target(out: Path | None) -> Iterator[TextIO]:
    if out is None:
        yield sys.stdout
        return
    with out.open("w", encoding="utf-8", newline="") as file:
        yield file


def _writer(shape: str, file: TextIO, name: str, columns: list[str]) -> Callable[[dict[str, Any]], None]:
    if shape == "csv":
        rows = csv.writer(file)
        rows.writerow(columns)
        return lambda row: rows.writerow([_cell(row[column]) for column in columns])
    return lambda row: print(json.dumps({"table": name, **row}, ensure_ascii=False), file=file)


def _cell(value: Any) -> Any:
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, str) and value.startswith(FORMULA_SIGNS):
        return f"'{value}"
    return "" if value is None else value
