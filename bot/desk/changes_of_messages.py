"""What happens to a message after it was said: edited, unsent, reacted to. In whatever order we hear of it."""

from dataclasses import replace
from typing import Any

from bot.core.text import clean, first_line
from bot.desk import elsewhere, touches, unsent
from bot.desk.case import Applied, Case
from bot.store import conversations as store
from bot.store import pieces, platform_events
from bot.store.messages import id_of_platform
from bot.store.platform_events import WAITING
from bot.store.tables import Conversation, Message


def take_edit(case: Case) -> Applied:
    """The latest wording counts, of one moment the one that came last; the one before is not kept."""
    message = _target(case)
    if message is None:
        return Applied(WAITING)
    done = Applied(conversation_id=message.conversation_id, message_id=message.id, is_content_kept=False)
    order = (_number(case), case.heard.at.isoformat())
    before = (message.extra.get("edits", 0), message.extra.get("edited_at", ""))
    if message.direction != "in" or "deleted_at" in message.extra or order < before:
        return done
    conversation = store.locked(case.session, message.conversation_id)
    text = clean(case.heard.text, limit=case.context.settings.max_message_chars)
    if message.text and conversation.last_text == first_line(message.text):
        conversation.last_text = first_line(text)
    message.text, message.payload = text, ""
    message.extra = {**message.extra, "edits": order[0], "edited_at": order[1]}
    _changed(case, conversation, message, "edited")
    return done


def take_deletion(case: Case) -> Applied:
    """The shopper unsent a message: its content goes; the event waits until the brain has forgotten it, too."""
    message = _target(case)
    if message is None:
        return touches.take_deletion(case)
    done = Applied(conversation_id=message.conversation_id, message_id=message.id)
    if "deleted_at" in message.extra:
        return done
    conversation = store.locked(case.session, message.conversation_id)
    unsent.erase(case.session, conversation, message)
    message.extra = {**message.extra, "deleted_at": case.heard.at.isoformat()}
    if message.direction == "in" and message.handled_at is None:
        message.handled_at = case.at
    case.session.flush()
    if conversation.waiting_since is not None:
        elsewhere.recount_waiting(case.session, conversation)
    _changed(case, conversation, message, "deleted")
    return replace(done, state=WAITING) if message.direction == "in" else done


def take_reaction(case: Case) -> Applied:
    """An emoji on a message of ours or theirs; never a reason for the bot to speak, but it opens the window."""
    message = _target(case)
    if message is None:
        return Applied(WAITING)
    done = Applied(conversation_id=message.conversation_id, message_id=message.id)
    at = case.heard.at.isoformat()
    conversation = store.locked(case.session, message.conversation_id)
    if conversation.window_at is None or conversation.window_at < case.heard.at:
        conversation.window_at = case.heard.at
    if "deleted_at" in message.extra or message.extra.get("reaction", {}).get("at", "") > at:
        return done
    emoji = str(case.heard.detail.get("emoji") or "")[:20]
    message.extra = {**message.extra, "reaction": {"emoji": emoji, "at": at}}
    _changed(case, conversation, message, "reaction", label=emoji or "-")
    return done


def apply_waiting(case: Case, message_id: int) -> bool:
    """Apply what was heard of a message before itself; True when nothing of it is left to answer.

    Its edits and its deletion are applied at once, so that no turn is taken on what is no longer said; the rest,
    and all when this was tried in vain, follows in its lane.
    """
    message = case.session.get_one(Message, message_id)
    for event in platform_events.waiting(case.session, case.lane, target=message.platform_id or ""):
        handler = _AT_ONCE.get(event.kind) if event.target and case.is_first_try else None
        if handler is None:
            event.state = platform_events.NEW
        else:
            applied = handler(replace(case, heard=platform_events.heard(event), event_id=event.id))
            platform_events.settle(event, applied.state, message_id=message_id, **_where(applied))
    case.session.flush()
    return message.handled_at is not None


def _where(applied: Applied) -> dict[str, Any]:
    return {"conversation_id": applied.conversation_id, "is_content_kept": applied.is_content_kept}


def _number(case: Case) -> int:
    try:
        return int(case.heard.detail.get("number") or 0)
    except (TypeError, ValueError):
        return 0


def _target(case: Case) -> Message | None:
    """The message the event is about, said by the shopper, by us, or elsewhere."""
    heard, session = case.heard, case.session
    key = {"channel": case.channel, "account": heard.account, "platform_id": heard.target}
    if not heard.target:
        return None
    piece = pieces.find_by_platform_id(session, **key)
    message_id = piece.message_id if piece else id_of_platform(session, **key)
    if message_id is None:
        return None
    # Locked before it is read: a turn that commits at the same time must not be overwritten.
    conversation_id = session.get_one(Message, message_id).conversation_id
    store.locked(session, conversation_id)
    return session.get_one(Message, message_id, populate_existing=True)


def _changed(case: Case, conversation: Conversation, message: Message, kind: str, *, label: str = "") -> None:
    case.session.flush()
    store.append_event(
        case.session, conversation, "changed", at=case.at, message=message, data={"what": kind}
    )
    store.add_fact(
        case.session,
        conversation,
        kind,
        at=case.heard.at,
        actor="shopper",
        message_id=message.id,
        label=label,
        episode=message.episode,
    )


_AT_ONCE = {"message.edit": take_edit, "message.deleted": take_deletion}
