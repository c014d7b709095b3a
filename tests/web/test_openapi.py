"""The OpenAPI document is valid, complete, and true about what a request may hold."""

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from bot.core.settings import Settings
from tests.running import RunningDesk, running


@pytest.fixture
async def desk(settings: Settings) -> AsyncIterator[RunningDesk]:
    async with running(settings) as started:
        yield started


@pytest.fixture
async def document(desk: RunningDesk) -> dict[str, Any]:
    async with desk.http.get(f"{desk.url}/openapi.json") as response:
        assert response.status == 200
        found: dict[str, Any] = await response.json()
        return found


async def test_the_document_is_valid_openapi(document: dict[str, Any]) -> None:
    assert [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()] == []


async def test_every_route_the_server_answers_is_described(document: dict[str, Any]) -> None:
    from sanic import Sanic

    app = next(reversed(Sanic._app_registry.values()))
    served = {
        (re.sub(r"<(\w+)(?::[^>]+)?>", r"{\1}", "/" + route.path.strip("/")), method)
        for route in app.router.routes
        for method in route.methods - {"OPTIONS", "HEAD"}
    }
    described = {
        ("/" + path.strip("/"), method.upper())
        for path, operations in document["paths"].items()
        for method in operations
    }
    assert served == described


async def test_bodies_forbid_what_they_do_not_know(document: dict[str, Any]) -> None:
    message = document["paths"]["/api/chat/messages"]["post"]["requestBody"]["content"]["application/json"]
    name = message["schema"]["$ref"].rsplit("/", 1)[1]
    schema = document["components"]["schemas"][name]
    assert schema["additionalProperties"] is False
    assert "client_id" in schema["required"]


async def test_who_may_call_is_said(document: dict[str, Any]) -> None:
    paths = document["paths"]
    assert paths["/api/chat/messages"]["post"]["security"] == [{"visitor": []}]
    assert paths["/webhooks/rest/webhook"]["post"]["security"] == [{"apiKey": []}, {"apiKeyBearer": []}]
    assert paths["/health"]["get"]["security"] == []
    named = {
        name
        for operation in paths.values()
        for op in operation.values()
        for s in op["security"]
        for name in s
    }
    assert named <= set(document["components"]["securitySchemes"])


async def test_every_operation_has_words_and_an_id_of_its_own(document: dict[str, Any]) -> None:
    operations = [op for operations in document["paths"].values() for op in operations.values()]
    assert all(op["summary"] for op in operations)
    ids = [op["operationId"] for op in operations]
    assert sorted(set(ids)) == sorted(ids)
