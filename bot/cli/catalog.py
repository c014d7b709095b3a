"""`aisle catalog`: the shop's products, from a file other programs write."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.cli.common import as_json, migrated, say

if TYPE_CHECKING:
    from bot.shop.importing.items import Problem, Report

SHOWN = 20  # problems on the screen; all of them with --json


@click.group("catalog")
def command() -> None:
    """The shop's products."""


@command.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--source", default="auto", show_default=True, help="auto, merchant, merchant_xml or shopify.")
@click.option("--replace", is_flag=True, help="Remove products the file does not have.")
@click.option("--currency", help="Of prices that name none; the shop's own when left out.")
@as_json
def import_(file: Path, source: str, replace: bool, currency: str | None, is_json: bool) -> None:
    """Import FILE: a Google Merchant product feed (TSV or XML) or a Shopify product CSV; may be gzipped.

    Rows that are wrong are reported by line and field; the rest is imported and can be found at once.
    """
    from bot.core.profile import load as load_profile
    from bot.shop import import_catalogue
    from bot.shop.importing.items import Progress
    from bot.store.database import Database

    chosen = migrated()
    database = Database(chosen.database, threads=1)
    is_bar = not is_json and sys.stderr.isatty()
    try:
        with click.progressbar(length=1000, label=file.name, file=sys.stderr, hidden=not is_bar) as bar:

            def tell(progress: Progress) -> None:
                bar.update(max(0, round(progress.share * 1000) - bar.pos))

            report = import_catalogue(
                database,
                file,
                source=source,
                on_progress=tell,
                replace=replace,
                currency=currency or load_profile(chosen.shop_file).currency,
                home=chosen.home,
            )
    finally:
        database.close()
    if is_json:
        say({**asdict(report), "ok": not report.skipped})
    else:
        _show(report)


def _show(report: "Report") -> None:
    click.echo(
        f"{report.imported} rows imported: {report.products} products, {report.variants} variants, "
        f"{report.removed} removed, {report.skipped} rows left out, in {report.seconds:.1f} s."
    )
    if not report.problems:
        return
    click.echo(f"\n{'line':>8}  {'field':<22} what is wrong")
    for problem in report.problems[:SHOWN]:
        click.echo(_row(problem))
    if len(report.problems) > SHOWN:
        click.echo(f"          … and {len(report.problems) - SHOWN} more: --json lists all of them")


def _row(problem: "Problem") -> str:
    ending = " (row left out)" if problem.is_skipped else ""
    return f"{problem.line:>8}  {problem.field[:22]:<22} {problem.message}{ending}"
