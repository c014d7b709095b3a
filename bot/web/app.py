"""The Sanic app of the desk: guards, one error shape, security headers, and the routes of every module."""

import importlib
import logging
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from sanic import HTTPResponse, Request, Sanic
from sanic.config import Config
from sanic.exceptions import SanicException

from bot.bootstrap import Services
from bot.core.errors import AisleError, BadInput, NotFound, TooLarge
from bot.web import ROUTES, guards
from bot.web.api import Api, Handler, Route, decode, error_response, json_response
from bot.web.pages import render

App = Sanic[Config, Any]
log = logging.getLogger("aisle.web")
CODES = {400: "bad_input", 404: "not_found", 405: "wrong_method", 408: "too_slow", 413: "too_large"}


def create_app(services: Services, *, name: str = "aisle", modules: Sequence[str] = ROUTES) -> App:
    """The app, with `services` in `app.ctx.services` and the routes of `modules` in `app.ctx.api`."""
    app: App = Sanic(name, configure_logging=False)
    app.config.REQUEST_TIMEOUT = 30
    app.config.RESPONSE_TIMEOUT = 60
    app.config.KEEP_ALIVE_TIMEOUT = 75
    app.config.GRACEFUL_SHUTDOWN_TIMEOUT = 3.0  # live streams never end by themselves
    app.config.PROXIES_COUNT = services.settings.trusted_proxies or None
    app.config.FALLBACK_ERROR_FORMAT = "json"
    app.ctx.services = services
    api = Api()
    for module_name in modules:
        importlib.import_module(f"bot.web.{module_name}").routes(api)
    most_bytes = services.settings.max_body_bytes
    app.config.REQUEST_MAX_SIZE = max([most_bytes, *(route.most_bytes for route, _handler in api.routes)])
    for route, handler in api.routes:
        methods = ["GET", "HEAD"] if route.method == "GET" else [route.method]
        call = _guarded(route, handler, route.most_bytes or most_bytes)
        app.add_route(call, route.path, methods=methods, name=_name(route))
    app.ctx.api = api
    _errors(app)
    app.register_middleware(_headers, "response")

    @app.before_server_start
    async def _start(_app: App) -> None:
        await services.start()

    @app.before_server_stop
    async def _stop(_app: App) -> None:
        await services.stop()

    @app.after_server_stop  # requests in flight have ended, or their time is up
    async def _close(_app: App) -> None:
        services.close()

    return app


LARGEST_NUMBER = 2**63 - 1


def _name(route: Route) -> str:
    return f"{route.method}_{route.path}".translate(str.maketrans("/<>:.-", "______")).lower()


def _guarded(
    route: Route, handler: Handler, most_bytes: int
) -> Callable[..., Coroutine[Any, Any, HTTPResponse | None]]:
    async def call(request: Request, **parameters: Any) -> HTTPResponse | None:
        if len(request.body or b"") > most_bytes:
            raise TooLarge
        if b"%00" in request.raw_url or b"\0" in request.raw_url:
            raise BadInput("an address holds no NUL")  # PostgreSQL keeps none in its texts
        refusal = await guards.check(request, route)
        if refusal is not None:
            return refusal
        if any(isinstance(value, int) and abs(value) > LARGEST_NUMBER for value in parameters.values()):
            raise NotFound  # no row has such a number, and databases cannot even be asked for it
        if route.body is not None:
            parameters["body"] = decode(request, route.body)
        answer = await handler(request, **parameters)
        return answer if isinstance(answer, HTTPResponse) or answer is None else json_response(answer)

    return call


def _errors(app: App) -> None:
    @app.exception(AisleError)
    async def _ours(request: Request, error: AisleError) -> HTTPResponse:
        return _not_found(request, error) if isinstance(error, NotFound) else error_response(error)

    @app.exception(SanicException)
    async def _sanics(request: Request, error: SanicException) -> HTTPResponse:
        status = error.status_code or 500
        if status == 413:
            return error_response(TooLarge())
        if status == 404:
            return _not_found(request, NotFound())
        return json_response(
            {
                "ok": False,
                "error": CODES.get(status, "internal" if status >= 500 else "bad_input"),
                "message": str(error),
            },
            status,
            dict(error.headers or {}),
        )

    @app.exception(UnicodeError)
    async def _text(_request: Request, error: UnicodeError) -> HTTPResponse:
        return error_response(BadInput(f"text is not UTF-8: {error}"))

    @app.exception(Exception)
    async def _unexpected(request: Request, error: Exception) -> HTTPResponse:
        log.exception("unexpected error", extra={"path": request.path}, exc_info=error)
        return json_response(
            {"ok": False, "error": "internal", "message": "Something went wrong on our side."}, 500
        )


def _not_found(request: Request, error: NotFound) -> HTTPResponse:
    if guards.is_page(request):
        return render(request, "not_found.html", status=404)
    return error_response(error)


async def _headers(request: Any, response: Any) -> None:
    for name, value in guards.security_headers(request).items():
        response.headers.setdefault(name, value)
