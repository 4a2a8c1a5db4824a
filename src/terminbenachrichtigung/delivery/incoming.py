"""A customer's answer out of a gateway's list: what of it is known, and how sure that is."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from terminbenachrichtigung.config.checks import e164
from terminbenachrichtigung.delivery.exchange import amount, text_of
from terminbenachrichtigung.model.reply import Reply

_ZONES = timedelta(hours=2)
"""A moment without a zone is read as UTC. If it was German summer time, the reply came so much earlier."""
_NO_MOMENT = timedelta(days=7)
"""Where a moment cannot be read: the reply came within the week in which it can answer a message."""
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
"""What is dated before is no moment: 0, 1970 and the year 1 are what programs write for none."""
_LONGEST_TEXT = 2000  # characters; a text of ten parts has 1,530
_LONGEST_ID = 200
_MILLISECONDS = 100_000_000_000  # no count of seconds is as high for 3,000 years


@dataclass(frozen=True, slots=True)
class ReplyFields:
    """How a gateway calls what is in its list."""

    reply_id: str
    sender: str
    text: str
    received_at: str
    job_id: str  # of the SMS that it answers


def read_incoming(
    entries: Iterable[Any], names: ReplyFields, now: datetime, country_code: str
) -> tuple[Reply, ...]:
    """The replies in a JSON list; an entry that names nobody who answered is left out.

    Args:
        entries: of the list.
        names: of their fields.
        now: in place of a moment that cannot be read.
        country_code: how a national number is read.
    """
    read = (_reply(entry, names, now, country_code) for entry in entries)
    return tuple(reply for reply in read if reply is not None)


def _reply(entry: Any, names: ReplyFields, now: datetime, country_code: str) -> Reply | None:
    found = entry if isinstance(entry, Mapping) else {}
    sender = _storable(text_of(found, names.sender).strip(), _LONGEST_ID)
    if not sender:
        return None
    text = _storable(text_of(found, names.text), _LONGEST_TEXT)
    written = text_of(found, names.received_at)
    reply_id = _storable(text_of(found, names.reply_id), _LONGEST_ID)
    if not reply_id:  # made of what it says and when, so that fetched twice it counts once
        said = "\n".join((sender, written, text))
        reply_id = f"without an id {hashlib.sha256(said.encode()).hexdigest()}"
    moment, unsure = _moment(found, names.received_at, now)
    job_id = _storable(text_of(found, names.job_id), _LONGEST_ID)
    return Reply(reply_id, _number(sender, country_code), text, moment, job_id, unsure)


def _storable(text: str, longest: int) -> str:
    """As any database takes it: no half characters, no zeros, and an end."""
    return text[:longest].encode("utf-8", "replace").decode().replace("\0", "")


def _number(sender: str, country_code: str) -> str:
    """E.164, however the gateway writes it (491715555555, 00491715555555); a name stays as it is."""
    return e164(sender if sender.startswith("0") else f"+{sender}", country_code) or sender


def _moment(found: Mapping[str, Any], key: str, now: datetime) -> tuple[datetime, timedelta]:
    """When it came at the latest, and how much earlier it may have been."""
    number = amount(found, key)
    unsure = timedelta()
    try:
        if number is not None:
            seconds = float(number) / (1000 if number > _MILLISECONDS else 1)
            moment = datetime.fromtimestamp(seconds, UTC)
        else:
            moment = datetime.fromisoformat(text_of(found, key))
            if moment.tzinfo is None:
                moment, unsure = moment.replace(tzinfo=UTC), _ZONES
            moment = moment.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return now, _NO_MOMENT
    return (moment, unsure) if moment >= _EARLIEST else (now, _NO_MOMENT)
