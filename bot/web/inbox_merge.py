"""Making one contact of two: whom a shopper could be, and the agent's word that they are the same person."""

import asyncio
from typing import Any

from sanic import Request

from bot.bootstrap import Services
from bot.core.errors import Conflict, ShopUnavailable
from bot.desk import inbox, merge
from bot.store import contacts
from bot.web.api import Api, Body

MERGE = "/api/inbox/conversations/<conversation_id:str>/merge"
LEAST = 2  # characters to look for


class Merge(Body):
    """`contact_id` as the page shows the conversation's own; `other_id` the one chosen."""

    contact_id: str
    other_id: str


def routes(api: Api) -> None:
    """Declare looking for somebody and merging."""

    @api.route(
        "GET",
        MERGE,
        guard="agent",
        query=(("q", "name, e-mail, telephone, order number, or a name or id on a channel"),),
        returns="contact; contacts: each with identities, conversations, obstacle (a code) and keeps (an id)",
    )
    async def proposals(request: Request, conversation_id: str) -> Any:
        """Whom the shopper of a conversation could be merged with."""
        services: Services = request.app.ctx.services
        text = (request.args.get("q") or "").strip()[:100]
        ids: list[str] = []
        emails: list[str] = []
        if len(text) >= LEAST:
            try:
                found = list(await asyncio.to_thread(services.shop.find_customers, text))[:8]
            except ShopUnavailable:  # what we know ourselves is found all the same
                found = []
            ids, emails = [one.id for one in found], [one.email for one in found]
        data = await services.database.read(
            merge.proposals,
            conversation_id,
            text if len(text) >= LEAST else "",
            customer_ids=ids,
            emails=emails,
        )
        return {"ok": True, **data}

    @api.route(
        "POST",
        MERGE,
        guard="agent",
        body=Merge,
        returns="conversation; 409 different_customers, same_channel, or conflict when somebody was faster",
    )
    async def merged(request: Request, conversation_id: str, body: Merge) -> Any:
        """Say that two contacts are the same person."""
        services: Services = request.app.ctx.services
        if await services.database.read(contacts.of_conversation, conversation_id) != body.contact_id:
            raise Conflict("this shopper was merged meanwhile: look again")
        changed = await services.database.write(
            merge.merge,
            body.contact_id,
            body.other_id,
            user_id=request.ctx.user.id,
            context=services.context,
        )
        for one in changed:
            services.changed(one)
        row = await services.database.read(
            inbox.whole, conversation_id, connectors=services.outbox.connectors
        )
        return {"ok": True, "conversation": row}
