"""Passing a conversation from the bot to people, and back."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.brain.client import readings
from bot.core.messages import HandOff
from bot.core.ownership import Owner
from bot.core.times import now
from bot.desk import presence
from bot.desk.context import Context
from bot.desk.deliver import may_leave, waiting
from bot.desk.mood import Mood
from bot.desk.say import notice
from bot.store.conversations import (
    add_fact,
    append_event,
    change_owner,
    locked,
    mark_all_handled,
)
from bot.store.tables import Contact, Conversation, Message

KEPT = ("referral", "mood")  # of the summary before
# Slots worth carrying over to a person.
COLLECTED = ("order_number", "email", "proof", "postcode", "phone", "product", "name")


def hand_off(
    session: Session,
    conversation: Conversation,
    command: HandOff,
    *,
    context: Context,
    at: datetime,
    actor: str = "bot",
    cause_id: int | None = None,
) -> None:
    """Put the conversation (locked by the caller) in line for a person, and say honestly what happens next.

    Raises:
        Conflict: it is not the bot's.
    """
    change_owner(session, conversation, Owner.QUEUE)
    conversation.reason = command.reason
    conversation.queued_at = at
    conversation.first_reply_at = None
    conversation.left_message = ""
    conversation.summary = _summary(session, conversation, command)
    state = presence.people(session, context.profile, at)
    session.flush()
    place = presence.position(session, conversation)
    minutes = presence.usual_wait_minutes(session, at)
    add_fact(session, conversation, "handed_off", at=at, actor=actor, label=command.reason)
    append_event(
        session,
        conversation,
        "owner",
        at=at,
        data={
            "owner": Owner.QUEUE.value,
            "agent": None,
            "reason": command.reason,
            "wait": {
                "position": place,
                "agents": state.state,
                "minutes": minutes,
                "opens_at": state.opens_at.isoformat() if state.opens_at else None,
            },
        },
    )
    key, choices = f"hand_off.{state.state}", ["leave_message", "keep_bot"]
    if state.state == "free":
        choices = []
        key = "hand_off.free_minutes" if minutes else "hand_off.free"
    elif state.opens_at is not None:
        key = "hand_off.away_until"
    if choices:
        conversation.left_message = "offered"
    notice(
        session,
        conversation,
        key,
        context=context,
        at=at,
        choices=choices,
        cause_id=cause_id,
        position=place,
        minutes=minutes,
        opens=opening(state.opens_at, conversation.language, context=context, at=at),
    )


def _known_slots(lines: Sequence[Any]) -> dict[str, Any]:
    """Slots of the latest message the brain has answered in this episode."""
    return next((data["slots"] for _, data in lines if data and data.get("slots")), {})


def opening(opens_at: datetime | None, locale: str, *, context: Context, at: datetime) -> str:
    """When people are back, as one says it: `tomorrow at 09:00`, `on Monday at 09:00`; empty when not known."""
    if opens_at is None:
        return ""
    zone = ZoneInfo(context.profile.timezone)
    local = opens_at.astimezone(zone)
    days = (local.date() - at.astimezone(zone).date()).days
    key = {0: "opens.today", 1: "opens.tomorrow"}.get(days, "opens.day" if days < 7 else "opens.date")
    return context.words.text(
        key,
        locale,
        day=context.words.text(f"day.{local.weekday()}", locale),
        date=local.date().isoformat(),
        time=f"{local:%H:%M}",
    )


def _summary(session: Session, conversation: Conversation, command: HandOff) -> dict[str, Any]:
    contact = session.get_one(Contact, conversation.contact_id)
    lines = session.execute(
        select(Message.text, Message.understood)
        .where(
            Message.conversation_id == conversation.id,
            Message.episode == conversation.episode,
            Message.direction == "in",
        )
        .order_by(Message.id.desc())
        .limit(8)
    ).all()
    understood = [
        {"text": text[:200], "intent": one.get("intent", ""), "confidence": one.get("confidence")}
        for text, data in reversed(lines)
        if data
        for one in readings(data)
    ]
    details = {key: str(value) for key, value in command.details.items() if value}
    for source in (_known_slots(lines), conversation.summary):
        for name in COLLECTED:
            if source.get(name) and str(source[name]) not in details.values():
                details.setdefault(name, str(source[name]))
    if contact.name:
        details.setdefault("name", contact.name)
    if contact.email:
        details.setdefault("email", contact.email)
    kept = {name: conversation.summary[name] for name in KEPT if name in conversation.summary}
    felt = Mood.of(conversation.summary).in_words
    if felt:
        details.setdefault("mood", felt)
    return {
        **kept,
        "reason": command.reason,
        "wants": command.wants or (lines[0][0][:200] if lines else ""),
        "details": details,
        "understood": understood,
        "language": conversation.language,
    }


def hand_back(
    session: Session,
    conversation_id: str,
    *,
    context: Context,
    user_id: int | None = None,
    version: int | None = None,
    at: datetime | None = None,
    cause_id: int | None = None,
) -> None:
    """Give a waiting or taken conversation back to the bot (`user_id` None: the shopper chose it, by `cause_id`).

    Raises:
        Conflict: it has changed hands since `version`.
    """
    at = at or now()
    conversation = locked(session, conversation_id)
    mark_all_handled(session, conversation_id, at)
    # Asked while a person has it, so that what they overtook is dropped.
    for message in waiting(session, conversation_id):
        may_leave(session, conversation, message, at)
    change_owner(session, conversation, Owner.BOT, version=version)
    conversation.queued_at = None
    conversation.waiting_since = None
    conversation.left_message = ""
    actor = "agent" if user_id else "shopper"
    add_fact(session, conversation, "handed_back", at=at, actor=actor, user_id=user_id)
    append_event(
        session,
        conversation,
        "owner",
        at=at,
        data={"owner": "bot", "agent": None, "reason": "", "wait": None},
    )
    notice(session, conversation, "back_to_bot", context=context, at=at, cause_id=cause_id)
