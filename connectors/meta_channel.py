"""What Messenger and Instagram do alike behind the border of channels; each tells how it differs."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from bot.core.channel import Capabilities, Finding, Heard, Outgoing, Person, Piece, Receipt, Secret
from bot.core.channel_settings import variable
from bot.core.errors import NotDelivered
from bot.core.windows import HUMAN_AGENT, PRIVATE_REPLY
from connectors import meta, meta_set_up
from connectors.cards import shown_to
from connectors.graph import Graph
from connectors.graph_errors import MEDIA_SUBCODES, Refused
from connectors.meta_heard import read_body
from connectors.meta_pieces import Look, in_words, pieces
from connectors.meta_set_up import Setup
from connectors.meta_told import USER_REF, House

APP_SECRET = Secret(
    "APP_SECRET",
    "the app's secret (dashboard, App settings, Basic); several with commas while rotating, the newest first",
    is_secret=True,
)
VERIFY_TOKEN = Secret(
    "VERIFY_TOKEN",
    "a word of your own, given again in the dashboard where the webhook's address is set",
    is_secret=True,
    is_made=True,
)
SHARED_NEEDS = (
    Secret(
        "APP_ID", "the app's id, from its dashboard; without it others' messages are harder to tell from ours"
    ),
    APP_SECRET,
    VERIFY_TOKEN,
)
VERSION = Secret("VERSION", "version of the Graph API", default="v25.0")
ACTIONS = {"typing": "typing_on", "seen": "mark_seen"}


@dataclass(frozen=True)
class Values:
    """What the environment says about a channel; `tokens` by account."""

    given: Mapping[str, str]
    tokens: Mapping[str, str]
    missing: tuple[str, ...]


def values(channel: str, needs: Sequence[Secret], environment: Mapping[str, str]) -> Values:
    """The values `AISLE_<CHANNEL>_…` of a channel and of its further accounts (`…_TOKEN__<account id>`)."""
    names = {need.name: variable(channel, need.name) for need in needs}
    given = {need.name: environment.get(names[need.name], "").strip() or need.default for need in needs}
    prefix = variable(channel, "TOKEN", "-").removesuffix("-")
    tokens = {
        name.removeprefix(prefix): token.strip()
        for name, token in environment.items()
        if name.startswith(prefix) and name != prefix and token.strip()
    }
    if given["ACCOUNT"] and given["TOKEN"]:
        tokens = {given["ACCOUNT"]: given["TOKEN"], **tokens}
    needed = {name: bool(given[name]) for name in ("APP_SECRET", "VERIFY_TOKEN")}
    needed |= {name: bool(tokens) or bool(given[name]) for name in ("ACCOUNT", "TOKEN")}
    return Values(given, tokens, tuple(name for name, is_given in needed.items() if not is_given))


class MetaChannel(ABC):
    """A channel of the Messenger Platform. Subclasses give the class's values and read profiles."""

    name: str
    is_live: bool = False
    capabilities: Capabilities
    needs: tuple[Secret, ...]
    profile_fields: ClassVar[str]

    def __init__(
        self, known: Values, *, expected: str, house: House, look: Look, setup: Setup, base: str
    ) -> None:
        """`expected`: the webhook's `object`; `base`: the address of the API."""
        self.missing = known.missing
        self.accounts = () if known.missing else tuple(known.tokens)
        self._tokens = known.tokens
        self._secrets = meta.secrets(known.given["APP_SECRET"])
        self._verify_token = known.given["VERIFY_TOKEN"]
        self._expected, self._house, self._look, self._setup = expected, house, look, setup
        self._base = base
        self._graph = Graph(
            base, known.given["VERSION"], app_secret=self._secrets[0] if self._secrets else ""
        )

    def challenge(self, query: Mapping[str, str]) -> str | None:
        """The challenge, when the verify token is ours."""
        return meta.challenge(query, self._verify_token)

    def check_signature(self, headers: Mapping[str, str], body: bytes) -> None:
        """`X-Hub-Signature-256` by any of the app's secrets."""
        meta.check_signature(headers, body, self._secrets)

    def parse(self, body: bytes, *, at: datetime) -> list[Heard]:
        """All entries and events of the body."""
        return read_body(body, self._house, expected=self._expected, at=at)

    def render(self, message: Outgoing) -> Sequence[Piece]:
        """Texts, templates, attachments; quick replies with the last."""
        with shown_to(self._base):
            return pieces(message, self._look)

    async def send(self, message: Outgoing, piece: Piece) -> Receipt:
        """One call; a picture or file the platform cannot fetch is sent as its address instead."""
        body = dict(piece.body)
        try:
            answer = await self._say(message, body)
        except Refused as error:
            words = in_words(body["message"]) if error.problem.subcode in MEDIA_SUBCODES else None
            if words is None:
                raise
            answer = await self._say(message, {**body, "message": words})
        person = meta.word(answer.get("recipient_id"))
        return Receipt(meta.word(answer.get("message_id")), person=person)

    async def _say(self, message: Outgoing, body: Mapping[str, Any]) -> dict[str, Any]:
        kind = body["message"].get("attachment", {}).get("type", "template")
        sort = "text" if kind == "template" else "media"
        if message.way == PRIVATE_REPLY:
            sort = "private_reply"
        try:
            return await self._call(
                message.account, "POST", f"{self._setup.node(message.account)}/messages", sort, body
            )
        except Refused as error:
            if message.way == HUMAN_AGENT and error.cause == "account" and error.problem.code in (10, 200):
                # The app lacks the feature behind the tag: no reason to stop what needs no tag.
                raise NotDelivered(
                    f"the app may not answer after 24 hours: {error}", heals=False, cause="message"
                ) from error
            raise

    async def _call(
        self,
        account: str,
        method: str,
        path: str,
        sort: str,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        token = self._tokens.get(account)
        if token is None:
            raise NotDelivered(
                f"there is no token for account {account} of {self.name}", heals=False, cause="account"
            )
        return await self._graph.call(
            method, path, token=token, account=account, sort=sort, body=body, query=query
        )

    async def mark(self, account: str, person: str, *, what: str, target: str = "") -> None:
        """Show that we type (for at most 20 seconds) or have read."""
        action = ACTIONS.get(what)
        if action is None or person.startswith(USER_REF):
            return
        body = {"recipient": {"id": person}, "sender_action": action}
        try:
            await self._call(account, "POST", f"{self._setup.node(account)}/messages", "action", body)
        except NotDelivered:
            return  # a courtesy

    async def person(self, account: str, person: str) -> Person | None:
        """The profile; None without the permission, for guests and for people who never wrote."""
        if not person or person.startswith(USER_REF):
            return None
        try:
            found = await self._call(account, "GET", person, "read", query={"fields": self.profile_fields})
        except NotDelivered:
            return None
        return self._read_profile(found)

    @abstractmethod
    def _read_profile(self, found: Mapping[str, Any]) -> Person:
        """The profile from the fields asked for; any of them may be absent."""

    async def check(self, account: str) -> list[Finding]:
        """Token, its account and permissions, the webhook's fields, other apps."""
        return await meta_set_up.check(self._setup, self._graph, account, self._tokens.get(account, ""))

    async def set_up(self, account: str, *, webhook_url: str, profile: Mapping[str, Any]) -> list[Finding]:
        """The webhook's address and fields, and what people see before they write."""
        return await meta_set_up.set_up(
            self._setup,
            self._graph,
            account,
            self._tokens.get(account, ""),
            webhook_url=webhook_url,
            profile=profile,
        )

    async def close(self) -> None:
        """Give connections back."""
        await self._graph.close()
