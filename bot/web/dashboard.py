"""The managers' dashboard: its page, the numbers as JSON and CSV, and the conversations behind each."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from sanic import HTTPResponse, Request
from sanic.response import raw
from sqlalchemy.orm import Session

from bot.bootstrap import Services
from bot.core import languages
from bot.core.errors import BadInput, ShopUnavailable
from bot.desk import understanding
from bot.metrics import NAMES, listing, registry
from bot.metrics.cohort import has_own_data
from bot.metrics.scope import Scope
from bot.metrics.values import Result, Row
from bot.web.api import Api, whole_number
from bot.web.dashboard_csv import as_csv
from bot.web.dashboard_scope import COMPARE, QUERY, Asked, asked
from bot.web.dashboard_words import in_words, said, words_of
from bot.web.pages import locale_of, render

PAGE = 50
TITLED = 60  # products whose title is looked up; the rest keep their id
SCOPE_NAMES = tuple(name for name, _ in QUERY)


def services_of(request: Request) -> Services:
    """What the desk holds."""
    services: Services = request.app.ctx.services
    return services


Found = tuple[Scope, Result, Result | None]  # the number and, when asked for, the same of the period before


def _computed(session: Session, names: Sequence[str], wanted: Asked) -> dict[str, Found]:
    scope = wanted.scope(session)
    found = registry.computed(session, names, scope)
    before = registry.computed(session, names, scope.previous()) if wanted.has_compare else {}
    return {name: (scope, found[name], before.get(name)) for name in names}


async def _results(request: Request, names: Sequence[str]) -> dict[str, Found]:
    for name in names:
        registry.metric(name)
    services, locale = services_of(request), locale_of(request)
    results = await services.database.read(_computed, names, asked(request))
    titles = await asyncio.to_thread(understanding.titles, locale) if "intents" in names else {}
    for name, (scope, found, before) in results.items():
        if name == "products":
            found = await asyncio.to_thread(_with_titles, services, found)
        results[name] = scope, in_words(name, found, locale, titles), before
    return results


async def _result(request: Request, name: str) -> Found:
    return (await _results(request, [name]))[name]


def _with_titles(services: Services, result: Result) -> Result:
    """Titles of products instead of ids, for the first of them; a product that is gone keeps its id."""
    rows: list[Row] = []
    for place, row in enumerate(result.rows):
        card = None
        if place < TITLED:
            try:
                card = services.shop.product(row.key)
            except ShopUnavailable:
                return result
        rows.append(replace(row, label=card.title) if card else row)
    return replace(result, rows=tuple(rows))


def _scope_json(scope: Scope) -> dict[str, Any]:
    previous = scope.previous()
    return {
        "start": scope.start.isoformat(),
        "end": scope.end.isoformat(),
        "timezone": scope.timezone,
        "days": scope.days,
        "step": scope.step,
        "include_demo": scope.include_demo,
        "previous": {"start": previous.start.isoformat(), "end": previous.end.isoformat()},
    }


def _rows_json(result: Result) -> dict[str, Any]:
    return {
        "rows": [asdict(row) for row in result.rows],
        "series": [
            {"key": line.key, "unit": line.unit, "points": [[p.at, p.value, p.n] for p in line.points]}
            for line in result.series
        ],
    }


def _as_json(name: str, locale: str, results: Found) -> dict[str, Any]:
    scope, found, before = results
    return {
        "name": name,
        **words_of(registry.metric(name), locale),
        "scope": _scope_json(scope),
        "columns": [asdict(column) for column in found.columns],
        "missing": found.missing,
        **_rows_json(found),
        "previous": _rows_json(before) if before else None,
    }


async def metric_json(request: Request, name: str) -> dict[str, Any]:
    """The answer of one metric."""
    return {"ok": True, **_as_json(name, locale_of(request), await _result(request, name))}


def _names(request: Request) -> list[str]:
    """The metrics asked for together, each once.

    Raises:
        BadInput: none.
    """
    names = [name for name in str(request.args.get("names") or "").split(",") if name]
    if not names or len(names) > len(NAMES):
        raise BadInput("names must be names of numbers, separated by commas", field="names")
    return list(dict.fromkeys(names))


async def metric_csv(request: Request, name: str) -> HTTPResponse:
    """One metric as a file."""
    scope, found, _ = await _result(request, name)
    locale = locale_of(request)
    words = {
        key: said(f"csv.{key}", locale, text)
        for key, text in (("key", "Key"), ("label", "Name"), ("behind", "Conversations behind"))
    }
    zone = scope.zone
    first, last = (moment.astimezone(zone).date().isoformat() for moment in (scope.start, scope.end))
    return raw(
        as_csv(found, **words).encode(),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}_{first}_{last}.csv"'},
    )


def _behind(
    session: Session, name: str, wanted: Asked, row: str, limit: int, offset: int
) -> tuple[Scope, int, list[listing.Line]]:
    scope = wanted.scope(session)
    total = registry.count(session, name, scope, row=row)
    pairs = registry.conversations(session, name, scope, row=row, limit=limit, offset=offset)
    return scope, total, listing.lines(session, pairs)


def _row_name(request: Request) -> str:
    row = str(request.args.get("row") or "all")
    if len(row) > 200 or "\0" in row:
        raise BadInput("row is too long", field="row")
    return row


async def _label_of(request: Request, name: str, row: str) -> str:
    """The row's own words, empty when the metric has no such row."""
    _, found, _ = await _result(request, name)
    known = found.row(row)
    if known is not None:
        return known.label
    return said(f"row.{name}.{row}", locale_of(request), "")


def _filters(session: Session) -> dict[str, Any]:
    channels, languages = listing.choices(session)
    return {"channels": channels, "languages": languages, "has_own": has_own_data(session)}


def routes(api: Api) -> None:
    """Register the pages and the API."""

    @api.route("GET", "/dashboard", guard="manager", query=(*QUERY, COMPARE), returns="the dashboard")
    async def page(request: Request) -> HTTPResponse:
        """The dashboard; the address holds its whole state."""
        locale = locale_of(request)
        filters = await services_of(request).database.read(_filters)
        filters["channels"] = [(name, said(f"channel.{name}", locale, name)) for name in filters["channels"]]
        filters["languages"] = [(name, languages.called(name, locale)) for name in filters["languages"]]
        return render(
            request,
            "dashboard/dashboard.html",
            texts=("dashboard", "channels"),
            filters=filters,
            data={
                "names": NAMES,
                "has_own": filters["has_own"],
                "timezone": services_of(request).profile.timezone,
            },
        )

    @api.route(
        "GET",
        "/dashboard/conversations",
        guard="manager",
        query=(("metric", "name of the number"), ("row", "its row"), ("offset", "how many to skip"), *QUERY),
        returns="a list of conversations",
    )
    async def behind_page(request: Request) -> HTTPResponse:
        """The conversations behind a number."""
        name, row = str(request.args.get("metric") or ""), _row_name(request)
        metric = registry.metric(name)
        offset = whole_number(request, "offset", 0, most=1_000_000)
        scope, total, lines = await services_of(request).database.read(
            _behind, name, asked(request), row, PAGE, offset
        )
        state = {key: request.args.get(key) for key in SCOPE_NAMES if request.args.get(key)}
        here = {"metric": name, "row": row, **state}
        return render(
            request,
            "dashboard/conversations.html",
            texts=("dashboard",),
            words=words_of(metric, locale_of(request)),
            label=await _label_of(request, name, row),
            scope=scope,
            last=scope.end - timedelta(microseconds=1),
            total=total,
            lines=lines,
            offset=offset,
            page=PAGE,
            said=lambda key, default: said(key, locale_of(request), default),
            called=lambda code: languages.called(code, locale_of(request)),
            back=f"/dashboard?{urlencode(state)}" if state else "/dashboard",
            address=lambda skip: f"/dashboard/conversations?{urlencode({**here, 'offset': skip})}",
            data={},
        )

    @api.route(
        "GET",
        "/api/dashboard",
        guard="manager",
        query=(("names", "names of numbers, separated by commas"), *QUERY, COMPARE),
        returns="{ok, metrics: {name: what /api/dashboard/<name> answers}}",
    )
    async def several(request: Request) -> Any:
        """Several numbers of the dashboard at once: cheaper than one by one, and of the same moment."""
        results = await _results(request, _names(request))
        locale = locale_of(request)
        return {
            "ok": True,
            "metrics": {name: _as_json(name, locale, found) for name, found in results.items()},
        }

    @api.route(
        "GET",
        "/api/dashboard/<name:str>",
        guard="manager",
        query=(*QUERY, COMPARE),
        returns="one metric; as a CSV file when the name ends in .csv",
    )
    async def one_metric(request: Request, name: str) -> Any:
        """One number of the dashboard with its definition, rows and series; `<name>.csv` is a file."""
        if name.endswith(".csv"):
            return await metric_csv(request, name.removesuffix(".csv"))
        return await metric_json(request, name)

    @api.route(
        "GET",
        "/api/dashboard/<name:str>/conversations",
        guard="manager",
        query=(
            ("row", "row of the metric"),
            ("limit", "at most 200"),
            ("offset", "how many to skip"),
            *QUERY,
        ),
        returns="{ok, total, conversations: [...]}",
    )
    async def behind_json(request: Request, name: str) -> Any:
        """The conversations behind one row of a metric, newest first."""
        registry.metric(name)
        limit = whole_number(request, "limit", PAGE, least=1, most=200)
        offset = whole_number(request, "offset", 0, most=1_000_000)
        scope, total, lines = await services_of(request).database.read(
            _behind, name, asked(request), _row_name(request), limit, offset
        )
        return {
            "ok": True,
            "total": total,
            "scope": _scope_json(scope),
            "conversations": [asdict(line) for line in lines],
        }
