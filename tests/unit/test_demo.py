"""The sample practice has a case for everything, at any minute; and only a demo's own folder is replaced."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from terminbenachrichtigung.demo.folder import make_room, write_config
from terminbenachrichtigung.demo.scenario import DAYTIME, scenario, zone_for
from terminbenachrichtigung.errors import ConfigError
from terminbenachrichtigung.model.plan import MessageOutcome, Reason

NEVER_IN_A_REPORT = {Reason.PAST, Reason.NOT_YET_DUE}
FIXED_NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


# ---------------------------------------------------------------- the sample practice


def test_there_is_a_case_for_every_reason_that_a_run_gives() -> None:
    shown = {booking.shows for booking in scenario(FIXED_NEW_YEAR).bookings}
    # superseded: this evening; changed: needs a run of more than 30 seconds;
    # the demo's reminders are for all types and branches
    # and its schedule comes from no import
    elsewhere = {Reason.SUPERSEDED, Reason.CHANGED, Reason.NOT_FOR_THIS_REMINDER, Reason.HELD}
    elsewhere |= {Reason.CONFIRMED}  # of whoever answers while the demo runs
    assert set(Reason) - NEVER_IN_A_REPORT - elsewhere <= shown
    assert {MessageOutcome.SENT, MessageOutcome.FAILED, MessageOutcome.UNKNOWN} <= shown


def test_it_is_daytime_in_the_practice_at_every_quarter_of_an_hour_of_two_years() -> None:
    opens, closes = DAYTIME
    for quarter in range(2 * 365 * 96):
        now = FIXED_NEW_YEAR + timedelta(minutes=15 * quarter)
        assert opens <= now.astimezone(zone_for(now)).time() < closes, now


@pytest.mark.parametrize(
    ("now", "zone"),
    [
        pytest.param("2026-01-15 09:00", "Europe/Berlin", id="ten o'clock in Berlin, in winter"),
        pytest.param("2026-07-15 08:00", "Europe/Berlin", id="ten o'clock in Berlin, in summer"),
        pytest.param("2026-07-15 13:59", "Europe/Berlin", id="a minute to four in Berlin"),
        pytest.param("2026-07-15 14:00", "America/Puerto_Rico", id="four o'clock in Berlin"),
        pytest.param("2026-07-15 22:59", "Pacific/Honolulu", id="a minute past midnight in Berlin"),
    ],
)
def test_the_practice_is_in_berlin_whenever_it_is_daytime_there(now: str, zone: str) -> None:
    assert zone_for(datetime.fromisoformat(now).replace(tzinfo=UTC)).key == zone


def test_no_number_or_address_of_the_practice_could_belong_to_anybody() -> None:
    for customer in scenario(FIXED_NEW_YEAR).customers:
        # 0171 39200xx is kept free for films by the Bundesnetzagentur, example.org by RFC 2606
        assert customer.mobile == "" or "171392" in customer.mobile.replace(" ", "").replace("/", "")
        assert customer.email == "" or customer.email.endswith("@example.org")


# ---------------------------------------------------------------- its folder


def an_earlier_demo(directory: Path) -> None:
    make_room(directory)
    write_config(directory, 'timezone = "Europe/Berlin"\n')
    for name in ("schedule.db", "journal.db", "journal.db-wal", "journal.db-shm"):
        (directory / name).write_bytes(b"earlier")


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def test_a_new_folder_is_made_with_its_parents(tmp_path: Path) -> None:
    make_room(tmp_path / "a" / "b ü")
    assert names(tmp_path / "a" / "b ü") == []


def test_an_earlier_demo_is_taken_away(tmp_path: Path) -> None:
    an_earlier_demo(tmp_path)
    make_room(tmp_path)
    assert names(tmp_path) == []


def test_an_earlier_demo_that_did_not_get_far_is_taken_away(tmp_path: Path) -> None:
    write_config(tmp_path, "")
    make_room(tmp_path)
    assert names(tmp_path) == []


def test_what_somebody_put_beside_an_earlier_demo_stays(tmp_path: Path) -> None:
    an_earlier_demo(tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "schedule.db.bak").write_text("mine")
    make_room(tmp_path)
    assert names(tmp_path) == ["notes.txt", "schedule.db.bak"]


def test_a_config_whose_text_was_changed_protects_the_whole_folder(tmp_path: Path) -> None:
    an_earlier_demo(tmp_path)
    with (tmp_path / "config.toml").open("a") as config:
        config.write("# our own gateway from now on\n")
    before = names(tmp_path)
    with pytest.raises(ConfigError, match="was changed since"):
        make_room(tmp_path)
    assert names(tmp_path) == before


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("notes.txt", id="anything"),
        pytest.param("journal.db", id="a journal without a configuration"),
        pytest.param("config.toml", id="a configuration that is none of the demo's"),
        pytest.param(".git", id="a hidden file"),
    ],
)
def test_a_folder_of_somebody_else_is_refused_and_left_alone(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("[sms]\nserial = 1\n")
    with pytest.raises(ConfigError, match="is left as it is"):
        make_room(tmp_path)
    assert (tmp_path / name).read_text() == "[sms]\nserial = 1\n"


@pytest.mark.parametrize("place", ["file", "file/demo"])
def test_where_a_file_is_in_the_way_the_error_says_so(place: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(ConfigError, match="cannot be used for the demo"):
        make_room(tmp_path / place)


def test_nobody_else_may_read_the_configuration(tmp_path: Path) -> None:
    assert write_config(tmp_path, "").stat().st_mode & 0o077 == 0
