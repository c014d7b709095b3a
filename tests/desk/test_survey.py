"""The rating: asked at the close, answered by card or in words, late, twice, or oddly."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from bot.core.messages import Survey as SurveyPart
from bot.core.messages import from_json
from bot.core.rendering import ratings
from bot.core.times import now
from bot.desk.survey import read_score
from bot.desk.words import Words
from bot.store.tables import Conversation, Fact, Message, Survey
from tests.running import RunningDesk, Shopper


async def closed(desk: RunningDesk) -> tuple[Shopper, str]:
    shopper = await desk.shopper()
    await shopper.send("bye")
    await shopper.until("How was this conversation")
    cards = [
        part
        for event in await shopper.events()
        if event["kind"] == "message"
        for part in event["message"]["parts"]
        if part["type"] == "survey"
    ]
    return shopper, cards[0]["survey_id"]


def survey_row(desk: RunningDesk) -> Survey:
    with desk.services.database.reading() as session:
        return session.scalars(select(Survey)).one()


def kinds(desk: RunningDesk, prefix: str) -> list[tuple[str, str, float | None]]:
    with desk.services.database.reading() as session:
        rows = session.execute(
            select(Fact.kind, Fact.label, Fact.value).where(Fact.kind.like(f"{prefix}%")).order_by(Fact.id)
        )
        return [tuple(row) for row in rows]


async def test_the_card_takes_a_score_and_then_a_comment(desk: RunningDesk) -> None:
    shopper, survey_id = await closed(desk)
    first = await shopper.call("POST", "/api/chat/rating", {"survey_id": survey_id, "score": 4})
    second = await shopper.call("POST", "/api/chat/rating", {"survey_id": survey_id, "comment": "quick"})
    row = survey_row(desk)
    assert (first[1]["result"], second[1]["result"]) == ("answered", "commented")
    assert (row.score, row.comment, row.segment) == (4, "quick", "bot")
    assert kinds(desk, "survey") == [("survey_sent", "bot", None), ("survey_answered", "bot", 4.0)]


async def test_channels_without_the_card_get_the_names_of_the_scores(desk: RunningDesk) -> None:
    await closed(desk)
    with desk.services.database.reading() as session:
        (parts,) = [
            row.parts for row in session.scalars(select(Message).where(Message.response == "survey.csat"))
        ]
    part = from_json(parts[0])
    assert isinstance(part, SurveyPart)
    assert [(choice.id, choice.title) for choice in ratings(part)][::4] == [
        ("rate:1", "1 – very poor"),
        ("rate:5", "5 – very good"),
    ]


@pytest.mark.parametrize("locale", ["en", "lt"])
def test_the_names_of_the_scores_fit_every_button_and_can_be_typed(locale: str) -> None:
    labels = [Words().text(f"survey.rate.{score}", locale) for score in range(1, 6)]
    assert max(len(label) for label in labels) <= 20
    assert [read_score(label) for label in labels] == [1, 2, 3, 4, 5]


async def test_a_number_in_the_chat_is_the_rating_and_does_not_reopen(desk: RunningDesk) -> None:
    shopper, _ = await closed(desk)
    await shopper.send("5")
    await shopper.until("Would you like to say why")
    await shopper.send("it knew my order")
    await shopper.until("that helps us")
    row = survey_row(desk)
    assert (row.score, row.comment) == (5, "it knew my order")
    with desk.services.database.reading() as session:
        conversation = session.get_one(Conversation, shopper.conversation_id)
        assert (conversation.owner, conversation.episode) == ("closed", 1)
    assert len(desk.brain.turns) == 1


async def test_an_odd_number_is_corrected_and_not_counted(desk: RunningDesk) -> None:
    shopper, _ = await closed(desk)
    await shopper.send("11")
    await shopper.until("number from 1 to 5")
    assert survey_row(desk).score is None


async def test_a_repeat_changes_the_score_and_keeps_both_facts(desk: RunningDesk) -> None:
    shopper, survey_id = await closed(desk)
    await shopper.send("2")
    await shopper.until("say why")
    await shopper.call("POST", "/api/chat/rating", {"survey_id": survey_id, "score": 5})
    again = await shopper.call("POST", "/api/chat/rating", {"survey_id": survey_id, "score": 5})
    assert survey_row(desk).score == 5
    assert again[0] == 200
    assert [kind for kind, _, _ in kinds(desk, "survey_")] == [
        "survey_sent",
        "survey_answered",
        "survey_changed",
    ]


async def test_a_late_rating_is_thanked_for_but_not_counted(desk: RunningDesk) -> None:
    shopper, _ = await closed(desk)
    with desk.services.database.writing() as session:
        session.execute(update(Survey).values(expires_at=now() - timedelta(seconds=1)))
    await shopper.send("5")
    await shopper.until("came too late")
    assert survey_row(desk).score is None


async def test_other_words_after_the_close_open_a_new_episode(desk: RunningDesk) -> None:
    shopper, _ = await closed(desk)
    await shopper.send("one more thing")
    await shopper.until("echo: one more thing")
    assert desk.brain.turns[-1]["sender"].endswith(".2")
    assert [kind for kind, _, _ in kinds(desk, "reopened")] == ["reopened"]


async def test_a_question_after_the_rating_is_not_its_comment(desk: RunningDesk) -> None:
    shopper, _ = await closed(desk)
    await shopper.send("4")
    await shopper.until("say why")
    await shopper.send("do you ship to Spain?")
    await shopper.until("echo: do you ship to Spain?")
    assert survey_row(desk).comment == ""


async def test_another_shoppers_survey_cannot_be_answered(desk: RunningDesk) -> None:
    _, survey_id = await closed(desk)
    stranger = await desk.shopper()
    await stranger.send("hello")
    await stranger.until("echo: hello")
    status, answer = await stranger.call("POST", "/api/chat/rating", {"survey_id": survey_id, "score": 1})
    assert (status, answer["error"]) == (404, "not_found")


async def test_an_empty_chat_is_not_rated(desk: RunningDesk) -> None:
    shopper = await desk.shopper()
    await shopper.send("hello")
    await shopper.until("echo: hello")
    await shopper.send(choice={"id": "start_over"})
    await shopper.until("Fresh start")
    assert kinds(desk, "survey_sent") == []


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("5", 5), ("4/5", 4), ("3 out of 5", 3), ("five", 5), ("⭐⭐⭐⭐", 4), ("I'd give it a 2", 2), ("4 stars!", 4),
        ("0", 0), ("-1", -1), ("10/10", 10), ("👍", 5), ("5 tents please", None), ("A1001", None), ("great", None),
        ("", None),
    ],
)  # fmt: skip
def test_a_score_is_read_as_people_write_it(text: str, score: Any) -> None:
    assert read_score(text) == score
