"""Connecting a WhatsApp number and checking it: token, number, events, ice breakers; each finding in words."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.core.channel import Finding
from bot.core.errors import NotDelivered
from bot.core.rendering import shorten
from bot.core.times import now
from connectors.graph import Graph
from connectors.meta import listed, mapping, moment, word
from connectors.meta_set_up import usage

FIELDS = "verified_name,display_phone_number,quality_rating,name_status,code_verification_status"
PERMISSIONS = ("whatsapp_business_messaging", "whatsapp_business_management")
PROMPTS, PROMPT_LIMIT = 4, 80  # questions offered in an empty chat; characters of one
SOON = timedelta(days=14)
_QUALITY = {
    "RED": "broken messages get it blocked soon",
    "YELLOW": "shoppers blocked or reported some messages",
}

Json = dict[str, Any]


@dataclass(frozen=True)
class Line:
    """One number and what it takes to ask about it. `business`: the WhatsApp business account, "" when not told."""

    graph: Graph
    account: str
    business: str
    token: str
    verify_token: str

    async def get(self, path: str, query: Mapping[str, str] | None = None) -> Json:
        return await self.graph.call(
            "GET", path, token=self.token, account=self.account, sort="profile", query=query
        )

    async def post(self, path: str, body: Json) -> Json:
        return await self.graph.call(
            "POST", path, token=self.token, account=self.account, sort="profile", body=body
        )


async def check(line: Line) -> list[Finding]:
    """Number, token and events: at most 3 calls.

    Raises:
        NotDelivered: the platform cannot be asked now.
    """
    try:
        number = await line.get(line.account, {"fields": FIELDS})
    except NotDelivered as error:
        if error.heals:
            raise
        return [Finding("broken", "the platform refuses the token or the number", str(error))]
    found = [_number(number), *_quality(number)]
    found += await _tried(
        "", line.get("debug_token", {"input_token": line.token}), lambda it: _token(it, at=now())
    )
    if not line.business:
        advice = "set AISLE_WHATSAPP_BUSINESS to the id of the WhatsApp business account"
        return [*found, Finding("warning", "the webhook could not be looked at", advice)]
    asked = line.get(f"{line.business}/subscribed_apps")
    found += await _tried("the webhook could not be looked at", asked, _subscription)
    return [*found, *usage(line.graph, line.account)]


async def set_up(line: Line, *, webhook_url: str, profile: Mapping[str, Any]) -> list[Finding]:
    """The webhook's address and events of the business account, then questions to begin with.

    WhatsApp calls the address at once to verify it, so the desk must be running.

    Raises:
        NotDelivered: the platform cannot be asked now.
    """
    if not line.business:
        advice = "set AISLE_WHATSAPP_BUSINESS to the id of the WhatsApp business account"
        return [Finding("warning", "the account's events were not taken", advice)]
    by_hand = (
        f"in the app's dashboard, under WhatsApp, Configuration, enter {webhook_url} and the verify token, and "
        "subscribe to messages, message_template_status_update and account_update"
    )
    path = f"{line.business}/subscribed_apps"
    override = {"override_callback_uri": webhook_url, "verify_token": line.verify_token}
    try:
        await line.post(path, override)
        found = [Finding("ok", "the webhook's address and the account's events")]
    except NotDelivered as error:
        if error.heals:
            raise
        found = [Finding("warning", "the webhook's address was not taken", f"{error}; {by_hand}")]
        found += await _tried(
            "the account's events were not taken", line.post(path, {}), _done("the account's events")
        )
    return found + await _prompts(line, profile)


async def _prompts(line: Line, profile: Mapping[str, Any]) -> list[Finding]:
    """Questions in an empty chat; WhatsApp takes one language only: the shop's own."""
    starters = mapping(profile.get("starters"))
    locale = word(profile.get("locale"))
    items = listed(starters.get(locale)) or listed(next(iter(starters.values()), None))
    titles = [shorten(word(mapping(item).get("title")), PROMPT_LIMIT) for item in items[:PROMPTS]]
    if not titles:
        return []
    body = {"enable_welcome_message": False, "prompts": titles}
    asked = line.post(f"{line.account}/conversational_automation", body)
    return await _tried("questions to begin with: not taken", asked, _done("questions to begin with"))


async def _tried(what: str, asked: Awaitable[Json], read: Callable[[Json], list[Finding]]) -> list[Finding]:
    """What `read` makes of the answer; a refusal is a warning, or nothing where `what` is empty."""
    try:
        return read(await asked)
    except NotDelivered as error:
        return [Finding("warning", what, str(error))] if what else []


def _done(what: str) -> Callable[[Json], list[Finding]]:
    return lambda _answer: [Finding("ok", what)]


def _number(number: Json) -> Finding:
    name, phone = word(number.get("verified_name")), word(number.get("display_phone_number"))
    said = ", ".join(part for part in (name, phone) if part)
    return Finding("ok", f"the token is good ({said})", name=said)


def _quality(number: Json) -> list[Finding]:
    found = []
    rating = word(number.get("quality_rating")).upper()
    if rating in _QUALITY:
        found.append(Finding("warning", f"the number's quality is {rating.lower()}", _QUALITY[rating]))
    if word(number.get("name_status")) == "DECLINED":
        found.append(
            Finding("warning", "the display name was declined", "choose another in WhatsApp Manager")
        )
    if word(number.get("code_verification_status")) == "EXPIRED":
        found.append(Finding("warning", "the number is not verified", "verify it in WhatsApp Manager"))
    return found


def _token(answer: Json, *, at: datetime) -> list[Finding]:
    data = mapping(answer.get("data"))
    if data.get("is_valid") is False:
        return [
            Finding("broken", "the token is no longer valid", "make one of a system user, it does not end")
        ]
    found = []
    lacking = [name for name in PERMISSIONS if name not in listed(data.get("scopes"))]
    if lacking and data:
        advice = "grant them and make a new token"
        found.append(Finding("warning", f"permissions are missing: {', '.join(lacking)}", advice))
    ends_at = data.get("expires_at")
    if isinstance(ends_at, int) and ends_at > 0:
        until = moment(ends_at, at, latest=at + timedelta(days=36_500))
        state = "warning" if until - at < SOON else "ok"
        advice = "make one of a system user, it does not end"
        found.append(Finding(state, f"the token ends on {until:%Y-%m-%d}", advice, expires_at=until))
    return found


def _subscription(answer: Json) -> list[Finding]:
    apps = [mapping(item) for item in listed(answer.get("data"))]
    if not apps:
        return [Finding("warning", "nothing this account hears is told to us", "set the channel up")]
    address = next(
        (word(app.get("override_callback_uri")) for app in apps if "override_callback_uri" in app), ""
    )
    return [Finding("ok", f"the account's events are told to {address or 'the address in the dashboard'}")]
