"""Recipients that asked not to be written to any more, whatever the schedule or an import says of them."""

from collections.abc import Sequence

from sqlalchemy import Connection, delete, select

from terminbenachrichtigung.journal import statements
from terminbenachrichtigung.journal.database import Connected, insert_new, reads, writes
from terminbenachrichtigung.journal.tables import database_clock, opt_outs
from terminbenachrichtigung.model.journal import OptOut


def read_opted_out(connection: Connection) -> frozenset[str]:
    """All recipients that opted out."""
    return frozenset(connection.execute(select(opt_outs.c.recipient)).scalars())


def asked_to_stop(connection: Connection, recipients: Sequence[str]) -> bool:
    """Whether one of these opted out, by hand or by an answer that another run may have fetched just now."""
    known = {"recipients": [each.lower() for each in recipients]}
    return bool(recipients) and connection.execute(statements.opted_out, known).first() is not None


class OptOuts(Connected):
    """The part of the journal that keeps opt-outs, until somebody takes one back."""

    @reads
    def opt_outs(self, connection: Connection) -> tuple[OptOut, ...]:
        """All of them, the newest first."""
        newest = select(opt_outs).order_by(opt_outs.c.since.desc(), opt_outs.c.recipient)
        return tuple(OptOut(row.recipient, row.since, row.why) for row in connection.execute(newest))

    @writes
    def opt_out(self, connection: Connection, recipient: str, why: str) -> bool:
        """Notes that nobody may write to this recipient any more; False if that was so already."""
        added = insert_new(connection, opt_outs).values(recipient=recipient, since=database_clock(), why=why)
        return connection.execute(added.returning(opt_outs.c.recipient)).first() is not None

    @reads
    def has_opted_out(self, connection: Connection, recipient: str) -> bool:
        """Whether nobody may write to this recipient, as it stands now."""
        return asked_to_stop(connection, [recipient])

    @writes
    def opt_in(self, connection: Connection, recipient: str) -> bool:
        """Takes an opt-out back; False if there was none."""
        taken = delete(opt_outs).where(opt_outs.c.recipient == recipient)
        return bool(connection.execute(taken).rowcount)
