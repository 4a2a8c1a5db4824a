"""The journal's versions are those of its migrations, one after the other."""

from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory

from terminbenachrichtigung.journal import versions

MIGRATIONS = Path(versions.__file__).parent / "migrations"


def scripts() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return ScriptDirectory.from_config(config)


def test_the_known_versions_are_the_migrations_on_disk_in_their_order() -> None:
    oldest_first = [script.revision for script in scripts().walk_revisions()][::-1]
    assert list(versions.VERSIONS.known) == oldest_first


def test_the_migrations_have_one_end() -> None:
    assert scripts().get_heads() == [versions.VERSIONS.newest]


def test_each_migration_is_a_file_named_by_its_version() -> None:
    files = {path.name[:4] for path in (MIGRATIONS / "versions").glob("[0-9]*.py")}
    assert files == set(versions.VERSIONS.known)
