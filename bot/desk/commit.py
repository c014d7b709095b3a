"""What a turn leaves behind: replies, hand-off, survey, facts and 'handled', committed together (promise 5)."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.brain.client import Answer, readings
from bot.core import messages
from bot.core.errors import BadInput
from bot.core.messages import COMMANDS, Choice, Command, Image, Part, QuickReplies, Text
from bot.core.ownership import Owner, Reason
from bot.core.text import clean
from bot.desk import mood
from bot.desk.close import close
from bot.desk.context import Context
from bot.desk.deliver import leave
from bot.desk.hand_off import hand_off
from bot.desk.say import notice, say
from bot.desk.sent import record_sent
from bot.desk.survey import ask
from bot.store import conversations as store
from bot.store import messages as store_messages
from bot.store.tables import Contact, Conversation, Message

log = logging.getLogger("aisle.turns")
SILENT = (messages.Note, messages.Contact, messages.Language)  # commands that say nothing themselves
PROVED = "proved"  # in session.info: this turn's shopper proved to be a customer
AnswerFor = Callable[[str, str], tuple[str, str] | None]


def commit_turn(
    session: Session,
    conversation_id: str,
    message_id: int,
    answer: Answer,
    *,
    owner_version: int,
    context: Context,
    answer_for: AnswerFor,
    is_live: bool,
    at: datetime,
) -> list[str] | None:
    """Keep the outcome of a turn computed under `owner_version`; None when nothing was said.

    When the conversation changed hands meanwhile the replies are dropped and only what was understood is kept.
    `answer_for(response name, locale)` gives the shop's own wording of an answer and its version. On a live channel
    what the bot says leaves here, before the conversation changes hands or closes: the authors of what left.
    """
    conversation = store.locked(session, conversation_id)
    told = _language(answer)
    episode = store_messages.handle(
        session, message_id, understood=_understood(answer), language=told.message, at=at
    )
    if episode is None:
        return None
    _speak(session, conversation, told, context)
    _understanding_facts(session, conversation, message_id, answer, episode=episode, at=at)
    if conversation.owner != Owner.BOT or conversation.owner_version != owner_version:
        store.add_fact(session, conversation, "reply_dropped", at=at, actor="bot", message_id=message_id)
        return None
    conversation.slow_told_at = None
    said, commands = _split(answer, conversation.language, answer_for)
    followed = mood.follow(session, conversation, message_id, answer, commands, episode=episode, at=at)
    commands = followed.commands
    if followed.is_instead:
        said = []
    leaves_at_once = is_live and not answer.failed_action and not store.has_leaving(session, conversation_id)
    written = [
        say(
            session,
            conversation,
            _with_ids(parts, number),
            author="bot",
            at=at,
            cause_id=message_id,
            response=response,
            content_version=version,
            has_left=leaves_at_once,
        )
        for number, (parts, response, version) in enumerate(said)
    ]
    if answer.failed_action:
        commands = _after_failure(
            session, conversation, message_id, answer, commands, episode=episode, context=context, at=at
        )
    elif not said and not commands:
        notice(
            session, conversation, "silent", context=context, at=at, choices=["person"], cause_id=message_id
        )
    if followed.is_fetching:
        mood.apologise(session, conversation, message_id, context=context, at=at)
    is_offered = mood.offer(
        session, conversation, message_id, answer, commands, episode=episode, context=context, at=at
    )
    left: list[str] = []
    is_handing_over = any(isinstance(command, messages.HandOff) for command in commands)
    if leaves_at_once:
        for message in written:
            record_sent(session, conversation, message, at, is_handing_over=is_handing_over)
            left.append(message.author)
    if is_live and (is_offered or followed.is_fetching or not (leaves_at_once and written)):
        left += leave(session, conversation, at, is_handing_over=is_handing_over)
    for command in commands:
        _carry_out(session, conversation, command, cause_id=message_id, context=context, at=at)
    if conversation.owner_version != owner_version:  # what the bot says with it belongs to the new state
        store_messages.rewrite_under(session, written, owner_version=conversation.owner_version)
    if is_live and any(not isinstance(command, SILENT) for command in commands):
        left += leave(session, conversation, at)
    return left


def give_up(
    session: Session, conversation_id: str, message_id: int, *, context: Context, at: datetime
) -> None:
    """A message the brain cannot take goes to a person, with an apology."""
    conversation = store.locked(session, conversation_id)
    message = session.get_one(Message, message_id)
    if conversation.owner != Owner.BOT or message.handled_at is not None:
        return
    message.handled_at = at
    notice(session, conversation, "error.hand_off", context=context, at=at, cause_id=message_id)
    command = messages.HandOff(reason=Reason.ERROR.value)
    hand_off(session, conversation, command, context=context, at=at, actor="system", cause_id=message_id)


def _understood(answer: Answer) -> dict[str, Any]:
    return {
        **answer.understood,
        "slots": {key: value for key, value in answer.slots.items() if value is not None},
        "active_form": answer.active_form,
        "failed_action": answer.failed_action,
    }


@dataclass(frozen=True)
class _Told:
    """What the brain says of languages: of the message (empty: not sure), and the one to answer in from now on."""

    message: str = ""
    answer: str = ""


def _language(answer: Answer) -> _Told:
    told = answer.understood.get("language")
    if not isinstance(told, Mapping) or not told.get("is_sure"):
        return _Told()
    return _Told(str(told.get("message") or "")[:12], str(told.get("answer") or ""))


def _speak(session: Session, conversation: Conversation, told: _Told, context: Context) -> None:
    """Follow the shopper into another language, or know that it is the one they write."""
    if told.answer not in context.profile.locales:
        return
    if told.answer != conversation.language:
        store.speak(session, conversation, told.answer, by="message")
    elif told.message == told.answer and conversation.language_from == "page":
        conversation.language_from = "message"


def _understanding_facts(
    session: Session,
    conversation: Conversation,
    message_id: int,
    answer: Answer,
    *,
    episode: int,
    at: datetime,
) -> None:
    for reading in readings(answer.understood):
        intent = str(reading.get("intent") or "")
        if intent:
            confidence = reading.get("confidence")
            value = float(confidence) if isinstance(confidence, (int, float)) else None
            store.add_fact(
                session,
                conversation,
                "understood",
                at=at,
                actor="bot",
                message_id=message_id,
                label=intent,
                value=value,
                episode=episode,
            )


def _split(
    answer: Answer, locale: str, answer_for: AnswerFor
) -> tuple[list[tuple[list[Part], str, str]], list[Command]]:
    """Messages to write (parts, response name, content version) and commands, in the brain's order."""
    said: list[tuple[list[Part], str, str]] = []
    commands: list[Command] = []
    for reply in answer.replies:
        parts: list[Part] = []
        response = str(reply.get("response") or "")
        text, version = clean(str(reply.get("text") or "")), ""
        edited = answer_for(response, locale) if response else None
        if edited is not None:
            text, version = edited
        if text:
            parts.append(Text(text))
        custom = reply.get("custom")
        if isinstance(custom, Mapping) and custom:
            try:
                value = messages.from_json(custom)
            except BadInput as error:
                log.error("an action sent a payload that is not ours", extra={"reason": str(error)})
            else:
                if isinstance(value, COMMANDS):
                    commands.append(value)
                else:
                    parts.append(value)
        if reply.get("image"):
            parts.append(Image(url=str(reply["image"])))
        buttons = _buttons(reply.get("buttons") or ())
        if buttons:
            parts.append(QuickReplies(items=buttons))
        if parts:
            said.append((parts, response, version))
    return said, _fetching_once(commands)


def _fetching_once(commands: list[Command]) -> list[Command]:
    """Several wishes of one message that need a person are one hand-off, which names them all."""
    fetching = [command for command in commands if isinstance(command, messages.HandOff)]
    if len(fetching) < 2:
        return commands
    details = {label: value for command in fetching[::-1] for label, value in command.details.items()}
    wants = "; ".join(dict.fromkeys(command.wants for command in fetching if command.wants))
    once = messages.HandOff(reason=fetching[0].reason, wants=wants, details=details)
    return [*(command for command in commands if not isinstance(command, messages.HandOff)), once]


def _buttons(raw: Any) -> tuple[Choice, ...]:
    found = []
    for number, item in enumerate(raw):
        title = clean(str(item.get("title") or ""), limit=120)
        if title:
            found.append(Choice(id=f"b{number}", title=title, payload=str(item.get("payload") or title)))
    return tuple(found)


def _with_ids(parts: list[Part], number: int) -> list[Part]:
    """Button ids unique within a turn, so that a choice without its event number is not ambiguous."""
    named: list[Part] = []
    for part in parts:
        if isinstance(part, QuickReplies):
            items = tuple(Choice(f"{number}{item.id}", item.title, item.payload) for item in part.items)
            named.append(QuickReplies(items=items))
        else:
            named.append(part)
    return named


def _after_failure(
    session: Session,
    conversation: Conversation,
    message_id: int,
    answer: Answer,
    commands: list[Command],
    *,
    episode: int,
    context: Context,
    at: datetime,
) -> list[Command]:
    """An action failed: say so; the second time running, fetch a person."""
    before = session.scalars(_previous(conversation.id, message_id, episode)).first()
    store.add_fact(
        session,
        conversation,
        "action_failed",
        at=at,
        actor="bot",
        message_id=message_id,
        label=answer.failed_action,
    )
    failed_before = bool(before and before.get("failed_action"))
    if failed_before and not any(isinstance(item, messages.HandOff) for item in commands):
        notice(session, conversation, "error.hand_off", context=context, at=at, cause_id=message_id)
        return [*commands, messages.HandOff(reason=Reason.ERROR.value)]
    notice(session, conversation, "error", context=context, at=at, choices=["person"], cause_id=message_id)
    return commands


def _previous(conversation_id: str, message_id: int, episode: int) -> Any:
    return (
        select(Message.understood)
        .where(
            Message.conversation_id == conversation_id,
            Message.episode == episode,
            Message.direction == "in",
            Message.id < message_id,
        )
        .order_by(Message.id.desc())
        .limit(1)
    )


def _carry_out(
    session: Session,
    conversation: Conversation,
    command: Command,
    *,
    cause_id: int,
    context: Context,
    at: datetime,
) -> None:
    match command:
        case messages.HandOff():
            if conversation.owner == Owner.BOT:
                hand_off(session, conversation, command, context=context, at=at, cause_id=cause_id)
        case messages.Close():
            close(
                session,
                conversation.id,
                context=context,
                by="bot",
                is_confirmed=command.is_confirmed,
                cause_id=cause_id,
                at=at,
            )
        case messages.AskSurvey():
            ask(session, conversation, context=context, cause_id=cause_id, at=at)
        case messages.Note():
            actor = "shopper" if command.kind in ("helpful", "product_asked", "searched") else "bot"
            store.add_fact(
                session,
                conversation,
                command.kind[:30],
                at=at,
                actor=actor,
                message_id=cause_id,
                label=command.label,
                value=command.value,
            )
        case messages.Contact():
            _learn(session, conversation, command)
        case messages.Language():
            if command.locale in context.profile.locales:
                store.speak(session, conversation, command.locale, by="choice")


def _learn(session: Session, conversation: Conversation, command: messages.Contact) -> None:
    contact = session.get_one(Contact, conversation.contact_id)
    if command.customer_id:
        contact.customer_id = command.customer_id[:64]
        session.info[PROVED] = True
    contact.name = contact.name or clean(command.name, limit=200)
    contact.email = contact.email or clean(command.email, limit=320)
    contact.phone = contact.phone or clean(command.phone, limit=40)
    if command.order_number:
        conversation.summary = {**conversation.summary, "order_number": command.order_number[:40]}
