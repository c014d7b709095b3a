"""The bot's answers in the shop's own words: seen, edited per language, previewed, reset."""

import asyncio
from typing import Any

from sanic import HTTPResponse, Request

from bot.bootstrap import Services
from bot.core.errors import BadInput, NotFound
from bot.desk import answers, understanding
from bot.desk.answers import Edited
from bot.desk.default_answers import Default
from bot.web.api import Api, Body, Number
from bot.web.pages import locale_of, render


class Edit(Body):
    """New words; `base_version` is the version they were written over (0: the default)."""

    name: str
    locale: str
    text: str
    base_version: Number | None = None


class Reset(Body):
    """Back to the bot's own words."""

    name: str
    locale: str
    base_version: Number | None = None


def routes(api: Api) -> None:
    """Declare the page and its calls."""

    @api.route("GET", "/answers", guard="manager", returns="the answers page")
    async def page(request: Request) -> HTTPResponse:
        """The bot's answers, to read and to edit."""
        profile = _services(request).profile
        data = {
            "locales": list(profile.locales),
            "locale": profile.locale,
            "bot_name": profile.bot_name,
            "titles": await asyncio.to_thread(understanding.titles, locale_of(request)),
        }
        return render(request, "answers.html", texts=("answers",), data=data)

    @api.route(
        "GET", "/api/answers", guard="manager", returns="answers: [{name, topic, texts, edited, …}], locales"
    )
    async def listed(request: Request) -> Any:
        """All answers of the bot with their default texts and the shop's own."""
        services = _services(request)
        found = await services.database.read(answers.edited)
        defaults = await asyncio.to_thread(lambda: services.answers.defaults)
        return {
            "ok": True,
            "locales": list(services.profile.locales),
            "answers": [_as_json(default, found) for default in defaults.values()],
        }

    @api.route(
        "POST",
        "/api/answers",
        guard="manager",
        body=Edit,
        returns="answer; 409 when somebody else saved meanwhile",
    )
    async def save(request: Request, body: Edit) -> Any:
        """Answer in these words from now on; no training needed."""
        services = _services(request)
        _check_locale(services, body.locale)
        await services.database.write(
            answers.save,
            services.answers.defaults.get(body.name),
            locale=body.locale,
            text=body.text,
            user_id=request.ctx.user.id,
            base_version=body.base_version,
        )
        return await _after(services, body.name)

    @api.route("POST", "/api/answers/reset", guard="manager", body=Reset, returns="answer")
    async def reset(request: Request, body: Reset) -> Any:
        """Go back to the bot's own words."""
        services = _services(request)
        _check_locale(services, body.locale)
        await services.database.write(
            answers.reset, body.name, locale=body.locale, base_version=body.base_version
        )
        return await _after(services, body.name)


def _services(request: Request) -> Services:
    services: Services = request.app.ctx.services
    return services


def _check_locale(services: Services, locale: str) -> None:
    if locale not in services.profile.locales:
        raise BadInput("The shop does not speak this language.", field="locale")


async def _after(services: Services, name: str) -> Any:
    await asyncio.to_thread(services.answers.refresh)
    default = services.answers.defaults.get(name)
    if default is None:
        raise NotFound
    return {"ok": True, "answer": _as_json(default, await services.database.read(answers.edited))}


def _as_json(default: Default, found: list[Edited]) -> dict[str, Any]:
    return {
        "name": default.name,
        "topic": default.topic,
        "file": default.file,
        "texts": {locale: list(texts) for locale, texts in default.texts.items()},
        "buttons": list(default.buttons),
        "variables": list(default.variables),
        "is_editable": default.is_editable,
        "edited": {
            item.locale: {
                "text": item.text,
                "version": item.version,
                "by": item.by,
                "at": item.at.isoformat(),
            }
            for item in found
            if item.name == default.name
        },
    }
