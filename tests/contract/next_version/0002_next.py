"""A version that does not exist yet, so that the upgrade of a journal can be tried before it does."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add a column to a table that holds something, and a table."""
    op.add_column("journal_attempts", sa.Column("price", sa.Text))
    op.create_table("journal_next", sa.Column("what", sa.Text, primary_key=True))
