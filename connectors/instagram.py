"""Instagram: direct messages to a shop's professional accounts, comments, mentions and story replies.

An account is connected through its Page (Facebook login) or on its own (Instagram login); the two differ in host,
token and permissions, not in messages.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from bot.core.channel import Capabilities, Person, Secret
from connectors.cards import is_fetched
from connectors.meta import secrets, word
from connectors.meta_channel import SHARED_NEEDS, VERSION, MetaChannel, Values, values
from connectors.meta_pieces import Look
from connectors.meta_set_up import Setup
from connectors.meta_told import House

NAME = "instagram"
CAPABILITIES = Capabilities(
    text_limit=1000,
    text_unit="bytes",
    quick_replies=13,
    quick_reply_title=20,
    has_cards=False,
    window_seconds=24 * 3600,
    agent_window_seconds=7 * 24 * 3600,
    comment_window_seconds=7 * 24 * 3600,
    cards=10,
    card_title=80,
    buttons=3,
    settles=False,  # whether Instagram takes and repeats `metadata` is not documented
    echoes=True,
    has_typing=True,
    has_seen=True,
)
NEEDS = (
    *SHARED_NEEDS,
    Secret(
        "FLAVOUR", "facebook (connected through its Page) or instagram (Instagram login)", default="facebook"
    ),
    Secret("ACCOUNT", "the Instagram account's id, as it stands in webhooks"),
    Secret(
        "TOKEN",
        "the Page's access token, or (Instagram login) the account's own",
        is_secret=True,
        is_of_account=True,
    ),
    Secret("API", "address of the Graph API; empty for the one of the flavour"),
    VERSION,
)
ENDINGS = {  # an image without an ending may be one, a file without may not
    "image": ("", ".png", ".jpg", ".jpeg"),
    "file": (".pdf",),
    "audio": ("", ".aac", ".m4a", ".wav", ".mp4"),
    "video": ("", ".mp4", ".ogg", ".avi", ".mov", ".webm"),
}
APP_FIELDS = (
    "messages",
    "messaging_postbacks",
    "messaging_referral",
    "messaging_seen",
    "message_reactions",
    "messaging_handover",
    "standby",
    "comments",
    "live_comments",
    "mentions",
)
LOGIN_FIELDS = (
    "messages",
    "messaging_postbacks",
    "messaging_referral",
    "messaging_seen",
    "message_reactions",
    "comments",
    "live_comments",
)
PERMISSIONS = ("instagram_basic", "instagram_manage_messages", "instagram_manage_comments")
MAY_LACK = frozenset({"message_edit"})  # not in every version's list
PROFILE_CALLS = (("ice_breakers",), ("persistent_menu",))


def _may_send(kind: str, url: str) -> bool:
    ending = PurePosixPath(urlsplit(url).path.lower()).suffix
    return is_fetched(url) and ending in ENDINGS.get(kind, ())


LOOK = Look(
    capabilities=CAPABILITIES,
    may_send=_may_send,
    has_choices_below_cards=False,
    has_order_buttons=False,
    card_look={},
    private_reply_type={},
)


def _through_page(given: Mapping[str, str]) -> Setup:
    """Facebook login: the Page's token; any field of the Page's own subscription will do."""
    return Setup(
        object="instagram",
        fields=("messages",),
        app_fields=APP_FIELDS,
        may_lack=MAY_LACK,
        permissions=PERMISSIONS,
        looks_at="id,name,instagram_business_account",
        own_ids=("instagram_business_account",),
        profile_calls=PROFILE_CALLS,
        app_id=given["APP_ID"],
        app_secret=next(iter(secrets(given["APP_SECRET"])), ""),
        verify_token=given["VERIFY_TOKEN"],
        shares_fields=True,
        routing="ig_multi_app",
        beside={"platform": "instagram"},
    )


def _on_its_own(given: Mapping[str, str]) -> Setup:
    """Instagram login: the account's own token, another host, and webhooks set up in the dashboard."""
    return Setup(
        object="instagram",
        fields=LOGIN_FIELDS,
        app_fields=LOGIN_FIELDS,
        may_lack=MAY_LACK,
        permissions=(),
        looks_at="id,user_id,username",
        own_ids=("id", "user_id"),
        profile_calls=PROFILE_CALLS,
        verify_token=given["VERIFY_TOKEN"],
        has_app_calls=False,
    )


FLAVOURS = {
    "facebook": ("https://graph.facebook.com", _through_page),
    "instagram": ("https://graph.instagram.com", _on_its_own),
}


class Instagram(MetaChannel):
    """Instagram messaging behind the border of channels; an account is a professional account."""

    name = NAME
    capabilities = CAPABILITIES
    needs = NEEDS
    profile_fields = "name,username,profile_pic"

    def __init__(self, known: Values) -> None:
        given = known.given
        flavour = given["FLAVOUR"].lower()
        if flavour not in FLAVOURS:
            known, flavour = replace(known, missing=(*known.missing, "FLAVOUR")), "facebook"
        base, setup = FLAVOURS[flavour]
        super().__init__(
            known,
            expected="instagram",
            house=House(app_ids=frozenset({given["APP_ID"]} - {""}), unsigned_echo="echo"),
            look=LOOK,
            setup=setup(given),
            base=given["API"] or base,
        )

    def _read_profile(self, found: Mapping[str, Any]) -> Person:
        username = word(found.get("username"))
        return Person(
            name=word(found.get("name")) or username,
            username=username,
            picture=picture if isinstance(picture := found.get("profile_pic"), str) else "",
        )


def connector(environment: Mapping[str, str]) -> Instagram:
    """The channel as `AISLE_INSTAGRAM_*` describe it."""
    return Instagram(values(NAME, NEEDS, environment))
