"""The chat's front: sizes, texts, what its files may not contain, and how they are served."""

import gzip
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from bot.core.settings import Settings
from bot.web import chat_texts, widget
from tests.running import RunningDesk, running

WEB = Path(widget.__file__).parent
CHAT = [WEB / "static" / "formats.js", *sorted((WEB / "static" / "chat").iterdir())]
SCRIPTS = [*(path for path in CHAT if path.suffix == ".js"), *(WEB / "static" / "shop").glob("*.js")]
PAGES = [WEB / "templates" / "chat.html", *(WEB / "templates" / "shop").glob("*.html")]
LAUNCHER = WEB / "static" / "widget.js"
MODULES = ("chat", "widget", "static_files", "theme")
LAUNCHER_BUDGET, APP_BUDGET = 8 * 1024, 60 * 1024
FORBIDDEN = (
    "innerHTML",
    "outerHTML",
    "insertAdjacentHTML",
    "document.write",
    "eval(",
    "new Function",
    "DOMParser",
    "setHTML",
    "srcdoc",
    ".cssText",
    "javascript:",
)
DYNAMIC_KEYS = {
    *(f"launcher.{key}" for key in widget.LAUNCHER_KEYS),
    *(f"rating.{score}" for score in range(1, 6)),
    *(
        f"shop.home_{door}{suffix}"
        for door in ("shop", "inbox", "dashboard", "chat")
        for suffix in ("", "_text")
    ),
    "noscript",
    "loading",
    "language",
}
USED = re.compile(r"""\bt\(\s*'([a-z_.0-9]+)'|'((?:stock|state|owner)\.[a-z_]+)'""")
USED_ON_PAGES = re.compile(r"""\bt\(\s*['"]([a-z_]+)['"]""")


@pytest.fixture
async def desk(settings: Settings) -> AsyncIterator[RunningDesk]:
    async with running(settings, modules=MODULES) as started:
        yield started


async def get(desk: RunningDesk, path: str, **headers: str) -> tuple[aiohttp.ClientResponse, bytes]:
    async with desk.http.get(desk.url + path, headers=headers, auto_decompress=False) as response:
        return response, await response.read()


def test_the_launcher_stays_small() -> None:
    plain, packed, _etag = widget.launcher()
    assert len(packed) <= LAUNCHER_BUDGET, f"{len(packed)} bytes"
    assert gzip.decompress(packed) == plain


def test_the_whole_chat_stays_small() -> None:
    texts = max(
        len(gzip.compress(json.dumps(chat_texts.texts(name)).encode())) for name in chat_texts.catalogues()
    )
    size = sum(len(gzip.compress(path.read_bytes(), 9)) for path in [*CHAT, WEB / "static" / "tokens.css"])
    assert size + texts <= APP_BUDGET, f"{size + texts} bytes"


@pytest.mark.parametrize("path", [LAUNCHER, *SCRIPTS], ids=lambda path: path.name)
def test_no_script_makes_markup_or_code_from_text(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert [word for word in FORBIDDEN if word in text] == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_no_page_has_inline_script_or_style(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\son[a-z]+\s*=|\sstyle\s*=|<style|javascript:", text)
    inline = re.findall(r"<script(?![^>]*\ssrc=)[^>]*>", text)
    assert all('type="application/ld+json"' in tag for tag in inline), inline


def test_every_text_is_used_and_every_text_used_is_there() -> None:
    used = set(DYNAMIC_KEYS)
    for path in SCRIPTS:
        for one, other in USED.findall(path.read_text(encoding="utf-8")):
            used.add(one or other)
    for path in PAGES:
        used |= {f"shop.{key}" for key in USED_ON_PAGES.findall(path.read_text(encoding="utf-8"))}
    used -= {"shop.home_"}
    assert used == set(chat_texts.catalogues()["en"])


@pytest.mark.parametrize("locale", [name for name in chat_texts.catalogues() if name != "en"])
def test_a_translation_has_no_text_of_its_own_and_the_same_places(locale: str) -> None:
    english, other = chat_texts.catalogues()["en"], chat_texts.catalogues()[locale]
    assert set(other) <= set(english)
    for key, text in other.items():
        places = [set(re.findall(r"\{(\w+)\}", form)) for form in _forms(text)]
        assert places == [set(re.findall(r"\{(\w+)\}", _forms(english[key])[0]))] * len(places), key


def _forms(text: chat_texts.Text) -> list[str]:
    return [text] if isinstance(text, str) else list(text.values())


def test_a_text_missing_in_a_language_is_shown_in_english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(chat_texts.catalogues(), "xx", {"composer.send": "Xend"})
    texts = chat_texts.texts("xx")
    assert texts["composer.send"] == "Xend"
    assert texts["menu.person"] == "Talk to a person"


async def test_the_launcher_is_served_packed_with_its_texts_and_for_any_site(desk: RunningDesk) -> None:
    response, body = await get(desk, "/widget.js", **{"Accept-Encoding": "gzip"})
    assert response.status == 200
    assert response.headers["Content-Type"].startswith("text/javascript")
    assert response.headers["Content-Encoding"] == "gzip"
    assert response.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "max-age=600" in response.headers["Cache-Control"]
    text = gzip.decompress(body).decode()
    assert "Atidaryti pokalbį" in text
    assert "/*TEXTS*/" not in text
    again, nothing = await get(desk, "/widget.js", **{"If-None-Match": response.headers["ETag"]})
    assert (again.status, nothing) == (304, b"")


async def test_the_chat_page_may_be_framed_by_allowed_origins_only(settings: Settings) -> None:
    import dataclasses

    chosen = dataclasses.replace(settings, allowed_origins="https://shop.example")
    async with running(chosen, modules=MODULES) as desk:
        response, body = await get(desk, "/chat")
    policy = response.headers["Content-Security-Policy"]
    assert "frame-ancestors 'self' https://shop.example" in policy
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "X-Frame-Options" not in response.headers
    assert b"<noscript>" in body


@pytest.mark.parametrize(
    ("query", "accepted", "locale"),
    [
        ("", "", "en"),
        ("", "lt-LT,lt;q=0.9,en;q=0.5", "lt"),
        ("", "en;q=0.2, lt;q=0.8", "lt"),
        ("?locale=lt", "en", "lt"),
        ("?locale=lt-LT", "", "lt"),
        ("?locale=zz", "", "en"),
        ("?locale=%3Cscript%3E", "", "en"),
    ],
)
async def test_the_chat_page_speaks_the_language_asked_for(
    desk: RunningDesk, query: str, accepted: str, locale: str
) -> None:
    response, body = await get(desk, f"/chat{query}", **{"Accept-Language": accepted})
    assert response.status == 200
    assert f'<html lang="{locale}" dir="ltr"'.encode() in body


async def test_odd_parameters_of_the_chat_page_change_nothing(desk: RunningDesk) -> None:
    query = "?theme=%22%3E%3Cscript%3Ealert(1)%3C/script%3E&accent=url(x)&embedded=maybe"
    response, body = await get(desk, f"/chat{query}")
    assert response.status == 200
    assert b"alert(1)" not in body


async def test_all_modules_of_the_chat_are_preloaded_and_served(desk: RunningDesk) -> None:
    _response, body = await get(desk, "/chat")
    for path in (path for path in CHAT if path.suffix == ".js"):
        address = f"/static/{path.relative_to(WEB / 'static').as_posix()}"
        assert f'rel="modulepreload" href="{address}"' in body.decode()
        response, _body = await get(desk, address)
        assert (response.status, response.headers["Content-Type"]) == (200, "text/javascript; charset=utf-8")


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "/static/chat/../../app.py",
        "/static/",
        "/static/nothing.js",
    ],
)
async def test_nothing_but_static_files_is_served_as_one(desk: RunningDesk, path: str) -> None:
    response, body = await get(desk, path)
    assert response.status == 404
    assert json.loads(body)["error"] == "not_found"
