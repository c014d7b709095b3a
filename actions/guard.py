"""The action server answers the brain only: calls without the shared secret are refused.

Rasa's own way of starting (`python -m rasa_sdk --actions actions`) loads this too, so both are guarded.
"""

import hmac
import os
from typing import Any

import pluggy
from rasa_sdk.plugin import plugin_manager
from sanic import HTTPResponse, Request, Sanic, response

PUBLIC = ("/health",)
hookimpl = pluggy.HookimplMarker("rasa_sdk")


class Guard:
    """A plug-in of rasa_sdk."""

    @hookimpl
    def attach_sanic_app_extensions(self, app: Sanic[Any, Any]) -> None:
        """Check the header before every route but the health check."""
        secret = os.environ.get("AISLE_INTERNAL_SECRET", "").encode()

        async def check(request: Request) -> HTTPResponse | None:
            if not secret or request.path in PUBLIC:
                return None
            if hmac.compare_digest(request.headers.get("X-Aisle-Secret", "").encode(), secret):
                return None
            return response.json(
                {"ok": False, "error": "not_allowed", "message": "The secret is missing or wrong."}, 403
            )

        app.register_middleware(check, "request")


def install() -> None:
    """Once per process."""
    if not plugin_manager().has_plugin("aisle-guard"):
        plugin_manager().register(Guard(), "aisle-guard")


install()  # the one thing done at import: rasa_sdk offers no other moment before it starts serving
