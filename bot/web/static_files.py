"""Files of the pages: /static/<path>, compressed, with an ETag, kept for ever when asked for by content."""

import asyncio
import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path

from sanic import HTTPResponse, Request
from sanic.response import empty, raw

from bot.core.errors import NotFound
from bot.web.api import Api

ROOT = Path(__file__).parent / "static"
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".json": "application/json"}


@dataclass(frozen=True)
class File:
    """One file as it is sent."""

    stamp: int  # modification time, nanoseconds
    content_type: str
    plain: bytes
    packed: bytes
    etag: str


_files: dict[str, File] = {}


def load(path: str) -> File:
    """The file at `path` below static/.

    Raises:
        NotFound: there is none, or the path leads out of the folder.
    """
    try:
        target = (ROOT / path).resolve()
        is_ours = target.is_relative_to(ROOT) and target.is_file()
    except (OSError, ValueError) as error:  # a name no file can have
        raise NotFound from error
    if not is_ours:
        raise NotFound
    path = target.relative_to(ROOT).as_posix()  # `a/../b` and `b` are kept once
    stamp = target.stat().st_mtime_ns
    known = _files.get(path)
    if known is not None and known.stamp == stamp:
        return known
    plain = target.read_bytes()
    content_type = (
        TYPES.get(target.suffix) or mimetypes.guess_type(target.name)[0] or "application/octet-stream"
    )
    if content_type.startswith("text/") or content_type in ("image/svg+xml", "application/json"):
        packed = gzip.compress(plain, 9, mtime=0)
        content_type += "; charset=utf-8"
    else:
        packed = plain
    etag = f'"{hashlib.sha256(plain).hexdigest()[:16]}"'
    _files[path] = File(stamp, content_type, plain, packed, etag)
    return _files[path]


def address(path: str) -> str:
    """The address of a static file, with its content in it so that browsers may keep it."""
    return f"/static/{path}?v={load(path).etag.strip(chr(34))}"


def routes(api: Api) -> None:
    """Register the files."""

    @api.route("GET", "/static/<path:path>", guard="none", returns="the file")
    async def static_file(request: Request, path: str) -> HTTPResponse:
        """A file of the pages."""
        file = await asyncio.to_thread(load, path)
        # Modules import each other without a version in the address, so only exact versions are kept.
        is_exact = request.args.get("v") == file.etag.strip('"')
        headers = {
            "ETag": file.etag,
            "Cache-Control": "public, max-age=31536000, immutable" if is_exact else "no-cache",
            "Vary": "Accept-Encoding",
        }
        if request.headers.get("if-none-match") == file.etag:
            return empty(status=304, headers=headers)
        if file.packed is not file.plain and "gzip" in request.headers.get("accept-encoding", ""):
            return raw(
                file.packed,
                headers={**headers, "Content-Encoding": "gzip"},
                content_type=file.content_type,
            )
        return raw(file.plain, headers=headers, content_type=file.content_type)
