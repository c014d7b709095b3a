"""A desk really running on loopback for tests, and shoppers who talk to it through the public API."""

import asyncio
import dataclasses
import json
import time
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from bot.bootstrap import Services, build
from bot.core.channel import Connector
from bot.core.settings import Settings
from bot.web import app as web
from tests.fake_brain import FakeBrain

PATIENCE = 10.0
SHOP_FILE = Path(__file__).parent / "shop.toml"


class Shopper:
    """A browser with the chat open."""

    def __init__(self, http: aiohttp.ClientSession, url: str, token: str, conversation_id: str) -> None:
        self.http, self.url, self.token, self.conversation_id = http, url, token, conversation_id
        self.cursor = 0

    async def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {self.token}"}
        async with self.http.request(method, self.url + path, json=body, headers=headers) as response:
            return response.status, await response.json(content_type=None)

    async def send(self, text: str = "", *, client_id: str = "", choice: Any = None) -> tuple[int, Any]:
        body: dict[str, Any] = {"client_id": client_id or str(uuid.uuid4()), "text": text}
        if choice is not None:
            body["choice"] = choice
        return await self.call("POST", "/api/chat/messages", body)

    async def events(self, after: int = 0) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while True:
            status, answer = await self.call(
                "GET", f"/api/chat/events?after={found[-1]['seq'] if found else after}"
            )
            assert status == 200, answer
            if not answer["events"]:
                return found
            found += answer["events"]

    async def thread(self) -> list[tuple[str, str]]:
        """(author, text) of everything the shopper sees."""
        return [
            (event["message"]["author"], event["message"]["text"])
            for event in await self.events()
            if event["kind"] == "message"
        ]

    async def until(self, text: str, *, times: int = 1) -> list[tuple[str, str]]:
        """Wait until `text` has been said to the shopper `times` times."""
        return await self.until_thread(lambda thread: sum(text in said for _, said in thread) >= times, text)

    async def until_thread(self, is_enough: Any, what: str = "") -> list[tuple[str, str]]:
        deadline = time.monotonic() + PATIENCE
        while True:
            thread = await self.thread()
            if is_enough(thread):
                return thread
            assert time.monotonic() < deadline, f"waited in vain for {what!r}: {thread}"
            await asyncio.sleep(0.02)

    async def live(self, after: int = 0) -> AsyncIterator[dict[str, Any]]:
        """Events as the page gets them, over SSE."""
        headers = {"Authorization": f"Bearer {self.token}", "Accept": "text/event-stream"}
        async with self.http.get(f"{self.url}/api/chat/events?after={after}", headers=headers) as response:
            async for line in response.content:
                if line.startswith(b"data: "):
                    yield json.loads(line[6:])


class RunningDesk:
    """A started desk; `services` reaches behind the counter for looking only."""

    def __init__(self, services: Services, http: aiohttp.ClientSession, brain: FakeBrain) -> None:
        self.services, self.http, self.brain = services, http, brain
        self.url = f"http://127.0.0.1:{services.settings.port}"

    async def shopper(self, token: str = "", locale: str = "en") -> Shopper:
        body = {"token": token, "locale": locale}
        async with self.http.post(f"{self.url}/api/chat/start", json=body) as response:
            answer = await response.json()
        shopper = Shopper(self.http, self.url, answer["token"], answer["conversation"]["id"])
        shopper.cursor = answer["cursor"]
        return shopper


@asynccontextmanager
async def running(
    settings: Settings,
    *,
    brain: FakeBrain | None = None,
    channels: dict[str, Connector] | None = None,
    modules: Sequence[str] | None = None,
) -> AsyncIterator[RunningDesk]:
    """A desk on `settings.port` with a scripted brain, stopped at the end of the block."""
    own_brain = brain or await FakeBrain(settings.internal_secret).start()
    chosen = dataclasses.replace(settings, brain_url=own_brain.url, shop_file=SHOP_FILE)
    services = build(chosen, channels=channels)
    app = web.create_app(
        services, name=f"desk_{uuid.uuid4().hex}", **({"modules": modules} if modules else {})
    )
    app.config.TOUCHUP = False  # Sanic rewrites its own methods once per process; tests start many apps
    server = await app.create_server(
        host="127.0.0.1",
        port=chosen.port,
        return_asyncio_server=True,
        asyncio_server_kwargs={"start_serving": False},
    )
    assert server is not None
    await server.startup()
    await server.before_start()
    await server.start_serving()
    try:
        async with aiohttp.ClientSession() as http:
            yield RunningDesk(services, http, own_brain)
    finally:
        server.close()
        await server.before_stop()
        await server.after_stop()
        if brain is None:
            await own_brain.stop()
