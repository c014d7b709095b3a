"""The stand-in's own API at /sandbox/…: what shoppers do, faults, and the log by which a run is judged."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from bot.core.errors import BadInput
from bot.sandbox import acts
from bot.sandbox.accounts import Account
from bot.sandbox.hooks import Hooks
from bot.sandbox.world import Entry, Person, Thread, World


def threads(world: World, *, person: str = "", account: str = "") -> dict[str, Any]:
    """Everything in order, by thread, with what was said by the shop more than once."""
    chosen = [
        thread
        for thread in world.threads.values()
        if (not person or thread.person.id == person)
        and (not account or account in (thread.account.key, thread.account.channel, thread.account.id))
    ]
    return {"threads": [thread_json(world, thread) for thread in chosen], "calls": dict(world.calls)}


def thread_json(world: World, thread: Thread) -> dict[str, Any]:
    """One thread; `accepted` is what the platform took from the app, in order."""
    accepted = [entry for entry in thread.entries if entry.side == "shop" and entry.kind != "comment"]
    return {
        "thread": thread.key,
        "account": thread.account.key,
        "channel": thread.account.channel,
        "person": thread.person.id,
        "name": thread.person.name,
        "opened_at": thread.opened_at.isoformat() if thread.opened_at else None,
        "is_blocked": thread.is_blocked,
        "owner": thread.owner,
        "is_typing": bool(thread.typing_until and thread.typing_until > world.now()),
        "entries": [entry.shown() for entry in thread.entries],
        "accepted": [
            {"number": e.number, "own_id": e.own_id, "digest": e.digest, "platform_id": e.platform_id}
            for e in accepted
        ],
        "duplicates": duplicates(accepted),
    }


def duplicates(accepted: list[Entry]) -> dict[str, dict[str, int]]:
    """What was accepted more than once: by our own id, and by equal content (which may be meant)."""
    by_id = Counter(entry.own_id for entry in accepted if entry.own_id)
    by_content = Counter(entry.digest for entry in accepted if entry.digest)
    return {
        "by_own_id": {name: count for name, count in by_id.items() if count > 1},
        "by_content": {name: count for name, count in by_content.items() if count > 1},
    }


def set_faults(world: World, body: Mapping[str, Any]) -> dict[str, Any]:
    """`{"account": key | id | channel | "*", …fields of Faults}`.

    Raises:
        BadInput: unknown account, field or value.
    """
    name = str(body.get("account", "*"))
    values = {key: value for key, value in body.items() if key != "account"}
    chosen = list(world.accounts.values()) if name == "*" else [world.account(name)]
    for account in chosen:
        world.faults[account.key].change(values)
    world.tell({"event": "faults"})
    return faults(world)


def faults(world: World) -> dict[str, Any]:
    """The faults of every account."""
    return {"faults": {key: faults.shown() for key, faults in world.faults.items()}}


def meet(world: World, body: Mapping[str, Any]) -> dict[str, Any]:
    """Somebody new: `{"account", "person", "name"?, "locale"?, "username"?, "user_id"?, "has_number"?}`."""
    account = world.account(str(body.get("account", "")))
    known = {"name": str, "locale": str, "username": str, "user_id": str, "has_number": bool}
    values = {name: kind(body[name]) for name, kind in known.items() if name in body}
    person_id = str(body.get("person") or int(world.new_id(length=11), 16))
    if account.channel in ("telegram", "whatsapp") and not person_id.isdigit():
        raise BadInput(f"a person on {account.channel} is a number", field="person")
    return {"thread": thread_json(world, world.meet(account, Person(person_id, **values)))}


def act(world: World, body: Mapping[str, Any]) -> dict[str, Any]:
    """`{"account", "person", "kind", …}`; kind `tap` takes `title` (and `entry`, `payload`), `wait` takes `seconds`."""
    account, person, kind = (str(body.get(name, "")) for name in ("account", "person", "kind"))
    if not person:
        raise BadInput("person is empty", field="person")
    fields = {name: value for name, value in body.items() if name not in ("account", "person", "kind")}
    if kind == "wait":
        thread = acts.thread_of(world, account, person)
        world.let_pass(thread, float(fields.get("seconds", 0)))
        return {"entry": thread.entries[-1].shown()}
    if kind == "tap":
        number, payload = int(fields.get("entry", 0)), str(fields.get("payload", ""))
        title = str(fields.get("title", ""))
        entry = acts.tap(world, account, person, title, entry_number=number, payload=payload)
    else:
        entry = acts.perform(world, account, person, kind, fields)
    return {"entry": entry.shown()}


def account_json(account: Account) -> dict[str, Any]:
    """What the page needs of an account: no secrets."""
    return {
        "key": account.key,
        "channel": account.channel,
        "id": account.id,
        "name": account.name,
        "username": account.username,
        "phone": account.phone,
        "flavour": account.flavour,
        "profile": account.profile,
        "kinds": sorted(acts.ACTS[account.channel]),
    }


def hooks_json(hooks: Hooks) -> dict[str, Any]:
    """How the webhooks went."""
    states = Counter(posting.state for posting in hooks.postings)
    answers = Counter(str(status) for posting in hooks.postings for status in posting.statuses)
    return {"postings": len(hooks.postings), "states": dict(states), "answers": dict(answers)}
