"""Answers in the shop's own words: they replace the bot's at once, without training."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from bot.core.errors import BadInput, Conflict, NotFound
from bot.core.text import clean
from bot.core.times import now
from bot.desk import default_answers
from bot.desk.default_answers import Default
from bot.store import answers as rows
from bot.store.database import Database

TEXT_MOST = 4_000


@dataclass(frozen=True)
class Edited:
    """The shop's wording of one answer in one locale."""

    name: str
    locale: str
    text: str
    version: int
    by: str
    at: datetime


def edited(session: Session) -> list[Edited]:
    """All edited answers with who wrote them."""
    names = rows.editors(session)
    return [
        Edited(row.name, row.locale, row.text, row.version, names.get(row.user_id or 0, ""), row.updated_at)
        for row in rows.all_answers(session)
    ]


def overrides(session: Session) -> dict[tuple[str, str], tuple[str, str]]:
    """(response name, locale) -> (text, version) of everything the shop has edited."""
    return {(row.name, row.locale): (row.text, f"v{row.version}") for row in rows.all_answers(session)}


def save(
    session: Session,
    default: Default | None,
    *,
    locale: str,
    text: str,
    user_id: int | None,
    base_version: int | None = None,
) -> int:
    """Keep a new wording; its version. `base_version` is what the editor saw (0: the default).

    Raises:
        NotFound: the bot has no such answer.
        BadInput: empty, too long, or an answer whose placeholders only the bot can fill.
        Conflict: somebody else saved another version meanwhile.
    """
    if default is None:
        raise NotFound("the bot has no answer of that name")
    if not default.is_editable:
        raise BadInput(
            "The bot fills in parts of this answer; change it in the training files.", field="name"
        )
    text = clean(text)
    if not text:
        raise BadInput("Write the answer first, or go back to the default.", field="text")
    if len(text) > TEXT_MOST:
        raise BadInput(f"An answer has at most {TEXT_MOST} characters.", field="text")
    version = rows.next_version(session)
    _check_base(session, default.name, locale, base_version)
    rows.save(
        session, name=default.name, locale=locale, text=text, version=version, user_id=user_id, at=now()
    )
    return version


def reset(session: Session, name: str, *, locale: str, base_version: int | None = None) -> int:
    """Go back to the bot's own words; the content version after it.

    Raises:
        Conflict: somebody else saved another version meanwhile.
    """
    version = rows.next_version(session)
    _check_base(session, name, locale, base_version)
    rows.remove(session, name=name, locale=locale)
    return version


def _check_base(session: Session, name: str, locale: str, base_version: int | None) -> None:
    if base_version is None:
        return
    present = rows.one(session, name=name, locale=locale)
    if (present.version if present else 0) != base_version:
        raise Conflict("Somebody else changed this answer meanwhile. Reload to see their words.")


class Answers:
    """The desk's look-up on each turn, from memory. Call `refresh` after a save, and now and then for the
    saves of other desk processes (the sweep of `bot.bootstrap` does)."""

    def __init__(self, database: Database, *, defaults: Mapping[str, Default] | None = None) -> None:
        self._database = database
        self._defaults = defaults
        self._texts: dict[tuple[str, str], tuple[str, str]] = {}
        self._version = -1
        self._lock = threading.Lock()

    @property
    def defaults(self) -> Mapping[str, Default]:
        """The bot's own answers, read once."""
        if self._defaults is None:
            self._defaults = default_answers.read()
        return self._defaults

    def refresh(self) -> None:
        """Read the edits again when there are new ones; blocking, one short query when there are none."""
        with self._lock, self._database.reading() as session:
            version = rows.content_version(session)
            if version != self._version:
                self._texts, self._version = overrides(session), version

    def text_for(self, name: str, locale: str) -> tuple[str, str] | None:
        """The shop's (text, version) of a response, or None when it has not edited it.

        An English edit speaks for a locale in which the bot itself would fall back to English.
        From memory, but for the very first call, which reads: make that in a database thread.
        """
        if self._version < 0:
            self.refresh()
        texts = self._texts
        if not texts:
            return None
        base = locale.split("-")[0]
        for candidate in (locale, base):
            found = texts.get((name, candidate))
            if found is not None:
                return found
        default = self.defaults.get(name)
        has_own = default is not None and (locale in default.texts or base in default.texts)
        return None if has_own else texts.get((name, "en"))
