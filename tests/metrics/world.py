"""A small world of episodes and facts whose numbers can be worked out by hand."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from bot.metrics.scope import Scope
from bot.store.tables import Contact, Conversation, Episode, Fact, Message, Survey, User

MONDAY = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)  # 2 March 2026, a Monday


def at(minutes: float = 0, *, days: float = 0) -> datetime:
    """Minutes and days after Monday, 10:00 UTC."""
    return MONDAY + timedelta(days=days, minutes=minutes)


def week(**changes: Any) -> Scope:
    """Monday to Sunday, UTC, seen long afterwards."""
    start = MONDAY.replace(hour=0)
    plain = {"start": start, "end": start + timedelta(days=7), "as_of": start + timedelta(days=60)}
    return Scope(**{**plain, **changes})


def person(session: Session, name: str) -> User:
    """Somebody who answers shoppers."""
    user = User(
        email=f"{name}@shop.test".lower(), name=name, role="agent", password_hash="!", created_at=at(days=-30)
    )
    session.add(user)
    session.flush()
    return user


@dataclass
class Talk:
    """One episode of a conversation; every method records facts and returns the talk."""

    session: Session
    id: str
    number: int
    opened_at: datetime
    channel: str
    language: str
    is_demo: bool

    def fact(self, kind: str, minutes: float = 0, **values: Any) -> "Talk":
        row = {
            "at": self.opened_at + timedelta(minutes=minutes),
            "kind": kind,
            "conversation_id": self.id,
            "episode": self.number,
            "channel": self.channel,
            "language": self.language,
            "is_demo": self.is_demo,
        }
        self.session.add(Fact(**{**row, **values}))
        self.session.flush()
        return self

    def understood(self, intent: str = "faq/returns", minutes: float = 0, value: float = 0.9) -> "Talk":
        return self.fact("understood", minutes, actor="bot", label=intent, value=value)

    def fallback(
        self,
        text: str = "what?",
        minutes: float = 0,
        label: str = "low_confidence",
        topics: dict[str, float] | None = None,
    ) -> "Talk":
        message = Message(
            conversation_id=self.id,
            episode=self.number,
            direction="in",
            author="shopper",
            channel=self.channel,
            text=text,
            created_at=self.opened_at,
            stored_at=self.opened_at,
            handled_at=self.opened_at,  # else a desk that runs beside takes its turn, and understands it anew
            state="received",
            understood={
                "intent": "nlu_fallback",
                "topics": [
                    {"intent": name, "confidence": confidence} for name, confidence in (topics or {}).items()
                ],
            },
        )
        self.session.add(message)
        self.session.flush()
        return self.fact("fallback", minutes, actor="bot", label=label, message_id=message.id)

    def close(
        self, minutes: float = 10, *, by: str = "idle", label: str = "", user: User | None = None
    ) -> "Talk":
        episode = self.session.get_one(Episode, (self.id, self.number))
        episode.closed_at = self.opened_at + timedelta(minutes=minutes)
        episode.closed_by = by
        actor = "system" if by == "idle" else by
        return self.fact("closed", minutes, actor=actor, label=label, user_id=user.id if user else None)

    def rated(
        self, score: int | None, *, segment: str = "bot", comment: str = "", user: User | None = None
    ) -> "Talk":
        sent_at = self.opened_at + timedelta(minutes=10)
        self.session.add(
            Survey(
                id=f"{self.id}{self.number}"[-32:],
                conversation_id=self.id,
                episode=self.number,
                segment=segment,
                user_id=user.id if user else None,
                sent_at=sent_at,
                expires_at=sent_at + timedelta(days=1),
                score=score,
                comment=comment,
                answered_at=sent_at if score else None,
                is_demo=self.is_demo,
            )
        )
        self.session.flush()
        return self

    def again(self, days: float) -> "Talk":
        """The shopper comes back `days` after this episode was opened."""
        later = open_episode(
            self.session,
            self.id,
            self.number + 1,
            self.opened_at + timedelta(days=days),
            self.channel,
            self.language,
        )
        return later.fact("reopened", actor="shopper")


def talk(
    session: Session,
    name: str,
    opened_at: datetime = MONDAY,
    *,
    channel: str = "web",
    language: str = "en",
    is_demo: bool = False,
) -> Talk:
    """A new shopper's first episode."""
    session.add(Contact(id=f"c-{name}", name=name, created_at=opened_at, is_demo=is_demo))
    session.flush()
    session.add(
        Conversation(
            id=name,
            contact_id=f"c-{name}",
            channel=channel,
            language=language,
            opened_at=opened_at,
            last_at=opened_at,
            is_demo=is_demo,
        )
    )
    session.flush()
    return open_episode(session, name, 1, opened_at, channel, language, is_demo=is_demo)


def open_episode(
    session: Session,
    key: str,
    number: int,
    opened_at: datetime,
    channel: str,
    language: str,
    *,
    is_demo: bool = False,
) -> Talk:
    session.add(
        Episode(
            conversation_id=key,
            number=number,
            channel=channel,
            language=language,
            opened_at=opened_at,
            is_demo=is_demo,
        )
    )
    session.flush()
    opened = Talk(session, key, number, opened_at, channel, language, is_demo)
    return opened.fact("message_in", actor="shopper")
