"""Channels of other houses: what they told us, our messages in pieces, touches, and how accounts fare."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    for name, kind in (("name", 200), ("username", 200), ("locale", 20)):
        op.add_column("identities", sa.Column(name, sa.String(kind), server_default="", nullable=False))
    op.add_column("identities", sa.Column("picture", sa.Text(), server_default="", nullable=False))
    op.add_column("identities", sa.Column("fetched_at", sa.BigInteger()))
    op.add_column("conversations", sa.Column("window_at", sa.BigInteger()))
    op.add_column(
        "conversations", sa.Column("unreachable", sa.String(300), server_default="", nullable=False)
    )
    op.add_column("messages", sa.Column("extra", JSON, server_default="{}", nullable=False))
    op.create_table(
        "pieces",
        sa.Column("message_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("account", sa.String(length=100), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("platform_id", sa.String(length=200)),
        sa.Column("tried_at", sa.BigInteger(), nullable=False),
        sa.Column("sent_at", sa.BigInteger()),
        sa.Column("delivered_at", sa.BigInteger()),
        sa.Column("read_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("message_id", "number"),
    )
    op.create_index("ix_pieces_platform", "pieces", ["channel", "account", "platform_id"])
    op.create_table(
        "platform_events",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("account", sa.String(length=100), nullable=False),
        sa.Column("key", sa.String(length=300), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("person", sa.String(length=200), nullable=False),
        sa.Column("target", sa.String(length=200), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("stored_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("error", sa.String(length=300), server_default="", nullable=False),
        sa.Column("data", JSON, nullable=False),
        sa.Column("conversation_id", sa.String(length=32)),
        sa.Column("message_id", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("channel", "account", "key"),
    )
    open_ones = sa.text("state IN ('new', 'waiting')")
    op.create_index(
        "ix_platform_events_open",
        "platform_events",
        ["channel", "account", "person"],
        sqlite_where=open_ones,
        postgresql_where=open_ones,
    )
    op.create_table(
        "touches",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("account", sa.String(length=100), nullable=False),
        sa.Column("platform_id", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("person", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("parent", sa.String(length=200), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("conversation_id", sa.String(length=32)),
        sa.Column("message_id", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("channel", "account", "platform_id"),
    )
    op.create_index("ix_touches_at", "touches", ["at"])
    op.create_table(
        "channel_accounts",
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("account", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(length=200), server_default="", nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=300), server_default="", nullable=False),
        sa.Column("checked_at", sa.BigInteger()),
        sa.Column("expires_at", sa.BigInteger()),
        sa.Column("used_percent", sa.Integer()),
        sa.PrimaryKeyConstraint("channel", "account"),
    )


def downgrade() -> None:
    for name in ("channel_accounts", "touches", "platform_events", "pieces"):
        op.drop_table(name)
    with op.batch_alter_table("messages") as table:
        table.drop_column("extra")
    with op.batch_alter_table("conversations") as table:
        table.drop_column("unreachable")
        table.drop_column("window_at")
    with op.batch_alter_table("identities") as table:
        for name in ("fetched_at", "picture", "locale", "username", "name"):
            table.drop_column(name)
