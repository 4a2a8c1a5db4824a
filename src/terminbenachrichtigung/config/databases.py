"""Database URLs and the schedule's query: what is understood, and what is refused with a reason.

Every refusal is a ValueError whose text is the advice; none of them ever repeats the URL, because a
URL can hold a password.
"""

import os
import re
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from terminbenachrichtigung.config.files import written

POSTGRES = "postgresql+psycopg"

_TOKEN = re.compile(
    r"""
    (?P<comment> --[^\n]* | /\*.*?(?:\*/|\Z) )
  | (?P<quoted> '(?:[^']|'')*' | "(?:[^"]|"")*" | `[^`]*` | \[[A-Za-z_][^]\n]*\]
              | \$(?P<tag>[A-Za-z_]*)\$ .*? \$(?P=tag)\$ )
    """,
    re.VERBOSE | re.DOTALL,
)
_WRITES = re.compile(r"\b(INSERT\s+INTO|DELETE\s+FROM|MERGE\s+INTO|UPDATE\s+\S+\s+SET)\b", re.IGNORECASE)
_SAFE_PARAMETERS = {"host", "port", "sslmode", "charset", "driver"}
_SECONDS = re.compile(r"\d{1,6}(\.\d{1,6})?", re.ASCII)
_FILE_PARAMETERS = {"mode", "cache", "uri"}


def resolved_url(text: str, folder: Path, *, journal: bool) -> str:
    """The URL as it is used: with a known dialect, an installed driver, and an absolute SQLite file.

    A relative SQLite path counts from `folder`. The schedule may be any database with a driver that
    is installed; the journal is SQLite or PostgreSQL.

    Raises:
        ValueError: with what is allowed.
    """
    from sqlalchemy import URL, make_url  # noqa: PLC0415  # a tenth of a second; --help must not pay
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError  # noqa: PLC0415

    try:
        url = make_url(text.strip())
    except (ArgumentError, ValueError):  # ValueError: a port that is no number
        raise ValueError(
            'is no database URL, as in "sqlite:///schedule.db" or "postgresql://user@host/database"'
        ) from None

    # Plain postgresql:// means psycopg 3, the driver that is installed with the tool.
    if url.drivername in {"postgresql", "postgres"}:
        url = url.set(drivername=POSTGRES)
    backend = url.drivername.partition("+")[0]
    if backend == "sqlite":
        if url.drivername not in {"sqlite", "sqlite+pysqlite"}:
            raise ValueError("SQLite is opened with Python's own driver: the URL begins with sqlite:///")
        if url.host or url.username or url.password or url.port:
            raise ValueError(
                "a SQLite URL has three slashes before a relative path and four before an absolute one, "
                'as in "sqlite:///schedule.db"'
            )
        path = written(sqlite_path(url.database or "", dict(url.query), folder))
        query = {} if _is_file_uri(url.database) else url.query
        resolved = URL.create("sqlite", database=path, query=query)
        if make_url(resolved.render_as_string()).database != path:
            raise ValueError("the path of the SQLite file holds a sign that no URL can carry, such as ?")
        return resolved.render_as_string()

    if "@" in f"{url.host}{url.database}":  # the end of a password, which every message would show
        raise ValueError("has an @ too many: in a user name or a password it is written %40, and / is %2F")
    if journal and backend != "postgresql":
        raise ValueError("the journal must be SQLite or PostgreSQL (sqlite:///... or postgresql://...)")
    if journal and url.drivername != POSTGRES:
        raise ValueError("the journal is written with psycopg 3: the URL begins with postgresql://")
    try:
        dialect = url.get_dialect()
    except (NoSuchModuleError, ValueError):  # ValueError: more than one + in the dialect's name
        raise ValueError(
            "names no known database; sqlite:/// and postgresql:// always work, others with their driver"
        ) from None
    if dialect.is_async:
        raise ValueError(f"the driver {dialect.driver} is asynchronous and cannot be used here")
    try:
        dialect.import_dbapi()
    except ImportError as error:
        raise ValueError(
            f"needs a Python driver that is not installed ({error.name or dialect.driver})"
        ) from None
    if backend == "postgresql":
        try:
            dialect().create_connect_args(url)
        except (ArgumentError, ValueError):
            raise ValueError("names hosts and ports in its parameters that do not go together") from None
    return url.render_as_string(hide_password=False)


def sqlite_path(database: str, parameters: dict[str, str | tuple[str, ...]], folder: Path) -> Path:
    """The absolute file behind the database part of a SQLite URL, a plain path or a `file:` URI.

    Raises:
        ValueError: a database in memory, or a path that no file can have.
    """
    name = database
    if _is_file_uri(database):
        parts = urlsplit(database)
        parameters = parameters | dict(parse_qsl(parts.query, keep_blank_values=True))
        name = unquote(parts.path)
        if parts.netloc not in {"", "localhost"}:
            raise ValueError("a file: URI with a host cannot be opened; use sqlite:////absolute/path")
    if name in {"", ":memory:"} or parameters.get("mode") == "memory":
        raise ValueError("a database in memory is empty at every start; name a file")
    known = _FILE_PARAMETERS if _is_file_uri(database) else _FILE_PARAMETERS | {"timeout"}
    if others := sorted(set(parameters) - known):
        raise ValueError(f"the tool opens the file itself; leave out {', '.join(others)}")
    if not _SECONDS.fullmatch(str(parameters.get("timeout", "0"))):
        raise ValueError("timeout is a number of seconds, given once")
    if "\0" in name:
        raise ValueError("the path of the SQLite file holds a NUL character")
    return folder / name


def same_sqlite_file(one: str, other: str) -> bool:
    """Whether two resolved URLs name one SQLite file, by whatever path."""
    from sqlalchemy import make_url  # noqa: PLC0415

    urls = (make_url(one), make_url(other))
    if not all(url.drivername == "sqlite" and url.database for url in urls):
        return False
    first, second = (Path(str(url.database)) for url in urls)
    try:
        return first.samefile(second)
    except OSError:  # one of them does not exist yet
        return os.path.realpath(first) == os.path.realpath(second)


def masked_url(text: str) -> str:
    """A URL for people: without the password, nor any parameter that might hold one."""
    from sqlalchemy import make_url  # noqa: PLC0415
    from sqlalchemy.exc import ArgumentError  # noqa: PLC0415

    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        return "***"
    shown = _SAFE_PARAMETERS | _FILE_PARAMETERS
    url = url.set(query={key: value if key in shown else "***" for key, value in url.query.items()})
    user, colon, _ = (url.username or "").partition(":")
    if colon:  # %3A: the password is taken for a part of the name
        url = url.set(username=f"{user}:***")
    return unquote(url.render_as_string(hide_password=True))


def single_select(text: str) -> str:
    """The one SELECT in a query file, without comments and without the semicolon at its end.

    Comments go because the query becomes part of a larger one, where a last line of `-- ...` would
    swallow what follows. Writing statements are refused early here; what keeps the schedule safe is
    its read-only connection.

    Raises:
        ValueError: with what is allowed.
    """
    advice = "must hold a single SELECT, or WITH ... SELECT"
    query = _TOKEN.sub(lambda found: " " if found["comment"] else found[0], text).strip()
    query = query.rstrip("; \t\r\n")
    skeleton = _TOKEN.sub("''", query)
    if not query:
        raise ValueError("is empty; it " + advice)
    if ";" in skeleton:
        raise ValueError("holds more than one statement; it " + advice)
    if not re.match(r"[\s(]*(SELECT|WITH)\b", skeleton, re.IGNORECASE) or _WRITES.search(skeleton):
        raise ValueError(advice + "; the schedule is only read")
    return query


def _is_file_uri(database: str | None) -> bool:
    return (database or "").startswith("file:")
