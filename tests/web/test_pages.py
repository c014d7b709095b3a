"""Texts and colours of the desk's pages: nothing untranslated, nothing unreadable, nothing read as markup."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from bot.core import languages
from bot.web import pages, theme

WEB = Path(pages.__file__).parent
TEXTS = languages.texts("desk")
ENGLISH = TEXTS["en"]
MINE = [
    *(WEB / "static" / "inbox").glob("*.js"),
    *(WEB / "static" / "answers").glob("*.js"),
    WEB / "static" / "desk.js",
    *(
        WEB / "templates" / f"{name}.html"
        for name in ("base", "sign_in", "inbox", "answers", "not_allowed", "not_found")
    ),
]


@pytest.mark.parametrize("locale", TEXTS)
def test_every_language_has_every_text_with_the_same_placeholders(locale: str) -> None:
    texts = TEXTS[locale]

    def placeholders(text: Any) -> set[str]:
        return set(re.findall(r"\{(\w+)\}", json.dumps(text)))

    assert texts.keys() == ENGLISH.keys()
    assert {key for key in texts if placeholders(texts[key]) != placeholders(ENGLISH[key])} == set()
    assert {
        key
        for key, text in texts.items()
        if not (text.strip() if isinstance(text, str) else text["other"].strip())
    } == set()


@pytest.mark.parametrize("path", MINE, ids=lambda path: path.name)
def test_every_text_a_page_asks_for_is_there(path: Path) -> None:
    asked = re.findall(r"""\bt\(\s*["']([a-z_.0-9]+)["']\s*[,)]""", path.read_text(encoding="utf-8"))
    assert [key for key in asked if key not in ENGLISH] == []


def test_a_text_that_is_not_translated_is_said_in_english() -> None:
    assert pages.text_of("common.save", "xx") == "Save"
    assert pages.text_of("no.such.key", "lt") == "no.such.key"


@pytest.mark.parametrize("path", [path for path in MINE if path.suffix == ".js"], ids=lambda path: path.name)
def test_no_script_of_a_page_reads_text_as_markup(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", source) == []


def test_data_for_a_page_cannot_break_out_of_its_block() -> None:
    block = pages.data_block("x", {"name": "</script><script>alert(1)</script><!--"})
    inside = str(block).removeprefix('<script type="application/json" id="x">').removesuffix("</script>")
    assert "<" not in inside
    assert json.loads(inside)["name"].startswith("</script>")


@pytest.mark.parametrize(
    "accent", ["#0b5d4f", "#ffffff", "#000000", "#ffd400", "#e11d48", "#808080", "nonsense"]
)
def test_any_accent_of_a_shop_can_be_read(accent: str) -> None:
    blocks = re.findall(r"\{([^{}]*--accent:[^{}]*)\}", theme.css(accent))

    def colours(block: str) -> dict[str, theme.Colour]:
        found = re.findall(r"--([a-z-]+):#([0-9a-f]{6})", block)
        return {
            name: (int(c[:2], 16) / 255, int(c[2:4], 16) / 255, int(c[4:], 16) / 255) for name, c in found
        }

    light, dark = colours(blocks[0]), colours(blocks[1])
    assert theme.contrast(light["accent"], light["on-accent"]) >= 4.5
    assert theme.contrast(dark["accent"], dark["on-accent"]) >= 4.5
    assert theme.contrast(light["accent-ink"], theme.LIGHT) >= 4.5
    assert theme.contrast(dark["accent-ink"], theme.DARK) >= 4.5
    assert theme.contrast(light["accent-ink"], light["accent-soft"]) >= 4.5
    assert theme.contrast(dark["accent-ink"], dark["accent-soft"]) >= 4.5
