"""Files shoppers sent, through our own address: channels give them to the shop's token only, and pages load nothing
from elsewhere."""

import asyncio
from typing import Any, Protocol, runtime_checkable

from sanic import HTTPResponse, Request
from sanic.response import raw
from sqlalchemy.orm import Session

from bot.bootstrap import Services
from bot.core.errors import NotDelivered, NotFound, TooLarge
from bot.store.tables import Message
from bot.web.api import Api, whole_number

LARGEST = 25 * 1024 * 1024  # bytes
WAIT_SECONDS = 30.0
AT_ONCE = 4
# Shown in the page; none of them can run anything. Everything else is a download without a kind.
SHOWN = {
    "image/jpeg": b"\xff\xd8\xff",
    "image/png": b"\x89PNG\r\n\x1a\n",
    "image/gif": b"GIF8",
    "image/webp": b"RIFF",
    "audio/ogg": b"OggS",
    "audio/mpeg": b"",
    "audio/mp4": b"",
    "audio/aac": b"",
    "audio/amr": b"",
    "video/mp4": b"",
    "video/3gpp": b"",
    "application/pdf": b"%PDF",
}
INLINE = ("image/", "audio/", "video/")


@runtime_checkable
class HasMedia(Protocol):
    """A channel that keeps shoppers' files behind the shop's token."""

    async def media(self, account: str, platform_id: str) -> tuple[bytes, str]:
        """Bytes and content type of a file."""
        ...


def routes(api: Api) -> None:
    """Declare the files of a message."""

    @api.route(
        "GET",
        "/api/inbox/conversations/<conversation_id:str>/messages/<message_id:int>/media",
        guard="agent",
        query=(("part", "which of the message's parts, counted from 0"),),
        returns="the file; 404 when the channel has it no more",
    )
    async def media(request: Request, conversation_id: str, message_id: int) -> HTTPResponse:
        """A file a shopper sent over a channel that gives it to the shop only."""
        services: Services = request.app.ctx.services
        number = whole_number(request, "part", 0, most=100)
        channel, account, platform_id = await services.database.read(
            _where, conversation_id, message_id, number
        )
        connector = services.platforms.get(channel)
        if not isinstance(connector, HasMedia):
            raise NotFound("this channel keeps no files")
        places = request.app.ctx.__dict__.setdefault("media_places", asyncio.Semaphore(AT_ONCE))
        try:
            async with places, asyncio.timeout(WAIT_SECONDS):
                content, kind = await connector.media(account, platform_id)
        except TimeoutError as error:
            raise NotDelivered("the channel does not answer; try again", heals=True, cause="busy") from error
        if len(content) > LARGEST:
            raise TooLarge("this file is too large to show here")
        return _response(content, kind, name=f"file-{message_id}-{number}")


def _where(session: Session, conversation_id: str, message_id: int, number: int) -> tuple[str, str, str]:
    """(channel, account, the channel's id) of a part a shopper sent."""
    message = session.get(Message, message_id)
    if message is None or message.conversation_id != conversation_id or message.direction != "in":
        raise NotFound("there is no such file")
    parts: list[dict[str, Any]] = message.parts or []
    part = parts[number] if number < len(parts) else {}
    if part.get("type") != "file" or not part.get("platform_id"):
        raise NotFound("there is no such file")
    return message.channel, message.account, str(part["platform_id"])


def _response(content: bytes, kind: str, *, name: str) -> HTTPResponse:
    """The file as what it is known to be, or as a download that no browser opens by itself."""
    kind = kind.partition(";")[0].strip().lower()
    start = SHOWN.get(kind)
    is_known = start is not None and content.startswith(start)
    is_inline = is_known and kind.startswith(INLINE)
    ending = f".{kind.rpartition('/')[2]}" if is_known else ".bin"
    return raw(
        content,
        content_type=kind if is_known else "application/octet-stream",
        headers={
            "Content-Disposition": f'{"inline" if is_inline else "attachment"}; filename="{name}{ending}"',
            "Cache-Control": "private, max-age=3600",
            "Content-Security-Policy": "default-src 'none'; sandbox",
        },
    )
