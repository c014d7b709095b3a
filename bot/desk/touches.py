"""What is said to the shop in public: comments, posts, mentions. Agents see them; a rule may answer one privately.

A comment opens no conversation by itself. Where the shop's profile says so, a question or complaint gets one private
reply within the platform's window, never twice, and never to ourselves.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from functools import cache

from sqlalchemy import select

from bot.core import languages
from bot.core.channel import Heard
from bot.core.errors import OutsideWindow
from bot.core.messages import Text
from bot.core.ownership import Owner
from bot.core.text import clean
from bot.core.windows import PRIVATE_REPLY, private_reply
from bot.desk import identities
from bot.desk.case import Applied, Case
from bot.desk.say import say
from bot.store import conversations as store
from bot.store import platform_events
from bot.store.platform_events import WAITING
from bot.store.tables import Touch

KINDS = {"comment.add": "comment", "post.add": "post", "message.story_mention": "story_mention"}
ANSWERED = ("comment", "live_comment", "post")
LIVE_FOR = timedelta(minutes=5)  # a broadcast may be over later, and then its comments take no private reply
# Of all scripts; the Greek one looks like a semicolon and is one after Greek letters only.
QUESTION_MARKS = re.compile(
    "[?\u00bf\uff1f\u061f\u055e\u1367\ua60f\u2047\u2048\u203d\u2e2e\ufe56]|[\u0370-\u03ff\u1f00-\u1fff]\\s*[;\u037e]"
)


def take(case: Case) -> Applied:
    """Keep a touch once, follow its edits and removal, and answer it where the rule says so."""
    heard = case.heard
    touch = _find(case)
    verb = str(heard.detail.get("verb") or "add")
    if verb in ("remove", "removed", "hide", "edit", "edited"):
        if touch is None:
            return Applied(WAITING, target=heard.platform_id)
        _change(touch, verb, heard)
        return Applied(is_content_kept=False)
    if touch is not None:
        return Applied(is_content_kept=False)
    touch = Touch(
        channel=case.channel,
        account=heard.account,
        platform_id=heard.platform_id or heard.key[:200],
        kind=str(heard.detail.get("touch") or _kind(heard))[:20],
        person=heard.person,
        name=clean(heard.name, limit=200),
        text=clean(heard.text, limit=8_000),
        url=str(heard.detail.get("url") or "")[:4_000],
        parent=str(heard.detail.get("parent") or heard.target or "")[:200],
        at=heard.at,
        state="seen",
        reason="",
    )
    case.session.add(touch)
    known = identities.find(case.session, case.channel, heard)
    if known.conversation_id:
        conversation = store.locked(case.session, known.conversation_id)
        touch.conversation_id = conversation.id
        store.add_fact(case.session, conversation, "touch", at=heard.at, actor="shopper", label=touch.kind)
    for event in platform_events.waiting(case.session, case.lane, target=touch.platform_id):
        if event.target and event.kind in (heard.kind, "message.deleted"):
            later = platform_events.heard(event)
            _change(touch, str(later.detail.get("verb") or "removed"), later)
            platform_events.settle(event, "done", is_content_kept=False)
    if touch.state == "seen":
        _answer(case, touch)
    return Applied(conversation_id=touch.conversation_id or "", is_content_kept=False)


def take_deletion(case: Case) -> Applied:
    """Something unsent that is no message we know: a mention in a story, or what we have not heard of yet."""
    heard = case.heard
    query = select(Touch).where(
        Touch.channel == case.channel, Touch.account == heard.account, Touch.platform_id == heard.target
    )
    touch = case.session.scalars(query).one_or_none() if heard.target else None
    if touch is None:
        return Applied(WAITING)
    _change(touch, "removed", heard)
    return Applied(conversation_id=touch.conversation_id or "")


def _kind(heard: Heard) -> str:
    return "live_comment" if heard.detail.get("is_live") else KINDS.get(heard.kind, "comment")


def _find(case: Case) -> Touch | None:
    query = select(Touch).where(
        Touch.channel == case.channel,
        Touch.account == case.heard.account,
        Touch.platform_id == (case.heard.platform_id or case.heard.key[:200]),
    )
    return case.session.scalars(query).one_or_none()


def _change(touch: Touch, verb: str, heard: Heard) -> None:
    if verb.startswith("edit"):
        touch.text = clean(heard.text, limit=8_000) if touch.state != "removed" else ""
    else:
        touch.state, touch.text, touch.url = "removed", "", ""


def _answer(case: Case, touch: Touch) -> None:
    """Write one private reply, where the profile and the platform's window allow it."""
    heard, profile = case.heard, case.context.profile
    language = identities.language_of(profile, heard.locale)
    reason = reason_of(touch.text)
    if reason not in profile.touches or touch.kind not in ANSWERED:
        return
    if not touch.person or touch.person == heard.account:
        return
    if touch.kind == "live_comment" and case.at - touch.at > LIVE_FOR:
        return
    try:
        private_reply(case.capabilities, commented_at=touch.at, at=case.at)
    except OutsideWindow:
        return
    conversation = identities.make_conversation(case)
    if conversation.owner not in (Owner.BOT, Owner.CLOSED) or conversation.unreachable:
        return  # somebody is talking to them already
    text = case.context.words.text(f"touch.{reason}", language, shop=profile.name, bot=profile.bot_name)
    message = say(
        case.session,
        conversation,
        [Text(text)],
        author="system",
        at=case.at,
        response=f"touch.{reason}",
        extra={"way": PRIVATE_REPLY, "comment": touch.platform_id, "commented_at": touch.at.isoformat()},
    )
    touch.state, touch.reason = "replied", reason
    touch.conversation_id, touch.message_id = conversation.id, message.id
    store.add_fact(
        case.session,
        conversation,
        "private_reply",
        at=case.at,
        actor="system",
        message_id=message.id,
        label=reason,
    )


def reason_of(text: str) -> str:
    """`complaint`, `question` or neither (empty), by the words of all languages and question marks of all scripts."""
    words = " ".join(re.findall(r"[\w']+", text.casefold()))
    for reason in ("complaint", "question"):
        if _pattern(reason).search(words):
            return reason
    return "question" if QUESTION_MARKS.search(text) else ""


@cache
def _pattern(reason: str) -> re.Pattern[str]:
    lists: Mapping[str, Mapping[str, list[str]]] = languages.texts("touches")
    phrases = {phrase.casefold() for by_reason in lists.values() for phrase in by_reason[reason]}
    return re.compile(rf"\b(?:{'|'.join(sorted(map(re.escape, phrases), key=len, reverse=True))})\b")
