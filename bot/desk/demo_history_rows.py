"""Rows of past conversations, as the desk would have left them; kept in memory until they are inserted together."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.core.messages import Choice, Part, Products, QuickReplies, Survey, to_json
from bot.core.text import first_line

IDLE = timedelta(minutes=30)
SURVEY_EXPIRY = timedelta(days=1)
CONTENT_VERSION = "demo"


@dataclass
class Rows:
    """All rows, by table. Ids of messages count from `message_id`."""

    message_id: int = 1
    contacts: list[dict[str, Any]] = field(default_factory=list)
    identities: list[dict[str, Any]] = field(default_factory=list)
    conversations: list[dict[str, Any]] = field(default_factory=list)
    episodes: list[dict[str, Any]] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    facts: list[dict[str, Any]] = field(default_factory=list)
    surveys: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Agent:
    """A person of the demo shop; seconds are typical, `kind` is how often shoppers leave satisfied."""

    id: int
    name: str
    first_seconds: float
    next_seconds: float
    kind: float


class Thread:
    """One conversation being written: says, hears and records like the desk, at given times."""

    def __init__(
        self, rows: Rows, dice: random.Random, *, contact: dict[str, Any], channel: str, language: str
    ) -> None:
        self.rows, self.dice = rows, dice
        self.id = f"{dice.getrandbits(128):032x}"
        self.contact, self.channel, self.language = contact, channel, language
        self.account = "" if channel == "web" else "demo"
        self.owner, self.owner_version = "closed", 1
        self.agent: Agent | None = None
        self.episode, self.seq = 0, 0
        self.at = self.opened_at = self.last_shopper_at = contact["created_at"]
        self.closed_at: datetime | None = None
        self.waiting_since: datetime | None = None
        self.queued_at: datetime | None = None
        self.first_reply_at: datetime | None = None
        self.reason, self.last_text = "", ""
        self.summary: dict[str, Any] = {}
        self.page: dict[str, Any] = {}
        self.survey: dict[str, Any] | None = None
        self.cause_id: int | None = None

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.at += timedelta(seconds=seconds)

    def fact(self, kind: str, actor: str = "", **more: Any) -> None:
        """Record that something happened now."""
        row = {
            "at": self.at,
            "kind": kind,
            "conversation_id": self.id,
            "episode": self.episode,
            "channel": self.channel,
            "language": self.language,
            "actor": actor,
            "user_id": None,
            "message_id": None,
            "label": "",
            "value": None,
            "content_version": "",
            "is_demo": True,
        }
        self.rows.facts.append(row | more)

    def event(self, kind: str, data: dict[str, Any] | None = None, message_id: int | None = None) -> None:
        """Number what live pages would have seen."""
        self.seq += 1
        self.rows.events.append(
            {
                "conversation_id": self.id,
                "seq": self.seq,
                "kind": kind,
                "audience": "all",
                "message_id": message_id,
                "data": data or {},
                "at": self.at,
            }
        )

    def _message(self, **values: Any) -> dict[str, Any]:
        row = {
            "id": self.rows.message_id,
            "conversation_id": self.id,
            "episode": self.episode,
            "user_id": None,
            "channel": self.channel,
            "account": self.account,
            "platform_id": None,
            "payload": "",
            "parts": [],
            "cause_id": None,
            "response": "",
            "created_at": self.at,
            "stored_at": self.at,
            "handled_at": None,
            "error": "",
            "attempts": 0,
            "next_try_at": None,
            "sent_at": None,
            "read_at": None,
            "owner_version": self.owner_version,
            "understood": None,
            "language": self.language,
            "content_version": "",
            "page": {},
        }
        self.rows.message_id += 1
        self.rows.messages.append(row | values)
        self.event("message", message_id=row["id"])
        self.last_text = first_line(values["text"]) or self.last_text
        return self.rows.messages[-1]

    def hears(self, text: str, *, page: dict[str, Any] | None = None) -> dict[str, Any]:
        """The shopper writes; opens an episode when there is none."""
        if self.episode == 0 or self.closed_at is not None:
            self._open()
        if page:
            self.page = page
        message = self._message(
            direction="in",
            author="shopper",
            text=text,
            platform_id=f"{self.id}:{self.dice.getrandbits(128):032x}",
            state="received",
            handled_at=self.at,
            page=page or {},
        )
        self.fact("message_in", "shopper", message_id=message["id"])
        self.last_shopper_at, self.cause_id = self.at, message["id"]
        if self.waiting_since is None and self.closed_at is None:
            self.waiting_since = self.at
        return message

    def _open(self) -> None:
        closed_at, self.closed_at = self.closed_at, None
        self.episode += 1
        self.opened_at, self.owner, self.agent, self.survey = self.at, "bot", None, None
        self.queued_at = self.first_reply_at = None
        self.reason, self.summary = "", {}
        self.rows.episodes.append(
            {
                "conversation_id": self.id,
                "number": self.episode,
                "channel": self.channel,
                "language": self.language,
                "opened_at": self.at,
                "closed_at": None,
                "closed_by": "",
                "is_demo": True,
            }
        )
        if closed_at is None:
            self.fact("opened", "shopper")
            return
        self.owner_version += 1
        self.fact("reopened", "shopper", value=(self.at - closed_at).total_seconds())
        self.event("episode", {"episode": self.episode})

    def understands(self, intent: str, confidence: float) -> None:
        """The bot read the last message so."""
        self.rows.messages[-1]["understood"] = {
            "intent": intent,
            "confidence": confidence,
            "ranking": [{"intent": intent, "confidence": confidence}],
            "entities": [],
            "is_fallback": intent == "nlu_fallback",
            "slots": {},
            "active_form": "",
            "failed_action": "",
        }
        self.wait(max(0.02, self.dice.lognormvariate(-1.9, 0.55)))
        self.fact("understood", "bot", message_id=self.cause_id, label=intent, value=confidence)

    def says(
        self,
        text: str,
        *,
        author: str = "bot",
        response: str = "",
        parts: Sequence[Part] = (),
        agent: Agent | None = None,
    ) -> None:
        """Bot, person or desk writes, and the shopper gets it."""
        user_id = agent.id if agent else None
        message = self._message(
            direction="out",
            author=author,
            text=text,
            parts=[to_json(part) for part in parts],
            response=response,
            state="sent",
            sent_at=self.at,
            user_id=user_id,
            cause_id=None if agent else self.cause_id,
            platform_id=f"{self.id}:agent:{self.dice.getrandbits(128):032x}" if agent else None,
            content_version=CONTENT_VERSION if author == "bot" else "",
        )
        out = {"user_id": user_id, "message_id": message["id"]}
        self.fact("message_out", author, **out, label=response, content_version=message["content_version"])
        for part in parts:
            for item in part.items if isinstance(part, Products) else ():
                self.fact("product_shown", author, label=item.product_id)
        if author == "system":
            return
        if self.waiting_since is not None:
            self.fact("answered", author, **out, value=(self.at - self.waiting_since).total_seconds())
            self.waiting_since = None
        if agent and self.queued_at and self.first_reply_at is None:
            self.first_reply_at = self.at
            self.fact("first_reply", "agent", **out, value=(self.at - self.queued_at).total_seconds())

    def owner_event(self, owner: str, **more: Any) -> None:
        """The conversation changes hands."""
        self.owner, self.owner_version = owner, self.owner_version + 1
        data = {"owner": owner, "agent": None, "reason": self.reason, "wait": None}
        self.event("owner", data | more)

    def hand_off(
        self, reason: str, wants: str, notice: str, *, is_open: bool, choices: Sequence[Choice]
    ) -> None:
        """Into the line for a person."""
        self.reason, self.queued_at, self.first_reply_at = reason, self.at, None
        said = [
            row for row in self.rows.messages[-12:] if row["conversation_id"] == self.id and row["understood"]
        ]
        self.summary = {
            "reason": reason,
            "wants": wants,
            "details": {"name": self.contact["name"], "email": self.contact["email"]},
            "understood": [
                {
                    "text": row["text"],
                    "intent": row["understood"]["intent"],
                    "confidence": row["understood"]["confidence"],
                }
                for row in said
            ],
            "language": self.language,
        }
        self.fact("handed_off", "bot", label=reason)
        wait = {"position": 1, "agents": "free" if is_open else "away", "minutes": None, "opens_at": None}
        self.owner_event("queue", wait=wait)
        parts = [QuickReplies(items=tuple(choices))] if choices else []
        response = "hand_off.free" if is_open else "hand_off.away"
        self.says(notice, author="system", response=response, parts=parts)

    def take(self, agent: Agent) -> None:
        """A person takes it."""
        self.agent = agent
        if self.queued_at is None:
            self.queued_at, self.first_reply_at, self.reason = self.at, None, "taken"
            self.fact("handed_off", "agent", user_id=agent.id, label="taken")
        waited = (self.at - self.queued_at).total_seconds()
        self.fact("assigned", "agent", user_id=agent.id, value=waited)
        self.owner_event("agent", agent={"name": agent.name})

    def hand_back(self, notice: str) -> None:
        """The shopper goes on with the bot."""
        self.queued_at, self.reason = None, ""
        self.fact("handed_back", "shopper")
        self.owner_event("bot")
        self.says(notice, author="system", response="back_to_bot")

    def close(self, by: str, *, is_confirmed: bool = False, question: str = "") -> None:
        """End the episode; `question` asks for a rating, as the desk does unless it closed for silence."""
        agent = self.agent if by == "agent" else None
        had_person = self.first_reply_at is not None
        self.closed_at, self.waiting_since = self.at, None
        self.fact(
            "closed",
            "system" if by == "idle" else by,
            user_id=agent.id if agent else None,
            label=("confirmed" if is_confirmed else "assumed") if by == "bot" else "",
            value=(self.at - self.opened_at).total_seconds(),
        )
        self.rows.episodes[-1] |= {"closed_at": self.at, "closed_by": by}
        self.reason = by
        self.owner_event("closed")
        if question and by in ("bot", "agent"):
            self._ask("agent" if had_person else "bot", question, self.agent if had_person else None)

    def _ask(self, segment: str, question: str, agent: Agent | None) -> None:
        survey_id = f"{self.dice.getrandbits(128):032x}"
        self.survey = {
            "id": survey_id,
            "conversation_id": self.id,
            "episode": self.episode,
            "survey": "csat",
            "segment": segment,
            "user_id": agent.id if agent else None,
            "sent_at": self.at,
            "expires_at": self.at + SURVEY_EXPIRY,
            "score": None,
            "comment": "",
            "answered_at": None,
            "wants_comment": False,
            "is_demo": True,
        }
        self.rows.surveys.append(self.survey)
        part = Survey(survey_id=survey_id, survey="csat", scale=5, question=question)
        self.says(question, author="system", response="survey.csat", parts=[part])
        self.fact("survey_sent", "system", user_id=self.survey["user_id"], label=segment)

    def rate(self, score: int, comment: str) -> None:
        """The shopper answers the survey on its card."""
        assert self.survey is not None  # noqa: S101 - a mistake of ours
        self.survey |= {
            "score": score,
            "answered_at": self.at,
            "comment": comment,
            "wants_comment": not comment,
        }
        more = {"user_id": self.survey["user_id"], "label": self.survey["segment"], "value": float(score)}
        self.fact("survey_answered", "shopper", **more)
        data = {
            "survey_id": self.survey["id"],
            "state": "done" if comment else "comment_wanted",
            "score": score,
        }
        self.event("survey", data | {"comment": comment})

    def finish(self) -> None:
        """Write the conversation's own row."""
        self.rows.conversations.append(
            {
                "id": self.id,
                "contact_id": self.contact["id"],
                "channel": self.channel,
                "account": self.account,
                "owner": self.owner,
                "owner_version": self.owner_version,
                "agent_id": None,
                "episode": self.episode,
                "last_seq": self.seq,
                "language": self.language,
                "reason": "" if self.owner == "closed" else self.reason,
                "summary": self.summary,
                "left_message": "",
                "opened_at": self.opened_at,
                "last_shopper_at": self.last_shopper_at,
                "last_at": self.at,
                "last_text": self.last_text,
                "queued_at": self.queued_at,
                "first_reply_at": self.first_reply_at,
                "waiting_since": None,
                "closed_at": self.closed_at,
                "page": self.page,
                "slow_told_at": None,
                "is_demo": True,
            }
        )
