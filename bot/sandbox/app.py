"""One Sanic app for all the platforms, the stand-in's own API and its page."""

import asyncio
import contextlib
import hmac
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

import aiohttp
from sanic import HTTPResponse, Request, Sanic
from sanic.config import Config
from sanic.exceptions import SanicException
from sanic.response import json as json_answer
from sanic.response import raw

from bot.core.errors import AisleError, BadInput
from bot.sandbox import control, graph, page, pictures, telegram_bot
from bot.sandbox.calls import Answer, Call
from bot.sandbox.hooks import Hooks
from bot.sandbox.meta_content import LOOPBACK
from bot.sandbox.world import World

App = Sanic[Config, Any]
PLATFORMS = (graph.answer, telegram_bot.answer)
CHALLENGE_SECONDS = 5


def create_app(world: World, *, name: str = "aisle_sandbox", hooks: Hooks | None = None) -> App:
    """The app; `app.ctx.hooks` posts the webhooks once it serves."""
    app: App = Sanic(name, configure_logging=False)
    app.config.REQUEST_MAX_SIZE = 30_000_000
    app.config.RESPONSE_TIMEOUT = 300
    app.config.GRACEFUL_SHUTDOWN_TIMEOUT = 0.5
    app.config.FALLBACK_ERROR_FORMAT = "json"
    app.config.TOUCHUP = False  # Sanic rewrites its own methods once per process; tests start many apps
    app.ctx.world = world
    app.ctx.hooks = hooks or Hooks(world)
    _own_routes(app, world)
    page.routes(app, world)
    _platform_routes(app, world)

    @app.on_request
    async def _guard(request: Request) -> None:
        """No other site may steer it: neither under a name of its own for this address, nor by a plain form."""
        if (urlsplit(f"//{request.host}").hostname or "") not in LOOPBACK:
            raise SanicException("this address answers on this machine only", status_code=403)
        is_steering = request.method == "POST" and request.path.startswith("/sandbox/")
        if is_steering and not request.content_type.startswith("application/json"):
            raise SanicException("send JSON", status_code=415)

    @app.before_server_start
    async def _start(_app: App) -> None:
        await app.ctx.hooks.start()

    @app.before_server_stop
    async def _stop(_app: App) -> None:
        await app.ctx.hooks.stop()

    @app.exception(AisleError)
    async def _ours(_request: Request, error: AisleError) -> HTTPResponse:
        body = {"ok": False, "error": error.code, "message": str(error), "field": error.field}
        return json_answer(body, status=error.status)

    @app.exception(SanicException)
    async def _sanics(_request: Request, error: SanicException) -> HTTPResponse:
        return json_answer(
            {"ok": False, "error": "refused", "message": str(error)}, status=error.status_code or 500
        )

    return app


def _platform_routes(app: App, world: World) -> None:
    @app.route("/<path:path>", methods=["GET", "POST", "DELETE"], name="platform")
    async def platform(request: Request, path: str) -> HTTPResponse:
        call = _call(request, path)
        if path.endswith("/subscriptions") and request.method == "POST":
            await _challenge(call)
        for answer in PLATFORMS:
            made = answer(world, call)
            if made is not None:
                return await _given(request, made)
        media = _bot_file(world, path)
        if media is not None:
            return media
        return json_answer(
            {"ok": False, "error": "not_found", "message": "nothing is at this address"}, status=404
        )


def _call(request: Request, path: str) -> Call:
    body: dict[str, Any] = {}
    if request.body:
        if request.content_type.startswith("application/json"):
            try:
                data = json.loads(request.body)
            except ValueError as error:
                raise BadInput("the body is not JSON") from error
            body = data if isinstance(data, dict) else {}
        else:
            body = {name: values[0] for name, values in (request.form or {}).items()}
    return Call(
        method=request.method,
        path=path,
        query={name: values[0] for name, values in request.args.items()},
        headers={name.lower(): value for name, value in request.headers.items()},
        body=body,
        base=f"{request.scheme}://{request.host}",
    )


async def _given(request: Request, made: Answer) -> HTTPResponse:
    """The answer, after what befalls the connection."""
    if made.fault in ("drop", "lost", "hang"):
        if made.fault == "hang":
            await asyncio.sleep(made.seconds)
        if request.transport:
            request.transport.abort()  # type: ignore[attr-defined]
        await asyncio.sleep(5)  # cancelled as soon as the connection is gone
    if made.fault == "slow":
        await asyncio.sleep(made.seconds)
    if made.fault == "garbled":
        return raw(b'{"recipient_id": "1', headers=made.headers, content_type="application/json")
    return json_answer(made.body, status=made.status, headers=made.headers)


async def _challenge(call: Call) -> None:
    """Ask the callback to prove itself, as a platform does before it takes a new address."""
    given: Mapping[str, Any] = {**call.query, **call.body}
    url, token = str(given.get("callback_url", "")), str(given.get("verify_token", ""))
    query = urlencode({"hub.mode": "subscribe", "hub.verify_token": token, "hub.challenge": "1158201444"})
    status, text = 0, ""
    timeout = aiohttp.ClientTimeout(total=CHALLENGE_SECONDS)
    with contextlib.suppress(TimeoutError, aiohttp.ClientError, ValueError):
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(f"{url}?{query}") as response,
        ):
            status, text = response.status, await response.text()
    if status != 200 or text.strip() != "1158201444":
        raise CallbackRefused(f"(#2200) Callback verification failed: HTTP Status Code = {status}")


class CallbackRefused(AisleError):
    """The address of a webhook did not answer the challenge."""

    status = 400
    code = "callback_refused"


def _bot_file(world: World, path: str) -> HTTPResponse | None:
    """/file/bot<token>/photos/<id>.png"""
    parts = path.split("/")
    if len(parts) != 4 or parts[0] != "file":
        return None
    tokens = [a.token for a in world.accounts.values() if a.channel == "telegram"]
    if not any(hmac.compare_digest(f"bot{token}".encode(), parts[1].encode()) for token in tokens):
        return None
    media = world.media.get(parts[3].split(".")[0])
    return None if media is None else raw(media.content, content_type=media.content_type)


def _own_routes(app: App, world: World) -> None:
    @app.get("/sandbox/threads")
    async def threads(request: Request) -> HTTPResponse:
        return json_answer(
            control.threads(
                world, person=request.args.get("person", ""), account=request.args.get("account", "")
            )
        )

    @app.get("/sandbox/accounts")
    async def accounts(_request: Request) -> HTTPResponse:
        return json_answer(
            {"accounts": [control.account_json(account) for account in world.accounts.values()]}
        )

    @app.get("/sandbox/hooks")
    async def hooks(_request: Request) -> HTTPResponse:
        return json_answer(control.hooks_json(app.ctx.hooks))

    @app.post("/sandbox/hooks")
    async def set_hooks(request: Request) -> HTTPResponse:
        app.ctx.hooks.is_paused = bool(_body(request).get("is_paused", False))
        return json_answer(control.hooks_json(app.ctx.hooks))

    @app.get("/sandbox/faults")
    async def faults(_request: Request) -> HTTPResponse:
        return json_answer(control.faults(world))

    @app.post("/sandbox/faults")
    async def set_faults(request: Request) -> HTTPResponse:
        return json_answer(control.set_faults(world, _body(request)))

    @app.post("/sandbox/people")
    async def people(request: Request) -> HTTPResponse:
        return json_answer(control.meet(world, _body(request)))

    @app.post("/sandbox/act")
    async def act(request: Request) -> HTTPResponse:
        body = _body(request)
        if body.get("kind") in ("image", "story_reply", "story_mention") and not (
            body.get("url") or body.get("media")
        ):
            body = body | _picture(world, request)
        return json_answer(control.act(world, body))

    @app.get("/sandbox/pictures/<name:str>")
    async def picture(_request: Request, name: str) -> HTTPResponse:
        return raw(pictures.png(name), content_type="image/png")

    @app.get("/sandbox/media/<media_id:str>")
    async def media(request: Request, media_id: str) -> HTTPResponse:
        kept = world.media.get(media_id)
        if kept is None:
            raise SanicException("no such media", status_code=404)
        return raw(kept.content, content_type=kept.content_type)

    @app.get("/whatsapp_media/<media_id:str>")
    async def whatsapp_media(request: Request, media_id: str) -> HTTPResponse:
        kept, given = world.media.get(media_id), request.headers.get("authorization", "")
        tokens = [a.token for a in world.accounts.values() if a.channel == "whatsapp"]
        if not any(hmac.compare_digest(given.encode(), f"Bearer {token}".encode()) for token in tokens):
            raise SanicException("the token is missing", status_code=401)
        if kept is None:
            raise SanicException("no such media", status_code=404)
        return raw(kept.content, content_type=kept.content_type)

    @app.get("/sandbox/health")
    async def health(_request: Request) -> HTTPResponse:
        return json_answer({"ok": True})

    @app.get("/sandbox/events")
    async def events(request: Request) -> None:
        response = await request.respond(
            content_type="text/event-stream", headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        )
        if response is None:
            return
        queue = world.listen()
        try:
            await response.send(": ready\n\n")
            while True:
                try:
                    news = await asyncio.wait_for(queue.get(), 15)
                    await response.send(f"data: {json.dumps(news, default=str)}\n\n")
                except TimeoutError:
                    await response.send(": still here\n\n")
        finally:
            world.unlisten(queue)


def _picture(world: World, request: Request) -> dict[str, str]:
    """A newly drawn picture, by address (Meta) and by media id (WhatsApp, Telegram)."""
    name = world.new_id(length=8)
    media = world.store("image/png", pictures.png(name))
    return {"url": f"{request.scheme}://{request.host}/sandbox/pictures/{name}.png", "media": media.id}


def _body(request: Request) -> dict[str, Any]:
    try:
        data = json.loads(request.body or b"{}")
    except ValueError as error:
        raise BadInput("the body is not JSON") from error
    if not isinstance(data, dict):
        raise BadInput("the body is not a JSON object")
    return data
