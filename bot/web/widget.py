"""The web chat's front: the launcher that shop pages load, and the page inside its frame."""

import gzip
import hashlib
import json
import re
from typing import Any

from sanic import HTTPResponse, Request
from sanic.response import empty, html, raw

from bot.core import languages
from bot.web import chat_texts, pages, static_files
from bot.web.api import Api

LAUNCHER = "widget.js"
LAUNCHER_SECONDS = 600  # a shop's visitors have a new launcher this much after an update
TEXTS = re.compile(r"/\*TEXTS\*/.*?/\*END\*/", re.DOTALL)
LAUNCHER_KEYS = ("open", "close", "title", "unread", "unreachable")
MODULES = ("formats.js", "chat/*.js")
THEMES = ("light", "dark")

_launchers: dict[str, tuple[bytes, bytes, str]] = {}  # by etag of the file: plain, packed, etag


def launcher() -> tuple[bytes, bytes, str]:
    """The launcher with its texts in every language: as it is, gzipped, and its ETag."""
    file = static_files.load(LAUNCHER)
    if file.etag not in _launchers:
        texts = {
            locale.lower(): {key: chat_texts.text(f"launcher.{key}", locale) for key in LAUNCHER_KEYS}
            for locale in chat_texts.catalogues()
        }
        data = json.dumps(texts, ensure_ascii=False, separators=(",", ":"))
        plain = TEXTS.sub(lambda _: data, file.plain.decode(), count=1).encode()
        etag = f'"{hashlib.sha256(plain).hexdigest()[:16]}"'
        _launchers.clear()
        _launchers[file.etag] = (plain, gzip.compress(plain, 9, mtime=0), etag)
    return _launchers[file.etag]


def modules() -> list[str]:
    """Addresses of the chat's modules, to be fetched side by side instead of one import after the other."""
    root = static_files.ROOT
    paths = [path for pattern in MODULES for path in sorted(root.glob(pattern))]
    return [f"/static/{path.relative_to(root).as_posix()}" for path in paths]


def page(request: Request) -> str:
    """The chat page for a request, in the locale and theme it asks for."""
    profile = request.app.ctx.services.profile
    locale = chat_texts.match(request.args.get("locale") or "", *chat_texts.accepted(request), profile.locale)
    theme = request.args.get("theme") or ""
    data: dict[str, Any] = {
        "locale": locale,
        "locales": {
            code: chat_texts.text("language", code)
            for code in chat_texts.catalogues()
            if code in profile.locales or code == locale
        },
        "texts": chat_texts.texts(locale, without=("shop", "noscript", "language")),
        "options": languages.options(locale),
        "formats": pages.formats(locale, without=("languages", "units")),
        "bot": profile.bot_name,
        "shop": profile.name,
    }
    return (
        pages.environment()
        .get_template("chat.html")
        .render(
            locale=locale,
            dir=chat_texts.direction(locale),
            theme=theme if theme in THEMES else "",
            title=chat_texts.text("launcher.title_of", locale, shop=profile.name),
            loading=chat_texts.text("loading", locale),
            noscript=chat_texts.text("noscript", locale),
            contact=[text for text in (profile.email, profile.phone) if text],
            data=pages.data_block("chat-data", data),
            modules=modules(),
        )
    )


def routes(api: Api) -> None:
    """Register the launcher and the chat page."""

    @api.route("GET", "/widget.js", guard="none", returns="the launcher script")
    async def widget(request: Request) -> HTTPResponse:
        """The launcher: one script tag on any page of the shop."""
        plain, packed, etag = launcher()
        headers = {
            "ETag": etag,
            "Cache-Control": f"public, max-age={LAUNCHER_SECONDS}",
            "Vary": "Accept-Encoding",
        }
        if request.headers.get("if-none-match") == etag:
            return empty(status=304, headers=headers)
        content_type = "text/javascript; charset=utf-8"
        if "gzip" in request.headers.get("accept-encoding", ""):
            return raw(packed, headers={**headers, "Content-Encoding": "gzip"}, content_type=content_type)
        return raw(plain, headers=headers, content_type=content_type)

    @api.route(
        "GET",
        "/chat",
        guard="none",
        query=(
            ("locale", "language of the page"),
            ("theme", "light or dark; empty: as the device is set"),
            ("accent", "accent colour of the embedding page"),
            ("embedded", "set by the launcher"),
        ),
        returns="the chat page",
    )
    async def chat(request: Request) -> HTTPResponse:
        """The chat, inside the launcher's frame or in a tab of its own."""
        request.ctx.is_embeddable = True
        return html(page(request), headers={"Cache-Control": "no-cache", "Vary": "Accept-Language"})
