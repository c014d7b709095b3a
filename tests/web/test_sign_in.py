"""Signing in: who gets in, who is kept out and how long, and what the cookie allows."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.core.errors import BadInput
from bot.core.settings import Settings
from bot.core.times import now
from bot.desk import people
from bot.store.database import Database
from bot.store.tables import ApiKey, Attempt, SignIn, User
from tests.running import RunningDesk, running
from tests.web.agents import PASSWORD, add_user, browser, signed_in

EMAIL = "ana@shop.test"


@pytest.fixture
async def desk(settings: Settings) -> AsyncIterator[RunningDesk]:
    async with running(settings) as started:
        await add_user(started, "Ana")
        yield started


async def form(desk: RunningDesk, *, email: str = EMAIL, password: str = PASSWORD, **more: str) -> Any:
    fields = {"email": email, "password": password, **more}
    async with (
        browser(desk) as agent,
        agent.http.post(f"{desk.url}/sign-in", data=fields, allow_redirects=False) as response,
    ):
        await response.read()
        return response


async def test_the_right_password_opens_the_inbox(desk: RunningDesk) -> None:
    async with (
        browser(desk) as agent,
        agent.http.post(
            f"{desk.url}/sign-in",
            data={"email": " ANA@shop.test ", "password": PASSWORD, "next": "/inbox?view=mine"},
        ) as response,
    ):
        text = await response.text()
    assert response.status == 200
    assert str(response.url).endswith("/inbox?view=mine")
    assert "Ana" in text


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(desk: RunningDesk) -> None:
    cookie = (await form(desk)).headers["Set-Cookie"]
    parts = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert cookie.startswith("aisle_session=")
    assert {"httponly", "samesite=lax", "path=/"} <= parts


async def test_we_keep_no_token_and_no_password(desk: RunningDesk) -> None:
    token = (await form(desk)).headers["Set-Cookie"].split(";")[0].split("=", 1)[1].strip('"')
    with desk.services.database.reading() as session:
        row = session.scalars(select(SignIn)).one()
        user = session.scalars(select(User)).one()
    assert token not in row.token_hash
    assert user.password_hash.startswith("$argon2id$")


async def test_a_wrong_password_and_an_unknown_address_look_the_same(desk: RunningDesk) -> None:
    async with browser(desk) as agent:
        wrong = await agent.sign_in(EMAIL, "not the password")
        unknown = await agent.sign_in("nobody@shop.test", "not the password")
    assert wrong == unknown
    assert wrong[0] == 401


def test_an_unknown_address_costs_as_much_time_as_a_wrong_password(database: Database) -> None:
    with database.writing() as session:
        people.add_user(session, email=EMAIL, name="Ana", role="agent", password=PASSWORD)
        known = people.password_hash_of(session, EMAIL)
        unknown = people.password_hash_of(session, "nobody@shop.test")
    people.is_right(None, "warm up")
    took = {}
    for name, checked in (("known", known), ("unknown", unknown)):
        times = []
        for _ in range(3):
            start = time.perf_counter()
            assert not people.is_right(checked, "wrong")
            times.append(time.perf_counter() - start)
        took[name] = min(times)
    assert took["unknown"] > took["known"] / 3


async def test_after_five_failures_even_the_right_password_waits(desk: RunningDesk) -> None:
    async with browser(desk) as agent:
        statuses = [(await agent.sign_in(EMAIL, "wrong password"))[0] for _ in range(6)]
        status, answer = await agent.sign_in(EMAIL)
    assert statuses == [401] * 5 + [429]
    assert (status, answer["error"]) == (429, "too_many")
    assert "wait" in answer["message"]


async def test_a_stranger_is_limited_like_a_known_address(desk: RunningDesk) -> None:
    async with browser(desk) as agent:
        statuses = [(await agent.sign_in("nobody@shop.test", "wrong password"))[0] for _ in range(6)]
    assert statuses == [401] * 5 + [429]


async def test_tries_sent_side_by_side_cannot_slip_past_the_limit(desk: RunningDesk) -> None:
    async with browser(desk) as agent:
        answers = await asyncio.gather(*(agent.sign_in(EMAIL, f"wrong {n} password") for n in range(12)))
    assert sorted(status for status, _ in answers) == [401] * 5 + [429] * 7


async def test_one_network_address_cannot_try_many_accounts(desk: RunningDesk) -> None:
    def failures(session: Session) -> None:
        for number in range(people.PER_ADDRESS - 1):
            people.admit(session, email=f"{number}@shop.test", address="127.0.0.1")
            session.flush()

    await desk.services.database.write(failures)
    async with browser(desk) as agent:
        last = await agent.sign_in("x@shop.test", "wrong password")
        after = await agent.sign_in("y@shop.test", "wrong password")
    assert (last[0], after[0]) == (401, 429)


async def test_the_wait_ends(desk: RunningDesk) -> None:
    async with browser(desk) as agent:
        for _ in range(6):
            await agent.sign_in(EMAIL, "wrong password")
        earlier = now() - people.WINDOW - timedelta(seconds=1)
        await desk.services.database.write(
            lambda session: session.execute(update(Attempt).values(at=earlier))
        )
        status, _ = await agent.sign_in(EMAIL)
    assert status == 200


async def test_signing_in_forgets_the_failures_before_it(desk: RunningDesk) -> None:
    async with browser(desk) as agent:
        for _ in range(4):
            await agent.sign_in(EMAIL, "wrong password")
        await agent.sign_in(EMAIL)
        statuses = [(await agent.sign_in(EMAIL, "wrong password"))[0] for _ in range(4)]
    assert statuses == [401] * 4


async def test_the_form_says_how_long_to_wait_and_keeps_the_address_typed(desk: RunningDesk) -> None:
    async with browser(desk) as agent:
        for _ in range(5):
            await agent.sign_in(EMAIL, "wrong password")
        async with agent.http.post(f"{desk.url}/sign-in", data={"email": EMAIL, "password": "x"}) as response:
            text = await response.text()
    assert response.status == 429
    assert int(response.headers["Retry-After"]) > 60
    assert "Please wait 15 min" in text
    assert EMAIL in text


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "/%0d%0aLocation:https://evil.example\r\nX: y",
        "/\t/evil.example",
        "/sign-out",
        "",
    ],
)
async def test_signing_in_never_leads_to_another_site(desk: RunningDesk, target: str) -> None:
    assert (await form(desk, next=target)).headers["Location"] == "/inbox"


async def test_the_form_refuses_a_post_from_another_site(desk: RunningDesk) -> None:
    async with (
        browser(desk) as agent,
        agent.http.post(
            f"{desk.url}/sign-in",
            data={"email": EMAIL, "password": PASSWORD},
            headers={"Origin": "https://evil.example"},
        ) as response,
    ):
        assert response.status == 403
        assert "Set-Cookie" not in response.headers


async def test_markup_in_the_address_stays_text(desk: RunningDesk) -> None:
    async with (
        browser(desk) as agent,
        agent.http.post(
            f"{desk.url}/sign-in", data={"email": '"><script>alert(1)</script>', "password": "x"}
        ) as response,
    ):
        assert "<script>alert" not in await response.text()


async def test_signing_out_ends_the_session_for_good(desk: RunningDesk) -> None:
    async with signed_in(desk, "Ben") as agent:
        cookies = {cookie.key: cookie.value for cookie in agent.http.cookie_jar}
        before, _ = await agent.call("GET", "/api/inbox/conversations")
        async with agent.http.post(
            f"{desk.url}/sign-out", data={"csrf": agent.csrf}, allow_redirects=False
        ) as response:
            assert (response.status, response.headers["Location"]) == (303, "/sign-in")
    async with desk.http.get(f"{desk.url}/api/inbox/conversations", cookies=cookies) as response:
        after = response.status
    assert (before, after) == (200, 401)


async def test_a_session_ends_by_itself(desk: RunningDesk) -> None:
    async with signed_in(desk, "Ben") as agent:
        await desk.services.database.write(
            lambda session: session.execute(update(SignIn).values(expires_at=now()))
        )
        status, _ = await agent.call("GET", "/api/inbox/conversations")
    assert status == 401


async def test_a_new_password_ends_every_session(desk: RunningDesk) -> None:
    async with signed_in(desk, "Ben") as agent:
        await desk.services.database.write(
            people.set_password, email="ben@shop.test", password="another long password"
        )
        status, _ = await agent.call("GET", "/api/inbox/conversations")
        old, _ = await agent.sign_in("ben@shop.test")
        new, _ = await agent.sign_in("ben@shop.test", "another long password")
    assert (status, old, new) == (401, 401, 200)


async def test_someone_who_left_is_out_at_once(desk: RunningDesk) -> None:
    async with signed_in(desk, "Ben") as agent:
        await desk.services.database.write(
            lambda session: session.execute(update(User).where(User.name == "Ben").values(is_active=False))
        )
        status, _ = await agent.call("GET", "/api/inbox/conversations")
        again, _ = await agent.sign_in("ben@shop.test")
    assert (status, again) == (401, 401)


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("password", {"password": "too short"}),
        ("password", {"password": "aaaaaaaaaaaaaa"}),
        ("password", {"password": "x" * 201}),
        ("password", {"password": "ana@shop.test"}),
        ("email", {"email": "no address"}),
        ("email", {"email": "a b@shop.test"}),
        ("role", {"role": "root"}),
    ],
)
def test_a_user_that_breaks_a_rule_is_refused_and_the_field_named(
    database: Database, field: str, values: dict[str, str]
) -> None:
    fields = {"email": EMAIL, "name": "Ana", "role": "agent", "password": PASSWORD, **values}
    with database.writing() as session, pytest.raises(BadInput) as refused:
        people.add_user(session, **fields)
    assert refused.value.field == field


def test_an_address_is_taken_only_once(database: Database) -> None:
    with database.writing() as session:
        people.add_user(session, email=EMAIL, name="Ana", role="agent", password=PASSWORD)
    with database.writing() as session, pytest.raises(BadInput):
        people.add_user(session, email="ANA@shop.test", name="Ana", role="agent", password=PASSWORD)


def test_a_key_is_shown_once_and_kept_as_a_hash(database: Database) -> None:
    with database.writing() as session:
        key = people.make_api_key(session, "till")
        kept = session.scalars(select(ApiKey)).one()
        found = people.key_of(session, key)
    assert key not in kept.key_hash
    assert found is not None
    assert found.name == "till"
