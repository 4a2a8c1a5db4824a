"""What the staff list needs to remember: what was ticked off, and to whom it was mailed on which day."""

import sqlalchemy as sa
from alembic import op

from terminbenachrichtigung.journal.tables import UtcTime

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create the two tables, and the index that finds what was told about the days ahead."""
    op.create_table(
        "journal_staff_done",
        sa.Column("appointment_id", sa.Text, primary_key=True),
        sa.Column("customer_id", sa.Text, primary_key=True),
        sa.Column("starts_at", UtcTime, primary_key=True),
        sa.Column("reason", sa.Text, primary_key=True),
        sa.Column("message_id", sa.Text, primary_key=True),
        sa.Column("done_at", UtcTime, nullable=False),
    )
    op.create_table(
        "journal_staff_mails",
        # Once a day for each list and recipient: the promise lives in the key.
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("branch_code", sa.Text, primary_key=True),
        sa.Column("recipient", sa.Text, primary_key=True),
        sa.Column("mail_id", sa.String(36), nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("claimed_at", UtcTime, nullable=False),
    )
    op.create_index("journal_notifications_starts_at", "journal_notifications", ["starts_at"])
