"""Who is told that what they were told holds no more (contract, section 9, *Corrections*)."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from rules_scene import (
    ADDRESS,
    NAME,
    NUMBER,
    OTHER_NUMBER,
    WEDNESDAY,
    appointment,
    at,
    known,
    notified,
    reminder,
    situation,
)
from rules_scene import NOW as TEN
from rules_scene import settings as made

from terminbenachrichtigung.config.settings import Corrections, Settings
from terminbenachrichtigung.model.appointment import Appointment
from terminbenachrichtigung.model.journal import (
    CANCELLATION,
    CONFIRMATION,
    MOVE,
    Change,
    Known,
    Notification,
    SeenChange,
    State,
)
from terminbenachrichtigung.model.plan import Channel, Correction, Reason, Route
from terminbenachrichtigung.rules.contact import Parts
from terminbenachrichtigung.rules.corrections import PlannedCorrections, plan_corrections
from terminbenachrichtigung.rules.planning import judge, plan

FRIDAY = "2026-11-27 10:30"
BY_SMS = Route(Channel.SMS, NUMBER)
SEEN = "2026-11-24 09:50"


def told(appointment_id: str = "1", start: str = WEDNESDAY, **changes: object) -> Notification:
    """What the reminder said, by SMS."""
    return replace(notified(appointment_id, start), route=BY_SMS, **changes)  # type: ignore[arg-type]


def short(
    name: str, channel: Channel, rows: Sequence[Appointment], correction: Correction | None = None, /
) -> int:
    """Every text is one part."""
    return 1


def correct(
    *rows: Appointment,
    journal: Known | None = None,
    seen: bool = True,
    now: str = TEN,
    configured: Settings | None = None,
    allowed: bool = False,
    parts: Parts = short,
    corrections: Corrections | None = None,
) -> PlannedCorrections:
    """What a run plans; all that it sees was seen at ten to ten by a complete run, or nothing was."""
    chosen = configured or made()
    chosen = chosen.model_copy(update={"corrections": corrections or Corrections(enabled=True)})
    journal = known(told()) if journal is None else journal

    def run(known: Known) -> PlannedCorrections:
        return plan_corrections(rows, situation(chosen, known, now, parts), allowed=allowed)

    if seen:
        changes = {each.appointment_id: SeenChange(each, at(SEEN)) for each in run(journal).changes}
        journal = replace(journal, changes=changes)
    return run(journal)


def off(appointment_id: str = "1", start: str = WEDNESDAY, /, **changes: object) -> Appointment:
    return appointment(appointment_id, start, status=" storniert ", **changes)


def moved(appointment_id: str = "1", start: str = FRIDAY, /, **changes: object) -> Appointment:
    return appointment(appointment_id, start, **changes)


def sent(planned: PlannedCorrections) -> list[tuple[str, list[str]]]:
    """The name of each message, and its appointments."""
    return [(each.reminder, [row.appointment_id for row in each.appointments]) for each in planned.messages]


def reasons(planned: PlannedCorrections) -> list[Reason]:
    return [skip.reason for skip in planned.skips]


# ---------------------------------------------------------------- what is a change


def test_a_status_and_another_start_are_changes_and_a_correction_names_the_told_start() -> None:
    for row, name in ((off(), CANCELLATION), (moved(), MOVE)):
        (message,) = correct(row).messages
        assert (message.reminder, message.routes[0], message.appointments) == (name, BY_SMS, (row,))
        assert message.correction == Correction(
            at(WEDNESDAY), frozenset({told().message_id}), cancelled=name == CANCELLATION
        )
        assert message.gap_waived


def test_what_is_off_and_moved_is_off() -> None:
    assert sent(correct(off("1", FRIDAY))) == [(CANCELLATION, ["1"])]


@pytest.mark.parametrize(
    ("switched_on", "corrected"),
    [
        ({"cancelled": True, "moved": True}, [CANCELLATION, MOVE]),
        ({"cancelled": True, "moved": False}, [CANCELLATION]),
        ({"cancelled": False, "moved": True}, [MOVE]),
        ({"cancelled": False, "moved": False}, []),
    ],
)
def test_each_kind_has_a_switch(switched_on: dict[str, bool], corrected: list[str]) -> None:
    rows = off("1", customer_id="17"), moved("2", customer_id="18")
    journal = known(told("1"), replace(told("2"), customer_id="18"))
    planned = correct(*rows, journal=journal, corrections=Corrections(enabled=True, **switched_on))
    assert [name for name, _ in sent(planned)] == corrected


UNCHANGED = [
    pytest.param(appointment(), id="it stands as it was told"),
    pytest.param(appointment("1", "2026-11-25 09:00:30"), id="it moved by seconds, which no text shows"),
    pytest.param(off(import_state="gone"), id="missing from two files: nobody cancelled it"),
    pytest.param(moved(import_state="held"), id="in dispute"),
    pytest.param(off(customer_id="18", last_name="Neu"), id="given to somebody else"),
    pytest.param(off(customer_id=None), id="nobody's any more"),
]


@pytest.mark.parametrize("row", UNCHANGED)
def test_what_no_run_may_correct(row: Appointment) -> None:
    assert correct(row) == PlannedCorrections()


SURE = {State.SENT, State.DELIVERED}


@pytest.mark.parametrize("state", State)
def test_only_who_was_surely_told_is_corrected(state: State) -> None:
    assert bool(correct(off(), journal=known(told(state=state))).messages) is (state in SURE)


@pytest.mark.parametrize("state", State)
def test_the_last_word_counts_and_what_reached_nobody_is_none(state: State) -> None:
    """Told nine o'clock; then something happened to a message about Friday."""
    later = told("1", FRIDAY, generation=2, state=state, message_id="later")
    messages = correct(off("1", FRIDAY), journal=known(told(), later)).messages
    corrected = [message.correction.told for message in messages if message.correction]
    nobody = {State.FAILED, State.UNDELIVERED, State.RELEASED}
    expected = [at(FRIDAY)] if state in SURE else [at(WEDNESDAY)] if state in nobody else []
    assert corrected == expected


def test_who_knows_that_it_is_off_is_not_told_again() -> None:
    said = notified(reminder=CANCELLATION, run_now="2026-11-24 09:00")
    assert not correct(off(), journal=known(told(revoked=True), replace(said, revoked=True))).changes


@pytest.mark.parametrize(
    ("now", "row", "tells"),
    [
        ("2026-11-25 08:59", off(), True),  # on the day itself
        ("2026-11-25 09:00", off(), False),  # its told start
        ("2026-11-25 08:59", moved(), True),
        ("2026-11-25 09:00", moved(), False),
        ("2026-11-25 08:29", moved("1", "2026-11-25 08:30"), True),
        ("2026-11-25 08:30", moved("1", "2026-11-25 08:30"), False),  # its new one
        ("2026-11-25 08:30", off("1", "2026-11-24 09:00"), True),  # where it is now says nothing of it
    ],
)
def test_never_after_the_told_start_or_the_new_one(now: str, row: Appointment, tells: bool) -> None:
    assert bool(correct(row, now=now).messages) is tells


def test_from_the_told_start_on_no_change_is_noted_and_none_counts_for_the_brake() -> None:
    assert correct(off(), now="2026-11-25 08:59").changes
    assert not correct(off(), now="2026-11-25 09:00").changes


def test_a_confirmed_booking_is_corrected_by_email_alone() -> None:
    confirmed = notified(reminder=CONFIRMATION, run_now="2026-11-24 09:00")
    journal = Known(confirmations={"1": (replace(confirmed, route=Route(Channel.EMAIL, ADDRESS)),)})
    (message,) = correct(off(), journal=journal).messages
    assert message.routes == (Route(Channel.EMAIL, ADDRESS),)


# ---------------------------------------------------------------- seen before


@pytest.mark.parametrize(
    ("change", "seen_at", "tells"),
    [
        (Change("1", told().message_id, None), SEEN, True),
        (Change("1", told().message_id, None), TEN, False),  # by this very run, or one by a wrong clock
        (Change("1", told().message_id, at(FRIDAY)), SEEN, False),  # then it had moved
        (Change("1", "another", None), SEEN, False),  # that was before they were told anew
    ],
)
def test_an_earlier_complete_run_saw_the_same(change: Change, seen_at: str, tells: bool) -> None:
    journal = known(told(), changes={"1": SeenChange(change, at(seen_at))})
    planned = correct(off(), journal=journal, seen=False)
    assert bool(planned.messages) is tells
    assert planned.changes == (Change("1", told().message_id, None),)
    assert reasons(planned) == ([] if tells else [Reason.NOT_YET_DUE])


# ---------------------------------------------------------------- one message for a person and start


def test_two_chairs_are_called_off_in_one_message_once_both_were_seen() -> None:
    journal = known(told("1"), told("2"))
    assert sent(correct(off("1"), off("2"), journal=journal)) == [(CANCELLATION, ["1", "2"])]
    one = {"1": SeenChange(Change("1", told("1").message_id, None), at(SEEN))}
    assert not correct(off("1"), off("2"), journal=replace(journal, changes=one), seen=False).messages


def test_of_two_chairs_the_one_that_stands_says_that_it_stands() -> None:
    assert not correct(off("1"), appointment("2"), journal=known(told("1"), told("2"))).changes


def test_a_part_that_is_off_and_a_part_that_moved_are_one_message_about_the_move() -> None:
    planned = correct(off("1"), moved("2"), journal=known(told("1"), told("2")))
    assert sent(planned) == [(MOVE, ["2"])]


def test_what_is_too_long_for_one_text_is_said_of_the_first_alone() -> None:
    """Two chairs were told for nine o'clock, and moved to different days; the text about both is too long."""

    def parts(name: str, channel: Channel, rows: Sequence[Appointment], _: Correction | None = None) -> int:
        return 9 if len(rows) > 1 else 1

    rows = moved("1", FRIDAY, email=""), moved("2", "2026-11-26 10:30", email="")
    planned = correct(*rows, journal=known(told("1"), told("2")), parts=parts)
    assert sent(planned) == [(MOVE, ["2"])]
    assert planned.messages[0].routes == (BY_SMS,)


def test_each_start_has_its_own_message_soonest_first() -> None:
    later = "2026-11-25 11:00"
    planned = correct(off("2", later), off("1"), journal=known(told("1"), told("2", later)))
    assert sent(planned) == [(CANCELLATION, ["1"]), (CANCELLATION, ["2"])]


@pytest.mark.parametrize(
    ("other", "is_theirs"),
    [
        ({"customer_id": "17"}, True),
        ({"customer_id": "17", "last_name": "Neu", "mobile": OTHER_NUMBER}, True),  # whatever it says else
        ({"customer_id": "99", "last_name": "Muster", "mobile": NUMBER}, True),  # a second record of theirs
        ({"customer_id": "99", "last_name": "Muster", "mobile": OTHER_NUMBER}, False),  # a namesake
        ({"customer_id": "99", "last_name": "Fremd", "mobile": NUMBER}, False),  # a shared telephone
        ({"customer_id": "17", "status": "Storniert"}, False),  # off itself
    ],
)
def test_another_row_of_theirs_at_that_start(other: dict[str, object], is_theirs: bool) -> None:
    from terminbenachrichtigung.rules.people import name_of

    row = off("1", last_name="Muster")
    journal = known(told(name=name_of(row, b"")))
    assert bool(correct(row, appointment("2", WEDNESDAY, **other), journal=journal).messages) is not is_theirs


def test_who_was_told_in_a_way_that_nobody_knows_is_corrected_all_the_same() -> None:
    """A person settled as sent what had no attempt; somebody else has the same start."""
    journal = known(replace(told(), route=None))
    planned = correct(off(), appointment("2", WEDNESDAY, customer_id="99"), journal=journal)
    assert sent(planned) == [(CANCELLATION, ["1"])]


def test_which_word_was_the_last_is_said_by_the_journal_s_clock() -> None:
    """Reminded of Wednesday by a run whose clock was years ahead; then Friday was confirmed."""
    wrong = told(run_now=at("2028-03-01 10:00"), claimed_at=at("2026-11-23 10:00"))
    later = notified(start=FRIDAY, reminder=CONFIRMATION, run_now="2026-11-23 12:00")
    confirmed = replace(later, route=Route(Channel.EMAIL, ADDRESS), claimed_at=at("2026-11-23 12:00"))
    journal = replace(known(wrong), confirmations={"1": (confirmed,)})
    assert correct(moved(), journal=journal) == PlannedCorrections()


# ---------------------------------------------------------------- which rules hold


REFUSED = [
    ({"is_group": True}, {}, Reason.GROUP_APPOINTMENT),
    ({"type_notifiable": False}, {}, Reason.TYPE_NOT_ALLOWED),
    ({}, {"exclude_branches": ("HH*",)}, Reason.BRANCH_EXCLUDED),
    ({"preferred_channel": "keine"}, {}, Reason.OPTED_OUT),
    ({"reminder_consent": False}, {"require_consent": True}, Reason.NO_CONSENT),
    ({"preferred_channel": "brief"}, {}, Reason.MANUAL_CONTACT),
    ({"mobile": "", "email": ""}, {}, Reason.NO_CONTACT),
]


@pytest.mark.parametrize(("changes", "rules", "reason"), REFUSED)
@pytest.mark.parametrize("changed", [off, moved])
def test_the_rules_that_hold(
    changed: object, changes: dict[str, object], rules: dict[str, object], reason: Reason
) -> None:
    planned = correct(changed(**changes), configured=made(**rules))  # type: ignore[operator, arg-type]
    assert (planned.messages, reasons(planned)) == ((), [reason])
    assert planned.changes  # a later run may tell it
    assert not planned.moved  # so the reminder waits for nothing


def test_only_recipients_and_opt_outs_hold() -> None:
    assert reasons(correct(off(), configured=made(only_recipients=[ADDRESS]))) == []
    assert reasons(correct(off(email=""), configured=made(only_recipients=["+49171"]))) == [Reason.HELD_BACK]
    journal = known(told(), opted_out=frozenset({NUMBER, ADDRESS}))
    assert reasons(correct(off(), journal=journal)) == [Reason.OPTED_OUT]


def test_the_hour_of_a_booking_the_day_and_the_gap_hold_nothing_back() -> None:
    row = off(created_at="2026-11-24 09:30", last_contacted_at="2026-11-24 09:55")
    assert correct(row, configured=made(hours_after_booking=6)).messages


def test_an_appointment_told_at_four_times_a_day_is_told_no_fifth_but_that_it_is_off() -> None:
    starts = [WEDNESDAY, "2026-11-25 10:00", "2026-11-25 11:00", "2026-11-25 12:00"]
    journal = known(
        *(
            told(
                "1", start, generation=number, message_id=str(number), run_now=at(f"2026-11-24 0{number}:00")
            )
            for number, start in enumerate(starts, 1)
        )
    )
    fifth = correct(moved(), journal=journal)
    assert (reasons(fifth), sent(fifth)) == ([Reason.ALREADY_NOTIFIED], [])
    assert correct(off(), journal=journal).messages


# ---------------------------------------------------------------- how it reaches them


@pytest.mark.parametrize(
    ("changes", "routes"),
    [
        ({}, [NUMBER, ADDRESS]),
        ({"mobile": f"{OTHER_NUMBER}; {NUMBER}"}, [NUMBER, ADDRESS]),  # still named: it comes first
        ({"mobile": OTHER_NUMBER}, [OTHER_NUMBER, ADDRESS]),  # named no more
        ({"preferred_channel": "email"}, [NUMBER, ADDRESS]),  # the channel that told them comes first
        ({"preferred_channel": "email", "mobile": OTHER_NUMBER}, [ADDRESS, OTHER_NUMBER]),
        ({"sms_allowed": False}, [ADDRESS]),
    ],
)
def test_the_way_that_told_them_comes_first(changes: dict[str, object], routes: list[str]) -> None:
    (message,) = correct(off(**changes)).messages
    assert [route.recipient for route in message.routes] == routes


def test_a_refused_recipient_is_not_tried_again() -> None:
    (message,) = correct(off(), journal=known(told(), rejected={"1": frozenset({NUMBER})})).messages
    assert [route.recipient for route in message.routes] == [ADDRESS]


def test_only_the_channels_of_the_reminder_that_told_them_are_used() -> None:
    both = made(reminders=[reminder(channels=("sms",)), reminder(48, "Post", channels=("email",))])
    for by, recipient in ((NAME, NUMBER), ("Post", ADDRESS)):
        (message,) = correct(off(), journal=known(told(reminder=by)), configured=both).messages
        assert [route.recipient for route in message.routes] == [recipient]


def test_of_a_renamed_reminder_the_channels_of_all_are_used() -> None:
    journal = known(replace(told(), reminder="Früher"))
    (message,) = correct(off(), journal=journal).messages
    assert [route.recipient for route in message.routes] == [NUMBER, ADDRESS]


# ---------------------------------------------------------------- the reminder's place


def test_it_takes_the_place_of_the_reminder_in_whose_window_the_new_start_lies() -> None:
    near = "2026-11-25 09:30"
    (message,) = correct(moved("1", near)).messages
    assert message.correction is not None
    assert message.correction.takes_place_of == ((NAME, "1"),)
    (far,) = correct(moved()).messages
    assert far.correction is not None
    assert far.correction.takes_place_of == ()


def test_it_takes_no_place_where_a_shorter_reminder_has_told_that_start_before() -> None:
    """Told half past nine by the shorter one, then nine o'clock by the longer one, and back to half past."""
    near, lead = "2026-11-25 09:30", {NAME: 24, "Lang": 48}
    chosen = made(reminders=[reminder(hours, name) for name, hours in lead.items()])
    journal = known(told("1", near), replace(told(), reminder="Lang", message_id="long"))
    (message,) = correct(moved("1", near), journal=journal, configured=chosen).messages
    assert message.correction is not None
    assert message.correction.takes_place_of == ()


@pytest.mark.parametrize(
    ("row", "until"),
    [
        (off("1", FRIDAY), WEDNESDAY),  # where it is now says nothing
        (off("1", "2026-11-24 11:00"), WEDNESDAY),
        (moved("1", FRIDAY), WEDNESDAY),
        (moved("1", "2026-11-24 16:00"), "2026-11-24 16:00"),
    ],
)
def test_it_comes_too_late_from_the_first_start_that_it_names_on(row: Appointment, until: str) -> None:
    (message,) = correct(row).messages
    assert message.until == at(until)


@pytest.mark.parametrize(
    ("now", "corrected", "reminded"),
    [
        (TEN, {"1": True}, False),  # in its place
        (TEN, {"1": False}, False),  # it waits
        ("2026-11-24 18:30", {"1": False}, True),  # its last chance begins
        ("2026-11-24 18:30", {"1": True}, False),
        (TEN, {}, True),
    ],
)
def test_a_reminder_waits_for_its_correction(now: str, corrected: dict[str, bool], reminded: bool) -> None:
    row, chosen = moved("1", "2026-11-25 09:30"), made()
    planned = plan((row,), replace(situation(chosen, known(told()), now, short), corrected=corrected))
    assert bool(planned.messages) is reminded
    assert [skip.reason for skip in planned.skips] == ([] if reminded else [Reason.SUPERSEDED])


def test_explain_names_the_correction_that_takes_a_reminder_s_place() -> None:
    row, chosen = moved("1", "2026-11-25 09:30"), made()
    asked = replace(situation(chosen, known(told()), TEN, short), corrected={"1": True})
    (judgement,) = judge((row,), asked)
    first = judgement.first()
    assert first is not None
    assert (first.reason, first.detail) == (Reason.SUPERSEDED, f"by the correction {MOVE}")


def test_what_waits_and_what_goes_out_is_said_to_the_reminders() -> None:
    near = moved("1", "2026-11-25 09:30")
    assert correct(near, seen=False).moved == {"1": False}
    assert correct(near).moved == {"1": True}
    assert correct(off()).moved == {}  # there is no new start to tell


# ---------------------------------------------------------------- the brake


@pytest.mark.parametrize(
    ("off_count", "told_count", "held"),
    [
        (5, 5, False),  # five are never too many
        (6, 30, False),  # a fifth, and no more
        (6, 29, True),
        (7, 35, False),
        (7, 34, True),
    ],
)
def test_more_than_five_and_more_than_a_fifth_are_held(off_count: int, told_count: int, held: bool) -> None:
    rows = [
        (off if number <= off_count else appointment)(str(number), WEDNESDAY, customer_id=str(number))
        for number in range(1, told_count + 1)
    ]
    journal = known(*(replace(told(row.appointment_id), customer_id=row.customer_id or "") for row in rows))
    planned = correct(*rows, journal=journal)
    assert (planned.held is not None) is held
    assert len(planned.messages) == (0 if held else off_count)
    assert len(correct(*rows, journal=journal, allowed=True).messages) == off_count
    assert len(planned.changes) == off_count  # seen they are all the same


def test_while_the_brake_holds_reminders_wait_for_no_correction() -> None:
    rows = [moved(str(number), "2026-11-25 09:30", customer_id=str(number)) for number in range(1, 8)]
    journal = known(*(replace(told(row.appointment_id), customer_id=row.customer_id or "") for row in rows))
    assert correct(*rows, journal=journal).moved == {}
    assert set(correct(*rows, journal=journal, allowed=True).moved.values()) == {True}


def test_what_waits_and_what_is_gone_counts_for_no_brake() -> None:
    rows = [off(str(number), WEDNESDAY, customer_id=str(number)) for number in range(1, 8)]
    journal = known(*(replace(told(row.appointment_id), customer_id=row.customer_id or "") for row in rows))
    assert correct(*rows, journal=journal, seen=False).held is None
    assert correct(*rows[:5], journal=journal).held is None
