"""What a later run needs to find out what became of a message."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Keep the gateway's job with an attempt, and find the few messages of unknown fate at once."""
    op.add_column("journal_attempts", sa.Column("job_id", sa.Text))
    known = sa.text("job_id IS NOT NULL")
    op.create_index(
        "journal_attempts_job", "journal_attempts", ["job_id"], sqlite_where=known, postgresql_where=known
    )
    unknown = sa.text("state = 'unknown'")
    op.create_index(
        "journal_messages_unknown",
        "journal_messages",
        ["run_now"],
        sqlite_where=unknown,
        postgresql_where=unknown,
    )
