"""What can be asked of the Graph API besides sending: profiles, subscriptions, tokens, threads, comments, media."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from bot.core.errors import BadInput
from bot.sandbox.accounts import FIELDS, Account
from bot.sandbox.calls import Call
from bot.sandbox.meta_send import need, occur, person_of
from bot.sandbox.refusals import Refused
from bot.sandbox.world import Person, World

INBOX_APP = "263902037430900"  # the platform's own inbox, as in its documents
PROFILE_PARTS = (
    "get_started",
    "greeting",
    "persistent_menu",
    "ice_breakers",
    "whitelisted_domains",
    "account_linking_url",
    "commands",
)
ICE_BREAKERS, GREETING, MENU_TITLE = 4, 160, 30
Done = dict[str, Any]
SUCCESS: Done = {"success": True}


def call(world: World, account: Account, node: str, edge: str, call: Call) -> Done:
    """The answer of a node or an edge.

    Raises:
        Refused: it does not exist, or not for this token.
    """
    if node == "debug_token" and not edge:
        return _debug_token(world, call)
    handler = EDGES.get((call.method, edge))
    if handler is None:
        raise Refused("node.unknown")
    return handler(world, account, node, call)


def _own(account: Account, node: str) -> None:
    if node not in account.nodes:
        raise Refused("node.unknown")


def _debug_token(world: World, call: Call) -> Done:
    token = call.query.get("input_token", "")
    account = next((a for a in world.accounts.values() if a.token == token and a.channel != "telegram"), None)
    if account is None:
        return {"data": {"is_valid": False, "error": {"code": 190, "message": "Invalid OAuth access token."}}}
    is_dead = bool(world.faults[account.key].dead_token)
    data: Done = {
        "app_id": account.app_id,
        "type": "PAGE" if account.channel == "messenger" else "USER",
        "is_valid": not is_dead,
        "expires_at": 0,
        "data_access_expires_at": 0,
        "scopes": sorted(account.permissions),
        "profile_id": account.page_id or account.id,
    }
    if is_dead:
        data["error"] = {"code": 190, "message": "Session has expired.", "subcode": 463}
    return {"data": data}


def _look(world: World, account: Account, node: str, call: Call) -> Done:
    if node in account.nodes:
        return _fields(_account_facts(account), call)
    media = world.media.get(node)
    if media is not None and account.channel == "whatsapp":
        return {
            "id": media.id,
            "messaging_product": "whatsapp",
            "mime_type": media.content_type,
            "file_size": len(media.content),
            "url": f"{call.base}/whatsapp_media/{media.id}",
        }
    if account.channel == "whatsapp":
        raise Refused("node.unknown")
    thread = world.thread(account, node)
    if thread is None:
        raise Refused("node.unknown")
    if not any(entry.side == "person" for entry in thread.entries):
        raise Refused("profile.none")
    return _fields(_person_facts(account.channel, thread.person, call.base), call)


def _account_facts(account: Account) -> Done:
    if account.channel == "whatsapp":
        return {
            "id": account.id,
            "verified_name": account.name,
            "display_phone_number": account.phone,
            "quality_rating": "GREEN",
        }
    facts: Done = {"id": account.id, "name": account.name, "username": account.username}
    if account.channel == "instagram" and account.flavour == "login":
        return facts | {"user_id": account.id, "account_type": "BUSINESS"}
    if account.channel == "instagram":  # `me` is the Page whose token it is
        facts |= {"id": account.page_id, "instagram_business_account": {"id": account.id}}
    return facts | {"messaging_feature_status": {"msgr_multi_app": False, "ig_multi_app": False}}


def _person_facts(channel: str, person: Person, base: str) -> Done:
    picture = f"{base}/sandbox/pictures/person-{person.id}.png"
    if channel == "instagram":
        username = person.username or person.name.lower().replace(" ", ".")
        return {"id": person.id, "name": person.name, "username": username, "profile_pic": picture}
    first, _, last = person.name.partition(" ")
    return {
        "id": person.id,
        "first_name": first,
        "last_name": last,
        "name": person.name,
        "profile_pic": picture,
        "locale": person.locale,
    }


def _fields(facts: Done, call: Call) -> Done:
    wanted = [name for name in call.query.get("fields", "").split(",") if name]
    if not wanted:
        return {name: facts[name] for name in ("id", "name") if name in facts}
    return {name: facts[name] for name in (*wanted, "id") if name in facts}


# --- the profile of a Page or account: greeting, get started, ice breakers, menu


def _profile_get(_world: World, account: Account, node: str, call: Call) -> Done:
    _own(account, node)
    wanted = [name for name in call.query.get("fields", "").split(",") if name] or list(PROFILE_PARTS)
    found = {name: account.profile[name] for name in wanted if name in account.profile}
    return {"data": [found] if found else []}


def _profile_set(world: World, account: Account, node: str, call: Call) -> Done:
    _own(account, node)
    parts = {name: value for name, value in call.body.items() if name in PROFILE_PARTS}
    if not parts:
        raise Refused("parameter", "You must set at least one property.")
    menu = parts.get("persistent_menu")
    if menu and "get_started" not in account.profile | parts and account.channel == "messenger":
        raise Refused(
            "parameter", "You must set a Get Started button if you also wish to use persistent menu"
        )
    for item in menu or []:
        for button in item.get("call_to_actions", []):
            if not 0 < len(button.get("title", "")) <= MENU_TITLE:
                raise Refused("parameter", f"persistent_menu: a title has 1 to {MENU_TITLE} characters")
    for item in parts.get("greeting") or []:
        if len(item.get("text", "")) > GREETING:
            raise Refused("parameter", f"greeting: a text has at most {GREETING} characters")
    for item in parts.get("ice_breakers") or []:
        if len(item.get("call_to_actions", [item])) > ICE_BREAKERS:
            raise Refused("parameter", f"ice_breakers: at most {ICE_BREAKERS} questions")
    account.profile |= parts
    world.tell({"event": "profile", "account": account.key})
    return {"result": "success"}


def _profile_delete(_world: World, account: Account, node: str, call: Call) -> Done:
    _own(account, node)
    fields = call.body.get("fields") or [name for name in call.query.get("fields", "").split(",") if name]
    for name in fields:
        account.profile.pop(str(name), None)
    return {"result": "success"}


# --- subscriptions


def _subscribed(_world: World, account: Account, node: str, _call: Call) -> Done:
    _own_business(account, node)
    if account.channel == "whatsapp":
        app = {"id": account.app_id, "name": account.name}
        return {"data": [{"whatsapp_business_api_data": app}] if account.fields else []}
    return {
        "data": [{"id": account.app_id, "name": account.name, "subscribed_fields": sorted(account.fields)}]
        if account.fields
        else []
    }


def _subscribe(_world: World, account: Account, node: str, call: Call) -> Done:
    _own_business(account, node)
    if account.channel == "whatsapp":
        account.fields = set(FIELDS["whatsapp"])
        return SUCCESS
    given = call.query.get("subscribed_fields") or call.body.get("subscribed_fields") or ""
    names = given.split(",") if isinstance(given, str) else [str(name) for name in given]
    wanted = {name.strip() for name in names if name.strip()}
    unknown = wanted - set(FIELDS["messenger"]) - set(FIELDS["instagram"])
    unknown -= {
        "messaging_optins",
        "messaging_feedback",
        "messaging_account_linking",
        "response_feedback",
        "send_cart",
    }
    unknown -= {"mentions", "messaging_referrals", "messenger_template_status_update"}
    if not wanted or unknown:
        raise Refused(
            "parameter", f"Param subscribed_fields must be fields of a webhook, not {sorted(unknown)}"
        )
    account.fields = wanted
    return SUCCESS


def _unsubscribe(_world: World, account: Account, node: str, _call: Call) -> Done:
    _own_business(account, node)
    account.fields = set()
    return SUCCESS


def _own_business(account: Account, node: str) -> None:
    if account.channel == "whatsapp":
        if node != account.waba_id:
            raise Refused("node.unknown")
        return
    _own(account, node)


def _subscriptions_get(_world: World, account: Account, node: str, _call: Call) -> Done:
    if node != account.app_id:
        raise Refused("node.unknown")
    objects = {"messenger": "page", "instagram": "instagram", "whatsapp": "whatsapp_business_account"}
    fields = [{"name": name, "version": "v25.0"} for name in sorted(account.fields)]
    item = {
        "object": objects[account.channel],
        "callback_url": account.webhook,
        "active": True,
        "fields": fields,
    }
    return {"data": [item] if account.webhook else []}


def _subscriptions_set(world: World, account: Account, node: str, call: Call) -> Done:
    """The challenge of the callback is put by `app`, which may wait for it; here it has been passed."""
    if node != account.app_id:
        raise Refused("node.unknown")
    given = {**call.query, **call.body}
    channels = {"page": "messenger", "instagram": "instagram", "whatsapp_business_account": "whatsapp"}
    channel = channels.get(str(given.get("object", "")))
    if channel is None or not given.get("callback_url") or not given.get("verify_token"):
        raise Refused("parameter", "object, callback_url and verify_token are required")
    for other in world.accounts.values():
        if other.app_id == account.app_id and other.channel == channel:
            other.webhook, other.verify_token = str(given["callback_url"]), str(given["verify_token"])
    return SUCCESS


# --- control of a thread


def _owner(world: World, account: Account, node: str, call: Call) -> Done:
    _own(account, node)
    thread = person_of(world, account, call.query.get("recipient"))
    return {"data": [{"thread_owner": {"app_id": thread.owner or account.app_id}}]}


def _recipient(call: Call) -> Any:
    recipient = call.body.get("recipient")
    if isinstance(recipient, str):
        try:
            recipient = json.loads(recipient)
        except json.JSONDecodeError as error:
            raise BadInput("recipient is not JSON", field="recipient") from error
    return recipient.get("id") if isinstance(recipient, Mapping) else None


def _take(world: World, account: Account, node: str, call: Call) -> Done:
    _own(account, node)
    thread = person_of(world, account, _recipient(call))
    thread.owner = ""
    return SUCCESS


def _pass(world: World, account: Account, node: str, call: Call) -> Done:
    _own(account, node)
    thread = person_of(world, account, _recipient(call))
    thread.owner = str(call.body.get("target_app_id") or INBOX_APP)
    return SUCCESS


def _request(world: World, account: Account, node: str, call: Call) -> Done:
    _own(account, node)
    person_of(world, account, _recipient(call))
    return SUCCESS  # the inbox never answers a request, as has been seen in the field


# --- under posts


def _answer_publicly(world: World, account: Account, node: str, call: Call) -> Done:
    need(
        account, ("pages_read_engagement", "instagram_manage_comments", "instagram_business_manage_comments")
    )
    comment = world.comments.get(node)
    text = call.body.get("message") or call.query.get("message")
    if comment is None or comment.account is not account:
        raise Refused("comment.unknown")
    if not text:
        raise Refused("parameter", "param message must be non-empty.")
    reply_id = world.new_id(f"{comment.id}_")
    world.public.append({"id": reply_id, "comment": comment.id, "account": account.key, "text": str(text)})
    thread = world.meet(account, comment.person)
    view = {"text": str(text), "reply_to": comment.id}
    world.add(thread, world.entry("shop", "comment", platform_id=reply_id, view=view))
    return {"id": reply_id}


def _templates(_world: World, account: Account, node: str, _call: Call) -> Done:
    _own_business(account, node)
    return {
        "data": [
            {"name": name, "language": language, "status": "APPROVED", "category": "UTILITY"}
            for name, language in account.templates.items()
        ]
    }


EDGES: dict[tuple[str, str], Callable[[World, Account, str, Call], Done]] = {
    ("GET", ""): _look,
    ("GET", "messenger_profile"): _profile_get,
    ("POST", "messenger_profile"): _profile_set,
    ("DELETE", "messenger_profile"): _profile_delete,
    ("GET", "subscribed_apps"): _subscribed,
    ("POST", "subscribed_apps"): _subscribe,
    ("DELETE", "subscribed_apps"): _unsubscribe,
    ("GET", "subscriptions"): _subscriptions_get,
    ("POST", "subscriptions"): _subscriptions_set,
    ("GET", "thread_owner"): _owner,
    ("POST", "take_thread_control"): _take,
    ("POST", "release_thread_control"): _take,
    ("POST", "pass_thread_control"): _pass,
    ("POST", "request_thread_control"): _request,
    ("POST", "comments"): _answer_publicly,
    ("POST", "replies"): _answer_publicly,
    ("GET", "message_templates"): _templates,
}


def hand_over(world: World, account: Account, person_id: str, *, owner: str) -> None:
    """Another app (or, with an empty `owner`, ours) has control of the thread from now on; the product is told."""
    thread = person_of(world, account, person_id)
    previous, thread.owner = thread.owner or account.app_id, owner
    event = {
        "pass_thread_control": {
            "previous_owner_app_id": previous,
            "new_owner_app_id": owner or account.app_id,
            "metadata": "sandbox",
        }
    }
    occur(world, thread, "messaging_handovers", event, at=int(world.now().timestamp() * 1000))
