"""A client of Telegram's Bot API for one bot: one call at a time, its limits kept, its refusals in our words.

The token is part of every address, so no address, and no error of the HTTP library, is ever shown or logged.
"""

import asyncio
import json
import mimetypes
import time
from collections.abc import Callable, Mapping
from typing import Any

import aiohttp

from bot.core.errors import NotDelivered, NotFound, TooLarge

CHAT_INTERVAL_SECONDS = 1.0  # "no more than one message per second in a chat", short bursts apart
CHAT_BURST = 3
BOT_INTERVAL_SECONDS = 1 / 30
BOT_BURST = 30
LONGEST_WAIT_SECONDS = 5.0  # a call that would wait longer is put off instead
MANY_CHATS = 10_000
MEDIA_LIMIT = 25_000_000  # bytes; Telegram itself gives bots files of at most 20 MB
_CHUNK = 65_536

_TIMEOUT = aiohttp.ClientTimeout(total=30, connect=5)

# Words in the description of a 400 which say that the person, not the message, is the matter.
_NOBODY = ("chat not found", "user not found", "peer_id_invalid", "user is deactivated", "bot_blocked")
# … and that the picture could not be fetched or shown: the caption can still go as words.
_PICTURE = ("http url", "webpage_", "wrong file", "wrong type of the web page", "photo_", "image_process")


class Refused(NotDelivered):
    """Telegram answered no. `is_picture`: only the picture was the matter."""

    is_picture = False


class Pace:
    """Telegram's limits, kept softly: each chat 1 call a second (3 at once), the bot 30. `clock`: monotonic seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._due: dict[
            str, float
        ] = {}  # chat, "" for the bot -> when its calls so far would have been evenly spent

    def reserve(self, chat: str) -> float:
        """Take one call's turn; the seconds to wait before making it.

        Raises:
            NotDelivered: (busy) it would be too long to hang on.
        """
        at = self._clock()
        in_chat = self._wait(chat, CHAT_INTERVAL_SECONDS * (CHAT_BURST - 1), at)
        of_bot = self._wait("", BOT_INTERVAL_SECONDS * (BOT_BURST - 1), at)
        wait = max(in_chat, of_bot)
        if wait > LONGEST_WAIT_SECONDS:
            raise NotDelivered(
                "too many messages at once for Telegram",
                heals=True,
                retry_after_seconds=wait,
                cause="busy",
                is_shared=of_bot > LONGEST_WAIT_SECONDS,
            )
        for name, interval in ((chat, CHAT_INTERVAL_SECONDS), ("", BOT_INTERVAL_SECONDS)):
            self._due[name] = max(at, self._due.get(name, at)) + interval
        if len(self._due) > MANY_CHATS:
            self._due = {name: due for name, due in self._due.items() if due > at}
        return wait

    def _wait(self, name: str, slack: float, at: float) -> float:
        return max(0.0, self._due.get(name, at) - slack - at)


class BotApi:
    """Calls of one bot; safe to share between tasks of one event loop."""

    def __init__(self, address: str, token: str, pace: Pace | None = None) -> None:
        self._address = address.rstrip("/")
        self._token = token
        self._pace = pace or Pace()
        self._session: aiohttp.ClientSession | None = None

    async def say(self, method: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """A call that puts something into a chat, at the pace allowed; the message made.

        Raises:
            NotDelivered: refused or lost.
        """
        await asyncio.sleep(self._pace.reserve(str(parameters.get("chat_id", ""))))
        result = await self.call(method, parameters)
        return result if isinstance(result, dict) else {}

    async def call(self, method: str, parameters: Mapping[str, Any] | None = None) -> Any:
        """What Telegram answers as `result`.

        Raises:
            NotDelivered: refused (`Refused`), or no answer came: then Telegram may have done it all the same.
        """
        address = f"{self._address}/bot{self._token}/{method}"
        try:
            async with self._client().post(address, json=dict(parameters or {})) as response:
                return _result(response.status, await response.read())
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise NotDelivered(
                f"Telegram cannot be reached: {type(error).__name__}", heals=True, cause="busy"
            ) from None
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise NotDelivered(
                f"Telegram did not answer: {type(error).__name__}", heals=True, cause="lost"
            ) from None

    async def file(self, file_id: str) -> tuple[bytes, str]:
        """The bytes of a file someone sent, and their type by its name.

        Raises:
            NotFound: Telegram has it no more, or the id is none.
            TooLarge: more than 25 MB (20 MB for Telegram).
            NotDelivered: Telegram does not answer.
        """
        try:
            found = await self.call("getFile", {"file_id": file_id})
        except Refused as error:
            if error.heals:
                raise
            raise (TooLarge if "too big" in str(error) else NotFound)(
                "Telegram does not give this file"
            ) from None
        path = found.get("file_path") if isinstance(found, dict) else None
        if not isinstance(path, str) or ".." in path or "?" in path:
            raise NotFound("Telegram does not give this file")
        content = await self._download(f"{self._address}/file/bot{self._token}/{path}")
        return content, mimetypes.guess_type(path)[0] or "application/octet-stream"

    async def _download(self, address: str) -> bytes:
        content = bytearray()
        try:
            async with self._client().get(address, allow_redirects=False) as response:
                if response.status != 200:
                    raise NotFound("Telegram has this file no more")
                async for chunk in response.content.iter_chunked(_CHUNK):
                    content += chunk
                    if len(content) > MEDIA_LIMIT:
                        raise TooLarge("the file is larger than 25 MB")
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise NotDelivered(
                f"Telegram did not answer: {type(error).__name__}", heals=True, cause="busy"
            ) from None
        return bytes(content)

    async def close(self) -> None:
        """Give the connections back."""
        if self._session is not None:
            await self._session.close()

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(timeout=_TIMEOUT)
        return self._session


def _result(status: int, body: bytes) -> Any:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        if status < 300:
            raise NotDelivered("Telegram's answer cannot be read", heals=True, cause="lost")
        answer = {}
    if answer.get("ok") is True:
        return answer.get("result")
    code = answer.get("error_code")
    raise _refusal(code if isinstance(code, int) else status, answer)


def _refusal(code: int, answer: Mapping[str, Any]) -> Refused:
    said = str(answer.get("description") or "no reason given")[:200]
    words = said.lower()
    text = f"Telegram refused it ({code}: {said})"
    if code == 429:
        parameters = answer.get("parameters")
        pause = parameters.get("retry_after") if isinstance(parameters, dict) else None
        seconds = float(pause) if isinstance(pause, int | float) else 5.0
        # It does not say whose limit was met; the bot's own is kept by `Pace`, so it is the chat's.
        return Refused(text, heals=True, retry_after_seconds=seconds, cause="busy", is_shared=False)
    if code >= 500:  # its gateways say so when nobody behind them took the call
        return Refused(text, heals=True, cause="busy")
    if code in (401, 404):  # a token of the wrong form is 404
        return Refused(text, heals=False, cause="account")
    if code == 403 or any(sign in words for sign in _NOBODY):
        return Refused(text, heals=False, cause="person")
    refused = Refused(text, heals=False, cause="message")
    refused.is_picture = any(sign in words for sign in _PICTURE)
    return refused
