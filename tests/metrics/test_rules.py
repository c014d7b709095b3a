"""The rules under the numbers: periods, intervals, quantiles, likeness of questions."""

import random
import statistics
import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, literal, select, union_all
from sqlalchemy.orm import Session

from bot.core.errors import BadInput
from bot.metrics import alike
from bot.metrics.scope import Scope, period
from bot.metrics.spread import spreads
from bot.metrics.wilson import wilson

NOW = datetime(2026, 11, 21, 20, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    [
        (81, 263, 25.5, 36.6),  # Newcombe 1998, table I
        (15, 148, 6.2, 16.0),
        (0, 20, 0.0, 16.1),
        (1, 29, 0.6, 17.2),
        (10, 10, 72.2, 100.0),
    ],
)
def test_intervals_are_those_of_the_literature(part: int, whole: int, low: float, high: float) -> None:
    assert wilson(part, whole) == (pytest.approx(low, abs=0.06), pytest.approx(high, abs=0.06))


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_an_interval_holds_its_share_and_stays_within_0_and_100(numbers: tuple[int, int]) -> None:
    part, whole = numbers
    low, high = wilson(part, whole) or (1.0, 0.0)
    assert 0 <= low <= 100 * part / whole <= high <= 100


def test_there_is_no_interval_of_nothing() -> None:
    assert wilson(0, 0) is None


def test_seven_days_begin_at_the_shops_midnight_and_end_now() -> None:
    start, end = period("7d", now=NOW, timezone="Europe/Vilnius")
    assert (start, end) == (datetime(2026, 11, 14, 22, 0, tzinfo=UTC), NOW)


def test_a_custom_period_includes_its_last_day_but_not_the_future() -> None:
    start, end = period("custom", now=NOW, timezone="UTC", first="2026-11-01", last="2026-11-02")
    assert (start, end) == (datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 3, tzinfo=UTC))
    assert period("custom", now=NOW, timezone="UTC", first="2026-11-01", last="2026-12-31")[1] == NOW


@pytest.mark.parametrize(
    ("first", "last", "field"),
    [
        ("", "2026-11-02", "from"),
        ("2026-11-03", "2026-11-02", "to"),
        ("0001-01-01", "2026-11-02", "from"),
        ("2020-01-01", "2026-11-02", "from"),
        ("2026-11-01", "soon", "to"),
    ],
)
def test_dates_that_make_no_sense_are_refused_by_name(first: str, last: str, field: str) -> None:
    with pytest.raises(BadInput) as refused:
        period("custom", now=NOW, timezone="UTC", first=first, last=last)
    assert refused.value.field == field


def test_an_unfinished_day_is_compared_with_the_same_part_of_the_one_before() -> None:
    start, end = period("today", now=NOW, timezone="UTC")
    before = Scope(start, end).previous()
    assert (before.start, before.end) == (start - timedelta(days=1), NOW - timedelta(days=1))


def test_the_period_before_keeps_the_time_of_day_over_a_change_of_clocks() -> None:
    # Clocks went back on 25 October 2026: 28 days before midnight in winter is midnight in summer.
    start, end = period("28d", now=NOW, timezone="Europe/Vilnius")
    before = Scope(start, end, timezone="Europe/Vilnius").previous()
    assert before.start == datetime(2026, 9, 26, 21, 0, tzinfo=UTC)
    assert before.end == datetime(2026, 10, 24, 19, 30, tzinfo=UTC)


def test_a_series_has_every_step_once() -> None:
    start, end = period("90d", now=NOW, timezone="Europe/Vilnius")
    scope = Scope(start, end, timezone="Europe/Vilnius")
    names = [scope.step_name(step) for step in scope.steps()]
    assert (len(names), len(set(names)), names[-1]) == (90, 90, "2026-11-21")


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=60))
def test_quantiles_are_linear_between_neighbours(numbers: list[float]) -> None:
    rows = [
        select(
            literal(f"c{place}").label("conversation_id"),
            literal(1).label("episode"),
            literal("all").label("grp"),
            literal(value).label("value"),
        )
        for place, value in enumerate(numbers)
    ]
    table = union_all(*rows).subquery()
    with Session(create_engine("sqlite://")) as session:
        found = spreads(session, select(table))["all"]
    assert found.n == found.conversations == len(numbers)
    assert found.median == pytest.approx(statistics.median(numbers))
    assert found.average == pytest.approx(statistics.fmean(numbers))
    tens = statistics.quantiles(
        [*numbers, numbers[0]] if len(numbers) == 1 else numbers, n=10, method="inclusive"
    )
    assert found.p90 == pytest.approx(tens[8])


def test_questions_that_ask_the_same_are_one_group() -> None:
    same = ["do you repair old backpacks", "Can you repair my backpack?", "repair backpack strap possible"]
    other = ["tent rental for a weekend", "do you rent out tents", "rent a tent"]
    found = alike.groups([*same, *other])
    assert sorted(sorted(group.members) for group in found) == [[0, 1, 2], [3, 4, 5]]


def test_endings_and_marks_of_other_languages_do_not_matter() -> None:
    found = alike.groups(["ar taisote kuprines", "ar galite pataisyti kuprinę?", "kur mano siunta"])
    assert len(found) == 2


@given(st.lists(st.text(max_size=40), max_size=40))
@settings(deadline=None)
def test_every_question_is_in_exactly_one_group_whatever_is_typed(texts: list[str]) -> None:
    found = alike.groups(texts)
    assert sorted(place for group in found for place in group.members) == list(range(len(texts)))
    assert len({group.key for group in found}) == len(found)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("where is A1001-77 please", "where is # please"),
        ("mail me at ada.lovelace@example.com", "mail me at @"),
        ("call +370 612 34567 now", "call # now"),
        ("a tent for 2 people", "a tent for 2 people"),
    ],
)
def test_what_could_name_a_person_is_taken_out(text: str, shown: str) -> None:
    assert alike.masked(text) == shown


def test_grouping_three_thousand_questions_takes_a_few_seconds_at_most() -> None:
    dice = random.Random(1)
    vocabulary = ["".join(dice.choices("abcdefghijklmnop", k=6)) for _ in range(400)]
    texts = [" ".join(dice.choices(vocabulary, k=5)) for _ in range(3000)]
    began = time.process_time()
    assert sum(len(group.members) for group in alike.groups(texts)) == 3000
    assert time.process_time() - began < 6
