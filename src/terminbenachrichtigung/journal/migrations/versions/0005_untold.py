"""What no report has named yet."""

import sqlalchemy as sa
from alembic import op

from terminbenachrichtigung.journal.tables import UtcTime

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Create the table of the messages that a person must still be told of."""
    op.create_table(
        "journal_untold",
        sa.Column(
            "message_id", sa.String(36), sa.ForeignKey("journal_messages.message_id"), primary_key=True
        ),
        sa.Column("noted_at", UtcTime, nullable=False),
    )
