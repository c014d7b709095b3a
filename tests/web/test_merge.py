"""The same person on several channels: found, merged by an agent or by proof, and never across different customers."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select

from bot.bootstrap import build_connectors
from bot.core.ids import new_id
from bot.core.ownership import Owner
from bot.core.settings import Settings
from bot.core.times import now
from bot.store import outbox
from bot.store.tables import Contact, Conversation, Fact, Identity
from tests.desk.platforms import FakePlatform
from tests.running import RunningDesk, running
from tests.web.agents import Agent, signed_in
from tests.web.talks import open_talk


class OtherPlatform(FakePlatform):
    """A second channel of another house."""

    name = "telegram"


@pytest.fixture
async def desk(settings: Settings) -> AsyncIterator[RunningDesk]:
    channels = {"web": build_connectors({})["web"], "fake": FakePlatform(), "telegram": OtherPlatform()}
    async with running(settings, channels=channels, modules=("chat", "sign_in", "inbox")) as started:
        yield started


@pytest.fixture
async def ana(desk: RunningDesk) -> AsyncIterator[Agent]:
    async with signed_in(desk, "Ana") as agent:
        yield agent


@dataclass(frozen=True)
class Person:
    """Somebody who wrote over one channel."""

    contact_id: str
    conversation_id: str
    external_id: str


def writer(desk: RunningDesk, channel: str = "fake", *, order: str = "", **known: str) -> Person:
    """A shopper with one conversation, of whom so much is known."""
    person = Person(new_id(), new_id(), new_id())
    with desk.services.database.writing() as session:
        made = open_talk(
            session,
            channel,
            conversation_id=person.conversation_id,
            contact_id=person.contact_id,
            external_id=person.external_id,
        )
        made.last_shopper_at = made.window_at = now()
        made.summary = {"order_number": order} if order else {}
        contact = session.get_one(Contact, person.contact_id)
        for field, value in known.items():
            setattr(contact, field, value)
    return person


async def search(agent: Agent, person: Person, text: str) -> list[dict[str, Any]]:
    status, answer = await agent.call(
        "GET", f"/api/inbox/conversations/{person.conversation_id}/merge?q={text}"
    )
    assert status == 200, answer
    found: list[dict[str, Any]] = answer["contacts"]
    return found


async def merge(agent: Agent, one: Person, other: Person, **headers: str) -> tuple[int, Any]:
    return await agent.call(
        "POST",
        f"/api/inbox/conversations/{one.conversation_id}/merge",
        {"contact_id": one.contact_id, "other_id": other.contact_id},
        headers=headers,
    )


def kept(desk: RunningDesk) -> list[str]:
    with desk.services.database.reading() as session:
        return list(session.scalars(select(Contact.id)))


async def notes(agent: Agent, person: Person) -> list[str]:
    events = (await agent.opened(person.conversation_id))["events"]
    return [event["message"]["text"] for event in events if event["kind"] == "note"]


@pytest.mark.parametrize(
    "text", ["marlow", "ivy@shop", "37060012345", "A1001", "a1001", "@ivy_m"], ids=lambda text: str(text)
)
async def test_a_person_is_found_by_whatever_is_known_of_them(
    desk: RunningDesk, ana: Agent, text: str
) -> None:
    asks = writer(desk)
    ivy = writer(
        desk, "telegram", order="A1001", name="Ivy Marlow", email="ivy@shop.test", phone="+37060012345"
    )
    writer(desk, "telegram", name="Somebody Else")
    with desk.services.database.writing() as session:
        identity = session.scalars(select(Identity).where(Identity.contact_id == ivy.contact_id)).one()
        identity.username = "ivy_m"
    assert [row["id"] for row in await search(ana, asks, text)] == [ivy.contact_id]


async def test_an_id_of_a_channel_finds_exactly_its_person(desk: RunningDesk, ana: Agent) -> None:
    asks, other = writer(desk), writer(desk, "telegram")
    assert [row["id"] for row in await search(ana, asks, other.external_id)] == [other.contact_id]
    assert await search(ana, asks, other.external_id[:8]) == []
    assert await search(ana, asks, "") == []


async def test_merging_moves_everything_and_notes_who_did_it(desk: RunningDesk, ana: Agent) -> None:
    first = writer(desk, name="Ivy Marlow")
    second = writer(desk, "telegram", name="ivy", email="ivy@shop.test", phone="+370")
    assert (await merge(ana, second, first))[0] == 200
    with desk.services.database.reading() as session:
        contact = session.scalars(select(Contact)).one()
        talks = set(session.scalars(select(Conversation.contact_id)))
        known = {tuple(row) for row in session.execute(select(Identity.contact_id, Identity.external_id))}
        facts = session.execute(
            select(Fact.actor, Fact.label, Fact.user_id).where(Fact.kind == "merged")
        ).all()
    assert (contact.id, contact.name, contact.email, contact.phone) == (
        first.contact_id,
        "Ivy Marlow",
        "ivy@shop.test",
        "+370",
    )
    assert talks == {first.contact_id}
    assert known == {(first.contact_id, first.external_id), (first.contact_id, second.external_id)}
    assert [tuple(row) for row in facts] == [("agent", "agent", ana.user_id)]
    assert await notes(ana, first) == ["Ana merged this shopper with ivy (Telegram): one person from now on."]
    assert await notes(ana, second) == [
        "Ana merged this shopper with Ivy Marlow (fake): one person from now on."
    ]


async def test_after_merging_each_chat_is_answered_over_its_own_channel(
    desk: RunningDesk, ana: Agent
) -> None:
    first, second = writer(desk), writer(desk, "telegram")
    await merge(ana, first, second)
    with desk.services.database.reading() as session:
        found = {row.channel: outbox.recipient(session, row) for row in session.scalars(select(Conversation))}
    assert found == {"fake": first.external_id, "telegram": second.external_id}


async def test_the_panel_shows_all_channels_and_the_other_conversations(
    desk: RunningDesk, ana: Agent
) -> None:
    first, second = writer(desk), writer(desk, "telegram")
    await merge(ana, first, second)
    _, shown = await ana.call("GET", f"/api/inbox/conversations/{first.conversation_id}/shopper")
    assert sorted(row["channel"] for row in shown["identities"]) == ["fake", "telegram"]
    assert [row["id"] for row in shown["conversations"]] == [second.conversation_id]


async def test_an_open_page_hears_that_its_shopper_was_merged(desk: RunningDesk, ana: Agent) -> None:
    first, second = writer(desk, name="Ivy"), writer(desk, "telegram")
    heard = asyncio.create_task(
        ana.hears(
            lambda kind, data: kind == "event" and data["kind"] == "note", second.conversation_id, after=0
        )
    )
    await asyncio.sleep(0.2)
    await merge(ana, first, second)
    assert "Ana merged" in (await heard)["message"]["text"]


@pytest.mark.parametrize(
    ("one", "other", "code"),
    [
        ({"customer_id": "C1"}, {"channel": "telegram", "customer_id": "C2"}, "different_customers"),
        ({}, {"channel": "fake"}, "same_channel"),
    ],
)
async def test_those_who_must_stay_apart_are_refused_and_shown_so(
    desk: RunningDesk, ana: Agent, one: dict[str, str], other: dict[str, str], code: str
) -> None:
    first, second = writer(desk, **one), writer(desk, name="Ivy", **other)
    (row,) = await search(ana, first, "Ivy")
    status, answer = await merge(ana, first, second)
    assert row["obstacle"] == code
    assert (status, answer["error"]) == (409, code)
    assert sorted(kept(desk)) == sorted([first.contact_id, second.contact_id])


async def test_two_browsers_of_one_person_can_be_merged_and_go_on_talking(
    desk: RunningDesk, ana: Agent
) -> None:
    one, two = await desk.shopper(), await desk.shopper()
    for shopper in (one, two):
        await shopper.send("hello")
        await shopper.until("echo: hello")
    ids = [
        (await ana.opened(shopper.conversation_id))["conversation"]["contact"]["id"] for shopper in (one, two)
    ]
    people = [
        Person(contact, shopper.conversation_id, "") for contact, shopper in zip(ids, (one, two), strict=True)
    ]
    assert (await merge(ana, people[0], people[1]))[0] == 200
    for shopper in (one, two):
        await shopper.send(f"still {shopper.conversation_id}")
        thread = await shopper.until(f"echo: still {shopper.conversation_id}")
        assert len(thread) == 4
    assert len(kept(desk)) == 1


async def test_merging_needs_the_pages_token_and_both_people(desk: RunningDesk, ana: Agent) -> None:
    first, second = writer(desk), writer(desk, "telegram")
    forged = await merge(ana, first, second, **{"X-CSRF-Token": "x"})
    outdated = await merge(ana, Person(second.contact_id, first.conversation_id, ""), second)
    oneself = await merge(ana, first, first)
    nobody = await merge(ana, first, Person("nobody", "", ""))
    assert [status for status, _ in (forged, outdated, oneself, nobody)] == [403, 409, 400, 409]
    assert len(kept(desk)) == 2


async def test_two_agents_merging_at_once_leave_one_contact_and_lose_nothing(
    desk: RunningDesk, ana: Agent
) -> None:
    first, second, third = writer(desk), writer(desk, "telegram"), writer(desk, "web")
    async with signed_in(desk, "Ben") as ben:
        answers = await asyncio.gather(
            merge(ana, first, second),
            merge(ben, second, first),
            merge(ana, second, third),
            merge(ben, third, first),
        )
    with desk.services.database.reading() as session:
        talks = list(session.scalars(select(Conversation.contact_id)))
        known = list(session.scalars(select(Identity.contact_id)))
        merged = len(session.scalars(select(Fact).where(Fact.kind == "merged")).all())
    assert {status for status, _ in answers} <= {200, 409}
    assert [status for status, _ in answers].count(200) == merged == 3 - len(kept(desk))
    assert merged >= 1
    assert len(talks) == len(known) == 3
    assert set(talks) == set(known) == set(kept(desk))


async def test_a_message_that_comes_while_merging_is_kept(desk: RunningDesk, ana: Agent) -> None:
    shopper = await desk.shopper()
    await shopper.send("hello")
    await shopper.until("echo: hello")
    contact = (await ana.opened(shopper.conversation_id))["conversation"]["contact"]["id"]
    mine = Person(contact, shopper.conversation_id, "")
    others = [writer(desk, channel) for channel in ("fake", "telegram")]
    await asyncio.gather(
        *(shopper.send(f"line {number}") for number in range(6)), *(merge(ana, mine, one) for one in others)
    )
    thread = await shopper.until_thread(
        lambda said: sum(author == "shopper" for author, _ in said) == 7, "all lines"
    )
    assert {text for author, text in thread if author == "shopper"} >= {f"line {n}" for n in range(6)}
    assert len(set(kept(desk))) < 3


async def test_proving_the_same_customer_merges_by_itself(desk: RunningDesk, ana: Agent) -> None:
    known = writer(desk, "telegram", customer_id="C7", name="Ona")
    stranger = writer(desk, "fake", customer_id="C8")
    shopper = await desk.shopper()
    await shopper.send("proof C7")
    await shopper.until("Thank you.")
    await ana.hears(lambda kind, data: kind == "event" and data["kind"] == "note", shopper.conversation_id)
    contact = (await ana.opened(shopper.conversation_id))["conversation"]["contact"]
    assert (contact["id"], contact["customer_id"]) == (known.contact_id, "C7")
    assert sorted(kept(desk)) == sorted([known.contact_id, stranger.contact_id])
    assert await notes(ana, known) == [
        "Merged with Ona Vale (web chat): both proved to be the same customer."
    ]


async def test_demo_people_are_not_merged_by_proof(desk: RunningDesk) -> None:
    played = writer(desk, "telegram", customer_id="C7")
    with desk.services.database.writing() as session:
        session.get_one(Contact, played.contact_id).is_demo = True
    shopper = await desk.shopper()
    await shopper.send("proof C7")
    await shopper.until("Thank you.")
    await shopper.send("hello")
    await shopper.until("echo: hello")
    assert len(kept(desk)) == 2


async def test_a_merged_conversation_keeps_its_owner(desk: RunningDesk, ana: Agent) -> None:
    first, second = writer(desk), writer(desk, "telegram")
    await ana.act(second.conversation_id, "take")
    await merge(ana, first, second)
    row = (await ana.opened(second.conversation_id))["conversation"]
    assert (row["owner"], row["agent"]["name"]) == (Owner.AGENT.value, "Ana")
    assert (await ana.reply(second.conversation_id, "I am still here"))[0] == 200
