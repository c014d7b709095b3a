"""Fetching a person: what is carried over, what the shopper is told, and the way back."""

import asyncio
import uuid
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.core.profile import Profile
from bot.core.settings import Settings
from bot.core.times import now
from bot.desk import assign, close, hand_off, presence, reply
from bot.desk.context import Context
from bot.desk.people import add_user
from bot.desk.words import Words
from bot.metrics import registry
from bot.metrics.scope import Scope
from bot.store.tables import Contact, Conversation, Fact, User
from tests.running import RunningDesk, Shopper


def add_agent(desk: RunningDesk, name: str, state: str = "available") -> User:
    with desk.services.database.writing() as session:
        user = add_user(
            session,
            email=f"{name.lower()}@shop.test",
            name=name,
            role="agent",
            password="correct horse battery",
        )
        session.flush()
        presence.set_presence(session, user.id, state, now())
    return user


def labels(session: Session, kind: str) -> list[str]:
    return list(session.scalars(select(Fact.label).where(Fact.kind == kind).order_by(Fact.id)))


async def choices(shopper: Shopper) -> list[str]:
    events = [event for event in await shopper.events() if event["kind"] == "message"]
    return [
        item["id"]
        for part in events[-1]["message"]["parts"]
        if part["type"] == "quick_replies"
        for item in part["items"]
    ]


async def test_with_a_free_agent_the_shopper_hears_their_place_in_line(desk: RunningDesk) -> None:
    add_agent(desk, "Ona")
    shopper = await desk.shopper()
    await shopper.send("person please")
    thread = await shopper.until("number 1 in line")
    assert thread[-1][0] == "system"
    assert await choices(shopper) == []


async def test_when_all_agents_are_busy_waiting_is_a_choice(desk: RunningDesk) -> None:
    add_agent(desk, "Ona", "busy")
    shopper = await desk.shopper()
    await shopper.send("person please")
    await shopper.until("talking to others right now")
    assert await choices(shopper) == ["leave_message", "keep_bot"]


async def test_who_writes_on_in_line_hears_once_that_it_is_kept(desk: RunningDesk) -> None:
    shopper = await desk.shopper()
    await shopper.send("person please")
    await shopper.until("No person is at the desk")
    await shopper.send("my lamp arrived broken")
    await shopper.until("added that to what my colleagues will read")
    assert await choices(shopper) == ["keep_bot"]
    await shopper.send("it is order A1012")
    await shopper.send("and the bulb is missing")
    told = [text for author, text in await shopper.thread() if author == "system" and "added that" in text]
    assert len(told) == 1


@pytest.mark.parametrize("said", ["leave a message", "OK, leave a message please", "Leave a message!"])
async def test_in_line_a_choice_can_be_typed_with_a_word_around(desk: RunningDesk, said: str) -> None:
    shopper = await desk.shopper()
    await shopper.send("person please")
    await shopper.until("No person is at the desk")
    await shopper.send(said)
    await shopper.until("write your message now")


async def test_with_nobody_there_a_message_can_be_left(desk: RunningDesk) -> None:
    shopper = await desk.shopper()
    await shopper.send("person please")
    await shopper.until("No person is at the desk")
    await shopper.send(choice={"id": "leave_message"})
    await shopper.until("write your message now")
    await shopper.send("My tent leaks, I am at ona@example.com.")
    await shopper.until("your message is kept and waits for a person")
    with desk.services.database.reading() as session:
        conversation = session.get_one(Conversation, shopper.conversation_id)
        assert conversation.owner == "queue"
        assert conversation.left_message == "left"
        assert session.get_one(Contact, conversation.contact_id).email == "ona@example.com"
        assert conversation.summary["left_message"].startswith("My tent leaks")
        assert labels(session, "left_message") == [""]


async def test_going_on_with_the_bot_brings_it_back(desk: RunningDesk) -> None:
    shopper = await desk.shopper()
    await shopper.send("person please")
    await shopper.until("No person is at the desk")
    await shopper.send("Go on with the bot")
    await shopper.until("talking to the bot again")
    await shopper.send("hello")
    await shopper.until("echo: hello")
    with desk.services.database.reading() as session:
        assert len(labels(session, "handed_back")) == 1


async def test_the_standing_choice_fetches_a_person_without_the_brain(desk: RunningDesk) -> None:
    desk.brain.is_down = True
    shopper = await desk.shopper()
    await shopper.send(choice={"id": "person"})
    await shopper.until("No person is at the desk")
    assert desk.brain.turns == []
    with desk.services.database.reading() as session:
        assert labels(session, "handed_off") == ["asked"]


async def test_an_agent_answers_in_the_shoppers_chat_and_is_credited(desk: RunningDesk) -> None:
    ona = add_agent(desk, "Ona")
    shopper = await desk.shopper()
    await shopper.send("person please")
    await shopper.until("in line")
    await desk.services.database.write(assign.take, shopper.conversation_id, user=ona)
    client_id = str(uuid.uuid4())
    for _ in range(2):  # the agent's page may send twice
        await desk.services.database.write(
            reply.reply, shopper.conversation_id, user=ona, text="Hello, Ona here.", client_id=client_id
        )
    desk.services.changed(shopper.conversation_id)
    thread = await shopper.until("Ona here")
    await asyncio.sleep(0.1)
    assert sum("Ona here" in text for _, text in await shopper.thread()) == 1
    assert thread[-1] == ("agent", "Hello, Ona here.")
    with desk.services.database.reading() as session:
        found = session.execute(
            select(Fact.kind, Fact.user_id, Fact.value).where(
                Fact.kind.in_(("assigned", "first_reply", "answered"))
            )
        ).all()
    by_kind = {kind: (user_id, value) for kind, user_id, value in found if user_id}
    assert {kind: user for kind, (user, _) in by_kind.items()} == dict.fromkeys(by_kind, ona.id)
    assert set(by_kind) == {"assigned", "first_reply", "answered"}
    assert 0 <= by_kind["first_reply"][1] < 10


async def test_the_owner_events_tell_the_page_who_has_it(desk: RunningDesk) -> None:
    ona = add_agent(desk, "Ona")
    shopper = await desk.shopper()
    await shopper.send("person please")
    await shopper.until("in line")
    services = desk.services
    await services.database.write(assign.take, shopper.conversation_id, user=ona)
    await services.database.write(
        hand_off.hand_back, shopper.conversation_id, context=services.context, user_id=ona.id
    )
    services.changed(shopper.conversation_id)
    await shopper.until("talking to the bot again")
    owners = [
        (event["owner"], (event["agent"] or {}).get("name"))
        for event in await shopper.events()
        if event["kind"] == "owner"
    ]
    assert owners == [("queue", None), ("agent", "Ona"), ("bot", None)]


async def test_notes_are_seen_by_agents_only(desk: RunningDesk) -> None:
    ona = add_agent(desk, "Ona")
    shopper = await desk.shopper()
    await shopper.send("person please")
    await shopper.until("in line")
    await desk.services.database.write(
        reply.note, shopper.conversation_id, user=ona, text="difficult", client_id=str(uuid.uuid4())
    )
    assert not any("difficult" in str(event) for event in await shopper.events())


async def test_start_over_begins_a_new_episode(desk: RunningDesk) -> None:
    shopper = await desk.shopper()
    await shopper.send("hello")
    await shopper.until("echo: hello")
    await shopper.send(choice={"id": "start_over"})
    await shopper.until("Fresh start")
    await shopper.send("again")
    await shopper.until("echo: again")
    senders = [turn["sender"] for turn in desk.brain.turns]
    assert senders == [f"{shopper.conversation_id}.1", f"{shopper.conversation_id}.2"]


async def test_an_action_failing_twice_fetches_a_person(desk: RunningDesk) -> None:
    shopper = await desk.shopper()
    await shopper.send("boom")
    await shopper.until("something went wrong")
    await shopper.send("boom")
    await shopper.until("keeps going wrong")
    with desk.services.database.reading() as session:
        assert labels(session, "handed_off") == ["error"]
        assert labels(session, "action_failed") == ["action_search", "action_search"]


async def test_a_silent_brain_still_gets_the_shopper_an_answer(desk: RunningDesk) -> None:
    shopper = await desk.shopper()
    await shopper.send("mute")
    await shopper.until("no good answer")
    assert await choices(shopper) == ["person"]


async def test_a_payload_that_is_not_ours_does_not_stop_the_turn(desk: RunningDesk) -> None:
    shopper = await desk.shopper()
    await shopper.send("odd")
    await shopper.until("after nonsense")


async def test_closing_by_an_agent_asks_for_a_rating_of_the_agent(desk: RunningDesk) -> None:
    ona = add_agent(desk, "Ona")
    shopper = await desk.shopper()
    await shopper.send("person please")
    await shopper.until("in line")
    services = desk.services
    await services.database.write(assign.take, shopper.conversation_id, user=ona)
    await services.database.write(
        reply.reply, shopper.conversation_id, user=ona, text="Done.", client_id=str(uuid.uuid4())
    )
    services.changed(shopper.conversation_id)
    await shopper.until("Done.")
    await services.database.write(
        close.close, shopper.conversation_id, context=services.context, by="agent", user_id=ona.id
    )
    services.changed(shopper.conversation_id)
    await shopper.until("How was this conversation")
    with services.database.reading() as session:
        assert labels(session, "survey_sent") == ["agent"]


async def test_nobody_is_rated_when_the_shopper_was_closed_without_an_answer_by_a_person(
    desk: RunningDesk,
) -> None:
    ona = add_agent(desk, "Ona")
    shopper = await desk.shopper()
    await shopper.send("person please")
    await shopper.until("in line")
    services = desk.services
    await services.database.write(assign.take, shopper.conversation_id, user=ona)
    await services.database.write(
        close.close, shopper.conversation_id, context=services.context, by="agent", user_id=ona.id
    )
    services.changed(shopper.conversation_id)
    at = now()
    scope = Scope(at - timedelta(days=1), at + timedelta(days=1))
    with services.database.reading() as session:
        assert labels(session, "survey_sent") == []
        assert (
            registry.computed(session, ["outcomes"], scope)["outcomes"].cell("missed", "conversations") == 1
        )


async def test_the_rating_belongs_to_who_answered_even_after_the_bot_had_it_again(desk: RunningDesk) -> None:
    ona, jonas = add_agent(desk, "Ona"), add_agent(desk, "Jonas")
    shopper = await desk.shopper()
    await shopper.send("person please")
    await shopper.until("in line")
    services, conversation_id = desk.services, shopper.conversation_id
    await services.database.write(assign.take, conversation_id, user=ona)
    await services.database.write(
        reply.reply, conversation_id, user=ona, text="Done.", client_id=str(uuid.uuid4())
    )
    services.changed(conversation_id)
    await shopper.until("Done.")
    await services.database.write(
        hand_off.hand_back, conversation_id, context=services.context, user_id=ona.id
    )
    services.changed(conversation_id)
    await shopper.send("person please")
    await shopper.until("in line")
    await services.database.write(assign.take, conversation_id, user=jonas)
    await services.database.write(
        close.close, conversation_id, context=services.context, by="agent", user_id=jonas.id
    )
    services.changed(conversation_id)
    await shopper.until("How was this conversation")
    with services.database.reading() as session:
        sent = session.execute(select(Fact.label, Fact.user_id).where(Fact.kind == "survey_sent")).all()
    assert sent == [("agent", ona.id)]


async def test_the_bot_says_its_last_words_before_the_conversation_changes_hands(desk: RunningDesk) -> None:
    shopper = await desk.shopper()
    await shopper.send("person please")
    await shopper.until("No person is at the desk")
    kinds = [(event["kind"], event.get("message", {}).get("author", "")) for event in await shopper.events()]
    assert kinds == [("message", "shopper"), ("message", "bot"), ("owner", ""), ("message", "system")]
    with desk.services.database.reading() as session:
        assert labels(session, "answered") == []


async def test_goodbye_is_said_before_the_conversation_ends(desk: RunningDesk) -> None:
    shopper = await desk.shopper()
    await shopper.send("bye")
    await shopper.until("How was this conversation")
    kinds = [(event["kind"], event.get("message", {}).get("author", "")) for event in await shopper.events()]
    assert kinds == [("message", "shopper"), ("message", "bot"), ("owner", ""), ("message", "system")]


async def test_start_over_gives_up_the_place_in_line(desk: RunningDesk) -> None:
    shopper = await desk.shopper()
    await shopper.send("person please")
    await shopper.until("No person is at the desk")
    await shopper.send(choice={"id": "start_over"})
    await shopper.until("Fresh start")
    await shopper.send("hello")
    await shopper.until("echo: hello")


@pytest.mark.parametrize(
    ("opens", "locale", "said"),
    [
        ("2026-11-20T09:00", "en", "today at 09:00"),
        ("2026-11-21T10:30", "en", "tomorrow at 10:30"),
        ("2026-11-23T09:00", "en", "on Monday at 09:00"),
        ("2026-11-30T09:00", "en", "on 2026-11-30 at 09:00"),
        ("2026-11-23T09:00", "lt", "pirmadienį 09:00"),
    ],
)
def test_the_next_opening_is_said_as_people_say_it(opens: str, locale: str, said: str) -> None:
    zone = ZoneInfo("Europe/Vilnius")
    context = Context(Settings(), Profile(name="Shop", timezone="Europe/Vilnius"), Words())
    opens_at = datetime.fromisoformat(opens).replace(tzinfo=zone)
    friday = datetime(2026, 11, 20, 7, 30, tzinfo=zone)
    assert hand_off.opening(opens_at, locale, context=context, at=friday) == said
