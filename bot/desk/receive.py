"""Taking in one shopper message: stored first, answered later (promises 1 and 2)."""

import json
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.core.errors import BadInput
from bot.core.ids import new_id
from bot.core.messages import HandOff
from bot.core.ownership import Owner, Reason
from bot.core.text import clean, first_line
from bot.core.times import seconds_between
from bot.desk import survey
from bot.desk.acknowledge import acknowledge
from bot.desk.close import close
from bot.desk.context import Context
from bot.desk.hand_off import hand_back, hand_off
from bot.desk.say import notice
from bot.store import conversations as store
from bot.store import messages, prepared, statements
from bot.store.messages import Written
from bot.store.tables import Contact, Conversation, Event, Message

STANDING = ("person", "start_over", "keep_bot", "leave_message")
ASK = "ask:"  # and the id of a product
WORDS_AROUND = 16  # characters: "ok, … please"
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]*\w")


@dataclass(frozen=True)
class Incoming:
    """A shopper's message as a channel hands it over.

    `platform_id` makes it unique within (channel, account). `choice_id` is the quick reply chosen: one of `STANDING`,
    `starter:<n>`, `rate:<n>`, or an id in the message of event `choice_seq` or `choice_message_id` (None: the latest
    that has it). `at` is the platform's time, `stored_at` ours (None: the same).

    From channels of other houses: `parts` (JSON) and `extra` are kept with the message; `payload` is what the brain
    gets unless a choice says otherwise; `notice` answers in place of the bot; `is_silent`: nobody need answer;
    `is_lenient`: a choice that is not on offer (any more) is read as its title.
    """

    channel: str
    account: str
    external_id: str
    platform_id: str
    text: str
    at: datetime
    contact_id: str = ""
    conversation_id: str = ""
    language: str = "en"
    choice_id: str = ""
    choice_seq: int | None = None
    page: dict[str, Any] = field(default_factory=dict)
    stored_at: datetime | None = None
    choice_message_id: int | None = None
    parts: tuple[dict[str, Any], ...] = ()
    extra: dict[str, Any] = field(default_factory=dict)
    payload: str = ""
    notice: str = ""
    is_silent: bool = False
    is_lenient: bool = False


@dataclass(frozen=True)
class Received:
    """Where it went. `needs_turn`: the bot must answer; `is_new` False: it was a repeat and nothing changed."""

    conversation_id: str
    message_id: int
    seq: int
    at: datetime
    is_new: bool
    needs_turn: bool


def receive(session: Session, incoming: Incoming, *, context: Context) -> Received:
    """Store a message with its event and facts; standing choices, ratings and left messages are settled here.

    Raises:
        BadInput: empty, or a choice that was never offered.
    """
    text = clean(incoming.text, limit=context.settings.max_message_chars)
    if not text and not incoming.choice_id and not incoming.extra:
        raise BadInput("write something first", field="text")
    conversation = _conversation(session, incoming)
    known_id = messages.id_of_platform(  # asked under the lock: two copies may have come side by side
        session, channel=incoming.channel, account=incoming.account, platform_id=incoming.platform_id
    )
    if known_id is not None:
        return _repeat(session, known_id)
    rating = _rating(session, conversation, incoming)
    title, payload = (
        (str(rating[1]), "") if rating else _choice(session, conversation, incoming, text, context)
    )
    text, payload = title or text, payload or incoming.payload
    standing = payload.removeprefix("choice:") if payload.startswith("choice:") else ""
    is_rating = rating is not None or (
        not payload and survey.is_answer(session, conversation, text, at=incoming.at)
    )
    if not is_rating:
        _open(session, conversation, incoming.at, context)
    is_asked = not incoming.is_silent and not _is_answered(session, conversation, incoming)
    is_bots = is_asked and not is_rating and not standing and conversation.owner == Owner.BOT
    needs_turn = is_bots and not incoming.notice
    message = messages.add(
        session,
        {
            "conversation_id": conversation.id,
            "episode": conversation.episode,
            "direction": "in",
            "author": "shopper",
            "channel": incoming.channel,
            "account": incoming.account,
            "platform_id": incoming.platform_id,
            "text": text,
            "parts": list(incoming.parts),
            "payload": "" if standing else payload,
            "created_at": incoming.at,
            "stored_at": incoming.stored_at or incoming.at,
            "handled_at": None if needs_turn else incoming.at,
            "state": "received",
            "language": conversation.language,
            "page": incoming.page,
            "extra": incoming.extra,
        },
    )
    seq = store.append_event(session, conversation, "message", at=incoming.at, message=message)
    store.add_fact(
        session, conversation, "message_in", at=incoming.at, actor="shopper", message_id=message.id
    )
    _note_last(conversation, incoming, text, context)
    if rating:
        survey.take_score(
            session, conversation, *rating, context=context, at=incoming.at, cause_id=message.id
        )
    elif is_rating:
        survey.take_text(session, conversation, text, context=context, at=incoming.at, cause_id=message.id)
    elif not incoming.is_silent:
        if is_asked:
            conversation.waiting_since = min(conversation.waiting_since or incoming.at, incoming.at)
        if is_bots and incoming.notice:
            notice(
                session,
                conversation,
                incoming.notice,
                context=context,
                at=incoming.stored_at or incoming.at,
                choices=["person"],
                cause_id=message.id,
            )
        elif standing:
            _stand(session, conversation, message.id, standing, context=context, at=incoming.at)
        elif conversation.owner == Owner.QUEUE and conversation.left_message == "wanted":
            _keep_left_message(session, conversation, message, context=context, at=incoming.at)
        elif conversation.owner == Owner.QUEUE and is_asked:
            acknowledge(session, conversation, message.id, context=context, at=incoming.at)
    return Received(conversation.id, message.id, seq, incoming.at, is_new=True, needs_turn=needs_turn)


def _note_last(conversation: Conversation, incoming: Incoming, text: str, context: Context) -> None:
    """Note who spoke last and of what; messages of other houses may come late."""
    at = incoming.at
    conversation.last_shopper_at = max(conversation.last_shopper_at or at, at)
    if incoming.page:
        conversation.page = incoming.page
    if at < conversation.last_at:
        return
    conversation.last_at = at
    kind = next((part["kind"] for part in incoming.parts if part.get("type") == "file"), "")
    conversation.last_text = first_line(text)
    if kind and not text:
        key = f"sent.{kind}" if f"sent.{kind}" in context.words.keys() else "sent.other"  # noqa: SIM118
        conversation.last_text = context.words.text(key, context.profile.locale)


def _is_answered(session: Session, conversation: Conversation, incoming: Incoming) -> bool:
    """Whether a message is heard of so late that somebody has answered it elsewhere already."""
    is_elsewhere = conversation.owner == Owner.AGENT and conversation.agent_id is None
    if not incoming.is_lenient or (not is_elsewhere and incoming.at >= conversation.last_at):
        return False
    answered_at = store.answered_elsewhere_at(session, conversation.id)
    return answered_at is not None and incoming.at <= answered_at


def _rating(session: Session, conversation: Conversation, incoming: Incoming) -> tuple[str, int] | None:
    """(survey, score) of a tap on one of the ratings of a message that asked for one."""
    name = incoming.choice_id
    if not name.startswith("rate:") or incoming.choice_message_id is None:
        return None
    score = name.removeprefix("rate:")
    asked = session.get(Message, incoming.choice_message_id)
    if asked is None or asked.conversation_id != conversation.id or score not in ("1", "2", "3", "4", "5"):
        return None
    found = [part["survey_id"] for part in asked.parts if part.get("type") == "survey"]
    return (found[0], int(score)) if found else None


def _repeat(session: Session, message_id: int) -> Received:
    message = session.get_one(Message, message_id)
    seq = session.scalar(
        select(Event.seq).where(
            Event.conversation_id == message.conversation_id,
            Event.message_id == message.id,
            Event.kind == "message",
        )
    )
    return Received(
        message.conversation_id,
        message.id,
        seq or 0,
        message.created_at,
        is_new=False,
        needs_turn=message.handled_at is None,
    )


def _conversation(session: Session, incoming: Incoming) -> Conversation:
    """The shopper's conversation, locked; made with their first message."""
    conversation_id, contact_id = incoming.conversation_id, incoming.contact_id
    if not conversation_id:
        known = store.of_identity(
            session, channel=incoming.channel, account=incoming.account, external_id=incoming.external_id
        )
        if known is not None:
            contact_id, conversation_id = known
    if conversation_id:
        found = store.find_locked(session, conversation_id)
        if found is not None:
            return found
    return store.make(
        session,
        conversation_id=conversation_id or new_id(),
        contact_id=contact_id or new_id(),
        channel=incoming.channel,
        account=incoming.account,
        external_id=incoming.external_id,
        language=incoming.language,
        at=incoming.at,
    )


def _choice(
    session: Session, conversation: Conversation, incoming: Incoming, text: str, context: Context
) -> tuple[str, str]:
    """(what the shopper is seen to say, payload for the brain or `choice:<standing>`)."""
    locale = conversation.language
    name = incoming.choice_id
    if name in STANDING:
        return context.words.text(f"choice.{name}", locale), f"choice:{name}"
    if name.startswith("starter:"):
        starters = context.profile.starters
        items = starters.get(locale) or starters.get("en") or ()
        number = name.removeprefix("starter:")
        if not number.isdecimal() or int(number) >= len(items):
            if incoming.is_lenient:
                return "", ""
            raise BadInput("there is no such starter", field="choice.id")
        return items[int(number)][1], ""
    offered = _offered(
        session,
        conversation,
        incoming.choice_seq,
        incoming.choice_message_id,
        is_product=name.startswith(ASK),
    )
    for place, item in enumerate(offered, start=1):
        is_typed = text == str(place) or _names(text, item, conversation)
        is_meant = item["id"] == name if name else is_typed
        if is_meant:
            standing = item["id"] if item["id"] in STANDING and not item.get("payload") else ""
            return item["title"], f"choice:{standing}" if standing else item.get("payload", "")
    if name and not incoming.is_lenient:
        raise BadInput("that choice is not on offer", field="choice.id")
    return "", ""


def _names(text: str, item: dict[str, Any], conversation: Conversation) -> bool:
    """Whether a typed text is a choice's title; in line for a person, where no bot reads it, with a word around too."""
    title, typed = (said.casefold().strip(" .!?") for said in (item["title"], text))
    if typed == title:
        return True
    is_in_line = conversation.owner == Owner.QUEUE and item["id"] in STANDING
    return is_in_line and title in typed and len(typed) <= len(title) + WORDS_AROUND


def _offered(
    session: Session,
    conversation: Conversation,
    seq: int | None,
    message_id: int | None,
    *,
    is_product: bool = False,
) -> list[dict[str, Any]]:
    """Quick replies of that message (by event or id), or of the latest that the shopper was sent.

    `is_product`: its products too, which are asked about by their own buttons only, never by a number typed.
    """
    key: dict[str, Any] = {"conversation_id": conversation.id}
    if message_id is not None:
        found = prepared.rows(session, statements.PARTS_OF_MESSAGE, key | {"message_id": message_id})
    elif seq is None:
        found = prepared.rows(session, statements.LATEST_PARTS, key)
    else:
        found = prepared.rows(session, statements.PARTS_OF_EVENT, key | {"seq": seq})
    items: list[dict[str, Any]] = []
    for (parts,) in found:
        for part in parts:
            if part.get("type") == "quick_replies":
                items.extend(part["items"])
            elif part.get("type") == "products" and is_product:
                items.extend(map(_ask_about, part["items"]))
        if items:
            break
    return items


def _ask_about(product: dict[str, Any]) -> dict[str, str]:
    """The choice below a product card on channels of other houses (`connectors.cards.ask_about`)."""
    named = json.dumps({"product": product["title"]}, ensure_ascii=False)
    return {
        "id": f"{ASK}{product['product_id']}",
        "title": product["title"],
        "payload": f"/product_details{named}",
    }


def _open(session: Session, conversation: Conversation, at: datetime, context: Context) -> None:
    """See that a message falls into an open episode: the first, the running one, or a new one."""
    if conversation.owner == Owner.BOT and conversation.episode > 0:
        idle = seconds_between(conversation.last_at, at)
        is_idle = idle > context.settings.episode_idle_seconds
        if is_idle and not store.has_open_turn(session, conversation.id):
            close(session, conversation.id, context=context, by="idle", at=at)
    if conversation.episode == 0:
        store.open_episode(session, conversation, at)
        store.add_fact(session, conversation, "opened", at=at, actor="shopper")
    elif conversation.owner == Owner.CLOSED:
        since = seconds_between(conversation.closed_at or at, at)
        store.change_owner(session, conversation, Owner.BOT)
        store.open_episode(session, conversation, at)
        store.add_fact(session, conversation, "reopened", at=at, actor="shopper", value=since)
        store.append_event(session, conversation, "episode", at=at, data={"episode": conversation.episode})


def _stand(
    session: Session,
    conversation: Conversation,
    message_id: int,
    standing: str,
    *,
    context: Context,
    at: datetime,
) -> None:
    """Carry out a standing choice; where it makes no sense (any more) nothing happens."""
    owner = Owner(conversation.owner)
    if standing in ("person", "leave_message") and owner is Owner.BOT:
        command = HandOff(reason=Reason.ASKED.value)
        hand_off(session, conversation, command, context=context, at=at, actor="shopper", cause_id=message_id)
    if standing == "leave_message" and conversation.owner == Owner.QUEUE:
        conversation.left_message = "wanted"
        notice(session, conversation, "leave_message.ask", context=context, at=at, cause_id=message_id)
    if standing == "keep_bot" and owner is Owner.QUEUE:
        hand_back(session, conversation.id, context=context, at=at, cause_id=message_id)
    if standing == "start_over" and owner in (Owner.BOT, Owner.QUEUE):
        close(session, conversation.id, context=context, by="shopper", at=at)
        store.change_owner(session, conversation, Owner.BOT)
        store.open_episode(session, conversation, at)
        store.add_fact(session, conversation, "reopened", at=at, actor="shopper", value=0.0)
        store.append_event(session, conversation, "episode", at=at, data={"episode": conversation.episode})
        messages.move(session, message_id, episode=conversation.episode)
        notice(session, conversation, "start_over", context=context, at=at, cause_id=message_id)


def _keep_left_message(
    session: Session, conversation: Conversation, message: Written, *, context: Context, at: datetime
) -> None:
    conversation.left_message = "left"
    found = _EMAIL.search(message.text)
    contact = session.get_one(Contact, conversation.contact_id)
    if found and not contact.email:
        contact.email = found[0][:320]
    conversation.summary = {**conversation.summary, "left_message": message.text}
    store.add_fact(session, conversation, "left_message", at=at, actor="shopper", message_id=message.id)
    notice(session, conversation, "leave_message.kept", context=context, at=at, cause_id=message.id)
