"""Importing a catalogue file: read, check, keep, publish."""

import time
from collections.abc import Iterator
from pathlib import Path

from bot.core.errors import BadInput
from bot.shop import publishing
from bot.shop.importing import merchant, shopify
from bot.shop.importing.items import BadCatalogue, Item, OnProgress, Problem, Progress, Report, Row
from bot.shop.importing.keeping import Keeper
from bot.shop.importing.sources import SOURCES, Source
from bot.store.database import Database

READERS: dict[str, type[merchant.Reader] | type[shopify.Reader]] = {
    "merchant": merchant.Reader,
    "merchant_xml": merchant.Reader,
    "shopify": shopify.Reader,
}
TELL_EVERY = 250  # rows


def import_catalogue(
    database: Database,
    path: Path | str,
    *,
    source: str = "auto",
    on_progress: OnProgress | None = None,
    replace: bool = False,
    currency: str = "EUR",
    home: Path | None = None,
    kept_as: str = "import",
) -> Report:
    """Bring the products of a file in; what is there under the same id is updated.

    `source` is auto or one of `SOURCES`. `replace` removes products and variants the file does not have.
    `currency` stands in where a price names none. `home` is where the index and the gazetteer go.

    Raises:
        BadCatalogue: the file is empty, unreadable, of no known format, or has not one good row.
    """
    if source != "auto" and source not in SOURCES:
        raise BadInput(f"source is auto or one of {', '.join(SOURCES)}", field="source")
    began = time.monotonic()
    problems: list[Problem] = []
    file = Source(Path(path))
    try:
        kind = file.detect() if source == "auto" else source
        reader = READERS[kind](problems.append, currency=currency)
        keeper = Keeper(database, problems.append, source=kept_as)
        keeper.keep(reader.items(_counted(file, file.rows(kind, problems.append), on_progress)))
    finally:
        file.close()
    if not keeper.imported:
        first = f" First problem: line {problems[0].line}: {problems[0].message}" if problems else ""
        raise BadCatalogue(f"{Path(path).name} has no product in it.{first}")
    removed = keeper.remove_others() if replace else 0
    keeper.remove_empty()
    fresh = publishing.publish(database, home or publishing.home_of(database))
    return Report(
        imported=keeper.imported,
        products=len(keeper.counts),
        variants=len(keeper.lines),
        removed=removed,
        problems=sorted(problems, key=lambda problem: problem.line),
        seconds=time.monotonic() - began,
        skipped=sum(problem.is_skipped for problem in problems),
        version=fresh,
    )


def _counted(file: Source, rows: Iterator[Row], on_progress: OnProgress | None) -> Iterator[Row]:
    count = 0
    for row in rows:
        yield row
        count += 1
        if on_progress is not None and count % TELL_EVERY == 0:
            on_progress(Progress(count, file.share))
    if on_progress is not None:
        on_progress(Progress(count, 1.0))


__all__ = ["BadCatalogue", "Item", "Problem", "Progress", "Report", "import_catalogue"]
