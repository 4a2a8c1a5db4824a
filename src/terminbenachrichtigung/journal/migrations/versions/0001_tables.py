"""All tables of the journal. In SQL, because a migration stays as it is whatever the tables become."""

from alembic import op

revision = "0001"
down_revision = None

_TYPES = {
    "sqlite": {"moment": "VARCHAR", "serial": "INTEGER"},
    "postgresql": {"moment": "TIMESTAMP WITH TIME ZONE", "serial": "BIGSERIAL"},
}
_TABLES = """
CREATE TABLE journal_meta (
    created_at {moment} NOT NULL,
    timezone TEXT NOT NULL,
    name_key TEXT NOT NULL,
    purged_before {moment} NOT NULL,
    purged_at {moment} NOT NULL,
    checked TEXT,
    replies_until {moment}
);

CREATE TABLE journal_runs (
    run_id VARCHAR(36) NOT NULL PRIMARY KEY,
    command TEXT NOT NULL,
    run_now {moment} NOT NULL,
    started_at {moment} NOT NULL,
    finished_at {moment},
    host TEXT NOT NULL,
    process INTEGER NOT NULL,
    complete BOOLEAN NOT NULL,
    ending TEXT,
    counts TEXT
);
CREATE INDEX journal_runs_complete ON journal_runs (complete, run_now);

CREATE TABLE journal_messages (
    message_id VARCHAR(36) NOT NULL PRIMARY KEY,
    run_id VARCHAR(36) NOT NULL,
    reminder TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    state TEXT NOT NULL,
    channel TEXT,
    recipient TEXT,
    run_now {moment} NOT NULL,
    claimed_at {moment} NOT NULL,
    renewed_at {moment} NOT NULL,
    settled_at {moment},
    resolved_at {moment}
);
CREATE INDEX journal_messages_customer ON journal_messages (customer_id, run_now);
CREATE INDEX journal_messages_run_now ON journal_messages (run_now);
-- Only the few open claims are in it, so every run finds them at once however long the history is,
-- and in the next one the few of unknown fate.
CREATE INDEX journal_messages_claimed ON journal_messages (renewed_at) WHERE state = 'claimed';
CREATE INDEX journal_messages_unknown ON journal_messages (run_now) WHERE state = 'unknown';

CREATE TABLE journal_notifications (
    reminder TEXT NOT NULL,
    appointment_id TEXT NOT NULL,
    generation INTEGER NOT NULL,
    message_id VARCHAR(36) NOT NULL REFERENCES journal_messages (message_id),
    customer_id TEXT NOT NULL,
    starts_at {moment} NOT NULL,
    name TEXT NOT NULL,
    first_recipient TEXT,
    revoked_at {moment},
    corrects {moment},
    CONSTRAINT journal_notifications_never_twice UNIQUE (reminder, appointment_id, generation)
);
CREATE INDEX journal_notifications_message ON journal_notifications (message_id);
CREATE INDEX journal_notifications_appointment ON journal_notifications (appointment_id);
-- What one person was told of one start, whatever the id of the appointment.
CREATE INDEX journal_notifications_starts_at ON journal_notifications (starts_at, customer_id);
CREATE INDEX journal_notifications_recipient ON journal_notifications (starts_at, first_recipient);

CREATE TABLE journal_attempts (
    attempt_id {serial} NOT NULL PRIMARY KEY,
    message_id VARCHAR(36) NOT NULL REFERENCES journal_messages (message_id),
    channel TEXT NOT NULL,
    recipient TEXT NOT NULL,
    outcome TEXT NOT NULL,
    detail TEXT NOT NULL,
    ended_at {moment} NOT NULL,
    job_id TEXT,
    parts INTEGER
);
-- One attempt at most per message and channel that was, or may have been, accepted.
CREATE UNIQUE INDEX journal_attempts_once ON journal_attempts (message_id, channel)
    WHERE outcome IN ('sent', 'unknown');
CREATE INDEX journal_attempts_message ON journal_attempts (message_id);
CREATE INDEX journal_attempts_job ON journal_attempts (job_id) WHERE job_id IS NOT NULL;

CREATE TABLE journal_reminders (
    reminder TEXT NOT NULL PRIMARY KEY,
    first_complete_run {moment} NOT NULL
);

CREATE TABLE journal_leftovers (
    reminder TEXT NOT NULL,
    appointment_id TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    starts_at {moment} NOT NULL,
    why TEXT NOT NULL,
    PRIMARY KEY (reminder, appointment_id)
);

CREATE TABLE journal_changes (
    appointment_id TEXT NOT NULL PRIMARY KEY,
    message_id VARCHAR(36) NOT NULL,
    starts_at {moment},
    seen_at {moment} NOT NULL
);

CREATE TABLE journal_reported (
    subject TEXT NOT NULL,
    fact TEXT NOT NULL,
    reported_at {moment} NOT NULL,
    PRIMARY KEY (subject, fact)
);

CREATE TABLE journal_untold (
    message_id VARCHAR(36) NOT NULL PRIMARY KEY REFERENCES journal_messages (message_id),
    noted_at {moment} NOT NULL
);

CREATE TABLE journal_staff_done (
    appointment_id TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    starts_at {moment} NOT NULL,
    reason TEXT NOT NULL,
    message_id TEXT NOT NULL,
    revokes {moment},
    done_at {moment} NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (appointment_id, customer_id, starts_at, reason, message_id)
);

CREATE TABLE journal_staff_mails (
    day DATE NOT NULL,
    branch_code TEXT NOT NULL,
    recipient TEXT NOT NULL,
    mail_id VARCHAR(36) NOT NULL,
    state TEXT NOT NULL,
    claimed_at {moment} NOT NULL,
    -- Once a day for each list and recipient: the key keeps that promise.
    PRIMARY KEY (day, branch_code, recipient)
);

CREATE TABLE journal_opt_outs (
    recipient TEXT NOT NULL PRIMARY KEY,
    since {moment} NOT NULL,
    why TEXT NOT NULL
);

CREATE TABLE journal_replies (
    -- Whatever a gateway hands out twice, and however many runs fetch it, counts once.
    reply_id TEXT NOT NULL PRIMARY KEY,
    message_id VARCHAR(36) REFERENCES journal_messages (message_id),
    sender TEXT NOT NULL,
    text TEXT NOT NULL,
    answer TEXT NOT NULL,
    received_at {moment} NOT NULL,
    noted_at {moment} NOT NULL,
    told BOOLEAN NOT NULL
);
CREATE INDEX journal_replies_message ON journal_replies (message_id);
CREATE INDEX journal_replies_noted_at ON journal_replies (noted_at);
-- Only those that no report has named yet.
CREATE INDEX journal_replies_untold ON journal_replies (noted_at) WHERE NOT told;
"""


def upgrade() -> None:
    """Create everything."""
    types = _TYPES[op.get_context().dialect.name]
    for statement in _TABLES.strip().split(";\n"):
        op.execute(statement.rstrip(";").format(**types))
