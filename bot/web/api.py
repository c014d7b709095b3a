"""Registering routes: each declares its body, its answer and who may call it; OpenAPI is made from that.

Bodies are msgspec structs with unknown fields forbidden; every failure leaves in one JSON shape,
`{"ok": false, "error": code, "message": text}` (+ `field`).
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from sanic import HTTPResponse, Request
from sanic.response import raw

from bot.core.errors import AisleError, BadInput

# A number clients keep (event, version): fits JavaScript and every database's integers.
Number = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
Handler = Callable[..., Awaitable[Any]]


class Body(msgspec.Struct, forbid_unknown_fields=True):
    """Base of request bodies."""


@dataclass(frozen=True)
class Route:
    """One documented operation."""

    method: str
    path: str  # Sanic's form, e.g. /api/inbox/conversations/<conversation_id:str>
    summary: str
    guard: str  # none | visitor | api_key | agent | manager | admin
    body: type[Body] | None
    query: tuple[tuple[str, str], ...]  # name, what it means
    returns: str
    most_bytes: int = 0  # of a body; 0: as the settings say


def json_response(data: Any, status: int = 200, headers: dict[str, str] | None = None) -> HTTPResponse:
    """JSON as we always send it."""
    return raw(msgspec.json.encode(data), status=status, headers=headers, content_type="application/json")


def error_response(error: AisleError) -> HTTPResponse:
    """An expected failure in the one error shape."""
    data: dict[str, Any] = {"ok": False, "error": error.code, "message": str(error)}
    if error.field:
        data["field"] = error.field
    headers = {}
    retry = getattr(error, "retry_after_seconds", None)
    if retry:
        headers["Retry-After"] = str(max(1, round(retry)))
    return json_response(data, error.status, headers)


def decode(request: Request, body: type[Body]) -> Body:
    """The request's JSON as a value of `body`.

    Raises:
        BadInput: not JSON, not an object, a wrong type or an unknown field; names the field.
    """
    try:
        return msgspec.json.decode(request.body or b"", type=body)
    except msgspec.ValidationError as error:
        text = str(error)
        where = text.rsplit("`$", 1)[1].rstrip("`").lstrip(".") if "`$" in text else None
        raise BadInput(f"The body does not fit: {text}", field=where or None) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"The body is not JSON: {error}") from error


def whole_number(request: Request, name: str, default: int, *, least: int = 0, most: int = 2**53) -> int:
    """A query parameter as a whole number.

    Raises:
        BadInput: not a number, or out of range.
    """
    text = request.args.get(name)
    if text is None or text == "":
        return default
    try:
        number = int(text)
    except ValueError as error:
        raise BadInput(f"{name} must be a whole number", field=name) from error
    if not least <= number <= most:
        raise BadInput(f"{name} must be from {least} to {most}", field=name)
    return number


class Api:
    """Collects the routes of all modules; `bot.web.app` mounts them."""

    def __init__(self) -> None:
        self.routes: list[tuple[Route, Handler]] = []

    def route(
        self,
        method: str,
        path: str,
        *,
        guard: str,
        summary: str = "",
        body: type[Body] | None = None,
        query: tuple[tuple[str, str], ...] = (),
        returns: str = "",
        most_bytes: int = 0,
    ) -> Callable[[Handler], Handler]:
        """Declare `async def handler(request, [body], **path_parameters)`.

        `guard` decides who may call and what `request.ctx` holds: `visitor` -> `ctx.visitor` (contact id and
        conversation id), `agent|manager|admin` -> `ctx.user` (and CSRF is checked on anything but GET),
        `api_key`, `none`. A handler returns an HTTPResponse, or data to be sent as JSON.
        """

        def declare(handler: Handler) -> Handler:
            text = summary or (handler.__doc__ or "").strip().splitlines()[0]
            self.routes.append((Route(method, path, text, guard, body, query, returns, most_bytes), handler))
            return handler

        return declare
