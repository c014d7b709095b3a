"""The writing thread keeps its connection: a unit that fails leaves nothing behind, and others are let in beside it."""

import asyncio

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from bot.core.times import now
from bot.store.database import Database
from bot.store.tables import Attempt


def add(session: Session, key: str, *, fails: bool = False) -> None:
    session.add(Attempt(key=key, at=now()))
    session.flush()
    if fails:
        raise RuntimeError(key)


def kept(session: Session) -> list[str]:
    return list(session.scalars(select(Attempt.key).order_by(Attempt.key)))


async def test_what_a_failed_unit_wrote_is_gone_and_the_next_is_kept(database: Database) -> None:
    await database.write(add, "one")
    with pytest.raises(RuntimeError, match="two"):
        await database.write(add, "two", fails=True)
    await database.write(add, "three")
    assert await database.read(kept) == ["one", "three"]


async def test_a_statement_that_fails_does_not_spoil_those_after_it(database: Database) -> None:
    def wrong(session: Session) -> None:
        session.connection().exec_driver_sql("SELECT nothing FROM nowhere")

    for key in ("one", "two"):
        with pytest.raises(Exception, match="nowhere"):
            await database.write(wrong)
        await database.write(add, key)
    assert await database.read(kept) == ["one", "two"]


async def test_units_of_other_threads_take_turns_with_it(database: Database) -> None:
    def beside(key: str) -> None:
        with database.writing() as session:
            add(session, key)

    await asyncio.gather(
        *(database.write(add, f"a{number}") for number in range(20)),
        *(asyncio.to_thread(beside, f"b{number}") for number in range(20)),
    )
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Attempt)) == 40


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_one_connection_serves_unit_after_unit(database: Database) -> None:
    fetched = []
    event.listen(database.writer, "checkout", lambda *told: fetched.append(told))
    for number in range(5):
        await database.write(add, str(number))
    assert len(fetched) == 1
