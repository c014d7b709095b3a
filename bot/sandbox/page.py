"""The page with four phones: templates, static files and texts of the stand-in."""

from typing import Any

from sanic import Sanic
from sanic.config import Config

from bot.sandbox.world import World


def routes(_app: Sanic[Config, Any], _world: World) -> None:
    """Register the page."""
