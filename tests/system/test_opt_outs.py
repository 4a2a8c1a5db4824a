"""Opt-outs belong to a recipient, and beat the schedule (contract, sections 2, 3, 7 and 9)."""

import pytest

from practice import Practice, address, number


def test_whoever_opted_out_is_written_to_by_nobody_until_it_is_taken_back(either_practice: Practice) -> None:
    practice = either_practice
    practice.book("1", customer=1, email="")
    added = practice.run("opt-out", "add", "0171 55 00001")
    assert (added.exit_code, added.stdout) == (0, f"{number(1)} is not written to any more.\n")
    ran = practice.run_once()
    assert ran.reasons == {"1": "opted_out"}
    assert ran.exit_code == 0
    assert practice.received == 0
    assert practice.run("staff-list", "--json").json["customers"] == []  # she wants no call either
    assert practice.run("opt-out", "remove", number(1)).exit_code == 0
    assert practice.run_once().outcomes == {"1": "sent"}


def test_who_had_opted_out_already_is_said_so(either_practice: Practice) -> None:
    either_practice.run("opt-out", "add", number(1))
    again = either_practice.run("opt-out", "add", number(1))
    assert (again.exit_code, again.stdout) == (0, f"{number(1)} had opted out already.\n")


def test_the_other_channel_stays_open_and_the_next_number_takes_no_place(practice: Practice) -> None:
    practice.book("both", customer=1)
    practice.book("two numbers", customer=2, mobile=f"{number(2)}; {number(22)}", email="")
    practice.book("by mail", customer=3, preferred_channel="email", mobile="")
    for recipient in (number(1), number(2), address(3).upper()):
        practice.run("opt-out", "add", recipient)
    ran = practice.run_once()
    assert ran.outcomes == {"both": "sent"}
    assert practice.mailed == [address(1)]
    assert ran.reasons == {"two numbers": "opted_out", "by mail": "opted_out"}


def test_no_person_and_no_import_gets_around_it(practice: Practice) -> None:
    practice.book("1", customer=1, email="")
    practice.run("opt-out", "add", number(1))
    by_hand = practice.run("notify", "1", "--yes", "--json")
    assert practice.received == 0
    assert "opted_out" in by_hand.stdout
    practice.change("1", last_name="Anders", customer_id="99")
    assert practice.run_once().reasons == {"1": "opted_out"}


def test_a_confirmation_is_a_message_too(practice: Practice) -> None:
    practice.configure(confirmation={"enabled": True})
    practice.run_once()
    practice.book("1", "2026-12-24 09:00", customer=1, created_at="2026-11-24 10:30")
    practice.run("opt-out", "add", address(1))
    practice.run_once(now="2026-11-24 11:00")
    assert practice.mailed == []


def test_the_list_says_who_and_since_when(either_practice: Practice) -> None:
    assert either_practice.run("opt-out", "list").stdout == "Nobody has opted out.\n"
    either_practice.run("opt-out", "add", number(1))
    either_practice.run("opt-out", "add", number(1))  # twice is once
    (only,) = either_practice.run("opt-out", "list", "--json").json["opt_outs"]
    assert (only["recipient"], only["why"]) == (number(1), "by hand")
    assert number(1) in either_practice.run("opt-out", "list").stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("add", "nobody"), "neither a mobile number nor an e-mail address"),
        (("add", "a@"), "neither a mobile number nor an e-mail address"),
        # as copied from a customer's field: the second would be written to
        (("add", "0171 5500001; 0171 5500002"), "more than one number or address"),
        (("add", "040 123456, 0171 5500002"), "more than one number or address"),
        (("add", "0171 5500001 a@example.org"), "more than one number or address"),
        (("add", "a@example.org b@example.org"), "more than one number or address"),
        (("remove", "+491715500077"), "has not opted out"),
    ],
)
def test_wrong_usage_is_a_sentence(practice: Practice, arguments: tuple[str, ...], words: str) -> None:
    ran = practice.run("opt-out", *arguments)
    assert ran.exit_code == 2
    assert words in ran.stderr
