"""Runs, messages, their notifications and attempts."""

import sqlalchemy as sa
from alembic import op

from terminbenachrichtigung.journal.tables import UtcTime

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the tables that hold the two promises."""
    op.create_table("journal_meta", sa.Column("created_at", UtcTime, nullable=False))
    op.create_table(
        "journal_runs",
        sa.Column("run_id", sa.String(36), primary_key=True),
        sa.Column("command", sa.Text, nullable=False),
        sa.Column("run_now", UtcTime, nullable=False),
        sa.Column("started_at", UtcTime, nullable=False),
        sa.Column("finished_at", UtcTime),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("process", sa.Integer, nullable=False),
        sa.Column("complete", sa.Boolean, nullable=False),
        sa.Column("ending", sa.Text),
        sa.Column("counts", sa.Text),
    )
    op.create_index("journal_runs_complete", "journal_runs", ["complete", "run_now"])
    op.create_table(
        "journal_messages",
        sa.Column("message_id", sa.String(36), primary_key=True),
        sa.Column("run_id", sa.String(36), nullable=False),
        sa.Column("reminder", sa.Text, nullable=False),
        sa.Column("customer_id", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("channel", sa.Text),
        sa.Column("recipient", sa.Text),
        sa.Column("run_now", UtcTime, nullable=False),
        sa.Column("claimed_at", UtcTime, nullable=False),
        sa.Column("renewed_at", UtcTime, nullable=False),
        sa.Column("settled_at", UtcTime),
    )
    op.create_index("journal_messages_customer", "journal_messages", ["customer_id", "run_now"])
    op.create_index("journal_messages_run_now", "journal_messages", ["run_now"])
    # Only the few open claims are in it, so every run finds them at once however long the history.
    claimed = sa.text("state = 'claimed'")
    op.create_index(
        "journal_messages_claimed",
        "journal_messages",
        ["renewed_at"],
        sqlite_where=claimed,
        postgresql_where=claimed,
    )
    op.create_table(
        "journal_notifications",
        sa.Column("reminder", sa.Text, nullable=False),
        sa.Column("appointment_id", sa.Text, nullable=False),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("message_id", sa.String(36), sa.ForeignKey("journal_messages.message_id"), nullable=False),
        sa.Column("customer_id", sa.Text, nullable=False),
        sa.Column("starts_at", UtcTime, nullable=False),
        sa.UniqueConstraint(
            "reminder", "appointment_id", "generation", name="journal_notifications_never_twice"
        ),
    )
    op.create_index("journal_notifications_message", "journal_notifications", ["message_id"])
    op.create_index("journal_notifications_appointment", "journal_notifications", ["appointment_id"])
    op.create_table(
        "journal_attempts",
        sa.Column("attempt_id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("message_id", sa.String(36), sa.ForeignKey("journal_messages.message_id"), nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("recipient", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("ended_at", UtcTime, nullable=False),
        sa.Column("parts", sa.Integer),
    )
    # One attempt at most per message and channel that was, or may have been, accepted.
    accepted = sa.text("outcome IN ('sent', 'unknown')")
    op.create_index(
        "journal_attempts_once",
        "journal_attempts",
        ["message_id", "channel"],
        unique=True,
        sqlite_where=accepted,
        postgresql_where=accepted,
    )
    op.create_index("journal_attempts_message", "journal_attempts", ["message_id"])
