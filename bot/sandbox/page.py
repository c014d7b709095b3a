"""The page with four phones: template, static files and texts of the stand-in."""

import hashlib
import json
import mimetypes
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup
from sanic import HTTPResponse, Request, Sanic
from sanic.config import Config
from sanic.exceptions import NotFound
from sanic.response import html, raw

from bot.core import languages
from bot.sandbox import control
from bot.sandbox.accounts import CHANNELS
from bot.sandbox.world import Person, World

HERE = Path(__file__).parent
PEOPLE = {
    "messenger": Person("", "Maria Example", "en_GB"),
    "instagram": Person("", "Jonas Example", "en_GB", username="jonas.example"),
    "whatsapp": Person("", "Aylin Example", "en_GB"),
    "telegram": Person("", "Petra Example", "en_GB", username="petra_example"),
}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; font-src 'self'; "
    "img-src 'self' data: http: https:; media-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@cache
def texts(locale: str) -> dict[str, str]:
    """Texts of the page; English where one is not translated."""
    found: dict[str, str] = {}
    for name in dict.fromkeys(("en", locale)):
        found |= languages.texts("phones")[name]
    return found


def locale_of(request: Request) -> str:
    """`?lang=`, else what the browser prefers."""
    wanted = [request.args.get("lang", "")]
    wanted += [item.split(";")[0].strip() for item in request.headers.get("accept-language", "").split(",")]
    return languages.match(languages.texts("phones"), *wanted)


def shoppers(world: World) -> None:
    """Somebody for every phone, made when the page is first looked at."""
    for account in world.accounts.values():
        if not any(thread.account is account for thread in world.threads.values()):
            like = PEOPLE[account.channel]
            person_id = str(10**10 + int(world.new_id(length=8), 16))
            world.meet(account, Person(person_id, like.name, like.locale, like.username))


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _data(identifier: str, data: Any) -> Markup:
    text = json.dumps(data, ensure_ascii=False, default=str)
    for char in "<>&\u2028\u2029":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return Markup('<script type="application/json" id="{}">{}</script>').format(identifier, Markup(text))  # noqa: S704 - escaped above


@cache
def _static(name: str) -> tuple[bytes, str, str]:
    path = HERE / "static" / name
    if path.parent != HERE / "static" or not path.is_file():
        raise NotFound("no such file")
    content = path.read_bytes()
    kind = (
        "text/javascript"
        if path.suffix == ".js"
        else mimetypes.guess_type(name)[0] or "application/octet-stream"
    )
    return content, f"{kind}; charset=utf-8", f'"{hashlib.sha256(content).hexdigest()[:16]}"'


def routes(app: Sanic[Config, Any], world: World) -> None:
    """Register the page and its files."""

    @app.get("/")
    async def phones(request: Request) -> HTTPResponse:
        shoppers(world)
        locale = locale_of(request)
        order = sorted(world.accounts.values(), key=lambda account: CHANNELS.index(account.channel))
        words = texts(locale)
        body = (
            _environment()
            .get_template("page.html")
            .render(
                t=words,
                locale=locale,
                locales=[(name, texts(name)["language"]) for name in languages.texts("phones")],
                data=_data(
                    "data", {"texts": words, "accounts": [control.account_json(account) for account in order]}
                ),
            )
        )
        headers = {
            "Content-Security-Policy": POLICY,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-store",
            "Vary": "Accept-Language",
        }
        return html(body, headers=headers)

    @app.get("/sandbox/static/<name:str>")
    async def static(request: Request, name: str) -> HTTPResponse:
        content, kind, etag = _static(name)
        headers = {"ETag": etag, "Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
        if request.headers.get("if-none-match") == etag:
            return raw(b"", status=304, headers=headers)
        return raw(content, headers=headers, content_type=kind)
