"""What platforms post is stored before it is acknowledged, refused only when it is not authentic, and never lost."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as trials
from hypothesis import strategies as some
from sqlalchemy import event, func, select, text

from bot.core.channel import KINDS, Heard
from bot.core.settings import Settings
from bot.store import platform_events
from bot.store.database import Database
from bot.store.tables import Message, PlatformEvent
from tests.running import RunningDesk, running
from tests.small_platform import ACCOUNT, SmallPlatform, body_of, post, signature

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
async def desk(settings: Settings) -> AsyncIterator[RunningDesk]:
    async with running(settings, channels={"small": SmallPlatform()}) as started:
        yield started


def said(mid: str = "m1", words: str = "hello", person: str = "ona") -> Heard:
    return Heard("message.text", ACCOUNT, f"message:{mid}", AT, person=person, platform_id=mid, text=words)


async def send(desk: RunningDesk, body: bytes, channel: str = "small", sign: str = "") -> tuple[int, Any]:
    headers = {"X-Signature": sign or signature(body)}
    async with desk.http.post(f"{desk.url}/webhooks/{channel}", data=body, headers=headers) as response:
        return response.status, await response.json(content_type=None)


def kept(desk: RunningDesk) -> list[PlatformEvent]:
    with desk.services.database.reading() as session:
        return list(session.scalars(select(PlatformEvent).order_by(PlatformEvent.id)))


async def test_the_challenge_is_said_back_bare(desk: RunningDesk) -> None:
    url = f"{desk.url}/webhooks/small?word=friend&challenge=1158201444"
    async with desk.http.get(url) as response:
        assert (response.status, await response.text()) == (200, "1158201444")
        assert response.headers["Content-Type"].startswith("text/plain")


async def test_a_wrong_word_is_refused(desk: RunningDesk) -> None:
    async with desk.http.get(f"{desk.url}/webhooks/small?word=foe&challenge=1") as response:
        assert response.status == 403
        assert (await response.json())["error"] == "not_allowed"


@pytest.mark.parametrize("channel", ["nosuch", "web"])
async def test_a_channel_that_is_not_there_answers_404(desk: RunningDesk, channel: str) -> None:
    assert (await send(desk, b"{}", channel))[0] == 404
    async with desk.http.get(f"{desk.url}/webhooks/{channel}?word=friend&challenge=1") as response:
        assert response.status == 404


async def test_a_channel_that_lacks_a_value_answers_404(settings: Settings) -> None:
    platform = SmallPlatform()
    platform.missing = ("TOKEN",)
    async with running(settings, channels={"small": platform}) as desk:
        assert (await post(desk.http, desk.url, said()))[0] == 404


@pytest.mark.parametrize("sign", ["0" * 64, "-", "é"])
async def test_what_is_not_authentic_is_refused_and_not_stored(desk: RunningDesk, sign: str) -> None:
    status, answer = await send(desk, body_of(said()), sign=sign)
    assert (status, answer["error"]) == (401, "bad_signature")
    assert kept(desk) == []


async def test_the_signature_is_of_the_bytes_as_they_came(desk: RunningDesk) -> None:
    escaped = body_of(said(words="ąčę 😀")).replace(b'"hello"', b'"h\\u0065llo"')
    assert b"\\u0105" in escaped
    assert (await send(desk, escaped))[0] == 200
    assert kept(desk)[0].data["text"] == "ąčę 😀"
    rewritten = json.dumps(json.loads(escaped), ensure_ascii=False).encode()
    assert (await send(desk, rewritten, sign=signature(escaped)))[0] == 401


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff\xfe", b"{"])
async def test_what_is_no_json_object_is_bad_input(desk: RunningDesk, body: bytes) -> None:
    status, answer = await send(desk, body)
    assert (status, answer["error"]) == (400, "bad_input")


async def test_bodies_of_up_to_a_mebibyte_are_taken(desk: RunningDesk) -> None:
    large = body_of(said(), padding="x" * 900_000)
    assert (await send(desk, large))[0] == 200
    status, answer = await send(desk, body_of(said("m2"), padding="x" * 1_100_000))
    assert (status, answer["error"]) == (413, "too_large")
    async with desk.http.post(f"{desk.url}/api/chat/start", data=large) as response:
        assert response.status == 413


async def test_it_is_stored_before_it_is_acknowledged_and_before_any_work(desk: RunningDesk) -> None:
    await desk.services.intake.stop()
    assert await post(desk.http, desk.url, said(), said("m2")) == (200, {"ok": True})
    assert [(one.state, one.key) for one in kept(desk)] == [("new", "message:m1"), ("new", "message:m2")]
    assert desk.brain.turns == []


async def test_what_a_stopped_desk_had_stored_the_next_one_applies(settings: Settings) -> None:
    channels: Any = {"small": SmallPlatform()}
    async with running(settings, channels=channels) as desk:
        await desk.services.intake.stop()
        await post(desk.http, desk.url, said())
    async with running(settings, channels=channels) as desk:
        for _ in range(500):
            if kept(desk)[0].state == "done" and desk.brain.turns:
                break
            await asyncio.sleep(0.01)
        with desk.services.database.reading() as session:
            assert session.scalars(select(Message.text).where(Message.author == "shopper")).all() == ["hello"]
        assert [turn["message"] for turn in desk.brain.turns] == ["hello"]


async def test_a_mistake_of_ours_in_reading_is_kept_and_acknowledged(desk: RunningDesk) -> None:
    assert (await post(desk.http, desk.url, said(), trips=True))[0] == 200
    (event_,) = kept(desk)
    assert (event_.kind, event_.state) == ("ignored", "ignored")
    assert "hello" in event_.data["text"]


async def test_a_database_that_fails_makes_the_platform_send_again(desk: RunningDesk) -> None:
    database = desk.services.database
    with database.writing() as session:
        session.execute(text("ALTER TABLE platform_events RENAME TO elsewhere"))
    status, answer = await post(desk.http, desk.url, said())
    assert (status, answer["error"]) == (503, "store_unavailable")
    with database.writing() as session:
        session.execute(text("ALTER TABLE elsewhere RENAME TO platform_events"))
    assert (await post(desk.http, desk.url, said()))[0] == 200
    assert len(kept(desk)) == 1


async def test_calls_that_come_during_a_commit_share_the_next_one(desk: RunningDesk) -> None:
    database = desk.services.database
    await desk.services.intake.stop()
    commits: list[int] = []
    event.listen(database.writer, "commit", lambda _connection: commits.append(1))
    answers = await asyncio.gather(*(post(desk.http, desk.url, said(f"m{n}")) for n in range(60)))
    assert {status for status, _ in answers} == {200}
    assert len(kept(desk)) == 60
    assert len(commits) < 40


async def test_who_keeps_forging_is_told_to_stop_and_nobody_else(desk: RunningDesk) -> None:
    answers = [(await send(desk, b"{}", sign="0"))[0] for _ in range(62)]
    assert answers[0] == 401
    assert answers[-1] == 429
    assert (await post(desk.http, desk.url, said()))[0] == 200


words = some.text(some.characters(codec=None), max_size=400)
json_values = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | words,
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(words, inner, max_size=3),
    max_leaves=12,
)
moments = some.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(9000, 1, 1))  # noqa: DTZ001


@trials(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=some.sampled_from(sorted(KINDS)) | words,
    ids=some.lists(words, min_size=6, max_size=6),
    at=moments,
    said_=words,
    detail=some.dictionaries(words, json_values, max_size=4),
)
def test_whatever_an_event_holds_the_database_takes_it_once(
    database: Database, kind: str, ids: list[str], at: datetime, said_: str, detail: dict[str, Any]
) -> None:
    heard = Heard(
        kind,
        ids[0],
        ids[1],
        at,
        person=ids[2],
        platform_id=ids[3],
        target=ids[4],
        echo_of=ids[5],
        text=said_,
        detail=detail,
    )
    with database.writing() as session:
        before = session.scalar(select(func.count(PlatformEvent.id)))
        platform_events.keep(session, platform_events.rows("small", [heard, heard], at=AT))
        platform_events.keep(session, platform_events.rows("small", [heard], at=AT))
        added = session.scalar(select(func.count(PlatformEvent.id))) - (before or 0)
        newest = session.scalars(select(PlatformEvent).order_by(PlatformEvent.id.desc()).limit(1)).one()
        assert added in (0, 1)
        assert platform_events.heard(newest).account == newest.account
