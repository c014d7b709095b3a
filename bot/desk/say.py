"""Writing an outgoing message: a row in the outbox, sent later by `bot.desk.deliver`, or one that has left already."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from bot.core.messages import Choice, Part, QuickReplies, Text, to_json
from bot.desk.context import Context
from bot.store import messages
from bot.store.messages import Written
from bot.store.tables import Conversation


def say(
    session: Session,
    conversation: Conversation,
    parts: Sequence[Part],
    *,
    author: str,
    at: datetime,
    user_id: int | None = None,
    cause_id: int | None = None,
    response: str = "",
    platform_id: str | None = None,
    content_version: str = "",
    has_left: bool = False,
    extra: dict[str, Any] | None = None,
) -> Written:
    """Add a message written under the conversation's present owner version.

    It waits in the outbox unless it `has_left`: then the caller sees to what follows (`bot.desk.deliver.left`).
    """
    values = {
        "conversation_id": conversation.id,
        "episode": conversation.episode,
        "direction": "out",
        "author": author,
        "user_id": user_id,
        "channel": conversation.channel,
        "account": conversation.account,
        "platform_id": platform_id,
        "text": "\n\n".join(part.text for part in parts if isinstance(part, Text)),
        "parts": [to_json(part) for part in parts if not isinstance(part, Text)],
        "cause_id": cause_id,
        "response": response,
        "created_at": at,
        "stored_at": at,
        "state": "sent" if has_left else "pending",
        "sent_at": at if has_left else None,
        "owner_version": conversation.owner_version,
        "language": conversation.language,
        "content_version": content_version,
        "extra": extra or {},
    }
    return messages.add(session, values)


def notice(
    session: Session,
    conversation: Conversation,
    key: str,
    *,
    context: Context,
    at: datetime,
    choices: Sequence[str] = (),
    cause_id: int | None = None,
    **values: object,
) -> Written:
    """Say one of the desk's own texts in the shopper's language, with standing choices as quick replies."""
    locale = conversation.language
    parts: list[Part] = [Text(context.words.text(key, locale, **values))]
    if choices:
        items = tuple(Choice(id=name, title=context.words.text(f"choice.{name}", locale)) for name in choices)
        parts.append(QuickReplies(items=items))
    return say(session, conversation, parts, author="system", at=at, cause_id=cause_id, response=key)
