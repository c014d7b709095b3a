"""The shop of this process: made at the first use, never at import."""

import os
import threading

from bot.bootstrap import build_shop
from bot.core import settings
from bot.shop.contract import Query, Shop

_lock = threading.Lock()
_shop: Shop | None = None


def the_shop() -> Shop:
    """The shop the settings name; one per process."""
    global _shop
    if _shop is None:
        with _lock:
            if _shop is None:
                _shop = build_shop(settings.load(os.environ, needs_secrets=False))
    return _shop


def use(shop: Shop | None) -> None:
    """Put another shop in its place (None: the settings' at the next use)."""
    global _shop
    _shop = shop


def warm_up() -> None:
    """Build the shop and read its search index, so that the first shopper does not wait for it."""
    the_shop().search(Query(text="warm up", limit=1))
