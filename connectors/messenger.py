"""Facebook Messenger: conversations with a shop's Pages, and what is written in public on them."""

from collections.abc import Mapping
from typing import Any

from bot.core.channel import Capabilities, Person, Secret
from connectors.cards import is_fetched
from connectors.meta import secrets, word
from connectors.meta_channel import SHARED_NEEDS, VERSION, MetaChannel, Values, values
from connectors.meta_pieces import Look
from connectors.meta_set_up import Setup
from connectors.meta_told import House

NAME = "messenger"
CAPABILITIES = Capabilities(
    text_limit=2000,
    quick_replies=13,
    quick_reply_title=20,
    has_cards=False,
    window_seconds=24 * 3600,
    agent_window_seconds=7 * 24 * 3600,
    comment_window_seconds=7 * 24 * 3600,
    cards=10,
    card_title=80,
    buttons=3,
    settles=True,
    has_typing=True,
    has_seen=True,
)
NEEDS = (
    *SHARED_NEEDS,
    Secret("ACCOUNT", "the Page's id"),
    Secret(
        "TOKEN",
        "the Page's access token, one that does not end (of a system user)",
        is_secret=True,
        is_of_account=True,
    ),
    Secret("API", "address of the Graph API", default="https://graph.facebook.com"),
    VERSION,
)
FIELDS = (
    "messages",
    "messaging_postbacks",
    "messaging_optins",
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
)
PERMISSIONS = ("pages_messaging", "pages_manage_metadata", "pages_read_engagement")
FILES = frozenset({"image", "video", "audio", "file"})
LOOK = Look(
    capabilities=CAPABILITIES,
    may_send=lambda kind, url: kind in FILES and is_fetched(url),
    has_choices_below_cards=True,
    has_order_buttons=True,
    card_look={"image_aspect_ratio": "square"},
    private_reply_type={"messaging_type": "RESPONSE"},
)


class Messenger(MetaChannel):
    """The Messenger Platform behind the border of channels; an account is a Page."""

    name = NAME
    capabilities = CAPABILITIES
    needs = NEEDS
    profile_fields = "first_name,last_name,profile_pic"  # locale and the like need a permission few apps get

    def __init__(self, known: Values) -> None:
        given = known.given
        app_id = given["APP_ID"]
        super().__init__(
            known,
            expected="page",
            house=House(app_ids=frozenset({app_id} - {""}), unsigned_echo="echo.human"),
            look=LOOK,
            setup=Setup(
                object="page",
                fields=FIELDS,
                app_fields=FIELDS,
                may_lack=frozenset({"feed"}),  # needs a permission of its own
                permissions=PERMISSIONS,
                looks_at="id,name",
                own_ids=("id",),
                profile_calls=(("get_started", "greeting", "ice_breakers", "persistent_menu"),),
                app_id=app_id,
                app_secret=next(iter(secrets(given["APP_SECRET"])), ""),
                verify_token=given["VERIFY_TOKEN"],
                is_by_id=True,
                routing="msgr_multi_app",
            ),
            base=given["API"],
        )

    def _read_profile(self, found: Mapping[str, Any]) -> Person:
        names = (word(found.get("first_name")), word(found.get("last_name")))
        return Person(
            name=" ".join(name for name in names if name) or word(found.get("name")),
            locale=word(found.get("locale")),
            picture=picture if isinstance(picture := found.get("profile_pic"), str) else "",
        )


def connector(environment: Mapping[str, str]) -> Messenger:
    """The channel as `AISLE_MESSENGER_*` describe it."""
    return Messenger(values(NAME, NEEDS, environment))
