"""What the desk does about the mood of a shopper: offers a person in time, and fetches one when anger stays.

The brain tells the mood of each message (`understood.mood`). Here, because what a rule says without an action goes
through this place too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.brain.client import Answer
from bot.core.messages import Choice, Close, Command, HandOff, Part, QuickReplies, Text
from bot.core.ownership import Reason
from bot.desk.context import Context
from bot.desk.say import notice, say
from bot.store import conversations as store
from bot.store.tables import Conversation, Message

ANGRY, FRUSTRATED = "angry", "frustrated"
OFFER = "mood.offer"
FETCH = "mood.hand_off"
APART = 4  # messages of the shopper from one offer to the next
FADES = 3  # calm messages after which a mood is over
_PERSON = "/talk_to_person"
_MOST_REASONS = 6


@dataclass(frozen=True)
class Mood:
    """`label` angry or frustrated, empty when calm; `reasons` as the brain gives them, `words: useless, liars`."""

    label: str = ""
    score: float = 0.0
    reasons: tuple[str, ...] = ()

    @classmethod
    def of(cls, understood: Mapping[str, Any] | None) -> "Mood":
        """Read leniently: what is missing is calm."""
        told = (understood or {}).get("mood")
        if not isinstance(told, Mapping) or told.get("label") not in (ANGRY, FRUSTRATED):
            return cls()
        score, reasons = told.get("score"), told.get("reasons")
        return cls(
            str(told["label"]),
            float(score) if isinstance(score, (int, float)) else 0.0,
            tuple(str(reason)[:120] for reason in reasons[:_MOST_REASONS])
            if isinstance(reasons, Sequence) and not isinstance(reasons, str)
            else (),
        )

    @property
    def words(self) -> list[str]:
        """The words of the message that are among the reasons."""
        said = (reason.partition(": ")[2] for reason in self.reasons)
        return [word for words in said for word in words.split(", ") if word]

    @property
    def in_words(self) -> str:
        """For the hand-off's details: `angry (useless, third time)`."""
        why = ", ".join(reason.partition(": ")[2] or reason for reason in self.reasons)
        return f"{self.label} ({why})" if why else self.label


@dataclass(frozen=True)
class Followed:
    """The commands of the turn from now on; `is_fetching`: a person comes, `is_instead`: in place of the answer."""

    commands: list[Command]
    is_fetching: bool = False
    is_instead: bool = False


def follow(
    session: Session,
    conversation: Conversation,
    message_id: int,
    answer: Answer,
    commands: list[Command],
    *,
    episode: int,
    at: datetime,
) -> Followed:
    """Keep the mood of a message as a fact and with the conversation, and see whether it takes a person at once."""
    mood = Mood.of(answer.understood)
    _remember(conversation, mood)
    if not mood.label:
        if answer.understood.get("intent") == "affirm" and _was_offered(session, conversation, message_id, 1):
            return Followed([*_without_ends(commands), _hand_off(conversation, mood)], True, True)
        return Followed(commands)
    store.add_fact(
        session,
        conversation,
        "mood",
        at=at,
        actor="shopper",
        message_id=message_id,
        label=mood.label,
        value=mood.score,
    )
    if any(isinstance(command, HandOff) for command in commands) or mood.label != ANGRY:
        return Followed(commands)
    is_lost = bool(answer.understood.get("is_fallback"))
    if is_lost or _before(session, conversation, message_id, episode).label == ANGRY:
        return Followed([*_without_ends(commands), _hand_off(conversation, mood)], True, is_lost)
    return Followed(commands)


def offer(
    session: Session,
    conversation: Conversation,
    message_id: int,
    answer: Answer,
    commands: Sequence[Command],
    *,
    episode: int,
    context: Context,
    at: datetime,
) -> bool:
    """Offer a person to a shopper who is angry, or frustrated twice running or beside what was not understood."""
    mood = Mood.of(answer.understood)
    if not mood.label or any(isinstance(command, (HandOff, Close)) for command in commands):
        return False
    if _offers_a_person(answer) or _was_offered(session, conversation, message_id, APART):
        return False
    is_lost = bool(answer.understood.get("is_fallback"))
    is_first = mood.label == FRUSTRATED and not is_lost
    if is_first and not _before(session, conversation, message_id, episode).label:
        return False
    locale = conversation.language
    payload = f'{_PERSON}{{"reason": "{Reason.ANGRY}"}}'
    button = Choice(id="m0", title=context.words.text("choice.person", locale), payload=payload)
    parts: list[Part] = [Text(context.words.text(OFFER, locale)), QuickReplies(items=(button,))]
    say(session, conversation, parts, author="system", at=at, cause_id=message_id, response=OFFER)
    return True


def apologise(
    session: Session, conversation: Conversation, message_id: int, *, context: Context, at: datetime
) -> None:
    """Say that a person comes, in place of what the bot did not understand."""
    notice(session, conversation, FETCH, context=context, at=at, cause_id=message_id)


def _hand_off(conversation: Conversation, mood: Mood) -> HandOff:
    told = mood.in_words or Mood.of(conversation.summary).in_words
    return HandOff(reason=Reason.ANGRY.value, details={"mood": told} if told else {})


def _without_ends(commands: Sequence[Command]) -> list[Command]:
    """The shopper who waits for a person is neither said goodbye to nor asked for a rating."""
    return [command for command in commands if not isinstance(command, Close)]


def _remember(conversation: Conversation, mood: Mood) -> None:
    """`summary.mood`: the mood of the last messages, for the inbox."""
    known = conversation.summary.get("mood")
    if mood.label:
        kept = {"label": mood.label, "score": mood.score, "reasons": list(mood.reasons), "calm": 0}
        conversation.summary = {**conversation.summary, "mood": kept}
    elif isinstance(known, Mapping):
        calm = int(known.get("calm") or 0) + 1
        rest = {key: value for key, value in conversation.summary.items() if key != "mood"}
        conversation.summary = rest if calm >= FADES else {**rest, "mood": {**known, "calm": calm}}


def _before(session: Session, conversation: Conversation, message_id: int, episode: int) -> Mood:
    """The mood of the message before this one in its episode."""
    query = (
        select(Message.understood)
        .where(
            Message.conversation_id == conversation.id,
            Message.episode == episode,
            Message.direction == "in",
            Message.id < message_id,
        )
        .order_by(Message.id.desc())
        .limit(1)
    )
    return Mood.of(session.scalars(query).first())


def _was_offered(session: Session, conversation: Conversation, message_id: int, turns: int) -> bool:
    """Whether a person was offered because of the mood, at one of so many messages before this one."""
    query = (
        select(Message.id)
        .where(Message.conversation_id == conversation.id, Message.direction == "in", Message.id < message_id)
        .order_by(Message.id.desc())
        .limit(turns)
    )
    before = list(session.scalars(query))
    if not before:
        return False
    said = select(Message.id).where(
        Message.conversation_id == conversation.id,
        Message.direction == "out",
        Message.response == OFFER,
        Message.cause_id.in_(before),
    )
    return session.scalars(said.limit(1)).first() is not None


def _offers_a_person(answer: Answer) -> bool:
    """Whether the turn does so by itself; the desk does where something failed or nothing was said."""
    if answer.failed_action or not answer.replies:
        return True
    return any(
        str(button.get("payload") or "").startswith(_PERSON)
        for reply in answer.replies
        for button in reply.get("buttons") or ()
        if isinstance(button, Mapping)
    )
