"""One door for everything a shopper does: looked up by channel and kind."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.core.errors import BadInput
from bot.sandbox import meta_acts, telegram_acts, whatsapp_acts
from bot.sandbox.common_acts import Act
from bot.sandbox.world import Entry, Person, Thread, World

ACTS: dict[str, dict[str, Act]] = {
    "messenger": meta_acts.MESSENGER,
    "instagram": meta_acts.INSTAGRAM,
    "whatsapp": whatsapp_acts.ACTS,
    "telegram": telegram_acts.ACTS,
}


def perform(world: World, account_name: str, person_id: str, kind: str, fields: Mapping[str, Any]) -> Entry:
    """Do it; a person who is new is made.

    Raises:
        BadInput: the channel has no such thing, or a field is missing.
        NotFound: no such account.
    """
    account = world.account(account_name)
    act = ACTS[account.channel].get(kind)
    if act is None:
        raise BadInput(
            f"{account.channel} has no {kind!r}; it has: {', '.join(ACTS[account.channel])}", field="kind"
        )
    thread = world.thread(account, person_id) or world.meet(account, Person(person_id))
    return act(world, thread, fields)


@dataclass(frozen=True)
class Offer:
    """Something a phone shows that can be tapped: which act it is, and what comes back of it."""

    title: str
    kind: str
    payload: str
    description: str = ""


def tap(
    world: World, account_name: str, person_id: str, title: str, *, entry_number: int = 0, payload: str = ""
) -> Entry:
    """Tap what is shown with this title: in the newest message that offers it, or the one given.

    `payload` tells cards apart whose buttons read alike; else the first is meant.

    Raises:
        BadInput: nothing of that title is offered.
    """
    account = world.account(account_name)
    thread = world.thread(account, person_id)
    for entry in reversed(thread.entries if thread else []):
        if entry.side != "shop" or (entry_number and entry.number != entry_number):
            continue
        for offer in offered(entry.view):
            if offer.title == title and payload in ("", offer.payload):
                fields = {"title": title, "payload": offer.payload, "description": offer.description}
                return perform(
                    world, account_name, person_id, offer.kind, {**fields, "target": entry.platform_id}
                )
    raise BadInput(f"nothing called {title!r} is offered", field="title")


def offered(view: Mapping[str, Any]) -> list[Offer]:
    """What can be tapped, in the order shown. Links lead elsewhere and are not among it."""
    buttons = [*view.get("buttons", []), *(b for card in view.get("cards", []) for b in card["buttons"])]
    rows = [row for section in view.get("list", {}).get("sections", []) for row in section["rows"]]
    return [
        *(Offer(b["title"], b["kind"], b["payload"]) for b in buttons if b["kind"] != "url"),
        *(Offer(row["title"], "list_reply", row["id"], row["description"]) for row in rows),
        *(Offer(item["title"], "quick_reply", item["payload"]) for item in view.get("quick_replies", [])),
    ]


def thread_of(world: World, account_name: str, person_id: str) -> Thread:
    """The thread, for looking.

    Raises:
        BadInput: there is none.
    """
    found = world.thread(world.account(account_name), person_id)
    if found is None:
        raise BadInput(f"{person_id} has no thread with {account_name}", field="person")
    return found
