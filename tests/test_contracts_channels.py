"""What every channel keeps to: a loop over the registry. Channels of other houses are `PLATFORMS`."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

import connectors
from bot.bootstrap import build_connectors
from bot.core.channel import Capabilities, Platform
from bot.core.channel_settings import variable
from bot.core.errors import BadInput, BadSignature
from bot.core.rendering import MEASURES
from connectors import instagram, messenger, whatsapp_set_up

ROOT = Path(__file__).parents[1]
CHANNELS = ROOT / "docs" / "channels"
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
EMPTY = build_connectors({})
PLATFORMS = [name for name, channel in EMPTY.items() if isinstance(channel, Platform)]
SECRET = "sixty-four-characters-nobody-guesses-0123456789-abcdefghijklmnop"


def off(name: str) -> Platform:
    """The channel without any value."""
    channel = EMPTY[name]
    assert isinstance(channel, Platform)
    return channel


def values(name: str) -> dict[str, str]:
    """A value for everything the channel is off without; secret ones hold SECRET, in the form the platform gives."""
    forms = {"telegram_TOKEN": f"1234567:{SECRET}"}
    return {
        variable(name, need.name): forms.get(f"{name}_{need.name}", SECRET if need.is_secret else "1077")
        for need in off(name).needs
        if need.name in off(name).missing
    }


def on(name: str) -> Platform:
    """The channel with a value for everything it needs."""
    channel = build_connectors(values(name))[name]
    assert isinstance(channel, Platform)
    return channel


def test_the_registry_names_every_module_of_a_channel_and_nothing_else() -> None:
    assert tuple(EMPTY) == connectors.NAMES
    assert [channel.name for channel in EMPTY.values()] == list(connectors.NAMES)
    assert len(PLATFORMS) == len(connectors.NAMES) - 2, "the web and the REST channel are ours"


@pytest.mark.parametrize("name", connectors.NAMES)
def test_a_channel_says_what_it_can_show(name: str) -> None:
    row = EMPTY[name].capabilities
    assert row.text_limit > 0
    assert row.text_unit in MEASURES
    assert row.quick_replies >= 0
    assert row.agent_window_seconds is None or row.window_seconds is not None


@pytest.mark.parametrize("name", PLATFORMS)
def test_a_channel_without_values_is_off_and_says_what_it_lacks(name: str) -> None:
    channel = off(name)
    assert channel.missing
    assert channel.accounts == ()
    assert set(channel.missing) <= {need.name for need in channel.needs}
    assert not [need for need in channel.needs if need.name in channel.missing and need.default]


@pytest.mark.parametrize("name", PLATFORMS)
def test_a_channel_with_its_values_is_on_and_has_an_account(name: str) -> None:
    channel = on(name)
    assert channel.missing == ()
    assert channel.accounts
    assert all(channel.accounts)


@pytest.mark.parametrize("name", PLATFORMS)
def test_a_value_has_a_name_that_fits_and_words_that_say_where_it_is_found(name: str) -> None:
    for need in off(name).needs:
        assert re.fullmatch(r"[A-Z][A-Z_]*[A-Z]", need.name)
        assert len(need.help) > 10
        assert not need.is_made or need.is_secret, "what we make is nobody else's business"


@pytest.mark.parametrize("name", PLATFORMS)
def test_the_address_of_the_platform_is_a_setting(name: str) -> None:
    (api,) = [need for need in off(name).needs if need.name == "API"]
    assert api.default.startswith("https://") or "empty for" in api.help


@pytest.mark.parametrize("name", PLATFORMS)
def test_no_secret_is_shown_when_a_channel_is_printed(name: str) -> None:
    channel = on(name)
    assert SECRET not in repr(channel) + str(channel) + repr(channel.needs) + repr(channel.accounts)


@pytest.mark.parametrize("name", PLATFORMS)
def test_an_empty_body_is_nothing_for_us_and_no_json_is_refused(name: str) -> None:
    channel = on(name)
    assert [heard.kind for heard in channel.parse(b"{}", at=NOW)] == ["ignored"]
    for body in (b"", b"[]", b"null", b"{", b"\xff\xfe", b'"text"'):
        with pytest.raises(BadInput):
            channel.parse(body, at=NOW)


@pytest.mark.parametrize("name", PLATFORMS)
@pytest.mark.parametrize(
    "body", [{"object": 7, "entry": {}}, {"entry": [None, 1, []]}, {"update_id": "x", "message": []}]
)
def test_an_odd_body_is_kept_as_something_ignored(name: str, body: object) -> None:
    heard = on(name).parse(json.dumps(body).encode(), at=NOW)
    assert {item.kind for item in heard} == {"ignored"}
    assert all(item.key and item.at.tzinfo for item in heard)


@pytest.mark.parametrize("name", PLATFORMS)
@pytest.mark.parametrize("headers", [{}, {"x-hub-signature-256": "sha256=" + "0" * 64}])
def test_an_unsigned_or_wrongly_signed_call_is_refused(name: str, headers: dict[str, str]) -> None:
    for channel in (on(name), off(name)):
        with pytest.raises(BadSignature):
            channel.check_signature(headers, b"{}")


@pytest.mark.parametrize("name", PLATFORMS)
@pytest.mark.parametrize("token", ["", "wrong", "wröng \udc80"])
def test_a_verification_with_a_wrong_token_is_refused(name: str, token: str) -> None:
    query = {"hub.mode": "subscribe", "hub.verify_token": token, "hub.challenge": "17"}
    for channel in (on(name), off(name)):
        assert channel.challenge(query) is None
        assert channel.challenge({}) is None


@pytest.mark.parametrize("name", PLATFORMS)
def test_a_channel_has_its_page_with_all_a_shop_needs_to_know(name: str) -> None:
    page = (CHANNELS / f"{name}.md").read_text()
    titles = re.findall(r"^## (.+)$", page, re.M)
    for wanted in ("Set it up", "Try it", "What the bot can and cannot do", "What breaks", "Privacy"):
        assert [title for title in titles if title.startswith(wanted)], wanted
    assert f"aisle channel add {name}" in page
    assert f"aisle channel check {name}" in page
    assert f"]({name}.md)" in (CHANNELS / "README.md").read_text()


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("messenger", messenger.PERMISSIONS),
        ("instagram", instagram.PERMISSIONS),
        ("instagram", instagram.LOGIN_FIELDS),
        ("whatsapp", whatsapp_set_up.PERMISSIONS),
    ],
)
def test_what_must_be_asked_for_is_on_the_page(name: str, asked: tuple[str, ...]) -> None:
    page = (CHANNELS / f"{name}.md").read_text()
    assert [one for one in asked if f"`{one}`" not in page] == []


@pytest.mark.parametrize("name", PLATFORMS)
def test_every_value_is_in_the_settings_page_as_it_is(name: str) -> None:
    page = (ROOT / "docs" / "settings.md").read_text().splitlines()
    for need in off(name).needs:
        default = f"`{need.default}`" if need.default else "—"
        if need.is_made:
            default = "made by `aisle channel add`"
        assert f"| `{variable(name, need.name)}` | {default} | {need.help} |" in page


def test_no_value_is_documented_that_no_channel_reads() -> None:
    page = (ROOT / "docs" / "settings.md").read_text()
    documented = set(re.findall(rf"^\| `(AISLE_(?:{'|'.join(PLATFORMS).upper()})_\w+)`", page, re.M))
    assert documented == {variable(name, need.name) for name in PLATFORMS for need in off(name).needs}


def _span(seconds: int | None) -> str:
    if seconds is None:
        return "at any time"
    return f"{seconds // 3600} hours" if seconds < 172_800 else f"{seconds // 86_400} days"


def _row(title: str, row: Capabilities) -> str:
    unit = {"utf16": "characters", "bytes": "bytes", "characters": "characters"}[row.text_unit]
    cells = [
        title,
        f"{row.text_limit} {unit}",
        str(row.quick_replies),
        "as on the website" if row.has_cards else str(row.cards or "as words"),
        _span(row.window_seconds),
        _span(row.agent_window_seconds or row.window_seconds),
        "approved templates" if row.has_templates else "—" if row.window_seconds is None else "nothing",
        "yes" if row.has_typing else "no",
        f"within {_span(row.comment_window_seconds)}" if row.comment_window_seconds else "—",
    ]
    return f"| {' | '.join(cells)} |"


TITLES = {"messenger": "Messenger", "instagram": "Instagram", "whatsapp": "WhatsApp", "telegram": "Telegram"}


@pytest.mark.parametrize("name", PLATFORMS)
def test_the_docs_show_what_each_channel_can_show(name: str) -> None:
    assert _row(TITLES[name], EMPTY[name].capabilities) in (CHANNELS / "README.md").read_text().splitlines()
