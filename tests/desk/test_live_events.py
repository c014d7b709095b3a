"""An open page is given what was just committed, and asks the database whenever that could leave a gap."""

from typing import Any

import pytest

from bot.desk.live import Live
from bot.store.conversations import Fresh


def fresh(after: int, *seqs: int, upto: int | None = None) -> Fresh:
    return Fresh(after, upto or (seqs[-1] if seqs else after), tuple({"seq": seq} for seq in seqs))


@pytest.mark.parametrize(
    ("after", "heard", "expected"),
    [
        (4, [fresh(4, 5)], [5]),
        (4, [fresh(4, 5), fresh(5, 6, 7)], [5, 6, 7]),
        (4, [fresh(4, upto=6), fresh(6, 7)], [7]),  # 5 and 6 are for agents only
        (5, [fresh(4, 5)], []),  # seen already
        (7, [fresh(4, 5), fresh(5, 6, 7)], []),
        (4, [], []),
        (4, [fresh(5, 6), fresh(4, 5)], None),  # heard of out of order
        (3, [fresh(4, 5)], None),  # something before it was not heard of
        (5, [fresh(4, 5, 6)], None),  # a part of it has been seen
        (4, [fresh(4, 5), None], None),  # a change that did not say what it added
        (0, [fresh(number, number + 1) for number in range(30)], None),  # more than a page remembers
    ],
)
def test_a_page_uses_what_it_heard_only_when_nothing_can_be_missing(
    after: int, heard: list[Fresh | None], expected: list[int] | None
) -> None:
    live = Live()
    with live.subscribe("one") as page:
        for news in heard:
            live.wake("one", news)
        found: Any = page.events_since(after)
        changed, _signals = page.clear()
        assert (found if found is None else [event["seq"] for event in found]) == expected
        assert changed == ({"one"} if heard else set())
        assert page.events_since(after) == []
