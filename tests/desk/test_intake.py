"""What shoppers say over channels of other houses: taken in once, in order, and answered."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select

from bot.core.channel import Person, choice_word
from bot.core.messages import File
from bot.core.settings import Settings
from bot.core.times import now
from bot.store import platform_events
from bot.store.tables import Survey
from tests.desk.hearing import Street, heard, moment, said
from tests.running import running
from tests.small_platform import SmallPlatform


@pytest.fixture
async def street(settings: Settings) -> AsyncIterator[Street]:
    platform = SmallPlatform()
    async with running(settings, channels={"small": platform}) as desk:
        yield Street(desk, platform)


async def test_a_message_is_answered_over_its_channel(street: Street) -> None:
    await street.tell(said("hello", name="Ona", locale="lt_LT"))
    assert street.thread() == [("shopper", "hello"), ("bot", "echo: hello")]
    assert [(one.recipient, one.text) for one in street.platform.sent] == [("ona", "echo: hello")]
    conversation = street.conversation()
    assert (conversation.channel, conversation.account, conversation.language) == ("small", "shop-1", "lt")
    assert conversation.window_at == conversation.last_shopper_at == moment(0)
    assert [event.state for event in street.events()] == ["done"]


async def test_a_repeat_changes_nothing_in_whatever_batch_it_comes(street: Street) -> None:
    await street.tell(said("hello"), said("hello"))
    await street.tell(said("hello"), said("and this", "m2", 1))
    assert [text for author, text in street.thread() if author == "shopper"] == ["hello", "and this"]
    assert len(street.facts("message_in")) == 2
    assert len(street.desk.brain.turns) == 2


async def test_events_are_applied_by_the_platforms_time(street: Street) -> None:
    await street.tell(said("third", "m3", 3), said("first", "m1", 1), said("second", "m2", 2))
    asked = [turn["message"] for turn in street.desk.brain.turns]
    assert asked == ["first", "second", "third"]


async def test_people_are_told_apart_and_recognised_by_any_of_their_ids(street: Street) -> None:
    await street.tell(said("hello", person="37060000001", aliases=("LT.1",)))
    await street.tell(said("it is me again", "m2", 1, person="LT.1"))
    await street.tell(said("I am another", "m3", 2, person="37060000002"))
    conversations = [message.conversation_id for message in street.messages() if message.direction == "in"]
    assert conversations[0] == conversations[1] != conversations[2]
    assert [one.external_id for one in street.identities()] == ["37060000001", "37060000002", "LT.1"]


async def test_a_tapped_button_means_what_it_meant_in_its_own_message(street: Street) -> None:
    await street.tell(said("buttons"))
    await street.tell(said("buttons", "m2", 1))
    first = next(message for message in street.messages() if message.author == "bot")
    items = first.parts[0]["items"]
    tap = heard(
        "postback", "postback:1", 2, text=items[0]["title"], choice=choice_word(first.id, items[0]["id"])
    )
    await street.tell(tap)
    assert street.desk.brain.turns[-1]["message"] == items[0]["payload"]
    assert [text for author, text in street.thread() if author == "shopper"][-1] == items[0]["title"]


async def test_a_products_own_button_asks_about_that_product(street: Street) -> None:
    await street.tell(said("product"))
    shown = next(message for message in street.messages() if message.author == "bot" and message.parts)
    choice = choice_word(shown.id, "ask:tent-2")
    await street.tell(heard("postback", "postback:1", 1, text="Ask about it", choice=choice))
    assert street.desk.brain.turns[-1]["message"] == '/product_details{"product": "Two-person tent"}'
    assert [text for author, text in street.thread() if author == "shopper"][-1] == "Two-person tent"


async def test_a_number_typed_below_products_is_no_choice_of_one(street: Street) -> None:
    await street.tell(said("product"))
    await street.tell(said("1", "m2", 1))
    assert street.desk.brain.turns[-1]["message"] == "1"


@pytest.mark.parametrize("choice", ["c:999999:b0", "LEGACY_MENU", "c:x:y"])
async def test_a_button_that_is_not_ours_is_read_as_its_title(street: Street, choice: str) -> None:
    await street.tell(heard("postback", "postback:1", text="Opening hours", choice=choice))
    assert street.desk.brain.turns[-1]["message"] == "Opening hours"


async def test_a_commands_slash_is_not_obeyed(street: Street) -> None:
    await street.tell(heard("postback", "postback:1", text="/restart", choice="/restart"))
    assert street.desk.brain.turns[-1]["message"] == "restart"


async def test_getting_started_is_greeted(street: Street) -> None:
    await street.tell(heard("postback", "postback:1", text="", choice="get_started"))
    assert street.desk.brain.turns[-1]["message"] == "/greet"
    assert street.thread()[0] == ("shopper", "Get started")


@pytest.mark.parametrize("choice", ["person", "c:7:person"])
async def test_a_person_is_fetched_by_the_standing_choice(street: Street, choice: str) -> None:
    await street.tell(said("hello"))
    await street.tell(heard("postback", "postback:1", 1, text="Talk to a person", choice="person"))
    assert street.conversation().owner == "queue"
    assert len(street.desk.brain.turns) == 1


async def test_a_tap_that_needs_no_turn_is_marked_as_seen(street: Street) -> None:
    await street.tell(heard("postback", "postback:1", platform_id="tap-1", text="A person", choice="person"))
    await street.until(lambda _session: street.platform.marks)
    assert street.platform.marks == [("ona", "seen")]
    assert street.desk.brain.turns == []


async def test_a_starter_of_the_menu_asks_its_question(street: Street) -> None:
    await street.tell(heard("postback", "postback:1", text="Returns", choice="starter:1"))
    assert street.desk.brain.turns[-1]["message"] == "how do returns work"


async def test_a_tapped_rating_is_counted_once_and_changed_by_the_next(street: Street) -> None:
    await street.tell(said("bye"))
    asked = next(message for message in street.messages() if message.response == "survey.csat")
    for number, (key, score) in enumerate((("r1", 2), ("r1", 2), ("r2", 5))):
        choice = choice_word(asked.id, f"rate:{score}")
        await street.tell(heard("message.quick_reply", key, 1 + number, text=str(score), choice=choice))
    assert [survey.score for survey in street.look(select(Survey))] == [5]
    assert [fact.value for fact in street.facts("survey_answered")] == [2.0]
    assert [fact.value for fact in street.facts("survey_changed")] == [5.0]
    assert street.conversation().owner == "closed"


@pytest.mark.parametrize(
    ("part", "language", "words"),
    [
        (File("image", "https://cdn.example/1.jpg"), "en", "pictures"),
        (File("image", "https://cdn.example/1.jpg"), "lt", "nuotraukų"),
        (File("audio", "https://cdn.example/1.ogg"), "en", "voice messages"),
        (File("video"), "en", "videos"),
        (File("file", title="bill.pdf"), "en", "files"),
        (File("location", "geo:54,25"), "en", "place"),
        (File("share", "https://cdn.example/p"), "en", "posts"),
        (File("reel"), "en", "words"),
    ],
)
async def test_what_cannot_be_looked_at_is_said_so(
    street: Street, part: File, language: str, words: str
) -> None:
    await street.tell(heard("message.attachment", "a1", platform_id="m1", parts=(part,), locale=language))
    notice = street.messages()[-1]
    assert notice.author == "system"
    assert words in notice.text
    assert [item["id"] for item in notice.parts[0]["items"]] == ["person"]
    assert street.messages()[0].parts[0]["kind"] == part.kind
    assert street.desk.brain.turns == []


async def test_a_picture_with_words_is_a_turn_about_the_words(street: Street) -> None:
    picture = File("image", "https://cdn.example/1.jpg")
    await street.tell(
        heard("message.attachment", "a1", platform_id="m1", text="is this broken?", parts=(picture,))
    )
    assert street.thread() == [("shopper", "is this broken?"), ("bot", "echo: is this broken?")]


async def test_a_sticker_is_kept_and_asks_nothing(street: Street) -> None:
    await street.tell(heard("message.sticker", "s1", platform_id="m1", parts=(File("sticker"),)))
    assert [(message.author, message.text) for message in street.messages()] == [("shopper", "")]
    assert street.conversation().waiting_since is None
    assert street.conversation().last_text == "[sticker]"


async def test_an_unsupported_message_is_answered_honestly(street: Street) -> None:
    await street.tell(heard("message.unsupported", "u1", platform_id="m1", detail={"unsupported": "poll"}))
    assert [author for author, _ in street.thread()] == ["shopper", "system"]


async def test_a_list_to_order_is_for_a_person(street: Street) -> None:
    lines = (File("order", title="2 × Two-person tent"),)
    await street.tell(heard("message.order", "o1", platform_id="m1", text="these please", parts=lines))
    assert street.thread()[0] == ("shopper", "these please")
    assert "person" in street.thread()[1][1]
    assert street.desk.brain.turns == []


async def test_a_shared_product_the_catalogue_has_is_asked_about(street: Street) -> None:
    known: list[str] = []
    street.desk.services.intake._has_product = lambda sku: known.append(sku) or sku == "tent-2"
    for key, sku in (("p1", "tent-2"), ("p2", "gone-1")):
        detail = {"product": {"sku": sku, "title": "A tent"}}
        await street.tell(heard("message.product", key, platform_id=key, detail=detail))
    (turn,) = street.desk.brain.turns
    assert (turn["message"], turn["metadata"]["page"]["sku"]) == ("/product_details", "tent-2")
    assert known == ["tent-2", "gone-1"]
    assert street.thread()[-1][0] == "system"


async def test_where_somebody_came_from_is_kept_and_opens_the_window(street: Street) -> None:
    referral = {"source": "ADS", "ref": "spring", "ad_id": "7"}
    await street.tell(heard("referral", "r0", 5, detail={"referral": referral}))
    assert [event.state for event in street.events()] == ["waiting"]
    await street.tell(said("hello", seconds=1))
    await street.quiet()
    conversation = street.conversation()
    assert (conversation.window_at, conversation.summary["referral"]) == (moment(5), referral)
    assert [fact.label for fact in street.facts("referral")] == ["ADS spring"]


async def test_the_profile_is_fetched_once_a_week_beside_the_work(street: Street) -> None:
    street.platform.profiles["ona"] = Person(name="Ona Onaitė", username="ona", picture="https://x.example/o")
    await street.tell(said("hello"))
    await street.until(lambda _session: street.identities()[0].fetched_at is not None)
    await street.tell(said("hello again", "m2", 1))
    identity = street.identities()[0]
    assert (identity.name, identity.username, identity.picture) == (
        "Ona Onaitė",
        "ona",
        "https://x.example/o",
    )
    assert street.platform.asked == ["ona"]


async def test_a_profile_that_fails_harms_nothing(street: Street) -> None:
    await street.tell(said("hello"))
    await street.until(lambda _session: street.identities()[0].fetched_at is not None)
    assert street.thread()[-1] == ("bot", "echo: hello")
    assert street.identities()[0].name == ""


async def test_the_shopper_sees_that_the_bot_has_read_and_types(street: Street) -> None:
    await street.tell(said("slow 0.2"))
    assert street.platform.marks == [("ona", "seen"), ("ona", "typing")]


async def test_a_poison_event_is_put_aside_after_three_attempts_and_blocks_nobody(street: Street) -> None:
    (row,) = platform_events.rows("small", [said("boom", "m2", 1)], at=now())
    row["data"]["parts"] = [{"type": "of a later version"}]
    await street.desk.services.database.write(platform_events.keep, [row])
    await street.tell(said("hello"), said("after", "m3", 2), said("other", "m4", 3, person="jonas"))
    said_by_them = [text for author, text in street.thread() if author == "shopper"]
    assert sorted(said_by_them) == ["after", "hello", "other"]
    assert said_by_them.index("hello") < said_by_them.index("after")
    (failed,) = street.events("failed")
    assert (failed.key, failed.attempts, failed.error) == ("message:m2", 3, "BadInput")
