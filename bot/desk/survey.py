"""The rating after a conversation: asked once an episode, answered in the chat or by its card.

Late, repeated and odd answers: after expiry a rating is thanked for but not counted; a repeat changes the score
(the last word counts, facts keep both); a number outside the scale gets one friendly correction and counts nothing.
"""

import re
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.core import messages
from bot.core.errors import BadInput, NotFound
from bot.core.ids import new_id
from bot.core.ownership import Owner
from bot.core.text import clean
from bot.core.times import now
from bot.desk.context import Context
from bot.desk.say import notice, say
from bot.store.conversations import add_fact, append_event, locked
from bot.store.tables import Conversation, Message, Survey

SCALE = 5
COMMENT_WINDOW = timedelta(minutes=15)
_WORDS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "ten": 10}
_RATING = re.compile(
    r"^\s*(?:i(?:'d| would)? (?:give|rate)(?: (?:it|you|this))?(?: a)? )?(?P<n>-?\d{1,3}|one|two|three|four|five|ten)"
    r"\s*(?:/\s*(?P<of>5|10)|out of (?:5|five)|stars?|points?|⭐️?|★)?\s*[.!]*\s*$",
    re.IGNORECASE,
)
_BUTTON = re.compile(
    r"^\s*(?P<n>[1-5]) – \D{1,20}$"
)  # a button's title that came back as words (survey.rate.*)
_STARS = re.compile(r"^\s*(?:(?:⭐️?|★)\s*)+$")
_FACES = {"😡": 1, "😠": 1, "🙁": 2, "😞": 2, "😐": 3, "🙂": 4, "😊": 5, "😀": 5, "😍": 5, "👍": 5, "👎": 1}


def read_score(text: str) -> int | None:
    """The number a shopper means as a rating, in or out of range; None when the text is no rating."""
    if _STARS.match(text):
        return text.count("⭐") + text.count("★")
    face = _FACES.get(text.strip().rstrip("\ufe0f"))
    if face is not None:
        return face
    found = _BUTTON.match(text) or _RATING.match(text)
    if found is None:
        return None
    word = found["n"].lower()
    return _WORDS[word] if word in _WORDS else int(word)


def ask(
    session: Session,
    conversation: Conversation,
    *,
    context: Context,
    cause_id: int | None = None,
    at: datetime,
) -> None:
    """Ask for a rating of the episode, once, and only when the shopper wrote in it.

    It is a rating of people where one of them answered, credited to who answered last; of the bot otherwise.
    """
    known = session.scalar(
        select(Survey.id).where(
            Survey.conversation_id == conversation.id, Survey.episode == conversation.episode
        )
    )
    wrote = session.scalar(
        select(Message.id)
        .where(
            Message.conversation_id == conversation.id,
            Message.episode == conversation.episode,
            Message.direction == "in",
        )
        .limit(1)
    )
    if known is not None or wrote is None:
        return
    answer_by_person = last_by_person(session, conversation)
    segment = "bot" if answer_by_person is None else "agent"
    user_id = answer_by_person.user_id if answer_by_person is not None else None
    row = Survey(
        id=new_id(),
        conversation_id=conversation.id,
        episode=conversation.episode,
        survey="csat",
        segment=segment,
        user_id=user_id,
        sent_at=at,
        expires_at=at + timedelta(seconds=context.settings.survey_expiry_seconds),
        is_demo=conversation.is_demo,
    )
    session.add(row)
    locale = conversation.language
    question = context.words.text("survey.csat", locale)
    labels = tuple(context.words.text(f"survey.rate.{score}", locale) for score in range(1, SCALE + 1))
    part = messages.Survey(survey_id=row.id, survey="csat", scale=SCALE, question=question, labels=labels)
    say(
        session,
        conversation,
        [messages.Text(question), part],
        author="system",
        at=at,
        response="survey.csat",
        cause_id=cause_id,
    )
    add_fact(session, conversation, "survey_sent", at=at, actor="system", user_id=user_id, label=segment)


def last_by_person(session: Session, conversation: Conversation) -> Message | None:
    """What a person last said to the shopper in this episode, here or in another program; None: nobody did.

    Only what left or is about to counts: an answer that could not be delivered answered nobody.
    """
    query = select(Message).where(
        Message.conversation_id == conversation.id,
        Message.episode == conversation.episode,
        Message.direction == "out",
        Message.author == "agent",
        Message.state.in_(("pending", "sending", "sent")),
    )
    return session.scalars(query.order_by(Message.id.desc()).limit(1)).first()


def answer(
    session: Session,
    survey_id: str,
    *,
    conversation_id: str,
    score: int | None = None,
    comment: str | None = None,
    at: datetime | None = None,
) -> str:
    """Rate by the card. Returns what was done: `answered`, `changed`, `commented` or `late`.

    Raises:
        NotFound: no such survey in this conversation.
        BadInput: the score is off the scale, or there is neither score nor comment.
    """
    at = at or now()
    conversation = locked(session, conversation_id)
    row = session.get(Survey, survey_id, with_for_update=True)
    if row is None or row.conversation_id != conversation_id:
        raise NotFound("there is no such rating to give")
    if score is not None and not 1 <= score <= SCALE:
        raise BadInput(f"a rating is from 1 to {SCALE}", field="score")
    text = clean(comment or "", limit=2_000)
    if score is None and not text:
        raise BadInput("give a score or a comment", field="score")
    if score is None and row.score is None:
        raise BadInput("give a score first", field="score")
    return _record(session, conversation, row, score=score, comment=text, at=at)


def _record(
    session: Session,
    conversation: Conversation,
    row: Survey,
    *,
    score: int | None,
    comment: str,
    at: datetime,
) -> str:
    if at > row.expires_at:
        add_fact(
            session,
            conversation,
            "survey_late",
            at=at,
            actor="shopper",
            user_id=row.user_id,
            label=row.segment,
            value=score,
            episode=row.episode,
        )
        return "late"
    done = "commented"
    if score is not None and score != row.score:
        done = "answered" if row.score is None else "changed"
        row.score = score
        row.answered_at = row.answered_at or at
        add_fact(
            session,
            conversation,
            "survey_answered" if done == "answered" else "survey_changed",
            at=at,
            actor="shopper",
            user_id=row.user_id,
            label=row.segment,
            value=score,
            episode=row.episode,
        )
    elif score is not None:
        done = "answered"
    if comment:
        row.comment = comment
    row.wants_comment = not row.comment
    append_event(
        session,
        conversation,
        "survey",
        at=at,
        data={
            "survey_id": row.id,
            "state": "done" if row.comment else "comment_wanted",
            "score": row.score,
            "comment": row.comment,
        },
    )
    return done


def is_answer(session: Session, conversation: Conversation, text: str, *, at: datetime) -> bool:
    """Whether a line written after the close is the rating or its comment: for `take_text`, not for the bot."""
    if conversation.owner != Owner.CLOSED:
        return False
    row = _of_episode(session, conversation)
    if row is None:
        return False
    is_comment = (
        row.wants_comment
        and row.answered_at is not None
        and at - row.answered_at <= COMMENT_WINDOW
        and not text.rstrip().endswith("?")
    )
    return is_comment or read_score(text) is not None


def take_text(
    session: Session, conversation: Conversation, text: str, *, context: Context, at: datetime, cause_id: int
) -> None:
    """Record and answer a line that `is_answer`."""
    row = _of_episode(session, conversation)
    if row is None:
        return
    score = read_score(text)
    if score is None:
        _record(session, conversation, row, score=None, comment=clean(text, limit=2_000), at=at)
        key = "survey.comment_kept"
    elif not 1 <= score <= SCALE:
        key = "survey.odd"
    else:
        done = _record(session, conversation, row, score=score, comment="", at=at)
        key = {"late": "survey.late", "changed": "survey.thanks"}.get(done, "survey.comment")
    notice(session, conversation, key, context=context, at=at, cause_id=cause_id)


def take_score(
    session: Session,
    conversation: Conversation,
    survey_id: str,
    score: int,
    *,
    context: Context,
    at: datetime,
    cause_id: int,
) -> None:
    """Record and answer a tap on a rating, whichever episode it was asked about."""
    row = session.get(Survey, survey_id, with_for_update=True)
    if row is None or row.conversation_id != conversation.id:
        return
    done = _record(session, conversation, row, score=score, comment="", at=at)
    key = {"late": "survey.late", "changed": "survey.thanks"}.get(done, "survey.comment")
    notice(session, conversation, key, context=context, at=at, cause_id=cause_id)


def _of_episode(session: Session, conversation: Conversation) -> Survey | None:
    return session.scalars(
        select(Survey).where(
            Survey.conversation_id == conversation.id, Survey.episode == conversation.episode
        )
    ).one_or_none()
