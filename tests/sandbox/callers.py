"""A product that only listens, and an app that calls the platforms' APIs."""

import json
from typing import Any

import aiohttp
from aiohttp import web

from bot.sandbox.serving import Sandbox


class Listener:
    """The product's webhooks: keeps what comes, answers with the statuses of `answers`, then 200."""

    def __init__(self) -> None:
        self.answers: list[int] = []
        self.heard: list[tuple[str, dict[str, str], bytes]] = []
        self._runner: web.AppRunner | None = None
        self.url = ""

    async def start(self) -> "Listener":
        app = web.Application()
        app.router.add_get("/webhooks/{channel}", self._challenge)
        app.router.add_post("/webhooks/{channel}", self._hear)
        self._runner = web.AppRunner(app, shutdown_timeout=0.2)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def stop(self) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    async def _challenge(self, request: web.Request) -> web.Response:
        if request.query.get("hub.verify_token") != "right":
            return web.Response(status=403)
        return web.Response(text=request.query["hub.challenge"])

    async def _hear(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.heard.append((request.match_info["channel"], headers, await request.read()))
        return web.Response(status=self.answers.pop(0) if self.answers else 200)

    def bodies(self, channel: str) -> list[dict[str, Any]]:
        return [json.loads(body) for name, _, body in self.heard if name == channel]

    def messaging(self, channel: str) -> list[dict[str, Any]]:
        """Every event of `messaging`, in order of arrival."""
        return [
            e for body in self.bodies(channel) for entry in body["entry"] for e in entry.get("messaging", [])
        ]

    def values(self, channel: str) -> list[dict[str, Any]]:
        """Every value of `changes`."""
        return [
            c["value"]
            for body in self.bodies(channel)
            for entry in body["entry"]
            for c in entry.get("changes", [])
        ]


class Caller:
    """Calls Graph and the Bot API as an app does."""

    def __init__(self, sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
        self.sandbox, self.http = sandbox, http

    async def graph(
        self, channel: str, path: str, body: Any = None, *, method: str = "POST", token: str | None = None
    ) -> tuple[int, Any]:
        """(status, answer) of `/<version>/<path>` with the account's token."""
        account = self.sandbox.world.account(channel)
        headers = {"Authorization": f"Bearer {account.token if token is None else token}"}
        url = f"{self.sandbox.url}/v25.0/{path}"
        async with self.http.request(method, url, json=body, headers=headers) as response:
            self.headers = dict(response.headers)
            return response.status, await response.json(content_type=None)

    async def send(self, channel: str, person: str, message: dict[str, Any], **more: Any) -> tuple[int, Any]:
        return await self.graph(
            channel, "me/messages", {"recipient": {"id": person}, "message": message, **more}
        )

    async def whatsapp(self, person: str, kind: str, content: Any, **more: Any) -> tuple[int, Any]:
        body = {"messaging_product": "whatsapp", "to": person, "type": kind, kind: content, **more}
        return await self.graph("whatsapp", f"{self.sandbox.world.account('whatsapp').id}/messages", body)

    async def bot(self, method: str, **given: Any) -> tuple[int, Any]:
        token = self.sandbox.world.account("telegram").token
        async with self.http.post(f"{self.sandbox.url}/bot{token}/{method}", json=given) as response:
            return response.status, await response.json()

    async def own(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """The stand-in's own API."""
        async with self.http.request(method, f"{self.sandbox.url}{path}", json=body) as response:
            return response.status, await response.json()
