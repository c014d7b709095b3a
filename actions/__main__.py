"""`python -m actions`: the action server on loopback, one process."""

import argparse
import asyncio
import logging
import os
from typing import Any
from urllib.parse import urlsplit

from rasa_sdk.endpoint import create_app
from rasa_sdk.executor import ActionExecutor
from rasa_sdk.plugin import plugin_manager
from sanic import Sanic

from actions import shop
from bot.core import settings
from bot.core.masking import mask_logs

log = logging.getLogger("aisle.actions")


async def _warm_up(_app: Sanic[Any, Any]) -> None:
    async def later() -> None:
        try:
            await asyncio.to_thread(shop.warm_up)
        except Exception:  # the first shopper will be told; the server shall come up all the same
            log.exception("warm_up_failed")

    _app.add_task(later())


def set_up_logs(level: str) -> None:
    """Write to standard error from `level` on, without personal data."""
    logging.basicConfig(level=level.upper(), format="%(asctime)s %(levelname)s %(name)s %(message)s")
    mask_logs()


def main() -> None:
    """Serve."""
    chosen = settings.load(os.environ, needs_secrets=False)
    address = urlsplit(chosen.actions_url)
    parser = argparse.ArgumentParser(prog="python -m actions", description=__doc__)
    parser.add_argument("--port", type=int, default=address.port or 5055)
    arguments = parser.parse_args()
    set_up_logs(chosen.log_level)
    executor = ActionExecutor()
    executor.register_package("actions")
    app = create_app(executor, cors_origins=[])
    app.config.KEEP_ALIVE_TIMEOUT = 300
    app.config.ACCESS_LOG = False
    plugin_manager().hook.attach_sanic_app_extensions(app=app)
    app.register_listener(_warm_up, "after_server_start")
    app.run(
        host=os.environ.get("SANIC_HOST", "127.0.0.1"),
        port=arguments.port,
        single_process=True,
        access_log=False,
        motd=False,
    )


if __name__ == "__main__":
    main()
