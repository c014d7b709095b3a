"""What is said in public is kept for agents, and answered once, privately, where the shop's rule says so."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from bot.core.channel import Heard
from bot.core.settings import Settings
from bot.desk.touches import reason_of
from bot.store.tables import Conversation, Touch
from tests.desk.hearing import Street, heard, said
from tests.running import running
from tests.small_platform import ACCOUNT, SmallPlatform
from tests.web.agents import signed_in


@pytest.fixture
async def street(settings: Settings) -> AsyncIterator[Street]:
    platform = SmallPlatform()
    async with running(settings, channels={"small": platform}) as desk:
        yield Street(desk, platform)


def comment(text: str, key: str = "c1", seconds: float = 0, **values: Any) -> Heard:
    detail = {"touch": "comment", "parent": "p1", **values.pop("detail", {})}
    verb = detail.get("verb", "add")
    values.setdefault("name", "Ona")
    return heard(
        "comment.add",
        f"comment:{key}:{verb}:{seconds}",
        seconds,
        platform_id=key,
        text=text,
        detail=detail,
        **values,
    )


def touches(street: Street) -> list[Touch]:
    return street.look(select(Touch).order_by(Touch.id))


async def test_a_question_in_public_gets_one_private_answer(street: Street) -> None:
    await street.tell(comment("How much is it?"), comment("How much is it?"))
    await street.tell(comment("How much is it?", seconds=0, detail={"again": True}))
    (touch,) = touches(street)
    assert (touch.state, touch.reason, touch.parent, touch.name) == ("replied", "question", "p1", "Ona")
    (sent,) = street.platform.sent
    assert (sent.way, sent.comment, sent.author) == ("private_reply", "c1", "system")
    assert "Test Shop" in sent.text
    conversation = street.conversation()
    assert (conversation.owner, conversation.id) == ("bot", touch.conversation_id)
    assert street.desk.brain.turns == []
    assert [fact.label for fact in street.facts("private_reply")] == ["question"]


async def test_who_answers_the_private_reply_talks_to_the_bot_there(street: Street) -> None:
    await street.tell(comment("terrible, it arrived broken"))
    await street.tell(said("order A1001", "m1", 60))
    assert [author for author, _ in street.thread()] == ["system", "shopper", "bot"]
    assert len(street.look(select(Conversation))) == 1
    assert touches(street)[0].reason == "complaint"


@pytest.mark.parametrize(
    "quiet",
    [
        comment("lovely!"),
        comment("how much?", person=""),
        comment("how much?", person=ACCOUNT),
        comment("how much?", seconds=-8 * 86_400),
        comment("how much?", detail={"touch": "live_comment"}, seconds=-3_600),
    ],
)
async def test_what_needs_no_answer_or_may_not_have_one_is_only_kept(street: Street, quiet: Heard) -> None:
    await street.tell(quiet)
    assert [touch.state for touch in touches(street)] == ["seen"]
    assert street.platform.sent == street.messages() == []


async def test_our_own_comments_are_no_touches(street: Street) -> None:
    await street.tell(replace(comment("Any questions?"), kind="comment.self"))
    assert touches(street) == []


async def test_a_live_comment_is_answered_while_it_is_live(street: Street) -> None:
    await street.tell(comment("how much?", seconds=1_199, detail={"touch": "live_comment"}))
    assert [touch.state for touch in touches(street)] == ["replied"]


async def test_who_talks_to_a_person_already_gets_no_automatic_reply(street: Street) -> None:
    await street.tell(said("person"))
    sent = len(street.platform.sent)
    await street.tell(comment("where is my parcel?", seconds=5))
    assert len(street.platform.sent) == sent
    assert touches(street)[0].conversation_id == street.conversation().id
    assert [fact.label for fact in street.facts("touch")] == ["comment"]


@pytest.mark.parametrize("is_late", [False, True])
async def test_edits_and_removals_are_followed(street: Street, is_late: bool) -> None:
    first = comment("nice")
    edited = comment("very nice", seconds=5, detail={"verb": "edited"})
    removed = comment("", seconds=9, detail={"verb": "remove"}, key="c2")
    events = [first, edited, comment("my phone is 370600", key="c2"), removed]
    for event in reversed(events) if is_late else events:
        await street.tell(event)
    found = {touch.platform_id: (touch.text, touch.state) for touch in touches(street)}
    assert found == {"c1": ("very nice", "seen"), "c2": ("", "removed")}
    assert "370600" not in str([event.data for event in street.events()])


async def test_a_story_mention_is_kept_with_its_address(street: Street) -> None:
    mention = heard(
        "message.story_mention",
        "s1",
        platform_id="m1",
        detail={"touch": "story_mention", "url": "https://cdn.example/s"},
    )
    await street.tell(mention)
    (touch,) = touches(street)
    assert (touch.kind, touch.url, touch.state) == ("story_mention", "https://cdn.example/s", "seen")


@pytest.mark.parametrize("is_late", [False, True])
async def test_a_story_mention_that_is_unsent_loses_its_address(street: Street, is_late: bool) -> None:
    detail = {"touch": "story_mention", "url": "https://cdn.example/s"}
    mention = heard("message.story_mention", "s1", platform_id="m1", detail=detail)
    unsent = heard("message.deleted", "deleted:m1", 5, target="m1")
    for event in (unsent, mention) if is_late else (mention, unsent):
        await street.tell(event)
    (touch,) = touches(street)
    assert (touch.kind, touch.url, touch.state) == ("story_mention", "", "removed")
    assert [(event.state, "cdn.example" in str(event.data)) for event in street.events()] == [
        ("done", False)
    ] * 2


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("How much is the tent?", "question"),
        ("how much is the tent", "question"),
        ("هل هو متوفر؟", "question"),
        ("いくらですか？", "question"),
        ("Πόσο κάνει;", "question"),
        ("Kiek kainuoja", "question"),
        ("Where is my refund?", "complaint"),
        ("Still waiting for my order", "complaint"),
        ("Vis dar laukiu siuntos", "complaint"),
        ("Love it 😍", ""),
        ("nice; really nice", ""),
        ("unbroken since 1990", ""),
        ("", ""),
    ],
)
def test_questions_and_complaints_are_told_by_words_and_marks(text: str, reason: str) -> None:
    assert reason_of(text) == reason


async def test_agents_page_through_touches(street: Street) -> None:
    for start in range(0, 60, 20):
        await street.tell(*(comment("nice", f"c{n}", n) for n in range(start, start + 20)))
    async with signed_in(street.desk, "Asta") as asta:
        status, first = await asta.call("GET", "/api/inbox/touches")
        assert status == 200
        _, rest = await asta.call("GET", f"/api/inbox/touches?cursor={first['cursor']}")
        refused, _ = await asta.call("GET", "/api/inbox/touches?cursor=x")
        _, none = await asta.call("GET", "/api/inbox/touches?channel=other")
    texts = [touch["at"] for touch in first["touches"] + rest["touches"]]
    assert (len(first["touches"]), len(rest["touches"]), rest["cursor"], refused) == (50, 10, "", 400)
    assert texts == sorted(texts, reverse=True)
    assert none["touches"] == []
    async with street.desk.http.get(f"{street.desk.url}/api/inbox/touches") as response:
        assert response.status == 401
