"""What the action server is sent, and what comes of its answers."""

import asyncio

import pytest

pytest.importorskip("rasa")

from aiohttp import web
from aiohttp.test_utils import TestServer
from rasa.core.actions.action import RemoteAction
from rasa.core.channels.channel import OutputChannel
from rasa.core.nlg.response import TemplatedNaturalLanguageGenerator
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, BotUttered, SlotSet, UserUttered
from rasa.shared.exceptions import RasaException

from bot.nlu import action_endpoint
from bot.nlu.action_endpoint import ActionEndpoint
from bot.nlu.tracker import TurnTracker

SECRET = "s" * 40
DOMAIN = Domain.from_yaml(
    """
version: "3.1"
intents: [greet]
actions: [action_x]
slots:
  order_number: {type: text, influence_conversation: false, mappings: [{type: custom}]}
"""
)


def message(text):
    """A message as our pipeline understands it."""
    parsed = {
        "text": text,
        "intent": {"name": "greet", "confidence": 0.9},
        "entities": [{"entity": "size", "value": "M"}],
        "intent_ranking": [{"name": "greet", "confidence": 0.9}],
        "response_selector": {"faq": {}},
    }
    return UserUttered(text, parsed["intent"], parsed["entities"], parsed, metadata={"channel": "web"})


@pytest.fixture
def conversation():
    """Two messages, the first of them answered."""
    events = [
        *(ActionExecuted("action_listen"), message("one"), ActionExecuted("action_x"), BotUttered("words")),
        *(SlotSet("order_number", "A1001"), ActionExecuted("action_listen"), message("two")),
    ]
    return TurnTracker.from_events("a.1", events, DOMAIN.slots)


async def test_the_action_server_gets_what_actions_read(monkeypatch, conversation):
    got = []

    async def act(request):
        got.append((request.headers.get("X-Aisle-Secret"), await request.json()))
        return web.json_response({"events": [], "responses": [{"text": "done"}]})

    app = web.Application()
    app.router.add_post("/webhook", act)
    async with TestServer(app) as server:
        monkeypatch.setenv("AISLE_ACTIONS_URL", str(server.make_url("")))
        monkeypatch.setenv("AISLE_INTERNAL_SECRET", SECRET)
        endpoint = ActionEndpoint(None)
        said = await RemoteAction("action_x", endpoint).run(
            OutputChannel(), TemplatedNaturalLanguageGenerator({}), conversation, DOMAIN
        )
        endpoint._server.close()
    assert [event.text for event in said] == ["done"]
    [(secret, body)] = got
    assert secret == SECRET
    assert (body["next_action"], body["sender_id"], body["domain"]) == ("action_x", "a.1", {})
    tracker = body["tracker"]
    assert tracker["slots"]["order_number"] == "A1001"
    assert tracker["latest_message"]["intent_ranking"]
    assert [event["event"] for event in tracker["events"]] == [
        *("action", "user", "action", "bot", "slot", "action", "user")
    ]
    first, latest = (event for event in tracker["events"] if event["event"] == "user")
    assert (first["text"], first["metadata"]) == ("one", {"channel": "web"})
    assert first["parse_data"] == {
        "text": "one",
        "intent": {"name": "greet", "confidence": 0.9},
        "entities": [{"entity": "size", "value": "M"}],
    }
    assert latest["parse_data"]["intent_ranking"]
    assert latest["parse_data"]["response_selector"]
    assert conversation.events[1].parse_data["intent_ranking"], "the conversation itself keeps everything"


async def hang_up(_reader, writer):
    writer.close()


async def say_nothing(reader, _writer):
    await reader.read()


@pytest.mark.parametrize("server", [hang_up, say_nothing, None])
async def test_an_action_server_that_cannot_be_reached_is_named_with_the_action(
    monkeypatch, conversation, server
):
    monkeypatch.setattr(action_endpoint, "LONGEST_SECONDS", 0.3)
    listening = await asyncio.start_server(server or hang_up, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    if server is None:
        listening.close()
        await listening.wait_closed()
    monkeypatch.setenv("AISLE_ACTIONS_URL", f"http://127.0.0.1:{port}")
    endpoint = ActionEndpoint(None)
    with pytest.raises(RasaException, match="action_x"):
        await RemoteAction("action_x", endpoint).run(
            OutputChannel(), TemplatedNaturalLanguageGenerator({}), conversation, DOMAIN
        )
    assert endpoint.failed_action("a.1") == "action_x"
    assert endpoint.failed_action("a.1") == ""
    listening.close()
