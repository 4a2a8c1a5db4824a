"""Who is meant: one person under two ids, one appointment under two ids (contract, section 4).

The appointment in question is 2, Ida Meier's, customer 18, on Wednesday at nine; it is told by SMS first.
"""

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
    planned,
    reminder,
    settings,
    verdicts,
)

from terminbenachrichtigung.contact.names import hashed_name, keyed_hash
from terminbenachrichtigung.model.journal import CONFIRMATION, JournalReply, Known, Notification, State
from terminbenachrichtigung.model.plan import Channel, Route
from terminbenachrichtigung.model.reply import Answer

KEY = b"a journal's"
IDA = appointment("2", customer_id="18", first_name="Ida", last_name="Meier")
TEN = "2026-11-25 10:00"
DAYS_AGO = "2026-11-22 12:00"


def told(
    name: str,
    *,
    number: str | None = NUMBER,
    appointment_id: str = "1",
    customer_id: str = "17",
    start: str = WEDNESDAY,
    state: State = State.SENT,
    by: str = NAME,
    revoked: bool = False,
    generation: int = 1,
    run_now: str = "2026-11-24 09:00",
) -> Notification:
    """What the journal has; by default of another appointment, for another customer's id."""
    return replace(
        notified(
            appointment_id,
            start,
            state,
            reminder=by,
            customer_id=customer_id,
            generation=generation,
            run_now=run_now,
        ),
        name=hashed_name(name, key=KEY),
        first_recipient=number and keyed_hash(number, KEY),
        revoked=revoked,
    )


def verdict(*notifications: Notification, beside: bool = False, **changes: object) -> str:
    row = replace(IDA, **changes)  # type: ignore[arg-type]
    journal = (
        known(name_key=KEY, told_beside=notifications) if beside else known(*notifications, name_key=KEY)
    )
    return verdicts(planned(row, journal=journal))["2"]


@pytest.mark.parametrize("beside", [False, True], ids=["a row of the window", "a row that is there no more"])
@pytest.mark.parametrize(
    ("notification", "expected"),
    [
        # the same person was told this start, for another id of the appointment
        pytest.param(told("Ida Meier"), "already_notified", id="name and first recipient"),
        pytest.param(told("Meier"), "already_notified", id="a part of the name, and the recipient"),
        pytest.param(told("", customer_id="18"), "already_notified", id="the customer's id, without a name"),
        pytest.param(told("Eva Kurz", customer_id="18"), "already_notified", id="the customer's id alone"),
        pytest.param(told("Ida Meier", state=State.UNKNOWN), "already_notified", id="perhaps told"),
        # somebody else, or something else
        pytest.param(told("Ida Meier", number=OTHER_NUMBER), "due", id="another number: a namesake"),
        pytest.param(told("Ida Meier", number=ADDRESS), "due", id="a recipient that comes second"),
        pytest.param(told("Ida Meier", number=None), "due", id="told by another system, nobody knows where"),
        pytest.param(told("Eva Meier"), "due", id="another first name: a family with one number"),
        pytest.param(told("", customer_id="17"), "due", id="no name is nobody's"),
        pytest.param(told("Ida Meier", start=TEN), "due", id="another start"),
        pytest.param(told("Ida Meier", by="Zwei Stunden"), "already_notified", id="by a past reminder"),
        pytest.param(told("Ida Meier", by=CONFIRMATION), "due", id="only confirmed"),
        pytest.param(told("Ida Meier", by="Terminabsage"), "due", id="only told that it was off"),
        # told, and it did not reach them, or holds no more
        pytest.param(told("Ida Meier", state=State.RELEASED), "due", id="released"),
        pytest.param(told("Ida Meier", state=State.FAILED), "due", id="failed"),
        pytest.param(told("Ida Meier", state=State.UNDELIVERED), "due", id="undelivered"),
        pytest.param(told("Ida Meier", revoked=True), "due", id="revoked since"),
        pytest.param(told("Eva Kurz", customer_id="18", revoked=True), "due", id="revoked, by id"),
    ],
)
def test_what_was_told_of_another_appointment_at_this_start(
    notification: Notification, expected: str, beside: bool
) -> None:
    assert verdict(notification, beside=beside) == expected


@pytest.mark.parametrize(
    ("notification", "expected"),
    [
        # on one and the same appointment the name alone is enough
        pytest.param(told("Ida Meier", appointment_id="2"), "already_notified", id="merged"),
        pytest.param(
            told("Ida Meier", appointment_id="2", number=OTHER_NUMBER),
            "already_notified",
            id="merged, with another number",
        ),
        pytest.param(told("Eva Kurz", appointment_id="2"), "due", id="given to somebody else"),
        pytest.param(told("", appointment_id="2"), "due", id="no name is nobody's"),
        pytest.param(
            told("Eva Kurz", appointment_id="2", customer_id="18"),
            "already_notified",
            id="renamed",
        ),
        pytest.param(told("Ida Meier", appointment_id="2", start=TEN), "due", id="moved"),
        pytest.param(told("Ida Meier", appointment_id="2", revoked=True), "due", id="off and on again"),
        pytest.param(
            told("Ida Meier", appointment_id="2", by="Erinnerung"), "already_notified", id="renamed reminder"
        ),
        pytest.param(told("Ida Meier", appointment_id="2", by=CONFIRMATION), "due", id="only confirmed"),
    ],
)
def test_what_was_told_of_the_appointment_itself(notification: Notification, expected: str) -> None:
    assert verdict(notification) == expected


@pytest.mark.parametrize(
    ("later", "expected"),
    [
        # what was told of appointment 1 after Ida Meier was told that it is at nine
        pytest.param(told("Ida Meier", start=TEN, generation=2), "due", id="she comes at ten"),
        pytest.param(
            told("Eva Kurz", customer_id="16", start=TEN, generation=2),
            "already_notified",
            id="another has it, at ten; she still comes at nine",
        ),
    ],
)
def test_what_a_person_was_told_since_is_what_that_person_believes(
    later: Notification, expected: str
) -> None:
    assert verdict(told("Ida Meier"), later) == expected


NINE, ELEVEN = WEDNESDAY, "2026-11-25 11:00"
OLD = "Erinnerung"  # the name that the reminder had, or another reminder that is there no more


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        # by whom, of which start, what became of it; oldest first. The appointment stands at nine.
        pytest.param(
            [(OLD, NINE, State.SENT), (NAME, NINE, State.RELEASED)], "already_notified", id="released"
        ),
        pytest.param([(OLD, NINE, State.SENT), (NAME, NINE, State.FAILED)], "already_notified", id="failed"),
        pytest.param(
            [(OLD, NINE, State.UNKNOWN), (NAME, NINE, State.RELEASED)], "already_notified", id="perhaps"
        ),
        pytest.param([(OLD, NINE, State.FAILED), (NAME, NINE, State.RELEASED)], "due", id="both told nobody"),
        pytest.param([(OLD, NINE, State.SENT), (NAME, ELEVEN, State.SENT)], "due", id="moved there and back"),
        pytest.param(
            [(NAME, NINE, State.SENT), (OLD, ELEVEN, State.SENT)], "due", id="the same, renamed later"
        ),
        pytest.param(
            [(NAME, ELEVEN, State.SENT), (OLD, NINE, State.SENT)], "already_notified", id="moved here"
        ),
        pytest.param([(OLD, ELEVEN, State.SENT), (NAME, NINE, State.RELEASED)], "due", id="of another start"),
        # by the reminder alone, as it always was
        pytest.param(
            [(NAME, NINE, State.SENT), (NAME, NINE, State.RELEASED)], "already_notified", id="again"
        ),
        pytest.param(
            [(NAME, NINE, State.SENT), (NAME, ELEVEN, State.RELEASED)], "already_notified", id="and back"
        ),
        pytest.param([(NAME, NINE, State.SENT), (NAME, ELEVEN, State.SENT)], "due", id="told both"),
    ],
)
def test_what_a_retired_reminder_told_counts_beside_what_the_reminder_itself_did(
    history: list[tuple[str, str, State]], expected: str
) -> None:
    journal = known(
        *(
            notified("2", start, state, reminder=by, generation=number)
            for number, (by, start, state) in enumerate(history, start=1)
        )
    )
    assert verdicts(planned(appointment("2", NINE), journal=journal)) == {"2": expected}


def test_what_a_retired_reminder_told_and_a_person_took_back_is_told_anew() -> None:
    told_before = replace(notified("2", reminder=OLD), revoked=True)
    journal = known(told_before, notified("2", state=State.RELEASED))
    assert verdicts(planned(appointment("2"), journal=journal)) == {"2": "due"}


def test_starts_are_compared_as_texts_show_them() -> None:
    start = at(WEDNESDAY).replace(second=59, microsecond=5)
    assert verdict(told("Ida Meier", appointment_id="2"), starts_at=start) == "already_notified"
    assert verdict(told("Ida Meier"), starts_at=start) == "already_notified"


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        pytest.param(frozenset({"18"}), "in_progress", id="another run's"),
        pytest.param(frozenset[str](), "already_notified", id="this run's own: as good as told"),
    ],
)
def test_an_open_claim_of_its_own_is_no_other_appointment(claims: frozenset[str], expected: str) -> None:
    claimed = told("Ida Meier", appointment_id="2", state=State.CLAIMED)
    journal = known(claimed, name_key=KEY, open_claims=claims)
    assert verdicts(planned(IDA, journal=journal))["2"] == expected


def times(*starts: str, name: str = "Ida Meier", run_now: str = "2026-11-24 09:00") -> list[Notification]:
    return [
        told(name, appointment_id="2", start=start, generation=number, run_now=run_now)
        for number, start in enumerate(starts, 1)
    ]


ELEVEN, TWELVE = "2026-11-25 11:00", "2026-11-25 12:00"


@pytest.mark.parametrize(
    ("notifications", "expected"),
    [
        # told one after the other, within a day; now it is at nine
        pytest.param(times(TEN, ELEVEN, TWELVE), "due", id="three times"),
        pytest.param(times(TEN, ELEVEN, TWELVE, TEN), "already_notified", id="four"),
        pytest.param(times(TEN, ELEVEN, TEN, ELEVEN), "already_notified", id="to and fro"),
        pytest.param(times(TEN, TEN, TEN, TEN), "due", id="one time, by several reminders"),
        pytest.param(times(TEN, ELEVEN, TWELVE, TEN, run_now=DAYS_AGO), "due", id="not within this day"),
        pytest.param(
            times(TEN, ELEVEN, TWELVE, TEN, run_now="2026-11-23 10:00"), "due", id="exactly a day ago is over"
        ),
        pytest.param(
            times(TEN, ELEVEN, TWELVE, TEN, run_now="2026-11-24 10:00"), "already_notified", id="just now"
        ),
        pytest.param(
            times(TEN, ELEVEN, TWELVE, TEN, run_now="2026-11-24 10:01"), "due", id="by a clock that was wrong"
        ),
        pytest.param(times(TEN, ELEVEN, TWELVE, TEN, name="Eva Kurz"), "due", id="to somebody else"),
    ],
)
def test_who_was_told_at_four_times_within_a_day_is_told_no_fifth(
    notifications: list[Notification], expected: str
) -> None:
    assert verdict(*notifications) == expected


def test_a_reminder_s_own_word_goes_before_one_of_the_past() -> None:
    """Told nine by the old one, then ten by this one: moved back to nine, it is told anew."""
    old = told("Ida Meier", appointment_id="2", by="Erinnerung")
    own = told("Ida Meier", appointment_id="2", start=TEN, run_now=DAYS_AGO)
    assert verdict(old, own) == "due"


def test_a_reminder_that_is_configured_is_not_of_the_past() -> None:
    """What the longer lead told leaves the shorter one to tell it too."""
    both = settings(reminders=(reminder(24), reminder(48, "Zwei Tage")))
    journal: Known = known(
        told("Ida Meier", by="Zwei Tage"),
        told("Ida Meier", appointment_id="2", by="Zwei Tage", run_now="2026-11-20 09:00"),
        name_key=KEY,
    )
    assert [m.reminder for m in planned(IDA, journal=journal, configured=both).messages] == [NAME]


@pytest.mark.parametrize(
    ("notification", "sender", "expected"),
    [
        # to what a yes was the answer, and whence; customer 18 is Ida Meier
        pytest.param(
            told("Ida Meier", appointment_id="2"),
            OTHER_NUMBER,
            "confirmed",
            id="this one, before the merging",
        ),
        pytest.param(
            told("Eva Kurz", appointment_id="2"), NUMBER, "due", id="this one, somebody else's then"
        ),
        pytest.param(told("Ida Meier"), OTHER_NUMBER, "due", id="another one, of a namesake perhaps"),
        pytest.param(told("Ida Meier"), NUMBER, "confirmed", id="another one, before the merging"),
        pytest.param(told("Eva Kurz"), NUMBER, "due", id="another one, of somebody at her number"),
        pytest.param(
            told("", customer_id="18"), OTHER_NUMBER, "confirmed", id="another one of hers at this start"
        ),
        pytest.param(
            told("Ida Meier", appointment_id="2", revoked=True), NUMBER, "due", id="told since: off"
        ),
    ],
)
def test_whose_yes_confirms_an_appointment(notification: Notification, sender: str, expected: str) -> None:
    early = replace(notification, reminder="Vorab")
    yes = JournalReply("r", sender, "ja", Answer.YES, at("2026-11-24 09:30"), "m", (early,))
    asks = settings(reminders=(reminder() | {"unless_confirmed": True}, reminder(72, "Vorab")))
    result = planned(IDA, journal=known(replies=[yes], name_key=KEY), configured=asks)
    assert {skip.reason.value for skip in result.skips if skip.reminder == NAME} == (
        set() if expected == "due" else {expected}
    )


STARTS = ("2026-11-25 13:00", "2026-11-25 14:00", "2026-11-25 15:00", "2026-11-25 16:00")
FOUR_TIMES = [
    notified("1", start, generation=number, run_now="2026-11-24 08:00")
    for number, start in enumerate(STARTS, 1)
]


@pytest.mark.parametrize(
    ("told", "detail"),
    [
        # what the journal has; what is said of it
        pytest.param([notified("1")], "sent", id="this row"),
        pytest.param([notified("2")], "sent as appointment 2", id="the same start, another row"),
        pytest.param([notified("2", state=State.UNKNOWN)], "unknown as appointment 2", id="perhaps"),
        pytest.param([notified("1"), notified("2")], "sent", id="both: this row comes first"),
        pytest.param(
            [notified("1", state=State.RELEASED), notified("2")],
            "sent as appointment 2",
            id="this one in vain",
        ),
        pytest.param(FOUR_TIMES, "told at 4 different times within a day", id="moved too often"),
        pytest.param(
            [*FOUR_TIMES, notified("2")],
            "sent as appointment 2",
            id="moved too often, and told as another row",
        ),
    ],
)
def test_why_somebody_is_told_already_is_said(told: list[Notification], detail: str) -> None:
    (skip,) = planned(appointment(), journal=known(*told)).skips
    assert (skip.reason.value, skip.detail) == ("already_notified", detail)


@pytest.mark.parametrize("state", [State.FAILED, State.RELEASED])
def test_of_the_times_within_a_day_one_that_nobody_heard_does_not_count(state: State) -> None:
    told = [*FOUR_TIMES[:3], replace(FOUR_TIMES[3], state=state)]
    assert [message.customer_id for message in planned(appointment(), journal=known(*told)).messages] == [
        "17"
    ]


@pytest.mark.parametrize("state", [State.FAILED, State.UNDELIVERED])
@pytest.mark.parametrize(("recipient", "told"), [(OTHER_NUMBER, False), ("", True)])
def test_of_a_refusal_whose_recipient_is_forgotten_nobody_knows_whether_another_one_is_left(
    state: State, recipient: str, told: bool
) -> None:
    """The customer asked that their numbers go: a person tells them."""
    journal = known(replace(notified("1", state=state), route=Route(Channel.SMS, recipient)))
    assert (verdicts(planned(appointment(), journal=journal))["1"] == "already_notified") is told


@pytest.mark.parametrize(
    ("told_by", "expected"),
    [
        # which reminder told the row before it was made anew; what becomes of the two
        pytest.param("Vorab", {"Vorab": "already_notified", NAME: "due"}, id="the longer one"),
        pytest.param(NAME, {"Vorab": "superseded", NAME: "already_notified"}, id="the shorter one"),
    ],
)
def test_what_a_shorter_reminder_told_of_a_row_that_was_made_anew_no_longer_one_tells_again(
    told_by: str, expected: dict[str, str]
) -> None:
    two = settings(reminders=(reminder(48, "Vorab"), reminder(24)))
    result = planned(appointment("2"), journal=known(notified("1", reminder=told_by)), configured=two)
    found = {skip.reminder: skip.reason.value for skip in result.skips}
    assert found | {message.reminder: "due" for message in result.messages} == expected


@pytest.mark.parametrize(
    ("starts", "expected"),
    [
        # what the reminder said under its earlier name, oldest first
        pytest.param([TEN, WEDNESDAY], "already_notified", id="moved to where it is"),
        pytest.param([WEDNESDAY, TEN], "due", id="moved, and back since"),
    ],
)
def test_of_what_a_reminder_said_under_another_name_the_latest_counts(
    starts: list[str], expected: str
) -> None:
    told = [notified("1", start, reminder="Alt", generation=each) for each, start in enumerate(starts, 1)]
    assert verdicts(planned(appointment(), journal=known(*told)))["1"] == expected


@pytest.mark.parametrize(
    ("told", "again"),
    [
        ([], []),
        # its own word is the latest one; then that of a reminder of the past is
        ([notified("1", TEN)], []),
        ([notified("1", TEN), notified("1", "2026-11-25 11:00", reminder="Alt")], [f"{NAME}/1/1"]),
    ],
)
def test_a_message_repeats_what_was_told_before_a_reminder_of_the_past_told_otherwise(
    told: list[Notification], again: list[str]
) -> None:
    (message,) = planned(appointment(), journal=known(*told)).messages
    assert message.again == frozenset(again)


@pytest.mark.parametrize(
    ("changes", "start", "expected"),
    [
        # the second row at the same start, of another customer's id: whose is it?
        ({}, WEDNESDAY, "already_notified"),
        ({"first_name": "Eva"}, WEDNESDAY, "due"),  # a family with one number
        ({"mobile": "0171 5555556"}, WEDNESDAY, "due"),  # a namesake
        ({}, TEN, "due"),
        ({"customer_id": "18"}, WEDNESDAY, "due"),  # two chairs, said once
    ],
)
def test_who_has_an_appointment_in_two_records_is_told_once(
    changes: dict[str, object], start: str, expected: str
) -> None:
    other = appointment(
        "3", start, **{"customer_id": "19", "first_name": "Ida", "last_name": "Meier"} | changes
    )
    assert verdicts(planned(IDA, other)) == {"2": "due", "3": expected}


@pytest.mark.parametrize("nothing", ["NULL", "NaT", "-", ""])
def test_an_appointment_given_from_one_nameless_customer_to_another_is_told_anew(nothing: str) -> None:
    """A view that writes NULL in place of names gives all of its customers one name."""
    nobody = told(nothing, appointment_id="2", customer_id="17")
    assert verdict(nobody, first_name=nothing, last_name=nothing) == "due"
