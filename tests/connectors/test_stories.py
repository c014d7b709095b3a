"""What happens to a shopper on each channel, told to the end: the whole desk before the stand-in of the platforms."""

import pytest
from sqlalchemy import select

from bot.desk import close, hand_off
from bot.sandbox.acts import offered
from bot.store.tables import Survey, Touch, User
from tests.connectors.test_against_sandbox import CHANNELS, META, PERSON, House, house

__all__ = ["house"]  # the fixture
PICTURE = "https://cdn.example/broken.jpg"


def closed_by_the_agent(house: House, channel: str) -> None:
    conversation = house.conversation(channel)
    with house.desk.services.database.writing() as session:
        user = session.scalars(select(User)).one()
        context = house.desk.services.context
        close.close(session, conversation.id, context=context, by="agent", user_id=user.id)
    house.desk.services.changed(conversation.id)


@pytest.mark.parametrize("channel", CHANNELS)
async def test_a_picture_is_taken_honestly_and_a_person_offered(channel: str, house: House) -> None:
    kept = house.sandbox.world.store("image/png", b"\x89PNG picture")
    place = {"url": PICTURE} if channel in META else {"media": kept.id}
    house.sandbox.act(channel, PERSON, "image", **place)
    await house.until(lambda: house.said(channel), "an answer to the picture")
    assert house.desk.brain.turns == []
    assert [part["kind"] for part in house.messages(channel, "shopper")[0].parts] == ["image"]
    entry = house.sandbox.accepted(channel, PERSON)[-1]
    house.sandbox.tap(channel, PERSON, offered(entry.view)[0].title)
    await house.until(lambda: house.conversation(channel).owner == "queue", "a person to be fetched")


@pytest.mark.parametrize("channel", ["messenger", "instagram", "whatsapp"])
async def test_what_is_edited_reacted_to_and_unsent_is_followed_in_silence(
    channel: str, house: House
) -> None:
    entry = house.sandbox.say(channel, PERSON, "my card is 4111")
    await house.hears(channel, "echo: my card is 4111")
    answer = house.sandbox.accepted(channel, PERSON)[-1]
    house.sandbox.act(channel, PERSON, "reaction", target=answer.platform_id, emoji="❤")
    house.sandbox.act(channel, PERSON, "edit", target=entry.platform_id, text="my card is 4222")
    await house.until(lambda: "4222" in house.messages(channel, "shopper")[0].text, "the edit")
    house.sandbox.act(channel, PERSON, "unsend", target=entry.platform_id)
    await house.until(lambda: house.messages(channel, "shopper")[0].text == "", "the message to be gone")
    await house.until(lambda: house.desk.brain.forgotten, "the brain to forget")
    await house.until(lambda: house.messages(channel, "bot")[0].extra.get("reaction"), "the reaction")
    await house.sandbox.hooks.settled()
    assert house.conversation(channel).last_text == "echo: my card is 4111"
    assert (len(house.desk.brain.turns), len(house.said(channel))) == (1, 1)


@pytest.mark.parametrize("channel", CHANNELS)
async def test_a_rating_is_given_with_the_channels_own_buttons_and_a_comment(
    channel: str, house: House
) -> None:
    house.sandbox.say(channel, PERSON, "person please")
    await house.hears(channel, "I see.")
    house.agent_answers(channel, "It leaves today.")
    await house.hears(channel, "It leaves today.")
    closed_by_the_agent(house, channel)

    def ratings() -> list[str]:
        last = house.sandbox.accepted(channel, PERSON)[-1]
        return [one.title for one in offered(last.view)]

    await house.until(lambda: len(ratings()) == 5, "five ratings to tap", lambda: house.said(channel))
    before = len(house.said(channel))
    house.sandbox.tap(channel, PERSON, ratings()[4])
    await house.until(lambda: len(house.said(channel)) > before, "the question for a comment")
    house.sandbox.say(channel, PERSON, "Ona was quick")
    await house.until(lambda: len(house.said(channel)) > before + 1, "thanks for the comment")
    with house.desk.services.database.reading() as session:
        (survey,) = session.scalars(select(Survey))
    assert (survey.score, survey.comment, survey.segment) == (5, "Ona was quick", "agent")
    assert len(house.desk.brain.turns) == 1


@pytest.mark.parametrize("channel", CHANNELS)
async def test_who_blocks_the_shop_is_not_written_to_again(channel: str, house: House) -> None:
    house.sandbox.say(channel, PERSON, "person please")
    await house.hears(channel, "I see.")
    house.sandbox.act(channel, PERSON, "block")
    before = house.said(channel)
    house.agent_answers(channel, "Hello?")
    await house.until(lambda: house.messages(channel, "agent")[-1].state == "failed", "the refusal")
    await house.until(lambda: house.conversation(channel).unreachable, "the shopper to be unreachable")
    delivered = [entry for entry in house.sandbox.accepted(channel, PERSON) if "failed" not in entry.marks]
    assert [entry.view.get("text") for entry in delivered] == before


@pytest.mark.parametrize("channel", META)
async def test_a_question_in_public_is_answered_once_in_private(channel: str, house: House) -> None:
    house.sandbox.act(channel, PERSON, "comment", text="How much is the tent?")
    await house.until(lambda: house.said(channel), "the private reply")
    house.sandbox.act(channel, PERSON, "comment", text="lovely colours")
    await house.sandbox.hooks.settled()
    assert len(house.said(channel)) == 1
    house.sandbox.say(channel, PERSON, "the green one")
    await house.hears(channel, "echo: the green one")
    with house.desk.services.database.reading() as session:
        states = sorted((touch.text, touch.state) for touch in session.scalars(select(Touch)))
    assert states == [("How much is the tent?", "replied"), ("lovely colours", "seen")]


async def test_a_story_is_answered_and_a_mention_in_one_is_not(house: House) -> None:
    mention = house.sandbox.act("instagram", PERSON, "story_mention", url="https://cdn.example/s.jpg")
    house.sandbox.act("instagram", PERSON, "story_reply", text="is it warm?", url="https://cdn.example/t.jpg")
    await house.hears("instagram", "echo: is it warm?")
    assert house.said("instagram") == ["echo: is it warm?"]
    assert house.messages("instagram", "shopper")[0].extra["story"]["url"] == "https://cdn.example/t.jpg"
    house.sandbox.act("instagram", PERSON, "unsend", target=mention.platform_id)

    def touch() -> Touch:
        with house.desk.services.database.reading() as session:
            return session.scalars(select(Touch)).one()

    await house.until(lambda: touch().state == "removed", "the mention to be gone")
    assert touch().url == ""


@pytest.mark.parametrize("channel", META)
async def test_after_an_answer_elsewhere_the_bot_speaks_again_when_handed_back(
    channel: str, house: House
) -> None:
    house.sandbox.say(channel, PERSON, "hello")
    await house.hears(channel, "echo: hello")
    await house.sandbox.hooks.settled()
    house.sandbox.act(channel, PERSON, "inbox", text="Robin here.")
    await house.until(lambda: house.conversation(channel).owner == "agent", "the bot to step back")
    conversation = house.conversation(channel)
    with house.desk.services.database.writing() as session:
        hand_off.hand_back(session, conversation.id, context=house.desk.services.context, user_id=None)
    house.desk.services.changed(conversation.id)
    house.sandbox.say(channel, PERSON, "and now?")
    await house.hears(channel, "echo: and now?")
