"""What the journal keeps for the staff list: what was told ahead, what was ticked off, who was mailed."""

import re
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from journals import GAP, LATER, NOW, REMINDER, START, Journals, appointment, end, planned, settled
from terminbenachrichtigung.model.delivery import StaffClaim
from terminbenachrichtigung.model.journal import CANCELLATION, CONFIRMATION, StaffTick, ToldAhead
from terminbenachrichtigung.model.plan import MessageOutcome

TODAY, TOMORROW = date(2026, 11, 24), date(2026, 11, 25)
DESK = "empfang@example.org"
TICK = StaffTick("4711", "17", START, "failed", "m1")


# ---------------------------------------------------------------- told ahead


def test_the_appointments_are_found_of_which_something_was_told_about_a_time_ahead(
    journals: Journals,
) -> None:
    run = journals.run()
    settled(run, planned(appointment("past", "1", starts_at=NOW)))
    settled(run, planned(appointment("ahead", "2", starts_at=NOW + timedelta(minutes=1))))
    settled(run, planned(appointment("both", "3"), appointment("too", "3", starts_at=LATER)))
    settled(
        run, planned(appointment("failed", "4")), MessageOutcome.FAILED
    )  # an earlier one may have arrived
    settled(run, planned(appointment("confirmed", "5"), reminder=CONFIRMATION))  # no reminder
    settled(run, planned(appointment("ahead", "2", starts_at=LATER), reminder="Vorab"))
    settled(run, planned(appointment("off", "6"), reminder=CANCELLATION))
    reader = journals.run(readonly=True)
    assert reader.notified_ahead(NOW) == {"ahead", "both", "too", "failed", "off"}
    assert reader.told_ahead_by_reminder(NOW) == {
        REMINDER: ToldAhead(3, NOW, NOW),
        "Vorab": ToldAhead(1, NOW, NOW),
    }


def test_they_are_found_by_an_index(journals: Journals) -> None:
    """However long the history is: what lies ahead is little of it."""
    if journals.url.startswith("sqlite"):
        query = "EXPLAIN QUERY PLAN SELECT appointment_id FROM journal_notifications WHERE starts_at > '2026'"
    else:  # passes over an index while the table is small
        query = "SELECT indexdef FROM pg_indexes WHERE tablename = 'journal_notifications'"
    assert re.search(r"journal_notifications_\w+ (\(starts_at>|ON .*\(starts_at)", str(journals.rows(query)))


# ---------------------------------------------------------------- ticked off


def test_what_was_ticked_off_is_known_until_its_start(journals: Journals) -> None:
    journals.run().tick_off([TICK, TICK], NOW)
    journals.run().tick_off([TICK], NOW)  # two people at once
    assert journals.run(readonly=True).staff_done(START - timedelta(seconds=1)) == {TICK}
    assert journals.run(readonly=True).staff_done(START) == frozenset()


@pytest.mark.parametrize(
    ("customer", "by_message", "revoked"),
    [
        ("17", False, {"own of 17", "own of 18"}),
        (
            "99",
            True,
            {"own of 17", "own of 18"},
        ),  # merged with another record since: the message says who it is
        ("17", True, {"own of 17", "own of 18"}),
        ("20", False, {"another's of 20"}),
        ("99", False, set()),
    ],
)
def test_what_a_person_was_told_of_a_start_is_revoked_by_the_tick_that_it_is_off(
    journals: Journals, customer: str, *, by_message: bool, revoked: set[str]
) -> None:
    told = {}
    for name, whose, start, last_name, reminder in [
        ("own", "17", START, "Meier", "Vorab"),
        ("own", "18", START, "Meier", REMINDER),  # under another id, once two records were merged
        ("shares the telephone", "19", START, "Berger", REMINDER),
        ("another's", "20", START, "Kurz", REMINDER),
        ("own, later", "17", LATER, "Meier", REMINDER),
    ]:
        row = replace(appointment(name, whose, start), last_name=last_name)
        told[whose] = settled(journals.run(), planned(row, reminder=reminder))
    message_id = told["18"].message_id if by_message else ""
    tick = replace(TICK, customer_id=customer, revokes=START, message_id=message_id)
    journals.run().tick_off([tick], NOW)
    query = "SELECT customer_id, appointment_id FROM journal_notifications WHERE revoked_at IS NOT NULL"
    assert {f"{name} of {whose}" for whose, name in journals.rows(query)} == revoked


# ---------------------------------------------------------------- mailed


@pytest.mark.parametrize(
    ("done", "known"),
    [
        # a run looks back to the first window of what it has to answer for, and a gap further
        pytest.param(NOW, True, id="now"),
        pytest.param(NOW - timedelta(days=2) - GAP + timedelta(seconds=1), True, id="within a gap before"),
        pytest.param(NOW - timedelta(days=2) - GAP, False, id="longer ago"),
    ],
)
def test_a_tick_of_what_is_over_is_known_as_long_as_a_run_may_ask_who_was_missed(
    journals: Journals, done: datetime, *, known: bool
) -> None:
    over = replace(TICK, starts_at=NOW - timedelta(hours=1))
    journals.run().tick_off([over], done)
    looked = journals.run().known(["4711"], now=NOW, gap=GAP, runs_since=NOW - timedelta(days=2))
    assert looked.ticks == ((over,) if known else ())


def claim(
    journals: Journals, day: date = TODAY, branch: str = "", recipient: str = DESK
) -> StaffClaim | None:
    """By a run of its own."""
    return journals.run().claim_staff_mail(day, branch, recipient)


OTHERS = [
    # a second claim beside (today, everybody's list, the reception)      is another list?
    pytest.param({}, False, id="the same"),
    pytest.param({"day": TOMORROW}, True, id="the next day's"),
    pytest.param({"branch": "HH1"}, True, id="a branch's"),
    pytest.param({"recipient": "chef@example.org"}, True, id="another recipient's"),
]


@pytest.mark.parametrize(("other", "free"), OTHERS)
def test_one_run_alone_may_mail_a_list_of_a_day_to_a_recipient(
    journals: Journals, other: dict[str, str], free: bool
) -> None:
    first = claim(journals)
    assert first is not None
    assert (claim(journals, **other) is not None) == free  # type: ignore[arg-type]


@pytest.mark.parametrize("sent", [True, False])
def test_a_list_that_left_is_not_mailed_again_that_day(journals: Journals, sent: bool) -> None:
    taken = claim(journals)
    assert taken is not None
    journals.run().settle_staff_mail(taken, sent=sent)
    assert claim(journals) is None
    assert journals.rows("SELECT state FROM journal_staff_mails") == [("sent" if sent else "unknown",)]
    assert journals.run(readonly=True).staff_mailed(TODAY) == {("", DESK)}
    assert journals.run(readonly=True).staff_mailed(TOMORROW) == frozenset()


def test_a_list_that_surely_did_not_leave_may_be_mailed_again(journals: Journals) -> None:
    taken = claim(journals)
    assert taken is not None
    journals.run().release_staff_mail(taken)
    assert claim(journals) is not None


def test_what_was_ticked_off_of_an_appointment_ahead_is_never_forgotten(journals: Journals) -> None:
    booked_far_ahead = replace(TICK, starts_at=NOW + timedelta(days=300))
    journals.run().tick_off([booked_far_ahead], NOW)
    for days in (0, 1, 250):
        journals.purge_next(NOW + timedelta(days=days))
        end(journals.run(), NOW + timedelta(days=days))
    assert journals.run().staff_done(NOW + timedelta(days=250)) == {booked_far_ahead}


def test_what_is_old_is_forgotten(journals: Journals) -> None:
    journals.run().tick_off([TICK], NOW)
    claim(journals)
    for days, kept in ((0, 1), (10_000, 0)):
        journals.purge_next(START + timedelta(days=days))
        end(journals.run(), START + timedelta(days=days))
        for table in ("journal_staff_done", "journal_staff_mails"):
            assert journals.rows(f"SELECT count(*) FROM {table}") == [(kept,)]
