"""Messenger and Instagram on the wire: sending, courtesies, profiles, check and set-up, against a loopback API."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web

from bot.core.channel import Finding, Outgoing, Person, Receipt
from bot.core.errors import NotDelivered
from bot.core.messages import Image, Text
from bot.core.profile import Profile
from bot.desk.channel_profile import channel_profile
from bot.desk.words import Words
from connectors import instagram, messenger
from connectors.messenger import FIELDS, PERMISSIONS
from connectors.meta_channel import MetaChannel
from tests.connectors.loopback import Answer, Loopback, loopback
from tests.connectors.meta_bodies import ACCOUNT, APP, FOLLOWER, PAGE, SHOPPER, environment

MESSENGER, INSTAGRAM = f"/v25.0/{PAGE}", "/v25.0/me"
DONE = (200, {"success": True})
PICTURE = "https://cdn.shop.example/jumper.jpg"
WEBHOOK = "https://shop.example/webhooks/messenger"


def error(code: int, subcode: int | None = None, status: int = 400) -> tuple[int, Any]:
    return status, {"error": {"message": "said so", "code": code, "error_subcode": subcode}}


@pytest.fixture
async def api() -> AsyncIterator[Loopback]:
    async with loopback() as platform:
        yield platform


@pytest.fixture
async def page(api: Loopback) -> AsyncIterator[MetaChannel]:
    found = messenger.connector(environment("messenger", PAGE, API=api.url))
    yield found
    await found.close()


@pytest.fixture
async def through_page(api: Loopback) -> AsyncIterator[MetaChannel]:
    found = instagram.connector(environment("instagram", ACCOUNT, API=api.url))
    yield found
    await found.close()


@pytest.fixture
async def on_its_own(api: Loopback) -> AsyncIterator[MetaChannel]:
    found = instagram.connector(environment("instagram", ACCOUNT, API=api.url, FLAVOUR="instagram"))
    yield found
    await found.close()


def message(*parts: Any, account: str = PAGE, person: str = SHOPPER, **more: Any) -> Outgoing:
    return Outgoing(812, "c1", account, person, "", parts or (Text("Hello"),), None, **more)


async def sent(channel: MetaChannel, said: Outgoing) -> list[Receipt]:
    return [await channel.send(said, piece) for piece in channel.render(said)]


async def test_a_message_is_posted_under_the_page_with_its_token(api: Loopback, page: MetaChannel) -> None:
    api.answer(f"{MESSENGER}/messages", (200, {"recipient_id": SHOPPER, "message_id": "m_1"}))
    assert await sent(page, message()) == [Receipt("m_1", SHOPPER)]
    assert api.calls[0].headers["authorization"] == f"Bearer token-of-{PAGE}"


async def test_an_instagram_message_is_posted_under_whose_token_it_is(
    api: Loopback, through_page: MetaChannel, on_its_own: MetaChannel
) -> None:
    api.answer(f"{INSTAGRAM}/messages", (200, {"recipient_id": FOLLOWER, "message_id": "mid"}))
    for channel in (through_page, on_its_own):
        assert await sent(channel, message(account=ACCOUNT, person=FOLLOWER)) == [Receipt("mid", FOLLOWER)]


async def test_a_private_reply_tells_who_the_person_is(api: Loopback, page: MetaChannel) -> None:
    api.answer(f"{MESSENGER}/messages", (200, {"recipient_id": SHOPPER, "message_id": "m_2"}))
    assert await sent(page, message(person="", way="private_reply", comment="301_9001")) == [
        Receipt("m_2", SHOPPER)
    ]


async def test_a_message_taken_with_a_broken_answer_is_sent(api: Loopback, page: MetaChannel) -> None:
    api.answer(f"{MESSENGER}/messages", error(1, 1357046))
    assert await sent(page, message()) == [Receipt("")]


async def test_each_account_has_its_token_and_a_stranger_none(api: Loopback, page: MetaChannel) -> None:
    with pytest.raises(NotDelivered) as caught:
        await sent(page, message(account="999"))
    assert (caught.value.cause, api.calls) == ("account", [])


@pytest.mark.parametrize("subcode", [2018008, 2018047, 2018109, 2018294, 2018074])
async def test_a_picture_that_cannot_be_fetched_is_sent_as_its_address(
    api: Loopback, page: MetaChannel, subcode: int
) -> None:
    api.answer(f"{MESSENGER}/messages", error(100, subcode), (200, {"message_id": "m_3"}))
    assert await sent(page, message(Image(PICTURE))) == [Receipt("m_3")]
    bodies = api.bodies(f"{MESSENGER}/messages")
    assert bodies[1]["message"] == {"text": PICTURE, "metadata": "aisle:812:0"}
    assert bodies[1]["recipient"] == bodies[0]["recipient"]


async def test_without_the_feature_a_later_answer_fails_and_the_channel_goes_on(
    api: Loopback, page: MetaChannel
) -> None:
    api.answer(f"{MESSENGER}/messages", error(10))
    with pytest.raises(NotDelivered) as tagged:
        await sent(page, message(way="human_agent"))
    with pytest.raises(NotDelivered) as plain:
        await sent(page, message())
    assert (tagged.value.cause, plain.value.cause) == ("message", "account")


@pytest.mark.parametrize(("what", "action"), [("typing", "typing_on"), ("seen", "mark_seen")])
async def test_courtesies_are_actions_and_never_raise(
    api: Loopback, page: MetaChannel, what: str, action: str
) -> None:
    api.answer(f"{MESSENGER}/messages", error(551, 1545041))
    await page.mark(PAGE, SHOPPER, what=what)
    assert api.bodies(f"{MESSENGER}/messages") == [{"recipient": {"id": SHOPPER}, "sender_action": action}]


async def test_guests_and_other_courtesies_cost_no_call(api: Loopback, page: MetaChannel) -> None:
    await page.mark(PAGE, "user_ref:guest", what="typing")
    await page.mark(PAGE, SHOPPER, what="dancing")
    assert await page.person(PAGE, "user_ref:guest") is None
    assert api.calls == []


async def test_a_profile_has_a_name_and_a_picture(
    api: Loopback, page: MetaChannel, through_page: MetaChannel
) -> None:
    api.answer(
        f"/v25.0/{SHOPPER}", (200, {"first_name": "Jonas", "last_name": "Pavyzdys", "profile_pic": PICTURE})
    )
    api.answer(f"/v25.0/{FOLLOWER}", (200, {"username": "jonas.p"}))
    assert await page.person(PAGE, SHOPPER) == Person(name="Jonas Pavyzdys", picture=PICTURE)
    assert await through_page.person(ACCOUNT, FOLLOWER) == Person(name="jonas.p", username="jonas.p")


@pytest.mark.parametrize(
    "answer", [error(100, 2018218), error(100, 2018247), error(100, 33), error(2), (200, b"")]
)
async def test_no_profile_is_no_trouble(api: Loopback, page: MetaChannel, answer: Any) -> None:
    api.answer(f"/v25.0/{SHOPPER}", answer)
    assert await page.person(PAGE, SHOPPER) is None


# --- check


def told(findings: list[Finding]) -> dict[str, str]:
    return {finding.what: finding.state for finding in findings}


def well(api: Loopback, **token: Any) -> None:
    data = {"is_valid": True, "expires_at": 0, "scopes": list(PERMISSIONS), **token}
    api.answer("/v25.0/me", (200, {"id": PAGE, "name": "Wool & Co"}), (200, {"id": PAGE}))
    api.answer("/v25.0/debug_token", (200, {"data": data}))
    api.answer(
        f"{MESSENGER}/subscribed_apps", (200, {"data": [{"id": APP, "subscribed_fields": list(FIELDS)}]})
    )


async def test_a_page_that_is_well_is_found_well(api: Loopback, page: MetaChannel) -> None:
    well(api)
    assert told(await page.check(PAGE)) == {
        "the token is good (Wool & Co)": "ok",
        "the account's events are told to us": "ok",
    }
    looked_into = next(call for call in api.calls if call.path == "/v25.0/debug_token")
    assert looked_into.headers["authorization"] == f"Bearer {APP}|new-app-secret"
    assert looked_into.query["input_token"] == f"token-of-{PAGE}"


@pytest.mark.parametrize(
    ("token", "what", "state"),
    [
        ({"is_valid": False}, "the token is no longer valid", "broken"),
        (
            {"scopes": ["pages_messaging"]},
            "permissions are missing: pages_manage_metadata, pages_read_engagement",
            "warning",
        ),
        ({"expires_at": 4_000_000_000}, "the token ends on 2096-10-02", "ok"),
    ],
)
async def test_a_token_is_looked_into(
    api: Loopback, page: MetaChannel, token: dict[str, Any], what: str, state: str
) -> None:
    well(api, **token)
    assert told(await page.check(PAGE))[what] == state


async def test_what_ends_and_what_is_used_is_told_in_numbers(api: Loopback, page: MetaChannel) -> None:
    well(api, expires_at=1_800_000_000)
    api.answer(f"{MESSENGER}/messages", used(42))
    await sent(page, message())
    findings = await page.check(PAGE)
    assert [one.used_percent for one in findings if one.used_percent is not None] == [42]
    assert [one.expires_at for one in findings if one.expires_at] == [
        datetime.fromtimestamp(1_800_000_000, UTC)
    ]


def used(percent: int) -> Answer:
    async def answer(_request: web.Request) -> web.StreamResponse:
        header = json.dumps({"call_count": percent, "total_time": 1, "total_cputime": 1})
        return web.json_response({"message_id": "m"}, headers={"X-App-Usage": header})

    return answer


async def test_a_dead_token_is_broken_and_nothing_more_is_asked(api: Loopback, page: MetaChannel) -> None:
    api.answer("/v25.0/me", error(190, 463, 401))
    assert told(await page.check(PAGE)) == {"the platform refuses the token": "broken"}
    assert len(api.calls) == 1


async def test_the_token_of_another_page_is_broken(api: Loopback, page: MetaChannel) -> None:
    well(api)
    api.answer("/v25.0/me", (200, {"id": "777", "name": "Other"}))
    assert "broken" in told(await page.check(PAGE)).values()


@pytest.mark.parametrize(
    ("apps", "what"),
    [
        ([], "nothing this account hears is told to us"),
        ([{"id": "777", "subscribed_fields": list(FIELDS)}], "nothing this account hears is told to us"),
        ([{"id": APP, "subscribed_fields": list(FIELDS[1:])}], "events are not told to us: messages"),
    ],
)
async def test_a_webhook_that_hears_too_little_is_found(
    api: Loopback, page: MetaChannel, apps: list[Any], what: str
) -> None:
    well(api)
    api.answer(f"{MESSENGER}/subscribed_apps", (200, {"data": apps}))
    assert told(await page.check(PAGE))[what] == "warning"


@pytest.mark.parametrize("status", [{"hop_v2": True, "msgr_multi_app": True}, ["hop_v2", "msgr_multi_app"]])
async def test_other_apps_in_the_same_conversations_are_found(
    api: Loopback, page: MetaChannel, status: Any
) -> None:
    well(api)
    api.answer("/v25.0/me", (200, {"id": PAGE}), (200, {"messaging_feature_status": status}))
    assert told(await page.check(PAGE))["other apps may answer in the same conversations"] == "warning"


async def test_a_platform_that_is_down_is_not_a_bad_token(api: Loopback, page: MetaChannel) -> None:
    api.answer("/v25.0/me", error(2, None, 500))
    with pytest.raises(NotDelivered) as caught:
        await page.check(PAGE)
    assert caught.value.heals


@pytest.mark.parametrize("business_account", [ACCOUNT, "778"])
async def test_an_instagram_account_is_checked_through_its_page(
    api: Loopback, through_page: MetaChannel, business_account: str
) -> None:
    me = {"id": PAGE, "name": "Wool & Co", "instagram_business_account": {"id": business_account}}
    api.answer("/v25.0/me", (200, me), (200, {}))
    api.answer("/v25.0/debug_token", (200, {"data": {"is_valid": True, "scopes": []}}))
    api.answer("/v25.0/me/subscribed_apps", (200, {"data": [{"id": APP, "subscribed_fields": ["messages"]}]}))
    states = {ACCOUNT: False, "778": True}
    assert ("broken" in told(await through_page.check(ACCOUNT)).values()) is states[business_account]


async def test_an_instagram_login_is_checked_by_itself(api: Loopback, on_its_own: MetaChannel) -> None:
    api.answer("/v25.0/me", (200, {"id": "5", "user_id": ACCOUNT, "username": "wool.co"}))
    api.answer(
        "/v25.0/me/subscribed_apps", (200, {"data": [{"subscribed_fields": list(instagram.LOGIN_FIELDS)}]})
    )
    assert set(told(await on_its_own.check(ACCOUNT)).values()) == {"ok"}
    assert "/v25.0/debug_token" not in {call.path for call in api.calls}


# --- set-up

SHOP = Profile(
    name="Wool & Co",
    locale="en",
    locales=("en", "lt"),
    starters={
        "en": tuple((f"Question number {n}", "x") for n in range(6)),
        "lt": (("Kur mano užsakymas?", "x"),),
    },
)
PROFILE = channel_profile(SHOP, Words())


async def set_up(channel: MetaChannel, account: str) -> dict[str, str]:
    return told(await channel.set_up(account, webhook_url=WEBHOOK, profile=PROFILE))


def body_of(api: Loopback, path: str) -> Any:
    return api.bodies(path)[-1]


async def test_a_page_is_set_up_in_three_calls(api: Loopback, page: MetaChannel) -> None:
    for path in (
        f"/v25.0/{APP}/subscriptions",
        f"{MESSENGER}/subscribed_apps",
        f"{MESSENGER}/messenger_profile",
    ):
        api.answer(path, DONE)
    assert set((await set_up(page, PAGE)).values()) == {"ok"}
    assert len(api.calls) == 3
    subscription = body_of(api, f"/v25.0/{APP}/subscriptions")
    assert (subscription["object"], subscription["callback_url"]) == ("page", WEBHOOK)
    assert subscription["verify_token"] == "our-word"
    subscribed = next(call for call in api.calls if call.path.endswith("subscribed_apps"))
    assert set(subscribed.query["subscribed_fields"].split(",")) == set(FIELDS)


async def test_what_people_see_first_is_within_the_limits(api: Loopback, page: MetaChannel) -> None:
    for path in (
        f"/v25.0/{APP}/subscriptions",
        f"{MESSENGER}/subscribed_apps",
        f"{MESSENGER}/messenger_profile",
    ):
        api.answer(path, DONE)
    await set_up(page, PAGE)
    profile = body_of(api, f"{MESSENGER}/messenger_profile")
    assert profile["get_started"] == {"payload": "get_started"}
    assert {row["locale"] for row in profile["greeting"]} == {"default", "en_US", "en_GB", "lt_LT"}
    assert all(len(row["text"]) <= 160 for row in profile["greeting"])
    questions = {row["locale"]: row["call_to_actions"] for row in profile["ice_breakers"]}
    assert [item["payload"] for item in questions["default"]] == [
        "starter:0",
        "starter:1",
        "starter:2",
        "starter:3",
    ]
    assert questions["lt_LT"] == [{"question": "Kur mano užsakymas?", "payload": "starter:0"}]
    menu = next(row for row in profile["persistent_menu"] if row["locale"] == "default")
    assert [item["payload"] for item in menu["call_to_actions"]] == ["person", "start_over"]
    assert all(len(item["title"]) <= 30 for item in menu["call_to_actions"])


async def test_a_refused_address_is_told_with_what_to_do_by_hand(api: Loopback, page: MetaChannel) -> None:
    api.answer(f"/v25.0/{APP}/subscriptions", error(2200))
    api.answer(f"{MESSENGER}/subscribed_apps", DONE)
    api.answer(f"{MESSENGER}/messenger_profile", DONE)
    findings = await page.set_up(PAGE, webhook_url=WEBHOOK, profile=PROFILE)
    [warning] = [finding for finding in findings if finding.state == "warning"]
    assert WEBHOOK in warning.advice
    assert "our-word" not in warning.advice


async def test_a_field_that_is_refused_does_not_cost_the_others(api: Loopback, page: MetaChannel) -> None:
    api.answer(f"/v25.0/{APP}/subscriptions", error(100), DONE)
    api.answer(f"{MESSENGER}/subscribed_apps", error(200), DONE)
    api.answer(f"{MESSENGER}/messenger_profile", DONE)
    assert set((await set_up(page, PAGE)).values()) == {"ok"}
    asked = [
        call.query["subscribed_fields"].split(",") for call in api.calls if "subscribed_fields" in call.query
    ]
    assert [set(FIELDS) - set(names) for names in asked] == [set(), {"feed"}]


async def test_instagram_keeps_the_fields_its_page_has_for_messenger(
    api: Loopback, through_page: MetaChannel
) -> None:
    api.answer(f"/v25.0/{APP}/subscriptions", DONE)
    api.answer(
        f"{INSTAGRAM}/subscribed_apps", (200, {"data": [{"id": APP, "subscribed_fields": ["feed"]}]}), DONE
    )
    api.answer(f"{INSTAGRAM}/messenger_profile", DONE)
    assert set((await set_up(through_page, ACCOUNT)).values()) == {"ok"}
    subscribed = next(
        call for call in api.calls if call.method == "POST" and call.path.endswith("subscribed_apps")
    )
    assert subscribed.query["subscribed_fields"] == "feed,message_edit,messages"
    bodies = api.bodies(f"{INSTAGRAM}/messenger_profile")
    assert [set(body) for body in bodies] == [{"platform", "ice_breakers"}, {"platform", "persistent_menu"}]
    assert {body["platform"] for body in bodies} == {"instagram"}


async def test_an_instagram_login_asks_for_the_address_by_hand(
    api: Loopback, on_its_own: MetaChannel
) -> None:
    api.answer(f"{INSTAGRAM}/subscribed_apps", DONE)
    api.answer(f"{INSTAGRAM}/messenger_profile", DONE)
    found = await set_up(on_its_own, ACCOUNT)
    assert found["the webhook's address must be entered by hand"] == "warning"
    assert all("platform" not in body for body in api.bodies(f"{INSTAGRAM}/messenger_profile"))


async def test_the_profile_is_changed_at_most_ten_times_in_ten_minutes(
    api: Loopback, page: MetaChannel
) -> None:
    api.answer(f"/v25.0/{APP}/subscriptions", DONE)
    api.answer(f"{MESSENGER}/subscribed_apps", DONE)
    api.answer(f"{MESSENGER}/messenger_profile", DONE)
    found = [set((await set_up(page, PAGE)).values()) for _ in range(12)]
    assert found == [{"ok"}] * 10 + [{"ok", "warning"}] * 2
    assert len(api.bodies(f"{MESSENGER}/messenger_profile")) == 10
