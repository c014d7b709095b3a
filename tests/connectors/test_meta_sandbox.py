"""Messenger and Instagram against the stand-in that holds to their rules: heard, answered, tapped, set up."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.core.channel import Outgoing
from bot.core.errors import NotDelivered
from bot.core.messages import Image, Part, Products, Text
from bot.core.profile import Profile
from bot.desk.channel_profile import channel_profile
from bot.desk.words import Words
from bot.sandbox.accounts import environment
from bot.sandbox.serving import Sandbox
from connectors import instagram, messenger
from connectors.meta_channel import MetaChannel
from tests.connectors.talking import CHOICES, heard, send
from tests.connectors.test_meta_pieces import PICTURE, card, order
from tests.sandbox.callers import Listener

PERSON = "7412589630147"
DAY = 86_400
BUILT = {"messenger": messenger.connector, "instagram": instagram.connector}


@pytest.fixture(params=sorted(BUILT))
async def channel(request: pytest.FixtureRequest, sandbox: Sandbox) -> AsyncIterator[MetaChannel]:
    found = BUILT[request.param](environment(list(sandbox.world.accounts.values()), sandbox.url))
    yield found
    await found.close()


def outgoing(channel: MetaChannel, *parts: Part, **more: Any) -> Outgoing:
    values: dict[str, Any] = {"recipient": PERSON, "text": "", "last_shopper_at": None, **more}
    return Outgoing(812, "c1", account=channel.accounts[0], parts=parts, **values)


async def test_what_a_shopper_says_is_heard(
    channel: MetaChannel, sandbox: Sandbox, listener: Listener
) -> None:
    sandbox.say(channel.name, PERSON, "Ar turite žalią megztinį? 🧶")
    [said] = await heard(channel, sandbox, listener)
    assert (said.kind, said.person, said.account) == ("message.text", PERSON, channel.accounts[0])
    assert said.text == "Ar turite žalią megztinį? 🧶"


async def test_everything_we_may_say_is_taken(channel: MetaChannel, sandbox: Sandbox) -> None:
    sandbox.say(channel.name, PERSON, "Hello")
    cards = tuple(card(product_id=str(number), title="Jumper " * 30) for number in range(12))
    parts = (Text("žąsis " * 500), Image(PICTURE), Products(cards), order(), order(lines=40), CHOICES)
    receipts = await send(channel, outgoing(channel, *parts))
    taken = sandbox.accepted(channel.name, PERSON)
    assert [entry.platform_id for entry in taken] == [receipt.platform_id for receipt in receipts]
    assert {receipt.person for receipt in receipts} == {PERSON}
    assert [entry.warnings for entry in taken] == [[]] * len(taken)
    assert [bool(entry.view.get("quick_replies")) for entry in taken] == [False] * (len(taken) - 1) + [True]


async def test_a_tapped_choice_comes_back(channel: MetaChannel, sandbox: Sandbox, listener: Listener) -> None:
    sandbox.say(channel.name, PERSON, "Hello")
    await send(channel, outgoing(channel, Text("Shall I?"), CHOICES))
    sandbox.tap(channel.name, PERSON, "Yes, please")
    tapped = next(one for one in await heard(channel, sandbox, listener) if one.kind == "message.quick_reply")
    assert (tapped.choice, tapped.text) == ("c:812:yes", "Yes, please")


async def test_asking_about_a_card_comes_back(
    channel: MetaChannel, sandbox: Sandbox, listener: Listener
) -> None:
    sandbox.say(channel.name, PERSON, "Hello")
    await send(channel, outgoing(channel, Products((card(),))))
    sandbox.tap(channel.name, PERSON, "Ask about it")
    tapped = next(one for one in await heard(channel, sandbox, listener) if one.kind == "postback")
    assert tapped.choice == "c:812:ask:JUMPER"


async def test_our_own_words_are_told_back_as_ours(
    channel: MetaChannel, sandbox: Sandbox, listener: Listener
) -> None:
    sandbox.say(channel.name, PERSON, "Hello")
    [receipt] = await send(channel, outgoing(channel, Text("Hello you")))
    echo = next(one for one in await heard(channel, sandbox, listener) if one.kind == "echo")
    assert (echo.platform_id, echo.person) == (receipt.platform_id, PERSON)
    assert echo.echo_of == {"messenger": "aisle:812:0", "instagram": ""}[channel.name]


async def test_a_closed_window_is_the_messages_matter_and_a_person_may_still_write(
    channel: MetaChannel, sandbox: Sandbox
) -> None:
    sandbox.say(channel.name, PERSON, "Hello")
    sandbox.wait(channel.name, PERSON, 2 * DAY)
    with pytest.raises(NotDelivered) as caught:
        await send(channel, outgoing(channel, Text("Late")))
    assert (caught.value.cause, caught.value.heals) == ("message", False)
    assert len(await send(channel, outgoing(channel, Text("From a person"), way="human_agent"))) == 1


async def test_a_comment_is_answered_privately_once(
    channel: MetaChannel, sandbox: Sandbox, listener: Listener
) -> None:
    sandbox.act(channel.name, PERSON, "comment", text="How much is it?")
    [comment] = await heard(channel, sandbox, listener)
    assert (comment.kind, comment.person, comment.text) == ("comment.add", PERSON, "How much is it?")
    reply = outgoing(channel, Text("39 EUR"), way="private_reply", comment=comment.platform_id, recipient="")
    [receipt] = await send(channel, reply)
    assert receipt.person == PERSON
    with pytest.raises(NotDelivered) as again:
        await send(channel, reply)
    assert again.value.cause == "message"


async def test_who_blocked_the_shop_is_unreachable(channel: MetaChannel, sandbox: Sandbox) -> None:
    sandbox.say(channel.name, PERSON, "Hello")
    sandbox.act(channel.name, PERSON, "block")
    with pytest.raises(NotDelivered) as caught:
        await send(channel, outgoing(channel, Text("Hello you")))
    assert caught.value.cause == "person"
    await channel.mark(channel.accounts[0], PERSON, what="typing")


async def test_a_profile_is_read_once_somebody_wrote(channel: MetaChannel, sandbox: Sandbox) -> None:
    sandbox.meet(channel.name, PERSON, name="Ona Pavyzdė")
    assert await channel.person(channel.accounts[0], PERSON) is None
    sandbox.say(channel.name, PERSON, "Hello")
    found = await channel.person(channel.accounts[0], PERSON)
    assert found is not None
    assert found.name == "Ona Pavyzdė"


async def test_an_account_is_set_up_and_then_found_well(channel: MetaChannel, sandbox: Sandbox) -> None:
    account = channel.accounts[0]
    profile = channel_profile(
        Profile(name="Wool & Co", starters={"en": (("Where is my order?", "x"),)}), Words()
    )
    done = await channel.set_up(
        account, webhook_url=f"https://shop.example/webhooks/{channel.name}", profile=profile
    )
    assert not {finding.state for finding in done} - {"ok", "warning"}
    assert {"ice_breakers", "persistent_menu"} <= set(sandbox.world.account(channel.name).profile)
    assert {finding.state for finding in await channel.check(account)} == {"ok"}
