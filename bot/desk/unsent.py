"""A message that was unsent: its words go wherever they went, here and in the brain; that it was there stays."""

from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.core.text import first_line
from bot.desk.mood import Mood
from bot.store import platform_events
from bot.store.tables import Conversation, Event, Fact, Message, Survey

KEPT = ("standby", "silent", "elsewhere", "event")  # of `extra`
SHORTEST = 3  # characters of a value that is looked for in the words


def erase(session: Session, conversation: Conversation, message: Message) -> None:
    """Take the content out of a message and of all that was made of it (both locked by the caller)."""
    text = message.text
    if text and conversation.last_text == first_line(text):
        conversation.last_text = ""
    conversation.summary = _without(conversation.summary, text)
    if message.extra.get("event"):
        platform_events.forget(session, message.extra["event"])
    searched = (Fact.message_id == message.id) & (Fact.kind == "searched")
    session.execute(update(Fact).where(searched).values(label=""))
    if text:
        _from_surveys(session, conversation, text)
        _from_slots(session, message, text)
    message.text, message.payload, message.parts, message.understood, message.page = "", "", [], None, {}
    message.extra = {key: message.extra[key] for key in KEPT if key in message.extra}


def _without(summary: dict[str, Any], text: str) -> dict[str, Any]:
    """A summary for agents without the words of a message, and without what was learned from them."""
    if not text or not summary:
        return summary
    kept = {key: value for key, value in summary.items() if value != text[:200] and value != text}
    if isinstance(kept.get("understood"), list):
        kept["understood"] = [line for line in kept["understood"] if line.get("text") != text[:200]]
    if isinstance(kept.get("details"), dict):
        kept["details"] = {
            name: value for name, value in kept["details"].items() if not _is_from(value, text)
        }
    if any(_is_from(word, text) for word in Mood.of(kept).words):
        kept.pop("mood")
        kept.get("details", {}).pop("mood", None)
    return kept


def _is_from(value: Any, text: str) -> bool:
    words = str(value).casefold().strip()
    return len(words) >= SHORTEST and words in text.casefold()


def _from_surveys(session: Session, conversation: Conversation, text: str) -> None:
    """A line that was taken as the comment on a rating."""
    rows = select(Survey).where(Survey.conversation_id == conversation.id, Survey.comment == text[:2_000])
    for row in session.scalars(rows):
        row.comment = ""
        told = select(Event).where(Event.conversation_id == conversation.id, Event.kind == "survey")
        for event in session.scalars(told):
            if event.data.get("survey_id") == row.id:
                event.data = {**event.data, "comment": ""}


def _from_slots(session: Session, message: Message, text: str) -> None:
    """What the bot remembered of it is kept with the messages that followed."""
    later = select(Message).where(
        Message.conversation_id == message.conversation_id,
        Message.episode == message.episode,
        Message.direction == "in",
        Message.id > message.id,
    )
    for one in session.scalars(later):
        slots = (one.understood or {}).get("slots")
        if isinstance(slots, dict) and any(_is_from(value, text) for value in slots.values()):
            kept = {name: value for name, value in slots.items() if not _is_from(value, text)}
            one.understood = {**(one.understood or {}), "slots": kept}
