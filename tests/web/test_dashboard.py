"""The dashboard through its public door: who may see it, what it answers, what it refuses."""

import csv
import io
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from bot.core.settings import Settings
from bot.core.times import now
from bot.desk.demo_history import load_history
from bot.metrics import NAMES
from bot.web.dashboard_csv import safe
from tests.metrics.world import talk
from tests.running import RunningDesk, running
from tests.web.agents import Agent, signed_in


@pytest.fixture
async def desk(settings: Settings) -> AsyncIterator[RunningDesk]:
    async with running(settings) as started:
        yield started


@pytest.fixture
async def boss(desk: RunningDesk) -> AsyncIterator[Agent]:
    async with signed_in(desk, "Boss", "manager") as agent:
        yield agent


async def text(boss: Agent, path: str) -> tuple[int, str, dict[str, str]]:
    async with boss.http.get(boss.url + path, headers={"Accept": "text/html"}) as response:
        return response.status, await response.text(encoding="utf-8"), dict(response.headers)


async def test_only_managers_see_numbers(desk: RunningDesk) -> None:
    async with signed_in(desk, "Ana") as agent:
        status, answer = await agent.call("GET", "/api/dashboard/outcomes")
        assert (status, answer["error"]) == (403, "not_allowed")
        assert (await text(agent, "/dashboard"))[0] == 403
        assert (await text(agent, "/dashboard/conversations?metric=outcomes"))[0] == 403


async def test_a_conversation_is_counted_at_once(desk: RunningDesk, boss: Agent) -> None:
    shopper = await desk.shopper()
    await shopper.send("hello")
    status, answer = await boss.call("GET", "/api/dashboard/conversations?period=today")
    assert status == 200
    assert answer["rows"][0] == {"key": "all", "label": "All", "conversations": 1, "cells": [1, 100.0]}
    status, behind = await boss.call("GET", "/api/dashboard/conversations/conversations?period=today&row=web")
    assert [line["conversation_id"] for line in behind["conversations"]] == [shopper.conversation_id]
    assert behind["conversations"][0]["first_text"] == "hello"


async def test_each_metric_answers_as_json_as_a_file_and_as_a_list(desk: RunningDesk, boss: Agent) -> None:
    load_history(desk.services.database, days=10, episodes_per_day=12)
    for name in NAMES:
        await answers_in_three_ways(boss, name)


@pytest.mark.parametrize("compare", ["yes", "no"])
async def test_several_numbers_at_once_are_what_each_says_alone(
    desk: RunningDesk, boss: Agent, compare: str
) -> None:
    load_history(desk.services.database, days=20, episodes_per_day=12)
    days = f"period=custom&from={now().date() - timedelta(days=8)}&to={now().date() - timedelta(days=2)}"
    for more in ("", "&segment=bot", "&channel=web"):
        query = f"{days}{more}&compare={compare}"
        status, answer = await boss.call("GET", f"/api/dashboard?names={','.join(NAMES)}&{query}")
        assert status == 200, answer
        assert list(answer["metrics"]) == list(NAMES)
        for name in NAMES:
            _, alone = await boss.call("GET", f"/api/dashboard/{name}?{query}")
            assert rounded({"ok": True, **answer["metrics"][name]}) == rounded(alone)


def rounded(value: Any) -> Any:
    """Sums of fractions differ in the last digit with the order PostgreSQL adds them in."""
    return json.loads(json.dumps(value), parse_float=lambda digits: round(float(digits), 9))


async def answers_in_three_ways(boss: Agent, name: str) -> None:
    status, answer = await boss.call("GET", f"/api/dashboard/{name}?period=7d&compare=yes")
    assert status == 200, answer
    assert answer["definition"]
    assert answer["formula"]
    assert all(len(row["cells"]) == len(answer["columns"]) for row in answer["rows"])
    assert answer["previous"] is not None
    status, body, headers = await text(boss, f"/api/dashboard/{name}.csv?period=7d")
    assert headers["Content-Type"] == "text/csv; charset=utf-8"
    assert f'filename="{name}_' in headers["Content-Disposition"]
    lines = list(csv.reader(io.StringIO(body.removeprefix("\ufeff"))))
    assert len(lines) == 1 + len(answer["rows"])
    assert {len(line) for line in lines} == {len(answer["columns"]) + 3}
    for row in answer["rows"][:1]:
        _, behind = await boss.call(
            "GET", f"/api/dashboard/{name}/conversations?period=7d&row={row['key']}&limit=1"
        )
        assert behind["total"] == row["conversations"]


async def test_the_list_behind_a_number_links_to_the_inbox(desk: RunningDesk, boss: Agent) -> None:
    load_history(desk.services.database, days=10, episodes_per_day=12)
    _, answer = await boss.call("GET", "/api/dashboard/outcomes?period=7d")
    number = next(row["conversations"] for row in answer["rows"] if row["key"] == "closed")
    status, body, _ = await text(boss, "/dashboard/conversations?metric=outcomes&row=closed&period=7d")
    assert status == 200
    assert f'data-total="{number}"' in body
    assert body.count('href="/inbox/') == min(50, number) + body.count('class="top__brand" href="/inbox/')
    status, later, _ = await text(
        boss, f"/dashboard/conversations?metric=outcomes&row=closed&period=7d&offset={number - 1}"
    )
    assert later.count("data-episode=") == 1


async def test_demo_data_leaves_by_itself_when_the_first_own_conversation_comes(
    desk: RunningDesk, boss: Agent
) -> None:
    load_history(desk.services.database, days=3, episodes_per_day=10)
    _, only_demo = await boss.call("GET", "/api/dashboard/conversations?period=7d")
    assert only_demo["scope"]["include_demo"] is True
    assert only_demo["rows"][0]["conversations"] > 1
    await (await desk.shopper()).send("hello")
    _, own = await boss.call("GET", "/api/dashboard/conversations?period=7d")
    assert (own["scope"]["include_demo"], own["rows"][0]["conversations"]) == (False, 1)
    _, both = await boss.call("GET", "/api/dashboard/conversations?period=7d&demo=yes")
    assert both["rows"][0]["conversations"] == only_demo["rows"][0]["conversations"] + 1


REFUSED = (
    ("/api/dashboard/nonsense", 404, None),
    ("/api/dashboard/nonsense.csv", 404, None),
    ("/api/dashboard/csat?period=fortnight", 400, "period"),
    ("/api/dashboard/csat?period=custom&from=2026-02-30&to=2026-03-01", 400, "from"),
    ("/api/dashboard/csat?segment=robots", 400, "segment"),
    ("/api/dashboard/csat?channel=" + "x" * 50, 400, "channel"),
    ("/api/dashboard/csat?demo=maybe", 400, "demo"),
    ("/api/dashboard/csat/conversations?limit=1000", 400, "limit"),
    ("/api/dashboard/csat/conversations?row=%00", 400, None),
    ("/api/dashboard", 400, "names"),
    ("/api/dashboard?names=csat,nonsense", 404, None),
    ("/api/dashboard/csat/conversations?row=" + "x" * 300, 400, "row"),
)


async def test_what_makes_no_sense_is_refused_by_name(boss: Agent) -> None:
    for path, status, field in REFUSED:
        got, answer = await boss.call("GET", path)
        assert (path, got, answer["ok"], answer.get("field")) == (path, status, False, field)


async def test_what_shoppers_type_cannot_run_in_a_page_or_a_spreadsheet(
    desk: RunningDesk, boss: Agent
) -> None:
    evil = '=HYPERLINK("http://evil.example","<script>alert(1)</script>")'

    def write(session: Any) -> None:
        talk(session, "evil", now() - timedelta(hours=1)).fallback(evil)

    await desk.services.database.write(write)
    _, body, _ = await text(boss, "/api/dashboard/unanswered.csv?period=7d")
    rows = list(csv.reader(io.StringIO(body.removeprefix("\ufeff"))))
    assert rows[1][1].startswith("'=HYPERLINK")
    assert rows[1][2].startswith("'=HYPERLINK")
    _, page, _ = await text(boss, "/dashboard/conversations?metric=unanswered&row=all&period=7d")
    assert "&lt;script&gt;" in page
    assert "<script>alert" not in page


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "  ="])
def test_a_cell_that_looks_like_a_formula_is_made_text(start: str) -> None:
    assert safe(f"{start}1+1") == f"'{start}1+1"
    assert safe("a=b") == "a=b"


async def test_numbers_and_words_are_in_the_readers_language(boss: Agent) -> None:
    boss.http.cookie_jar.update_cookies({"aisle_locale": "lt"})
    _, answer = await boss.call("GET", "/api/dashboard/outcomes")
    assert answer["title"] == "Baigtys"
    assert answer["missing"] == "Šiuo laikotarpiu pokalbių nebuvo."
