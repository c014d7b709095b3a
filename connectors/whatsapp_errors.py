"""What the Cloud API's error codes mean for a message, whether they answer the call or come later as a status.

Source: WhatsApp Cloud API, "Error codes" (2026-04). Codes that are not here are read as the Graph API's.
"""

from collections.abc import Mapping

from connectors.graph_errors import DOWN, THROTTLED, Rule
from connectors.graph_errors import RULES as GRAPH_RULES

WINDOW = Rule(
    "message", False, "more than 24 hours since the shopper wrote: only an approved template may be sent"
)
MEDIA = Rule("message", False, "the platform could not fetch the picture or file")
MEDIA_CODES = frozenset({131052, 131053})

_PERSON = Rule("person", False, "WhatsApp cannot deliver to this shopper")
_INVALID = Rule("message", False, "WhatsApp does not accept this message")
_TEMPLATE = Rule("message", False, "the template does not fit or is not approved")
_HELD = Rule("message", False, "WhatsApp chose not to deliver this message")
_ACCOUNT = Rule("account", False, "WhatsApp has restricted this business account")
_NUMBER = Rule("account", False, "the phone number is not registered or not verified")
_SPAM = Rule(
    "busy", True, "too many of this number's messages were blocked or reported; WhatsApp asks to wait", 3600.0
)
_PAIR = Rule("busy", True, "too many messages to this shopper at once", 6.0, is_shared=False)

RULES: Mapping[tuple[int, int], Rule] = {
    **GRAPH_RULES,
    (100, 0): _INVALID,
    (100, 33): Rule("account", False, "the phone number id is not of this token"),
    (80007, 0): THROTTLED,
    (130429, 0): THROTTLED,
    (131064, 0): THROTTLED,
    (133016, 0): THROTTLED,
    (131048, 0): _SPAM,
    (131056, 0): _PAIR,
    (131000, 0): DOWN,
    (131016, 0): DOWN,
    (133004, 0): DOWN,
    (135000, 0): DOWN,
    (131052, 0): MEDIA,
    (131053, 0): MEDIA,
    (131047, 0): WINDOW,
    (131026, 0): _PERSON,
    (131021, 0): Rule("message", False, "the shopper's number is the shop's own"),
    (131030, 0): Rule(
        "message", False, "a test number reaches only the numbers allowed in the app's dashboard"
    ),
    (131008, 0): _INVALID,
    (131009, 0): _INVALID,
    (131051, 0): _INVALID,
    (131062, 0): Rule("message", False, "this message cannot go to a shopper whose number is hidden"),
    (131049, 0): _HELD,
    (131050, 0): Rule("message", False, "the shopper wants no advertising from this shop"),
    (130472, 0): _HELD,
    (130497, 0): Rule("message", False, "WhatsApp does not let this business write to the shopper's country"),
    (131005, 0): Rule("account", False, "the token lacks the permission whatsapp_business_messaging"),
    (131031, 0): _ACCOUNT,
    (131037, 0): Rule("account", False, "the phone number's display name is not approved"),
    (131042, 0): Rule("message", False, "templates need a payment method that works"),
    (131045, 0): _NUMBER,
    (133010, 0): _NUMBER,
    **dict.fromkeys(
        [(code, 0) for code in (132000, 132001, 132005, 132007, 132012, 132015, 132016, 132068, 132069)],
        _TEMPLATE,
    ),
}
