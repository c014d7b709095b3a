"""One event of a chat on Messenger or Instagram as it came, and what all kinds of events have."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.core.channel import Heard
from connectors.meta import key, mapping, word

INBOXES = frozenset({"263902037430900", "1217981644879628"})  # the platforms' own, of Pages and of Instagram
OWN_MARK = "aisle:"  # how `bot.core.channel.own_id` begins
USER_REF = "user_ref:"  # a guest of a checkbox or plugin has no id, only this reference
RAW_LENGTH = 20_000


@dataclass(frozen=True)
class House:
    """What differs between the two channels.

    `app_ids`: of our own app, where known; `unsigned_echo`: the kind of an echo that names no app.
    """

    app_ids: frozenset[str] = frozenset()
    unsigned_echo: str = "echo.human"


@dataclass(frozen=True)
class Told:
    """One event as it came, with what all kinds have."""

    house: House
    account: str
    at: datetime
    sender: str
    recipient: str
    data: Mapping[str, Any]

    @property
    def is_by_us(self) -> bool:
        """Whether the account itself did it."""
        return bool(self.sender) and self.sender == self.account

    @property
    def person(self) -> str:
        """The shopper it concerns: the other side of the account."""
        person = self.recipient if self.is_by_us else self.sender
        return "" if person == self.account else person

    def part(self, name: str) -> dict[str, Any]:
        """The object under `name`."""
        return mapping(self.data.get(name))

    def heard(self, kind: str, *names: object, **values: Any) -> Heard:
        """A `Heard` with the key made of `names`."""
        values.setdefault("person", self.person)
        return Heard(kind=kind, account=self.account, key=key(*names), at=self.at, **values)


def small(raw: Any) -> Any:
    """`raw` where it is short enough to keep, else its beginning as text."""
    text = json.dumps(raw)
    return raw if len(text) <= RAW_LENGTH else text[:RAW_LENGTH]


def party(value: Any) -> str:
    """The id of a sender or recipient; of a guest the marked reference."""
    names = mapping(value)
    if found := word(names.get("id")):
        return found
    reference = word(names.get("user_ref"))
    return f"{USER_REF}{reference}"[:200] if reference else ""


def text_of(value: Any) -> str:
    """`value` when it is text, else nothing."""
    return value if isinstance(value, str) else ""


def referral_of(holder: Mapping[str, Any]) -> dict[str, Any]:
    """How somebody came here: `ref`, `source`, `type`, `ad_id`, `referer_uri`, `product_id`, and `ad` (its words)."""
    raw = mapping(holder.get("referral"))
    names = ("ref", "source", "type", "ad_id", "referer_uri")
    found: dict[str, Any] = {name: text for name in names if (text := word(raw.get(name)))}
    context = mapping(raw.get("ads_context_data"))
    ad_names = ("ad_title", "photo_url", "video_url", "post_id", "product_id", "flow_id")
    if ad := {name: text for name in ad_names if (text := word(context.get(name)))}:
        found["ad"] = ad
    if product := word(mapping(raw.get("product")).get("id")):
        found["product_id"] = product
    return found


def number(value: Any) -> str:
    """A count or time as text: `3`, `"3"` and `3.0` are the same."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e18:
        value = int(value)
    return word(value)


def stamp(told: Told) -> str:
    """The time as it was given, which a repeat gives again; not `told.at`, which may be the time of arrival."""
    return number(told.data.get("timestamp")) or "-"
