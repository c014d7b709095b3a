"""Who may call what: no route is left open, nothing changes without the page's token, every page is fenced in."""

import dataclasses
import importlib
import re
from collections.abc import AsyncIterator

import pytest
from sqlalchemy.orm import Session

from bot.core.settings import Settings
from bot.desk.people import add_user, make_api_key
from bot.web import ROUTES
from bot.web.api import Api, Route
from tests.running import RunningDesk, running
from tests.web.agents import browser, signed_in

ROLES = ("agent", "manager", "admin")


def all_routes() -> list[Route]:
    api = Api()
    for name in ROUTES:
        importlib.import_module(f"bot.web.{name}").routes(api)
    return [route for route, _handler in api.routes]


def address(route: Route) -> str:
    return re.sub(r"<[^>]+>", "x", re.sub(r"<\w+:int>", "1", route.path))


@pytest.fixture
async def desk(settings: Settings) -> AsyncIterator[RunningDesk]:
    async with running(settings) as started:
        yield started


def test_every_route_declares_a_known_guard() -> None:
    assert {route.guard for route in all_routes()} <= {"none", "visitor", "api_key", *ROLES}


async def test_no_guarded_route_lets_a_stranger_in(desk: RunningDesk) -> None:
    guarded = [route for route in all_routes() if route.guard != "none"]
    answers = {}
    for route in guarded:
        async with desk.http.request(route.method, desk.url + address(route), json={}) as response:
            answers[f"{route.method} {route.path}"] = (response.status, (await response.json())["ok"])
    assert len(guarded) > 25
    assert set(answers.values()) == {(401, False)}


async def test_no_page_shows_itself_to_a_stranger(desk: RunningDesk) -> None:
    pages = [
        route
        for route in all_routes()
        if route.method == "GET" and route.guard in ROLES and not route.path.startswith("/api/")
    ]
    seen = {}
    for route in pages:
        async with desk.http.get(
            desk.url + address(route), headers={"Accept": "text/html"}, allow_redirects=False
        ) as response:
            seen[route.path] = (response.status, response.headers.get("Location", "").split("?")[0])
    assert len(pages) >= 4
    assert set(seen.values()) == {(303, "/sign-in")}


@pytest.mark.parametrize(
    "token", ["", "x", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIiwiY29udiI6ImIiLCJleHAiOjk5OTk5OTk5OTl9."]
)
async def test_a_forged_session_cookie_is_nobody(desk: RunningDesk, token: str) -> None:
    async with desk.http.get(
        f"{desk.url}/api/inbox/conversations", headers={"Cookie": f"aisle_session={token}"}
    ) as response:
        assert response.status == 401


async def test_no_change_is_made_without_the_token_of_the_page(desk: RunningDesk) -> None:
    changes = [route for route in all_routes() if route.guard in ROLES and route.method != "GET"]
    async with signed_in(desk, "Ana", "admin") as agent:
        seen = {}
        for token in ("", "x", agent.csrf[:-1], agent.csrf + "x"):
            for route in changes:
                status, _answer = await agent.call(
                    route.method, address(route), {}, headers={"X-CSRF-Token": token}
                )
                seen[f"{route.path} {token}"] = status
    assert len(changes) >= 10
    assert set(seen.values()) == {403}


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_no_change_is_made_for_a_page_of_another_site(
    desk: RunningDesk, headers: dict[str, str]
) -> None:
    async with signed_in(desk, "Ana") as agent:
        refused, _ = await agent.call("POST", "/api/inbox/presence", {"presence": "busy"}, headers=headers)
        allowed, _ = await agent.call(
            "POST",
            "/api/inbox/presence",
            {"presence": "busy"},
            headers={"Origin": agent.url, "Sec-Fetch-Site": "same-origin"},
        )
    assert (refused, allowed) == (403, 200)


async def test_roles_open_only_what_is_theirs(desk: RunningDesk) -> None:
    looked_at = [
        route
        for route in all_routes()
        if route.guard in ROLES and route.method == "GET" and "stream" not in route.path
    ]
    refused: dict[tuple[str, str], set[bool]] = {}
    for name, role in (("Ana", "agent"), ("Mia", "manager"), ("Ada", "admin")):
        async with signed_in(desk, name, role) as agent:
            for route in looked_at:
                async with agent.http.get(agent.url + address(route)) as response:
                    refused.setdefault((role, route.guard), set()).add(response.status == 403)
    assert refused[("agent", "agent")] == {False}
    assert refused[("agent", "manager")] == {True}
    assert refused[("manager", "manager")] == {False}
    assert refused[("admin", "manager")] == {False}


async def test_a_page_for_others_says_so_kindly(desk: RunningDesk) -> None:
    async with (
        signed_in(desk, "Ana") as agent,
        agent.http.get(f"{desk.url}/answers", headers={"Accept": "text/html"}) as response,
    ):
        text = await response.text()
    assert response.status == 403
    assert "This page is not for you" in text


async def test_every_page_runs_no_script_but_ours(desk: RunningDesk) -> None:
    pages = [
        route
        for route in all_routes()
        if route.method == "GET" and route.guard in ("none", *ROLES) and "stream" not in route.path
    ]
    html = 0
    async with signed_in(desk, "Ada", "admin") as agent:
        for route in pages:
            path = address(route)
            async with agent.http.get(agent.url + path, headers={"Accept": "text/html"}) as response:
                policy = response.headers["Content-Security-Policy"]
                assert "default-src 'self'" in policy, path
                assert "unsafe" not in policy, path
                assert "object-src 'none'" in policy, path
                assert response.headers["X-Content-Type-Options"] == "nosniff", path
                if response.content_type == "text/html":
                    text = await response.text()
                    html += 1
                    inline = re.findall(
                        r"<script(?![^>]*\bsrc=)(?![^>]*application/(?:ld\+)?json)[^>]*>", text
                    )
                    assert inline == [], path
                    assert re.findall(r"<[a-z][^>]*\s(?:style|on[a-z]+)=", text) == [], path
                    assert "<style" not in text, path
    assert html >= 5


async def test_answers_of_the_api_are_kept_nowhere(desk: RunningDesk) -> None:
    async with signed_in(desk, "Ana") as agent:
        for path in ("/api/inbox/conversations", "/inbox"):
            async with agent.http.get(agent.url + path, headers={"Accept": "text/html"}) as response:
                assert "no-store" in response.headers["Cache-Control"]


async def test_over_tls_the_cookie_is_secure_and_the_browser_stays_on_tls(settings: Settings) -> None:
    chosen = dataclasses.replace(settings, public_url="https://help.shop.test")
    async with running(chosen) as desk, browser(desk) as agent:
        await desk.services.database.write(_add_ana)
        body = {"email": "ana@shop.test", "password": "a long enough password"}
        async with agent.http.post(f"{desk.url}/api/sign-in", json=body) as response:
            cookie = response.headers["Set-Cookie"]
            assert "Secure" in cookie
            assert response.headers["Strict-Transport-Security"].startswith("max-age=")


def _add_ana(session: Session) -> None:
    add_user(session, email="ana@shop.test", name="Ana", role="agent", password="a long enough password")


async def test_only_the_chat_may_be_framed_and_only_by_the_shop(settings: Settings) -> None:
    chosen = dataclasses.replace(settings, allowed_origins="https://shop.example")
    async with running(chosen) as desk:
        policies = {}
        for path in ("/chat", "/sign-in"):
            async with desk.http.get(desk.url + path) as response:
                policies[path] = response.headers["Content-Security-Policy"].split("frame-ancestors ")[1]
    assert policies["/chat"].split(";")[0] == "'self' https://shop.example"
    assert policies["/sign-in"].split(";")[0] == "'none'"


async def test_a_program_needs_a_key_that_was_given_out(desk: RunningDesk) -> None:
    key = await desk.services.database.write(make_api_key, "test")
    statuses = []
    for headers in ({}, {"X-Api-Key": key[:-1]}, {"X-Api-Key": key}, {"Authorization": f"Bearer {key}"}):
        async with desk.http.post(
            f"{desk.url}/webhooks/rest/webhook", json={"sender": "s", "message": "hi"}, headers=headers
        ) as response:
            statuses.append(response.status)
    assert statuses == [401, 401, 200, 200]


@pytest.mark.parametrize(
    "path", ["../guards.py", "%2e%2e/guards.py", "inbox/../../app.py", "/etc/passwd", "inbox"]
)
async def test_static_files_stay_in_their_folder(desk: RunningDesk, path: str) -> None:
    async with desk.http.get(f"{desk.url}/static/{path}") as response:
        assert response.status == 404
