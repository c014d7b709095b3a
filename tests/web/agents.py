"""People of the desk for tests: each with a browser session of their own."""

import asyncio
import json
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from bot.desk import people
from bot.store.tables import User
from tests.running import PATIENCE, RunningDesk

PASSWORD = "a long enough password"


class Agent:
    """A signed-in browser."""

    def __init__(self, http: aiohttp.ClientSession, url: str, user_id: int, name: str) -> None:
        self.http, self.url, self.user_id, self.name = http, url, user_id, name
        self.csrf = ""

    async def sign_in(self, email: str, password: str = PASSWORD) -> tuple[int, Any]:
        body = {"email": email, "password": password}
        async with self.http.post(f"{self.url}/api/sign-in", json=body) as response:
            answer = await response.json()
            self.csrf = answer.get("csrf", "")
            return response.status, answer

    async def call(
        self, method: str, path: str, body: Any = None, *, headers: dict[str, str] | None = None
    ) -> tuple[int, Any]:
        chosen = {"X-CSRF-Token": self.csrf, **(headers or {})}
        async with self.http.request(method, self.url + path, json=body, headers=chosen) as response:
            return response.status, await response.json(content_type=None)

    async def act(self, conversation_id: str, step: str, **body: Any) -> tuple[int, Any]:
        return await self.call("POST", f"/api/inbox/conversations/{conversation_id}/{step}", body)

    async def reply(self, conversation_id: str, text: str, **more: Any) -> tuple[int, Any]:
        return await self.act(
            conversation_id, "reply", **{"client_id": str(uuid.uuid4()), "text": text, **more}
        )

    async def note(self, conversation_id: str, text: str) -> tuple[int, Any]:
        return await self.act(conversation_id, "note", client_id=str(uuid.uuid4()), text=text)

    async def listed(self, view: str, **query: str) -> list[dict[str, Any]]:
        params = "&".join(f"{key}={value}" for key, value in {"view": view, **query}.items())
        status, answer = await self.call("GET", f"/api/inbox/conversations?{params}")
        assert status == 200, answer
        rows: list[dict[str, Any]] = answer["conversations"]
        return rows

    async def opened(self, conversation_id: str) -> dict[str, Any]:
        status, answer = await self.call("GET", f"/api/inbox/conversations/{conversation_id}")
        assert status == 200, answer
        return dict(answer)

    async def until_row(self, view: str, conversation_id: str) -> dict[str, Any]:
        """Wait until a conversation is in a view."""
        deadline = time.monotonic() + PATIENCE
        while True:
            found = [row for row in await self.listed(view) if row["id"] == conversation_id]
            if found:
                return found[0]
            assert time.monotonic() < deadline, f"{conversation_id} never came into {view}"
            await asyncio.sleep(0.03)

    async def live(self, conversation_id: str = "", after: int = 0) -> AsyncIterator[tuple[str, Any]]:
        """(event, data) of the live stream."""
        query = f"?conversation={conversation_id}&after={after}" if conversation_id else ""
        async with self.http.get(f"{self.url}/api/inbox/stream{query}") as response:
            assert response.status == 200
            kind = ""
            async for line in response.content:
                if line.startswith(b"event: "):
                    kind = line[7:].strip().decode()
                elif line.startswith(b"data: "):
                    yield kind, json.loads(line[6:])

    async def hears(self, wanted: Any, conversation_id: str = "", after: int = 0) -> Any:
        """The first (event, data) of the stream for which `wanted(event, data)`."""
        async with asyncio.timeout(PATIENCE):
            async for kind, data in self.live(conversation_id, after):
                if wanted(kind, data):
                    return data
        raise AssertionError("the stream ended")


async def add_user(desk: RunningDesk, name: str, role: str = "agent") -> User:
    return await desk.services.database.write(
        people.add_user, email=f"{name.lower()}@shop.test", name=name, role=role, password=PASSWORD
    )


@asynccontextmanager
async def browser(desk: RunningDesk, name: str = "", user_id: int = 0) -> AsyncIterator[Agent]:
    """A browser that is not signed in."""
    jar = aiohttp.CookieJar(unsafe=True)  # cookies of an IP address
    async with aiohttp.ClientSession(cookie_jar=jar) as http:
        yield Agent(http, desk.url, user_id, name)


@asynccontextmanager
async def signed_in(desk: RunningDesk, name: str, role: str = "agent") -> AsyncIterator[Agent]:
    """A new user with a signed-in browser."""
    user = await add_user(desk, name, role)
    async with browser(desk, name, user.id) as agent:
        status, answer = await agent.sign_in(user.email)
        assert status == 200, answer
        yield agent
