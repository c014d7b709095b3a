"""The OpenAPI document, made from the routes as they are declared."""

import re
from importlib import metadata
from typing import Any

import msgspec
from sanic import Request

from bot.web.api import Api, Handler, Route

PARAMETER = re.compile(r"<(\w+)(?::([^>]+))?>")
KINDS: dict[str, dict[str, Any]] = {"int": {"type": "integer"}, "float": {"type": "number"}}
SECURITY: dict[str, list[dict[str, list[str]]]] = {
    "none": [],
    "visitor": [{"visitor": []}],
    "api_key": [{"apiKey": []}, {"apiKeyBearer": []}],
}
SCHEMES = {
    "visitor": {
        "type": "http",
        "scheme": "bearer",
        "description": "The visitor token of POST /api/chat/start; it opens one visitor's conversation only.",
    },
    "apiKey": {
        "type": "apiKey",
        "in": "header",
        "name": "X-Api-Key",
        "description": "From `aisle key add NAME`.",
    },
    "apiKeyBearer": {"type": "http", "scheme": "bearer", "description": "The same key as a bearer token."},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "aisle_session",
        "description": "Signed-in people; anything but GET also needs the header X-CSRF-Token.",
    },
}
ERROR = {
    "type": "object",
    "required": ["ok", "error", "message"],
    "properties": {
        "ok": {"const": False},
        "error": {"type": "string", "description": "A stable code, e.g. bad_input, not_signed_in, conflict."},
        "message": {"type": "string", "description": "May be shown to people."},
        "field": {"type": "string", "description": "The field to blame, where there is one."},
    },
}
REFUSED = {
    "description": "Refused or failed, in the one error shape.",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
}


def document(routes: list[tuple[Route, Handler]], *, url: str) -> dict[str, Any]:
    """OpenAPI 3.1 of all routes, served from `url`."""
    bodies = sorted({route.body for route, _handler in routes if route.body}, key=lambda body: body.__name__)
    schemas, components = msgspec.json.schema_components(bodies, ref_template="#/components/schemas/{name}")
    paths: dict[str, dict[str, Any]] = {}
    for route, handler in routes:
        body = schemas[bodies.index(route.body)] if route.body else None
        path = PARAMETER.sub(r"{\1}", route.path)
        paths.setdefault(path, {})[route.method.lower()] = _operation(route, handler, body)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Aisle",
            "version": metadata.version("aisle"),
            "description": "The support chatbot that online shops run themselves. How to use it: docs/api.md.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": url}],
        "paths": dict(sorted(paths.items())),
        "components": {"schemas": {**components, "Error": ERROR}, "securitySchemes": SCHEMES},
    }


def _operation(route: Route, handler: Handler, body: dict[str, Any] | None) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": route.returns or route.summary}
    if route.path.startswith(("/api/", "/webhooks/", "/health", "/openapi")):
        answer["content"] = {"application/json": {"schema": {"type": ["object", "array"]}}}
    operation: dict[str, Any] = {
        "operationId": re.sub(r"\W+", "_", f"{route.method.lower()}{route.path}").strip("_"),
        "summary": route.summary,
        "tags": [_tag(route)],
        "security": SECURITY.get(route.guard, [{"session": []}]),
        "parameters": [*_path_parameters(route), *_query_parameters(route)],
        "responses": {"2XX": answer, "4XX": REFUSED, "5XX": REFUSED},
    }
    text = (handler.__doc__ or "").strip()
    if route.guard in ("agent", "manager", "admin"):
        text = f"{text}\n\nFor people signed in with the role {route.guard} or above.".strip()
    if text and text != route.summary:
        operation["description"] = text
    if body is not None:
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    return operation


def _tag(route: Route) -> str:
    parts = [part for part in route.path.split("/") if part and not part.startswith("<")]
    if parts and parts[0] == "api":
        return parts[1] if len(parts) > 1 else "api"
    return parts[0] if parts else "pages"


def _path_parameters(route: Route) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": KINDS.get(kind, {"type": "string"})}
        for name, kind in PARAMETER.findall(route.path)
    ]


def _query_parameters(route: Route) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "query", "required": False, "description": meaning, "schema": {"type": "string"}}
        for name, meaning in route.query
    ]


def routes(api: Api) -> None:
    """The document itself."""

    @api.route("GET", "/openapi.json", guard="none", returns="OpenAPI 3.1 of all routes")
    async def openapi(request: Request) -> dict[str, Any]:
        """This document."""
        return document(request.app.ctx.api.routes, url=request.app.ctx.services.settings.url)
