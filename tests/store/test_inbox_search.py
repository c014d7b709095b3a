"""What agents find when they type into the inbox's search field."""

import pytest

from bot.core.times import now
from bot.store import inbox
from bot.store.database import Database
from bot.store.tables import Contact, Conversation


@pytest.fixture
def shoppers(database: Database) -> Database:
    people = {
        "ada": ("Ada Lovelace", "ada@shop.example", "Where is my parcel?"),
        "sar": ("Šarūnas Žukas", "sz@shop.example", "ačiū"),
        "odd": ("100%_Bob", "bob@shop.example", "hello"),
    }
    at = now()
    with database.writing() as session:
        for key, (name, email, said) in people.items():
            session.add(Contact(id=key, name=name, email=email, created_at=at))
            session.flush()
            session.add(
                Conversation(id=f"{key}-talk", contact_id=key, channel="web", opened_at=at, last_at=at, last_text=said)
            )  # fmt: skip
    return database


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ada", ["ada-talk"]),
        ("LOVELACE", ["ada-talk"]),
        ("ADA@shop", ["ada-talk"]),
        ("My Parcel", ["ada-talk"]),
        ("sar-talk", ["sar-talk"]),
        ("Šarūnas", ["sar-talk"]),
        ("žukas", ["sar-talk"]),
        ("ačiū", ["sar-talk"]),
        ("%_b", ["odd-talk"]),
        ("100_", []),
        ("shop.example", ["ada-talk", "odd-talk", "sar-talk"]),
        ("nobody", []),
    ],
)
def test_a_search_finds_names_addresses_and_the_last_words_in_any_case(
    shoppers: Database, text: str, found: list[str]
) -> None:
    with shoppers.reading() as session:
        rows, has_more = inbox.listed(session, view="all", user_id=1, text=text)
    assert sorted(row["id"] for row in rows) == found
    assert not has_more
