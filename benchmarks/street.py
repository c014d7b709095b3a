"""Accounts of the stand-in of the platforms, and the environment in which a product speaks to all of them."""

import secrets
from collections.abc import Sequence
from typing import Any

from bot.core.channel_settings import variable
from bot.sandbox import accounts
from bot.sandbox.accounts import Account

CHANNELS = ("messenger", "instagram", "whatsapp")


def made(desk_url: str, *, each: int) -> list[Account]:
    """`each` accounts a channel with random secrets; those of a channel belong to one app, as a shop's do."""
    app: dict[str, Any] = {
        "app_id": "1517776481860",
        "app_secret": secrets.token_hex(16),
        "verify_token": secrets.token_urlsafe(16),
    }
    found = []
    for channel in CHANNELS:
        for number in range(each):
            own = app | {"webhook": f"{desk_url}/webhooks/{channel}"}
            if channel == "instagram":
                own |= {"flavour": "login", "username": f"aisle.outdoor{number}"}
            if channel == "whatsapp":
                own |= {"waba_id": f"10229012934{number}", "phone": f"1555078388{number}"}
            found.append(Account(channel, f"10842179001{number}", f"EAAG{secrets.token_urlsafe(40)}", **own))
    return found


def environment(known: Sequence[Account], url: str) -> dict[str, str]:
    """What the product is given: the first account of a channel plainly, the others by their ids."""
    found: dict[str, str] = {}
    for channel in CHANNELS:
        first, *others = [account for account in known if account.channel == channel]
        found |= accounts.environment([first], url)
        for account in others:
            found[variable(channel, "TOKEN", account.id)] = account.token
            if account.waba_id:
                found[variable(channel, "BUSINESS", account.id)] = account.waba_id
    return found
