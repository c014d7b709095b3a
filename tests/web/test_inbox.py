"""The inbox through its public door: what agents see, who gets a conversation, what reaches the shopper."""

import asyncio
import uuid
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.core.settings import Settings
from bot.shop.demo.load import load_demo
from bot.shop.tables import Order
from bot.store.tables import Contact, Conversation
from tests.running import RunningDesk, Shopper, running
from tests.web.agents import Agent, signed_in


@pytest.fixture
async def desk(settings: Settings) -> AsyncIterator[RunningDesk]:
    async with running(settings) as started:
        yield started


@pytest.fixture
async def ana(desk: RunningDesk) -> AsyncIterator[Agent]:
    async with signed_in(desk, "Ana") as agent:
        yield agent


@pytest.fixture
async def ben(desk: RunningDesk) -> AsyncIterator[Agent]:
    async with signed_in(desk, "Ben") as agent:
        yield agent


@pytest.fixture
async def waiting(desk: RunningDesk, ana: Agent) -> Shopper:
    """A shopper in line for a person."""
    shopper = await desk.shopper()
    await shopper.send("person my tent has a hole")
    await ana.until_row("waiting", shopper.conversation_id)
    return shopper


async def test_a_hand_off_arrives_live_with_all_that_is_known(desk: RunningDesk, ana: Agent) -> None:
    shopper = await desk.shopper()
    heard = asyncio.create_task(
        ana.hears(lambda kind, data: kind == "rows" and any(row["owner"] == "queue" for row in data["rows"]))
    )
    await asyncio.sleep(0.2)
    await shopper.send("person my tent has a hole")
    data = await heard
    opened = await ana.opened(shopper.conversation_id)
    row = next(row for row in data["rows"] if row["id"] == shopper.conversation_id)
    assert (row["reason"], row["wants"], row["language"]) == ("asked", "my tent has a hole", "en")
    assert row["waiting_since"]
    assert data["counts"]["waiting"] == 1
    summary = opened["conversation"]["summary"]
    assert summary["details"] == {"order": "A1001"}
    assert summary["understood"][0]["intent"] == "talk_to_person"


async def test_two_agents_cannot_both_take(ana: Agent, ben: Agent, waiting: Shopper) -> None:
    version = (await ana.opened(waiting.conversation_id))["conversation"]["version"]
    answers = await asyncio.gather(
        ana.act(waiting.conversation_id, "take", version=version),
        ben.act(waiting.conversation_id, "take", version=version),
    )
    owner = (await ana.opened(waiting.conversation_id))["conversation"]["agent"]["name"]
    (loser,) = (answer for status, answer in answers if status == 409)
    assert sorted(status for status, _ in answers) == [200, 409]
    assert loser["error"] == "conflict"
    assert loser["message"] == f"{owner} was faster and has this conversation."


async def test_taking_with_an_outdated_page_is_refused(ana: Agent, waiting: Shopper) -> None:
    version = (await ana.opened(waiting.conversation_id))["conversation"]["version"]
    status, answer = await ana.act(waiting.conversation_id, "take", version=version - 1)
    assert (status, answer["error"]) == (409, "conflict")


async def test_a_reply_reaches_the_shopper_and_a_note_never_does(ana: Agent, waiting: Shopper) -> None:
    await ana.act(waiting.conversation_id, "take")
    await ana.note(waiting.conversation_id, "he sounds angry")
    await ana.reply(waiting.conversation_id, "I will send you a new one.")
    thread = await waiting.until("I will send you a new one.")
    everything = await waiting.call("GET", "/api/chat/events?after=0")
    opened = await ana.opened(waiting.conversation_id)
    kinds = [event["kind"] for event in opened["events"]]
    assert ("agent", "I will send you a new one.") in thread
    assert "angry" not in str(everything)
    assert "note" in kinds


async def test_only_who_has_it_may_reply_but_colleagues_may_note(
    ana: Agent, ben: Agent, waiting: Shopper
) -> None:
    before, _ = await ana.reply(waiting.conversation_id, "too early")
    await ana.act(waiting.conversation_id, "take")
    foreign, answer = await ben.reply(waiting.conversation_id, "me too")
    note, _ = await ben.note(waiting.conversation_id, "I know this one")
    assert (before, foreign, note) == (409, 409, 200)
    assert answer["error"] == "conflict"


async def test_a_repeated_reply_is_sent_once(ana: Agent, waiting: Shopper) -> None:
    await ana.act(waiting.conversation_id, "take")
    client_id = str(uuid.uuid4())
    first = await ana.reply(waiting.conversation_id, "Once only.", client_id=client_id)
    second = await ana.reply(waiting.conversation_id, "Once only.", client_id=client_id)
    await waiting.until("Once only.")
    await ana.reply(waiting.conversation_id, "And this.")
    thread = await waiting.until("And this.")
    assert first == second
    assert [text for _, text in thread].count("Once only.") == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"client_id": "x", "text": "hi"}, 400),
        ({"client_id": str(uuid.uuid4()), "text": "   "}, 400),
        ({"client_id": str(uuid.uuid4()), "text": "x" * 4_001}, 400),
        ({"client_id": str(uuid.uuid4()), "text": "hi", "admin": True}, 400),
        ({"client_id": str(uuid.uuid4()), "text": 5}, 400),
        ({"client_id": str(uuid.uuid4()), "products": ["no-such-product"]}, 400),
        ({"client_id": str(uuid.uuid4()), "products": ["a"] * 11}, 400),
    ],
)
async def test_a_bad_reply_is_refused_and_says_why(
    ana: Agent, waiting: Shopper, body: dict[str, object], status: int
) -> None:
    await ana.act(waiting.conversation_id, "take")
    got, answer = await ana.act(waiting.conversation_id, "reply", **body)
    assert got == status
    assert answer["message"]


async def test_while_a_person_has_it_the_bot_is_silent_until_it_is_handed_back(
    desk: RunningDesk, ana: Agent, waiting: Shopper
) -> None:
    await ana.act(waiting.conversation_id, "take")
    turns = len(desk.brain.turns)
    await waiting.send("are you there")
    await ana.reply(waiting.conversation_id, "Yes, a person.")
    await waiting.until("Yes, a person.")
    assert len(desk.brain.turns) == turns
    await ana.act(waiting.conversation_id, "hand_back")
    await waiting.send("hello bot")
    await waiting.until("echo: hello bot")
    row = await ana.until_row("bot", waiting.conversation_id)
    assert row["agent"] is None


async def test_closing_asks_for_a_rating_and_reopening_undoes_it(ana: Agent, waiting: Shopper) -> None:
    await ana.act(waiting.conversation_id, "take")
    await ana.reply(waiting.conversation_id, "Done.")
    await waiting.until("Done.")
    closed, answer = await ana.act(waiting.conversation_id, "close")
    surveys = await waiting.until_thread(lambda thread: thread[-1][0] == "system", "the rating")
    again, reopened = await ana.act(waiting.conversation_id, "take")
    assert (closed, answer["conversation"]["owner"]) == (200, "closed")
    assert "5" in surveys[-1][1]
    assert (again, reopened["conversation"]["owner"]) == (200, "agent")
    assert reopened["conversation"]["agent"]["id"] == ana.user_id


async def test_a_released_conversation_waits_again_for_colleagues(
    ana: Agent, ben: Agent, waiting: Shopper
) -> None:
    await ana.act(waiting.conversation_id, "take")
    foreign, _ = await ben.act(waiting.conversation_id, "release")
    own, _ = await ana.act(waiting.conversation_id, "release")
    await ben.until_row("waiting", waiting.conversation_id)
    taken, _ = await ben.act(waiting.conversation_id, "take")
    assert (foreign, own, taken) == (409, 200, 200)


@pytest.mark.parametrize("step", ["hand_back", "close", "release"])
async def test_nobody_can_move_a_conversation_of_a_colleague(
    ana: Agent, ben: Agent, waiting: Shopper, step: str
) -> None:
    await ana.act(waiting.conversation_id, "take")
    status, _ = await ben.act(waiting.conversation_id, step)
    row = (await ana.opened(waiting.conversation_id))["conversation"]
    assert status == 409
    assert (row["owner"], row["agent"]["id"]) == ("agent", ana.user_id)


async def test_each_view_shows_what_belongs_there(
    desk: RunningDesk, ana: Agent, ben: Agent, waiting: Shopper
) -> None:
    with_bot, mine, his = [await desk.shopper() for _ in range(3)]
    for shopper in (with_bot, mine, his):
        await shopper.send("hello")
        await shopper.until("echo: hello")
    await ana.act(mine.conversation_id, "take")
    await ben.act(his.conversation_id, "take")
    views = {
        view: {row["id"] for row in await ana.listed(view)}
        for view in ("waiting", "mine", "bot", "people", "closed", "all")
    }
    assert views == {
        "waiting": {waiting.conversation_id},
        "mine": {mine.conversation_id},
        "bot": {with_bot.conversation_id},
        "people": {mine.conversation_id, his.conversation_id},
        "closed": set(),
        "all": {waiting.conversation_id, mine.conversation_id, with_bot.conversation_id, his.conversation_id},
    }
    assert [row["id"] for row in await ana.listed("all", q="HOLE")] == []
    assert {row["id"] for row in await ana.listed("all", q="ECHO:%20HEL")} == views["bot"] | views["people"]
    assert [row["id"] for row in await ana.listed("all", ids=his.conversation_id)] == [his.conversation_id]


@pytest.mark.parametrize("q", ["%25", "_", "'%20or%201=1", "%5C"])
async def test_signs_in_a_search_mean_themselves(ana: Agent, waiting: Shopper, q: str) -> None:
    assert await ana.listed("all", q=q) == []


async def test_those_who_wait_longest_come_first(desk: RunningDesk, ana: Agent, waiting: Shopper) -> None:
    later = await desk.shopper()
    await later.send("person as well")
    await ana.until_row("waiting", later.conversation_id)
    await waiting.send("still here")
    assert [row["id"] for row in await ana.listed("waiting")] == [
        waiting.conversation_id,
        later.conversation_id,
    ]


async def test_the_open_conversation_is_followed_live_and_resumes_where_it_was(
    ana: Agent, waiting: Shopper
) -> None:
    await ana.act(waiting.conversation_id, "take")
    cursor = (await ana.opened(waiting.conversation_id))["conversation"]["cursor"]
    heard = asyncio.create_task(
        ana.hears(
            lambda kind, data: kind == "event" and data["kind"] == "message", waiting.conversation_id, cursor
        )
    )
    await asyncio.sleep(0.2)
    await waiting.send("one")
    first = await heard
    await waiting.send("two")
    second = await ana.hears(
        lambda kind, data: kind == "event" and data["kind"] == "message",
        waiting.conversation_id,
        first["seq"],
    )
    assert (first["message"]["text"], second["message"]["text"]) == ("one", "two")


async def test_typing_is_seen_on_the_other_side(ana: Agent, waiting: Shopper) -> None:
    async def shopper_hears() -> str:
        async for data in waiting.live(10_000):
            if data["kind"] == "typing":  # not its place in the line
                return str(data["author"])
        return ""

    at_shopper = asyncio.create_task(shopper_hears())
    at_agent = asyncio.create_task(
        ana.hears(lambda kind, _: kind == "typing", waiting.conversation_id, 10_000)
    )
    await asyncio.sleep(0.3)
    await ana.act(waiting.conversation_id, "typing")
    await waiting.call("POST", "/api/chat/typing", {})
    async with asyncio.timeout(5):
        assert await at_shopper == "agent"
        assert (await at_agent)["author"] == "shopper"


async def test_colleagues_see_who_else_is_looking_and_shoppers_do_not(
    ana: Agent, ben: Agent, waiting: Shopper
) -> None:
    there = asyncio.create_task(ben.hears(lambda kind, _: kind == "never", waiting.conversation_id))
    await asyncio.sleep(0.3)
    seen = await ana.hears(
        lambda kind, data: kind == "looking" and any(one["id"] == ben.user_id for one in data["people"]),
        waiting.conversation_id,
    )
    there.cancel()
    await asyncio.gather(there, return_exceptions=True)
    left = await ana.hears(
        lambda kind, data: kind == "looking" and all(one["id"] != ben.user_id for one in data["people"]),
        waiting.conversation_id,
    )
    assert {one["name"] for one in seen["people"]} == {"Ana", "Ben"}
    assert {one["name"] for one in left["people"]} == {"Ana"}


async def test_presence_with_an_open_inbox_is_what_shoppers_are_told(desk: RunningDesk, ana: Agent) -> None:
    async def agents() -> str:
        async with desk.http.post(f"{desk.url}/api/chat/start", json={}) as response:
            return str((await response.json())["people"]["agents"])

    nobody = await agents()
    await ana.call("POST", "/api/inbox/presence", {"presence": "available"})
    await ana.hears(lambda kind, data: kind == "team" and data["team"][0]["presence"] == "available")
    free = await agents()
    await ana.call("POST", "/api/inbox/presence", {"presence": "busy"})
    busy = await agents()
    bad, _ = await ana.call("POST", "/api/inbox/presence", {"presence": "asleep"})
    assert (nobody, free, busy, bad) == ("away", "free", "busy", 400)


async def test_the_stream_of_someone_signed_out_ends(ana: Agent, ben: Agent) -> None:
    ended = asyncio.create_task(ana.hears(lambda kind, _: kind == "bye"))
    kept = asyncio.create_task(ben.hears(lambda kind, _: kind == "bye"))
    await asyncio.sleep(0.3)
    async with ana.http.post(f"{ana.url}/sign-out", data={"csrf": ana.csrf}, allow_redirects=False):
        pass
    assert await ended == {}
    assert not kept.done()
    kept.cancel()


async def test_products_of_the_catalogue_are_sent_as_cards(
    desk: RunningDesk, ana: Agent, waiting: Shopper
) -> None:
    services = desk.services
    await asyncio.to_thread(load_demo, services.database, services.profile, home=services.settings.home)
    await ana.act(waiting.conversation_id, "take")
    _, found = await ana.call("GET", "/api/inbox/products?q=jacket")
    card = found["products"][0]
    status, answer = await ana.reply(waiting.conversation_id, "This one?", products=[card["product_id"]])
    await waiting.until("This one?")
    shown = [event for event in await waiting.events() if event.get("message", {}).get("text") == "This one?"]
    assert status == 200, answer
    assert shown[0]["message"]["parts"][0]["items"][0]["title"] == card["title"]


async def test_orders_show_only_beside_a_proved_customer_and_candidates_are_marked(
    desk: RunningDesk, ana: Agent, waiting: Shopper
) -> None:
    services = desk.services
    await asyncio.to_thread(load_demo, services.database, services.profile, home=services.settings.home)
    with services.database.reading() as session:
        customer_id = session.scalar(select(Order.customer_id).order_by(Order.number)) or ""
    known = await asyncio.to_thread(services.shop.customer, customer_id)

    def set_contact(session: Session, **values: str) -> None:
        conversation = session.get_one(Conversation, waiting.conversation_id)
        session.execute(update(Contact).where(Contact.id == conversation.contact_id).values(**values))

    path = f"/api/inbox/conversations/{waiting.conversation_id}/shopper"
    await services.database.write(set_contact, email=known.email)
    _, claimed = await ana.call("GET", path)
    await services.database.write(set_contact, customer_id=customer_id)
    _, proved = await ana.call("GET", path)
    assert (claimed["customer"], claimed["orders"]) == (None, [])
    assert [one["id"] for one in claimed["candidates"]] == [customer_id]
    assert proved["customer"]["name"] == known.name
    assert proved["orders"][0]["number"]
    assert proved["candidates"] == []


async def test_ready_replies_come_in_the_shoppers_language(ana: Agent) -> None:
    _, english = await ana.call("GET", "/api/inbox/canned?language=en")
    _, lithuanian = await ana.call("GET", "/api/inbox/canned?language=lt")
    _, unknown = await ana.call("GET", "/api/inbox/canned?language=xx")
    texts = [
        {item["name"]: item["text"] for item in found["replies"]} for found in (english, lithuanian, unknown)
    ]
    assert len(texts[0]) > 10
    assert texts[1]["thanks"] != texts[0]["thanks"]
    assert texts[2]["thanks"] == texts[0]["thanks"]


async def test_the_shopper_column_tells_contact_and_episodes(ana: Agent, waiting: Shopper) -> None:
    status, answer = await ana.call("GET", f"/api/inbox/conversations/{waiting.conversation_id}/shopper")
    assert status == 200
    assert answer["contact"]["customer_id"] == ""
    assert answer["orders"] == []
    assert answer["shop_is_up"] is True
    assert [(one["number"], one["reason"]) for one in answer["episodes"]] == [(1, "asked")]


async def test_a_conversation_that_is_not_there_is_not_found(ana: Agent) -> None:
    for method, path in (("GET", ""), ("GET", "/shopper"), ("POST", "/take"), ("POST", "/close")):
        status, answer = await ana.call(
            method, f"/api/inbox/conversations/nowhere{path}", {} if method == "POST" else None
        )
        assert (status, answer["error"]) == (404, "not_found"), path


async def test_a_managers_role_includes_the_agents(desk: RunningDesk, waiting: Shopper) -> None:
    async with signed_in(desk, "Mia", "manager") as manager:
        status, _ = await manager.act(waiting.conversation_id, "take")
    assert status == 200
