"""Health of each part for people and load balancers, and figures for Prometheus."""

import asyncio
import time
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any

import aiohttp
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sanic import HTTPResponse, Request
from sanic.response import raw
from sqlalchemy.exc import SQLAlchemyError

from bot.bootstrap import Services
from bot.core.errors import NotAllowed
from bot.core.times import now
from bot.desk import people
from bot.store import counts
from bot.web.api import Api, json_response
from bot.web.guards import bearer

KEPT_SECONDS = 3.0  # a load balancer may ask as often as it likes
ASK = aiohttp.ClientTimeout(total=1.5)
LATE_SECONDS = 60  # an outgoing message waiting longer means that the outbox is stuck
FAILED_WITHIN = timedelta(minutes=15)
LOOPBACK = frozenset({"127.0.0.1", "::1"})


@dataclass(frozen=True)
class PartHealth:
    """`state` is up, degraded or down; `detail` says why in words, `figures` in numbers."""

    state: str
    detail: str = ""
    figures: dict[str, float] = field(default_factory=dict)


class Probe:
    """Asks every part, at most once in three seconds however many ask."""

    def __init__(self) -> None:
        self._at = float("-inf")
        self._parts: dict[str, PartHealth] = {}
        self._lock = asyncio.Lock()

    async def parts(self, services: Services) -> dict[str, PartHealth]:
        """Each part's health; the desk itself is up, or nobody would read this."""
        async with self._lock:
            if time.monotonic() - self._at > KEPT_SECONDS:
                self._parts = await self._ask(services)
                self._at = time.monotonic()
            return self._parts

    async def _ask(self, services: Services) -> dict[str, PartHealth]:
        chosen = services.settings
        secret = {"X-Aisle-Secret": chosen.internal_secret}
        async with aiohttp.ClientSession(timeout=ASK, headers=secret) as client:
            brain, actions, stored, channels = await asyncio.gather(
                _ask_part(
                    client,
                    f"{chosen.brain_url.rstrip('/')}/webhooks/desk/",
                    "messages wait until the brain is back",
                ),
                _ask_part(
                    client, f"{chosen.actions_url.rstrip('/')}/health", "the bot cannot look anything up"
                ),
                _ask_database(services),
                _ask_channels(services),
            )
        services.figures.brain_up.set(1 if brain.state == "up" else 0)
        return {"desk": PartHealth("up"), "brain": brain, "actions": actions} | stored | channels


async def _ask_part(client: aiohttp.ClientSession, url: str, meaning: str) -> PartHealth:
    started = time.perf_counter()
    try:
        async with client.get(url) as response:
            seconds = round(time.perf_counter() - started, 4)
            if response.status == 200:
                return PartHealth("up", figures={"answer_seconds": seconds})
            return PartHealth("down", f"answered {response.status}: {meaning}")
    except TimeoutError:
        return PartHealth("degraded", "busy or hanging: it listens but does not answer in time")
    except (aiohttp.ClientError, OSError):
        return PartHealth("down", f"not reachable: {meaning}")


async def _ask_channels(services: Services) -> dict[str, PartHealth]:
    """A part for each channel of other houses that is on; down when no account of it can send."""
    try:
        found = await services.accounts.states()
    except SQLAlchemyError:
        return {}
    return {f"channel {name}": _of_accounts(states) for name, states in found.items()}


def _of_accounts(states: list[str]) -> PartHealth:
    broken, warned = states.count("broken"), states.count("warning")
    figures = {"accounts": float(len(states)), "broken": float(broken), "warnings": float(warned)}
    if broken == len(states):
        return PartHealth("down", "nothing can be sent; replies wait until it is mended", figures)
    if broken:
        return PartHealth("degraded", f"{broken} of {len(states)} accounts cannot send", figures)
    return PartHealth("degraded", "needs a look soon", figures) if warned else PartHealth("up", "", figures)


async def _ask_database(services: Services) -> dict[str, PartHealth]:
    started = time.perf_counter()
    try:
        found = await services.database.read(counts.count, failed_since=now() - FAILED_WITHIN)
    except SQLAlchemyError:
        gone = PartHealth("down", "the database cannot be read")
        return {"database": gone, "outbox": gone}
    seconds = round(time.perf_counter() - started, 4)
    services.figures.queue.set(found.queue)
    for state, number in found.outbox.items():
        services.figures.outbox.labels(state).set(number)
    waited = (now() - found.oldest_at).total_seconds() if found.oldest_at else 0.0
    words = f"a message has waited for {waited:.0f} s" if waited > LATE_SECONDS else ""
    return {
        "database": PartHealth("up", figures={"answer_seconds": seconds}),
        "outbox": PartHealth(
            "degraded" if words else "up", words, {**found.outbox, "oldest_seconds": waited}
        ),
        "queue": PartHealth("up", figures={"waiting": found.queue, "open_turns": found.open_turns}),
    }


def overall(parts: dict[str, PartHealth]) -> str:
    """down without a database, degraded when any other part is not up."""
    if parts["database"].state == "down":
        return "down"
    return "up" if all(part.state == "up" for part in parts.values()) else "degraded"


def routes(api: Api) -> None:
    """Health and figures."""
    probe = Probe()

    @api.route("GET", "/health", guard="none", returns="state and parts; 503 when state is down")
    async def health(request: Request) -> HTTPResponse:
        """Whether each part is up, degraded or down."""
        parts = await probe.parts(request.app.ctx.services)
        state = overall(parts)
        shown: dict[str, Any] = {
            "ok": state != "down",
            "state": state,
            "parts": {name: asdict(part) for name, part in parts.items()},
        }
        return json_response(shown, 503 if state == "down" else 200, {"Cache-Control": "no-store"})

    @api.route("GET", "/metrics", guard="none", returns="Prometheus text; loopback or an API key only")
    async def metrics(request: Request) -> HTTPResponse:
        """Figures for Prometheus, for callers on this machine or with an API key."""
        services: Services = request.app.ctx.services
        await _check_may_read(request, services)
        await probe.parts(services)
        return raw(generate_latest(services.figures.registry), content_type=CONTENT_TYPE_LATEST)


async def _check_may_read(request: Request, services: Services) -> None:
    is_direct = not any(name in request.headers for name in ("x-forwarded-for", "forwarded", "x-real-ip"))
    if request.ip in LOOPBACK and is_direct:
        return
    key = request.headers.get("x-api-key", "").strip() or bearer(request)
    if not key or await services.database.read(people.key_of, key) is None:
        raise NotAllowed("Figures are given on this machine, or for an API key: `Authorization: Bearer …`.")
