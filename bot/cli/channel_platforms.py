"""Platforms as `aisle channel` sees them: built from values, refused with words, reached over the public address."""

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

import aiohttp

from bot.core.channel import Finding, Platform
from bot.core.channel_settings import variable
from bot.core.errors import AisleError, BadInput, MissingSetting
from bot.core.settings import Settings

PROBE = "aisle-asks-itself"  # stands for the challenge of a platform
KNOWN = 403  # how a webhook answers who asks without a verify token
ASK = aiohttp.ClientTimeout(total=10)


class NotReachable(AisleError):
    """Platforms call only https addresses."""

    code = "not_reachable"


def platforms(values: Mapping[str, str]) -> dict[str, Platform]:
    """Channels of other houses by name, also those that are off."""
    from bot.bootstrap import build_connectors

    built = build_connectors(values)
    return {name: channel for name, channel in built.items() if isinstance(channel, Platform)}


def named(known: Mapping[str, Platform], channel: str) -> Platform:
    """The one asked for.

    Raises:
        BadInput: there is none of that name.
    """
    if channel not in known:
        raise BadInput(f"There is no channel {channel!r}. There are: {', '.join(known)}.")
    return known[channel]


def refuse_missing(platform: Platform) -> None:
    """Nothing is tried on a channel that is off.

    Raises:
        MissingSetting: names what it lacks.
    """
    if platform.missing:
        raise MissingSetting(
            f"{platform.name} is off: {', '.join(missing(platform))} not set, or not of the form the platform gives. "
            f"`aisle channel add {platform.name} --again` asks for each and says where it is found."
        )


def missing(platform: Platform) -> list[str]:
    """The variables it lacks."""
    prefix = variable(platform.name, "")
    return [prefix + name.removeprefix(prefix) for name in platform.missing]


async def ask_desk(address: str) -> str:
    """Seen from this machine, a desk at `address` is ready (knows the channel), old (does not yet) or silent."""
    try:
        async with aiohttp.ClientSession(timeout=ASK) as client, client.get(address) as answer:
            return "ready" if answer.status == KNOWN else "old"
    except (aiohttp.ClientError, TimeoutError, OSError):
        return "silent"


def desk_finding(state: str, address: str, channel: str) -> Finding:
    """The same in words."""
    words = {
        "ready": Finding("ok", f"desk: {address} answers"),
        "old": Finding(
            "warning",
            f"desk: {address} is not the webhook of {channel}",
            "restart the desk, which reads the values when it starts; see that the proxy passes /webhooks/ on to it",
        ),
        "silent": Finding(
            "warning",
            f"desk: {address} does not answer",
            "start the desk (`aisle up`); see that its proxy passes /webhooks/ on to it",
        ),
    }
    return words[state]


def webhook(chosen: Settings, channel: str) -> str:
    """The address the platform calls."""
    return f"{chosen.url}/webhooks/{channel}"


def check_address(chosen: Settings, platform: Platform, values: Mapping[str, str]) -> None:
    """Platforms call https addresses only; a stand-in on this machine calls any.

    Raises:
        NotReachable: says which setting to mend.
    """
    defaults = {need.name: need.default for need in platform.needs}
    api = values.get(variable(platform.name, "API")) or defaults.get("API", "")
    if chosen.is_tls or _is_loopback(api):
        return
    raise NotReachable(
        f"{platform.name} calls only addresses that begin with https://, and this desk's is {chosen.url}. "
        "Put a reverse proxy with a certificate before it and set AISLE_PUBLIC_URL=https://… (docs/operations.md)."
    )


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def verify_token(platform: Platform, values: Mapping[str, str]) -> str:
    """What a person types into the platform's dashboard, found by asking as the platform will; "" when nothing."""
    for need in platform.needs:
        value = values.get(variable(platform.name, need.name), "")
        query = {"hub.mode": "subscribe", "hub.verify_token": value, "hub.challenge": PROBE}
        if need.is_made and value and platform.challenge(query) == PROBE:
            return value
    return ""
