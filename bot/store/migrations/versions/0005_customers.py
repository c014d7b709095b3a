"""Who else proved to be the same customer is found without a look at every contact."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

IS_CUSTOMER = sa.text("customer_id != ''")


def upgrade() -> None:
    op.create_index(
        "ix_contacts_customer",
        "contacts",
        ["customer_id"],
        sqlite_where=IS_CUSTOMER,
        postgresql_where=IS_CUSTOMER,
    )


def downgrade() -> None:
    op.drop_index("ix_contacts_customer", "contacts")
