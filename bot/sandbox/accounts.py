"""Accounts of the shop on the platforms, as given at the start: ids, tokens and secrets."""

import dataclasses
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.core.errors import BadInput

CHANNELS = ("messenger", "instagram", "whatsapp", "telegram")
FIELDS = {
    "messenger": (
        "messages",
        "messaging_postbacks",
        "messaging_referrals",
        "message_deliveries",
        "message_reads",
        "message_echoes",
        "message_edits",
        "message_reactions",
        "messaging_handovers",
        "messaging_policy_enforcement",
        "standby",
        "feed",
    ),
    "instagram": (
        "messages",
        "messaging_postbacks",
        "messaging_referral",
        "messaging_seen",
        "message_edit",
        "message_reactions",
        "comments",
        "live_comments",
        "standby",
    ),
    "whatsapp": ("messages", "message_template_status_update", "account_update"),
    "telegram": (),
}
PERMISSIONS = {
    "messenger": ("pages_messaging", "pages_manage_metadata", "pages_read_engagement"),
    "instagram": (
        "instagram_basic",
        "instagram_manage_messages",
        "instagram_manage_comments",
        "pages_messaging",
    ),
    "whatsapp": ("whatsapp_business_messaging", "whatsapp_business_management"),
    "telegram": (),
}
LOGIN_PERMISSIONS = (
    "instagram_business_basic",
    "instagram_business_manage_messages",
    "instagram_business_manage_comments",
)
PER_SECOND = {"messenger": 300, "instagram": 300, "whatsapp": 80, "telegram": 30}


@dataclass
class Account:
    """A Page, an Instagram account, a WhatsApp number or a Telegram bot.

    `id` is what the platform routes by (Page id, Instagram account id, phone number id, bot id). `flavour` of an
    Instagram account: `page` (Facebook login, token of the Page `page_id`) or `login` (Instagram login).
    `webhook` is the product's address; `fields` what the app is subscribed to.
    """

    channel: str
    id: str
    token: str
    app_id: str = ""
    app_secret: str = ""
    verify_token: str = ""
    webhook: str = ""
    name: str = ""
    username: str = ""
    flavour: str = "page"
    page_id: str = ""
    waba_id: str = ""
    phone: str = ""
    secret_token: str = ""  # Telegram: what setWebhook was given
    needs_proof: bool = False
    has_human_agent: bool = True  # the app-review feature
    permissions: set[str] = field(default_factory=set)
    fields: set[str] = field(default_factory=set)
    templates: dict[str, str] = field(default_factory=dict)  # name -> language of approved templates
    per_second: int = 0
    profile: dict[str, Any] = field(default_factory=dict)  # messenger_profile

    def __post_init__(self) -> None:
        if self.channel not in CHANNELS:
            raise BadInput(f"no channel is called {self.channel!r}", field="channel")
        if not self.permissions:
            is_login = self.channel == "instagram" and self.flavour == "login"
            self.permissions = set(LOGIN_PERMISSIONS if is_login else PERMISSIONS[self.channel])
        self.fields = set(self.fields or FIELDS[self.channel])
        self.per_second = self.per_second or PER_SECOND[self.channel]
        self.name = self.name or "Aisle Outdoor"

    @property
    def key(self) -> str:
        """Names the account among all: `messenger:1077`."""
        return f"{self.channel}:{self.id}"

    @property
    def nodes(self) -> set[str]:
        """What may stand in the address before the edge."""
        return {"me", self.id, self.page_id} - {""}


def from_json(items: Sequence[Mapping[str, Any]]) -> list[Account]:
    """Accounts of a configuration file: a list of objects with the fields of `Account`.

    Raises:
        BadInput: an unknown or missing field.
    """
    try:
        return [
            Account(**{**item, **{k: set(item[k]) for k in ("permissions", "fields") if k in item}})
            for item in items
        ]
    except TypeError as error:
        raise BadInput(f"account: {error}", field="accounts") from error


def to_json(account: Account) -> dict[str, Any]:
    """The JSON shape of an account, with its secrets."""
    found = dataclasses.asdict(account)
    return {name: sorted(value) if isinstance(value, set) else value for name, value in found.items()}


def generated(webhook_base: str = "", *, name: str = "Aisle Outdoor") -> list[Account]:
    """One account a channel with random secrets; webhooks at `<base>/webhooks/<channel>`, `name` on the phones."""
    username = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_") or "shop"
    app: dict[str, Any] = {
        "name": name,
        "app_id": "1517776481860",
        "app_secret": secrets.token_hex(16),
        "verify_token": secrets.token_urlsafe(16),
    }

    def hook(channel: str) -> str:
        return f"{webhook_base}/webhooks/{channel}" if webhook_base else ""

    page = "108421790011"
    bot = "7100000042"
    return [
        Account("messenger", page, f"EAAG{secrets.token_urlsafe(40)}", webhook=hook("messenger"), **app),
        Account(
            "instagram",
            "17841400009042",
            f"IGAA{secrets.token_urlsafe(40)}",
            webhook=hook("instagram"),
            flavour="login",
            username=username.replace("_", "."),
            **app,
        ),
        Account(
            "whatsapp",
            "106540352242",
            f"EAAW{secrets.token_urlsafe(40)}",
            webhook=hook("whatsapp"),
            waba_id="102290129340",
            phone="15550783881",
            templates={"order_update": "en"},
            **app,
        ),
        Account(
            "telegram",
            bot,
            f"{bot}:AA{secrets.token_urlsafe(24)}",
            webhook=hook("telegram"),
            username=f"{username}_bot",
            secret_token=secrets.token_urlsafe(24),
            name=name,
        ),
    ]


# By channel: the name after AISLE_<CHANNEL>_ and the field of the account it holds.
VARIABLES = {
    "ACCOUNT": "id",
    "TOKEN": "token",
    "APP_ID": "app_id",
    "APP_SECRET": "app_secret",
    "VERIFY_TOKEN": "verify_token",
    "SECRET": "secret_token",
    "BUSINESS": "waba_id",
}
FLAVOURS = {"page": "facebook", "login": "instagram"}  # as the product calls them


def environment(accounts: Sequence[Account], url: str) -> dict[str, str]:
    """What the product's environment holds so that its channels speak to the stand-in at `url`."""
    found: dict[str, str] = {}
    for account in accounts:
        prefix = f"AISLE_{account.channel.upper()}_"
        found[f"{prefix}API"] = url
        found |= {
            prefix + name: value for name, field in VARIABLES.items() if (value := getattr(account, field))
        }
        if account.channel == "instagram":
            found[f"{prefix}FLAVOUR"] = FLAVOURS[account.flavour]
    return found
