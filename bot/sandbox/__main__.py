"""`python -m bot.sandbox`: the stand-in alone, on loopback."""

import argparse
import json
import logging
import os
from pathlib import Path

from bot.sandbox import accounts
from bot.sandbox.app import create_app
from bot.sandbox.world import World

CONFIG = "AISLE_SANDBOX"  # in the environment, because it holds secrets


def main() -> None:
    """Serve until interrupted; without a configuration, accounts with random secrets are made and printed."""
    parser = argparse.ArgumentParser(prog="python -m bot.sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=8890)
    parser.add_argument("--config", type=Path, help=f'JSON: {{"accounts": [...]}}; else {CONFIG} holds it')
    parser.add_argument("--product", default="", help="address of the desk, for webhooks of made accounts")
    given = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    text = given.config.read_text(encoding="utf-8") if given.config else os.environ.get(CONFIG, "")
    config = json.loads(text) if text else {}
    if "accounts" in config:
        made = accounts.from_json(config["accounts"])
    else:
        made = accounts.generated(given.product)
        print(json.dumps({"accounts": [accounts.to_json(account) for account in made]}, indent=1), flush=True)
    world = World(made, seed=str(config.get("seed", "")))
    create_app(world).run(
        host="127.0.0.1", port=given.port, single_process=True, motd=False, access_log=False, debug=False
    )


if __name__ == "__main__":
    main()
