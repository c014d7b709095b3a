"""The figures of the benchmarks are computed and shown as their words say."""

import os
import sqlite3
from pathlib import Path

import pytest

from benchmarks import bulk, machine, talk
from benchmarks.shoppers import Round, Taken
from benchmarks.tables import Aim, Report, Table, median, megabytes, milliseconds, percentile
from bot.store import migrate


@pytest.mark.parametrize(
    ("share", "expected"),
    [(0.0, 1), (0.01, 1), (0.05, 5), (0.5, 50), (0.501, 51), (0.95, 95), (0.951, 96), (1.0, 100)],
)
def test_a_percentile_is_the_smallest_value_that_covers_its_share(share: float, expected: int) -> None:
    assert percentile(list(range(100, 0, -1)), share) == expected


def test_percentiles_of_few_values_are_values_that_were_measured() -> None:
    assert [median([3, 1]), median([5, 1, 3]), percentile([3, 1], 0.95)] == [1, 3, 3]


@pytest.mark.parametrize(("values", "share"), [([], 0.5), ([1.0], 1.1), ([1.0], -0.1)])
def test_a_percentile_that_means_nothing_is_refused(values: list[float], share: float) -> None:
    with pytest.raises(ValueError, match=r"percentile|share"):
        percentile(values, share)


def test_times_and_sizes_are_shown_in_the_unit_of_their_heading() -> None:
    assert [milliseconds(0.01234), milliseconds(0.2504), milliseconds(12.5)] == ["12.3", "250", "12,500"]
    assert megabytes(1_234_567_890) == "1,235"


def test_a_table_is_markdown_with_one_row_per_line() -> None:
    table = Table("Turns", ("system", "p50 ms"), (("ours", "9.5"), ("theirs", "45.0")), "Both at once.")
    assert table.markdown().splitlines() == [
        "### Turns",
        "",
        "| system | p50 ms |",
        "|--------|--------|",
        "| ours   |    9.5 |",
        "| theirs |   45.0 |",
        "",
        "Both at once.",
    ]


def test_a_row_that_does_not_fit_its_heading_is_refused() -> None:
    with pytest.raises(ValueError, match="a row has 1 cells under 2 heads"):
        Table("Turns", ("system", "p50 ms"), (("ours",),))


@pytest.mark.parametrize(
    ("aim", "is_met"),
    [
        (Aim("latency", 25.0, 25, "ms"), True),
        (Aim("latency", 25.1, 25, "ms"), False),
        (Aim("rate", 3.0, 3, "×", at_least=True), True),
        (Aim("rate", 2.99, 3, "×", at_least=True), False),
    ],
)
def test_an_aim_is_met_up_to_its_bound(aim: Aim, is_met: bool) -> None:
    assert aim.is_met is is_met
    assert aim.cells()[3] == ("met" if is_met else "**not met**")


def test_a_report_ends_with_its_aims() -> None:
    text = Report([Table("Turns", ("a",), (("1",),))], [Aim("latency", 31.7, 25, "ms")]).markdown()
    assert text.splitlines()[-1].split("|")[1:5] == [
        " latency ",
        " at most 25 ms ",
        "  31.7 ms ",
        " **not met** ",
    ]


def test_a_rounds_rate_counts_all_its_turns_over_its_wall_clock() -> None:
    line = talk.QUESTIONS[0]
    turns = tuple(Taken(line, started=float(number), ended=number + 0.5) for number in range(6))
    assert Round(turns, seconds=2.0).rate == 3.0
    assert {turn.seconds for turn in turns} == {0.5}


def test_a_conversation_asks_for_the_order_it_was_given() -> None:
    said = [line.text for line in talk.conversation("A1024", "ann@example.test")]
    assert said.index("A1024") + 1 == said.index("ann@example.test")
    assert len(said) == len(talk.default_conversation()) == len(talk.questions()) == len(talk.searches())


def test_memory_and_processor_time_are_read_from_the_running_process() -> None:
    own = os.getpid()
    rss, pss = machine.memory(own)
    assert own in machine.children(os.getppid())
    assert rss >= pss > 1_000_000
    assert machine.processor_seconds(own) > 0
    assert machine.memory(2**22 + 1) == (0, 0)
    assert machine.processor_seconds(2**22 + 1) == 0.0


def test_bulk_rows_are_whole_conversations_as_the_product_keeps_them(tmp_path: Path) -> None:
    path = tmp_path / "aisle.db"
    migrate.upgrade(f"sqlite:///{path}")
    bulk.lay_down(path, conversations=20)
    with sqlite3.connect(path) as connection:
        counts = [
            connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for table in (
                "contacts",
                "identities",
                "conversations",
                "episodes",
                "messages",
                "events",
                "facts",
            )
        ]
        broken = connection.execute("PRAGMA foreign_key_check").fetchall()
        open_ones = connection.execute(
            "SELECT count(*) FROM messages WHERE (direction = 'in' AND handled_at IS NULL) "
            "OR state NOT IN ('received', 'sent')"
        ).fetchone()
        last = connection.execute(
            "SELECT count(*) FROM conversations c WHERE last_seq <> (SELECT max(seq) FROM events e "
            "WHERE e.conversation_id = c.id)"
        ).fetchone()
    assert counts == [20, 20, 20, 20, 200, 200, 400]
    assert (broken, open_ones, last) == ([], (0,), (0,))


def test_a_figure_beyond_reason_is_a_fault_and_a_missed_aim_is_not() -> None:
    slow = Aim("a turn at message 150", 2.0, 1.5, "×", absurd=6.0)
    broken = Aim("a turn at message 500", 14.0, 1.5, "×", absurd=6.0)
    report = Report(aims=[slow, broken], faults=["3 of 100 messages were refused"])
    assert report.all_faults == [
        "3 of 100 messages were refused",
        "a turn at message 500: 14 × is beyond reason",
    ]
