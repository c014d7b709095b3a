"""Another language when the shopper asks for one, in the script they write it in."""

import pytest

from bot.core.messages import Language
from tests.actions.conftest import Talk

SHOP = ["en", "lt", "sr", "sr-Latn", "ka"]


@pytest.mark.parametrize(
    ("text", "written", "expected"),
    [
        ("may we speak lithuanian", "en", "lt"),
        ("može ipak na srpskom?", "sr-Latn", "sr-Latn"),
        ("може ипак на српском?", "sr", "sr"),
        ("may we speak serbian", "en", "sr"),
        ("može na gruzijskom?", "sr-Latn", "ka"),
    ],
)
async def test_the_language_named_is_spoken_from_then_on(
    talk: Talk, text: str, written: str, expected: str
) -> None:
    outcome = await talk.act(
        "action_switch_language",
        text,
        intent="switch_language",
        parsed={"language": {"message": written}},
        metadata={"language": "en", "languages": SHOP},
    )
    assert outcome.of(Language) == [Language(expected)]
    assert outcome.said == ["utter_language_switched"]


async def test_a_button_names_its_language_whatever_was_written_before(talk: Talk) -> None:
    outcome = await talk.act(
        "action_switch_language",
        '/switch_language{"language": "sr"}',
        intent="switch_language",
        parsed={"language": {"message": "sr-Latn"}},
        metadata={"language": "sr-Latn", "languages": SHOP},
        language="sr",
    )
    assert outcome.of(Language) == [Language("sr")]
