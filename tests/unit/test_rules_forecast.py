"""Which hourly run will notify an appointment, or why none will: asked without a schedule or a clock."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from rules_scene import (
    BERLIN,
    NAME,
    NOW,
    NUMBER,
    WEDNESDAY,
    appointment,
    at,
    known,
    notified,
    reminder,
    settings,
    situation,
    wrote,
)

from terminbenachrichtigung.config.settings import Corrections, Settings
from terminbenachrichtigung.model.appointment import Appointment
from terminbenachrichtigung.model.journal import MOVE, Known, State
from terminbenachrichtigung.model.plan import Reason
from terminbenachrichtigung.rules.forecast import Forecast, forecast, hourly_runs, told_in_time
from terminbenachrichtigung.rules.planning import plan
from terminbenachrichtigung.times.windows import Quiet

EARLY = "Vorankündigung"


def ahead(
    *rows: Appointment,
    now: str = NOW,
    journal: Known | None = None,
    configured: Settings | None = None,
    asked: str = "1",
    **rules: object,
) -> dict[str, Forecast]:
    chosen = configured or settings(**rules)  # type: ignore[arg-type]
    return dict(forecast(rows, situation(chosen, journal, now), appointment_id=asked))


def run(found: Forecast) -> str | None:
    return None if found.run is None else found.run.astimezone(BERLIN).isoformat(" ", "minutes")[:16]


def reason_of(found: Forecast) -> Reason:
    assert found.run is None
    assert found.skip is not None
    return found.skip.reason


@pytest.mark.parametrize(
    ("start", "first_run"),
    [
        ("2026-11-25 09:00", "2026-11-24 10:50"),  # due already: the next run
        ("2026-11-25 10:50", "2026-11-24 10:50"),  # due at that very minute
        ("2026-11-25 10:51", "2026-11-24 11:50"),
        (
            "2026-11-25 20:30",
            "2026-11-24 18:50",
        ),  # falls due in the night, so the runs before it reach for it
        ("2026-11-26 07:00", "2026-11-24 18:50"),  # the same
        ("2026-11-26 07:01", "2026-11-25 08:50"),
        ("2026-11-30 09:00", "2026-11-29 09:50"),  # days ahead
        ("2027-03-28 11:00", "2027-03-27 10:50"),  # 24 hours elapsed, over the switch to summer time
    ],
)
def test_the_first_hourly_run_is_the_first_in_whose_window_the_appointment_lies(
    start: str, first_run: str
) -> None:
    assert run(ahead(appointment("1", start))[NAME]) == first_run


@pytest.mark.parametrize(
    "start", ["2026-11-25 09:00", "2026-11-25 19:15", "2026-11-27 08:00", "2026-11-28 15:45"]
)
def test_the_forecast_is_what_the_runs_themselves_say_one_after_the_other(start: str) -> None:
    row, chosen = appointment("1", start), settings(quiet_days=("friday",))
    quiet = Quiet(chosen.rules, BERLIN)
    runs = [
        now
        for now in hourly_runs(at(NOW), row.starts_at, BERLIN)
        if quiet.period_at(now) is None and plan((row,), situation(chosen, now=now)).messages
    ]
    assert ahead(row, configured=chosen)[NAME].run == (runs[0] if runs else None)


@pytest.mark.parametrize(
    ("changes", "rules", "reason"),
    [
        pytest.param({"preferred_channel": "keine"}, {}, Reason.OPTED_OUT, id="opted out"),
        pytest.param({"status": "Storniert"}, {}, Reason.STATUS_EXCLUDED, id="cancelled"),
        pytest.param({"customer_id": None}, {}, Reason.NO_CUSTOMER, id="no customer"),
        pytest.param({"mobile": "", "email": ""}, {}, Reason.NO_CONTACT, id="no contact"),
        pytest.param(
            {"reminder_consent": False}, {"require_consent": True}, Reason.NO_CONSENT, id="no consent"
        ),
        pytest.param({}, {"only_recipients": ("+491719999999",)}, Reason.HELD_BACK, id="held back"),
    ],
)  # fmt: skip
def test_what_keeps_it_from_every_run_is_the_reason(
    changes: dict[str, object], rules: dict[str, object], reason: Reason
) -> None:
    found = ahead(appointment("1", **changes), configured=settings(**rules))[NAME]  # type: ignore[arg-type]
    assert reason_of(found) is reason


def test_it_is_only_same_day_when_no_run_comes_in_its_window_before_the_day() -> None:
    found = ahead(appointment("1", "2026-11-24 16:00"))[NAME]
    assert reason_of(found) is Reason.SAME_DAY


def test_no_run_and_no_reason_when_none_comes_before_the_start() -> None:
    assert ahead(appointment("1", "2026-11-24 10:30"), same_day=True) == {NAME: Forecast()}


def test_a_message_already_told_keeps_every_run_away() -> None:
    found = ahead(appointment("1"), journal=known(notified("1")))[NAME]
    assert reason_of(found) is Reason.ALREADY_NOTIFIED


def test_the_gap_after_a_message_delays_it_until_the_gap_is_over_or_yields() -> None:
    held = ahead(
        appointment("1", "2026-11-25 12:30"),
        now="2026-11-24 12:40",
        journal=known(contacted=wrote("2026-11-24 03:00")),
    )
    assert run(held[NAME]) == "2026-11-24 15:50"  # twelve hours after 03:00
    yields = ahead(appointment("1"), journal=known(contacted=wrote("2026-11-24 09:50")))
    assert run(yields[NAME]) == "2026-11-24 18:50"  # the last 90 minutes before its last chance, at 20:00


def test_what_an_earlier_run_tells_the_customer_counts_for_the_later_ones() -> None:
    first = appointment("other", "2026-11-25 10:30", email="")
    held = appointment("1", "2026-11-25 23:59")
    together = ahead(first, held)
    # 13 hours and a half apart: too far to be taken along, near enough for the gap to hold it until 18:30.
    assert run(together[NAME]) == "2026-11-24 18:50"
    assert run(ahead(first, held, asked="other")[NAME]) == "2026-11-24 10:50"


def test_an_appointment_that_another_ones_message_takes_along_goes_with_that_run() -> None:
    found = ahead(appointment("due", "2026-11-25 10:00"), appointment("1", "2026-11-25 18:00"))[NAME]
    assert run(found) == "2026-11-24 10:50"
    assert found.message is not None
    assert [row.appointment_id for row in found.message.appointments] == ["due", "1"]


def test_of_two_reminders_each_has_its_run() -> None:
    both = settings(reminders=(reminder(24), reminder(72, EARLY)))
    found = ahead(appointment("1", "2026-11-28 15:00"), configured=both)
    assert (run(found[EARLY]), run(found[NAME])) == ("2026-11-25 15:50", "2026-11-27 15:50")
    near = ahead(appointment("1"), configured=both)
    assert reason_of(near[EARLY]) is Reason.SUPERSEDED


def test_a_claim_that_is_open_now_is_taken_to_be_sent() -> None:
    journal = known(notified("1", state=State.CLAIMED), open_claims=frozenset({"17"}))
    found = ahead(appointment("1"), journal=journal)[NAME]
    assert reason_of(found) is Reason.ALREADY_NOTIFIED
    # and of another appointment, it does not hold this one back for ever
    other = known(contacted={}, open_claims=frozenset({"17"}))
    assert run(ahead(appointment("1"), journal=other)[NAME]) == "2026-11-24 10:50"


@pytest.mark.parametrize("enabled", [True, False])
def test_a_correction_is_foretold_only_where_they_are_switched_on(enabled: bool) -> None:
    chosen = settings().model_copy(update={"corrections": Corrections(enabled=enabled)})
    moved = known(notified("1", "2026-11-25 08:00"))
    found = ahead(appointment("1"), journal=moved, configured=chosen)
    assert (MOVE in found) is enabled
    assert (
        found[NAME].run is None
    ) is enabled  # the reminder waits for the correction, which takes its place


def test_a_message_of_an_earlier_run_holds_back_a_later_one_by_the_gap() -> None:
    """Told ahead on Tuesday at 13:50, so the reminder waits for 28 hours."""
    chosen = settings(reminders=(reminder(48, EARLY), reminder(24)), hours_between_messages=28)
    found = ahead(appointment("1", "2026-11-26 13:00"), configured=chosen)
    assert (run(found[EARLY]), run(found[NAME])) == ("2026-11-24 13:50", "2026-11-25 17:50")


def test_runs_come_at_minute_50_of_the_local_hour() -> None:
    def runs(since: str, until: str, zone: str) -> list[str]:
        begin, end = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (since, until))
        return [f"{run:%H:%M}" for run in hourly_runs(begin, end, ZoneInfo(zone))]

    assert runs("2026-11-24 09:50", "2026-11-24 11:50", "Europe/Berlin") == ["09:50", "10:50"]
    assert runs("2026-11-24 09:51", "2026-11-24 11:51", "Europe/Berlin") == ["10:50", "11:50"]
    assert runs("2026-11-24 09:00", "2026-11-24 11:00", "Asia/Kolkata") == [
        "09:20",
        "10:20",
    ]  # five and a half ahead


def test_what_keeps_another_appointment_from_being_told_is_no_reason_for_this_one() -> None:
    found = ahead(appointment("1", "2026-11-24 16:00"), appointment("2", is_group=True))[NAME]
    assert reason_of(found) is Reason.SAME_DAY


def test_who_was_told_three_other_starts_is_told_this_one_once() -> None:
    starts = ("2026-11-25 11:00", "2026-11-25 12:00", "2026-11-25 13:00")
    before = [notified("1", start, generation=number) for number, start in enumerate(starts, 1)]
    assert run(ahead(appointment("1"), journal=known(*before))[NAME]) == "2026-11-24 10:50"


def test_a_correction_takes_the_reminder_s_place_for_the_appointment_that_it_says() -> None:
    """Two chairs at nine: one moved by half an hour, the other one to Friday, of which it reminds later."""
    chosen = settings().model_copy(update={"corrections": Corrections(enabled=True)})
    rows = appointment("1", "2026-11-25 09:30"), appointment("2", "2026-11-27 10:00")
    journal = known(notified("1"), notified("2"))
    near = ahead(*rows, journal=journal, configured=chosen, asked="1")
    assert reason_of(near[NAME]) is Reason.ALREADY_NOTIFIED
    far = ahead(*rows, journal=journal, configured=chosen, asked="2")
    assert run(far[MOVE]) == run(near[MOVE])
    assert run(far[NAME]) == "2026-11-26 10:50"


def test_one_forecast_says_who_of_many_is_told_in_time() -> None:
    rows = [
        appointment("in time", customer_id="1"),
        appointment("too late", customer_id="2"),
        appointment("with it", customer_id="2"),
        appointment("never", customer_id="3", is_group=True),
        appointment("tomorrow", "2026-11-26 11:00", customer_id="4"),
        appointment("not asked for", customer_id="5"),
    ]
    until = {
        "in time": at("2026-11-24 10:51"),
        "too late": at("2026-11-24 10:50"),  # the moment at which the first run begins
        "with it": at(WEDNESDAY),
        "never": at(WEDNESDAY),
        "tomorrow": at("2026-11-26 11:00"),
    }
    found = told_in_time(rows, situation(settings()), until=until)
    assert found == {"in time", "with it", "tomorrow"}
    assert told_in_time(rows, situation(settings()), until={}) == frozenset()


def test_that_many_corrections_wait_for_a_person_is_left_aside() -> None:
    """Six customers moved to next week: whoever says whom the runs tell does not judge the day's brake."""
    chosen = settings().model_copy(update={"corrections": Corrections(enabled=True)})
    people = [str(each) for each in range(6)]
    rows = [appointment(each, "2026-12-02 09:00", customer_id=each) for each in people]
    journal = known(*(notified(each, customer_id=each) for each in people))
    until = {each: at(WEDNESDAY) for each in people}
    assert told_in_time(rows, situation(chosen, journal), until=until) == set(people)


def test_the_number_is_that_of_the_message_that_will_go_out() -> None:
    found = ahead(appointment("1"))[NAME]
    assert found.message is not None
    assert found.message.routes[0].recipient == NUMBER
