"""Statements run by the driver itself behave as those SQLAlchemy runs."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bot.core.ids import new_id
from bot.core.times import now
from bot.desk.figures import Figures
from bot.store import conversations, messages, prepared, statements
from bot.store.database import Database
from bot.store.tables import Conversation, Event, Fact, Message


def _conversation(session: Session) -> Conversation:
    return conversations.make(
        session,
        conversation_id=new_id(),
        contact_id=new_id(),
        channel="web",
        account="",
        external_id=new_id(),
        language="en",
        at=now(),
    )


def _message(session: Session, conversation_id: str) -> messages.Written:
    values = {
        "conversation_id": conversation_id,
        "episode": 1,
        "direction": "out",
        "author": "bot",
        "channel": "web",
        "text": "Ačiū 🙂",
        "parts": [{"type": "products", "items": [{"title": "Žibintas"}]}],
        "created_at": now(),
        "stored_at": now() - timedelta(days=20_000),
        "state": "sent",
    }
    return messages.add(session, values)


def test_values_and_answers_pass_the_types_of_their_columns(database: Database) -> None:
    with database.writing() as session:
        conversation = _conversation(session)
        written = _message(session, conversation.id)
        at = now()
        conversations.append_event(session, conversation, "message", at=at, data={"x": 1}, message=written)
        key = {"conversation_id": conversation.id, "seq": 0, "limit": 10}
        quick = prepared.rows(session, statements.EVENTS_AFTER[True], key)
        slow = session.connection().execute(statements.EVENTS_AFTER[True], key).all()
        assert [tuple(row) for row in quick] == [tuple(row) for row in slow]
        assert (quick[0].seq, quick[0].at, quick[0].data, quick[0].parts) == (1, at, {"x": 1}, written.parts)


def test_columns_left_out_get_the_defaults_of_the_table(database: Database) -> None:
    with database.writing() as session:
        written = _message(session, _conversation(session).id)
    with database.reading() as session:
        message = session.get_one(Message, written.id)
        assert (message.page, message.payload, message.attempts, message.understood) == ({}, "", 0, None)


def test_a_conversation_read_the_quick_way_is_the_one_of_its_unit_of_work(database: Database) -> None:
    with database.writing() as session:
        conversation_id = _conversation(session).id
    with database.writing() as session:
        conversation = conversations.locked(session, conversation_id)
        conversation.last_text = "changed"
        assert conversations.locked(session, conversation_id) is conversation
        assert session.get_one(Conversation, conversation_id) is conversation
    with database.writing() as session:
        conversation = conversations.locked(session, conversation_id)
        assert conversation.last_text == "changed"
        conversation.last_text = "saved"
        conversations.save(session, conversation)
    with database.reading() as session:
        assert session.get_one(Conversation, conversation_id).last_text == "saved"


def test_facts_of_a_unit_of_work_are_kept_in_order_or_not_at_all(database: Database) -> None:
    with database.writing() as session:
        conversation = _conversation(session)
        for kind in ("opened", "message_in", "closed"):
            conversations.add_fact(session, conversation, kind, at=now())

    class Broken(Exception): ...

    def breaks() -> None:
        with database.writing() as session:
            conversations.add_fact(session, conversation, "reopened", at=now())
            raise Broken

    with pytest.raises(Broken):
        breaks()
    with database.reading() as session:
        assert list(session.scalars(select(Fact.kind).order_by(Fact.id))) == [
            "opened",
            "message_in",
            "closed",
        ]


def test_what_the_database_refuses_is_wrapped_counted_and_rolled_back(database: Database) -> None:
    figures = Figures()
    figures.watch(database.writer)
    with database.writing() as session:
        conversation_id = _conversation(session).id

    def repeats() -> None:
        with database.writing() as session:
            conversation = conversations.locked(session, conversation_id)
            conversations.append_event(session, conversation, "episode", at=now())
            conversation.last_seq = 0
            conversations.append_event(session, conversation, "episode", at=now())

    with pytest.raises(IntegrityError):
        repeats()
    assert figures.registry.get_sample_value("aisle_database_errors_total") == 1
    with database.reading() as session:
        assert list(session.scalars(select(Event))) == []
