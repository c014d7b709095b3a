"""The contract of a channel: what it can show, what we hear over it, and how a message is sent over it.

A channel lives in one module of `connectors`, which speaks its wire format; everything else (storing, order,
ownership, windows, retries) is decided on this side of the border, from the values below.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from bot.core.messages import Part


@dataclass(frozen=True)
class Capabilities:
    """What a channel can show and allows. One row per channel, no if-chains over names."""

    text_limit: int
    quick_replies: int  # how many at most; more become numbered choices
    has_cards: bool  # shows product and order cards of its own (the web); else `cards`, or words
    window_seconds: int | None  # None: we may write at any time
    text_unit: str = "characters"  # what text_limit counts: characters | bytes (UTF-8) | utf16
    quick_reply_title: int = 120  # characters
    cards: int = 0  # elements of one carousel or rows of one list; 0: none
    card_title: int = 80
    buttons: int = 0  # buttons of one card
    caption_limit: int = (
        0  # text beside an image or above choices, where the channel limits it; 0: text_limit
    )
    has_images: bool = True
    agent_window_seconds: int | None = (
        None  # a person may still write this long (HUMAN_AGENT); None: as window
    )
    has_templates: bool = False  # approved templates may be sent outside the window
    settles: bool = (
        False  # the platform repeats our own id (echo, callback data): a lost answer settles itself
    )
    echoes: bool = (
        False  # it repeats what we said, without our id: a lost answer is settled by the same words
    )
    has_typing: bool = False
    has_seen: bool = False
    comment_window_seconds: int | None = None  # how long a public comment may be answered privately


# What a connector may hear. Kinds with a dot are told apart by name only; the first word decides the handling.
MESSAGES = frozenset(
    {
        "message.text",
        "message.quick_reply",
        "message.attachment",
        "message.sticker",
        "message.product",
        "message.contact",
        "message.form",
        "message.order",
        "message.unsupported",
        "postback",
    }
)
TOUCHES = frozenset({"comment.add", "post.add", "message.story_mention"})
OTHERS = frozenset(
    {
        "message.edit",
        "message.deleted",
        "reaction",
        "delivery",
        "read",
        "status",  # WhatsApp: sent, delivered, read of ours
        "status.failed",
        "echo",
        "echo.human",
        "echo.self",
        "referral",
        "optin",
        "standby",
        "handover.pass",
        "handover.take",
        "handover.request",
        "handover.roles",
        "policy",
        "template_status",
        "account",
        "error",
        "comment.self",
        "test",
        "ignored",
    }
)
KINDS = MESSAGES | TOUCHES | OTHERS


@dataclass(frozen=True)
class Heard:
    """One thing a platform told us, in our words; what `Connector.parse` makes of a webhook body.

    `key` is unique within (channel, account): a repeat of the same event has the same key, whatever else is in its
    batch. `at` is the platform's time (aware UTC; the time of arrival when it gave none). `person` is the external
    id of the shopper it concerns (also for echoes, where they are the recipient); empty when it concerns none.
    `platform_id` is the platform's id of the message itself; `target` of the message it is about (edit, deletion,
    reaction, read, delivery, status, reply). `choice` is what came back of a button of ours, untouched.
    `echo_of` is our own id given back (`metadata`, `biz_opaque_callback_data`). `parts` are attachments as
    `bot.core.messages.File`. `detail` holds what else is worth keeping, small and JSON: referral, comment, reason,
    codes, reply_to, product, watermark (ISO 8601) …
    """

    kind: str
    account: str
    key: str
    at: datetime
    person: str = ""
    platform_id: str = ""
    target: str = ""
    text: str = ""
    choice: str = ""
    parts: tuple[Part, ...] = ()
    name: str = ""
    locale: str = ""
    aliases: tuple[str, ...] = ()  # other external ids of the same person (wa_id beside a business-scoped id)
    echo_of: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Template:
    """A message the platform has approved, for `way` template: its name and language there, the values of its body
    ({{1}} and on) and, where its button opens an address, the end of that address."""

    name: str
    language: str
    parameters: tuple[str, ...] = ()
    button: str = ""


@dataclass(frozen=True)
class Outgoing:
    """A message on its way out.

    `way` is what the window rule allows: response | human_agent | template | private_reply (then `comment` is the
    platform's id of the comment or post answered). Quick replies carry `Choice.id`; what goes over the wire and
    comes back as `Heard.choice` is `choice_word(message_id, choice.id)`.
    """

    message_id: int
    conversation_id: str
    account: str
    recipient: str
    text: str
    parts: tuple[Part, ...]
    last_shopper_at: datetime | None
    author: str = "bot"
    language: str = "en"
    way: str = "response"
    comment: str = ""
    template: Template | None = None


@dataclass(frozen=True)
class Piece:
    """One call to the platform. A message may need several (split text, image and text); they leave in order.

    `number` counts from 0 within the message. `body` is the wire body without credentials. Rendering the same
    message again gives the same pieces, so that a restart goes on where it stopped. `words` is the text an echo of
    it repeats (needed where a channel `echoes`), empty for cards and files.
    """

    number: int
    body: Mapping[str, Any]
    words: str = ""


@dataclass(frozen=True)
class Receipt:
    """What the platform said: its id of the message; `person` when it told who the recipient is."""

    platform_id: str
    person: str = ""


@dataclass(frozen=True)
class Person:
    """A shopper's profile as the platform tells it."""

    name: str = ""
    username: str = ""
    locale: str = ""
    picture: str = ""


@dataclass(frozen=True)
class Finding:
    """One line of a check: `state` ok | warning | broken, what was looked at, and in words what to do.

    `expires_at`: when the token ends; `used_percent`: of the platform's limit. Warnings about both are made of them.
    `name`: how people know the account.
    """

    state: str
    what: str
    advice: str = ""
    expires_at: datetime | None = None
    used_percent: int | None = None
    name: str = ""


@dataclass(frozen=True)
class Secret:
    """A value a channel needs: `AISLE_<CHANNEL>_<NAME>` in the environment; asked for by `aisle channel add`."""

    name: str  # upper case, e.g. TOKEN
    help: str
    is_secret: bool = False
    default: str = ""
    is_made: bool = False  # ours to choose (a verify token): made when nobody gives one
    is_of_account: bool = False  # each account has its own: `…__<account id>` for further ones


def choice_word(message_id: int, choice_id: str) -> str:
    """What travels as a button's payload: opaque to the platform and the shopper."""
    return f"c:{message_id}:{choice_id}"


def own_id(message_id: int, piece: int) -> str:
    """Our id of a piece, given to platforms that repeat it."""
    return f"aisle:{message_id}:{piece}"


class Connector(Protocol):
    """One per channel, found by name in `connectors.NAMES`."""

    name: str
    capabilities: Capabilities
    is_live: bool  # delivered by the event row itself: nothing leaves the house, so sending cannot fail


@runtime_checkable
class Platform(Connector, Protocol):
    """A channel of another house. Built by `connectors.<name>.connector(environment)`.

    `missing` names what is not set; such a channel is off: its webhook answers 404 and nothing is sent.
    Parsing and rendering are pure; only `send`, `mark`, `person`, `check`, `set_up` and `close` use the network.
    """

    needs: tuple[Secret, ...]
    missing: tuple[str, ...]
    accounts: tuple[str, ...]  # Page, Instagram account, phone number or bot ids with a token

    def challenge(self, query: Mapping[str, str]) -> str | None:
        """The answer to a verification GET; None when it must be refused."""
        ...

    def check_signature(self, headers: Mapping[str, str], body: bytes) -> None:
        """Raise `BadSignature` unless `body` (the bytes received) is authentic; `headers` in lower case."""
        ...

    def parse(self, body: bytes, *, at: datetime) -> list[Heard]:
        """What an authentic body says, at least one `Heard` (kind `ignored` when there is nothing for us).

        Raises:
            BadInput: not a JSON object. Nothing else: an odd event becomes `ignored` and the rest is kept.
        """
        ...

    def render(self, message: Outgoing) -> Sequence[Piece]:
        """The calls that show `message`, after degrading what the channel cannot show."""
        ...

    async def send(self, message: Outgoing, piece: Piece) -> Receipt:
        """One call.

        Raises:
            NotDelivered: refused or lost; `cause`, `heals` and `retry_after_seconds` say what to do.
        """
        ...

    async def mark(self, account: str, person: str, *, what: str, target: str = "") -> None:
        """`what`: typing | seen. Never raises for a refusal: it is a courtesy."""
        ...

    async def person(self, account: str, person: str) -> Person | None:
        """The profile, when the platform allows it; None otherwise."""
        ...

    async def check(self, account: str) -> list[Finding]:
        """Try the credentials: token, permissions, expiry, webhook subscription."""
        ...

    async def set_up(self, account: str, *, webhook_url: str, profile: Mapping[str, Any]) -> list[Finding]:
        """Point the webhook at us; set greeting, get-started, ice breakers and menu (`profile`) if there are such."""
        ...

    async def close(self) -> None:
        """Give connections back."""
        ...
