"""Writing single messages without loading them: what every turn does (see `bot.store.statements` on cost)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from bot.store import prepared, statements
from bot.store.tables import Message


@dataclass(frozen=True, slots=True)
class Written:
    """A message this unit of work has written; fields as in `bot.store.tables.Message`."""

    id: int
    author: str
    text: str
    parts: list[dict[str, Any]]
    state: str
    episode: int
    user_id: int | None = None
    platform_id: str | None = None
    response: str = ""
    content_version: str = ""
    cause_id: int | None = None


def add(session: Session, values: dict[str, Any]) -> Written:
    """Write a message of these columns; of those not in `Written`, any left out get the table's defaults."""
    message_id = prepared.value(session, statements.NEW_MESSAGE, values)
    known = {name: values[name] for name in _KEPT if name in values}
    return Written(id=message_id, **known)


def handle(
    session: Session, message_id: int, *, understood: dict[str, Any], language: str = "", at: datetime
) -> int | None:
    """Mark a shopper message as answered; its episode, or None when it was so before. `language` where it is known."""
    values = {"message_id": message_id, "understood": understood, "handled_at": at}
    if language:
        values["language"] = language
    episode: int | None = prepared.value(session, statements.HANDLE_MESSAGE, values)
    return episode


def rewrite_under(session: Session, written: Sequence[Written], *, owner_version: int) -> None:
    """Make these messages ones of another owner version."""
    query = update(Message).where(Message.id.in_([message.id for message in written]))
    session.execute(query.values(owner_version=owner_version).execution_options(synchronize_session=False))


def move(session: Session, message_id: int, *, episode: int) -> None:
    """Count a message to another episode."""
    query = update(Message).where(Message.id == message_id).values(episode=episode)
    session.execute(query.execution_options(synchronize_session=False))


def id_of_platform(session: Session, *, channel: str, account: str, platform_id: str) -> int | None:
    """Id of the message the platform knows under this one, when it has been stored before."""
    key = {"channel": channel, "account": account, "platform_id": platform_id}
    found: int | None = prepared.value(session, statements.ID_OF_PLATFORM, key)
    return found


_KEPT = tuple(name for name in Written.__slots__ if name != "id")
