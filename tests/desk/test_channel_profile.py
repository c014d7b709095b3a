"""What a shop says on other houses' channels before anybody has written."""

from dataclasses import replace
from pathlib import Path

from bot.core import languages
from bot.core.profile import load
from bot.desk.channel_profile import GREETING_LIMIT, channel_profile
from bot.desk.words import Words
from tests.running import SHOP_FILE

DEMO = load(Path(__file__).parents[2] / "bot" / "shop" / "demo" / "shop.toml")


def test_every_language_of_the_shop_is_greeted_in_its_own_words() -> None:
    made = channel_profile(DEMO, Words())
    assert made["locale"] == "en"
    assert set(made["greeting"]) == set(languages.locales())
    assert len(set(made["greeting"].values())) == len(made["greeting"])
    assert all("Lumi" in text and "Larch & Loom" in text for text in made["greeting"].values())


def test_starters_and_menu_come_back_as_choices_the_desk_knows() -> None:
    made = channel_profile(DEMO, Words())
    assert made["starters"]["lt"][0] == {"title": "Kur mano užsakymas?", "payload": "starter:0"}
    assert [item["payload"] for item in made["menu"]["lt"]] == ["person", "start_over"]


def test_a_long_name_of_a_shop_still_fits_the_greeting() -> None:
    for name in ("The Very Long Name of a Shop That Sells Tents, Stoves and Socks", "x" * 400):
        texts = channel_profile(replace(DEMO, name=name), Words())["greeting"].values()
        assert all(0 < len(text) <= GREETING_LIMIT for text in texts)


def test_a_shop_without_starters_still_has_a_greeting_and_a_menu() -> None:
    made = channel_profile(replace(load(SHOP_FILE), starters={}), Words())
    assert made["starters"] == {}
    assert made["greeting"]
    assert made["menu"]
