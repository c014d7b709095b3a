"""What the platforms answer when they refuse: codes, subcodes and words, by our own names.

Sources: the error references of the Messenger Platform, Instagram messaging, WhatsApp Cloud API and Bot API (2026).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Refusal:
    code: int
    message: str
    subcode: int | None = None
    type: str = "OAuthException"
    status: int = 400
    is_transient: bool = False


class Refused(Exception):
    """A call the platform does not accept. `detail` goes where the platform puts its particulars."""

    def __init__(self, name: str, detail: str = "", *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(name)
        self.name = name
        self.detail = detail
        self.headers = dict(headers or {})


GRAPH: dict[str, Refusal] = {
    "token.malformed": Refusal(190, "Invalid OAuth access token - Cannot parse access token", status=401),
    "token.expired": Refusal(
        190,
        "Error validating access token: Session has expired. The current time is later than its end.",
        463,
        status=401,
    ),
    "token.revoked": Refusal(
        190, "Error validating access token: The user has not authorized application.", 458, status=401
    ),
    "token.missing": Refusal(
        104, "An access token is required to request this resource.", type="OAuthException", status=401
    ),
    "proof.missing": Refusal(
        100, "API calls from the server require an appsecret_proof argument", type="GraphMethodException"
    ),
    "proof.wrong": Refusal(
        100, "Invalid appsecret_proof provided in the API argument", type="GraphMethodException"
    ),
    "node.unknown": Refusal(
        100,
        "Unsupported request. Object does not exist, cannot be loaded due to missing permissions, or does not "
        "support this operation.",
        33,
        type="GraphMethodException",
    ),
    "permission": Refusal(200, "(#200) Requires permission to manage the object: {detail}", status=403),
    "parameter": Refusal(100, "(#100) {detail}"),
    "parameter.bare": Refusal(100, "(#100) Invalid parameter"),
    "action.beside_message": Refusal(
        100, "(#100) sender_action may not be combined with message. {detail}", 2018014
    ),
    "person.unknown": Refusal(100, "(#100) No matching user found", 2018001),
    "person.unknown.instagram": Refusal(100, "(#100) The requested user cannot be found", 2534014),
    "person.blocked": Refusal(551, "(#551) This person isn't available right now.", 1545041),
    "window.messenger": Refusal(
        10, "(#10) This message is sent outside of allowed window. Learn more about the new policy.", 2018278
    ),
    "window.instagram": Refusal(10, "(#10) This message is sent outside of allowed window.", 2534022),
    "human_agent.not_allowed": Refusal(
        10, "(#10) To use the HUMAN_AGENT tag your app needs the Human Agent feature."
    ),
    "thread.owner.messenger": Refusal(
        10, "(#10) Message not sent: another app is controlling this thread.", 2018300
    ),
    "thread.owner.instagram": Refusal(100, "(#100) Another app is controlling this thread now.", 2534037),
    "private_reply.used.messenger": Refusal(
        10900, "(#10900) Activity already replied to", type="OAuthException"
    ),
    "private_reply.instagram": Refusal(100, "(#100) The comment is invalid for messaging", 2534025),
    "private_reply.old.messenger": Refusal(
        10903, "(#10903) This user cannot reply to this activity: {detail}", type="OAuthException"
    ),
    "comment.unknown": Refusal(
        100,
        "Unsupported post request. Object with ID does not exist, cannot be loaded due to missing permissions.",
        33,
        type="GraphMethodException",
    ),
    "media.unreachable": Refusal(100, "(#100) Failed to fetch the file from the url", 2018008),
    "profile.none": Refusal(100, "(#100) No profile available for this user.", 2018218),
    "rate.messenger": Refusal(
        80006, "(#80006) There have been too many calls to this Messenger account. Wait a bit and try again."
    ),
    "rate.instagram": Refusal(
        80002, "(#80002) There have been too many calls to this Instagram account. Wait a bit and try again."
    ),
    "rate.calls": Refusal(613, "(#613) Calls to this api have exceeded the rate limit.", 2018338),
    "rate.app": Refusal(4, "(#4) Application request limit reached"),
    "rate.whatsapp": Refusal(130429, "(#130429) Rate limit hit", status=429),
    "rate.pair": Refusal(131056, "(#131056) (Business Account, Consumer Account) pair rate limit hit"),
    "temporary": Refusal(
        2,
        "An unexpected error has occurred. Please retry your request later.",
        status=500,
        is_transient=True,
    ),
    "whatsapp.parameter": Refusal(131009, "(#131009) Parameter value is not valid"),
    "whatsapp.missing": Refusal(131008, "(#131008) Required parameter is missing"),
    "whatsapp.self": Refusal(131021, "(#131021) Recipient cannot be sender"),
    "whatsapp.type": Refusal(131051, "(#131051) Message type unknown"),
    "whatsapp.template": Refusal(
        132001, "(#132001) Template name does not exist in the translation", status=404
    ),
}


@dataclass(frozen=True)
class BotRefusal:
    """Telegram's answer: its `error_code` is also the HTTP status."""

    code: int
    description: str
    parameters: Mapping[str, Any] = field(default_factory=dict)


class BotRefused(Exception):
    """A call the Bot API does not accept."""

    def __init__(self, code: int, description: str, **parameters: Any) -> None:
        super().__init__(description)
        self.answer = BotRefusal(code, description, parameters)


def graph_body(name: str, detail: str, trace: str) -> dict[str, Any]:
    """The error body of the Graph API."""
    refusal = GRAPH[name]
    error: dict[str, Any] = {
        "message": refusal.message.replace("{detail}", detail),
        "type": refusal.type,
        "code": refusal.code,
    }
    if refusal.subcode is not None:
        error["error_subcode"] = refusal.subcode
    if refusal.is_transient:
        error["is_transient"] = True
    if name.startswith("whatsapp.") or name in ("rate.whatsapp", "rate.pair"):
        error["error_data"] = {"messaging_product": "whatsapp", "details": detail or refusal.message}
    error["fbtrace_id"] = trace
    return {"error": error}


def bot_body(refusal: BotRefusal) -> dict[str, Any]:
    """The error body of the Bot API."""
    body: dict[str, Any] = {"ok": False, "error_code": refusal.code, "description": refusal.description}
    if refusal.parameters:
        body["parameters"] = dict(refusal.parameters)
    return body
