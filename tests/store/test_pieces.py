"""Pieces are found again under the platform's ids and under ours."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from bot.core.channel import own_id
from bot.core.ids import new_id
from bot.store import conversations, pieces
from bot.store.database import Database
from bot.store.tables import Message

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)


def message(session: Session) -> Message:
    conversation = conversations.make(
        session,
        conversation_id=new_id(),
        contact_id=new_id(),
        channel="messenger",
        account="page",
        external_id="psid",
        language="en",
        at=AT,
    )
    row = Message(
        conversation_id=conversation.id,
        episode=1,
        direction="out",
        author="bot",
        channel="messenger",
        account="page",
        created_at=AT,
        stored_at=AT,
        state="pending",
    )
    session.add(row)
    session.flush()
    return row


def test_a_piece_is_found_by_either_id(database: Database) -> None:
    with database.writing() as session:
        row = message(session)
        pieces.begin(session, row, 0, at=AT)
        second = pieces.begin(session, row, 1, at=AT)
        pieces.sent(second, platform_id="m_1", at=AT)
    with database.reading() as session:
        by_ours = pieces.find_by_own_id(session, own_id(row.id, 1))
        by_theirs = pieces.find_by_platform_id(
            session, channel="messenger", account="page", platform_id="m_1"
        )
        elsewhere = pieces.find_by_platform_id(
            session, channel="messenger", account="other", platform_id="m_1"
        )
        assert by_ours is by_theirs
        assert by_ours is not None
        assert (by_ours.number, by_ours.state) == (1, "sent")
        assert elsewhere is None
        assert [piece.number for piece in pieces.of_message(session, row.id)] == [0, 1]


@pytest.mark.parametrize("text", ["", "aisle:1", "aisle:1:x", "other:1:0", "aisle:1:0:2", "aisle:9999:0"])
def test_what_is_not_an_id_of_ours_finds_nothing(database: Database, text: str) -> None:
    with database.reading() as session:
        assert pieces.find_by_own_id(session, text) is None


def test_the_first_answer_about_a_piece_stands(database: Database) -> None:
    with database.writing() as session:
        piece = pieces.begin(session, message(session), 0, at=AT)
        assert pieces.sent(piece, platform_id="m_1", at=AT)
        assert not pieces.sent(piece, platform_id="m_2", at=AT + timedelta(seconds=1))
        assert not pieces.failed(piece)
        assert (piece.platform_id, piece.sent_at, piece.state) == ("m_1", AT, "sent")


def test_a_piece_tried_again_is_the_same_piece(database: Database) -> None:
    with database.writing() as session:
        row = message(session)
        piece = pieces.begin(session, row, 0, at=AT)
        assert pieces.failed(piece)
        again = pieces.begin(session, row, 0, at=AT + timedelta(seconds=5))
        assert again is piece
        assert (again.state, again.tried_at) == ("sending", AT + timedelta(seconds=5))
