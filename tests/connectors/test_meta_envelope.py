"""What Meta's channels share: signature, challenge, times, keys."""

import hashlib
import hmac
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.channel import Platform
from bot.core.errors import BadSignature
from connectors import instagram, messenger
from connectors.meta import key, moment
from tests.connectors.meta_bodies import (
    ACCOUNT,
    HAPPENED,
    OLD_SECRET,
    PAGE,
    SECRET,
    body,
    channels,
    environment,
)

BOTH = ("messenger", "instagram")


def signed(raw: bytes, secret: str = SECRET, *, algorithm: str = "sha256") -> str:
    return f"{algorithm}={hmac.new(secret.encode(), raw, algorithm).hexdigest()}"


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize("secret", [SECRET, OLD_SECRET])
def test_a_body_signed_with_any_of_the_secrets_is_authentic(name: str, secret: str) -> None:
    raw = body(name, "text")  # in Meta's spelling: escaped non-ASCII letters and slashes
    channels()[name].check_signature({"x-hub-signature-256": signed(raw, secret)}, raw)


@pytest.mark.parametrize("name", BOTH)
def test_the_bytes_are_signed_not_what_they_mean(name: str) -> None:
    raw = body(name, "text")
    respelled = json.dumps(json.loads(raw), ensure_ascii=False).encode()
    with pytest.raises(BadSignature):
        channels()[name].check_signature({"x-hub-signature-256": signed(raw)}, respelled)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-hub-signature-256": ""},
        {"x-hub-signature-256": signed(b"{}", "another-secret")},
        {"x-hub-signature-256": signed(b"{ }")},
        {"x-hub-signature-256": signed(b"{}").upper()},
        {"x-hub-signature-256": signed(b"{}").removeprefix("sha256=")},
        {"x-hub-signature-256": signed(b"{}") + "0"},
        {"x-hub-signature-256": signed(b"{}") + "\n"},
        {"x-hub-signature-256": signed(b"{}", algorithm="sha1")},
        {"x-hub-signature-256": "sha256=" + "ė" * 64},
        {"x-hub-signature": signed(b"{}", algorithm="sha1")},
        {"x-hub-signature": signed(b"{}")},
    ],
)
def test_anything_else_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(BadSignature):
        channels()["messenger"].check_signature(headers, b"{}")


def test_without_a_secret_nothing_is_authentic() -> None:
    empty = hmac.new(b"", b"{}", hashlib.sha256).hexdigest()
    with pytest.raises(BadSignature):
        messenger.connector({}).check_signature({"x-hub-signature-256": f"sha256={empty}"}, b"{}")


def test_the_challenge_is_given_back_to_who_knows_the_word() -> None:
    query = {"hub.mode": "subscribe", "hub.verify_token": "our-word", "hub.challenge": "1158201444"}
    assert channels()["messenger"].challenge(query) == "1158201444"


@pytest.mark.parametrize(
    "change",
    [
        {"hub.verify_token": "their-word"},
        {"hub.verify_token": ""},
        {"hub.verify_token": "žodis\ud800"},
        {"hub.mode": "unsubscribe"},
        {"hub.mode": ""},
    ],
)
def test_other_challenges_are_refused(change: dict[str, str]) -> None:
    query = {"hub.mode": "subscribe", "hub.verify_token": "our-word", "hub.challenge": "1158201444"}
    assert channels()["instagram"].challenge(query | change) is None


def test_a_challenge_is_refused_when_no_word_is_set() -> None:
    assert messenger.connector({}).challenge({"hub.mode": "subscribe", "hub.challenge": "1"}) is None


@pytest.mark.parametrize(
    "value",
    [
        1_780_000_000_000,
        1_780_000_000,
        "1780000000",
        "1780000000000",
        1_780_000_000.0,
        "2026-05-28T20:26:40+0000",
    ],
)
def test_times_are_read_in_every_form_they_come_in(value: object) -> None:
    assert moment(value, datetime(2027, 1, 1, tzinfo=UTC)) == HAPPENED


@pytest.mark.parametrize(
    "value",
    [None, True, "", "soon", [], {}, 0, -5, 1e300, float("nan"), float("inf"), "1e400", 10**400, 4e12],
)
def test_a_time_that_is_none_is_the_time_it_came(value: object) -> None:
    assert moment(value, HAPPENED) == HAPPENED


@given(st.lists(st.text(max_size=400), min_size=1, max_size=4))
def test_keys_fit_their_column(names: list[str]) -> None:
    assert len(key(*names)) <= 300


def test_long_keys_differ_where_their_texts_do() -> None:
    assert key("message", "x" * 400 + "a") != key("message", "x" * 400 + "b")


@pytest.mark.parametrize("name", BOTH)
def test_a_channel_without_values_is_off_and_says_what_it_lacks(name: str) -> None:
    found = {"messenger": messenger, "instagram": instagram}[name].connector({})
    assert isinstance(found, Platform)
    assert found.missing == ("APP_SECRET", "VERIFY_TOKEN", "ACCOUNT", "TOKEN")
    assert found.accounts == ()
    assert {need.name for need in found.needs} >= set(found.missing)


def test_a_flavour_that_is_none_is_missing() -> None:
    assert instagram.connector(environment("instagram", ACCOUNT, FLAVOUR="tiktok")).missing == ("FLAVOUR",)


def test_further_accounts_have_tokens_of_their_own() -> None:
    more = {
        "AISLE_MESSENGER_TOKEN__204500000000022": "token-2",
        "AISLE_MESSENGER_TOKEN__204500000000033": " ",
    }
    found = messenger.connector(environment("messenger", PAGE) | more)
    assert (found.missing, found.accounts) == ((), (PAGE, "204500000000022"))


def test_an_account_may_be_named_with_its_token_alone() -> None:
    given = environment("messenger", "") | {
        "AISLE_MESSENGER_TOKEN": "",
        "AISLE_MESSENGER_TOKEN__9": "token-9",
    }
    assert messenger.connector(given).accounts == ("9",)
