"""Whose booking may be confirmed at all: what was booked since bookings are confirmed."""

from dataclasses import replace

import pytest
from rules_scene import appointment, at

from terminbenachrichtigung.rules.confirming import booked_since


@pytest.mark.parametrize(
    ("booked", "since", "confirmed"),
    [
        ("2026-11-20 10:00", "2026-11-20 10:00", True),  # at that very moment
        ("2026-11-20 09:59", "2026-11-20 10:00", False),
        ("2026-11-20 10:00", None, False),  # nobody knows yet since when
        (None, "2026-11-20 10:00", False),  # nobody knows when it was booked
    ],
)
def test_a_booking_is_confirmed_if_it_was_made_since(
    booked: str | None, since: str | None, confirmed: bool
) -> None:
    row = replace(appointment(), created_at=at(booked) if booked else None)
    assert booked_since([row], at(since) if since else None) == ([row] if confirmed else [])
