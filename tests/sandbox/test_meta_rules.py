"""The stand-in refuses what Messenger and Instagram refuse, with their codes."""

import hashlib
import hmac
from typing import Any

import pytest

from bot.sandbox.serving import Sandbox
from tests.sandbox.callers import Caller

PERSON = "7412589630147"
DAY = 86_400
BUTTON = {"type": "postback", "title": "Yes", "payload": "c:1:yes"}


def generic(*elements: dict[str, Any]) -> dict[str, Any]:
    payload = {"template_type": "generic", "elements": list(elements)}
    return {"attachment": {"type": "template", "payload": payload}}


def buttons(text: str, *items: dict[str, Any]) -> dict[str, Any]:
    payload = {"template_type": "button", "text": text, "buttons": list(items)}
    return {"attachment": {"type": "template", "payload": payload}}


def replies(count: int) -> dict[str, Any]:
    items = [{"content_type": "text", "title": f"Size {n}", "payload": f"c:1:{n}"} for n in range(count)]
    return {"text": "Which size?", "quick_replies": items}


def image(url: str) -> dict[str, Any]:
    return {"attachment": {"type": "image", "payload": {"url": url}}}


def codes(answer: Any) -> tuple[int, int | None]:
    return answer["error"]["code"], answer["error"].get("error_subcode")


@pytest.mark.parametrize(
    ("channel", "message"),
    [
        ("messenger", {"text": "x" * 2001}),
        ("messenger", {"text": "  "}),
        ("messenger", {}),
        ("messenger", {"text": "both", **image("https://shop.test/a.png")}),
        ("messenger", {"text": "hi", "metadata": "m" * 1001}),
        ("instagram", {"text": "ė" * 501}),  # 1002 bytes
        ("instagram", {"attachment": {"type": "template", "payload": {"template_type": "media"}}}),
        ("messenger", replies(14)),
        (
            "messenger",
            {"text": "x", "quick_replies": [{"content_type": "text", "title": "", "payload": "p"}]},
        ),
        (
            "messenger",
            {"text": "x", "quick_replies": [{"content_type": "text", "title": "A", "payload": ""}]},
        ),
        ("messenger", generic()),
        ("messenger", generic(*[{"title": "T", "subtitle": "S"}] * 11)),
        ("messenger", generic({"title": "T" * 81, "subtitle": "S"})),
        ("messenger", generic({"title": "only a title"})),
        ("messenger", generic({"title": "T", "buttons": [BUTTON] * 4})),
        ("messenger", generic({"title": "T", "buttons": [{**BUTTON, "title": "T" * 21}]})),
        ("messenger", generic({"title": "T", "image_url": "/relative.png"})),
        ("messenger", buttons("x" * 641, BUTTON)),
        ("messenger", buttons("no buttons")),
        ("messenger", image("http://shop.test/not-tls.png")),
        ("messenger", {"attachment": {"type": "hologram", "payload": {}}}),
    ],
)
async def test_a_message_that_holds_what_it_may_not_is_refused(
    channel: str, message: dict[str, Any], sandbox: Sandbox, caller: Caller
) -> None:
    sandbox.say(channel, PERSON, "hello")
    status, answer = await caller.send(channel, PERSON, message)
    assert (status, codes(answer)) == (400, (100, None))
    assert answer["error"]["type"] == "OAuthException"
    assert answer["error"]["fbtrace_id"]
    assert sandbox.accepted(channel, PERSON) == []


@pytest.mark.parametrize(
    ("channel", "message"),
    [
        ("messenger", {"text": "x" * 2000}),
        ("instagram", {"text": "ė" * 500}),
        ("messenger", replies(13)),
        ("messenger", generic(*[{"title": "T" * 80, "subtitle": "S" * 80, "buttons": [BUTTON] * 3}] * 10)),
        ("messenger", buttons("x" * 640, BUTTON)),
        ("messenger", image("https://shop.test/a.png")),
        ("instagram", {"attachment": {"type": "like_heart"}}),
    ],
)
async def test_a_message_at_the_limit_is_taken(
    channel: str, message: dict[str, Any], sandbox: Sandbox, caller: Caller
) -> None:
    sandbox.say(channel, PERSON, "hello")
    status, answer = await caller.send(channel, PERSON, message)
    assert status == 200, answer
    assert answer == {"recipient_id": PERSON, "message_id": sandbox.accepted(channel, PERSON)[0].platform_id}
    assert sandbox.accepted(channel, PERSON)[0].warnings == []


async def test_a_long_quick_reply_is_cut_and_marked(sandbox: Sandbox, caller: Caller) -> None:
    sandbox.say("messenger", PERSON, "hello")
    item = {"content_type": "text", "title": "Where is my order now?", "payload": "c:1:1"}
    assert (await caller.send("messenger", PERSON, {"text": "?", "quick_replies": [item]}))[0] == 200
    entry = sandbox.accepted("messenger", PERSON)[0]
    assert entry.view["quick_replies"][0]["title"] == "Where is my order no"
    assert "cut" in entry.warnings[0]


@pytest.mark.parametrize(
    ("channel", "waited", "more", "refused"),
    [
        ("messenger", DAY - 60, {}, None),
        ("messenger", DAY + 60, {}, (10, 2018278)),
        ("instagram", DAY + 60, {}, (10, 2534022)),
        ("messenger", DAY + 60, {"messaging_type": "UPDATE"}, (10, 2018278)),
        ("messenger", 6 * DAY, {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}, None),
        ("instagram", 6 * DAY, {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}, None),
        ("messenger", 7 * DAY + 60, {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}, (10, 2018278)),
        ("messenger", 60, {"messaging_type": "MESSAGE_TAG", "tag": "POST_PURCHASE_UPDATE"}, (100, None)),
        ("messenger", 60, {"messaging_type": "MESSAGE_TAG"}, (100, None)),
        ("messenger", 60, {"messaging_type": "SHOUT"}, (100, None)),
    ],
)
async def test_windows_and_tags(
    channel: str,
    waited: int,
    more: dict[str, Any],
    refused: tuple[int, int | None] | None,
    sandbox: Sandbox,
    caller: Caller,
) -> None:
    sandbox.say(channel, PERSON, "hello")
    sandbox.wait(channel, PERSON, waited)
    status, answer = await caller.send(channel, PERSON, {"text": "hi"}, **more)
    assert (None if status == 200 else codes(answer)) == refused


async def test_a_reaction_opens_the_window_again(sandbox: Sandbox, caller: Caller) -> None:
    said = sandbox.say("messenger", PERSON, "hello")
    sandbox.wait("messenger", PERSON, 2 * DAY)
    sandbox.act("messenger", PERSON, "reaction", target=said.platform_id, emoji="❤")
    assert (await caller.send("messenger", PERSON, {"text": "hi"}))[0] == 200


async def test_human_agent_needs_the_feature(sandbox: Sandbox, caller: Caller) -> None:
    sandbox.world.account("messenger").has_human_agent = False
    sandbox.say("messenger", PERSON, "hello")
    more = {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}
    assert codes((await caller.send("messenger", PERSON, {"text": "hi"}, **more))[1]) == (10, None)


@pytest.mark.parametrize(
    ("channel", "expected"), [("messenger", (100, 2018001)), ("instagram", (100, 2534014))]
)
async def test_strangers_cannot_be_written_to(
    channel: str, expected: tuple[int, int], caller: Caller
) -> None:
    assert codes((await caller.send(channel, "404", {"text": "hi"}))[1]) == expected


async def test_who_blocked_the_shop_is_not_available(sandbox: Sandbox, caller: Caller) -> None:
    sandbox.say("messenger", PERSON, "hello")
    sandbox.act("messenger", PERSON, "block")
    assert codes((await caller.send("messenger", PERSON, {"text": "hi"}))[1]) == (551, 1545041)
    sandbox.act("messenger", PERSON, "block", is_on=False)
    assert (await caller.send("messenger", PERSON, {"text": "hi"}))[0] == 200


@pytest.mark.parametrize(
    ("channel", "expected"), [("messenger", (10, 2018300)), ("instagram", (100, 2534037))]
)
async def test_another_app_may_own_the_thread(
    channel: str, expected: tuple[int, int], sandbox: Sandbox, caller: Caller
) -> None:
    sandbox.say(channel, PERSON, "hello")
    sandbox.act(channel, PERSON, "other_app")
    assert codes((await caller.send(channel, PERSON, {"text": "hi"}))[1]) == expected
    assert (await caller.graph(channel, "me/take_thread_control", {"recipient": {"id": PERSON}}))[0] == 200
    assert (await caller.send(channel, PERSON, {"text": "hi"}))[0] == 200


@pytest.mark.parametrize(
    ("dead", "expected"), [("expired", (190, 463)), ("revoked", (190, 458))], ids=["expired", "revoked"]
)
async def test_a_dead_token(dead: str, expected: tuple[int, int], sandbox: Sandbox, caller: Caller) -> None:
    sandbox.say("messenger", PERSON, "hello")
    sandbox.faults("messenger", dead_token=dead)
    status, answer = await caller.send("messenger", PERSON, {"text": "hi"})
    assert (status, codes(answer)) == (401, expected)
    status, answer = await caller.graph("messenger", "me?fields=id,name", method="GET")
    assert (status, codes(answer)) == (401, expected)


async def test_a_token_of_nobody_and_none(caller: Caller) -> None:
    assert codes((await caller.graph("messenger", "me", method="GET", token="EAAnonsense"))[1]) == (190, None)
    assert codes((await caller.graph("messenger", "me", method="GET", token=""))[1])[0] == 104


async def test_a_missing_permission(sandbox: Sandbox, caller: Caller) -> None:
    sandbox.say("messenger", PERSON, "hello")
    sandbox.world.account("messenger").permissions.discard("pages_messaging")
    status, answer = await caller.send("messenger", PERSON, {"text": "hi"})
    assert (status, codes(answer)) == (403, (200, None))


async def test_the_proof_of_the_app_secret(sandbox: Sandbox, caller: Caller) -> None:
    account = sandbox.world.account("messenger")
    account.needs_proof = True
    assert codes((await caller.graph("messenger", "me", method="GET"))[1])[0] == 100
    proof = hmac.new(account.app_secret.encode(), account.token.encode(), hashlib.sha256).hexdigest()
    assert (await caller.graph("messenger", f"me?appsecret_proof={proof}", method="GET"))[0] == 200
    assert (
        codes((await caller.graph("messenger", f"me?appsecret_proof={'0' * 64}", method="GET"))[1])[0] == 100
    )


async def test_the_node_of_another_page(sandbox: Sandbox, caller: Caller) -> None:
    sandbox.say("messenger", PERSON, "hello")
    body = {"recipient": {"id": PERSON}, "message": {"text": "hi"}}
    assert codes((await caller.graph("messenger", "999/messages", body))[1]) == (100, 33)
    own = sandbox.world.account("messenger").id
    assert (await caller.graph("messenger", f"{own}/messages", body))[0] == 200


async def test_a_sender_action_stands_alone(sandbox: Sandbox, caller: Caller) -> None:
    sandbox.say("messenger", PERSON, "hello")
    both = {"recipient": {"id": PERSON}, "sender_action": "typing_on", "message": {"text": "hi"}}
    assert codes((await caller.graph("messenger", "me/messages", both))[1]) == (100, 2018014)
    alone = {"recipient": {"id": PERSON}, "sender_action": "typing_on"}
    assert await caller.graph("messenger", "me/messages", alone) == (200, {"recipient_id": PERSON})
    assert sandbox.thread("messenger", PERSON).typing_until is not None
    await caller.graph("messenger", "me/messages", {**alone, "sender_action": "mark_seen"})
    assert sandbox.thread("messenger", PERSON).entries[0].marks == {"seen": True}


@pytest.mark.parametrize(
    ("channel", "more", "refused"),
    [
        ("messenger", {}, None),
        ("instagram", {}, None),
        ("messenger", {"age_seconds": 8 * DAY}, (10903, None)),
        ("instagram", {"age_seconds": 8 * DAY}, (100, 2534025)),
    ],
)
async def test_private_replies_once_and_within_seven_days(
    channel: str,
    more: dict[str, Any],
    refused: tuple[int, int | None] | None,
    sandbox: Sandbox,
    caller: Caller,
) -> None:
    comment = sandbox.act(channel, PERSON, "comment", text="Price?", **more)
    body = {"recipient": {"comment_id": comment.platform_id}, "message": {"text": "Hello"}}
    status, answer = await caller.graph(channel, "me/messages", body)
    assert (None if status == 200 else codes(answer)) == refused
    if refused is None:
        assert answer["recipient_id"] == PERSON
        again = {"messenger": (10900, None), "instagram": (100, 2534025)}[channel]
        assert codes((await caller.graph(channel, "me/messages", body))[1]) == again
        window = {"messenger": (10, 2018278), "instagram": (10, 2534022)}[channel]
        assert codes((await caller.send(channel, PERSON, {"text": "more"}))[1]) == window  # until they answer
        sandbox.say(channel, PERSON, "thanks")
        assert (await caller.send(channel, PERSON, {"text": "more"}))[0] == 200


async def test_a_live_comment_is_answered_while_live(sandbox: Sandbox, caller: Caller) -> None:
    first, second = (
        sandbox.act("instagram", PERSON, "comment", text=text, is_live=True)
        for text in ("how much?", "and blue?")
    )

    def body(comment_id: str) -> dict[str, Any]:
        return {"recipient": {"comment_id": comment_id}, "message": {"text": "40"}}

    assert (await caller.graph("instagram", "me/messages", body(first.platform_id)))[0] == 200
    sandbox.act("instagram", PERSON, "end_live")
    assert codes((await caller.graph("instagram", "me/messages", body(second.platform_id)))[1]) == (
        100,
        2534025,
    )


@pytest.mark.parametrize(
    ("channel", "values", "code"),
    [
        ("messenger", {}, 80006),
        ("instagram", {}, 80002),
        ("messenger", {"throttle_code": "calls"}, 613),
        ("messenger", {"throttle_code": "app"}, 4),
    ],
)
async def test_throttling_says_how_long(
    channel: str, values: dict[str, Any], code: int, sandbox: Sandbox, caller: Caller
) -> None:
    sandbox.say(channel, PERSON, "hello")
    sandbox.faults(channel, script=["throttle"], throttle_minutes=3, throttle_seconds=7, **values)
    assert codes((await caller.send(channel, PERSON, {"text": "hi"}))[1])[0] == code
    assert '"estimated_time_to_regain_access": 3' in caller.headers["X-Business-Use-Case-Usage"]
    assert '"call_count": 100' in caller.headers["X-App-Usage"]
    assert caller.headers["Retry-After"] == "7"
    assert (await caller.send(channel, PERSON, {"text": "hi"}))[0] == 200
    assert "Retry-After" not in caller.headers


async def test_too_many_messages_in_a_second(sandbox: Sandbox, caller: Caller) -> None:
    sandbox.world.account("messenger").per_second = 2
    sandbox.say("messenger", PERSON, "hello")
    statuses = [(await caller.send("messenger", PERSON, {"text": str(n)}))[0] for n in range(3)]
    assert statuses == [200, 200, 400]
