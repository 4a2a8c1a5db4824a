"""Names of time zones as programs write them, and what a calendar defines under them."""

from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import pytest

from terminbenachrichtigung.own_schedule.zones import Definition, Zones, named
from terminbenachrichtigung.schedule.values import Unreadable

BERLIN, LONDON, ATHENS = (ZoneInfo(f"Europe/{city}") for city in ("Berlin", "London", "Athens"))
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        # places, also behind a prefix
        ("Europe/Berlin", "Europe/Berlin"),
        ("europe/berlin", "Europe/Berlin"),
        ('"Europe/Berlin"', "Europe/Berlin"),
        (" America/New York ", "America/New_York"),
        ("America/Argentina/Buenos_Aires", "America/Argentina/Buenos_Aires"),
        ("/freeassociation.sourceforge.net/Tzfile/Europe/Berlin", "Europe/Berlin"),
        ("\\Europe\\Berlin", "Europe/Berlin"),
        # other names
        ("UTC", "UTC"),
        ("Z", "UTC"),
        ("tzone://Microsoft/Utc", "UTC"),
        ("GMT", "Etc/GMT"),
        ("MEZ", "Europe/Berlin"),
        ("Mitteleuropäische  Sommerzeit", "Europe/Berlin"),
        ("WET", "Europe/Lisbon"),
        ("BST", "Europe/London"),
        ("EET", "Europe/Helsinki"),
        ("W. Europe Standard Time", "Europe/Berlin"),
        ("GMT Standard Time", "Europe/London"),
        ("Etc/GMT-1", "Etc/GMT-1"),
        # as Windows shows them: the first known city that has this offset
        ("(UTC+01:00) Amsterdam, Berlin, Bern", "Europe/Amsterdam"),
        ("(GMT+01.00) Wien / Rom", "Europe/Vienna"),
        ("(UTC+01:00) Mitteleuropa; Bern", "Europe/Zurich"),
        ("(UTC) Lissabon, Edinburgh", "Europe/Lisbon"),
        ("(UTC+02:00) Berlin, Athen", "Europe/Athens"),
        ("(UTC−05:00) New York", "America/New_York"),
        ("(UTC+05:30) Kolkata", "Asia/Kolkata"),
        # a city alone
        ("Hamburg", "Europe/Berlin"),
        ("Prag", "Europe/Prague"),
        ("New York", "America/New_York"),
    ],
)
def test_a_zone_is_known_by_many_names(name: str, zone: str) -> None:
    assert named(name) == ZoneInfo(zone)


@pytest.mark.parametrize(
    ("name", "hours"), [("UTC+1", 1), ("GMT +01:00", 1), ("+0530", 5.5), ("-5", -5), ("UTC-03:30", -3.5)]
)
def test_an_offset_is_a_zone_where_some_place_has_it(name: str, hours: float) -> None:
    assert named(name) == timezone(timedelta(hours=hours))


@pytest.mark.parametrize(
    "name",
    [
        "Mittelerde",
        "",
        "Europe",
        "Europe/Nirgendwo",
        "Berlin/Europe",
        "UTC+01:07",  # no place has it
        "UTC+99",
        "(UTC+03:00) Berlin",  # which of the two holds?
        "(UTC+01:00) Mitteleuropa",
        "(UTC) Berlin",
    ],
)
def test_a_zone_that_nobody_knows_is_refused(name: str) -> None:
    with pytest.raises(Unreadable, match=r"^unknown time zone "):
        named(name)


UNKNOWN, OTHERWISE = "unknown time zone", "is defined otherwise than its name says"


@pytest.mark.parametrize(
    ("name", "definitions", "expected"),
    [
        # a place is a place, whatever is defined under it
        ("Europe/Berlin", [(("Europe/Berlin",), LONDON)], BERLIN),
        ("Europe/Berlin", [], BERLIN),
        # any other name must mean what is defined, all year
        ("W. Europe Standard Time", [], BERLIN),
        ("W. Europe Standard Time", [(("W. Europe Standard Time",), BERLIN)], BERLIN),
        ("W. Europe Standard Time", [(("W. Europe Standard Time",), LONDON)], OTHERWISE),
        ("GMT", [(("GMT",), LONDON)], OTHERWISE),  # an hour apart in summer alone
        ("W. Europe Standard Time", [(("W. Europe Standard Time",), None)], BERLIN),  # cannot be read
        # a name of its own is what is defined
        ("Praxis", [(("Praxis",), ATHENS)], ATHENS),
        ("Praxis", [(("Praxis",), ATHENS), (("Praxis",), ATHENS)], ATHENS),
        ("Praxis", [(("Praxis",), ATHENS), (("Praxis",), BERLIN)], OTHERWISE),
        ("Praxis", [(("Praxis",), None)], UNKNOWN),
        ("Praxis", [(("Andere",), ATHENS)], UNKNOWN),
        # or the place that stands beside it
        ("Praxis", [(("Praxis", "Europe/Berlin"), LONDON)], BERLIN),
        ("Praxis", [(("Praxis", "Nirgends", "Europe/Berlin"), None)], BERLIN),
        ("Praxis", [(("Praxis", "GMT Standard Time"), ATHENS)], ATHENS),  # no place
        ("W. Europe Standard Time", [(("W. Europe Standard Time", "Europe/Athens"), None)], BERLIN),
    ],
)
def test_where_name_and_definition_disagree_no_zone_is_guessed(
    name: str, definitions: list[tuple[tuple[str, ...], tzinfo | None]], expected: tzinfo | str
) -> None:
    zones = Zones([Definition(*each) for each in definitions], NOW)
    for _ in range(2):  # the second time from memory
        if isinstance(expected, str):
            with pytest.raises(Unreadable, match=expected):
                zones.of(name)
        else:
            assert zones.of(name) == expected
