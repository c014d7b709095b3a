"""What happened to an order is said in several languages."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.add_column("order_events", sa.Column("texts", JSON, server_default="{}", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("order_events") as table:
        table.drop_column("texts")
