"""The Graph API as Messenger, Instagram and WhatsApp use it: tokens, nodes, edges, limits."""

import hashlib
import hmac
import json
import re
from collections.abc import Callable
from typing import Any

from bot.sandbox import graph_nodes, meta_send, whatsapp_send
from bot.sandbox.accounts import Account
from bot.sandbox.calls import Answer, Call
from bot.sandbox.faults import DEAD, NOT_ACCEPTED
from bot.sandbox.refusals import GRAPH, Refused, graph_body
from bot.sandbox.world import World

PATH = re.compile(r"v\d{1,2}\.\d/(?P<node>[^/]+)(?:/(?P<edge>[a-z_]+))?")
USAGE_TYPES = {"messenger": "messenger", "instagram": "instagram", "whatsapp": "whatsapp"}


def answer(world: World, call: Call) -> Answer | None:
    """What Graph says; None when the address is not one of Graph's."""
    found = PATH.fullmatch(call.path)
    if found is None:
        return None
    node, edge = found["node"], found["edge"] or ""
    account: Account | None = None
    try:
        account = _account(world, call, node, edge)
        if edge == "messages" and call.method == "POST":
            made = _send(world, account, call)
        else:
            made = Answer(graph_nodes.call(world, account, node, edge, call))
    except Refused as refused:
        if account is not None:
            world.count(account, refused.name)
        made = refusal(world, refused)
    if account is not None:
        made.headers = _usage(world, account) | made.headers
    return made


def refusal(world: World, refused: Refused) -> Answer:
    """The error body of a refusal."""
    known = GRAPH[refused.name]
    headers = {**refused.headers, "X-FB-Trace-ID": world.new_id(length=11)}
    if known.code == 190:
        headers["WWW-Authenticate"] = f'OAuth "Facebook Platform" "invalid_token" "{known.message}"'
    return Answer(graph_body(refused.name, refused.detail, headers["X-FB-Trace-ID"]), known.status, headers)


def token_of(call: Call) -> str:
    """The access token: header first, then parameter."""
    bearer = call.headers.get("authorization", "")
    if bearer.lower().startswith("bearer "):
        return bearer[7:].strip()
    return str(call.query.get("access_token") or call.body.get("access_token") or "")


def _account(world: World, call: Call, node: str, edge: str) -> Account:
    token = token_of(call)
    if not token:
        raise Refused("token.missing")
    graph = [a for a in world.accounts.values() if a.channel != "telegram"]
    owned = [a for a in graph if hmac.compare_digest(a.token.encode(), token.encode())]
    app, _, secret = token.partition("|")
    if secret and not owned:  # an app's own token
        owned = [
            a
            for a in graph
            if a.app_id == app and hmac.compare_digest(a.app_secret.encode(), secret.encode())
        ]
    if not owned:
        raise Refused("token.malformed")
    chosen = _choose(world, owned, node, call)
    dead = world.faults[chosen.key].dead_token
    if dead and edge != "":
        raise Refused(DEAD[dead])
    if dead and node != "debug_token":
        raise Refused(DEAD[dead])
    _check_proof(chosen, token, call)
    return chosen


def _choose(world: World, owned: list[Account], node: str, call: Call) -> Account:
    """One token may serve a Page and its Instagram account: the node decides, then the recipient."""
    named = [a for a in owned if node in a.nodes - {"me"} or node == a.waba_id] or owned
    recipient = call.body.get("recipient")
    if len(named) > 1 and isinstance(recipient, dict):
        comment = world.comments.get(str(recipient.get("comment_id", "")))
        for account in named:
            if (comment and comment.account is account) or world.thread(
                account, str(recipient.get("id", ""))
            ):
                return account
    if len(named) > 1:
        platform = call.query.get("platform") or call.body.get("platform") or "messenger"
        return next((a for a in named if a.channel == platform or world.thread(a, node)), named[0])
    return named[0]


def _check_proof(account: Account, token: str, call: Call) -> None:
    given = call.query.get("appsecret_proof") or call.body.get("appsecret_proof")
    if not given:
        if account.needs_proof and "|" not in token:
            raise Refused("proof.missing")
        return
    proof = hmac.new(account.app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(proof, str(given)):
        raise Refused("proof.wrong")


def _usage(world: World, account: Account, *, minutes: int = 0) -> dict[str, str]:
    used = 100 if minutes else world.usage(account)
    load = {"call_count": used, "total_time": used, "total_cputime": used}
    entry = {"type": USAGE_TYPES[account.channel], **load, "estimated_time_to_regain_access": minutes}
    return {
        "X-App-Usage": json.dumps(load),
        "X-Business-Use-Case-Usage": json.dumps({account.waba_id or account.page_id or account.id: [entry]}),
    }


def _throttled(world: World, account: Account) -> Refused:
    faults = world.faults[account.key]
    name = f"rate.{faults.throttle_code or account.channel}"
    headers = _usage(world, account, minutes=faults.throttle_minutes)
    if faults.throttle_seconds:
        headers["Retry-After"] = str(faults.throttle_seconds)
    return Refused(name, headers=headers)


Sender = Callable[[World, Account, dict[str, Any]], tuple[dict[str, Any], Callable[[], None] | None]]


def _send_meta(
    world: World, account: Account, body: dict[str, Any]
) -> tuple[dict[str, Any], Callable[[], None] | None]:
    said, thread, entry = meta_send.send(world, account, body)
    if thread is None or entry is None:
        return said, None
    return said, lambda: meta_send.accept(world, thread, entry)


SENDERS: dict[str, Sender] = {
    "messenger": _send_meta,
    "instagram": _send_meta,
    "whatsapp": whatsapp_send.send,
}


def _send(world: World, account: Account, call: Call) -> Answer:
    node = call.path.split("/")[1]
    if node not in account.nodes - ({"me"} if account.channel == "whatsapp" else set()):
        raise Refused("node.unknown")
    body = dict(call.body)
    is_courtesy = "sender_action" in body or body.get("status") == "read"
    faults = world.faults[account.key]
    fault = "" if is_courtesy else faults.of_call()
    if fault:
        world.count(account, fault)
    if fault in NOT_ACCEPTED:
        if fault == "throttle":
            raise _throttled(world, account)
        if fault == "error":
            raise Refused("temporary")
        return Answer({}, fault=fault)
    if not is_courtesy and world.is_too_fast(account):
        raise _throttled(world, account)
    said, accept = SENDERS[account.channel](world, account, body)
    if accept is not None:
        accept()
        world.count(account, "accepted")
    seconds = {"hang": faults.hang_seconds, "slow": faults.slow_seconds}.get(fault, 0.0)
    return Answer(said, fault=fault, seconds=seconds)
