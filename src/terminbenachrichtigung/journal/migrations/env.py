"""Alembic's entry: runs inside the transaction and under the lock that `versions.py` holds."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    version_table="journal_version",
    transactional_ddl=True,
)
context.run_migrations()
