"""Messages over channels of other houses: what they mean to the bot, and what it honestly cannot look at."""

import re
from dataclasses import replace
from typing import Any

from bot.core.channel import MESSAGES
from bot.core.messages import File, to_json
from bot.desk import changes_of_messages, elsewhere, identities
from bot.desk.case import Applied, Case
from bot.desk.receive import STANDING, Incoming, Received, receive
from bot.store import conversations as store
from bot.store.platform_events import word
from bot.store.tables import Conversation

GREET = "/greet"
PRODUCT = "/product_details"
KEPT = ("referral", "product", "products", "quote", "is_forwarded", "album", "answers", "unsupported")
SEEN = ("image", "video", "audio", "file", "location", "contact", "share", "story", "order", "product")
_CHOICE = re.compile(r"c:(\d{1,18}):(.+)", re.DOTALL)


def take(case: Case) -> Applied:
    """A message, tap or form: stored once, and a turn of the bot where there is something to answer."""
    received = _receive(case, _incoming(case))
    return Applied(
        conversation_id=received.conversation_id,
        message_id=received.message_id,
        needs_turn=received.needs_turn,
        is_message=received.is_new,
        is_content_kept=received.is_new,
    )


def take_standby(case: Case) -> Applied:
    """What is said while another program has the thread: agents see it, the bot keeps out."""
    kind = str(case.heard.detail.get("was") or case.heard.detail.get("kind") or "message.text")
    handler = _IN_STANDBY.get(kind)
    if handler is not None:
        return handler(case)
    if kind not in MESSAGES:
        return Applied()
    incoming = _incoming(case)
    extra = {**incoming.extra, "standby": True}
    received = _receive(case, replace(incoming, extra=extra, notice="", is_silent=True, payload=""))
    conversation = store.locked(case.session, received.conversation_id)
    elsewhere.go(case, conversation)
    return Applied(
        conversation_id=received.conversation_id,
        message_id=received.message_id,
        is_message=received.is_new,
        is_content_kept=received.is_new,
    )


def take_referral(case: Case) -> Applied:
    """The shopper came back over a link or an advertisement: that opens the window of a thread that is there."""
    conversation = identities.conversation_of(case)
    if conversation is None:
        return Applied("waiting")
    open_window(case, conversation)
    referral = _referral(case)
    if referral:
        _keep_referral(case, conversation, referral)
    return Applied(conversation_id=conversation.id)


def open_window(case: Case, conversation: Conversation) -> None:
    """The platform lets us write from now on, for as long as its window is."""
    if conversation.window_at is None or conversation.window_at < case.heard.at:
        conversation.window_at = case.heard.at


def _receive(case: Case, incoming: Incoming) -> Received:
    received = receive(case.session, incoming, context=case.context)
    if not received.is_new:
        return received
    conversation = store.locked(case.session, received.conversation_id)
    identities.learn(case, conversation.contact_id)
    if case.heard.kind != "standby":
        open_window(case, conversation)
    conversation.unreachable = ""
    referral = _referral(case)
    if referral:
        _keep_referral(case, conversation, referral)
    is_settled = changes_of_messages.apply_waiting(case, received.message_id)
    return replace(received, needs_turn=received.needs_turn and not is_settled)


def _incoming(case: Case) -> Incoming:
    heard, context = case.heard, case.context
    known = identities.find(case.session, case.channel, heard)
    message_id, choice = _choice(heard.choice)
    incoming = Incoming(
        channel=case.channel,
        account=heard.account,
        external_id=heard.person,
        platform_id=heard.platform_id or word(heard.key, 200),
        text=heard.text,
        at=heard.at,
        stored_at=case.at,
        contact_id=known.contact_id,
        conversation_id=known.conversation_id,
        language=identities.language_of(context.profile, heard.locale),
        choice_id=choice,
        choice_message_id=message_id,
        is_lenient=True,
        parts=tuple(to_json(part) for part in heard.parts),
        extra=_extra(case),
    )
    if heard.choice == "get_started":
        return replace(
            incoming, payload=GREET, text=heard.text or context.words.text("get_started", incoming.language)
        )
    product = heard.detail.get("product")
    sku = str((product.get("sku") or product.get("id") or "") if isinstance(product, dict) else "")
    if isinstance(product, dict) and sku and case.has_product(sku):
        title = str(product.get("title") or "")[:500]
        page = {"url": str(product.get("url") or "")[:500], "title": title, "sku": sku}
        return replace(
            incoming, page=page, text=heard.text or title or sku, payload="" if heard.text else PRODUCT
        )
    if heard.kind == "message.order":
        return replace(incoming, notice="cannot.order")
    if heard.text.strip() or choice:
        return incoming
    if heard.kind == "message.sticker":
        return replace(incoming, is_silent=True, extra={**incoming.extra, "silent": True})
    return replace(incoming, notice=f"cannot.{_seen(case)}")


def _choice(word_back: str) -> tuple[int | None, str]:
    """(message it was offered in, id) of a button of ours; no id when it is none: then its title counts."""
    found = _CHOICE.fullmatch(word_back)
    if found:
        return int(found[1]), found[2]
    return None, word_back if word_back in STANDING or word_back.startswith("starter:") else ""


def _seen(case: Case) -> str:
    kind = next((part.kind for part in case.heard.parts if isinstance(part, File)), "")
    return kind if kind in SEEN else "other"


def _extra(case: Case) -> dict[str, Any]:
    detail = case.heard.detail
    kept: dict[str, Any] = {key: detail[key] for key in KEPT if detail.get(key)}
    reply_to = detail.get("reply_to")
    answered = reply_to if isinstance(reply_to, dict) else {"mid": reply_to}
    story = detail.get("story") or answered.get("story")
    if story:
        kept["story"] = story
    if answered.get("mid"):
        kept["reply_to"] = str(answered["mid"])
    return {**kept, "event": case.event_id}


def _referral(case: Case) -> dict[str, Any]:
    found = case.heard.detail.get("referral")
    return found if isinstance(found, dict) else {}


def _keep_referral(case: Case, conversation: Conversation, referral: dict[str, Any]) -> None:
    conversation.summary = {**conversation.summary, "referral": referral}
    label = f"{referral.get('source') or '-'} {referral.get('ref') or ''}".strip()
    store.add_fact(case.session, conversation, "referral", at=case.heard.at, actor="shopper", label=label)


_IN_STANDBY = {
    "echo": elsewhere.take_echo,
    "echo.human": elsewhere.take_echo,
    "message.edit": changes_of_messages.take_edit,
    "message.deleted": changes_of_messages.take_deletion,
    "reaction": changes_of_messages.take_reaction,
}
