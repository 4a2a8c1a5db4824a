"""The journal's tables, as SQLAlchemy Core sees them; `migrations/` is what creates them.

All names begin with `journal_`, because on Postgres the journal may share a database with others.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator


class UtcTime(TypeDecorator[datetime]):
    """An aware datetime in UTC. SQLite has no such type: there it is text that sorts by time."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        return dialect.type_descriptor(String() if dialect.name == "sqlite" else DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None or dialect.name != "sqlite":
            return value
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        if isinstance(value, str):
            return datetime.fromisoformat(value).replace(tzinfo=UTC)
        return value.astimezone(UTC)  # type: ignore[no-any-return]


class database_clock(FunctionElement[datetime]):  # noqa: N801 - reads as the SQL function it is
    """The clock of the database server: the only one that all runs share, so leases use it."""

    type = UtcTime()
    inherit_cache = True


@compiles(database_clock, "sqlite")
def _sqlite_clock(_element: database_clock, _compiler: Any, **_: Any) -> str:
    # Three digits behind the second, where bound values have six: as text both sort by time.
    return "strftime('%Y-%m-%d %H:%M:%f', 'now')"


@compiles(database_clock, "postgresql")
def _postgres_clock(_element: database_clock, _compiler: Any, **_: Any) -> str:
    # clock_timestamp() moves within a transaction; now() would stay at its begin.
    return "clock_timestamp()"


metadata = MetaData()

meta = Table(
    "journal_meta",
    metadata,
    Column("created_at", UtcTime, nullable=False),
    Column("timezone", Text, nullable=False),  # the practice's; starts are kept to its minute
    Column("name_key", Text, nullable=False),  # hexadecimal; names and recipients are hashed with it
    Column("purged_before", UtcTime, nullable=False),  # how far the last purge went
    Column("purged_at", UtcTime, nullable=False),  # the `now` of the run that purged
    Column("checked", Text),  # hash of the configuration whose texts were checked last
    Column("replies_until", UtcTime),  # the `now` of the run that last fetched all replies; null: none did
)

runs = Table(
    "journal_runs",
    metadata,
    Column("run_id", String(36), primary_key=True),
    Column("command", Text, nullable=False),
    Column("run_now", UtcTime, nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("finished_at", UtcTime),
    Column("host", Text, nullable=False),
    Column("process", Integer, nullable=False),
    Column("complete", Boolean, nullable=False),
    Column("ending", Text),  # complete, quiet, or what cut it short
    Column("counts", Text),  # JSON
)

messages = Table(
    "journal_messages",
    metadata,
    Column("message_id", String(36), primary_key=True),
    Column("run_id", String(36), nullable=False),
    Column("reminder", Text, nullable=False),
    Column("customer_id", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("channel", Text),  # of the attempt under way, or of the last one
    Column("recipient", Text),
    Column("run_now", UtcTime, nullable=False),
    Column("claimed_at", UtcTime, nullable=False),
    Column("renewed_at", UtcTime, nullable=False),
    Column("settled_at", UtcTime),
    Column("resolved_at", UtcTime),  # by hand; a delivery report still knows better
)

notifications = Table(
    "journal_notifications",
    metadata,
    Column("reminder", Text, nullable=False),
    Column("appointment_id", Text, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("message_id", String(36), ForeignKey("journal_messages.message_id"), nullable=False),
    Column("customer_id", Text, nullable=False),
    Column("starts_at", UtcTime, nullable=False),  # to the minute, as texts show it
    Column("name", Text, nullable=False),  # hashes of the words of the customer's name; empty for no name
    Column("first_recipient", Text),  # hash of the message's first one; null: told by another system
    Column("revoked_at", UtcTime),  # when the customer was told that this start does not hold any more
    Column("corrects", UtcTime),  # the start that it takes back; null: it is no correction
    # This constraint keeps the promise "never twice", whatever a program does wrong.
    UniqueConstraint("reminder", "appointment_id", "generation"),
)

attempts = Table(
    "journal_attempts",
    metadata,
    Column("attempt_id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("message_id", String(36), ForeignKey("journal_messages.message_id"), nullable=False),
    Column("channel", Text, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("ended_at", UtcTime, nullable=False),
    Column("job_id", Text),  # the gateway's, where it gave one
    Column("parts", Integer),  # of an SMS
)

reminders = Table(
    "journal_reminders",
    metadata,
    Column("reminder", Text, primary_key=True),
    Column("first_complete_run", UtcTime, nullable=False),
)

leftovers = Table(
    "journal_leftovers",
    metadata,
    Column("reminder", Text, primary_key=True),
    Column("appointment_id", Text, primary_key=True),
    Column("customer_id", Text, nullable=False),
    Column("starts_at", UtcTime, nullable=False),
    Column("why", Text, nullable=False),  # a message's outcome, or a rule's reason
)

changes = Table(
    "journal_changes",
    metadata,
    Column("appointment_id", Text, primary_key=True),
    Column("message_id", String(36), nullable=False),  # the newest that told its customer about it
    Column("starts_at", UtcTime),  # its start now; null: it is cancelled
    Column("seen_at", UtcTime, nullable=False),  # the `now` of the first complete run that saw it so
)

reported = Table(
    "journal_reported",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("fact", Text, primary_key=True),
    Column("reported_at", UtcTime, nullable=False),
)

untold = Table(
    "journal_untold",
    metadata,
    Column("message_id", String(36), ForeignKey("journal_messages.message_id"), primary_key=True),
    Column("noted_at", UtcTime, nullable=False),
)

staff_done = Table(
    "journal_staff_done",
    metadata,
    Column("appointment_id", Text, primary_key=True),
    Column("customer_id", Text, primary_key=True),
    Column("starts_at", UtcTime, primary_key=True),
    Column("reason", Text, primary_key=True),
    Column("message_id", Text, primary_key=True),  # empty where no message is the cause
    Column(
        "revokes", UtcTime
    ),  # the start of which a person told the customer that it does not hold any more
    Column("done_at", UtcTime, nullable=False),
    Column("name", Text, nullable=False),  # hashes, as those of notifications
)

staff_mails = Table(
    "journal_staff_mails",
    metadata,
    Column("day", Date, primary_key=True),  # by the practice's calendar
    Column("branch_code", Text, primary_key=True),  # empty: everybody's list
    Column("recipient", Text, primary_key=True),
    Column("mail_id", String(36), nullable=False),
    Column("state", Text, nullable=False),  # claimed, sent or unknown
    Column("claimed_at", UtcTime, nullable=False),
)

opt_outs = Table(
    "journal_opt_outs",
    metadata,
    Column("recipient", Text, primary_key=True),  # E.164, or an address in lower case
    Column("since", UtcTime, nullable=False),
    Column("why", Text, nullable=False),  # by hand, or the answer that said so
)

replies = Table(
    "journal_replies",
    metadata,
    Column("reply_id", Text, primary_key=True),  # the gateway's own: fetched twice it counts once
    Column("message_id", String(36), ForeignKey("journal_messages.message_id")),  # null: it answers none
    Column("sender", Text, nullable=False),  # empty once it was forgotten
    Column("text", Text, nullable=False),  # the same
    Column("answer", Text, nullable=False),
    Column("received_at", UtcTime, nullable=False),  # as the gateway says
    Column("noted_at", UtcTime, nullable=False),  # the `now` of the run that fetched it
    Column("told", Boolean, nullable=False),  # whether a report has named it
)
