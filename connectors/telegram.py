"""Telegram: one bot of the shop, in private chats (core.telegram.org/bots/api).

Updates do not say which bot they are for, so a desk has one bot; its account is the number before the token's colon.
"""

import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.core.channel import Finding, Heard, Outgoing, Person, Piece, Receipt, Secret
from bot.core.channel_settings import variable
from bot.core.errors import BadSignature, NotDelivered
from connectors import telegram_heard, telegram_pieces, telegram_set_up
from connectors.cards import shown_to
from connectors.telegram_api import BotApi, Refused

NAME = "telegram"
NEEDS = (
    Secret("TOKEN", "the bot's token, from @BotFather (/newbot or /mybots)", is_secret=True),
    Secret(
        "SECRET",
        "what Telegram shows with every call; letters, digits, _ and -; the newest first when several are listed",
        is_secret=True,
        is_made=True,
    ),
    Secret("API", "address of the Bot API", default="https://api.telegram.org"),
)
_TOKEN = re.compile(r"(?P<account>[0-9]{1,20}):[A-Za-z0-9_-]{1,100}")


class Telegram:
    """The Bot API behind the border of channels."""

    name = NAME
    is_live = False
    capabilities = telegram_pieces.CAPABILITIES
    needs = NEEDS

    def __init__(self, *, token: str, secrets: Sequence[str], api: str) -> None:
        """`secrets`: accepted with updates, the first is the one Telegram is told."""
        found = _TOKEN.fullmatch(token)
        self._account = found["account"] if found else ""
        self._secrets = tuple(secrets)
        given = {"TOKEN": bool(found), "SECRET": bool(secrets)}
        self.missing = tuple(name for name, is_given in given.items() if not is_given)
        self.accounts = () if self.missing else (self._account,)
        self._base = api
        self._api = BotApi(api, token)

    def challenge(self, query: Mapping[str, str]) -> str | None:
        """Telegram does not verify an address by GET."""
        return None

    def check_signature(self, headers: Mapping[str, str], body: bytes) -> None:
        """Telegram signs nothing; it repeats the secret given with `setWebhook`."""
        given = headers.get("x-telegram-bot-api-secret-token", "").encode("utf-8", "replace")
        matches = [hmac.compare_digest(given, secret.encode()) for secret in self._secrets]
        if not any(matches):
            raise BadSignature("the call does not carry this bot's secret token")

    def parse(self, body: bytes, *, at: datetime) -> list[Heard]:
        """The one event of an update."""
        return telegram_heard.parse(body, account=self._account, at=at)

    def render(self, message: Outgoing) -> Sequence[Piece]:
        """Texts, photos with captions, and inline keyboards."""
        with shown_to(self._base):
            return telegram_pieces.pieces(message)

    async def send(self, message: Outgoing, piece: Piece) -> Receipt:
        """One call; a picture that Telegram cannot fetch is sent as its words instead."""
        body = dict(piece.body)
        try:
            sent = await self._api.say(str(body.pop("method")), body)
        except Refused as error:
            if not error.is_picture or "photo" not in body:
                raise
            body = telegram_pieces.as_words(body)
            sent = await self._api.say(str(body.pop("method")), body)
        return Receipt(telegram_heard.platform_id(message.recipient, sent), person=message.recipient)

    async def mark(self, account: str, person: str, *, what: str, target: str = "") -> None:
        """`typing` shows for 5 seconds; `seen` of a tap (`target`) ends its button's spinner, else it is nothing."""
        tap = target.removeprefix(telegram_heard.CALLBACK)
        try:
            if what == "seen" and tap != target:
                await self._api.call("answerCallbackQuery", {"callback_query_id": tap})
            if what == "typing":
                await self._api.call("sendChatAction", {"chat_id": person, "action": "typing"})
        except NotDelivered:
            return  # a courtesy

    async def person(self, account: str, person: str) -> Person | None:
        """Names come with every update; there is nothing more to ask for."""
        return None

    async def media(self, account: str, platform_id: str) -> tuple[bytes, str]:
        """A file a shopper sent (`File.platform_id`): its bytes and content type.

        Raises:
            NotFound: Telegram has it no more. TooLarge: above 25 MB (20 MB for Telegram).
            NotDelivered: Telegram does not answer.
        """
        return await self._api.file(platform_id)

    async def check(self, account: str) -> list[Finding]:
        """Token and webhook, as Telegram sees them."""
        return await telegram_set_up.check(self._api)

    async def set_up(self, account: str, *, webhook_url: str, profile: Mapping[str, Any]) -> list[Finding]:
        """Webhook, commands and descriptions."""
        return await telegram_set_up.set_up(
            self._api, webhook_url=webhook_url, secret=self._secrets[0], profile=profile
        )

    async def close(self) -> None:
        """Give connections back."""
        await self._api.close()


def connector(environment: Mapping[str, str]) -> Telegram:
    """The channel as `AISLE_TELEGRAM_*` describe it."""
    values = {need.name: environment.get(variable(NAME, need.name)) or need.default for need in NEEDS}
    secrets = re.split(r"[\s,]+", values["SECRET"].strip())
    return Telegram(
        token=values["TOKEN"].strip(),
        secrets=[secret for secret in secrets if secret],
        api=values["API"],
    )
