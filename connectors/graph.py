"""A client of Meta's Graph API: one call at a time, errors in our words, limits respected before they are met."""

import asyncio
import hashlib
import hmac
import json
import logging
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from bot.core.errors import NotDelivered, NotFound, TooLarge
from connectors.graph_errors import BUSY, RULES, THROTTLED, Problem, Refused, Rule, problem_of, rule_for
from connectors.graph_pace import Pace

log = logging.getLogger("aisle.graph")
CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 20.0
MEDIA_ANSWER_SECONDS = (
    90.0  # the platform fetches attachments itself, videos for up to 75 s, before it answers
)
MEDIA_LIMIT = 25_000_000  # bytes
MEDIA_HOSTS = (".fbsbx.com", ".fbcdn.net", ".facebook.com", ".whatsapp.net")
# Calls a second and how many at once. The platform allows 300/s of text; above 40/s a Page's own inbox stops.
RATES: Mapping[str, tuple[float, float]] = {
    "text": (40.0, 40.0),
    "media": (10.0, 10.0),
    "action": (40.0, 40.0),
    "private_reply": (750 / 3600, 100.0),
    "profile": (10 / 600, 10.0),
    "read": (10.0, 20.0),
}


class Graph:
    """One per channel, shared by all its accounts; lives in one event loop, connects at the first call."""

    def __init__(
        self,
        base: str,
        version: str,
        *,
        app_secret: str = "",
        rules: Mapping[tuple[int, int], Rule] = RULES,
        rates: Mapping[str, tuple[float, float]] = RATES,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        """`app_secret`, where given, proves with every call that the token is used by its own app."""
        self.pace = Pace(rates)
        self._root = f"{base.rstrip('/')}/{version.strip('/')}"
        self._app_secret = app_secret
        self._rules = rules
        self._answer_seconds = answer_seconds
        self._session: aiohttp.ClientSession | None = None

    async def call(
        self,
        method: str,
        path: str,
        *,
        token: str,
        account: str,
        sort: str = "read",
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """The API's answer to one call; `sort` names its rate. {} when it took the message but answered brokenly.

        Raises:
            Refused: the API answered with an error.
            NotDelivered: (busy) not called at all, (lost) called and no answer came that could be read.
        """
        wait = self.pace.reserve(account, sort)
        if wait:
            await asyncio.sleep(wait)
        params = dict(query or {})
        if self._app_secret:
            params["appsecret_proof"] = proof(token, self._app_secret)
        status, headers, raw = await self._exchange(method, path, token, params, body, sort)
        asked = self.pace.heed(headers, account)
        return self._read(status, headers, raw, account=account, asked=asked)

    async def _exchange(
        self,
        method: str,
        path: str,
        token: str,
        params: Mapping[str, str],
        body: Mapping[str, Any] | None,
        sort: str,
    ) -> tuple[int, Mapping[str, str], bytes]:
        total = max(MEDIA_ANSWER_SECONDS, self._answer_seconds) if sort == "media" else self._answer_seconds
        try:
            async with self._client().request(
                method,
                f"{self._root}/{path.lstrip('/')}",
                params=params,
                json=body,
                headers={"Authorization": f"Bearer {token}"},
                timeout=aiohttp.ClientTimeout(total=total, sock_connect=CONNECT_SECONDS),
                allow_redirects=False,
            ) as response:
                return response.status, response.headers, await response.read()
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise NotDelivered("the platform cannot be reached", heals=True, cause="busy") from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            if isinstance(error, aiohttp.InvalidURL):
                raise _malformed() from error
            raise _lost() from error
        except ValueError as error:  # a line end or a letter no header can carry
            raise _malformed() from error

    async def download(self, url: str, *, token: str) -> tuple[bytes, str]:
        """(bytes, content type) of a file behind an address the API gave, which wants the same token.

        Raises:
            NotFound: gone, or an address that is none of the platform's: that one must not see the token.
            TooLarge: more than 25 MB.
            NotDelivered: no answer came.
        """
        if not self._is_theirs(url):
            raise NotFound("the platform does not give this file")
        content = bytearray()
        try:
            async with self._client().get(
                url,
                headers={"Authorization": f"Bearer {token}"},
                timeout=aiohttp.ClientTimeout(total=MEDIA_ANSWER_SECONDS, sock_connect=CONNECT_SECONDS),
                allow_redirects=False,
            ) as response:
                if response.status != 200:
                    raise NotFound("the platform has this file no more")
                async for chunk in response.content.iter_chunked(65_536):
                    content += chunk
                    if len(content) > MEDIA_LIMIT:
                        raise TooLarge("the file is larger than 25 MB")
                return bytes(content), response.content_type
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise NotDelivered("the platform does not give the file now", heals=True, cause="busy") from error

    def _is_theirs(self, url: str) -> bool:
        try:
            asked, ours = urlsplit(url), urlsplit(self._root)
            host = asked.hostname or ""
            is_ours = (asked.scheme, asked.netloc) == (ours.scheme, ours.netloc)
        except ValueError:
            return False
        return is_ours or (asked.scheme == "https" and host.endswith(MEDIA_HOSTS))

    def _read(
        self, status: int, headers: Mapping[str, str], raw: bytes, *, account: str, asked: float
    ) -> dict[str, Any]:
        try:
            answer = json.loads(raw)
        except (ValueError, RecursionError):
            answer = None
        if not isinstance(answer, dict):
            if status < 300 or status >= 500:
                raise _lost()
            raise Refused(Problem(status), THROTTLED if status == 429 else BUSY)
        problem = problem_of(status, answer)
        if problem is None and status < 300:
            return answer
        problem = problem or Problem(status)
        rule = rule_for(problem, self._rules)
        log.warning(
            "the Graph API answered with an error",
            extra={
                "code": problem.code,
                "subcode": problem.subcode,
                "trace": problem.trace,
                "account": account,
            },
        )
        if not rule.cause:
            return {}
        wait = max(asked, _seconds(headers.get("Retry-After")))
        if rule is THROTTLED and wait:
            self.pace.hold(account, wait)
        raise Refused(problem, rule, retry_after_seconds=wait or None)

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=64, keepalive_timeout=60)
            )
        return self._session

    async def close(self) -> None:
        """Give connections back."""
        if self._session is not None:
            await self._session.close()


def proof(token: str, app_secret: str) -> str:
    """`appsecret_proof`: hex HMAC-SHA256 of the token under the app's secret."""
    return hmac.new(app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()


def _malformed() -> NotDelivered:
    return NotDelivered("the API's address or the token is malformed", heals=False, cause="account")


def _lost() -> NotDelivered:
    return NotDelivered("the platform may have taken it: no readable answer came", heals=True, cause="lost")


def _seconds(header: str | None) -> float:
    return float(header) if header and header.isascii() and header.isdigit() else 0.0
