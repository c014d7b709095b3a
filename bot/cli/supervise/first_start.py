"""What a start prepares in the database: the schema, and on the first one the demo shop and its people."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from bot.cli.supervise import secrets
from bot.cli.supervise.secrets import SignIn
from bot.core.ids import new_token
from bot.core.profile import load as load_profile
from bot.core.settings import Settings
from bot.store.migrations import head

if TYPE_CHECKING:
    from bot.store.database import Database

Progress = Callable[[str], None]
DEMO_MARK = "demo_offered"  # the first start has had its chance; `aisle demo remove` must last


def prepare(settings: Settings, *, with_demo: bool, on_progress: Progress) -> tuple[SignIn, ...]:
    """Bring the schema up to date, on the first start lay down the demo; answers the demo sign-ins.

    What was done is kept in a file, so that later starts need not even open the database.
    """
    kept = settings.home / "prepared"
    if not kept.exists() or kept.read_text() != _state(settings):
        from bot.store import migrate

        if migrate.upgrade(settings.database):
            on_progress(f"database brought to schema {head()}")
        if with_demo and not _was_offered(settings):
            load_demo(settings, on_progress=on_progress)
        kept.write_text(_state(settings) if with_demo else "")
    return secrets.sign_ins(settings.home)


def _state(settings: Settings) -> str:
    """Changes with the schema, the database's address, and the database's file being another."""
    path = Path(settings.database.removeprefix("sqlite:///"))
    number = path.stat().st_ino if path.exists() else 0
    address = hashlib.sha256(settings.database.encode()).hexdigest()
    return f"{head()} {number} {address}"


def _was_offered(settings: Settings) -> bool:
    from sqlalchemy import select

    from bot.store.database import Database
    from bot.store.tables import Mark

    database = Database(settings.database, threads=1)
    try:
        with database.reading() as session:
            return session.scalar(select(Mark.value).where(Mark.name == DEMO_MARK)) is not None
    finally:
        database.close()


def load_demo(settings: Settings, *, on_progress: Progress) -> None:
    """Demo shop, 90 days of past conversations, and people to sign in as. Loading again changes nothing."""
    from bot import shop
    from bot.desk.demo_history import load_history
    from bot.store.database import Database
    from bot.store.tables import Mark

    profile = load_profile(settings.shop_file)
    database = Database(settings.database, threads=1)
    try:
        on_progress("loading the demo shop: products, customers, orders")
        shop.load_demo(database, profile, home=settings.home)
        add_people(database, settings)
        on_progress("laying down 90 days of past conversations")
        counts = load_history(database, timezone=profile.timezone)
        on_progress(", ".join(f"{number} {name}" for name, number in counts.items()))
        with database.writing() as session:
            session.merge(Mark(name=DEMO_MARK, value="yes"))
    finally:
        database.close()


def add_people(database: "Database", settings: Settings) -> None:
    """Users for the demo sign-ins, with passwords of this install; those there already keep theirs."""
    from bot.desk.people import add_user, set_password
    from bot.store.people import user_by_email

    kept = secrets.sign_ins(settings.home)
    people = kept or secrets.new_sign_ins()
    with database.writing() as session:
        for person in people:
            user = user_by_email(session, person.email)
            if user is None:
                add_user(
                    session, email=person.email, name=person.name, role=person.role, password=person.password
                )
            elif not kept or not user.is_active:
                set_password(session, email=person.email, password=person.password).is_active = True
        secrets.keep_sign_ins(settings.home, people)


def remove_demo(settings: Settings) -> None:
    """Take the demo shop and its past away, for good; its people can no longer sign in."""
    from bot import shop
    from bot.desk.demo_history import remove_history
    from bot.desk.people import set_password
    from bot.store.database import Database
    from bot.store.people import user_by_email
    from bot.store.tables import Mark

    database = Database(settings.database, threads=1)
    try:
        remove_history(database)
        shop.remove_demo(database, home=settings.home)
        with database.writing() as session:
            for person in secrets.sign_ins(settings.home):
                # Their rows stay: what they wrote to real shoppers keeps its author.
                if user_by_email(session, person.email) is not None:
                    set_password(session, email=person.email, password=new_token()).is_active = False
            session.merge(Mark(name=DEMO_MARK, value="removed"))
        (settings.home / "sign-ins.json").unlink(missing_ok=True)
    finally:
        database.close()
