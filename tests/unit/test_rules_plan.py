"""What a plan lists and in which order, what it warns about, what explain is told (contract, section 2)."""

from dataclasses import replace

import pytest
from rules_scene import (
    ADDRESS,
    NAME,
    NUMBER,
    appointment,
    at,
    judged,
    known,
    left,
    messages,
    notified,
    planned,
    reminder,
    settings,
    verdicts,
    wrote,
)

from terminbenachrichtigung.model.appointment import Appointment
from terminbenachrichtigung.model.journal import Known, Notification, State
from terminbenachrichtigung.model.plan import MessageOutcome, Plan, Reason, Verdict
from terminbenachrichtigung.rules.verdicts import WHATEVER_THE_HOUR

BOTH = settings(reminders=(reminder(48, "Vorab"), reminder(24)))

# ---------------------------------------------------------------- what is listed, and in which order


def test_today_from_now_on_and_the_windows_are_listed_with_a_reason_and_nothing_else() -> None:
    result = planned(
        appointment("started", "2026-11-24 09:00", is_group=True),
        appointment("starting", "2026-11-24 10:00", is_group=True),
        appointment("today", "2026-11-24 17:00", is_group=True),
        appointment("window", "2026-11-25 10:00", is_group=True),
        appointment("later", "2026-11-25 10:01", is_group=True),
        journal=known(last_complete_run=at("2026-11-24 08:50"), journal_since=at("2026-01-01 09:00")),
    )
    assert verdicts(result) == {"today": "group_appointment", "window": "group_appointment"}


def test_with_same_day_an_appointment_of_today_beyond_the_reach_is_not_listed() -> None:
    short = settings(reminders=(reminder(2),), same_day=True)
    assert planned(appointment("1", "2026-11-24 17:00"), configured=short) == Plan((), ())


@pytest.mark.parametrize(
    ("start", "gap", "listed"),
    [
        # a lead of an hour          how far it could be taken along
        ("2026-11-24 17:00", 1, True),  # today, from now on
        ("2026-11-24 23:59", 1, True),
        ("2026-11-25 00:00", 14, False),  # tomorrow, and in no window
    ],
)
def test_today_s_refusals_are_listed_however_short_the_lead(start: str, gap: int, listed: bool) -> None:
    short = settings(reminders=(reminder(1),), hours_between_messages=gap)
    result = planned(appointment("1", start, is_group=True), configured=short)
    assert verdicts(result) == ({"1": "group_appointment"} if listed else {})


@pytest.mark.parametrize(
    ("notification", "expected"),
    [
        (notified(state=State.FAILED), True),
        (notified(state=State.UNDELIVERED), True),
        (notified(state=State.UNKNOWN), True),  # perhaps
        (notified(state=State.FAILED, reminder="Vorab"), True),  # by whatever reminder
        (notified(state=State.SENT), False),
        (notified(state=State.RELEASED), False),  # a run will try it again
        (notified(start="2026-11-25 16:00", state=State.FAILED), False),  # of another start
        (notified(customer_id="4", state=State.FAILED), False),  # to somebody else
    ],
)
def test_whether_a_message_about_the_present_start_did_not_arrive(
    notification: Notification, expected: bool
) -> None:
    (judgement,) = judged(appointment(), journal=known(notification))
    assert judgement.did_not_arrive() is expected


def test_each_reminder_has_its_own_reason() -> None:
    result = planned(appointment(is_group=True), configured=BOTH)
    assert [(s.reminder, s.reason) for s in result.skips] == [
        (NAME, Reason.GROUP_APPOINTMENT),
        ("Vorab", Reason.GROUP_APPOINTMENT),
    ]


def test_messages_go_soonest_first_and_what_was_left_to_retry_goes_last() -> None:
    result = planned(
        appointment("late", "2026-11-25 09:45", customer_id="4"),
        appointment("retried", "2026-11-25 08:15", customer_id="1"),
        appointment("deferred", "2026-11-25 08:30", customer_id="2"),
        appointment("same time, higher customer", "2026-11-25 09:00", customer_id="9"),
        appointment("same time, lower customer", "2026-11-25 09:00", customer_id="3"),
        journal=known(
            leftovers=left(MessageOutcome.RETRY, "2026-11-25 08:15", "1", "retried")
            | left(MessageOutcome.DEFERRED, "2026-11-25 08:30", "2", "deferred")
        ),
    )
    assert [ids for _, ids in messages(result)] == [
        ["deferred"],
        ["same time, lower customer"],
        ["same time, higher customer"],
        ["late"],
        ["retried"],
    ]


def test_a_leftover_of_another_start_delays_nothing() -> None:
    result = planned(
        appointment("late", "2026-11-25 09:45", customer_id="4"),
        appointment("moved", "2026-11-25 08:15", customer_id="1"),
        journal=known(leftovers=left(MessageOutcome.RETRY, "2026-11-25 08:00", "1", "moved")),
    )
    assert [ids for _, ids in messages(result)] == [["moved"], ["late"]]


# ---------------------------------------------------------------- warnings, once per run


def test_unknown_channel_words_are_warned_about_once() -> None:
    result = planned(
        appointment("1", preferred_channel="Fax"),
        appointment("2", preferred_channel="Fax", customer_id="2"),
        appointment("3", preferred_channel=" Brief\ntaube", customer_id="3"),
        appointment("4", preferred_channel="e-Mail", customer_id="4"),
        appointment("5", "2026-11-24 10:00", preferred_channel="Rauchzeichen"),  # past
    )
    assert result.warnings == ("unknown preferred_channel, taken as no preference: Brief taube, Fax",)


def test_contacts_in_the_future_are_warned_about_once_and_do_not_count() -> None:
    result = planned(
        appointment("1", last_contacted_at="2026-11-24 10:01"),
        appointment("2", last_contacted_at="2027-11-24 10:01", customer_id="2"),
        appointment("3", last_contacted_at="2026-11-24 10:00", customer_id="3"),  # this very minute
    )
    assert result.warnings == ("last_contacted_at in the future does not count: 2 appointments, such as 1",)
    assert verdicts(result) == {"1": "due", "2": "due", "3": "recently_notified"}


@pytest.mark.parametrize(
    "nameless",
    [{"last_name": "NULL"}, {"first_name": "null", "last_name": "Meier"}, {"last_name": "M\ufffdller"}],
)
def test_a_name_that_is_none_is_warned_about_once_for_its_customer(nameless: dict[str, object]) -> None:
    result = planned(
        appointment("1", **nameless),
        appointment("2", "2026-11-25 10:00", **nameless),
        appointment("3", "2026-11-24 09:00", customer_id="3", last_name="NULL"),  # over
        appointment("4", customer_id="4", last_name="Null"),
    )
    assert result.warnings == (
        "a name that is none (NULL), or whose letters are broken: 1 customers, such as 17; "
        "correct it in the schedule",
    )


# ---------------------------------------------------------------- what explain is told


def test_every_rule_says_what_it_looked_at_whatever_the_others_say() -> None:
    journal = known(notified(state=State.SENT), contacted=wrote("2026-11-24 09:00"))
    (judgement,) = judged(appointment(is_group=True, created_at="2026-11-24 09:00"), journal=journal)
    found = {v.reason.value: (v.skips, v.detail) for v in judgement.verdicts()}
    assert found == {
        "no_customer": (False, "customer 17"),
        "group_appointment": (True, "is_group is true"),
        "type_not_allowed": (False, "type Hörtest"),
        "status_excluded": (False, "status Geplant"),
        "branch_excluded": (False, "branch HH1"),
        "not_for_this_reminder": (False, "type Hörtest, branch HH1"),
        "already_notified": (True, "sent"),
        "in_progress": (False, "no open claim"),
        "missed": (False, "last chance 2026-11-24 20:00"),
        "past": (False, "starts 2026-11-25 09:00"),
        "same_day": (False, "starts 2026-11-25 09:00"),
        "not_yet_due": (False, "starts 2026-11-25 09:00, due are starts up to 2026-11-25 10:00"),
        "held": (False, "no import holds it"),
        "booked_recently": (False, "booked 2026-11-24 09:00"),
        "opted_out": (False, "no preferred channel"),
        "no_consent": (False, "reminder_consent is true"),
        "manual_contact": (False, "no preferred channel"),
        "no_contact": (False, f"sms: {NUMBER}; email: anna@example.org"),
        "confirmed": (False, "no reply confirms it"),
        "superseded": (False, "by no other reminder"),
        "recently_notified": (True, f"message of {NAME} at 2026-11-24 09:00"),
        "held_back": (False, "only_recipients is not set"),
    }


def test_the_channels_that_a_trial_allows_are_named() -> None:
    (one,) = judged(appointment(), configured=settings(only_recipients=(NUMBER,)))
    assert one.verdicts()[-1].detail == "only_recipients allows: sms"
    (both,) = judged(appointment(), configured=settings(only_recipients=(NUMBER, ADDRESS)))
    assert both.verdicts()[-1].detail == "only_recipients allows: sms, email"


def test_an_empty_appointment_can_be_judged_by_every_rule() -> None:
    bare = Appointment("1", at("2030-01-01 00:00"), None, type_notifiable=False, is_group=False)
    (judgement,) = judged(bare, only_recipients=("+491",))
    assert {v.reason for v in judgement.verdicts() if v.skips} == {
        Reason.NO_CUSTOMER,
        Reason.TYPE_NOT_ALLOWED,
        Reason.NOT_YET_DUE,
        Reason.NO_CONTACT,
        Reason.HELD_BACK,
    }


def test_what_the_schedule_leaves_empty_is_named_as_that_or_not_at_all() -> None:
    (judgement,) = judged(appointment(status="", type_name="", branch_code="", created_at=None))
    found = {v.reason.value: v.detail for v in judgement.verdicts()}
    assert (found["status_excluded"], found["type_not_allowed"]) == ("", "")
    assert (found["branch_excluded"], found["not_for_this_reminder"]) == ("no branch", "no branch")
    assert found["booked_recently"] == "booking time unknown"


@pytest.mark.parametrize(
    ("row", "rule", "detail"),
    [
        (appointment(import_state="held"), "held", "the import says: held"),
        (
            appointment(preferred_channel="keine SMS\nbitte"),
            "manual_contact",
            "the preferred channel refuses something: keine SMS bitte",
        ),
        (appointment(preferred_channel="Telefon"), "manual_contact", "prefers phone"),
        (appointment(preferred_channel="keine"), "opted_out", "prefers none"),
        (appointment(reminder_consent=False), "no_consent", "reminder_consent is false"),
    ],
)
def test_a_rule_names_what_it_refuses(row: Appointment, rule: str, detail: str) -> None:
    (judgement,) = judged(row, require_consent=True)
    found = {v.reason.value: (v.skips, v.detail) for v in judgement.verdicts()}
    assert found[rule] == (True, detail)


def test_rules_can_be_left_out_for_those_who_judge_by_hand() -> None:
    (judgement,) = judged(appointment("1", "2026-11-24 16:00", mobile="", email=""))
    usual, by_hand = judgement.first(), judgement.first(WHATEVER_THE_HOUR)
    assert usual == Verdict(Reason.SAME_DAY, skips=True, detail="starts 2026-11-24 16:00")
    assert by_hand is not None
    assert by_hand.reason is Reason.NO_CONTACT


def test_explain_judges_beside_the_same_plan() -> None:
    # The gap between two reminders in one run holds for the one that is not in a message, and only for it.
    two = settings(reminders=(reminder(48, "Vorab"), reminder(24)))
    judgements = judged(appointment("1"), appointment("2", "2026-11-26 09:30"), configured=two)
    found = {(j.appointment.appointment_id, j.reminder): j.first() for j in judgements}
    assert found["1", NAME] is None
    later = found["2", "Vorab"]
    assert later is not None
    assert (later.reason, later.detail) == (
        Reason.RECENTLY_NOTIFIED,
        "another reminder's message is planned in this run",
    )


def test_explain_judges_a_message_as_it_was_when_the_run_planned_it() -> None:
    # The later message goes out although the first one is planned, because its appointment moved since it
    # was told. That one counts for nothing that was decided before it.
    two = settings(reminders=(reminder(48, "Vorab"), reminder(24)))
    rows = appointment("1"), appointment("2", "2026-11-26 09:30")
    journal = known(notified("2", "2026-11-26 08:00", reminder="Vorab"))
    assert messages(planned(*rows, journal=journal, configured=two)) == [(NAME, ["1"]), ("Vorab", ["2"])]
    found = {
        (each.appointment.appointment_id, each.reminder): each.first()
        for each in judged(*rows, journal=journal, configured=two)
    }
    assert (found["1", NAME], found["2", "Vorab"]) == (None, None)


def test_a_plan_depends_on_nothing_but_its_arguments() -> None:
    rows = (appointment("1"), appointment("2", "2026-11-25 08:30", customer_id="2"))
    assert planned(*rows, journal=Known()) == planned(*reversed(rows), journal=Known())


@pytest.mark.parametrize(
    ("told", "counts"),
    [
        (notified(), True),
        (notified(state=State.FAILED), True),  # `find` shows its state
        (notified(start="2026-11-25 15:00"), False),
        (notified(customer_id="4"), False),
        (replace(notified(), revoked=True), False),
        (notified(reminder="Früher"), True),  # by a reminder that is there no more
        (notified("2"), True),  # a row made anew under another id
    ],
)
def test_what_was_told_of_the_present_person_and_start(told: Notification, counts: bool) -> None:
    journal = known(told, told_beside=(told,) if told.appointment_id != "1" else ())
    (judgement,) = judged(appointment(), journal=journal)
    assert judgement.told() == (told if counts else None)


@pytest.mark.parametrize(
    ("told", "detail"),
    [
        # what the journal has, which keeps no run from telling; what explain says of it
        pytest.param([], "no notification", id="nothing"),
        pytest.param(
            [notified(start="2026-11-25 15:00")], "sent for 2026-11-25 15:00", id="told of another start"
        ),
        pytest.param([notified(customer_id="4")], "sent for customer 4", id="told to somebody else"),
        pytest.param([replace(notified(), revoked=True)], "sent, then told that it is off", id="taken back"),
        pytest.param([notified(state=State.RELEASED)], "released", id="in vain"),
        pytest.param(
            [notified(start="2026-11-25 15:00"), notified(generation=2, state=State.RELEASED)],
            "released",
            id="in vain, after another start was told",
        ),
    ],
)
def test_what_the_journal_has_is_said_though_it_holds_nobody_back(
    told: list[Notification], detail: str
) -> None:
    (judgement,) = judged(appointment(), journal=known(*told))
    found = {v.reason.value: (v.skips, v.detail) for v in judgement.verdicts()}
    assert found["already_notified"] == (False, detail)
