"""Setting up a Telegram bot and checking it: webhook, commands, descriptions, each finding in words."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from bot.core.channel import Finding
from bot.core.errors import NotDelivered
from bot.core.rendering import shorten
from bot.core.words import phrase
from connectors.telegram_api import BotApi
from connectors.telegram_heard import COMMANDS, UPDATES

SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")  # what Telegram accepts as `secret_token`
CONNECTIONS = 40  # webhook calls at once
DESCRIPTION_LIMIT = 512  # what an empty chat shows
SHORT_DESCRIPTION_LIMIT = 120  # what the bot's profile shows
MANY_PENDING = 100
_LANGUAGE = re.compile(r"[a-z]{2}")  # what Telegram knows as a language_code


async def check(api: BotApi) -> list[Finding]:
    """Whether the token works, the webhook is set and Telegram gets through to us."""
    try:
        me = await api.call("getMe")
        hook = await api.call("getWebhookInfo")
    except NotDelivered as error:
        if error.cause != "account":
            return [Finding("warning", f"Telegram could not be asked: {error}", "Try again in a while.")]
        advice = "Take the bot's token from @BotFather (/mybots, API Token) and set AISLE_TELEGRAM_TOKEN."
        return [Finding("broken", f"The token does not work: {error}", advice)]
    name = me.get("username", "") if isinstance(me, dict) else ""
    said = f"The token works; shoppers find the bot at https://t.me/{name}"
    return [Finding("ok", said, name=f"@{name}" if name else ""), *_webhook(hook)]


def _webhook(hook: Any) -> list[Finding]:
    info = hook if isinstance(hook, dict) else {}
    set_up = "Run `aisle channel add telegram`."
    if not info.get("url"):
        return [Finding("warning", "No webhook is set: what shoppers write does not arrive", set_up)]
    found = [Finding("ok", f"The webhook points to {info['url']}")]
    unasked = set(UPDATES) - set(info.get("allowed_updates") or UPDATES)
    if unasked:
        found.append(Finding("warning", f"Telegram does not send {', '.join(sorted(unasked))}", set_up))
    if info.get("last_error_message"):
        when = _when(info.get("last_error_date"))
        said = f"Telegram could not deliver{when}: {info['last_error_message']}"
        advice = "See that the address answers from outside, over HTTPS with a valid certificate."
        found.append(Finding("warning", said, advice))
    pending = info.get("pending_update_count")
    if isinstance(pending, int) and pending > 0:
        advice = "They come as soon as the webhook answers; nothing is lost for 24 hours."
        state = "warning" if pending > MANY_PENDING else "ok"
        found.append(Finding(state, f"{pending} updates wait at Telegram", advice))
    return found


def _when(value: Any) -> str:
    try:
        return f" ({datetime.fromtimestamp(value, UTC):%Y-%m-%d %H:%M} UTC)"
    except (TypeError, ValueError, OverflowError, OSError):
        return ""


async def set_up(api: BotApi, *, webhook_url: str, secret: str, profile: Mapping[str, Any]) -> list[Finding]:
    """Point the webhook at us, then commands and descriptions per language.

    Telegram answers a first contact with the default language unless it knows the phone's: the shop's own language
    is the default, the others are added to it.
    """
    if not SECRET.fullmatch(secret):
        said = "AISLE_TELEGRAM_SECRET does not fit"
        return [Finding("broken", said, "Use 1 to 256 letters A-Z a-z, digits, _ and - only.")]
    hook = {
        "url": webhook_url,
        "secret_token": secret,
        "allowed_updates": list(UPDATES),
        "max_connections": CONNECTIONS,
    }
    found = [await _done(api, "setWebhook", hook, f"The webhook points to {webhook_url}")]
    if found[0].state == "broken":
        return found
    default = str(profile.get("locale") or "en")
    greetings = profile.get("greeting")
    greetings = greetings if isinstance(greetings, Mapping) else {}
    for locale in dict.fromkeys((default, *greetings)):
        base = locale.split("-")[0].lower()
        if locale != default and not _LANGUAGE.fullmatch(base):
            continue
        language = {} if locale == default else {"language_code": base}
        commands = [{"command": name, "description": phrase(f"command.{name}", locale)} for name in COMMANDS]
        commands.append({"command": "stop", "description": phrase("command.stop", locale)})
        text = str(greetings.get(locale) or "")
        calls: list[tuple[str, dict[str, Any]]] = [("setMyCommands", {"commands": commands})]
        if text:
            calls.append(("setMyDescription", {"description": shorten(text, DESCRIPTION_LIMIT)}))
            short = {"short_description": shorten(text, SHORT_DESCRIPTION_LIMIT)}
            calls.append(("setMyShortDescription", short))
        results = [
            await _done(api, method, {**values, **language}, method, fault="warning")
            for method, values in calls
        ]
        refused = [finding for finding in results if finding.state != "ok"]
        found += refused or [Finding("ok", f"Commands and description are set ({locale})")]
    return found


async def _done(
    api: BotApi, method: str, values: Mapping[str, Any], said: str, *, fault: str = "broken"
) -> Finding:
    try:
        await api.call(method, values)
    except NotDelivered as error:
        return Finding(fault, f"{method}: {error}", _ADVICE.get(error.cause, "Try again in a while."))
    return Finding("ok", said)


_ADVICE = {
    "account": "Take the bot's token from @BotFather and set AISLE_TELEGRAM_TOKEN.",
    "message": "The address must be public, HTTPS, on port 443, 80, 88 or 8443.",
}
