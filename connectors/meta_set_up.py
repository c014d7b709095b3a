"""Connecting a Page or an Instagram account: is the token good, is the webhook ours, what do people see first."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from bot.core.channel import Finding
from bot.core.errors import NotDelivered
from bot.core.times import now
from connectors.graph import Graph
from connectors.meta import listed, mapping, moment, word
from connectors.meta_profile import PARTS

Json = dict[str, Any]


@dataclass(frozen=True)
class Setup:
    """What differs between the ways to connect, and the app's own values.

    `object` and `app_fields` are the app's subscription, `fields` the account's; `may_lack` are asked for as well,
    and left out when the platform refuses (a permission, a version). `own_ids`: fields of `me`, one of which is the
    account. `is_by_id`: the account's id stands in addresses, else `me`. `shares_fields`: another channel of the same
    Page has its fields in the same list. `routing`: the feature that lets other apps answer.
    """

    object: str
    fields: tuple[str, ...]
    app_fields: tuple[str, ...]
    permissions: tuple[str, ...]
    looks_at: str
    own_ids: tuple[str, ...]
    profile_calls: tuple[tuple[str, ...], ...]  # names of `PARTS` that go together
    may_lack: frozenset[str] = frozenset()
    app_id: str = ""
    app_secret: str = ""
    verify_token: str = ""
    is_by_id: bool = False
    shares_fields: bool = False
    has_app_calls: bool = True  # the API looks into tokens and takes the app's own subscriptions
    routing: str = ""
    beside: Mapping[str, str] = field(default_factory=dict)  # goes with every part of the profile

    def node(self, account: str) -> str:
        """What stands for `account` in an address; `me` is whose token it is."""
        return account if self.is_by_id else "me"

    @property
    def app_token(self) -> str:
        """The app's own token, "" when it is not known."""
        is_known = self.has_app_calls and self.app_id and self.app_secret
        return f"{self.app_id}|{self.app_secret}" if is_known else ""


async def check(setup: Setup, graph: Graph, account: str, token: str) -> list[Finding]:
    """Token, account, permissions, expiry, webhook fields, other apps: at most 4 calls.

    Raises:
        NotDelivered: the platform cannot be asked now.
    """
    asking = _Asking(graph, account, token)
    try:
        me = await asking.get("me", {"fields": setup.looks_at})
    except NotDelivered as error:
        if error.heals:
            raise
        return [Finding("broken", "the platform refuses the token", str(error))]
    found = [_identity(setup, me, account)]
    if setup.app_token:
        asked = asking.get("debug_token", {"input_token": token}, token=setup.app_token)
        found += await _tried("the token could not be looked into", asked, partial(_token, setup, at=now()))
    asked = asking.get(f"{setup.node(account)}/subscribed_apps")
    found += await _tried("the webhook could not be looked at", asked, partial(_subscription, setup))
    if setup.routing:
        asked = asking.get("me", {"fields": "messaging_feature_status"})
        found += await _tried("other apps could not be looked for", asked, partial(_routing, setup))
    return [*found, *usage(graph, account)]


def usage(graph: Graph, account: str) -> list[Finding]:
    """How much of its limit the platform says is used; nothing when it did not say."""
    used = round(graph.pace.used_percent(account))
    return [Finding("ok", f"{used} % of the platform's limit is used", used_percent=used)] if used else []


async def set_up(
    setup: Setup, graph: Graph, account: str, token: str, *, webhook_url: str, profile: Mapping[str, Any]
) -> list[Finding]:
    """Address and fields of the webhook, then greeting, starters and menu: at most 5 calls.

    The platform takes 10 changes of the profile in 10 minutes; this makes one or two.

    Raises:
        NotDelivered: the platform cannot be asked now.
    """
    asking = _Asking(graph, account, token)
    found = []
    by_hand = (
        f"in the app's dashboard, under Webhooks, choose {setup.object}, enter {webhook_url} and the verify token, "
        f"and subscribe to {', '.join([*setup.app_fields, *sorted(setup.may_lack - set(setup.app_fields))])}"
    )
    if setup.app_token:
        found += await _first_taken(
            "the webhook's address",
            [
                partial(_tell_address, setup, asking, webhook_url, names)
                for names in _choices(setup, setup.app_fields)
            ],
            by_hand,
        )
    else:
        found.append(Finding("warning", "the webhook's address must be entered by hand", by_hand))
    kept: set[str] = set()
    if setup.shares_fields:  # a call replaces the whole list, and the Page's own channel has its fields in it
        known = await asking.get(f"{setup.node(account)}/subscribed_apps")
        kept = _subscribed(setup, known) or set()
    path = f"{setup.node(account)}/subscribed_apps"
    found += await _first_taken(
        "the account's events",
        [
            partial(asking.post, path, None, query={"subscribed_fields": ",".join(sorted(names | kept))})
            for names in _choices(setup, setup.fields)
        ],
    )
    for names in setup.profile_calls:
        body = {name: part for name in names if (part := PARTS[name](profile))}
        if body:
            path = f"{setup.node(account)}/messenger_profile"
            words = ", ".join(body).replace("_", " ")
            found += await _first_taken(words, [partial(asking.post, path, {**setup.beside, **body})])
    return found


class _Asking:
    """Calls about one account with its token; changes of its profile at their own pace."""

    def __init__(self, graph: Graph, account: str, token: str) -> None:
        self._graph, self._account, self._token = graph, account, token

    async def get(self, path: str, query: Mapping[str, str] | None = None, *, token: str = "") -> Json:
        return await self._graph.call(
            "GET", path, token=token or self._token, account=self._account, query=query
        )

    async def post(
        self, path: str, body: Json | None, *, token: str = "", query: Mapping[str, str] | None = None
    ) -> Json:
        return await self._graph.call(
            "POST",
            path,
            token=token or self._token,
            account=self._account,
            sort="profile" if path.endswith("/messenger_profile") else "read",
            query=query,
            body=body,
        )


async def _tried(
    what: str, asked: Awaitable[Json], read: Callable[[Json], list[Finding]], advice: str = ""
) -> list[Finding]:
    """What `read` makes of the answer; a refusal is a warning, as the account itself may be well."""
    try:
        return read(await asked)
    except NotDelivered as error:
        return [Finding("warning", what, f"{error}; {advice}" if advice else str(error))]


async def _first_taken(
    what: str, calls: Sequence[Callable[[], Awaitable[Json]]], advice: str = ""
) -> list[Finding]:
    """The first of `calls` that the platform takes; when it takes none, what it said to the last."""
    found: list[Finding] = []
    for call in calls:
        found = await _tried(f"{what}: not taken", call(), lambda _answer: [Finding("ok", what)], advice)
        if found[0].state == "ok":
            break
    return found


def _choices(setup: Setup, fields: Sequence[str]) -> list[set[str]]:
    """The fields to ask for, then without those that may be refused."""
    wished, least = set(fields) | setup.may_lack, set(fields) - setup.may_lack
    return [wished, least] if setup.may_lack else [wished]


def _tell_address(setup: Setup, asking: "_Asking", webhook_url: str, fields: set[str]) -> Awaitable[Json]:
    body = {
        "object": setup.object,
        "callback_url": webhook_url,
        "verify_token": setup.verify_token,
        "fields": ",".join(sorted(fields)),
        "include_values": True,
    }
    return asking.post(f"{setup.app_id}/subscriptions", body, token=setup.app_token)


def _identity(setup: Setup, me: Json, account: str) -> Finding:
    name = word(me.get("name")) or word(me.get("username"))
    ids = {word(me.get(field)) or word(mapping(me.get(field)).get("id")) for field in setup.own_ids} - {""}
    if ids and account not in ids:
        return Finding(
            "broken",
            f"the token is of {name or 'another account'} ({', '.join(sorted(ids))}), not of {account}",
            "give the account its own token, or the id that belongs to this one",
        )
    return Finding("ok", f"the token is good{f' ({name})' if name else ''}", name=name)


def _token(setup: Setup, answer: Json, *, at: datetime) -> list[Finding]:
    data = mapping(answer.get("data"))
    if data.get("is_valid") is False:
        why = word(mapping(data.get("error")).get("message"))
        return [Finding("broken", "the token is no longer valid", why or "connect the account again")]
    found = []
    lacking = [name for name in setup.permissions if name not in listed(data.get("scopes"))]
    if lacking:
        found.append(
            Finding(
                "warning", f"permissions are missing: {', '.join(lacking)}", "grant them and make a new token"
            )
        )
    ends_at = data.get("expires_at")
    if isinstance(ends_at, int) and ends_at > 0:
        until = moment(ends_at, at, latest=at + timedelta(days=36_500))
        advice = "make one that does not end, or renew it"
        found.append(Finding("ok", f"the token ends on {until:%Y-%m-%d}", advice, expires_at=until))
    return found


def _subscribed(setup: Setup, answer: Json) -> set[str] | None:
    """The fields our app hears of this account; None when it is not subscribed at all."""
    apps = [mapping(item) for item in listed(answer.get("data"))]
    ours = [item for item in apps if not setup.app_id or word(item.get("id")) == setup.app_id]
    if not ours:
        return None
    return {word(field) for item in ours for field in listed(item.get("subscribed_fields"))}


def _subscription(setup: Setup, answer: Json) -> list[Finding]:
    known = _subscribed(setup, answer)
    if known is None:
        return [Finding("warning", "nothing this account hears is told to us", "set the channel up")]
    lacking = [name for name in setup.fields if name not in known]
    if lacking:
        return [
            Finding("warning", f"events are not told to us: {', '.join(lacking)}", "set the channel up again")
        ]
    return [Finding("ok", "the account's events are told to us")]


def _routing(setup: Setup, answer: Json) -> list[Finding]:
    status = answer.get("messaging_feature_status")
    names = [name for name, is_on in status.items() if is_on] if isinstance(status, dict) else listed(status)
    if setup.routing not in names:
        return []
    advice = "make this app the default one in the Page's settings, under conversation routing"
    return [Finding("warning", "other apps may answer in the same conversations", advice)]
