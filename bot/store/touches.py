"""Public touches as agents list them."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from bot.core.errors import BadInput
from bot.store.tables import Conversation, Touch

PAGE = 50
KINDS = ("comment", "live_comment", "post", "story_mention")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CURSOR = re.compile(r"([0-9]{1,16})-([0-9]{1,15})")  # microseconds since 1970, and the id


def listed(
    session: Session, *, cursor: str = "", channel: str = "", kind: str = "", limit: int = PAGE
) -> tuple[list[dict[str, Any]], str]:
    """Touches, newest first, from `cursor` on, and the cursor of the rest (empty: there is none).

    Raises:
        BadInput: a cursor that is not one of ours.
    """
    query = (
        select(Touch, Conversation.owner)
        .outerjoin(Conversation, Conversation.id == Touch.conversation_id)
        .order_by(Touch.at.desc(), Touch.id.desc())
        .limit(limit + 1)
    )
    if channel:
        query = query.where(Touch.channel == channel)
    if kind:
        query = query.where(Touch.kind == kind)
    if cursor:
        query = query.where(tuple_(Touch.at, Touch.id) < _place(cursor))
    rows = session.execute(query).all()
    found = [_shown(touch, owner) for touch, owner in rows[:limit]]
    if len(rows) <= limit:
        return found, ""
    last: Touch = rows[limit - 1][0]
    return found, f"{(last.at - EPOCH) // timedelta(microseconds=1)}-{last.id}"


def _place(cursor: str) -> tuple[datetime, int]:
    found = _CURSOR.fullmatch(cursor)
    if found is None:
        raise BadInput("that is no cursor of ours", field="cursor")
    return EPOCH + timedelta(microseconds=int(found[1])), int(found[2])


def _shown(touch: Touch, owner: str | None) -> dict[str, Any]:
    return {
        "id": touch.id,
        "channel": touch.channel,
        "account": touch.account,
        "kind": touch.kind,
        "name": touch.name,
        "text": touch.text,
        "url": touch.url,
        "parent": touch.parent,
        "at": touch.at.isoformat(),
        "state": touch.state,
        "reason": touch.reason,
        "conversation_id": touch.conversation_id,
        "owner": owner,
    }
