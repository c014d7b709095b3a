"""Signing in and out: a plain form that works without scripts, and a cookie no script can read."""

import asyncio

from sanic import HTTPResponse, Request
from sanic.response import redirect

from bot.core.errors import AisleError, BadInput, NotSignedIn
from bot.desk import people
from bot.web import guards, inbox_live
from bot.web.api import Api, Body, json_response
from bot.web.pages import locale_of, render, text_of

HASHING_AT_ONCE = 2  # argon2id takes 64 MiB a go: a burst of sign-ins must not eat the machine


class Credentials(Body):
    """A sign-in by a program or script."""

    email: str
    password: str


def safe_next(target: str | None) -> str:
    """Where to go after signing in: a path of ours, never another site."""
    if not target or not target.startswith("/") or target.startswith("//"):
        return "/inbox"
    if any(ord(char) < 33 or char == "\\" for char in target) or target.startswith(
        ("/sign-in", "/sign-out", "/api/")
    ):
        return "/inbox"
    return target


async def _sign_in(request: Request, email: str, password: str) -> tuple[str, people.Person]:
    services = request.app.ctx.services
    database, seconds = services.database, services.settings.session_seconds
    address = request.client_ip or ""
    email = email.strip().lower()[:320]
    await database.write(people.admit, email=email, address=address)
    checked = await database.read(people.password_hash_of, email)
    places: asyncio.Semaphore = request.app.ctx.__dict__.setdefault(
        "hashing", asyncio.Semaphore(HASHING_AT_ONCE)
    )
    async with places:
        is_right = await asyncio.to_thread(people.is_right, checked, password)
    if not is_right or checked is None:
        raise NotSignedIn("The e-mail address or the password is not right.")
    token, person = await database.write(
        people.open_session,
        email=email,
        password=password,
        checked_hash=checked,
        seconds=seconds,
        address=address,
    )
    return token, person


def _with_cookie(request: Request, response: HTTPResponse, token: str, seconds: int) -> HTTPResponse:
    response.add_cookie(
        guards.COOKIE,
        token,
        path="/",
        httponly=True,
        samesite="Lax",
        secure=request.app.ctx.services.settings.is_tls,
        max_age=seconds,
    )
    return response


def routes(api: Api) -> None:
    """Register the sign-in page and its form."""

    @api.route("GET", "/sign-in", guard="none", returns="the sign-in page")
    async def sign_in_page(request: Request) -> HTTPResponse:
        """The page to sign in on."""
        target = safe_next(request.args.get("next"))
        token = request.cookies.get(guards.COOKIE)
        if token and await request.app.ctx.services.database.read(people.user_of, token):
            return redirect(target, status=303)
        return render(request, "sign_in.html", next=target, error="", email="")

    @api.route(
        "POST", "/sign-in", guard="none", returns="303 to the page asked for; 401 or 429 with the form again"
    )
    async def sign_in_form(request: Request) -> HTTPResponse:
        """Sign in with the form."""
        guards.check_origin(request)
        email, target = guards.form_value(request, "email"), safe_next(guards.form_value(request, "next"))
        try:
            token, _person = await _sign_in(request, email, guards.form_value(request, "password"))
        except AisleError as error:
            response = render(
                request,
                "sign_in.html",
                status=error.status,
                next=target,
                error=_words(request, error),
                email=email[:320],
            )
            retry = getattr(error, "retry_after_seconds", None)
            if retry:
                response.headers["Retry-After"] = str(retry)
            return response
        seconds = request.app.ctx.services.settings.session_seconds
        return _with_cookie(request, redirect(target, status=303), token, seconds)

    @api.route(
        "POST",
        "/api/sign-in",
        guard="none",
        body=Credentials,
        returns="{ok, csrf, user: {id, name, email, role}} and the session cookie",
    )
    async def sign_in_call(request: Request, body: Credentials) -> HTTPResponse:
        """Sign in by JSON; the answer holds the CSRF token that changes need in `X-CSRF-Token`."""
        guards.check_origin(request)
        if not request.headers.get("content-type", "").startswith("application/json"):
            raise BadInput("Send JSON with Content-Type: application/json.")
        token, person = await _sign_in(request, body.email, body.password)
        user = {"id": person.id, "name": person.name, "email": person.email, "role": person.role}
        seconds = request.app.ctx.services.settings.session_seconds
        return _with_cookie(
            request, json_response({"ok": True, "csrf": person.csrf, "user": user}), token, seconds
        )

    @api.route("POST", "/sign-out", guard="agent", returns="303 to /sign-in")
    async def sign_out(request: Request) -> HTTPResponse:
        """End the session."""
        token = request.cookies.get(guards.COOKIE) or ""
        services = request.app.ctx.services
        await services.database.write(people.sign_out, token)
        inbox_live.end_of(services, token)
        response = redirect("/sign-in", status=303)
        response.delete_cookie(guards.COOKIE, path="/")
        response.headers["Clear-Site-Data"] = '"cache"'
        return response


def _words(request: Request, error: AisleError) -> str:
    """The refusal in the reader's language."""
    locale = locale_of(request)
    retry = getattr(error, "retry_after_seconds", None)
    if retry:
        return text_of("sign_in.too_many", locale, minutes=-(-int(retry) // 60))
    return text_of("sign_in.wrong", locale)
