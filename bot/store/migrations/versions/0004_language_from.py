"""How it was found out which language a shopper is answered in."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    column = sa.Column("language_from", sa.String(length=10), server_default="page", nullable=False)
    op.add_column("conversations", column)


def downgrade() -> None:
    with op.batch_alter_table("conversations") as table:
        table.drop_column("language_from")
