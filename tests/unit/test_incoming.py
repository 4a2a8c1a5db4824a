"""What a gateway's list says of an answer, and how sure its moment is."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from terminbenachrichtigung.delivery.incoming import ReplyFields, read_incoming
from terminbenachrichtigung.model.reply import Reply

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
NAMES = ReplyFields(reply_id="id", sender="from", text="text", received_at="at", job_id="answers")
TEN_PAST = datetime(2026, 11, 24, 9, 10, tzinfo=UTC)
SECONDS = int(TEN_PAST.timestamp())
SURE, ZONES, WEEK = timedelta(), timedelta(hours=2), timedelta(days=7)


def read(**entry: Any) -> list[Reply]:
    return list(read_incoming([{"id": "1", "from": "491715555555", **entry}], NAMES, NOW, "+49"))


@pytest.mark.parametrize(
    ("at", "moment", "unsure"),
    [
        (SECONDS, TEN_PAST, SURE),
        (str(SECONDS), TEN_PAST, SURE),
        (SECONDS * 1000, TEN_PAST, SURE),
        (f"{SECONDS}.5", TEN_PAST + timedelta(seconds=0.5), SURE),
        (100_000_000_001, NOW, WEEK),  # milliseconds from here on, so this is 1973
        (100_000_000_000, datetime(5138, 11, 16, 9, 46, 40, tzinfo=UTC), SURE),
        ("2026-11-24T10:10:00+01:00", TEN_PAST, SURE),
        ("2026-11-24T09:10:00Z", TEN_PAST, SURE),
        ("2026-11-24 09:10:00", TEN_PAST, ZONES),  # of which zone?
        ("24.11.2026 10:10", NOW, WEEK),
        ("", NOW, WEEK),
        (None, NOW, WEEK),
        (True, NOW, WEEK),
        (10**14, datetime(5138, 11, 16, 9, 46, 40, tzinfo=UTC), SURE),
        (10**15, NOW, WEEK),  # no year that there is
        # What programs write where they have no moment.
        (0, NOW, WEEK),
        ("1970-01-01 00:00:00", NOW, WEEK),
        ("0001-01-01T00:00:00", NOW, WEEK),
        ("0001-01-01T00:00:00Z", NOW, WEEK),
        ("1899-12-30T00:00:00", NOW, WEEK),
        ("0000-00-00 00:00:00", NOW, WEEK),
        ("2000-01-01T00:00:00Z", datetime(2000, 1, 1, tzinfo=UTC), SURE),
    ],
)
def test_when_an_answer_came(at: object, moment: datetime, unsure: timedelta) -> None:
    (reply,) = read(at=at)
    assert (reply.received_at, reply.unsure) == (moment, unsure)


@pytest.mark.parametrize(
    ("sender", "number"),
    [
        ("491715555555", "+491715555555"),
        ("+491715555555", "+491715555555"),
        ("00491715555555", "+491715555555"),
        ("0171 5555555", "+491715555555"),
        ("49 171 5555555", "+491715555555"),
        ("33612345678", "+33612345678"),
        (491715555555, "+491715555555"),
        ("Telekom", "Telekom"),
        ("", None),
        (None, None),
    ],
)
def test_who_answered(sender: object, number: str | None) -> None:
    assert [reply.sender for reply in read(**{"from": sender})] == ([] if number is None else [number])


@pytest.mark.parametrize(("length", "kept"), [(2000, 2000), (2001, 2000)])
def test_a_text_is_kept_up_to_a_length(length: int, kept: int) -> None:
    (reply,) = read(text="j" * length)
    assert len(reply.text) == kept
