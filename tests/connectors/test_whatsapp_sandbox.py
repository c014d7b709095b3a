"""WhatsApp against the stand-in that holds to its rules: heard, answered, tapped, failed later, set up."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.core.channel import Outgoing, Template
from bot.core.errors import NotDelivered
from bot.core.messages import Image, Part, Products, Text
from bot.core.profile import Profile
from bot.desk.channel_profile import channel_profile
from bot.desk.words import Words
from bot.sandbox.accounts import environment
from bot.sandbox.serving import Sandbox
from connectors import whatsapp
from tests.connectors.parts import ORDER, SURVEY, product
from tests.connectors.talking import CHOICES, heard, send
from tests.sandbox.callers import Listener

PERSON, HIDDEN = "37060000123", "LT.20260714000000001"
DAY = 86_400


@pytest.fixture
async def channel(sandbox: Sandbox) -> AsyncIterator[whatsapp.WhatsApp]:
    found = whatsapp.connector(environment(list(sandbox.world.accounts.values()), sandbox.url))
    yield found
    await found.close()


def outgoing(channel: whatsapp.WhatsApp, *parts: Part, recipient: str = PERSON) -> Outgoing:
    return Outgoing(812, "c1", channel.accounts[0], recipient, "", parts, None)


async def test_what_a_shopper_says_is_heard(
    channel: whatsapp.WhatsApp, sandbox: Sandbox, listener: Listener
) -> None:
    sandbox.say("whatsapp", PERSON, "Ar turite žalią megztinį? 🧶")
    [said] = await heard(channel, sandbox, listener)
    assert (said.kind, said.person, said.account) == ("message.text", PERSON, channel.accounts[0])
    assert said.text == "Ar turite žalią megztinį? 🧶"


async def test_everything_we_may_say_is_taken(channel: whatsapp.WhatsApp, sandbox: Sandbox) -> None:
    sandbox.say("whatsapp", PERSON, "Hello")
    cards = tuple(product(number, title="Jumper " * 30) for number in range(5))
    parts = (Text("žąsis 🧶 " * 700), Image("https://shop.example/1.png"), ORDER, SURVEY, CHOICES)
    receipts = await send(channel, outgoing(channel, *parts))
    receipts += await send(channel, outgoing(channel, Products(cards)))
    taken = sandbox.accepted("whatsapp", PERSON)
    assert [entry.platform_id for entry in taken] == [receipt.platform_id for receipt in receipts]
    assert {receipt.person for receipt in receipts} == {PERSON}
    assert [entry.warnings for entry in taken] == [[]] * len(taken)


async def test_a_tapped_button_comes_back(
    channel: whatsapp.WhatsApp, sandbox: Sandbox, listener: Listener
) -> None:
    sandbox.say("whatsapp", PERSON, "Hello")
    [receipt] = await send(channel, outgoing(channel, Text("Shall I?"), CHOICES))
    sandbox.tap("whatsapp", PERSON, "Yes, please")
    tapped = next(one for one in await heard(channel, sandbox, listener) if one.kind == "message.quick_reply")
    assert (tapped.choice, tapped.text, tapped.target) == ("c:812:yes", "Yes, please", receipt.platform_id)


async def test_a_product_chosen_from_the_list_comes_back(
    channel: whatsapp.WhatsApp, sandbox: Sandbox, listener: Listener
) -> None:
    sandbox.say("whatsapp", PERSON, "Hello")
    await send(channel, outgoing(channel, Products((product(7), product(8)))))
    sandbox.tap("whatsapp", PERSON, "Linen throw 8")
    tapped = next(one for one in await heard(channel, sandbox, listener) if one.kind == "message.quick_reply")
    assert (tapped.choice, tapped.text) == ("c:812:ask:LL-8", "Linen throw 8")


async def test_how_a_message_fares_comes_with_our_own_id(
    channel: whatsapp.WhatsApp, sandbox: Sandbox, listener: Listener
) -> None:
    sandbox.say("whatsapp", PERSON, "Hello")
    [receipt] = await send(channel, outgoing(channel, Text("Hello you")))
    sandbox.act("whatsapp", PERSON, "read")
    found = [one for one in await heard(channel, sandbox, listener) if one.kind == "status"]
    assert [one.detail["status"] for one in found] == ["sent", "delivered", "read"]
    assert {(one.target, one.echo_of, one.person) for one in found} == {
        (receipt.platform_id, "aisle:812:0", PERSON)
    }


async def test_a_closed_window_is_told_after_the_call_was_taken(
    channel: whatsapp.WhatsApp, sandbox: Sandbox, listener: Listener
) -> None:
    sandbox.say("whatsapp", PERSON, "Hello")
    sandbox.wait("whatsapp", PERSON, 2 * DAY)
    [receipt] = await send(channel, outgoing(channel, Text("Late")))
    failed = next(one for one in await heard(channel, sandbox, listener) if one.kind == "status.failed")
    assert (failed.target, failed.echo_of) == (receipt.platform_id, "aisle:812:0")
    assert (failed.detail["code"], failed.detail["cause"]) == ("131047", "message")


async def test_outside_the_window_a_template_goes(
    channel: whatsapp.WhatsApp, sandbox: Sandbox, listener: Listener
) -> None:
    sandbox.say("whatsapp", PERSON, "Hello")
    sandbox.wait("whatsapp", PERSON, 2 * DAY)
    template = Template("order_update", "en", ("A1042", "on its way"))
    await send(channel, replace(outgoing(channel), way="template", template=template))
    assert sandbox.accepted("whatsapp", PERSON)[-1].view["text"] == "[order_update] A1042 · on its way"
    assert not [one for one in await heard(channel, sandbox, listener) if one.kind == "status.failed"]
    with pytest.raises(NotDelivered) as caught:
        await send(channel, replace(outgoing(channel), way="template", template=Template("unknown", "en")))
    assert caught.value.cause == "message"


async def test_a_shopper_whose_number_is_hidden_is_answered(
    channel: whatsapp.WhatsApp, sandbox: Sandbox, listener: Listener
) -> None:
    sandbox.meet("whatsapp", PERSON, user_id=HIDDEN, username="ona.p", has_number=False)
    sandbox.say("whatsapp", PERSON, "Hi")
    [said] = await heard(channel, sandbox, listener)
    assert (said.person, said.aliases, said.detail["username"]) == (HIDDEN, (), "ona.p")
    [receipt] = await send(channel, outgoing(channel, Text("Hello"), recipient=said.person))
    assert receipt.person == HIDDEN
    assert [entry.view["text"] for entry in sandbox.accepted("whatsapp", PERSON)] == ["Hello"]


async def test_edits_deletions_and_reactions_name_the_message(
    channel: whatsapp.WhatsApp, sandbox: Sandbox, listener: Listener
) -> None:
    said = sandbox.say("whatsapp", PERSON, "A1042")
    [receipt] = await send(channel, outgoing(channel, Text("Looking")))
    sandbox.act("whatsapp", PERSON, "edit", target=said.platform_id, text="A1043")
    sandbox.act("whatsapp", PERSON, "reaction", target=receipt.platform_id, emoji="👍")
    sandbox.act("whatsapp", PERSON, "unsend", target=said.platform_id)
    found = {one.kind: one for one in await heard(channel, sandbox, listener)}
    assert (found["message.edit"].target, found["message.edit"].text) == (said.platform_id, "A1043")
    assert (found["reaction"].target, found["reaction"].detail["emoji"]) == (receipt.platform_id, "👍")
    assert found["message.deleted"].target == said.platform_id


async def test_reading_and_typing_show_on_the_phone(
    channel: whatsapp.WhatsApp, sandbox: Sandbox, listener: Listener
) -> None:
    said = sandbox.say("whatsapp", PERSON, "Hello")
    await channel.mark(channel.accounts[0], PERSON, what="typing", target=said.platform_id)
    assert said.marks["seen"] is True
    await channel.mark(channel.accounts[0], PERSON, what="seen", target="wamid.unknown")


async def test_a_picture_of_a_shopper_is_fetched(
    channel: whatsapp.WhatsApp, sandbox: Sandbox, listener: Listener
) -> None:
    kept = sandbox.world.store("image/png", b"\x89PNG picture")
    sandbox.act("whatsapp", PERSON, "image", media=kept.id, text="like this")
    [said] = await heard(channel, sandbox, listener)
    (part,) = said.parts
    content, kind = await channel.media(channel.accounts[0], getattr(part, "platform_id", ""))
    assert (content, kind, said.text) == (b"\x89PNG picture", "image/png", "like this")


async def test_a_number_is_set_up_and_then_found_well(channel: whatsapp.WhatsApp, sandbox: Sandbox) -> None:
    account = channel.accounts[0]
    profile = channel_profile(
        Profile(name="Wool & Co", starters={"en": (("Where is my order?", "x"),)}), Words()
    )
    done = await channel.set_up(
        account, webhook_url="https://shop.example/webhooks/whatsapp", profile=profile
    )
    assert not {finding.state for finding in done} - {"ok", "warning"}
    assert {finding.state for finding in await channel.check(account)} == {"ok"}
