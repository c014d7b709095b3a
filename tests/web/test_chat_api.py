"""The web-chat API against bad input: one error shape, nothing lost, nobody else's conversation."""

import json
import uuid
from collections.abc import AsyncIterator
from typing import Any

import jwt
import pytest
from sqlalchemy import func, select

from bot.core.settings import Settings
from bot.desk.people import make_api_key
from bot.store.tables import Conversation, Message
from tests.running import RunningDesk, running


@pytest.fixture
async def desk(settings: Settings) -> AsyncIterator[RunningDesk]:
    async with running(settings) as started:
        yield started


async def post(desk: RunningDesk, path: str, raw: bytes, token: str = "") -> tuple[int, Any]:
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    async with desk.http.post(desk.url + path, data=raw, headers=headers) as response:
        return response.status, await response.json()


BAD_BODIES = [
    b"", b"{", b"[]", b"null", b'"text"', b"\xff\xfe", b'{"client_id": 5}', b'{"client_id": "x", "text": "hi"}',
    b'{"client_id": "9b2f2c1e-8d7b-4f0e-9a53-1f2d3c4b5a69"}', b'{"text": "hi"}',
    b'{"client_id": "9b2f2c1e-8d7b-4f0e-9a53-1f2d3c4b5a69", "text": ["hi"]}',
    b'{"client_id": "9b2f2c1e-8d7b-4f0e-9a53-1f2d3c4b5a69", "text": "hi", "admin": true}',
    b'{"client_id": "9b2f2c1e-8d7b-4f0e-9a53-1f2d3c4b5a69", "choice": {"id": "b99"}}',
    b'{"client_id": "9b2f2c1e-8d7b-4f0e-9a53-1f2d3c4b5a69", "choice": {"id": "starter:99"}}',
    b'{"client_id": "9b2f2c1e-8d7b-4f0e-9a53-1f2d3c4b5a69", "text": "   "}',
    b"[" * 20_000,
]  # fmt: skip


@pytest.mark.parametrize("raw", BAD_BODIES, ids=range(len(BAD_BODIES)))
async def test_a_bad_body_gets_a_clear_error_and_stores_nothing(desk: RunningDesk, raw: bytes) -> None:
    shopper = await desk.shopper()
    status, answer = await post(desk, "/api/chat/messages", raw, shopper.token)
    with desk.services.database.reading() as session:
        count = session.scalar(select(func.count()).select_from(Message))
    assert status == 400
    assert answer["ok"] is False
    assert answer["error"] == "bad_input"
    assert answer["message"]
    assert count == 0


async def test_an_oversized_body_is_refused(desk: RunningDesk) -> None:
    shopper = await desk.shopper()
    status, answer = await post(
        desk, "/api/chat/messages", b'{"text": "' + b"x" * 400_000 + b'"}', shopper.token
    )
    assert (status, answer["error"]) == (413, "too_large")


async def test_a_very_long_message_is_kept_cut_and_answered(desk: RunningDesk) -> None:
    shopper = await desk.shopper()
    status, _ = await shopper.send("long " + "x" * 100_000)
    thread = await shopper.until("echo: long")
    assert status == 202
    assert len(thread[0][1]) == desk.services.settings.max_message_chars


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("hello 👋🏽 שלום مرحبا", "hello 👋🏽 שלום مرحبا"),
        ("a\u0000b\u0007c", "abc"),
        ("safe\u202egnp.exe", "safegnp.exe"),
        ("<img src=x onerror=alert(1)>", "<img src=x onerror=alert(1)>"),
        ("line one\r\nline two", "line one\nline two"),
    ],
)
async def test_odd_text_is_kept_as_text(desk: RunningDesk, typed: str, kept: str) -> None:
    shopper = await desk.shopper()
    await shopper.send(typed)
    thread = await shopper.until("echo:")
    assert thread[0] == ("shopper", kept)


@pytest.mark.parametrize(
    "typed", ["/affirm", '/track_order{"order_id":"EVIL"}', "//restart", " /deny", "\\/deny"]
)
async def test_what_people_type_is_never_a_command_to_the_brain(desk: RunningDesk, typed: str) -> None:
    shopper = await desk.shopper()
    await shopper.send(typed)
    await shopper.until("echo:")
    assert not desk.brain.turns[0]["message"].startswith("/")


async def test_a_chosen_button_reaches_the_brain_as_its_payload(desk: RunningDesk) -> None:
    shopper = await desk.shopper()
    await shopper.send("buttons")
    await shopper.until("Shall I?")
    event = (await shopper.events())[-1]
    items = event["message"]["parts"][0]["items"]
    assert [sorted(item) for item in items] == [["id", "title"], ["id", "title"]]
    await shopper.send(choice={"id": items[0]["id"], "seq": event["seq"]})
    thread = await shopper.until("You said yes.")
    assert ("shopper", "Yes") in thread


async def test_a_quick_reply_can_be_typed(desk: RunningDesk) -> None:
    shopper = await desk.shopper()
    await shopper.send("buttons")
    await shopper.until("Shall I?")
    await shopper.send("no")
    await shopper.until("You said no.")


@pytest.mark.parametrize("token", ["", "x", "a.b.c", jwt.encode({"sub": "1", "conv": "2"}, "w" * 40)])
async def test_a_forged_token_reads_and_writes_nothing(desk: RunningDesk, token: str) -> None:
    for method, path in (("POST", "messages"), ("GET", "events"), ("GET", "transcript"), ("POST", "rating")):
        async with desk.http.request(
            method, f"{desk.url}/api/chat/{path}", json={}, headers={"Authorization": f"Bearer {token}"}
        ) as response:
            assert response.status == 401
            assert (await response.json())["error"] == "bad_signature"


async def test_a_token_without_a_signature_is_refused(desk: RunningDesk) -> None:
    shopper = await desk.shopper()
    claims = jwt.decode(shopper.token, options={"verify_signature": False})
    forged = jwt.encode(claims, "", algorithm="none")
    status, _ = await post(desk, "/api/chat/messages", b"{}", forged)
    assert status == 401


async def test_a_shopper_sees_only_their_own_conversation(desk: RunningDesk) -> None:
    one, two = await desk.shopper(), await desk.shopper()
    await one.send("my secret")
    await one.until("echo: my secret")
    assert await two.events() == []
    assert one.conversation_id != two.conversation_id


async def test_history_comes_back_with_the_token(desk: RunningDesk) -> None:
    shopper = await desk.shopper()
    await shopper.send("hello")
    await shopper.until("echo: hello")
    body = {"token": shopper.token}
    async with desk.http.post(f"{desk.url}/api/chat/start", json=body) as response:
        answer = await response.json()
    assert answer["conversation"]["id"] == shopper.conversation_id
    assert [event["message"]["text"] for event in answer["events"]] == ["hello", "echo: hello"]
    assert answer["cursor"] == 2


async def test_older_history_is_paged_backwards(desk: RunningDesk) -> None:
    shopper = await desk.shopper()
    for number in range(4):
        await shopper.send(f"m{number}")
        await shopper.until(f"echo: m{number}")
    _, page = await shopper.call("GET", "/api/chat/events?before=7&limit=4")
    assert [event["seq"] for event in page["events"]] == [3, 4, 5, 6]
    assert page["has_more"] is True


@pytest.mark.parametrize(
    "query", ["after=x", "after=-1", "after=1&wait=999", "before=0&limit=5", "before=5&limit=999"]
)
async def test_a_bad_cursor_is_named(desk: RunningDesk, query: str) -> None:
    shopper = await desk.shopper()
    status, answer = await shopper.call("GET", f"/api/chat/events?{query}")
    assert (status, answer["error"]) == (400, "bad_input")
    assert answer["field"]


async def test_a_quick_reply_can_be_chosen_by_its_number(desk: RunningDesk) -> None:
    shopper = await desk.shopper()
    await shopper.send("buttons")
    await shopper.until("Shall I?")
    await shopper.send("2")
    await shopper.until("You said no.")


async def test_opening_the_chat_alone_leaves_no_rows(desk: RunningDesk) -> None:
    await desk.shopper()
    with desk.services.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Conversation)) == 0


async def test_too_many_messages_are_refused_visibly(desk: RunningDesk) -> None:
    shopper = await desk.shopper()
    statuses = [(await shopper.send(f"m{number}"))[0] for number in range(70)]
    assert statuses[0] == 202
    assert statuses[-1] == 429


async def test_the_transcript_reads_like_the_chat(desk: RunningDesk) -> None:
    shopper = await desk.shopper()
    await shopper.send("product")
    await shopper.until("Look at this.")
    headers = {"Authorization": f"Bearer {shopper.token}"}
    async with desk.http.get(f"{desk.url}/api/chat/transcript", headers=headers) as response:
        text = await response.text()
    assert "Two-person tent: 189.00 EUR" in text
    assert "Tess (assistant):" in text


class Client:
    """Any Rasa client."""

    def __init__(self, desk: RunningDesk) -> None:
        self.desk = desk
        with desk.services.database.writing() as session:
            self.key = make_api_key(session, "test tool")

    async def say(self, message: str, sender: str = "s1", **more: Any) -> tuple[int, Any]:
        body = {"sender": sender, "message": message, **more}
        headers = {"Authorization": f"Bearer {self.key}"}
        url = f"{self.desk.url}/webhooks/rest/webhook"
        async with self.desk.http.post(url, data=json.dumps(body), headers=headers) as response:
            return response.status, await response.json()


async def test_the_rest_channel_answers_the_replies_of_the_turn(desk: RunningDesk) -> None:
    client = Client(desk)
    assert await client.say("hello") == (200, [{"recipient_id": "s1", "text": "echo: hello"}])
    status, replies = await client.say("product")
    assert status == 200
    assert replies[0]["text"] == "Look at this."
    assert replies[1]["custom"]["items"][0]["title"] == "Two-person tent"


async def test_rest_buttons_come_back_as_opaque_words(desk: RunningDesk) -> None:
    client = Client(desk)
    _, replies = await client.say("buttons")
    payload = replies[0]["buttons"][0]["payload"]
    assert payload.startswith("choice:")
    assert await client.say(payload) == (200, [{"recipient_id": "s1", "text": "You said yes."}])


async def test_rest_senders_are_apart_and_commands_are_not_obeyed(desk: RunningDesk) -> None:
    client = Client(desk)
    await client.say("hello", "s1")
    await client.say("/affirm", "s2")
    senders = {turn["sender"] for turn in desk.brain.turns}
    assert len(senders) == 2
    assert desk.brain.turns[-1]["message"] == "affirm"


async def test_a_repeated_rest_message_id_is_answered_again_without_a_turn(desk: RunningDesk) -> None:
    client = Client(desk)
    metadata = {"message_id": str(uuid.uuid4())}
    first = await client.say("hello", metadata=metadata)
    assert await client.say("hello", metadata=metadata) == first
    assert len(desk.brain.turns) == 1


async def test_the_rest_channel_needs_a_key(desk: RunningDesk) -> None:
    status, answer = await post(desk, "/webhooks/rest/webhook", b'{"sender": "s", "message": "m"}', "wrong")
    assert (status, answer["ok"]) == (401, False)


async def test_a_hand_off_over_rest_tells_what_happens_next(desk: RunningDesk) -> None:
    client = Client(desk)
    _, replies = await client.say("person please")
    assert any("No person is at the desk" in reply.get("text", "") for reply in replies)
    _, replies = await client.say("hello?")
    assert [reply["text"] for reply in replies] == ["I have added that to what my colleagues will read."]
    assert await client.say("are you there?") == (200, [])
    _, replies = await client.say("Go on with the bot")
    assert [reply["text"] for reply in replies] == [
        "You are talking to the bot again. What can I do for you?"
    ]


async def test_a_browser_at_an_unknown_address_gets_a_page_and_a_program_gets_json(desk: RunningDesk) -> None:
    async with desk.http.get(f"{desk.url}/nowhere", headers={"Accept": "text/html"}) as response:
        assert response.status == 404
        assert "This page does not exist" in await response.text()
    async with desk.http.get(f"{desk.url}/nowhere") as response:
        assert response.status == 404
        assert (await response.json())["error"] == "not_found"


async def test_a_head_request_is_answered_without_a_body(desk: RunningDesk) -> None:
    async with desk.http.head(f"{desk.url}/health") as response:
        assert response.status == 200
        assert await response.read() == b""
