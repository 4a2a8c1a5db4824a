"""Whom a person must call or write, and until when (contract, section 2: the staff list)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from terminbenachrichtigung.contact.names import hashed_name
from terminbenachrichtigung.model.appointment import Appointment
from terminbenachrichtigung.model.journal import Known, Notification, StaffTick, State
from terminbenachrichtigung.model.plan import Channel, MessageOutcome, Reason, Route
from terminbenachrichtigung.output.json import plain
from terminbenachrichtigung.output.tables import render
from terminbenachrichtigung.staff_list.changes import Seen, cancelled_cases, refused_cases, standing_cases
from terminbenachrichtigung.staff_list.entries import (
    Matter,
    StaffCase,
    StaffEntry,
    journal_cases,
    staff_list,
    tick,
)
from terminbenachrichtigung.staff_list.reasons import StaffReason
from terminbenachrichtigung.staff_list.text import as_json, as_text
from terminbenachrichtigung.staff_list.ticked import Ticked

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)  # 10:00 in Berlin
HOUR = timedelta(hours=1)
START = NOW + 24 * HOUR
ELSEWHEN = START + HOUR
SINCE = NOW - 5 * HOUR  # when the cases below came up

ANNA = Appointment(
    "4711",
    START,
    customer_id="17",
    type_notifiable=True,
    is_group=False,
    branch_code="HH1",
    salutation="Frau",
    first_name="Anna",
    last_name="Meier",
    mobile="0171 5555 Ute",
    phone="030 / 12 34 56",
    email="anna(at)example.org",
)


def case(reason: StaffReason = StaffReason.FAILED, detail: str = "", **fields: Any) -> StaffCase:
    return StaffCase(replace(ANNA, **fields), "Terminerinnerung", reason, detail, SINCE)


def heard(state: State, **fields: Any) -> Notification:
    """A notification about the present customer and start, five hours ago."""
    sent = Notification("Terminerinnerung", "4711", 1, "17", START, state, "m1", SINCE)
    return replace(sent, **fields)


def known(*notifications: Notification) -> Known:
    ids = {each.appointment_id for each in notifications}
    return Known(notifications={id_: [n for n in notifications if n.appointment_id == id_] for id_ in ids})


def listed(*cases: StaffCase, journal: Known | None = None) -> list[str]:
    return [entry.customer_id for entry in staff_list(cases, journal or Known(), NOW)]


# ---------------------------------------------------------------- until when

SETTLED = [
    # the appointment                                       still listed?
    pytest.param({}, True, id="nothing happened since"),
    pytest.param({"starts_at": NOW + HOUR}, True, id="starts in an hour"),
    pytest.param({"starts_at": NOW + timedelta(microseconds=1)}, True, id="about to start"),
    pytest.param({"starts_at": NOW}, False, id="starts this moment"),
    pytest.param({"starts_at": NOW - HOUR}, False, id="has started"),
    pytest.param({"last_contacted_at": SINCE - HOUR}, True, id="contacted by hand before"),
    pytest.param({"last_contacted_at": SINCE}, False, id="contacted by hand at that moment"),
    pytest.param({"last_contacted_at": NOW}, False, id="contacted by hand this moment"),
    pytest.param({"last_contacted_at": NOW + HOUR}, True, id="a contact in the future is a typing error"),
    pytest.param({"customer_id": None}, False, id="has lost its customer"),
]


@pytest.mark.parametrize(("fields", "still"), SETTLED)
def test_a_case_stays_until_the_start_or_a_contact_by_hand(fields: dict[str, Any], still: bool) -> None:
    assert bool(listed(case(**fields))) == still


@pytest.mark.parametrize(
    ("later", "about", "start", "settled"),
    [
        (StaffReason.NUMBER_CHANGED, "4711", START, True),  # another call, with the same word
        (StaffReason.MOVED, "4711", ELSEWHEN, False),  # they were told another start since
        (StaffReason.MOVED, "4712", ELSEWHEN, True),  # of another appointment
        (StaffReason.REPLY, "4711", ELSEWHEN, True),  # a reply is read, and nothing is said
    ],
)
def test_what_a_person_has_done_stays_done_unless_they_said_otherwise_since(
    later: StaffReason, about: str, start: datetime, settled: bool
) -> None:
    first = replace(tick(case(), b""), done_at=NOW - HOUR)
    second = replace(first, appointment_id=about, reason=later, starts_at=start, done_at=NOW)
    assert Ticked([first, second], b"").settles(case()) is settled


TOLD = [
    # what the journal knows, oldest first                                          still listed?
    pytest.param([], True, id="nothing"),
    pytest.param([heard(State.SENT)], False, id="sent"),
    pytest.param([heard(State.DELIVERED)], False, id="delivered"),
    pytest.param([heard(State.ADOPTED)], False, id="told by another system"),
    pytest.param([heard(State.SENT, reminder="Vorabinfo")], False, id="told by another reminder"),
    pytest.param([heard(State.FAILED)], True, id="failed"),
    pytest.param([heard(State.UNKNOWN)], True, id="unknown"),
    pytest.param([heard(State.UNDELIVERED)], True, id="sent, but undelivered"),
    pytest.param([heard(State.CLAIMED)], True, id="under way"),
    pytest.param([heard(State.RELEASED)], True, id="released"),
    pytest.param([heard(State.SENT, starts_at=ELSEWHEN)], True, id="told another start"),
    pytest.param([heard(State.SENT, customer_id="18")], True, id="somebody else was told"),
    pytest.param([heard(State.FAILED), heard(State.SENT)], False, id="failed, then sent"),
    pytest.param([heard(State.SENT), heard(State.UNKNOWN)], False, id="told once, that is enough"),
    pytest.param(
        [heard(State.SENT), heard(State.SENT, starts_at=ELSEWHEN), heard(State.FAILED)],
        True,
        id="moved away and back: was told the other start last",
    ),
    pytest.param(
        [heard(State.SENT), heard(State.UNKNOWN, starts_at=ELSEWHEN), heard(State.FAILED)],
        True,
        id="moved away and back: may have been told the other start last",
    ),
    pytest.param(
        [heard(State.SENT), heard(State.FAILED, starts_at=ELSEWHEN), heard(State.FAILED)],
        False,
        id="moved away and back: never heard of the other start",
    ),
]


@pytest.mark.parametrize(("notifications", "still"), TOLD)
def test_a_case_stays_until_the_customer_knows_the_present_start(
    notifications: list[Notification], still: bool
) -> None:
    assert bool(listed(case(), journal=known(*notifications))) == still


def test_a_contact_noted_on_one_row_settles_the_customer_s_other_cases() -> None:
    other = case(appointment_id="4712", last_contacted_at=NOW)
    later = replace(case(appointment_id="4713"), contact_counts_since=NOW + timedelta(microseconds=1))
    assert listed(case(), other) == []
    assert [entry.appointment_ids for entry in staff_list([case(), other, later], Known(), NOW)] == [
        ("4713",)
    ]


# ---------------------------------------------------------------- one line per customer


def test_each_customer_once_soonest_first_with_the_most_urgent_reason() -> None:
    cases = [
        case(StaffReason.UNKNOWN, "late", appointment_id="3", starts_at=START + 3 * HOUR),
        case(StaffReason.MISSED, "urgent", appointment_id="2", starts_at=START + 2 * HOUR, mobile="other"),
        case(StaffReason.NO_CONTACT, appointment_id="9", customer_id="18", starts_at=START + HOUR),
        case(StaffReason.NO_CONTACT, "soonest", appointment_id="1"),
        replace(case(StaffReason.UNKNOWN, appointment_id="1"), reminder="Vorabinfo"),
    ]
    seventeen, eighteen = staff_list(cases, Known(), NOW)
    assert seventeen == StaffEntry(
        customer_id="17",
        name="Frau Anna Meier",
        appointment_ids=("1", "2", "3"),
        starts_at=START,
        reason=StaffReason.MISSED,
        detail="urgent",
        mobile="0171 5555 Ute",
        phone="030 / 12 34 56",
        email="anna(at)example.org",
        branch_code="HH1",
        told=None,
        matters=(
            Matter("1", START, StaffReason.NO_CONTACT, "soonest", None, "HH1", ""),
            Matter("2", START + 2 * HOUR, StaffReason.MISSED, "urgent", None, "HH1", ""),
            Matter("3", START + 3 * HOUR, StaffReason.UNKNOWN, "late", None, "HH1", ""),
        ),
    )
    assert (eighteen.customer_id, eighteen.reason) == ("18", StaffReason.NO_CONTACT)
    assert eighteen.appointment_ids == ("9",)


@pytest.mark.parametrize(
    ("urgent", "less"), list(zip(list(StaffReason)[:-1], list(StaffReason)[1:], strict=True))
)
def test_the_order_of_urgency(urgent: StaffReason, less: StaffReason) -> None:
    entry, *_ = staff_list([case(less), case(urgent)], Known(), NOW)
    assert entry.reason is urgent


def test_the_reasons_are_those_of_runs_and_messages() -> None:
    skips = {Reason.MISSED, Reason.NO_CONTACT, Reason.MANUAL_CONTACT}
    ends = {MessageOutcome.FAILED, MessageOutcome.UNKNOWN}
    changed = {
        StaffReason.WANTS_TO_CANCEL,
        StaffReason.CANCELLED,
        StaffReason.MOVED,
        StaffReason.REPLY,
        StaffReason.REINSTATED,
        StaffReason.NUMBER_CHANGED,
        StaffReason.IMPORT,
        StaffReason.BAD_ROW,
    }
    assert {StaffReason(word) for word in (*skips, *ends)} | changed == set(StaffReason)


def test_an_entry_says_what_the_customer_was_told_before_the_move() -> None:
    moved = known(heard(State.SENT, starts_at=ELSEWHEN), heard(State.FAILED, generation=2))
    (entry,) = staff_list([case()], moved, NOW)
    assert entry.told == ELSEWHEN
    (stranger,) = staff_list([case()], known(heard(State.SENT, starts_at=ELSEWHEN, customer_id="18")), NOW)
    assert stranger.told is None


# ---------------------------------------------------------------- what the journal brings in

IN_JOURNAL = [
    # notifications of one appointment, oldest first                       cases
    pytest.param([heard(State.FAILED)], [StaffReason.FAILED], id="failed"),
    pytest.param([heard(State.UNKNOWN)], [StaffReason.UNKNOWN], id="unknown"),
    pytest.param([heard(State.UNDELIVERED)], [StaffReason.FAILED], id="undelivered"),
    pytest.param([heard(State.SENT)], [], id="sent"),
    pytest.param([heard(State.CLAIMED)], [], id="under way"),
    pytest.param([heard(State.RELEASED)], [], id="released: a run tries again"),
    pytest.param([heard(State.FAILED), heard(State.CLAIMED)], [], id="failed, opened by a new recipient"),
    pytest.param(
        [heard(State.UNDELIVERED), heard(State.RELEASED)],
        [StaffReason.FAILED],
        id="undelivered, and the next channel is only being tried",
    ),
    pytest.param([heard(State.UNDELIVERED), heard(State.SENT)], [], id="undelivered, then sent otherwise"),
    pytest.param([heard(State.FAILED, starts_at=ELSEWHEN)], [], id="failed, then moved"),
    pytest.param(
        [heard(State.UNKNOWN), heard(State.RELEASED, starts_at=ELSEWHEN, generation=2)],
        [StaffReason.UNKNOWN],
        id="unknown, moved, could not be told of it, and moved back: nobody else looks after it",
    ),
    pytest.param([heard(State.FAILED, customer_id="18")], [], id="failed, then reassigned"),
    pytest.param(
        [heard(State.FAILED), heard(State.UNKNOWN, reminder="Vorabinfo")],
        [StaffReason.FAILED, StaffReason.UNKNOWN],
        id="each reminder by itself",
    ),
]


@pytest.mark.parametrize(("notifications", "reasons"), IN_JOURNAL)
def test_failed_and_unknown_messages_are_cases(
    notifications: list[Notification], reasons: list[StaffReason]
) -> None:
    cases = journal_cases([ANNA, replace(ANNA, appointment_id="other")], known(*notifications))
    assert [case.reason for case in cases] == reasons
    assert {case.contact_counts_since for case in cases} <= {SINCE}  # the run that wrote to the customer


# ---------------------------------------------------------------- told of a time that holds no more


def seen(known: Known, *rows: Appointment) -> Seen:
    """These rows are all there are; a number is still named if it is the row's mobile."""
    return Seen(
        known,
        {row.appointment_id: row for row in rows},
        cancelled=lambda row: row.status == "Storniert",
        names=lambda row, route: row.mobile == route.recipient,
        now=NOW,
    )


HEARD = [
    # what the journal knows of an appointment that is gone, oldest first       who must hear of it
    pytest.param([heard(State.SENT)], ["17"], id="sent"),
    pytest.param([heard(State.DELIVERED)], ["17"], id="delivered"),
    pytest.param([heard(State.UNKNOWN)], ["17"], id="may have arrived"),
    pytest.param([heard(State.FAILED)], [], id="failed"),
    pytest.param([heard(State.UNDELIVERED)], [], id="undelivered"),
    pytest.param([heard(State.RELEASED)], [], id="never sent"),
    pytest.param([heard(State.CLAIMED)], [], id="under way"),
    pytest.param([heard(State.ADOPTED)], [], id="told by another system, which knows of the change"),
    pytest.param([heard(State.SENT, starts_at=NOW)], [], id="the time they were told is over"),
    pytest.param([heard(State.SENT), heard(State.FAILED, generation=2)], ["17"], id="the correction failed"),
    pytest.param([heard(State.SENT), heard(State.SENT, customer_id="18")], ["17", "18"], id="two customers"),
]


@pytest.mark.parametrize(("notifications", "customers"), HEARD)
def test_whoever_may_have_heard_of_an_appointment_that_is_gone_is_a_case(
    notifications: list[Notification], customers: list[str]
) -> None:
    cases = list(cancelled_cases(seen(known(*notifications))))
    assert [case.appointment.customer_id for case in cases] == customers
    assert {case.contact_counts_since for case in cases} <= {SINCE}


def test_who_was_told_both_times_has_heard_the_last_one() -> None:
    """Moved to B and told so: if it is gone then, B is when they would come."""
    both = known(heard(State.SENT), heard(State.SENT, starts_at=ELSEWHEN, generation=2))
    (gone,) = cancelled_cases(seen(both))
    assert gone.appointment.starts_at == ELSEWHEN
    assert not list(standing_cases(seen(both, replace(ANNA, starts_at=ELSEWHEN))))
    (back,) = standing_cases(seen(both, ANNA))
    assert (back.reason, back.told) == (StaffReason.MOVED, ELSEWHEN)


KEY = b"key"
MEIER, SCHULZ = (hashed_name(name, key=KEY) for name in ("Anna Meier", "Eva Schulz"))
AT_HER_NUMBER = Route(Channel.SMS, "+491715555555")
HER_ROW = replace(ANNA, first_name="Anna", last_name="Meier", mobile=AT_HER_NUMBER.recipient)


def told(**changes: object) -> Notification:
    return replace(heard(State.SENT), **{"name": MEIER, "route": AT_HER_NUMBER} | changes)  # type: ignore[arg-type]


CHANGED = [
    # the rows that the schedule has now                                      what a person must tell whom
    pytest.param([HER_ROW], [], id="all is as told"),
    pytest.param([], ["cancelled"], id="gone"),
    pytest.param([replace(HER_ROW, status="Storniert")], ["cancelled"], id="cancelled"),
    pytest.param([replace(HER_ROW, customer_id="18")], [], id="merged: the same name"),
    pytest.param([replace(HER_ROW, customer_id="18", first_name="", last_name="Meier")], [], id="Meier"),
    pytest.param([replace(HER_ROW, customer_id="18", last_name="Schulz")], ["cancelled"], id="given away"),
    pytest.param(
        [replace(HER_ROW, customer_id="18", first_name="", last_name="")], ["cancelled"], id="nobody"
    ),
    pytest.param([replace(HER_ROW, starts_at=START + timedelta(seconds=59))], [], id="moved by seconds"),
    pytest.param([replace(HER_ROW, starts_at=ELSEWHEN)], ["moved"], id="moved"),
    pytest.param([replace(HER_ROW, mobile="+491715555556")], ["number_changed"], id="a corrected number"),
    # deleted and made anew under another id
    pytest.param([replace(HER_ROW, appointment_id="a2")], [], id="made anew"),
    pytest.param([replace(HER_ROW, appointment_id="a2", customer_id="18")], [], id="anew and merged"),
    pytest.param(
        [replace(HER_ROW, appointment_id="a2", customer_id="18", mobile="")], ["cancelled"], id="a namesake"
    ),
    pytest.param([replace(HER_ROW, appointment_id="a2", starts_at=ELSEWHEN)], ["cancelled"], id="elsewhen"),
    pytest.param([replace(HER_ROW, appointment_id="a2", status="Storniert")], ["cancelled"], id="off"),
]


@pytest.mark.parametrize(("rows", "reasons"), CHANGED)
def test_whoever_was_told_what_holds_no_more_is_a_case(rows: list[Appointment], reasons: list[str]) -> None:
    look = seen(replace(known(told()), name_key=KEY), *rows)
    cases = [*cancelled_cases(look), *standing_cases(look)]
    assert [case.reason.value for case in cases] == reasons
    assert {case.appointment.customer_id for case in cases} <= {"17"}


def test_what_was_given_away_is_listed_in_its_own_branch_and_not_in_that_of_another_row() -> None:
    """Her number comes from her other appointment; the branch that must call her does not."""
    given = replace(HER_ROW, customer_id="18", last_name="Schulz", branch_code="B2", type_name="Sehtest")
    other = replace(HER_ROW, appointment_id="a2", starts_at=ELSEWHEN, branch_code="HH1", type_name="Hörtest")
    (case,) = cancelled_cases(seen(replace(known(told()), name_key=KEY), other, given))
    listed = case.appointment
    assert (listed.mobile, listed.branch_code, listed.type_name) == (HER_ROW.mobile, "B2", "Sehtest")


REFUSED = told(state=State.FAILED)
A2 = replace(HER_ROW, appointment_id="a2")
EARLIER, LATER = "72 Stunden", "2 Stunden"  # two other reminders


@pytest.mark.parametrize(
    ("notifications", "rows", "expected"),
    [
        # what the journal has of 4711, oldest first; the rows that there are; which of them nobody was told
        pytest.param([REFUSED], [A2], ["a2"], id="made anew"),
        pytest.param([REFUSED], [A2, replace(A2, appointment_id="a3")], ["a2"], id="and once is enough"),
        pytest.param([REFUSED], [HER_ROW, A2], [], id="it stands, and is a case itself"),
        pytest.param(
            [REFUSED], [replace(A2, customer_id="18", last_name="Schulz")], [], id="another's, at that time"
        ),
        pytest.param([told(reminder=EARLIER), REFUSED], [A2], [], id="told by another reminder"),
        pytest.param(
            [told(reminder=EARLIER, starts_at=ELSEWHEN), REFUSED], [A2], ["a2"], id="told before it moved"
        ),
        pytest.param(
            [told(reminder=EARLIER), told(reminder=LATER, starts_at=ELSEWHEN)],
            [A2],
            [],
            id="moved, told, gone, and made anew at the first time: nobody refused anything",
        ),
        pytest.param(
            [
                replace(REFUSED, reminder=EARLIER),
                told(),
                replace(REFUSED, reminder=LATER, starts_at=ELSEWHEN),
            ],
            [replace(A2, starts_at=ELSEWHEN)],
            ["a2"],
            id="told of the first time, and refused when it had moved",
        ),
        pytest.param(
            [REFUSED, told(appointment_id="a2", state=State.RELEASED)], [A2], ["a2"], id="never sent for it"
        ),
        pytest.param(
            [REFUSED, told(appointment_id="a2", starts_at=ELSEWHEN)], [A2], ["a2"], id="told of another start"
        ),
        pytest.param(
            [told(reminder=EARLIER, customer_id="18", name=SCHULZ), REFUSED],
            [A2],
            ["a2"],
            id="another person was told of that start",
        ),
        pytest.param(
            [replace(REFUSED, starts_at=NOW)], [replace(A2, starts_at=NOW)], [], id="it begins this minute"
        ),
        pytest.param(
            [replace(REFUSED, starts_at=NOW - HOUR)], [replace(A2, starts_at=NOW - HOUR)], [], id="it is over"
        ),
    ],
)
def test_whom_no_message_reached_is_a_case_of_the_row_that_was_made_anew(
    notifications: list[Notification], rows: list[Appointment], expected: list[str]
) -> None:
    cases = refused_cases(seen(replace(known(*notifications), name_key=KEY), *rows))
    assert [each.appointment.appointment_id for each in cases] == expected


def test_who_was_told_that_it_is_off_is_a_case_once_it_stands_again() -> None:
    off = replace(known(told(revoked=True)), name_key=KEY)
    assert not list(cancelled_cases(seen(off)))  # a person has said so
    (again,) = standing_cases(seen(off, HER_ROW))
    assert again.reason is StaffReason.REINSTATED
    assert staff_list([again], off, NOW)


ANEW = replace(HER_ROW, appointment_id="4712")


@pytest.mark.parametrize(
    ("rows", "also_told", "stands_again"),
    [
        ([ANEW], (), True),
        ([replace(HER_ROW, status="Storniert"), replace(ANEW, customer_id="18")], (), True),  # and merged
        ([replace(ANEW, customer_id="18", first_name="Eva", last_name="Schulz")], (), False),  # another's
        ([replace(ANEW, starts_at=ELSEWHEN)], (), False),
        ([replace(ANEW, status="Storniert")], (), False),
        ([ANEW], (told(appointment_id="4712", message_id="m2"),), False),
    ],
)
def test_so_it_is_where_its_row_was_made_anew(
    rows: list[Appointment], also_told: tuple[Notification, ...], stands_again: bool
) -> None:
    off = replace(known(told(revoked=True), *also_told), name_key=KEY)
    again = list(standing_cases(seen(off, *rows)))
    assert [(each.reason, each.appointment) for each in again] == (
        [(StaffReason.REINSTATED, rows[-1])] if stands_again else []
    )


def test_who_was_called_because_one_moved_is_called_when_another_took_its_place() -> None:
    """Staff swapped two appointments, of which one was told, and said by telephone that this one moved."""
    called = StaffTick("4711", "17", ELSEWHEN, "moved", "m1", revokes=START, done_at=NOW)
    look = seen(replace(known(told(revoked=True)), name_key=KEY), replace(HER_ROW, starts_at=ELSEWHEN), ANEW)
    cases = list(standing_cases(replace(look, ticked=Ticked([called], KEY))))
    assert [(each.reason, each.appointment.appointment_id) for each in cases] == [
        (StaffReason.REINSTATED, "4712"),
        (StaffReason.MOVED, "4711"),  # which is ticked off
    ]


def test_who_was_told_since_that_it_stands_after_all_is_no_case_where_its_row_was_made_anew() -> None:
    stands = StaffTick("4711", "17", START, "reinstated", "m1", revokes=None, done_at=NOW)
    look = seen(replace(known(told(revoked=True)), name_key=KEY), ANEW)
    assert not list(standing_cases(replace(look, ticked=Ticked([stands], KEY))))


@pytest.mark.parametrize(("start", "cases"), [(NOW + HOUR, 1), (NOW, 0), (NOW - HOUR, 0)])
def test_what_was_made_anew_is_a_case_until_it_begins(start: datetime, cases: int) -> None:
    off = replace(known(told(revoked=True, starts_at=start)), name_key=KEY)
    assert len(list(standing_cases(seen(off, replace(ANEW, starts_at=start))))) == cases


def test_whom_it_was_given_from_hides_nothing_that_its_customer_was_told_since() -> None:
    both = known(told(customer_id="18", name=SCHULZ), told(starts_at=ELSEWHEN, generation=2))
    cases = standing_cases(seen(replace(both, name_key=KEY), HER_ROW))
    assert [each.reason for each in cases] == [StaffReason.MOVED]


def test_two_appointments_at_one_time_do_not_hide_that_the_number_was_corrected() -> None:
    both = replace(known(told(), told(appointment_id="4712", message_id="m2")), name_key=KEY)
    rows = [replace(each, mobile="+491715555556") for each in (HER_ROW, ANEW)]
    assert [each.reason for each in standing_cases(seen(both, *rows))] == [StaffReason.NUMBER_CHANGED] * 2


def test_who_comes_at_a_time_at_which_nothing_stands_any_more_is_called_though_another_was_expected() -> None:
    """The first moved to the time of the second, and the second to a third one."""
    both = known(told(), told(appointment_id="4712", starts_at=ELSEWHEN, message_id="m2"))
    rows = replace(HER_ROW, starts_at=ELSEWHEN), replace(ANEW, starts_at=ELSEWHEN + HOUR)
    cases = standing_cases(seen(replace(both, name_key=KEY), *rows))
    moved = {each.appointment.appointment_id for each in cases if each.reason is StaffReason.MOVED}
    assert moved == {"4711", "4712"}


def test_two_appointments_that_changed_places_need_no_call_also_where_the_record_was_merged() -> None:
    """The first was told before two records became one, the second between, and then staff swapped them."""
    both = replace(
        known(told(), told(appointment_id="4712", starts_at=ELSEWHEN, customer_id="18")), name_key=KEY
    )
    swapped = replace(HER_ROW, customer_id="19", starts_at=ELSEWHEN), replace(ANEW, customer_id="19")
    assert not list(standing_cases(seen(both, *swapped)))


def test_a_merged_customer_who_was_told_anew_has_heard_the_last_word() -> None:
    both = replace(known(told(), told(customer_id="18", starts_at=ELSEWHEN, generation=2)), name_key=KEY)
    moved = replace(HER_ROW, customer_id="18", starts_at=ELSEWHEN)
    assert not [*cancelled_cases(seen(both, moved)), *standing_cases(seen(both, moved))]


# ---------------------------------------------------------------- output

ENTRY = StaffEntry(
    "17", "Anna Meier", ("4711", "4712"), START, StaffReason.FAILED, "no such user", "0171 5555 Ute", "", "",
    "HH1", ELSEWHEN,
)  # fmt: skip


def shown(*entries: StaffEntry) -> str:
    return render(as_text(entries, BERLIN))


def test_json_has_the_contract_s_keys() -> None:
    assert plain(as_json([ENTRY]), BERLIN) == {
        "command": "staff-list",
        "customers": [
            {
                "customer_id": "17",
                "name": "Anna Meier",
                "appointment_ids": ["4711", "4712"],
                "starts_at": "2026-11-25T10:00:00+01:00",
                "reason": "failed",
                "detail": "no such user",
                "mobile": "0171 5555 Ute",
                "phone": "",
                "email": "",
                "branch_code": "HH1",
                "told": "2026-11-25T11:00:00+01:00",
                "appointments": [],
            }
        ],
    }
    assert as_json([replace(ENTRY, told=None)])["customers"] != as_json([ENTRY])
    assert as_json([]) == {"command": "staff-list", "customers": []}


def test_text_is_one_line_per_customer_with_numbers_as_typed() -> None:
    assert shown(ENTRY, replace(ENTRY, name="", told=None, detail="")).splitlines() == [
        "  start             customer         branch  mobile         why"
        "                                       appointments",
        "  2026-11-25 10:00  Anna Meier (17)  HH1     0171 5555 Ute  "
        "every channel refused the message (no such user); was told 2026-11-25 11:00  4711, 4712",
        "  2026-11-25 10:00  17               HH1     0171 5555 Ute  "
        "every channel refused the message         4711, 4712",
    ]


def test_every_reason_is_worded() -> None:
    texts = {shown(replace(ENTRY, reason=reason)) for reason in StaffReason}
    assert len(texts) == len(StaffReason)


def test_an_empty_list_says_so() -> None:
    assert shown() == "Nobody needs to be called or written to."


def test_what_was_typed_carries_no_control_characters() -> None:
    typed = "a\x1b[2J\nb\u202e"
    anna = replace(ANNA, first_name=typed, mobile=typed, phone=typed, email=typed, branch_code=typed)
    (entry,) = staff_list([replace(case(detail=typed), appointment=anna)], Known(), NOW)
    shown = (entry.name, entry.detail, entry.mobile, entry.phone, entry.email, entry.branch_code)
    assert shown == ("Frau a [2J b Meier", *("a [2J b",) * 5)
