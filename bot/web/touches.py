"""What people say to the shop in public, for agents: comments, posts and mentions."""

from typing import Any

from sanic import Request

from bot.bootstrap import Services
from bot.store import touches
from bot.web.api import Api


def routes(api: Api) -> None:
    """Declare the list of touches."""

    @api.route(
        "GET",
        "/api/inbox/touches",
        guard="agent",
        query=(
            ("cursor", "of the page before"),
            ("channel", "only this channel"),
            ("kind", f"only {', '.join(touches.KINDS)}"),
        ),
        returns="touches: newest first; cursor: of the next page, empty at the end",
    )
    async def listed(request: Request) -> Any:
        """Public comments, posts and mentions, and which were answered privately; fifty at a time."""
        services: Services = request.app.ctx.services
        found, cursor = await services.database.read(
            touches.listed,
            cursor=request.args.get("cursor") or "",
            channel=request.args.get("channel") or "",
            kind=request.args.get("kind") or "",
        )
        return {"ok": True, "touches": found, "cursor": cursor}
