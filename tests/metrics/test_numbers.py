"""Each number, on a world small enough to work it out by hand."""

from collections.abc import Iterator

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from bot.metrics import (
    channel_service,
    channels,
    comments,
    conversations,
    csat,
    csat_scores,
    durable,
    first_human_response,
    handoffs,
    intents,
    messages,
    outcomes,
    products,
    resolution_time,
    response_time,
    searches,
    unanswered,
    volume,
    workload,
)
from bot.metrics.registry import conversations as behind
from bot.store.database import Database
from bot.store.tables import Fact
from tests.metrics.world import at, person, talk, week


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    with database.writing() as opened:
        yield opened


def test_conversations_count_in_the_period_they_were_opened_in(session: Session) -> None:
    talk(session, "before", at(days=-1))
    talk(session, "first").close()
    talk(session, "second", at(days=1), channel="instagram")
    talk(session, "third", at(days=6, minutes=839.9))  # the last instant of Sunday
    talk(session, "after", at(days=6, minutes=840))
    found = conversations.compute(session, week())
    assert [(row.key, row.cells) for row in found.rows] == [
        ("all", (3, 100.0)),
        ("web", (2, pytest.approx(66.667, abs=0.001))),
        ("instagram", (1, pytest.approx(33.333, abs=0.001))),
    ]
    assert [point.value for point in found.series[0].points] == [1, 1, 0, 0, 0, 0, 1]
    assert found.series[0].points[0].at == "2026-03-02"


def test_a_shopper_who_comes_back_opens_another_conversation(session: Session) -> None:
    talk(session, "ada").close().again(days=2)
    assert conversations.compute(session, week()).cell("all", "conversations") == 2
    assert behind(session, "conversations", week(), row="all") == [("ada", 2), ("ada", 1)]


def test_hours_are_those_of_the_shop_also_across_a_change_of_clocks(session: Session) -> None:
    # Vilnius is UTC+2 until 29 March 2026, 03:00, then UTC+3.
    talk(session, "winter", at(days=26))  # Saturday 28 March, 10:00 UTC = 12:00
    talk(session, "summer", at(days=27))  # Sunday 29 March, 10:00 UTC = 13:00
    scope = week(start=at(days=25), end=at(days=28), timezone="Europe/Vilnius")
    assert [row.key for row in volume.compute(session, scope).rows] == ["6-12", "7-13"]
    assert behind(session, "volume", scope, row="7-13") == [("summer", 1)]


def test_messages_are_counted_by_author(session: Session) -> None:
    one = talk(session, "one").fact("message_out", 1, actor="bot").fact("message_out", 2, actor="bot")
    one.fact("message_in", 3, actor="shopper")
    talk(session, "two")
    found = messages.compute(session, week())
    assert found.row("shopper").cells == (3, 2, 1.5)
    assert found.row("bot").cells == (2, 1, 2.0)
    assert found.row("all").cells == (5, 2, 2.5)


def test_every_outcome_has_its_rule(session: Session) -> None:
    talk(session, "missed").understood().fact("handed_off", 1, label="asked").close(by="agent")
    talk(session, "agent").fact("handed_off", 1).fact("first_reply", 2, actor="agent", value=60).close(
        by="agent"
    )
    talk(session, "helpful").understood().fact("helpful", 1, label="yes").close()
    talk(session, "said-so").understood().close(by="bot", label="confirmed")
    talk(session, "rated").understood().close(by="bot", label="assumed").rated(4)
    talk(session, "unhelpful").understood().fact("helpful", 1, label="no").close()
    talk(session, "fell-back").understood(minutes=1).fallback(minutes=2).close()
    talk(session, "silent").close()
    talk(session, "gibberish").understood("nlu_fallback").fallback().close()
    talk(session, "assumed").fallback(minutes=1).understood(minutes=2).close()
    talk(session, "still-open").understood()
    expected = {
        "missed": ["missed"],
        "agent": ["agent"],
        "bot_confirmed": ["helpful", "rated", "said-so"],
        "abandoned": ["fell-back", "gibberish", "silent", "unhelpful"],
        "bot_assumed": ["assumed"],
        "open": ["still-open"],
    }
    found = outcomes.compute(session, week())
    for row, names in expected.items():
        assert sorted(key for key, _ in behind(session, "outcomes", week(), row=row)) == names
        assert found.cell(row, "conversations") == len(names)
    assert found.cell("bot_confirmed", "share") == 30.0
    assert found.cell("open", "share") is None
    assert found.cell("bot", "conversations") == 4


def test_an_answer_in_another_program_is_an_answer_by_a_person_that_nobody_is_credited_with(
    session: Session,
) -> None:
    talk(session, "there").understood().fact("handed_off", 1, label="asked").fact(
        "answered_elsewhere", 2, actor="agent"
    ).close(by="agent")
    session.flush()
    found = outcomes.compute(session, week())
    assert (found.cell("agent", "conversations"), found.cell("missed", "conversations")) == (1, 0)
    assert first_human_response.compute(session, week()).rows == ()


def test_a_hand_off_answered_before_but_not_after_is_missed(session: Session) -> None:
    twice = talk(session, "twice").fact("handed_off", 1).fact("first_reply", 2, actor="agent", value=60)
    twice.fact("handed_off", 5).close(by="agent")
    assert outcomes.compute(session, week()).cell("missed", "conversations") == 1


def test_a_conversation_given_back_to_the_bot_is_the_bots_again(session: Session) -> None:
    back = talk(session, "back").fact("handed_off", 1).fact("handed_back", 2, actor="shopper")
    back.understood(minutes=3).close()
    assert outcomes.compute(session, week()).cell("bot_assumed", "conversations") == 1
    assert first_human_response.compute(session, week()).row("none") is None


def test_the_last_word_on_helpfulness_counts(session: Session) -> None:
    talk(session, "no-yes").understood().fact("helpful", 1, label="no").fact(
        "helpful", 2, label="yes"
    ).close()
    talk(session, "yes-no").understood().fact("helpful", 1, label="yes").fact(
        "helpful", 2, label="no"
    ).close()
    found = outcomes.compute(session, week())
    assert (found.cell("bot_confirmed", "conversations"), found.cell("abandoned", "conversations")) == (1, 1)


def test_a_low_rating_of_the_bot_confirms_nothing(session: Session) -> None:
    talk(session, "low").understood().close(by="bot", label="assumed").rated(3)
    assert outcomes.compute(session, week()).cell("bot_assumed", "conversations") == 1


def test_response_times_of_bot_and_people_are_apart(session: Session) -> None:
    one = talk(session, "one")
    for number, seconds in enumerate((1.0, 2.0, 3.0, 10.0)):
        one.fact("answered", number, actor="bot", value=seconds)
    talk(session, "two").fact("answered", 0, actor="agent", value=120.0)
    found = response_time.compute(session, week())
    assert found.row("bot").cells == (4, 2.5, pytest.approx(7.9), 4.0, 1)
    assert found.row("agent").cells == (1, 120.0, 120.0, 120.0, 1)
    median = {line.key: line.points[0].value for line in found.series}
    assert median == {
        "agent.median": 120.0,
        "agent.p90": 120.0,
        "bot.median": 2.5,
        "bot.p90": pytest.approx(7.9),
    }
    assert found.series[0].points[1].value is None


def test_the_first_answer_is_credited_to_who_wrote_it_and_none_is_never_zero(session: Session) -> None:
    ana, ben = person(session, "Ana"), person(session, "Ben")
    taken = (
        talk(session, "taken")
        .fact("handed_off", 0)
        .fact("assigned", 1, actor="agent", user_id=ana.id, value=60)
    )
    taken.fact("first_reply", 5, actor="agent", user_id=ben.id, value=300).close(by="agent")
    talk(session, "alone").fact("handed_off", 0).close(by="agent")
    found = first_human_response.compute(session, week())
    assert found.row("all").cells == (1, 300, 300, 300, 1)
    assert found.row(f"user:{ben.id}").label == "Ben"
    assert found.row(f"user:{ana.id}") is None
    assert found.row("none").cells == (1, None, None, None, 1)
    assert behind(session, "first_human_response", week(), row="none") == [("alone", 1)]


def test_the_silence_before_an_idle_closing_is_no_resolution_time(session: Session) -> None:
    talk(session, "bot").understood().fact("answered", 2, actor="bot", value=1).close(32)
    person_ = talk(session, "agent").fact("handed_off", 5).fact("first_reply", 6, actor="agent", value=60)
    person_.fact("answered", 6, actor="agent", value=60).close(15, by="agent")
    found = resolution_time.compute(session, week())
    assert found.cell("bot", "median") == 120.0
    assert found.cell("agent", "median") == 600.0


def test_durable_leaves_out_what_is_too_young_to_know(session: Session) -> None:
    talk(session, "stayed").understood().close()
    talk(session, "back").understood().close().again(days=3)
    talk(session, "late").understood().close().again(days=8)
    assert durable.compute(session, week(as_of=at(days=6))).rows == ()
    found = durable.compute(session, week())
    assert (found.cell("bot", "n"), found.cell("bot", "durable"), found.cell("bot", "back")) == (3, 2, 1)
    assert behind(session, "durable", week(), row="back") == [("back", 1)]


def test_an_agent_who_reopens_a_conversation_is_nobody_who_came_back(session: Session) -> None:
    talk(session, "done").understood().close().again(days=1)
    session.execute(update(Fact).where(Fact.kind == "reopened").values(actor="agent"))
    assert durable.compute(session, week()).cell("bot", "back") == 0


def test_the_first_reason_of_a_hand_off_counts_once(session: Session) -> None:
    talk(session, "one").fact("handed_off", 1, label="asked").fact("handed_off", 9, label="complaint")
    talk(session, "two").fact("handed_off", 1, label="complaint")
    talk(session, "three")
    talk(session, "four")
    found = handoffs.compute(session, week())
    assert found.row("all").cells == (2, 50.0)
    assert found.row("reason:asked").cells == (1, 25.0)
    assert found.row("reason:complaint").cells == (1, 25.0)
    assert [point.value for point in found.series[0].points][:2] == [50.0, None]


def test_csat_has_one_cohort_above_and_below_the_line(session: Session) -> None:
    for number, score in enumerate([5, 4, 3, None]):
        talk(session, f"bot-{number}").close(by="bot").rated(score)
    talk(session, "agent").close(by="agent").rated(5, segment="agent")
    talk(session, "sent-before", at(days=-8)).close().rated(1)
    found = csat.compute(session, week())
    assert found.cell("bot", "score") == pytest.approx(66.667, abs=0.001)
    assert (found.cell("bot", "n"), found.cell("bot", "sent"), found.cell("bot", "response")) == (3, 4, 75.0)
    assert found.cell("bot", "average") == 4.0
    assert found.cell("all", "score") == 75.0
    assert found.cell("agent", "low") == pytest.approx(20.654, abs=0.001)
    scores = {row.key: row.cells[0] for row in csat_scores.compute(session, week()).rows}
    assert scores == {"5": 2, "4": 1, "3": 1, "2": 0, "1": 0}


def test_a_survey_nobody_answered_has_no_score(session: Session) -> None:
    talk(session, "asked").close(by="bot").rated(None)
    found = csat.compute(session, week())
    assert (found.cell("all", "score"), found.cell("all", "low"), found.cell("all", "response")) == (
        None,
        None,
        0.0,
    )
    assert found.missing


def test_comments_come_newest_first(session: Session) -> None:
    talk(session, "early").close(by="bot").rated(2, comment="Slow.")
    talk(session, "later", at(days=1)).close(by="bot").rated(5, comment="Quick.")
    assert [row.cells[2] for row in comments.compute(session, week()).rows] == ["Quick.", "Slow."]


def test_intents_count_conversations_not_repeats(session: Session) -> None:
    talk(session, "one").understood("track_order", 1, 0.8).understood("track_order", 2, 1.0).understood(
        "greet"
    )
    talk(session, "two").understood("track_order").understood("nlu_fallback", 1, 0.2)
    found = intents.compute(session, week())
    assert [(row.key, row.cells[:2]) for row in found.rows] == [("track_order", (2, 3)), ("greet", (1, 1))]
    assert found.cell("track_order", "confidence") == pytest.approx(90.0)


def test_questions_without_an_answer_are_grouped_biggest_first(session: Session) -> None:
    talk(session, "one").fallback("do you repair old backpacks")
    talk(session, "two").fallback("Repair backpack strap possible?").fallback(
        "do you repair old backpacks", 1
    )
    talk(session, "three").fallback("tent rental for a weekend")
    found = unanswered.compute(session, week())
    assert [(row.label, row.conversations, row.cells[2]) for row in found.rows] == [
        ("do you repair old backpacks", 2, 3),
        ("tent rental for a weekend", 1, 1),
    ]
    assert sorted(behind(session, "unanswered", week(), row=found.rows[0].key)) == [("one", 1), ("two", 1)]


def test_a_question_without_an_answer_names_the_topic_it_came_closest_to(session: Session) -> None:
    talk(session, "one").fallback("can i send it back", topics={"faq/returns": 0.3, "faq/exchange": 0.2})
    talk(session, "two").fallback("can i send it back", topics={"faq/exchange": 0.25, "faq/returns": 0.1})
    talk(session, "six").fallback("who won the match", topics={"chitchat/weather": 0.2})
    found = unanswered.compute(session, week())
    place = [column.name for column in found.columns].index("closest")
    assert {row.label: row.cells[place] for row in found.rows} == {
        "can i send it back": "faq/exchange",
        "who won the match": "",
    }


def test_products_and_searches_count_conversations(session: Session) -> None:
    one = talk(session, "one").fact("product_asked", label="tent").fact("product_asked", 1, label="tent")
    one.fact("product_shown", 1, label="tent").fact("searched", label="kayak", value=0)
    talk(session, "two").fact("product_shown", label="tent").fact("searched", label="kayak", value=4)
    assert products.compute(session, week()).row("tent").cells == (1, 2, 2)
    assert searches.compute(session, week()).row("kayak").cells == (2, 2, 2.0)


def test_work_is_credited_to_who_did_it(session: Session) -> None:
    ana = person(session, "Ana")
    one = talk(session, "one").fact("assigned", 1, actor="agent", user_id=ana.id, value=60)
    one.fact("first_reply", 2, actor="agent", user_id=ana.id, value=120)
    one.fact("message_out", 2, actor="agent", user_id=ana.id).fact(
        "answered", 2, actor="agent", user_id=ana.id, value=90
    )
    one.close(by="agent", user=ana).rated(5, segment="agent", user=ana)
    talk(session, "two").fact("assigned", 1, actor="agent", user_id=ana.id, value=10)
    found = workload.compute(session, week())
    assert found.row(f"user:{ana.id}").cells[:7] == (2, 1, 1, 120.0, 90.0, 100.0, 1)


def test_channels_stand_side_by_side(session: Session) -> None:
    talk(session, "web").understood().close()
    talk(session, "insta", channel="instagram").fact("handed_off", 1).close(by="agent")
    found = channels.compute(session, week())
    assert found.row("web").cells == (1, 100.0, 0.0, 0.0, 0.0)
    assert found.row("instagram").cells == (1, 0.0, 0.0, 100.0, 100.0)


def test_service_is_counted_on_each_channel(session: Session) -> None:
    one = talk(session, "one", channel="whatsapp").fact("answered", 1, actor="bot", value=2)
    one.fact("answered", 2, actor="bot", value=4).fact("handed_off", 3).close(by="agent").rated(5)
    talk(session, "two", channel="whatsapp").fact("answered", 1, actor="agent", value=60).close().rated(2)
    talk(session, "three", channel="telegram").fact("delivery_failed", 1).fact("answered", 1, actor="system")
    talk(session, "quiet", channel="web")
    found = channel_service.compute(session, week())
    assert [row.key for row in found.rows] == ["whatsapp", "telegram"]
    assert found.row("whatsapp").cells == (2, 3.0, 1, 60.0, 1, 50.0, 2, 0)
    assert found.row("telegram").cells == (0, None, 0, None, 0, None, 0, 1)
    assert [row.conversations for row in found.rows] == [2, 1]
    narrowed = channel_service.compute(session, week(channel="telegram"))
    assert [row.key for row in narrowed.rows] == ["telegram"]


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({"channel": "instagram"}, ["insta"]),
        ({"language": "lt"}, ["lt"]),
        ({"segment": "agent"}, ["agent"]),
        ({"segment": "bot"}, ["demo", "insta", "lt"]),
        ({"include_demo": False}, ["agent", "insta", "lt"]),
    ],
)
def test_a_scope_narrows_conversations_and_facts_alike(
    session: Session, change: dict[str, str], names: list[str]
) -> None:
    talk(session, "insta", channel="instagram").understood()
    talk(session, "lt", language="lt").understood()
    talk(session, "agent").understood().fact("first_reply", 1, actor="agent", value=60)
    talk(session, "demo", is_demo=True).understood()
    scope = week(**change)
    assert sorted(key for key, _ in behind(session, "conversations", scope, row="all")) == names
    assert sorted(key for key, _ in behind(session, "intents", scope, row="faq/returns")) == names
    assert intents.compute(session, scope).cell("faq/returns", "conversations") == len(names)
