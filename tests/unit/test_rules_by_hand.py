"""What a person may send by hand: which rules are passed, and which never (contract, section 7)."""

import pytest
from rules_scene import (
    NAME,
    NOW,
    a_part_each,
    appointment,
    known,
    messages,
    notified,
    one_part,
    reminder,
    settings,
    situation,
    verdicts,
    wrote,
)

from terminbenachrichtigung.config.settings import Settings
from terminbenachrichtigung.model.appointment import Appointment
from terminbenachrichtigung.model.journal import Known, State
from terminbenachrichtigung.model.plan import Plan, Reason
from terminbenachrichtigung.rules.by_hand import plan_by_hand
from terminbenachrichtigung.rules.contact import Parts

EARLY = "Vorankündigung"


def by_hand(
    *rows: Appointment,
    now: str = NOW,
    journal: Known | None = None,
    parts: Parts = one_part,
    configured: Settings | None = None,
    named: str = NAME,
    again: bool = False,
    **rules: object,
) -> Plan:
    chosen = configured or settings(**rules)  # type: ignore[arg-type]
    return plan_by_hand(rows, situation(chosen, journal, now, parts), reminder=named, again=again)


TOMORROW = "2026-11-25 09:00"


@pytest.mark.parametrize(
    ("start", "changes", "rules", "journal"),
    [
        pytest.param(TOMORROW, {}, {}, known(), id="due anyway"),
        pytest.param("2026-12-24 09:00", {}, {}, known(), id="a window that opens weeks later"),
        pytest.param("2026-11-24 10:01", {}, {}, known(), id="the same day, in a minute"),
        pytest.param(TOMORROW, {"type_notifiable": False}, {}, known(), id="a type without the flag"),
        pytest.param(TOMORROW, {"created_at": NOW}, {"hours_after_booking": 24}, known(), id="just booked"),
        pytest.param(TOMORROW, {}, {}, known(contacted=wrote(NOW)), id="a message a moment ago"),
        pytest.param(TOMORROW, {"last_contacted_at": NOW}, {}, known(), id="called a moment ago"),
        pytest.param(TOMORROW, {}, {}, known(notified(state=State.RELEASED)), id="released before"),
        pytest.param(TOMORROW, {}, {}, known(notified(start="2026-11-25 11:00")), id="moved since"),
        pytest.param(TOMORROW, {}, {}, known(notified(reminder=EARLY)), id="told by an earlier reminder"),
    ],
)  # fmt: skip
def test_by_hand_passes(
    start: str, changes: dict[str, object], rules: dict[str, object], journal: Known
) -> None:
    both = settings(reminders=(reminder(24), reminder(72, EARLY)), **rules)  # type: ignore[arg-type]
    found = by_hand(appointment("1", start, **changes), journal=journal, configured=both)
    assert messages(found) == [(NAME, ["1"])]
    assert found.messages[0].again == frozenset()  # nothing that was told may be told once more


@pytest.mark.parametrize(
    ("reason", "start", "changes", "rules", "journal"),
    [
        (Reason.NO_CUSTOMER, TOMORROW, {"customer_id": None}, {}, known()),
        (Reason.GROUP_APPOINTMENT, TOMORROW, {"is_group": True}, {}, known()),
        (Reason.STATUS_EXCLUDED, TOMORROW, {"status": "storniert "}, {}, known()),
        (Reason.BRANCH_EXCLUDED, TOMORROW, {}, {"exclude_branches": ("HH*",)}, known()),
        (Reason.PAST, NOW, {}, {}, known()),  # it starts at this moment
        (Reason.OPTED_OUT, TOMORROW, {"preferred_channel": "none"}, {}, known()),
        (Reason.NO_CONSENT, TOMORROW, {"reminder_consent": False}, {"require_consent": True}, known()),
        (Reason.MANUAL_CONTACT, TOMORROW, {"preferred_channel": "Brief"}, {}, known()),
        (Reason.NO_CONTACT, TOMORROW, {"mobile": "", "email": ""}, {}, known()),
        (Reason.HELD_BACK, TOMORROW, {}, {"only_recipients": ("+491719999999",)}, known()),
        (Reason.IN_PROGRESS, TOMORROW, {}, {}, known(open_claims=frozenset({"17"}))),
        (Reason.ALREADY_NOTIFIED, TOMORROW, {}, {}, known(notified())),
        (Reason.ALREADY_NOTIFIED, TOMORROW, {}, {}, known(notified(state=State.UNKNOWN))),
        (Reason.ALREADY_NOTIFIED, TOMORROW, {}, {}, known(notified(state=State.ADOPTED))),
    ],
)  # fmt: skip
def test_by_hand_never_passes(
    reason: Reason, start: str, changes: dict[str, object], rules: dict[str, object], journal: Known
) -> None:
    configured = settings(**rules)  # type: ignore[arg-type]
    result = by_hand(appointment("1", start, **changes), journal=journal, configured=configured)
    assert verdicts(result) == {"1": reason}


@pytest.mark.parametrize("state", [State.SENT, State.DELIVERED, State.UNKNOWN, State.ADOPTED])
def test_again_repeats_what_was_told_and_names_exactly_that_message(state: State) -> None:
    told = notified(state=state)
    (message,) = by_hand(appointment(), journal=known(told), again=True).messages
    assert message.again == {told.message_id}
    assert by_hand(appointment(), journal=known(told)).messages == ()


def test_again_does_not_pass_an_open_claim() -> None:
    journal = known(notified(state=State.CLAIMED), open_claims=frozenset({"17"}))
    assert verdicts(by_hand(appointment(), journal=journal, again=True)) == {"1": Reason.IN_PROGRESS}


def test_a_reminder_closer_to_the_appointment_counts_as_told_unless_again() -> None:
    both = settings(reminders=(reminder(24), reminder(72, EARLY)))
    told = known(notified())
    assert verdicts(by_hand(appointment(), journal=told, configured=both, named=EARLY)) == {
        "1": Reason.SUPERSEDED
    }
    repeated = by_hand(appointment(), journal=told, configured=both, named=EARLY, again=True)
    assert messages(repeated) == [(EARLY, ["1"])]


def test_a_customer_gets_one_message_and_only_about_what_was_chosen() -> None:
    result = by_hand(
        appointment("2", "2026-12-01 09:00"),
        appointment("1"),
        appointment("3", customer_id="18", mobile="", email="b@example.org"),
    )
    assert messages(result) == [(NAME, ["1", "2"]), (NAME, ["3"])]
    assert all(message.gap_waived for message in result.messages)
    assert all(message.again == frozenset() for message in result.messages)


def test_a_text_that_would_be_too_long_becomes_several_messages() -> None:
    rows = [appointment(str(day), f"2026-12-0{day} 09:00", email="") for day in range(1, 6)]
    result = by_hand(*rows, parts=a_part_each, sms={"max_parts": 3})
    assert messages(result) == [(NAME, ["1", "2", "3"]), (NAME, ["4", "5"])]
