"""Bodies as no platform sends them: whatever is put in the places of a captured one, all is heard or refused."""

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.channel import KINDS, Platform
from bot.core.errors import BadInput
from bot.sandbox.accounts import CHANNELS, environment, generated
from connectors import instagram, messenger, telegram, whatsapp
from tests.connectors.meta_bodies import ARRIVED

PAYLOADS = Path(__file__).parent / "payloads"
MODULES = (instagram, messenger, telegram, whatsapp)


def built() -> dict[str, Platform]:
    values = environment(generated("http://127.0.0.1:1"), "http://127.0.0.1:1")
    return {module.NAME: module.connector(values) for module in MODULES}


BUILT = built()
BODIES = {name: [path.read_bytes() for path in sorted((PAYLOADS / name).glob("*.json"))] for name in CHANNELS}


def words(value: Any) -> Iterator[str | int]:
    """Names, texts and numbers of a body, however deep."""
    if isinstance(value, dict):
        yield from value
        for inner in value.values():
            yield from words(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from words(inner)
    elif isinstance(value, str | int) and not isinstance(value, bool):
        yield value


def odd(name: str) -> st.SearchStrategy[Any]:
    """Any JSON, made of what bodies of the platform are made of and of anything else."""
    known = {word for body in BODIES[name] for word in words(json.loads(body))}
    names = st.sampled_from(sorted(word for word in known if isinstance(word, str) and len(word) < 40))
    leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
    return st.recursive(
        leaves | st.sampled_from(sorted(known, key=str)),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=8),
        max_leaves=30,
    )


ODD = {name: odd(name) for name in CHANNELS}


def members(body: Any) -> list[tuple[dict[str, Any], str]]:
    """Every member of the whole tree: (the object that holds it, its name)."""
    found: list[tuple[dict[str, Any], str]] = []
    waiting: list[Any] = [body]
    while waiting:
        value = waiting.pop(0)
        if isinstance(value, dict):
            found += [(value, name) for name in value]
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
    return found


def heard(name: str, body: Any) -> None:
    """Parsed as something that can be kept."""
    events = BUILT[name].parse(json.dumps(body).encode(), at=ARRIVED)
    assert events
    for event in events:
        assert event.kind in KINDS
        assert 0 < len(event.key) <= 300
        assert event.at.tzinfo is not None


@pytest.mark.parametrize("name", CHANNELS)
def test_each_member_of_each_body_may_be_of_any_type(name: str) -> None:
    for raw, value in itertools.product(BODIES[name], (None, True, -1, 1e300, "", "x" * 500, [], [[]], {})):
        body = json.loads(raw)
        for owner, member in members(body):
            was, owner[member] = owner[member], value
            heard(name, body)
            owner[member] = was


@pytest.mark.parametrize("name", CHANNELS)
@given(data=st.data())
def test_a_known_body_with_anything_in_its_places_is_heard(name: str, data: st.DataObject) -> None:
    body = json.loads(data.draw(st.sampled_from(BODIES[name])))
    for place, value in data.draw(
        st.lists(st.tuples(st.integers(0, 200), ODD[name]), min_size=1, max_size=4)
    ):
        known = members(body)
        owner, member = known[place % len(known)]
        owner[member] = value
    heard(name, body)


@pytest.mark.parametrize("name", CHANNELS)
@given(body=st.binary())
def test_bytes_that_are_no_object_are_bad_input(name: str, body: bytes) -> None:
    with pytest.raises(BadInput):
        BUILT[name].parse(b"\xff" + body, at=ARRIVED)


@pytest.mark.parametrize("name", CHANNELS)
@pytest.mark.parametrize("body", [b"", b"[]", b"null", b'"text"', b"1", b"{", b"[" * 100_000])
def test_json_that_is_no_object_is_bad_input(name: str, body: bytes) -> None:
    with pytest.raises(BadInput):
        BUILT[name].parse(body, at=ARRIVED)
