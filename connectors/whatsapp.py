"""WhatsApp by the Cloud API: an account is a phone number of a WhatsApp business account."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.core.channel import Finding, Heard, Outgoing, Person, Piece, Receipt, Secret
from bot.core.channel_settings import variable
from bot.core.errors import NotDelivered, NotFound
from connectors import meta, whatsapp_heard, whatsapp_pieces, whatsapp_set_up
from connectors.cards import shown_to
from connectors.graph import Graph
from connectors.graph_errors import Refused
from connectors.meta_channel import APP_SECRET, VERIFY_TOKEN, VERSION, Values, values
from connectors.whatsapp_errors import MEDIA_CODES, RULES

NAME = "whatsapp"
NEEDS = (
    Secret("ACCOUNT", "the phone number's id (app dashboard, WhatsApp, API Setup)", is_of_account=True),
    Secret("BUSINESS", "the id of the WhatsApp business account the number belongs to", is_of_account=True),
    Secret(
        "TOKEN",
        "a token of a system user with whatsapp_business_messaging and whatsapp_business_management",
        is_secret=True,
        is_of_account=True,
    ),
    APP_SECRET,
    VERIFY_TOKEN,
    Secret("API", "address of the Graph API", default="https://graph.facebook.com"),
    VERSION,
)
_MEDIA_ID = re.compile(r"[A-Za-z0-9_-]{1,200}")
# Calls a second and how many at once; a number may send 80 messages a second, to one shopper a burst now and then.
RATES: Mapping[str, tuple[float, float]] = {
    "text": (70.0, 70.0),
    "mark": (20.0, 40.0),
    "read": (10.0, 20.0),
    "profile": (1.0, 20.0),
}


class WhatsApp:
    """The Cloud API behind the border of channels."""

    name = NAME
    is_live = False
    capabilities = whatsapp_pieces.CAPABILITIES
    needs = NEEDS

    def __init__(self, known: Values, businesses: Mapping[str, str]) -> None:
        """`businesses`: phone number id -> WhatsApp business account id."""
        self.missing = known.missing
        self.accounts = () if known.missing else tuple(known.tokens)
        self._tokens = known.tokens
        self._businesses = businesses
        self._secrets = meta.secrets(known.given["APP_SECRET"])
        self._verify_token = known.given["VERIFY_TOKEN"]
        self._base = known.given["API"]
        secret = self._secrets[0] if self._secrets else ""
        self._graph = Graph(self._base, known.given["VERSION"], app_secret=secret, rules=RULES, rates=RATES)

    def challenge(self, query: Mapping[str, str]) -> str | None:
        """The challenge, when the verify token is ours."""
        return meta.challenge(query, self._verify_token)

    def check_signature(self, headers: Mapping[str, str], body: bytes) -> None:
        """`X-Hub-Signature-256` by any of the app's secrets."""
        meta.check_signature(headers, body, self._secrets)

    def parse(self, body: bytes, *, at: datetime) -> list[Heard]:
        """All messages, statuses and changes of the body."""
        return whatsapp_heard.parse(body, accounts=self._businesses, at=at)

    def render(self, message: Outgoing) -> Sequence[Piece]:
        """Texts, pictures with captions, reply buttons and lists; or the template."""
        with shown_to(self._base):
            return whatsapp_pieces.pieces(message)

    async def send(self, message: Outgoing, piece: Piece) -> Receipt:
        """One call; a picture that WhatsApp cannot fetch is sent as its words instead."""
        body = dict(piece.body)
        path = f"{message.account}/messages"
        try:
            answer = await self._call(message.account, "POST", path, "text", body=body)
        except Refused as error:
            words = whatsapp_pieces.as_words(body) if error.problem.code in MEDIA_CODES else None
            if words is None:
                raise
            answer = await self._call(message.account, "POST", path, "text", body=words)
        sent = meta.mapping(next(iter(meta.listed(answer.get("messages"))), None))
        contact = meta.mapping(next(iter(meta.listed(answer.get("contacts"))), None))
        person = meta.word(contact.get("wa_id")) or meta.word(contact.get("user_id"))
        return Receipt(meta.word(sent.get("id")), person=person)

    async def _call(
        self,
        account: str,
        method: str,
        path: str,
        sort: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        return await self._graph.call(
            method, path, token=self._token(account), account=account, sort=sort, query=query, body=body
        )

    def _token(self, account: str) -> str:
        token = self._tokens.get(account)
        if token is None:
            raise NotDelivered(f"there is no token for number {account}", heals=False, cause="account")
        return token

    async def mark(self, account: str, person: str, *, what: str, target: str = "") -> None:
        """Mark the shopper's message `target` as read, for `typing` with the indicator (25 seconds) in the same call.

        WhatsApp shows typing only as the answer to a message, so without `target` there is nothing to show.
        """
        if not target or what not in ("seen", "typing"):
            return
        body: dict[str, Any] = {"messaging_product": "whatsapp", "status": "read", "message_id": target}
        if what == "typing":
            body["typing_indicator"] = {"type": "text"}
        try:
            await self._call(account, "POST", f"{account}/messages", "mark", body=body)
        except NotDelivered:
            return  # a courtesy

    async def person(self, account: str, person: str) -> Person | None:
        """Names come with every message; WhatsApp tells no more."""
        return None

    async def media(self, account: str, platform_id: str) -> tuple[bytes, str]:
        """A file a shopper sent (`File.platform_id`): its bytes and content type. WhatsApp keeps it for 30 days.

        Raises:
            NotFound: WhatsApp has it no more. TooLarge: above 25 MB.
            NotDelivered: WhatsApp does not answer.
        """
        if not _MEDIA_ID.fullmatch(platform_id):
            raise NotFound("WhatsApp does not give this file")
        token = self._token(account)
        try:
            found = await self._call(account, "GET", platform_id, "read", query={"phone_number_id": account})
        except Refused as error:
            if error.heals or error.problem.code == 190:
                raise
            raise NotFound("WhatsApp has this file no more") from error
        content, kind = await self._graph.download(str(found.get("url") or ""), token=token)
        return content, meta.word(found.get("mime_type")) or kind

    async def check(self, account: str) -> list[Finding]:
        """Number, token and events, as WhatsApp sees them."""
        return await whatsapp_set_up.check(self._line(account))

    async def set_up(self, account: str, *, webhook_url: str, profile: Mapping[str, Any]) -> list[Finding]:
        """The webhook's address and events, and questions to begin with."""
        return await whatsapp_set_up.set_up(self._line(account), webhook_url=webhook_url, profile=profile)

    def _line(self, account: str) -> whatsapp_set_up.Line:
        return whatsapp_set_up.Line(
            graph=self._graph,
            account=account,
            business=self._businesses.get(account, ""),
            token=self._token(account),
            verify_token=self._verify_token,
        )

    async def close(self) -> None:
        """Give connections back."""
        await self._graph.close()


def connector(environment: Mapping[str, str]) -> WhatsApp:
    """The channel as `AISLE_WHATSAPP_*` describe it."""
    known = values(NAME, NEEDS, environment)
    own = known.given["BUSINESS"]
    businesses = {
        account: environment.get(variable(NAME, "BUSINESS", account), "").strip() or own
        for account in known.tokens
    }
    return WhatsApp(known, businesses)
