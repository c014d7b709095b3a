"""Who may call what: sessions, visitor tokens, keys, CSRF, and the headers every answer carries."""

import hmac
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any
from urllib.parse import quote, urlsplit

from sanic import HTTPResponse, Request
from sanic.response import redirect

from bot.core.errors import BadSignature, NotAllowed, NotSignedIn
from bot.desk import people, visitors

COOKIE = "aisle_session"
SAFE = frozenset({"GET", "HEAD"})
SHARED_STATIC = ("/widget.js", "/static/widget/", "/static/chat/")  # loaded by the shop's own pages
PERMISSIONS = ", ".join(
    f"{name}=()"
    for name in (
        "accelerometer",
        "camera",
        "geolocation",
        "gyroscope",
        "magnetometer",
        "microphone",
        "payment",
        "usb",
    )
)


async def check(request: Request, route: Any) -> HTTPResponse | None:
    """Let a request through to `route`, or say why not; an answer instead of None is sent in its place.

    Raises:
        NotSignedIn, NotAllowed, BadSignature: the call is refused.
    """
    guard = route.guard
    if guard == "none":
        return None
    if guard == "visitor":
        _visitor(request)
        return None
    if guard == "api_key":
        await _api_key(request)
        return None
    return await _person(request, guard)


def bearer(request: Request) -> str:
    """The token of the Authorization header, empty when there is none."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _visitor(request: Request) -> None:
    token = bearer(request)
    if not token:
        raise BadSignature("A visitor token is needed; get one from POST /api/chat/start.")
    request.ctx.visitor = visitors.verify(token, request.app.ctx.services.settings.secret_key)


async def _api_key(request: Request) -> None:
    key = request.headers.get("x-api-key", "").strip() or bearer(request)
    found = await request.app.ctx.services.database.read(people.key_of, key) if key else None
    if found is None:
        raise NotSignedIn("An API key is needed: `Authorization: Bearer …` or `X-Api-Key: …`.")
    request.ctx.api_key = found


async def _person(request: Request, guard: str) -> HTTPResponse | None:
    token = request.cookies.get(COOKIE)
    person = await request.app.ctx.services.database.read(people.user_of, token) if token else None
    if person is None:
        if is_page(request):
            target = request.path + (f"?{request.query_string}" if request.query_string else "")
            return redirect(f"/sign-in?next={quote(target, safe='')}", status=303)
        raise NotSignedIn
    request.ctx.user = person
    if request.method not in SAFE:
        check_origin(request)
        _check_csrf(request, person.csrf)
    if not people.may(person.role, guard):
        if is_page(request):
            from bot.web.pages import render

            return render(request, "not_allowed.html", status=403, needed=guard)
        raise NotAllowed(f"Only a {guard} may do this.")
    return None


def is_page(request: Request) -> bool:
    """Whether a browser is asking for a page to look at."""
    return (
        request.method in SAFE
        and not request.path.startswith("/api/")
        and "text/html" in request.headers.get("accept", "")
    )


def _check_csrf(request: Request, expected: str) -> None:
    given = request.headers.get("x-csrf-token", "")
    if not given and request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        given = form_value(request, "csrf")
    if not hmac.compare_digest(given.encode(), expected.encode()):
        raise NotAllowed("This page is out of date. Reload it and try again.")


def form_value(request: Request, name: str) -> str:
    """A field of a posted form, empty when it is not there."""
    form: Any = request.form or {}
    return str(form.get(name) or "")


def check_origin(request: Request) -> None:
    """Refuse a change that another site's page asks for.

    Raises:
        NotAllowed: the browser says that the request comes from elsewhere.
    """
    site = request.headers.get("sec-fetch-site", "")
    if site and site not in ("same-origin", "none"):
        raise NotAllowed("Requests from other sites are refused.")
    origin = request.headers.get("origin")
    if origin is None:
        return
    own = urlsplit(request.app.ctx.services.settings.url)
    if urlsplit(origin).netloc not in (own.netloc, request.host) or origin == "null":
        raise NotAllowed("Requests from other sites are refused.")


def security_headers(request: Request) -> Mapping[str, str]:
    """Headers of every answer; a handler's own value wins.

    A page that may be embedded sets `request.ctx.is_embeddable`; a file that other origins may load sets
    `request.ctx.is_shared` or lies under one of `SHARED_STATIC`.
    """
    settings, context, path = request.app.ctx.services.settings, request.ctx, request.path
    return _security_headers(
        is_embeddable=getattr(context, "is_embeddable", False),
        is_shared=getattr(context, "is_shared", False) or path.startswith(SHARED_STATIC),
        is_private=path.startswith("/api/") or getattr(context, "user", None) is not None,
        is_tls=settings.is_tls,
        origins=settings.allowed_origins,
    )


@cache
def _security_headers(
    *, is_embeddable: bool, is_shared: bool, is_private: bool, is_tls: bool, origins: str
) -> Mapping[str, str]:
    ancestors = _frame_ancestors(origins) if is_embeddable else "'none'"
    policy = (
        "default-src 'self'; img-src 'self' data: https:; object-src 'none'; base-uri 'none'; "
        f"form-action 'self'; frame-ancestors {ancestors}"
    )
    headers = {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "strict-origin-when-cross-origin",
        "Permissions-Policy": PERMISSIONS,
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "cross-origin" if is_shared or is_embeddable else "same-origin",
    }
    if not is_embeddable:
        headers["X-Frame-Options"] = "DENY"
    if is_shared:
        headers["Access-Control-Allow-Origin"] = "*"
    if is_tls:
        headers["Strict-Transport-Security"] = "max-age=31536000"
    if is_private:
        headers["Cache-Control"] = "no-store"
    return MappingProxyType(headers)


def _frame_ancestors(origins: str) -> str:
    named = origins.split()
    return "*" if "*" in named else " ".join(["'self'", *named])
