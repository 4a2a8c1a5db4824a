"""What `missed` and "reported once" need to remember between runs."""

import sqlalchemy as sa
from alembic import op

from terminbenachrichtigung.journal.tables import UtcTime

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the tables of first complete runs, of what was left over, and of what was reported."""
    op.create_table(
        "journal_reminders",
        sa.Column("reminder", sa.Text, primary_key=True),
        sa.Column("first_complete_run", UtcTime, nullable=False),
    )
    op.create_table(
        "journal_leftovers",
        sa.Column("reminder", sa.Text, primary_key=True),
        sa.Column("appointment_id", sa.Text, primary_key=True),
        sa.Column("customer_id", sa.Text, nullable=False),
        sa.Column("starts_at", UtcTime, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
    )
    op.create_table(
        "journal_reported",
        sa.Column("subject", sa.Text, primary_key=True),
        sa.Column("fact", sa.Text, primary_key=True),
        sa.Column("reported_at", UtcTime, nullable=False),
    )
