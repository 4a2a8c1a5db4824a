"""The table of the rules, the examples and what a plan lists (contract, section 2)."""

from dataclasses import replace
from functools import partial

import pytest
from rules_scene import (
    ADDRESS,
    NAME,
    NUMBER,
    appointment,
    at,
    judged,
    known,
    messages,
    notified,
    planned,
    reminder,
    settings,
    verdicts,
    wrote,
)

from terminbenachrichtigung.model.appointment import Appointment
from terminbenachrichtigung.model.journal import JournalReply, Known, Notification, State
from terminbenachrichtigung.model.plan import Plan, Reason
from terminbenachrichtigung.model.reply import Answer
from terminbenachrichtigung.rules.verdicts import RULES, Asked, rules_asked

released = partial(notified, state=State.RELEASED)


def verdict(appointment: Appointment, **scene: object) -> str | None:
    """What becomes of one appointment: `due`, a reason, or None if the plan does not list it."""
    return verdicts(planned(appointment, **scene)).get(appointment.appointment_id)  # type: ignore[arg-type]


def detail_of(result: Plan) -> str:
    (skip,) = result.skips
    return skip.detail


def test_an_appointment_in_order_is_due() -> None:
    result = planned(appointment())
    (message,) = result.messages
    assert (message.reminder, message.customer_id, message.gap_waived) == (NAME, "17", False)
    assert (result.skips, result.warnings) == ((), ())


def test_a_run_with_nothing_due_has_an_empty_plan() -> None:
    assert planned() == Plan((), ())


# ---------------------------------------------------------------- rules 1-5, from both sides


@pytest.mark.parametrize(
    ("changes", "rules", "expected"),
    [
        ({"customer_id": None}, {}, "no_customer"),
        ({"customer_id": ""}, {}, "no_customer"),  # empty is no customer either
        ({"customer_id": "0"}, {}, "due"),  # zero is somebody's number
        ({"is_group": True}, {}, "group_appointment"),
        ({"is_group": False}, {}, "due"),
        ({"type_notifiable": False}, {}, "type_not_allowed"),
        ({"type_notifiable": True}, {}, "due"),
        ({"status": "Storniert"}, {}, "status_excluded"),
        ({"status": "  sTORNIERT "}, {}, "status_excluded"),  # without case and surrounding space
        ({"status": "GEPLATZT"}, {}, "status_excluded"),
        ({"status": "Stor\u00adniert\u200b"}, {}, "status_excluded"),  # signs that nobody sees
        ({"status": "Verku\u0308rzt"}, {"excluded_statuses": ("Verk\u00fcrzt",)}, "status_excluded"),
        ({"status": "Storniert?"}, {}, "due"),  # another word
        ({"status": ""}, {}, "due"),
        ({"status": "gesperrt"}, {"excluded_statuses": (" GESPERRT ",)}, "status_excluded"),
        ({"status": "Storniert"}, {"excluded_statuses": ("gesperrt",)}, "due"),
    ],
)
def test_the_appointment_itself_can_rule_out_a_reminder(
    changes: dict[str, object], rules: dict[str, object], expected: str
) -> None:
    assert verdict(appointment(**changes), **rules) == expected


@pytest.mark.parametrize(
    ("include", "exclude", "branch", "expected"),
    [
        ((), (), "HH1", "due"),  # empty: all
        ((), (), "", "due"),
        (("HH1",), (), "HH1", "due"),
        (("K\u00f6ln",), (), "Ko\u0308ln", "due"),  # an umlaut in one sign, and in two
        ((), ("Ko\u0308ln",), "K\u00d6LN", "branch_excluded"),
        (("HH1",), (), "HH2", "branch_excluded"),
        (("HH1",), (), "HH11", "branch_excluded"),  # exact, not a beginning
        (("HH1",), (), "", "branch_excluded"),  # no branch is none of those
        (("hh1",), (), "Hh1 ", "due"),  # case-insensitive; codes of fixed length come with blanks
        (("HH*",), (), "HH12", "due"),
        (("HH*",), (), "HH", "due"),
        (("HH*",), (), "B-HH1", "branch_excluded"),
        (("HH?",), (), "HH1", "due"),
        (("HH?",), (), "HH12", "branch_excluded"),
        (("HH1", "B*"), (), "B7", "due"),
        (("HH[12]",), (), "HH1", "branch_excluded"),  # brackets are no class of characters
        (("HH[12]",), (), "HH[12]", "due"),
        (("HH.1",), (), "HHx1", "branch_excluded"),  # nor is a dot any letter
        ((), ("HH1",), "HH1", "branch_excluded"),
        ((), ("HH1",), "HH2", "due"),
        ((), ("test*",), "TEST3", "branch_excluded"),
        (("HH*",), ("HH9",), "HH9", "branch_excluded"),  # what is left out stays out
        (("HH*",), ("HH9",), "HH8", "due"),
    ],
)
def test_the_branch_filter_is_exact_or_has_stars_and_question_marks(
    include: tuple[str, ...], exclude: tuple[str, ...], branch: str, expected: str
) -> None:
    found = verdict(appointment(branch_code=branch), include_branches=include, exclude_branches=exclude)
    assert found == expected


# ---------------------------------------------------------------- rules 6 and 7: what the journal knows

MOVED = "2026-11-25 08:30"


@pytest.mark.parametrize(
    ("notifications", "answers", "expected", "detail"),
    [
        # the latest one names the same customer and start
        ([notified(state=State.SENT)], {}, "already_notified", "sent"),
        ([notified(state=State.DELIVERED)], {}, "already_notified", "delivered"),
        ([notified(state=State.UNKNOWN)], {}, "already_notified", "unknown"),
        ([notified(state=State.ADOPTED)], {}, "already_notified", "adopted"),
        ([notified(state=State.RELEASED)], {}, "due", ""),
        # claimed: by another run, or by this run itself a moment ago
        ([notified(state=State.CLAIMED)], {"open_claims": frozenset({"17"})}, "in_progress", "open claim"),
        ([notified(state=State.CLAIMED)], {}, "already_notified", "claimed"),
        ([notified(state=State.CLAIMED)], {"open_claims": frozenset({"4"})}, "already_notified", "claimed"),
        # a claim for another appointment of the customer
        ([], {"open_claims": frozenset({"17"})}, "in_progress", "open claim"),
        ([], {"open_claims": frozenset({"4"})}, "due", ""),
        # it names another customer or start
        ([notified(start=MOVED)], {}, "due", ""),
        ([notified(customer_id="4")], {}, "due", ""),
        ([notified(appointment_id="2", start=MOVED)], {}, "due", ""),
        # only the latest generation counts: moved away, and back again
        ([notified(), notified(start=MOVED, generation=2)], {}, "due", ""),
        ([notified(start=MOVED), notified(generation=2)], {}, "already_notified", "sent"),
        ([notified(generation=2), notified(start=MOVED)], {}, "already_notified", "sent"),
        # sent again by hand, and released since no channel was left: what was told before still holds
        ([notified(), notified(state=State.RELEASED, generation=2)], {}, "already_notified", "sent"),
        # ... of those that told somebody something: what was released in between told nobody otherwise
        ([notified(), released(start=MOVED, generation=2)], {}, "already_notified", "sent"),
        ([notified(), released(customer_id="4", generation=2)], {}, "already_notified", ""),
        ([notified(), notified(start=MOVED, state=State.FAILED, generation=2)], {}, "due", ""),
        ([notified(start=MOVED), notified(start=MOVED, state=State.RELEASED, generation=2)], {}, "due", ""),
        # undelivered is bound to its recipients
        (
            [notified(state=State.UNDELIVERED)],
            {"rejected": {"1": frozenset({NUMBER, "anna@example.org"})}},
            "already_notified",
            "undelivered",
        ),
        ([notified(state=State.UNDELIVERED)], {"rejected": {"1": frozenset({NUMBER})}}, "due", ""),
        # and so is failed
        (
            [notified(state=State.FAILED)],
            {"rejected": {"1": frozenset({NUMBER, "anna@example.org"})}},
            "already_notified",
            "failed",
        ),
        ([notified(state=State.FAILED)], {"rejected": {"1": frozenset({NUMBER})}}, "due", ""),
        # told, told that it is off, told anew in vain: not what was taken back, but the failure holds
        (
            [replace(notified(), revoked=True), notified(state=State.FAILED, generation=2)],
            {"rejected": {"1": frozenset({NUMBER, "anna@example.org"})}},
            "already_notified",
            "failed",
        ),
        ([notified(state=State.FAILED)], {"rejected": {"1": frozenset({"+49301"})}}, "due", ""),
    ],
)
def test_nobody_is_notified_twice_of_one_start(
    notifications: list[object], answers: dict[str, object], expected: str, detail: str
) -> None:
    result = planned(appointment(), journal=known(*notifications, **answers))  # type: ignore[arg-type]
    assert verdicts(result) == {"1": expected}
    if expected != "due":
        assert detail_of(result).startswith(detail)


def test_another_reminder_s_notification_does_not_answer_for_this_one() -> None:
    journal = known(notified(reminder="Vorab"))
    two = settings(reminders=(reminder(48, "Vorab"), reminder()))
    assert messages(planned(appointment(), journal=journal, configured=two)) == [(NAME, ["1"])]


# ---------------------------------------------------------------- rules 9-11: the times


@pytest.mark.parametrize(
    ("start", "rules", "expected"),
    [
        ("2026-11-24 09:59", {"same_day": True}, None),  # past is not listed
        ("2026-11-24 10:00", {"same_day": True}, None),  # start <= now
        ("2026-11-24 10:01", {"same_day": True}, "due"),
        ("2026-11-24 10:01", {}, "same_day"),
        ("2026-11-24 23:59", {}, "same_day"),
        ("2026-11-25 00:00", {}, "due"),  # midnight belongs to tomorrow
        ("2026-11-24 13:00", {}, "same_day"),  # no 12-hour clock: neither hour 13
        ("2026-11-25 00:30", {}, "due"),  # nor half past midnight
        ("2026-11-24 12:30", {}, "same_day"),  # nor half past noon
        ("2026-11-25 10:00", {}, "due"),  # the reach is inclusive
        ("2026-11-25 10:01", {}, None),  # not_yet_due is not listed
    ],
)
def test_every_boundary_of_the_times_from_both_sides(
    start: str, rules: dict[str, object], expected: str | None
) -> None:
    assert verdict(appointment("1", start), **rules) == expected


@pytest.mark.parametrize(
    ("now", "start", "reason"),
    [
        ("2026-11-24 10:00", "2026-11-24 10:00", Reason.PAST),
        ("2026-11-24 10:00", "2026-11-25 10:01", Reason.NOT_YET_DUE),
    ],
)
def test_what_the_plan_does_not_list_has_a_reason_all_the_same(now: str, start: str, reason: Reason) -> None:
    (judgement,) = judged(appointment("1", start), now=now)
    first = judgement.first()
    assert first is not None
    assert first.reason is reason


EXAMPLES = [
    # now                start               verdict
    ("2026-11-24 10:00", "2026-11-25 10:00", "due"),  # inclusive
    ("2026-11-24 10:00", "2026-11-25 10:01", "not_yet_due"),
    ("2026-11-24 10:00", "2026-11-24 16:00", "same_day"),
    ("2026-11-24 18:29", "2026-11-25 19:30", "not_yet_due"),
    ("2026-11-24 18:30", "2026-11-25 19:30", "due"),  # before quiet
    ("2026-11-24 18:30", "2026-11-26 07:00", "due"),  # E = Wed 08:00, + 23 h
    ("2026-11-24 18:30", "2026-11-26 07:01", "not_yet_due"),
    ("2026-11-24 19:59", "2026-11-25 09:00", "due"),
    ("2026-11-25 08:00", "2026-11-26 07:30", "due"),
    ("2027-03-27 10:00", "2027-03-28 11:00", "due"),  # 24 h elapsed over the switch to summer time
    ("2026-10-24 10:00", "2026-10-25 09:01", "not_yet_due"),  # 24 h 1 min elapsed over the switch back
    ("2026-10-24 10:00", "2026-10-25 09:00", "due"),
]


@pytest.mark.parametrize(("now", "start", "expected"), EXAMPLES)
def test_the_examples_of_the_contract(now: str, start: str, expected: str) -> None:
    (judgement,) = judged(appointment("1", start, created_at=None), now=now)
    first = judgement.first()
    assert (first.reason.value if first else "due") == expected


@pytest.mark.parametrize(
    ("start", "expected"),
    [("2026-11-30 08:30", "due"), ("2026-12-01 07:00", "due"), ("2026-12-01 07:01", None)],
)
def test_on_saturday_evening_everything_up_to_tuesday_morning_is_due(start: str, expected: str) -> None:
    assert verdict(appointment("1", start), now="2026-11-28 18:30", quiet_days=("sunday",)) == expected


def test_the_example_at_eight_in_the_evening_is_quiet_and_no_matter_for_the_rules() -> None:
    # The pipeline asks before it plans; a dry run then plans at the next open moment, when it is too late.
    assert verdict(appointment(), now="2026-11-25 08:00") == "same_day"


# ---------------------------------------------------------------- rules 12-16: the customer


@pytest.mark.parametrize(
    ("changes", "rules", "expected"),
    [
        ({"created_at": "2026-11-24 08:01"}, {"hours_after_booking": 2}, "booked_recently"),
        ({"created_at": "2026-11-24 08:00"}, {"hours_after_booking": 2}, "due"),  # exactly that long ago
        ({"created_at": "2026-11-24 10:05"}, {"hours_after_booking": 2}, "booked_recently"),  # another clock
        ({"created_at": "2026-11-24 10:05"}, {}, "due"),
        ({"created_at": "2027-11-24 09:00"}, {"hours_after_booking": 2}, "due"),  # a typing error
        ({"created_at": None}, {"hours_after_booking": 2}, "due"),  # nobody knows
        ({"created_at": "2026-11-24 09:59"}, {}, "due"),  # no such rule
        ({"preferred_channel": "none"}, {}, "opted_out"),
        ({"preferred_channel": " Keine "}, {}, "opted_out"),
        ({"preferred_channel": ""}, {}, "due"),
        ({"reminder_consent": False}, {"require_consent": True}, "no_consent"),
        ({"reminder_consent": True}, {"require_consent": True}, "due"),
        ({"reminder_consent": False}, {}, "due"),
        ({"preferred_channel": "letter"}, {}, "manual_contact"),
        ({"preferred_channel": "BRIEF"}, {}, "manual_contact"),
        ({"preferred_channel": "phone"}, {}, "manual_contact"),
        ({"preferred_channel": "Telefon"}, {}, "manual_contact"),
        ({"preferred_channel": "sms"}, {}, "due"),
        ({"preferred_channel": "e-mail"}, {}, "due"),
        ({"preferred_channel": "Fax"}, {}, "due"),  # unknown: no preference
        ({"mobile": "", "email": ""}, {}, "no_contact"),
        ({"mobile": "", "email": "anna@example.org"}, {}, "due"),
    ],
)
def test_the_customer_can_rule_out_a_reminder(
    changes: dict[str, object], rules: dict[str, object], expected: str
) -> None:
    assert verdict(appointment(**changes), **rules) == expected


# ---------------------------------------------------------------- rule 19


@pytest.mark.parametrize(
    ("allowed", "expected", "channels"),
    [
        ((), "due", ["sms", "email"]),  # not set
        ((NUMBER,), "due", ["sms"]),
        (("anna@example.org",), "due", ["email"]),
        (("+491715555556",), "held_back", []),
    ],
)
def test_only_the_recipients_of_a_trial_are_sent_anything(
    allowed: tuple[str, ...], expected: str, channels: list[str]
) -> None:
    result = planned(appointment(), configured=settings(only_recipients=allowed))
    assert verdicts(result) == {"1": expected}
    assert [r.channel for m in result.messages for r in m.routes] == channels


def test_a_trial_recipient_s_address_is_compared_without_case() -> None:
    trial = settings(only_recipients=("anna@example.org",))
    assert verdict(appointment(email="Anna@Example.org"), configured=trial) == "due"


# ---------------------------------------------------------------- the order of the rules

# Every appointment is refused by its own rule and by all that follow, as far as they can be had together.
FROM_THE_LAST = {
    "email": "",
    "mobile": "",
    "preferred_channel": "none",
    "created_at": "2026-11-24 09:59",
    "reminder_consent": False,
}
ORDER = [
    ({**FROM_THE_LAST, "customer_id": None, "is_group": True}, Reason.NO_CUSTOMER),
    ({**FROM_THE_LAST, "is_group": True, "type_notifiable": False}, Reason.GROUP_APPOINTMENT),
    ({**FROM_THE_LAST, "type_notifiable": False, "status": "Storniert"}, Reason.TYPE_NOT_ALLOWED),
    ({**FROM_THE_LAST, "status": "Storniert", "branch_code": "X"}, Reason.STATUS_EXCLUDED),
    ({**FROM_THE_LAST, "branch_code": "X", "customer_id": "told"}, Reason.BRANCH_EXCLUDED),
    ({**FROM_THE_LAST, "customer_id": "told"}, Reason.ALREADY_NOTIFIED),
    ({**FROM_THE_LAST, "customer_id": "busy"}, Reason.IN_PROGRESS),
    (FROM_THE_LAST, Reason.BOOKED_RECENTLY),
    ({**FROM_THE_LAST, "created_at": None}, Reason.OPTED_OUT),
    ({**FROM_THE_LAST, "created_at": None, "preferred_channel": "letter"}, Reason.NO_CONSENT),
    (
        {**FROM_THE_LAST, "created_at": None, "preferred_channel": "letter", "reminder_consent": True},
        Reason.MANUAL_CONTACT,
    ),
    (
        {**FROM_THE_LAST, "created_at": None, "preferred_channel": "", "reminder_consent": True},
        Reason.NO_CONTACT,
    ),
]


@pytest.mark.parametrize(("changes", "expected"), ORDER)
def test_the_first_rule_that_refuses_gives_the_reason(changes: dict[str, object], expected: Reason) -> None:
    journal = known(notified(customer_id="told"), open_claims=frozenset({"told", "busy"}))
    strict = settings(require_consent=True, hours_after_booking=2, exclude_branches=("X",))
    (skip,) = planned(appointment(**changes), journal=journal, configured=strict).skips
    assert skip.reason is expected


def test_the_gap_is_asked_before_the_trial_s_recipients() -> None:
    journal = known(contacted=wrote("2026-11-24 09:00"))
    result = planned(appointment(), journal=journal, configured=settings(only_recipients=("+491",)))
    assert verdicts(result) == {"1": "recently_notified"}


def test_the_table_has_every_reason_in_the_order_of_the_contract() -> None:
    contract = (
        "no_customer group_appointment type_not_allowed status_excluded branch_excluded "
        "not_for_this_reminder already_notified in_progress missed past same_day not_yet_due held "
        "booked_recently opted_out no_consent manual_contact no_contact confirmed "
        "superseded recently_notified held_back"
    )
    assert " ".join(rule.reason for rule in RULES) == contract


def test_every_reason_has_its_row_but_the_one_that_no_rule_gives() -> None:
    assert {rule.reason for rule in RULES} == set(Reason) - {Reason.CHANGED}
    assert [rule.reason for rule in RULES] == [reason for reason in Reason if reason is not Reason.CHANGED]


# Who asks a rule beside the runs, by the contract: sections 2 (missed, confirmations), 7 (notify), 9.
ASKED = (
    (
        Asked.BY_HAND,
        "type_not_allowed missed same_day not_yet_due booked_recently confirmed recently_notified",
    ),
    (
        Asked.BY_HAND_AGAIN,
        "type_not_allowed already_notified missed same_day not_yet_due booked_recently confirmed "
        "superseded recently_notified",
    ),
    (
        Asked.CONFIRMATION,
        "not_for_this_reminder missed same_day not_yet_due booked_recently manual_contact confirmed "
        "superseded recently_notified",
    ),
    (
        Asked.CORRECTION,
        "status_excluded not_for_this_reminder already_notified missed same_day not_yet_due held "
        "booked_recently confirmed superseded recently_notified",
    ),
    (Asked.MISSED, "already_notified in_progress missed past same_day not_yet_due held recently_notified"),
)


@pytest.mark.parametrize(("by", "not_asked"), ASKED)
def test_who_asks_which_rules(by: Asked, not_asked: str) -> None:
    assert {rule.reason.value for rule in RULES if rule not in rules_asked(by)} == set(not_asked.split())


MARKED = [
    # what follows from a refusal, by the contract; the rules of which it holds
    ("staff", "missed manual_contact no_contact"),  # section 2, the staff list
    ("unsettled", "in_progress held no_contact superseded recently_notified"),  # section 2, missed
    ("passes", "missed not_yet_due held booked_recently recently_notified"),  # nobody need change anything
    ("strands", "already_notified same_day manual_contact"),  # no run tells whom an SMS did not reach
]


@pytest.mark.parametrize(("mark", "reasons"), MARKED)
def test_what_follows_from_a_refusal(mark: str, reasons: str) -> None:
    assert {rule.reason.value for rule in RULES if getattr(rule, mark)} == set(reasons.split())


def test_what_lies_behind_and_what_is_not_due_is_no_line_of_a_report() -> None:
    assert {rule.reason.value for rule in RULES if not rule.reported} == {"past", "not_yet_due"}


def said_of(row: Appointment, reason: Reason, **scene: object) -> tuple[bool, str]:
    """Whether one rule refuses an appointment, whatever the others say, and the values that it looked at."""
    (judgement,) = judged(row, **scene)  # type: ignore[arg-type]
    (said,) = [each for each in judgement.verdicts() if each.reason is reason]
    return said.skips, said.detail


SAID = [
    # the appointment, what the journal knows; which rule; whether it refuses, and what it looked at
    (appointment(customer_id=None), known(), Reason.NO_CUSTOMER, (True, "no customer")),
    (appointment(), known(), Reason.NO_CUSTOMER, (False, "customer 17")),
    # it starts at this moment: it is in no window any more, and starts not later today
    (
        appointment("1", "2026-11-24 10:00"),
        known(),
        Reason.NOT_YET_DUE,
        (True, "starts 2026-11-24 10:00, due are starts up to 2026-11-25 10:00"),
    ),
    (
        appointment("1", "2026-11-24 10:00"),
        known(),
        Reason.SAME_DAY,
        (False, "starts 2026-11-24 10:00"),
    ),
    (
        appointment(),
        known(opted_out=frozenset({"+491719999999"})),  # somebody else
        Reason.OPTED_OUT,
        (False, "no preferred channel"),
    ),
    (
        appointment(email=""),
        known(opted_out=frozenset({NUMBER})),
        Reason.OPTED_OUT,
        (True, "sms: the recipient asked not to be written to (opt-out); email: no address"),
    ),
    (appointment(), known(), Reason.RECENTLY_NOTIFIED, (False, "no message or contact within the gap")),
]


@pytest.mark.parametrize(("row", "journal", "reason", "expected"), SAID)
def test_what_a_rule_looked_at_is_said_whether_it_refuses_or_not(
    row: Appointment, journal: Known, reason: Reason, expected: tuple[bool, str]
) -> None:
    assert said_of(row, reason, journal=journal) == expected


# ---------------------------------------------------------------- rule 6: its own types and branches


@pytest.mark.parametrize(
    ("only", "changes", "expected"),
    [
        # only               the appointment                  expected
        ({}, {}, "due"),
        ({"types": ["Hörtest"]}, {}, "due"),
        ({"types": ["hörtest "]}, {"type_name": " HÖRTEST"}, "due"),  # without case and surrounding space
        ({"types": ["Hörtest"]}, {"type_name": "Ho\u0308rtest\u200b"}, "due"),
        ({"types": ["Hör*"]}, {}, "due"),
        ({"types": ["Hör"]}, {}, "not_for_this_reminder"),  # exact, not a beginning
        ({"types": ["Anpassung", "H?rtest"]}, {}, "due"),
        ({"types": ["Anpassung"]}, {}, "not_for_this_reminder"),
        ({"types": ["Hörtest"]}, {"type_name": ""}, "not_for_this_reminder"),
        ({"types": ["*"]}, {"type_name": ""}, "due"),
        ({"branches": ["HH*"]}, {}, "due"),
        ({"branches": ["B1"]}, {}, "not_for_this_reminder"),
        ({"types": ["Hörtest"], "branches": ["B1"]}, {}, "not_for_this_reminder"),  # both must fit
    ],
)
def test_a_reminder_is_for_its_types_and_branches(
    only: dict[str, object], changes: dict[str, object], expected: str
) -> None:
    configured = settings(reminders=(reminder() | only,))
    assert verdicts(planned(appointment(**changes), configured=configured)) == {"1": expected}


def test_each_of_two_reminders_takes_its_own_types() -> None:
    configured = settings(
        reminders=(
            reminder(24, "Hören") | {"types": ["Hörtest"]},
            reminder(24, "Sehen") | {"types": ["Sehtest"]},
        )
    )
    result = planned(
        appointment("1"), appointment("2", customer_id="18", type_name="Sehtest"), configured=configured
    )
    assert messages(result) == [("Hören", ["1"]), ("Sehen", ["2"])]
    assert not result.warnings


def test_what_no_reminder_is_for_is_warned_about_by_type_and_branch() -> None:
    configured = settings(reminders=(reminder() | {"types": ["Hörtest"]},), exclude_branches=("X",))
    result = planned(
        appointment("1", type_name="Sehtest"),
        appointment("2", type_name="Sehtest", customer_id="18"),
        appointment("3", type_name="", branch_code=""),
        appointment("4", type_name="Sehtest", branch_code="X"),  # rules 1 to 5 leave it out anyway
        appointment("5", type_name="Sehtest", is_group=True),
        configured=configured,
    )
    assert result.warnings == (
        "no reminder is for these appointments (types and branches): "
        "2 of type Sehtest in branch HH1, 1 of type (none) in branch (none)",
    )


@pytest.mark.parametrize(
    ("kinds", "named", "more"),
    [
        pytest.param(10, 10, "", id="ten are named"),
        pytest.param(12, 10, ", 2 more kinds", id="of more, the commonest ten"),
    ],
)
def test_of_many_kinds_that_no_reminder_is_for_ten_are_named(kinds: int, named: int, more: str) -> None:
    configured = settings(reminders=(reminder() | {"types": ["Hörtest"]},))
    rows = [appointment(str(number), type_name=f"Art {number:02}") for number in range(kinds)]
    (warning,) = planned(*rows, configured=configured).warnings
    assert warning.count(" of type ") == named
    assert warning.endswith(f"in branch HH1{more}")


@pytest.mark.parametrize(
    ("start", "warned"),
    [
        ("2026-11-24 10:00", False),  # it has started
        ("2026-11-24 10:01", True),
        ("2026-11-25 22:00", True),  # what a message of this run could take along
        ("2026-11-25 22:01", False),
    ],
)
def test_what_no_reminder_is_for_is_warned_about_when_a_run_could_tell_it(start: str, warned: bool) -> None:
    configured = settings(reminders=(reminder() | {"types": ["Hörtest"]},))
    assert bool(planned(appointment("1", start, type_name="Art"), configured=configured).warnings) is warned


# ---------------------------------------------------------------- rule 18: who confirmed


def answered(answer: Answer, told: Notification, received: str = "2026-11-23 12:00") -> JournalReply:
    """A reply to the message that told this."""
    return JournalReply(
        f"{answer} {received}", NUMBER, answer, answer, at(received), told.message_id, (told,)
    )


EARLY = partial(notified, reminder="früh")
REPLIES = [
    # what was answered to a reminder three days ahead; what the one for the day before does
    ([], "due"),
    ([answered(Answer.YES, EARLY())], "confirmed"),
    ([answered(Answer.NO, EARLY())], "due"),
    ([answered(Answer.STOP, EARLY())], "due"),  # that is for opt-outs
    ([answered(Answer.OTHER, EARLY())], "due"),
    ([answered(Answer.YES, EARLY(start=MOVED))], "due"),  # another start
    ([answered(Answer.YES, EARLY(customer_id="4"))], "due"),  # another person
    ([answered(Answer.YES, EARLY("2"))], "confirmed"),  # the same row, made anew
    ([answered(Answer.YES, EARLY("2", customer_id="4"))], "due"),
    # the last that is understood holds
    (
        [
            answered(Answer.YES, EARLY(), "2026-11-23 12:00"),
            answered(Answer.NO, EARLY(), "2026-11-23 13:00"),
        ],
        "due",
    ),
    (
        [
            answered(Answer.NO, EARLY(), "2026-11-23 12:00"),
            answered(Answer.YES, EARLY(), "2026-11-23 13:00"),
        ],
        "confirmed",
    ),
    (
        [
            answered(Answer.YES, EARLY(), "2026-11-23 12:00"),
            answered(Answer.OTHER, EARLY(), "2026-11-23 13:00"),
        ],
        "confirmed",
    ),
    # an "ok" to the message that it is off confirms nothing
    ([answered(Answer.YES, EARLY(reminder="Terminabsage"))], "due"),
]


def test_a_yes_to_a_message_about_two_appointments_confirms_each() -> None:
    both = (EARLY(), EARLY("2", start=MOVED))
    yes = replace(answered(Answer.YES, both[0]), about=both)
    configured = settings(reminders=(reminder() | {"unless_confirmed": True},))
    for row in (appointment("1"), appointment("2", MOVED)):
        assert verdict(row, journal=known(replies=[yes]), configured=configured) == "confirmed"


@pytest.mark.parametrize(("replies", "expected"), REPLIES)
@pytest.mark.parametrize("unless_confirmed", [True, False])
def test_a_reminder_may_leave_alone_who_confirmed(
    replies: list[JournalReply], expected: str, unless_confirmed: bool
) -> None:
    configured = settings(reminders=(reminder() | {"unless_confirmed": unless_confirmed},))
    found = verdict(appointment(), journal=known(replies=replies), configured=configured)
    assert found == (expected if unless_confirmed else "due")


def test_when_it_was_confirmed_is_said() -> None:
    configured = settings(reminders=(reminder() | {"unless_confirmed": True},))
    journal = known(replies=[answered(Answer.YES, EARLY())])
    (skip,) = planned(appointment(), journal=journal, configured=configured).skips
    assert (skip.reason.value, skip.detail) == ("confirmed", "confirmed by reply 2026-11-23 12:00")


def test_who_confirmed_was_not_missed() -> None:
    """Nobody told this start, but the customer confirmed it under another id."""
    confirmed = answered(Answer.YES, EARLY("2"))
    times = {"journal_since": at("2026-11-01 00:00"), "last_complete_run": at("2026-11-23 17:00")}
    journal = known(replies=[confirmed], reminder_since={NAME: at("2026-11-01 00:00")}, **times)
    for unless_confirmed, expected in ((True, "confirmed"), (False, "missed")):
        configured = settings(reminders=(reminder() | {"unless_confirmed": unless_confirmed},))
        found = verdict(appointment(), journal=journal, configured=configured, now="2026-11-25 08:30")
        assert found == ("same_day" if expected == "confirmed" else expected)


def test_what_failed_and_was_tried_again_in_vain_is_for_staff_where_no_channel_is_left() -> None:
    journal = known(
        notified(state=State.FAILED),
        notified(state=State.RELEASED, generation=2),
        rejected={"1": frozenset({NUMBER, ADDRESS})},
    )
    assert verdict(appointment(), journal=journal) == "no_contact"
