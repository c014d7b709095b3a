"""Where platforms tell us things: `/webhooks/<channel>`. Stored, then acknowledged, then worked on (promise 1)."""

import hashlib
import logging
import time
from datetime import datetime

from sanic import HTTPResponse, Request
from sanic.response import text

from bot.bootstrap import Services
from bot.core.channel import Heard, Platform
from bot.core.errors import BadInput, BadSignature, NotAllowed, NotFound, TooMany
from bot.core.times import now
from bot.web.api import Api, json_response

log = logging.getLogger("aisle.web")
MOST_BYTES = 1_048_576
FORGERIES_A_MINUTE = 60  # per address; what is authentic is never refused for its number
ADDRESSES_MOST = 10_000


class Forgeries:
    """Counts posts without a good signature per address, in memory: who keeps sending them is told to stop."""

    def __init__(self) -> None:
        self._counts: dict[str, tuple[int, int]] = {}

    def check(self, address: str) -> None:
        """Refuse an address that has sent too many this minute.

        Raises:
            TooMany: it has.
        """
        minute, count = self._counts.get(address, (0, 0))
        if minute == _minute() and count >= FORGERIES_A_MINUTE:
            raise TooMany("Too many calls without a good signature.", retry_after_seconds=60)

    def count(self, address: str) -> None:
        """One more from this address."""
        minute, count = self._counts.get(address, (0, 0))
        if len(self._counts) >= ADDRESSES_MOST:
            self._counts.clear()
        self._counts[address] = (_minute(), count + 1 if minute == _minute() else 1)


def _minute() -> int:
    return int(time.monotonic() // 60)


def routes(api: Api) -> None:
    """Declare the webhooks of channels of other houses."""

    @api.route(
        "GET",
        "/webhooks/<channel:str>",
        guard="none",
        query=(("hub.mode", "of Meta's verification call"), ("hub.challenge", "what is to be said back")),
        returns="text/plain: the challenge",
    )
    async def challenge(request: Request, channel: str) -> HTTPResponse:
        """A platform checks that this address is ours."""
        answer = _platform(request, channel).challenge(
            {name: request.args.get(name, "") for name in request.args}
        )
        if answer is None:
            raise NotAllowed("The verification was refused: the token is not ours.")
        return text(answer)

    @api.route(
        "POST",
        "/webhooks/<channel:str>",
        guard="none",
        returns="ok, when everything in it is stored",
        most_bytes=MOST_BYTES,
    )
    async def webhook(request: Request, channel: str) -> HTTPResponse:
        """A platform tells us what happened; each channel has its own signature and shape."""
        platform = _platform(request, channel)
        forgeries = request.app.ctx.__dict__.setdefault("forgeries", Forgeries())
        address = request.remote_addr or request.ip
        body = request.body or b""
        try:
            platform.check_signature({name.lower(): value for name, value in request.headers.items()}, body)
        except BadSignature:
            forgeries.check(address)
            forgeries.count(address)
            raise
        await _services(request).ingest.keep(channel, _parse(platform, body, at=now()))
        return json_response({"ok": True})


def _services(request: Request) -> Services:
    services: Services = request.app.ctx.services
    return services


def _platform(request: Request, channel: str) -> Platform:
    platform = _services(request).platforms.get(channel)
    if platform is None:
        raise NotFound
    return platform


def _parse(platform: Platform, body: bytes, *, at: datetime) -> list[Heard]:
    """What an authentic body says. A mistake of ours in reading it must not make the platform send it for ever."""
    try:
        return platform.parse(body, at=at)
    except BadInput:
        raise
    except Exception as error:
        log.exception("a webhook body could not be read", extra={"channel": platform.name})
        kept = body.decode("utf-8", "replace")
        key = f"unread:{hashlib.sha256(body).hexdigest()}"
        return [Heard("ignored", "", key, at, text=kept, detail={"error": type(error).__name__})]
