"""Starts that no hourly run could ever notify, against a run at every minute of a week."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuzzing import inputs
from terminbenachrichtigung.config.settings import Reminder, Rules, Settings
from terminbenachrichtigung.model.lead import HoursBefore
from terminbenachrichtigung.times.blind_spots import blind_spots, is_blind
from terminbenachrichtigung.times.windows import Quiet

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = date(2027, 1, 11)


def practice(leads: tuple[int, ...], **rules: object) -> Settings:
    reminders = tuple(Reminder(name=f"{lead} h", hours_before=lead) for lead in leads)
    return Settings(reminders=reminders, rules=Rules.model_validate(rules))


@pytest.mark.parametrize(
    ("leads", "rules", "sentence"),
    [
        pytest.param((24,), {}, "", id="the defaults leave nobody out"),
        # the last open minute is 19:59; what starts up to 9:00 is told before the night
        pytest.param((2,), {}, "Mon-Sun 09:01-23:59", id="two hours ahead, but never on the day itself"),
        pytest.param((2,), {"same_day": True}, "", id="two hours ahead, also on the day itself"),
        # 08:00 + 12 h - 1 h
        pytest.param((12,), {}, "Mon-Sun 19:01-23:59", id="twelve hours ahead, with the default night"),
        pytest.param((12, 24), {}, "", id="a second reminder sees what the first one cannot"),
        pytest.param(
            (12,),
            {"quiet_days": ["sunday"]},
            # Sunday's own starts are told on Saturday evening, with all that Monday's morning allows
            "Mon-Sat 19:01-23:59",
            id="a quiet day reaches further",
        ),
        # without pre_quiet_minutes the night swallows the early starts: 07:59 would fall due at 19:59
        pytest.param(
            (12,), {"pre_quiet_minutes": 0}, "Mon-Sun 08:00-23:59", id="no look beyond the quiet period"
        ),
        pytest.param(
            (12,),
            {"quiet_days": ["saturday", "monday"], "pre_quiet_minutes": 0},
            "Mon 08:00-23:59; Tue 00:00-23:59; Wed-Sat 08:00-23:59; Sun 00:00-23:59",
            id="days that are unlike each other",
        ),
        pytest.param(
            (12,),
            {"quiet_dates": [date(2027, 1, day) for day in range(1, 32)], "quiet_holidays": "DE-HH"},
            "Mon-Sun 19:01-23:59",
            id="single dates and holidays make no week extraordinary",
        ),
        pytest.param(
            (27,), {"pre_quiet_minutes": 0, "quiet_start": "20:59"}, "Mon-Sun 23:59", id="a single minute"
        ),
        pytest.param((24,), {"quiet_hours": False}, "", id="no quiet period at all"),
        # 02:00 falls due at midnight, when its own day begins: that is too late
        pytest.param((2,), {"quiet_hours": False}, "Mon-Sun 02:00-23:59", id="due as the day begins"),
    ],
)
def test_what_the_settings_leave_out(leads: tuple[int, ...], rules: dict[str, object], sentence: str) -> None:
    found = blind_spots(practice(leads, **rules))
    assert found.sentence == sentence
    assert bool(found) == bool(sentence)


def test_the_table_shows_every_hour_of_the_week() -> None:
    table = blind_spots(practice((2,))).table.splitlines()
    assert len(table) == 8
    assert table[1] == "Mon   " + "  ".join("." * 9 + "+" + "#" * 14)
    assert table[0].split() == [f"{hour:02}" for hour in range(24)]


def test_a_minute_of_the_table_belongs_to_its_own_hour() -> None:
    # Blind are 00:00 to 07:59, when the night ends, and what would fall due after 20:58: from 22:59 on.
    night = practice((2,), same_day=True, pre_quiet_minutes=0, quiet_start="20:59", quiet_end="07:59")
    monday = blind_spots(night).table.splitlines()[1]
    assert monday == "Mon   " + "  ".join("#" * 8 + "." * 14 + "+#")


@given(
    lead=st.integers(1, 99),
    night=st.tuples(
        st.integers(0, 47), st.integers(1, 47)
    ),  # when it begins and how long it is, in half hours
    quiet_days=st.sets(st.sampled_from(["sunday", "monday", "saturday"]), max_size=2),
    pre_quiet=st.sampled_from([0, 30, 90, 240]),
    same_day=st.booleans(),
    minute=st.integers(0, 7 * 24 * 60 - 1),
)
@inputs(2)
def test_a_blind_spot_is_what_no_run_at_any_minute_notifies(
    *,
    lead: int,
    night: tuple[int, int],
    quiet_days: set[str],
    pre_quiet: int,
    same_day: bool,
    minute: int,
) -> None:
    def clock(half_hours: int) -> str:
        return f"{half_hours % 48 // 2:02}:{half_hours % 2 * 30:02}"

    configured = practice(
        (lead,),
        quiet_start=clock(night[0]),
        quiet_end=clock(sum(night)),
        quiet_days=sorted(quiet_days),
        pre_quiet_minutes=pre_quiet,
        same_day=same_day,
    )
    quiet = Quiet(configured.rules, BERLIN)
    midnight = datetime.combine(MONDAY, datetime.min.time(), BERLIN).astimezone(UTC)
    appointment = midnight + timedelta(minutes=minute)

    def notifies(run: datetime) -> bool:
        today = quiet.local_date(run) == quiet.local_date(appointment)
        return (
            quiet.period_at(run) is None
            and run < appointment <= quiet.reach(run, HoursBefore(lead))
            and (same_day or not today)
        )

    runs = (appointment - timedelta(minutes=before) for before in range(1, 9 * 24 * 60))
    assert is_blind(appointment, quiet, {HoursBefore(lead)}) == (not any(map(notifies, runs)))
