"""Pages: Jinja with autoescape, one base template, texts per locale with a fallback to English."""

import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup
from sanic import HTTPResponse, Request
from sanic.response import html

from bot.core import languages
from bot.web import static_files

HERE = Path(__file__).parent
LOCALE_COOKIE = "aisle_locale"
THEME_COOKIE = "aisle_theme"
OF_BRAIN = ("english_name", "called", "scripts", "money_plain")  # what formats.json holds for others
RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur"})


@cache
def catalogues() -> dict[str, dict[str, Any]]:
    """Texts of the desk's pages: locale -> key -> text, from data/languages/*/{desk,dashboard}.json.

    A text with a count may be a dict by plural form; those are for the pages' modules only.
    """
    found: dict[str, dict[str, Any]] = {}
    for kind in ("desk", "dashboard"):
        for locale, texts in languages.texts(kind).items():
            found.setdefault(locale, {}).update(texts)
    return found


def text_of(key: str, locale: str, **values: Any) -> str:
    """The text of a key in a locale, in English when it is not translated, the key itself when unknown."""
    texts = catalogues()
    text: str = texts.get(locale, {}).get(key) or texts.get("en", {}).get(key) or key
    for name, value in values.items():
        text = text.replace("{" + name + "}", str(value))
    return text


def locale_of(request: Request) -> str:
    """The reader's locale: chosen on the page, else what the browser prefers, among those we have."""
    chosen = request.cookies.get(LOCALE_COOKIE)
    wanted = [chosen] if chosen else []
    for item in request.headers.get("accept-language", "").split(","):
        wanted.append(item.split(";")[0].strip())
    return languages.match(catalogues(), *wanted)


@cache
def environment() -> jinja2.Environment:
    """The one Jinja environment; a missing variable is an error, not an empty string."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["static"] = static_files.address
    made.globals["icon"] = icon
    return made


def icon(name: str, extra: str = "") -> Markup:
    """A drawing of static/icons.svg; it says nothing to screen readers, so name the control itself."""
    return Markup('<svg class="icon {}" aria-hidden="true"><use href="{}#{}"></use></svg>').format(
        extra, static_files.address("icons.svg"), name
    )


def data_block(identifier: str, data: Any) -> Markup:
    """Data for a page's module: an inert JSON script element (a strict CSP runs no inline script)."""
    text = json.dumps(data, ensure_ascii=False, default=str)
    for char in "<>&\u2028\u2029":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return Markup('<script type="application/json" id="{}">{}</script>').format(identifier, Markup(text))  # noqa: S704 - escaped above


def formats(locale: str, *, without: tuple[str, ...] = ()) -> dict[str, Any]:
    """How a language writes things, for a page's module: browsers do not know every language."""
    return {key: way for key, way in languages.formats(locale).items() if key not in (*OF_BRAIN, *without)}


def number(value: int, locale: str) -> str:
    """A whole number with its thousands apart."""
    return f"{value:,}".replace(",", languages.formats(locale)["group"].replace(" ", "\u00a0"))


def translator(locale: str) -> Callable[..., str]:
    """`t(key, name=value)` for one locale."""

    def t(key: str, **values: Any) -> str:
        return text_of(key, locale, **values)

    return t


def page_texts(locale: str, sections: tuple[str, ...]) -> Mapping[str, Any]:
    """All texts whose key begins with one of `sections`, for the page's module."""
    texts = {**catalogues().get("en", {}), **catalogues().get(locale, {})}
    return {key: text for key, text in texts.items() if key.split(".")[0] in sections}


def render(
    request: Request, template: str, *, status: int = 200, texts: tuple[str, ...] = (), **context: Any
) -> HTTPResponse:
    """A page from `templates/<template>`.

    Templates get `t`, `icon(name)`, `number(value)`, `locale`, `dir`, `user` (signed-in person or None), `csrf`,
    `shop` (the profile), `path`, `static(path)`, `data_block(id, data)`, `formats` (how the language writes
    things) and `texts` (those of the sections asked for), both for the page's module.
    """
    locale = locale_of(request)
    user = getattr(request.ctx, "user", None)
    body = (
        environment()
        .get_template(template)
        .render(
            t=translator(locale),
            locale=locale,
            dir="rtl" if locale.split("-")[0] in RIGHT_TO_LEFT else "ltr",
            locales={name: text.get("common.language_name", name) for name, text in catalogues().items()},
            theme=theme if (theme := request.cookies.get(THEME_COOKIE)) in ("light", "dark") else "",
            user=user,
            csrf=user.csrf if user else "",
            shop=request.app.ctx.services.profile,
            path=request.path,
            data_block=data_block,
            formats=formats(locale),
            number=lambda value: number(value, locale),
            texts=page_texts(locale, ("common", *texts)),
            **context,
        )
    )
    return html(body, status=status, headers={"Cache-Control": "no-store", "Vary": "Accept-Language, Cookie"})
