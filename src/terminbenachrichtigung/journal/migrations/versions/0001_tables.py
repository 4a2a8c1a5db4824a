"""All tables of the journal."""

import sqlalchemy as sa
from alembic import op

from terminbenachrichtigung.journal.tables import UtcTime

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create everything."""
    _meta_and_runs()
    _messages()
    _notifications()
    _attempts()
    _memory_of_runs()
    _staff()
    _replies()


def _index_where(name: str, table: str, columns: list[str], condition: str, *, unique: bool = False) -> None:
    where = sa.text(condition)
    op.create_index(name, table, columns, unique=unique, sqlite_where=where, postgresql_where=where)


def _meta_and_runs() -> None:
    op.create_table(
        "journal_meta",
        sa.Column("created_at", UtcTime, nullable=False),
        sa.Column("timezone", sa.Text, nullable=False),
        sa.Column("name_key", sa.Text, nullable=False),
        sa.Column("purged_before", UtcTime, nullable=False),
        sa.Column("purged_at", UtcTime, nullable=False),
        sa.Column("checked", sa.Text),
        sa.Column("replies_until", UtcTime),
    )
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


def _messages() -> None:
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
        sa.Column("resolved_at", UtcTime),
    )
    op.create_index("journal_messages_customer", "journal_messages", ["customer_id", "run_now"])
    op.create_index("journal_messages_run_now", "journal_messages", ["run_now"])
    # Only the few open claims are in it, so every run finds them at once however long the history; and the
    # few of unknown fate.
    _index_where("journal_messages_claimed", "journal_messages", ["renewed_at"], "state = 'claimed'")
    _index_where("journal_messages_unknown", "journal_messages", ["run_now"], "state = 'unknown'")


def _notifications() -> None:
    op.create_table(
        "journal_notifications",
        sa.Column("reminder", sa.Text, nullable=False),
        sa.Column("appointment_id", sa.Text, nullable=False),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("message_id", sa.String(36), sa.ForeignKey("journal_messages.message_id"), nullable=False),
        sa.Column("customer_id", sa.Text, nullable=False),
        sa.Column("starts_at", UtcTime, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("first_recipient", sa.Text),
        sa.Column("revoked_at", UtcTime),
        sa.Column("corrects", UtcTime),
        sa.UniqueConstraint(
            "reminder", "appointment_id", "generation", name="journal_notifications_never_twice"
        ),
    )
    op.create_index("journal_notifications_message", "journal_notifications", ["message_id"])
    op.create_index("journal_notifications_appointment", "journal_notifications", ["appointment_id"])
    # What one person was told of one start, whatever the appointment's id.
    op.create_index("journal_notifications_starts_at", "journal_notifications", ["starts_at", "customer_id"])
    op.create_index(
        "journal_notifications_recipient", "journal_notifications", ["starts_at", "first_recipient"]
    )


def _attempts() -> None:
    op.create_table(
        "journal_attempts",
        sa.Column("attempt_id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("message_id", sa.String(36), sa.ForeignKey("journal_messages.message_id"), nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("recipient", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("ended_at", UtcTime, nullable=False),
        sa.Column("job_id", sa.Text),
        sa.Column("parts", sa.Integer),
    )
    # One attempt at most per message and channel that was, or may have been, accepted.
    _index_where(
        "journal_attempts_once",
        "journal_attempts",
        ["message_id", "channel"],
        "outcome IN ('sent', 'unknown')",
        unique=True,
    )
    op.create_index("journal_attempts_message", "journal_attempts", ["message_id"])
    _index_where("journal_attempts_job", "journal_attempts", ["job_id"], "job_id IS NOT NULL")


def _memory_of_runs() -> None:
    """What `missed`, corrections and "reported once" need to remember between runs."""
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
        sa.Column("why", sa.Text, nullable=False),
    )
    op.create_table(
        "journal_changes",
        sa.Column("appointment_id", sa.Text, primary_key=True),
        sa.Column("message_id", sa.String(36), nullable=False),
        sa.Column("starts_at", UtcTime),
        sa.Column("seen_at", UtcTime, nullable=False),
    )
    op.create_table(
        "journal_reported",
        sa.Column("subject", sa.Text, primary_key=True),
        sa.Column("fact", sa.Text, primary_key=True),
        sa.Column("reported_at", UtcTime, nullable=False),
    )
    op.create_table(
        "journal_untold",
        sa.Column(
            "message_id", sa.String(36), sa.ForeignKey("journal_messages.message_id"), primary_key=True
        ),
        sa.Column("noted_at", UtcTime, nullable=False),
    )


def _staff() -> None:
    """What was ticked off, and to whom the list was mailed on which day."""
    op.create_table(
        "journal_staff_done",
        sa.Column("appointment_id", sa.Text, primary_key=True),
        sa.Column("customer_id", sa.Text, primary_key=True),
        sa.Column("starts_at", UtcTime, primary_key=True),
        sa.Column("reason", sa.Text, primary_key=True),
        sa.Column("message_id", sa.Text, primary_key=True),
        sa.Column("revokes", UtcTime),
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
    op.create_table(
        "journal_opt_outs",
        sa.Column("recipient", sa.Text, primary_key=True),
        sa.Column("since", UtcTime, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
    )


def _replies() -> None:
    """What customers answered."""
    op.create_table(
        "journal_replies",
        # Whatever a gateway hands out twice, and however many runs fetch it, counts once.
        sa.Column("reply_id", sa.Text, primary_key=True),
        sa.Column("message_id", sa.String(36), sa.ForeignKey("journal_messages.message_id")),
        sa.Column("sender", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("received_at", UtcTime, nullable=False),
        sa.Column("noted_at", UtcTime, nullable=False),
        sa.Column("told", sa.Boolean, nullable=False),
    )
    op.create_index("journal_replies_message", "journal_replies", ["message_id"])
    op.create_index("journal_replies_noted_at", "journal_replies", ["noted_at"])
    # Only those that no report has named yet.
    _index_where("journal_replies_untold", "journal_replies", ["noted_at"], "NOT told")
