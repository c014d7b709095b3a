"""What is kept of a check of a channel's account."""

import asyncio

from bot.core.channel import Finding
from bot.core.times import now
from bot.desk.channel_checks import Checked, accounts, record
from bot.store.database import Database

WELL = Checked("1077", (Finding("ok", "the token is good", name="Larch & Loom"),))
UNREACHED = Checked("1077", (Finding("warning", "the platform could not be asked"),), is_asked=False)
DEAD = Checked(
    "1077",
    (
        Finding("ok", "reached"),
        Finding("warning", "ends soon"),
        Finding("broken", "the token is dead", "make a new one"),
    ),
)


def kept(database: Database) -> tuple[str, str, str]:
    """State, reason and name of the only account."""
    with database.reading() as session:
        (row,) = accounts(session)
        return row.state, row.reason, row.name


def keep(database: Database, checked: Checked) -> None:
    with database.writing() as session:
        record(session, "messenger", checked, at=now())


def test_the_worst_finding_is_kept_with_what_to_do(database: Database) -> None:
    keep(database, DEAD)
    assert kept(database) == ("broken", "the token is dead: make a new one", "")
    keep(database, WELL)
    assert kept(database) == ("ok", "", "Larch & Loom")
    keep(database, DEAD)
    assert kept(database)[2] == "Larch & Loom", "a dead token does not make the name forgotten"


def test_a_platform_that_is_not_reached_neither_breaks_nor_mends_an_account(database: Database) -> None:
    keep(database, UNREACHED)
    assert kept(database)[0] == "warning", "nothing better is known"
    for checked in (WELL, DEAD):
        keep(database, checked)
        before = kept(database)
        keep(database, UNREACHED)
        assert kept(database) == before


async def test_several_may_look_at_a_new_account_at_once(database: Database) -> None:
    writes = [database.write(record, "messenger", checked, at=now()) for checked in (WELL, DEAD) * 8]
    await asyncio.gather(*writes)
    assert kept(database)[0] in ("ok", "broken")
