"""Which public comments are answered is the shop's choice, and a wrong word in it is told."""

from pathlib import Path

import pytest

from bot.core.errors import BadInput
from bot.core.profile import load


@pytest.mark.parametrize(
    ("lines", "answered"),
    [
        ("", ("question", "complaint")),
        ('[touches]\nanswer = ["complaint"]', ("complaint",)),
        ("[touches]\nanswer = []", ()),
    ],
)
def test_the_profile_says_which_comments_are_answered(
    tmp_path: Path, lines: str, answered: tuple[str, ...]
) -> None:
    path = tmp_path / "shop.toml"
    path.write_text(f'name = "Shop"\n{lines}\n')
    assert load(path).touches == answered


@pytest.mark.parametrize("value", ['"question"', '["praise"]', "true"])
def test_a_rule_that_makes_no_sense_names_its_field(tmp_path: Path, value: str) -> None:
    path = tmp_path / "shop.toml"
    path.write_text(f'name = "Shop"\n[touches]\nanswer = {value}\n')
    with pytest.raises(BadInput, match=r"touches\.answer"):
        load(path)
