"""Telegram against the stand-in that holds to its rules: heard, answered, tapped, blocked, set up."""

from collections.abc import AsyncIterator

import pytest

from bot.core.channel import Outgoing, Receipt
from bot.core.errors import NotDelivered
from bot.core.messages import Image, Part, Products, Text
from bot.core.profile import Profile
from bot.desk.channel_profile import channel_profile
from bot.desk.words import Words
from bot.sandbox.accounts import environment
from bot.sandbox.serving import Sandbox
from connectors import telegram
from tests.connectors import talking
from tests.connectors.parts import ORDER, SURVEY, product
from tests.connectors.talking import CHOICES, heard
from tests.sandbox.callers import Listener

PERSON = "5551001"


@pytest.fixture
async def channel(sandbox: Sandbox) -> AsyncIterator[telegram.Telegram]:
    found = telegram.connector(environment(list(sandbox.world.accounts.values()), sandbox.url))
    yield found
    await found.close()


def outgoing(channel: telegram.Telegram, *parts: Part) -> Outgoing:
    return Outgoing(812, "c1", channel.accounts[0], PERSON, "", parts, None)


async def send(channel: telegram.Telegram, *parts: Part) -> list[Receipt]:
    return await talking.send(channel, outgoing(channel, *parts))


async def test_what_a_shopper_says_is_heard(
    channel: telegram.Telegram, sandbox: Sandbox, listener: Listener
) -> None:
    sandbox.act("telegram", PERSON, "start", ref="autumn")
    sandbox.say("telegram", PERSON, "Ar turite žalią megztinį? 🧶")
    began, said = await heard(channel, sandbox, listener)
    assert (began.choice, began.detail["referral"]["ref"]) == ("get_started", "autumn")
    assert (said.kind, said.person, said.account) == ("message.text", PERSON, channel.accounts[0])
    assert said.text == "Ar turite žalią megztinį? 🧶"


async def test_everything_we_may_say_is_taken(channel: telegram.Telegram, sandbox: Sandbox) -> None:
    sandbox.say("telegram", PERSON, "Hello")
    parts = (Text("žąsis 🧶 " * 700), Products((product(1), product(2))), ORDER, SURVEY, CHOICES)
    receipts = await send(channel, *parts)
    taken = sandbox.accepted("telegram", PERSON)
    assert [f"{PERSON}:{entry.platform_id}" for entry in taken] == [
        receipt.platform_id for receipt in receipts
    ]
    assert [entry.warnings for entry in taken] == [[]] * len(taken)
    assert [button["title"] for button in taken[-1].view["buttons"]] == [
        "1",
        "2",
        "3",
        "4",
        "5",
        "Yes, please",
        "No",
    ]


async def test_a_tapped_choice_comes_back_and_its_spinner_ends(
    channel: telegram.Telegram, sandbox: Sandbox, listener: Listener
) -> None:
    sandbox.say("telegram", PERSON, "Hello")
    await send(channel, Text("Shall I?"), CHOICES)
    entry = sandbox.tap("telegram", PERSON, "Yes, please")
    tapped = next(one for one in await heard(channel, sandbox, listener) if one.kind == "postback")
    assert tapped.choice == "c:812:yes"
    assert "answered" not in entry.marks
    await channel.mark(channel.accounts[0], PERSON, what="seen", target=tapped.platform_id)
    assert entry.marks["answered"] is True


async def test_asking_about_a_product_comes_back(
    channel: telegram.Telegram, sandbox: Sandbox, listener: Listener
) -> None:
    sandbox.say("telegram", PERSON, "Hello")
    await send(channel, Products((product(7),)))
    sandbox.tap("telegram", PERSON, "Ask about it")
    tapped = next(one for one in await heard(channel, sandbox, listener) if one.kind == "postback")
    assert tapped.choice == "c:812:ask:LL-7"


async def test_edits_and_reactions_name_the_message_they_are_about(
    channel: telegram.Telegram, sandbox: Sandbox, listener: Listener
) -> None:
    await channel.set_up(channel.accounts[0], webhook_url=f"{listener.url}/webhooks/telegram", profile={})
    said = sandbox.say("telegram", PERSON, "A1042")
    [receipt] = await send(channel, Text("Looking"))
    sandbox.act("telegram", PERSON, "edit", target=said.platform_id, text="A1043")
    ours = receipt.platform_id.split(":")[1]
    sandbox.act("telegram", PERSON, "reaction", target=ours, emoji="❤")
    found = {one.kind: one for one in await heard(channel, sandbox, listener)}
    assert (found["message.edit"].target, found["message.edit"].text) == (
        found["message.text"].platform_id,
        "A1043",
    )
    assert (found["reaction"].target, found["reaction"].detail["emoji"]) == (receipt.platform_id, "❤")


async def test_a_picture_of_a_shopper_is_fetched(
    channel: telegram.Telegram, sandbox: Sandbox, listener: Listener
) -> None:
    kept = sandbox.world.store("image/png", b"\x89PNG picture")
    sandbox.act("telegram", PERSON, "image", media=kept.id, text="like this")
    [said] = await heard(channel, sandbox, listener)
    (part,) = said.parts
    content, kind = await channel.media(channel.accounts[0], getattr(part, "platform_id", ""))
    assert (content, kind, said.text) == (b"\x89PNG picture", "image/png", "like this")


async def test_who_blocked_the_bot_is_unreachable(
    channel: telegram.Telegram, sandbox: Sandbox, listener: Listener
) -> None:
    sandbox.say("telegram", PERSON, "Hello")
    sandbox.act("telegram", PERSON, "block")
    with pytest.raises(NotDelivered) as caught:
        await send(channel, Text("Hello you"))
    assert caught.value.cause == "person"
    assert (await heard(channel, sandbox, listener))[-1].detail["state"] == "blocked"
    await channel.mark(channel.accounts[0], PERSON, what="typing")


async def test_nobody_is_written_to_first(channel: telegram.Telegram, sandbox: Sandbox) -> None:
    sandbox.meet("telegram", PERSON)
    with pytest.raises(NotDelivered) as caught:
        await send(channel, Text("Hello"))
    assert (caught.value.cause, caught.value.heals) == ("person", False)


async def test_a_picture_is_shown(channel: telegram.Telegram, sandbox: Sandbox) -> None:
    sandbox.say("telegram", PERSON, "Hello")
    await send(channel, Image("https://shop.example/1.png", "The front"))
    (entry,) = sandbox.accepted("telegram", PERSON)
    assert (entry.view["images"], entry.view["text"]) == (
        [{"url": "https://shop.example/1.png"}],
        "The front",
    )


async def test_a_bot_is_set_up_and_then_found_well(channel: telegram.Telegram, sandbox: Sandbox) -> None:
    account = channel.accounts[0]
    profile = channel_profile(Profile(name="Wool & Co", locales=("en", "lt")), Words())
    done = await channel.set_up(
        account, webhook_url="https://shop.example/webhooks/telegram", profile=profile
    )
    assert {finding.state for finding in done} == {"ok"}
    assert {finding.state for finding in await channel.check(account)} == {"ok"}
