"""Catalogue, search and orders of the shop.

The few things other parts call by name; each is imported when called, so that `bot.shop.contract` stays light.
"""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.core.profile import Profile
    from bot.shop.importing.items import OnProgress, Report
    from bot.store.database import Database


def import_catalogue(
    database: "Database",
    path: Path | str,
    *,
    source: str = "auto",
    on_progress: "OnProgress | None" = None,
    replace: bool = False,
    currency: str = "EUR",
    home: Path | None = None,
) -> "Report":
    """See `bot.shop.importing.catalogue.import_catalogue`."""
    from bot.shop.importing import catalogue

    return catalogue.import_catalogue(
        database, path, source=source, on_progress=on_progress, replace=replace, currency=currency, home=home
    )


def load_demo(database: "Database", profile: "Profile | None" = None, *, home: Path | None = None) -> None:
    """See `bot.shop.demo.load.load_demo`."""
    from bot.shop.demo import load

    load.load_demo(database, profile, home=home)


def remove_demo(database: "Database", *, home: Path | None = None) -> None:
    """See `bot.shop.demo.load.remove_demo`."""
    from bot.shop.demo import load

    load.remove_demo(database, home=home)
