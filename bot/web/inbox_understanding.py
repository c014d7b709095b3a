"""How the bot understood, for agents: titles, English wordings, and the brain's explanation of one message."""

import asyncio
from typing import Any

from sanic import Request

from bot.bootstrap import Services
from bot.core import languages
from bot.core.errors import BadInput
from bot.desk import understanding
from bot.web.api import Api
from bot.web.pages import locale_of


def routes(api: Api) -> None:
    """Declare them."""

    @api.route(
        "GET",
        "/api/inbox/wordings",
        guard="agent",
        query=(("language", "of the bot's words"),),
        returns="titles: by intent, in the reader's language; answers: by name {texts, english}",
    )
    async def wordings(request: Request) -> Any:
        """Titles of what the bot understands, and what its answers in a language say in English."""
        services: Services = request.app.ctx.services
        language = request.args.get("language") or languages.ENGLISH
        if language not in languages.locales():
            raise BadInput(f"language is one of {', '.join(languages.locales())}", field="language")
        titles = await asyncio.to_thread(understanding.titles, locale_of(request))
        answers = await asyncio.to_thread(understanding.wordings, services.answers, language)
        return {"ok": True, "titles": titles, "answers": answers}

    @api.route(
        "POST",
        "/api/inbox/conversations/<conversation_id:str>/messages/<message_id:int>/explain",
        guard="agent",
        returns="explanation: see docs/nlu.md; 503 while the brain is down",
    )
    async def explain(request: Request, conversation_id: str, message_id: int) -> Any:
        """Why a shopper's message is understood as it is, by the model of now."""
        services: Services = request.app.ctx.services
        text, told = await services.database.read(
            understanding.asked, conversation_id, message_id, profile=services.profile
        )
        return {"ok": True, "explanation": await services.brain.explain(text, told)}
