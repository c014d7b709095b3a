"""The searcher in use: loaded once, swapped at the first search after the catalogue changed."""

import logging
import threading
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from bot.shop import index as indexing
from bot.shop import publishing
from bot.shop.search import Searcher
from bot.shop.tables import Product
from bot.store.database import Database

log = logging.getLogger("aisle.shop")
SMALL = 3000  # products indexed while the search waits (half a second); more are indexed behind the old index


class Serving:
    """Gives the searcher of the catalogue's present version; safe to call from many threads."""

    def __init__(self, database: Database, home: Path) -> None:
        self.database = database
        self.home = home
        self._searcher: Searcher | None = None
        self._lock = threading.Lock()
        self._building = ""

    def searcher(self, session: Session) -> Searcher:
        """The searcher to use now; `session` is used to look at the version only."""
        version = publishing.version(session)
        current = self._searcher
        if current is not None and current.index.version == version:
            return current
        with self._lock:
            current = self._searcher
            if current is not None and current.index.version == version:
                return current
            index = (
                indexing.load(publishing.index_file(self.home, version), version=version) if version else None
            )
            if index is not None:
                self._searcher = Searcher(index)
                return self._searcher
            count = session.scalar(select(func.count()).select_from(Product)) or 0
            if current is None or count <= SMALL:
                self._searcher = self._build(version)
                return self._searcher
            if self._building != version:
                self._building = version
                threading.Thread(target=self._build_behind, args=(version,), daemon=True).start()
            return current

    def _build(self, version: str) -> Searcher:
        index = publishing.build(self.database, version=version)
        if version:
            try:
                indexing.save(index, publishing.index_file(self.home, version))
            except OSError as error:  # a read-only home: the index lives in memory only
                log.warning("the search index cannot be written", extra={"reason": str(error)})
        return Searcher(index)

    def _build_behind(self, version: str) -> None:
        try:
            self._searcher = self._build(version)
        except SQLAlchemyError as error:
            log.warning("the search index cannot be built", extra={"reason": type(error).__name__})
        finally:
            self._building = ""
