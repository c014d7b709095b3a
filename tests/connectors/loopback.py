"""A platform on loopback that answers as told and remembers what it was asked."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

Answer = tuple[int, Any] | Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Call:
    """One call it got; `path` without the query."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


@dataclass
class Loopback:
    """`answers`: path -> what to answer, one after another; the last one stays."""

    url: str = ""
    answers: dict[str, list[Answer]] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)

    def answer(self, path: str, *answers: Answer) -> None:
        self.answers[path] = list(answers)

    def bodies(self, path: str) -> list[Any]:
        return [call.body for call in self.calls if call.path == path]

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        is_json = request.content_type == "application/json" and request.can_read_body
        body = await request.json() if is_json else None
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.calls.append(Call(request.method, request.path, dict(request.query), headers, body))
        waiting = self.answers.get(request.path)
        if not waiting:
            return web.json_response({"error": f"nothing was prepared for {request.path}"}, status=500)
        answer = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if callable(answer):
            return await answer(request)
        status, value = answer
        if isinstance(value, bytes):
            return web.Response(status=status, body=value)
        return web.json_response(value, status=status)


@asynccontextmanager
async def loopback() -> AsyncIterator[Loopback]:
    """A running one, on a free port."""
    platform = Loopback()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", platform._handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    platform.url = f"http://{host}:{port}"
    try:
        yield platform
    finally:
        await runner.cleanup()
