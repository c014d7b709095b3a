"""What the product hears: shapes, signatures, tries, batches."""

import hashlib
import hmac
import json
from typing import Any

import aiohttp
import pytest

from bot.core.errors import BadInput
from bot.sandbox.accounts import environment, from_json, generated, to_json
from bot.sandbox.serving import Sandbox, running
from tests.sandbox.callers import Caller, Listener

PERSON = "7412589630147"


async def test_bodies_are_signed_as_they_leave(sandbox: Sandbox, listener: Listener) -> None:
    sandbox.say("messenger", PERSON, "Ąžuolas / 😀")
    await sandbox.hooks.settled()
    [(_, headers, body)] = listener.heard
    secret = sandbox.world.account("messenger").app_secret.encode()
    assert headers["x-hub-signature-256"] == f"sha256={hmac.new(secret, body, hashlib.sha256).hexdigest()}"
    assert body.isascii()
    assert b"\\u0104\\u017euolas \\/ \\ud83d\\ude00" in body
    assert listener.messaging("messenger")[0]["message"]["text"] == "Ąžuolas / 😀"


async def test_what_is_not_taken_comes_again_and_then_not(sandbox: Sandbox, listener: Listener) -> None:
    listener.answers = [500, 503, 200]
    sandbox.say("messenger", PERSON, "hello")
    await sandbox.hooks.settled()
    assert len({body for _, _, body in listener.heard}) == 1
    assert sandbox.hooks.postings[0].statuses == [500, 503, 200]
    listener.answers = [500] * 3
    sandbox.say("messenger", PERSON, "again")
    await sandbox.hooks.settled()
    assert sandbox.hooks.postings[1].state == "given_up"


async def test_meta_does_not_hold_later_events_back(sandbox: Sandbox, listener: Listener) -> None:
    listener.answers = [500]
    for text in ("one", "two"):
        sandbox.say("messenger", PERSON, text)
    await sandbox.hooks.settled()
    assert [e["message"]["text"] for e in listener.messaging("messenger")] == ["one", "two", "one"]


@pytest.mark.parametrize(
    ("channel", "kind", "fields", "expected"),
    [
        ("messenger", "postback", {"title": "Start", "payload": "get_started", "ref": "ad1"}, "postback"),
        ("messenger", "referral", {"ref": "news"}, "referral"),
        ("messenger", "sticker", {}, "message"),
        ("messenger", "image", {"url": "https://pictures.test/a.png"}, "message"),
        ("instagram", "story_reply", {"text": "wow", "url": "https://pictures.test/s.png"}, "message"),
        ("instagram", "story_mention", {"url": "https://pictures.test/s.png"}, "message"),
    ],
)
async def test_an_act_becomes_one_event_from_the_person(
    channel: str, kind: str, fields: dict[str, Any], expected: str, sandbox: Sandbox, listener: Listener
) -> None:
    entry = sandbox.act(channel, PERSON, kind, **fields)
    await sandbox.hooks.settled()
    [event] = listener.messaging(channel)
    account = sandbox.world.account(channel)
    assert (event["sender"]["id"], event["recipient"]["id"]) == (PERSON, account.id)
    assert set(event) == {"sender", "recipient", "timestamp", expected}
    assert event[expected].get("mid", "") == entry.platform_id


async def test_edits_reactions_and_unsending_name_their_message(sandbox: Sandbox, listener: Listener) -> None:
    said = sandbox.say("instagram", PERSON, "helo")
    sandbox.act("instagram", PERSON, "edit", target=said.platform_id, text="hello")
    sandbox.act("instagram", PERSON, "reaction", target=said.platform_id, emoji="❤️")
    sandbox.act("instagram", PERSON, "unsend", target=said.platform_id)
    await sandbox.hooks.settled()
    edit, reaction, unsent = listener.messaging("instagram")[1:]
    assert edit["message_edit"] == {"mid": said.platform_id, "text": "hello", "num_edit": 1}
    assert reaction["reaction"] == {
        "mid": said.platform_id,
        "action": "react",
        "reaction": "love",
        "emoji": "❤️",
    }
    assert unsent["message"] == {"mid": said.platform_id, "is_deleted": True}


@pytest.mark.parametrize(
    ("channel", "extra"),
    [("messenger", {"app_id", "metadata"}), ("instagram", set())],
)
async def test_what_we_say_is_echoed(
    channel: str, extra: set[str], sandbox: Sandbox, caller: Caller, listener: Listener
) -> None:
    sandbox.say(channel, PERSON, "hello")
    _, answer = await caller.send(channel, PERSON, {"text": "hi", "metadata": "aisle:1:0"})
    sandbox.act(channel, PERSON, "inbox", text="I take over")
    await sandbox.hooks.settled()
    ours, theirs = [e for e in listener.messaging(channel) if e.get("message", {}).get("is_echo")]
    assert ours["message"]["mid"] == answer["message_id"]
    assert set(ours["message"]) == {"mid", "is_echo", "text"} | extra
    assert "metadata" not in theirs["message"]
    assert ours["message"].get("app_id", 0) != theirs["message"].get("app_id", 1)


async def test_comments_come_as_changes(sandbox: Sandbox, listener: Listener) -> None:
    sandbox.act("messenger", PERSON, "comment", text="Price?")
    sandbox.act("instagram", PERSON, "comment", text="how much?", is_live=True)
    await sandbox.hooks.settled()
    [feed], [live] = listener.values("messenger"), listener.values("instagram")
    assert (feed["item"], feed["verb"], feed["message"], feed["from"]["id"]) == (
        "comment",
        "add",
        "Price?",
        PERSON,
    )
    assert feed["parent_id"] == feed["post_id"]
    assert (live["text"], live["media"]["media_product_type"]) == ("how much?", "LIVE")


async def test_while_another_app_owns_the_thread_copies_come_on_standby(
    sandbox: Sandbox, listener: Listener
) -> None:
    sandbox.say("messenger", PERSON, "hello")
    sandbox.act("messenger", PERSON, "other_app")
    sandbox.say("messenger", PERSON, "for them")
    await sandbox.hooks.settled()
    assert "pass_thread_control" in listener.messaging("messenger")[1]
    [event] = [
        e
        for body in listener.bodies("messenger")
        for entry in body["entry"]
        for e in entry.get("standby", [])
    ]
    assert event["message"]["text"] == "for them"


async def test_only_subscribed_fields_are_posted(
    sandbox: Sandbox, caller: Caller, listener: Listener
) -> None:
    own = sandbox.world.account("messenger").id
    assert (await caller.graph("messenger", f"{own}/subscribed_apps?subscribed_fields=messages"))[0] == 200
    said = sandbox.say("messenger", PERSON, "hello")
    sandbox.act("messenger", PERSON, "reaction", target=said.platform_id, emoji="👍")
    await sandbox.hooks.settled()
    assert [set(event) & {"message", "reaction"} for event in listener.messaging("messenger")] == [
        {"message"}
    ]
    _, listed = await caller.graph("messenger", f"{own}/subscribed_apps", method="GET")
    assert listed["data"][0]["subscribed_fields"] == ["messages"]


@pytest.mark.parametrize(("token", "status"), [("right", 200), ("wrong", 400)])
async def test_a_new_address_must_answer_the_challenge(
    token: str, status: int, sandbox: Sandbox, caller: Caller, listener: Listener
) -> None:
    account = sandbox.world.account("messenger")
    account.webhook = ""
    body = {"object": "page", "callback_url": f"{listener.url}/webhooks/messenger", "verify_token": token}
    app = f"{account.app_id}|{account.app_secret}"
    assert (await caller.graph("messenger", f"{account.app_id}/subscriptions", body, token=app))[0] == status
    assert bool(account.webhook) is (status == 200)


async def test_batches_duplicates_and_shuffling_lose_nothing(sandbox: Sandbox, listener: Listener) -> None:
    sandbox.faults("messenger", seed=3, batch=4, batch_seconds=0.02, shuffle=1.0, twice=1.0)
    said = [sandbox.say("messenger", f"{PERSON}{n % 2}", f"text {n}") for n in range(8)]
    await sandbox.hooks.settled()
    bodies = listener.bodies("messenger")
    assert [sum(len(entry["messaging"]) for entry in body["entry"]) for body in bodies] == [4] * 4
    mids = [event["message"]["mid"] for event in listener.messaging("messenger")]
    assert sorted(mids) == sorted([entry.platform_id for entry in said] * 2)
    assert list(dict.fromkeys(mids)) != [entry.platform_id for entry in said]


async def test_a_batch_holds_entries_of_several_accounts(sandbox: Sandbox, listener: Listener) -> None:
    page = sandbox.world.account("messenger")
    other = type(page)(
        **{**page.__dict__, "id": "2084", "token": "EAAother", "permissions": set(), "fields": set()}
    )
    sandbox.world.accounts[other.key] = other
    sandbox.world.faults[other.key] = type(sandbox.world.faults[page.key])(batch=2)
    sandbox.faults(page.key, batch=2)
    sandbox.say(page.key, PERSON, "to one")
    sandbox.say(other.key, PERSON, "to the other")
    await sandbox.hooks.settled()
    [body] = listener.bodies("messenger")
    assert [entry["id"] for entry in body["entry"]] == [page.id, "2084"]


async def test_the_profile_of_a_person_who_wrote(sandbox: Sandbox, caller: Caller) -> None:
    sandbox.meet("messenger", PERSON, name="Maria Example")
    status, answer = await caller.graph("messenger", f"{PERSON}?fields=first_name", method="GET")
    assert (status, answer["error"]["error_subcode"]) == (400, 2018218)
    sandbox.say("messenger", PERSON, "hello")
    assert await caller.graph("messenger", f"{PERSON}?fields=first_name,last_name", method="GET") == (
        200,
        {"first_name": "Maria", "last_name": "Example", "id": PERSON},
    )


async def test_unknown_kinds_are_named(caller: Caller) -> None:
    status, answer = await caller.own(
        "POST", "/sandbox/act", {"account": "telegram", "person": "1", "kind": "unsend"}
    )
    assert (status, answer["field"]) == (400, "kind")
    assert "telegram has no 'unsend'" in answer["message"]


async def test_telegram_reads_form_bodies_too(sandbox: Sandbox, caller: Caller) -> None:
    sandbox.say("telegram", "99", "hello")
    token = sandbox.world.account("telegram").token
    markup = json.dumps({"inline_keyboard": [[{"text": "A", "callback_data": "a"}]]})
    form = {"chat_id": "99", "text": "hi", "reply_markup": markup}
    async with caller.http.post(f"{sandbox.url}/bot{token}/sendMessage", data=form) as response:
        assert response.status == 200
    assert sandbox.accepted("telegram", "99")[0].view["buttons"][0]["payload"] == "a"


async def test_of_cards_with_equal_buttons_the_one_meant_is_tapped(
    sandbox: Sandbox, caller: Caller, listener: Listener
) -> None:
    sandbox.say("messenger", PERSON, "tents?")
    elements = [
        {"title": f"Tent {n}", "buttons": [{"type": "postback", "title": "Ask", "payload": f"c:1:ask:{n}"}]}
        for n in range(3)
    ]
    message = {
        "attachment": {"type": "template", "payload": {"template_type": "generic", "elements": elements}}
    }
    assert (await caller.send("messenger", PERSON, message))[0] == 200
    sandbox.tap("messenger", PERSON, "Ask")
    sandbox.tap("messenger", PERSON, "Ask", payload="c:1:ask:2")
    with pytest.raises(BadInput, match="'Buy' is offered"):
        sandbox.tap("messenger", PERSON, "Buy")
    await sandbox.hooks.settled()
    taps = [event["postback"]["payload"] for event in listener.messaging("messenger") if "postback" in event]
    assert taps == ["c:1:ask:0", "c:1:ask:2"]


async def test_a_page_and_its_instagram_account_share_a_token(listener: Listener) -> None:
    page, login = generated(listener.url)[:2]
    through_page = {
        **to_json(login),
        "flavour": "page",
        "page_id": page.id,
        "token": page.token,
        "permissions": [],
    }
    accounts = [page, *from_json([through_page])]
    assert environment(accounts, "http://127.0.0.1:1")["AISLE_INSTAGRAM_FLAVOUR"] == "facebook"
    async with running(accounts) as sandbox, aiohttp.ClientSession() as http:
        caller = Caller(sandbox, http)
        for channel, person in (("messenger", "71"), ("instagram", "72")):
            sandbox.say(channel, person, "hello")
            assert (await caller.send(channel, person, {"text": f"hello {channel}"}))[0] == 200
            assert sandbox.accepted(channel, person)[0].view["text"] == f"hello {channel}"
        _, me = await caller.graph(
            "instagram", "me?fields=instagram_business_account&platform=instagram", method="GET"
        )
        assert me == {"instagram_business_account": {"id": login.id}, "id": page.id}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "application/json"}, 200),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/json", "Host": "sandbox.attacker.test"}, 403),
    ],
)
async def test_other_sites_cannot_steer_it(headers: dict[str, str], status: int, caller: Caller) -> None:
    body = b'{"account": "messenger", "person": "71", "kind": "text", "text": "hello"}'
    async with caller.http.post(f"{caller.sandbox.url}/sandbox/act", data=body, headers=headers) as response:
        assert response.status == status
