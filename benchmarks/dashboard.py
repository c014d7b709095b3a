"""What the dashboard and the inbox cost when the database is full.

python -m benchmarks.dashboard [--short] [--database URL]

The past is that of the demo, over a year: about 95,000 conversations and 1.5 million facts (3,500 with `--short`).
CPU seconds of this process, the best of a few rounds; with PostgreSQL its own work shows only in wall time.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from benchmarks.tables import Aim, Report, Table, milliseconds
from bot.desk.demo_history import load_history
from bot.metrics import NAMES, registry
from bot.metrics.scope import Scope, period
from bot.store import inbox, migrate
from bot.store.database import Database
from bot.store.tables import Conversation, Fact

ROUNDS = 3
BOUNDS = {"28d": 1.0, "90d": 3.0}  # CPU seconds
FACTS = 10_000
TURN = 15  # facts of one turn, about


@dataclass(frozen=True)
class Cost:
    """Seconds of one measurement, the best of its rounds."""

    cpu: float
    wall: float


def cost(work: Callable[[], Any], *, rounds: int = ROUNDS) -> Cost:
    """The best of some rounds, after one to warm up."""
    if rounds > 1:
        work()
    found = []
    for _ in range(rounds):
        cpu, wall = time.process_time(), time.perf_counter()
        work()
        found.append((time.process_time() - cpu, time.perf_counter() - wall))
    return Cost(min(one for one, _ in found), min(one for _, one in found))


def measure(url: str = "", *, is_short: bool = False) -> Report:
    """Fill a database and measure; `url` names an empty one, else a SQLite file is made and removed."""
    with tempfile.TemporaryDirectory(prefix="aisle-bench-") as folder:
        database_url = url or f"sqlite:///{Path(folder) / 'full.db'}"
        migrate.upgrade(database_url)
        database = Database(database_url)
        try:
            counts = load_history(database, days=365, episodes_per_day=10 if is_short else 275)
            if database.is_sqlite:
                with database.writing() as session:
                    session.connection().exec_driver_sql("ANALYZE")
            report = Report()
            _numbers(report, database, counts)
            _lists(report, database)
            _writes(report, database)
        finally:
            database.close()
    return report


def _numbers(report: Report, database: Database, counts: dict[str, int]) -> None:
    at = datetime.now(UTC)
    rows = []
    for name, bound in BOUNDS.items():
        start, end = period(name, now=at, timezone="Europe/Vilnius")
        scope = Scope(start, end, timezone="Europe/Vilnius", as_of=at)
        both = (scope, scope.previous())

        def alone(scopes: tuple[Scope, ...] = both) -> None:
            for metric in NAMES:
                with database.reading() as session:
                    for each in scopes:
                        registry.metric(metric).compute(session, each)

        def together(scopes: tuple[Scope, ...] = both) -> None:
            with database.reading() as session:
                for each in scopes:
                    registry.computed(session, NAMES, each)

        one_by_one, at_once = cost(alone), cost(together)
        rows += [
            (f"{name}, one by one", f"{one_by_one.cpu:.2f}", f"{one_by_one.wall:.2f}"),
            (f"{name}, together", f"{at_once.cpu:.2f}", f"{at_once.wall:.2f}"),
        ]
        if database.is_sqlite:
            report.aims.append(
                Aim(f"all numbers of {name} and the period before", at_once.cpu, bound, "s CPU")
            )
    title = f"All {len(NAMES)} numbers, with the period before"
    note = f"{counts['episodes']:,} conversations, {counts['facts']:,} facts over a year."
    report.tables.append(Table(title, ("period", "CPU s", "wall s"), tuple(rows), note))


def _lists(report: Report, database: Database) -> None:
    def listed(**wanted: Any) -> Callable[[Session], Any]:
        return lambda session: inbox.listed(session, user_id=1, **wanted)

    queries: dict[str, Callable[[Session], Any]] = {
        **{f"list: {view}": listed(view=view) for view in inbox.VIEWS},
        "list: closed, page 100": listed(view="closed", offset=5_000),
        "counts": lambda session: inbox.counts(session, 1),
        "search: found often": listed(view="all", text="anna"),
        "search: found nowhere": listed(view="all", text="zebra quagga"),
    }
    rows = []
    slowest = 0.0
    for name, query in queries.items():

        def work(query: Callable[[Session], Any] = query) -> None:
            with database.reading() as session:
                query(session)

        found = cost(work)
        slowest = max(slowest, found.cpu)
        rows.append((name, milliseconds(found.cpu), milliseconds(found.wall)))
    report.tables.append(Table("The inbox", ("what", "CPU ms", "wall ms"), tuple(rows)))
    report.aims.append(Aim("the slowest list of the inbox", slowest * 1000, 100, "ms CPU"))


def _writes(report: Report, database: Database) -> None:
    with database.reading() as session:
        latest = (
            session.execute(select(Fact.__table__).order_by(Fact.id.desc()).limit(FACTS)).mappings().all()
        )
        known = [{key: value for key, value in row.items() if key != "id"} for row in reversed(latest)]
        ids = list(session.scalars(select(Conversation.id).limit(ROUNDS)))
        total = session.scalar(select(func.count()).select_from(Fact))

    def write() -> None:
        for start in range(0, len(known), TURN):
            with database.writing() as session:
                session.execute(insert(Fact), known[start : start + TURN])

    def remove() -> None:
        with database.writing() as session:
            session.execute(delete(Conversation).where(Conversation.id == ids.pop()))

    written, removed = cost(write, rounds=1), cost(remove, rounds=1)
    rows = (
        (f"{len(known):,} facts, {TURN} in a transaction", f"{written.cpu:.2f}", f"{written.wall:.2f}"),
        ("one conversation removed", f"{removed.cpu:.4f}", f"{removed.wall:.4f}"),
    )
    report.tables.append(Table("Writing", ("what", "CPU s", "wall s"), rows, f"On top of {total:,} facts."))


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--short", action="store_true", help="a year of few conversations")
    parser.add_argument("--database", default="", help="an empty database to fill instead of a SQLite file")
    chosen = parser.parse_args()
    print(measure(chosen.database, is_short=chosen.short).markdown())


if __name__ == "__main__":
    main()
