"""Alembic's entry: runs on the connection `bot.store.migrate` hands over, or on AISLE_DATABASE_URL."""

import os

from alembic import context
from sqlalchemy import Connection

from bot.store import tables
from bot.store.database import Base, Database


def run(connection: Connection) -> None:
    """Run the steps within the caller's transaction."""
    context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()


def _import_shop_tables() -> None:
    # By name: the shop's tables stand a layer above; they are needed only to compare (`alembic revision`).
    import importlib

    importlib.import_module("bot.shop.tables")


handed_over = context.config.attributes.get("connection")
if handed_over is not None:
    run(handed_over)
else:
    _import_shop_tables()
    assert tables.Conversation.__tablename__ in Base.metadata.tables  # noqa: S101 - keeps the import
    database = Database(os.environ.get("AISLE_DATABASE_URL") or "sqlite:///var/aisle.db", threads=1)
    with database.writer.begin() as opened:
        run(opened)
    database.close()
