"""Captured webhook bodies of Messenger and Instagram, and the two channels as a shop would have them."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.core.channel import Heard
from connectors import instagram, messenger
from connectors.meta_channel import MetaChannel

PAYLOADS = Path(__file__).parent / "payloads"
ARRIVED = datetime(2026, 6, 1, 12, tzinfo=UTC)
HAPPENED = datetime.fromtimestamp(1_780_000_000, UTC)
PAGE, SHOPPER, APP = "204500000000011", "24001111222333", "900100200300"
ACCOUNT, FOLLOWER = "17841455500000077", "990011223344556"
SECRET, OLD_SECRET = "new-app-secret", "old-app-secret"


def environment(channel: str, account: str, **more: str) -> dict[str, str]:
    given = {
        "APP_ID": APP,
        "APP_SECRET": f"{SECRET}, {OLD_SECRET}",
        "VERIFY_TOKEN": "our-word",
        "ACCOUNT": account,
        "TOKEN": f"token-of-{account}",
        **more,
    }
    return {f"AISLE_{channel.upper()}_{name}": value for name, value in given.items()}


def channels(**more: str) -> dict[str, MetaChannel]:
    """Both, with the same further values."""
    return {
        "messenger": messenger.connector(environment("messenger", PAGE, **more)),
        "instagram": instagram.connector(environment("instagram", ACCOUNT, **more)),
    }


def body(channel: str, name: str) -> bytes:
    return (PAYLOADS / channel / f"{name}.json").read_bytes()


def names(channel: str) -> list[str]:
    return sorted(path.stem for path in (PAYLOADS / channel).glob("*.json"))


def parsed(channel: str, name: str) -> list[Heard]:
    return channels()[channel].parse(body(channel, name), at=ARRIVED)


def parsed_value(channel: str, value: Any) -> list[Heard]:
    return channels()[channel].parse(json.dumps(value).encode(), at=ARRIVED)


def envelope(channel: str, event: Mapping[str, Any]) -> dict[str, Any]:
    """A body with one event of our shopper."""
    account, person = {"messenger": (PAGE, SHOPPER), "instagram": (ACCOUNT, FOLLOWER)}[channel]
    whole = {
        "sender": {"id": person},
        "recipient": {"id": account},
        "timestamp": 1_780_000_000_000,
        **event,
    }
    return {
        "object": {"messenger": "page", "instagram": "instagram"}[channel],
        "entry": [{"id": account, "time": 1_780_000_000_400, "messaging": [whole]}],
    }
