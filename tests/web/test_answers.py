"""The shop's own wording of answers: at once, per language, and back again."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.core.settings import Settings
from bot.desk import answers, default_answers
from bot.desk.answers import Answers
from bot.desk.default_answers import Default
from bot.store.database import Database
from tests.running import RunningDesk, running
from tests.web.agents import Agent, signed_in

NAME = "utter_faq/returns"
BOTH = Default(name=NAME, texts={"en": ("Thirty days.",), "lt": ("Trisdešimt dienų.",)})
ENGLISH = Default(name="utter_faq/warranty", texts={"en": ("Two years.",)})
FILLED = Default(name="utter_greet", texts={"en": ("Hello {name}.",)})


@pytest.fixture
async def desk(settings: Settings) -> AsyncIterator[RunningDesk]:
    async with running(settings) as started:
        yield started


@pytest.fixture
async def mia(desk: RunningDesk) -> AsyncIterator[Agent]:
    async with signed_in(desk, "Mia", "manager") as manager:
        yield manager


async def test_an_edited_answer_is_said_from_the_next_turn_on(desk: RunningDesk, mia: Agent) -> None:
    shopper = await desk.shopper()
    await shopper.send("faq")
    await shopper.until("Thirty days.")
    status, saved = await mia.call(
        "POST", "/api/answers", {"name": NAME, "locale": "en", "text": "You may return it for sixty days."}
    )
    assert status == 200, saved
    await shopper.send("faq")
    await shopper.until("You may return it for sixty days.")
    status, reset = await mia.call("POST", "/api/answers/reset", {"name": NAME, "locale": "en"})
    await shopper.send("faq")
    await shopper.until("Thirty days.", times=2)
    assert saved["answer"]["edited"]["en"]["by"] == "Mia"
    assert (status, reset["answer"]["edited"]) == (200, {})


async def test_two_managers_do_not_overwrite_each_other(mia: Agent) -> None:
    body = {"name": NAME, "locale": "en", "base_version": 0}
    first, _ = await mia.call("POST", "/api/answers", {**body, "text": "Mine."})
    second, answer = await mia.call("POST", "/api/answers", {**body, "text": "No, mine."})
    third, _ = await mia.call("POST", "/api/answers/reset", body)
    assert (first, second, third) == (200, 409, 409)
    assert answer["error"] == "conflict"


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"name": NAME, "locale": "en", "text": "  "}, 400, "text"),
        ({"name": NAME, "locale": "en", "text": "x" * 4_001}, 400, "text"),
        ({"name": NAME, "locale": "xx", "text": "x"}, 400, "locale"),
        ({"name": "utter_nothing", "locale": "en", "text": "x"}, 404, None),
        ({"name": NAME, "locale": "en"}, 400, None),
    ],
)
async def test_a_bad_edit_is_refused_and_the_field_named(
    mia: Agent, body: dict[str, str], status: int, field: str | None
) -> None:
    got, answer = await mia.call("POST", "/api/answers", body)
    assert got == status
    assert answer.get("field") == field


async def test_the_list_holds_every_answer_of_the_bot(mia: Agent) -> None:
    status, found = await mia.call("GET", "/api/answers")
    listed = {item["name"]: item for item in found["answers"]}
    assert status == 200
    assert set(listed) == set(default_answers.read())
    assert listed[NAME]["texts"]["en"][0]


def test_texts_are_read_per_language_and_locked_where_the_bot_fills_in(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "domain.yml").write_text(
        "responses:\n  utter_bye:\n  - text: Bye.\n  - text: See you.\n"
        "  - text: Iki.\n    condition: [{type: slot, name: language, value: lt}]\n"
        "  utter_greet:\n  - text: 'Hello {name}.'\n    buttons: [{title: Help, payload: /help}]\n"
    )
    (tmp_path / "data" / "faq.yml").write_text("responses:\n  utter_faq/returns:\n  - text: Thirty days.\n")
    (tmp_path / "data" / "broken.yml").write_text("responses: [\n")
    found = default_answers.read(tmp_path)
    assert list(found) == ["utter_bye", "utter_faq/returns", "utter_greet"]
    assert found["utter_bye"].texts == {"en": ("Bye.", "See you."), "lt": ("Iki.",)}
    assert (found["utter_faq/returns"].topic, found["utter_faq/returns"].file) == ("faq", "data/faq.yml")
    assert (found["utter_greet"].is_editable, found["utter_greet"].variables) == (False, ("{name}",))
    assert found["utter_greet"].buttons == ("Help",)


def test_an_english_edit_speaks_where_the_bot_would_speak_english(database: Database) -> None:
    lookup = Answers(database, defaults={default.name: default for default in (BOTH, ENGLISH)})
    before = lookup.text_for(BOTH.name, "en")
    with database.writing() as session:
        for default in (BOTH, ENGLISH):
            answers.save(session, default, locale="en", text=f"Edited {default.name}.", user_id=None)
    unread = lookup.text_for(BOTH.name, "en")
    lookup.refresh()
    assert before is None
    assert unread is None
    assert lookup.text_for(BOTH.name, "en") == ("Edited utter_faq/returns.", "v1")
    assert lookup.text_for(BOTH.name, "lt") is None
    assert lookup.text_for(ENGLISH.name, "lt") == ("Edited utter_faq/warranty.", "v2")
    assert lookup.text_for(ENGLISH.name, "en-GB") == ("Edited utter_faq/warranty.", "v2")
    assert lookup.text_for("utter_other", "en") is None


def test_versions_never_come_twice(database: Database) -> None:
    with database.writing() as session:
        first = answers.save(session, BOTH, locale="en", text="One.", user_id=None)
        answers.reset(session, BOTH.name, locale="en")
        again = answers.save(session, BOTH, locale="en", text="Two.", user_id=None)
    assert (first, again) == (1, 3)


def test_an_answer_with_placeholders_is_not_taken_over(database: Database) -> None:
    with database.writing() as session, pytest.raises(answers.BadInput):
        answers.save(session, FILLED, locale="en", text="Hello.", user_id=None)
