"""`journal forget`: what the journal holds of one customer goes at once, and nobody is told twice."""

from collections.abc import Iterator

import pytest

from practice import Practice, local, number, reminder
from terminbenachrichtigung.demo.loopback import Answer, LoopbackGateway
from terminbenachrichtigung.demo.preparation import GATEWAYS

ELEVEN = "2026-11-24 11:00"
TWELVE = "2026-11-24 12:00"
SEVENTEEN = number(17)


@pytest.fixture
def lox24() -> Iterator[LoopbackGateway]:
    with GATEWAYS["lox24"]() as made:
        yield made


@pytest.fixture
def told(either_practice: Practice, lox24: LoopbackGateway) -> Practice:
    """Two customers were told at ten; the first has answered, and is known under a number and an address."""
    practice = either_practice
    lox24._clock = practice.clock
    practice.gateway = lox24  # type: ignore[assignment]
    practice.configure(
        sms={"base_url": lox24.url, "sender": "+491715550000", **lox24.settings},
        replies={"enabled": True},
        staff_list={"recipients": []},
    )
    practice.book("1")
    practice.book("2", customer=18)
    practice.run_once()
    for customer, text in ((17, "Bin in Kur"), (18, "Wie lange dauert es?")):
        (job,) = [job for job in lox24.jobs if job.recipient.endswith(number(customer)[3:])]
        lox24.reply(job, text, at=local("2026-11-24 10:30"))
        if customer == 17:
            lox24.reply(job, "Mein Name ist Hase", at=local("2026-11-24 10:40"), named=False)
    practice.run_once(now=ELEVEN)
    return practice


def holds(practice: Practice, word: str) -> list[str]:
    """The tables of the journal in which a word stands, in any column."""
    tables = [
        f"journal_{name}"
        for name in (
            "messages",
            "attempts",
            "notifications",
            "replies",
            "staff_done",
            "reported",
            "leftovers",
        )
    ]
    return [
        table
        for table in tables
        if any(
            word in str(value) for row in practice.sql(f"SELECT * FROM {table}", "journal") for value in row
        )
    ]


def hashes(practice: Practice, customer: str = "17") -> set[tuple[bool, bool]]:
    """Of each notification: whether there is a name, and a recipient."""
    rows = practice.sql(
        "SELECT name, first_recipient FROM journal_notifications WHERE customer_id = :customer",
        "journal",
        customer=customer,
    )
    return {(bool(row.name), bool(row.first_recipient)) for row in rows}


def test_numbers_and_replies_go_at_once_and_nobody_elses(told: Practice) -> None:
    assert holds(told, SEVENTEEN[1:]) == ["journal_messages", "journal_attempts", "journal_replies"]
    assert holds(told, "Kur") == holds(told, "Hase") == ["journal_replies"]
    ran = told.run("journal", "forget", "17", now=ELEVEN)
    assert ran.exit_code == 0
    assert "forgotten the numbers and addresses of 1 message" in " ".join(ran.stdout.split())
    assert "Hashes stay until 1 appointment ahead will be over." in ran.stdout
    assert [holds(told, word) for word in (SEVENTEEN[1:], "Kur", "Hase")] == [[], [], []]
    assert holds(told, number(18)[1:]) == ["journal_messages", "journal_attempts", "journal_replies"]
    assert holds(told, "dauert") == ["journal_replies"]


def test_nobody_is_told_twice_after_it_and_nothing_is_news(told: Practice) -> None:
    told.run("journal", "forget", "17", now=ELEVEN)
    sent = len(told.gateway.jobs)
    ran = told.run_once(now=TWELVE)  # the gateway hands the replies out again
    assert (ran.exit_code, ran.outcomes, ran.json["replies"]) == (0, {}, [])
    assert ran.reasons == {"1": "already_notified", "2": "already_notified"}
    # A merged record is still the same person, by its name.
    told.change("1", customer_id="1717")
    ran = told.run_once(now="2026-11-24 13:00")
    assert (ran.outcomes, ran.reasons["1"]) == ({}, "already_notified")
    assert len(told.gateway.jobs) == sent


def test_the_staff_list_has_nothing_of_them(told: Practice) -> None:
    def listed() -> list[str]:
        found = told.run("staff-list", "--json", now=ELEVEN).json["customers"]
        return [each["customer_id"] for each in found]

    assert listed() == ["17", "18"]
    told.run("journal", "forget", "17", now=ELEVEN)
    assert listed() == ["18"]  # nor as told at a number that the schedule does not name


def test_the_hashes_go_when_the_appointments_ahead_are_over(told: Practice) -> None:
    told.run("journal", "forget", "17", now=ELEVEN)
    assert hashes(told) == {(True, True)}
    told.run_once(now="2026-11-25 20:00")
    assert hashes(told) == {(True, True)}  # a clock may be wrong by two days
    for day in range(1, 9):
        told.run_once(now=f"2026-12-0{day} 10:00")
    assert hashes(told) == {(False, False)}
    assert hashes(told, "18") == {(True, True)}


def test_of_what_is_over_they_go_at_once(told: Practice) -> None:
    told.run("journal", "forget", "17", now="2026-11-26 10:00")
    assert hashes(told) == {(False, False)}


def test_an_opt_out_stays(told: Practice) -> None:
    told.run("opt-out", "add", SEVENTEEN)
    told.run("journal", "forget", "17", now=ELEVEN)
    assert SEVENTEEN in told.run("opt-out", "list").stdout


def test_who_was_refused_is_not_tried_again_by_itself(practice: Practice) -> None:
    practice.gateway.script = lambda request: (
        Answer(status="NoRecipientFound") if request.operation == "SendSimpleSMS" else None
    )
    practice.book("1", email="")
    assert practice.run_once().outcomes == {"1": "failed"}
    practice.run("journal", "forget", "17", now=ELEVEN)
    ran = practice.run_once(now=TWELVE)
    assert (ran.exit_code, ran.outcomes) == (0, {})
    listed = practice.run("staff-list", "--json", now=TWELVE).json["customers"]
    assert [each["reason"] for each in listed] == ["failed"]


def test_a_moved_appointment_is_told_all_the_same(told: Practice) -> None:
    told.run("journal", "forget", "17", now=ELEVEN)
    told.change("1", starts_at="2026-11-25 09:30")
    assert told.run_once(now=TWELVE).outcomes == {"1": "sent"}


def test_an_unknown_customer_is_said_to_be_so(told: Practice) -> None:
    ran = told.run("journal", "forget", "71")
    assert ran.exit_code == 2
    assert "the journal has no message to this customer" in ran.stderr


def test_not_while_a_run_is_writing_to_them(told: Practice) -> None:
    told.sql("UPDATE journal_messages SET state = 'claimed' WHERE customer_id = '17'", "journal")
    ran = told.run("journal", "forget", "17")
    assert ran.exit_code == 2
    assert "a run is writing to the customer at this moment" in ran.stderr
    assert holds(told, "Kur") == ["journal_replies"]


def test_forgotten_twice_takes_what_came_since(told: Practice) -> None:
    told.run("journal", "forget", "17", now=ELEVEN)
    told.configure(reminders=[reminder(24), reminder(12, "kurz")], rules={"hours_between_messages": 1})
    told.run_once(now="2026-11-24 19:00")
    assert SEVENTEEN[1:] in "".join(job.recipient for job in told.gateway.jobs)
    assert told.run("journal", "forget", "17", now="2026-11-24 19:30").exit_code == 0
    assert holds(told, SEVENTEEN[1:]) == []
