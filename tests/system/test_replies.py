"""What customers answer: fetched, matched, understood, told once; and who said stop is texted no more."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from practice import Practice, Ran, local, number, reminder
from terminbenachrichtigung.demo.loopback import Answer, Job, LoopbackGateway, Request
from terminbenachrichtigung.demo.preparation import GATEWAYS

ELEVEN = "2026-11-24 11:00"
TWELVE = "2026-11-24 12:00"
ONE = "2026-11-24 13:00"
OURS = "+491715550000"
ANSWERED = ("lox24", "seven")


@pytest.fixture(params=ANSWERED)
def gateway(request: pytest.FixtureRequest) -> Iterator[LoopbackGateway]:
    """Either gateway that can be answered."""
    with GATEWAYS[request.param]() as made:
        yield made


@pytest.fixture
def lox24() -> Iterator[LoopbackGateway]:
    """One of them, where it makes no difference."""
    with GATEWAYS["lox24"]() as made:
        yield made


def answered_by(practice: Practice, gateway: LoopbackGateway, **replies: Any) -> Practice:
    """The practice with this gateway, and replies switched on."""
    gateway._clock = practice.clock
    practice.gateway = gateway  # type: ignore[assignment]
    practice.configure(
        sms={"base_url": gateway.url, "sender": OURS, **gateway.settings},
        replies={"enabled": True, **replies},
    )
    return practice


@pytest.fixture
def told(practice: Practice, lox24: LoopbackGateway) -> Practice:
    """A practice in which one customer was told of one appointment, by SMS, at ten."""
    answered_by(practice, lox24)
    practice.book("1")
    assert practice.run_once().outcomes == {"1": "sent"}
    return practice


def job_to(practice: Practice, customer: int = 17, nth: int = -1) -> Job:
    return [job for job in practice.gateway.jobs if job.recipient.endswith(number(customer)[3:])][nth]


def says(practice: Practice, text: str, at: str = "2026-11-24 10:30", customer: int = 17, **how: Any) -> None:
    practice.gateway.reply(job_to(practice, customer), text, at=local(at), **how)


def kinds(ran: Ran) -> list[tuple[str, str | None]]:
    return [(each["kind"], each["customer_id"]) for each in ran.json["replies"]]


def opted_out(practice: Practice) -> list[str]:
    found = practice.run("opt-out", "list", "--json").json["opt_outs"]
    return [each["recipient"] for each in found]


def test_each_kind_of_answer_is_fetched_once_and_told_once(
    either_practice: Practice, gateway: LoopbackGateway
) -> None:
    practice = answered_by(either_practice, gateway)
    for customer in (1, 2, 3, 4):
        practice.book(str(customer), customer=customer)
    practice.run_once()
    says(practice, "Ja", customer=1)
    says(practice, "nein", customer=2)
    says(practice, "Kann ich um 10 Uhr kommen?", customer=3)
    says(practice, "STOP", customer=4)
    ran = practice.run_once(now=ELEVEN)
    assert ran.exit_code == 1
    assert sorted(kinds(ran)) == [
        ("confirmed", "1"),
        ("opted_out", "4"),
        ("reply", "3"),
        ("wants_to_cancel", "2"),
    ]
    assert len(ran.json["news"]) == 3  # who confirmed is no news
    assert opted_out(practice) == [number(4)]
    again = practice.run_once(now=TWELVE)  # the gateway hands the same out again
    assert (again.exit_code, kinds(again)) == (0, [])


def test_replies_are_off_by_default(told: Practice) -> None:
    told.configure(replies=None)
    says(told, "nein")
    told.gateway.requests.clear()
    ran = told.run_once(now=ELEVEN)
    assert (ran.exit_code, kinds(ran)) == (0, [])
    assert not [each for each in told.gateway.requests if each.path == "/incomings"]


def test_nothing_is_fetched_in_a_quiet_period(told: Practice) -> None:
    says(told, "nein")
    told.gateway.requests.clear()
    assert told.run_once(now="2026-11-24 21:00").exit_code == 0
    assert told.gateway.requests == []
    assert kinds(told.run_once(now="2026-11-25 08:00")) == [("wants_to_cancel", "17")]


def test_a_dry_run_fetches_nothing(told: Practice) -> None:
    says(told, "STOP")
    told.gateway.requests.clear()
    assert told.run("dry-run", "--json", now=ELEVEN).exit_code == 0
    assert told.gateway.requests == []
    assert opted_out(told) == []


# ---------------------------------------------------------------- told once, and at least once


def test_news_that_was_not_written_out_is_told_by_the_next_run(told: Practice) -> None:
    says(told, "nein")
    told.sql(
        "CREATE TRIGGER full BEFORE UPDATE OF told ON journal_replies BEGIN SELECT RAISE(FAIL, 'no'); END",
        "journal",
    )
    told.run_once(now=ELEVEN)
    told.sql("DROP TRIGGER full", "journal")
    assert kinds(told.run_once(now=TWELVE)) == [("wants_to_cancel", "17")]
    assert kinds(told.run_once(now=ONE)) == []


def test_a_later_yes_overtakes_a_no(told: Practice) -> None:
    says(told, "nein", at="2026-11-24 10:20")
    says(told, "ja", at="2026-11-24 10:40")
    ran = told.run_once(now=ELEVEN)
    assert (ran.exit_code, kinds(ran)) == (0, [("noted", "17"), ("confirmed", "17")])


def test_a_no_that_the_gateway_hands_out_a_day_late_does_not_undo_a_later_yes(told: Practice) -> None:
    says(told, "ja", at="2026-11-24 10:40")
    assert kinds(told.run_once(now=ELEVEN)) == [("confirmed", "17")]
    says(told, "nein", at="2026-11-24 10:20")
    ran = told.run_once(now=TWELVE)
    assert (ran.exit_code, kinds(ran)) == (0, [("noted", "17")])


# ---------------------------------------------------------------- which message it answers


def test_without_the_messages_id_the_newest_message_to_the_number_is_meant(
    either_practice: Practice, gateway: LoopbackGateway
) -> None:
    practice = answered_by(either_practice, gateway)
    practice.configure(reminders=[reminder(72, "früh"), reminder(24)])
    practice.book("1", "2026-11-25 09:00")
    practice.book("2", "2026-11-27 09:00")
    practice.run_once()
    practice.run_once(now="2026-11-26 10:00")
    says(practice, "nein", at="2026-11-26 15:00", named=False)
    ran = practice.run_once(now="2026-11-26 16:00")
    assert [each["appointment_ids"] for each in ran.json["replies"]] == [["2"]]


def test_a_reply_goes_to_the_message_before_it_however_late_it_is_handed_out(told: Practice) -> None:
    told.book("2", "2026-11-26 09:00")
    told.run_once(now="2026-11-25 10:00")
    says(told, "nein", at="2026-11-24 15:00", named=False)
    ran = told.run_once(now="2026-11-25 11:00")
    assert [each["appointment_ids"] for each in ran.json["replies"]] == [["1"]]


def test_a_number_that_two_customers_share_decides_nothing(told: Practice) -> None:
    told.book("2", "2026-11-25 10:30", customer=18, mobile=number(17))
    told.run_once(now=ELEVEN)
    says(told, "ja", at="2026-11-24 11:10", named=False)
    says(told, "nein", at="2026-11-24 11:20", named=False)
    ran = told.run_once(now=TWELVE)
    assert (ran.exit_code, kinds(ran)) == (1, [("reply", None), ("reply", None)])


def test_one_customer_under_two_ids_shares_nothing(told: Practice) -> None:
    told.book("2", "2026-11-26 10:30", customer=18, mobile=number(17), last_name="Berger17")
    told.run_once(now="2026-11-25 11:00")
    says(told, "nein", at="2026-11-25 11:10", named=False)
    assert kinds(told.run_once(now="2026-11-25 12:00")) == [("wants_to_cancel", "18")]


def test_a_stranger_is_listed_and_may_say_stop(told: Practice) -> None:
    says(told, "Wer ist da?", sender="+491719999999", named=False)
    says(told, "stop", sender="+491718888888", named=False)
    ran = told.run_once(now=ELEVEN)
    assert sorted(kinds(ran)) == [("opted_out", None), ("reply", None)]
    assert opted_out(told) == ["+491718888888"]


def test_a_reply_after_more_than_seven_days_belongs_to_no_message(told: Practice) -> None:
    says(told, "ja", at="2026-12-01 10:30", named=False)
    assert kinds(told.run_once(now="2026-12-01 11:00")) == [("reply", None)]


# ---------------------------------------------------------------- stop


def test_nobody_who_said_stop_is_texted(either_practice: Practice, gateway: LoopbackGateway) -> None:
    practice = answered_by(either_practice, gateway)
    practice.book("1", "2026-11-25 09:00", email="")
    practice.run_once()
    practice.book("2", "2026-11-26 09:00", email="")
    says(practice, "Stopp")
    practice.run_once(now=ELEVEN)
    ran = practice.run_once(now="2026-11-25 10:00")
    assert ran.reasons["2"] == "opted_out"
    assert practice.texted == [number(17)]


def test_the_run_that_fetches_a_stop_heeds_it(told: Practice) -> None:
    told.book("2", "2026-11-25 20:00", email="")
    says(told, "stop", at="2026-11-24 10:30")
    told.configure(rules={"hours_between_messages": 1})
    ran = told.run_once(now="2026-11-24 19:00")
    assert ran.reasons["2"] == "opted_out"


def test_an_opt_out_that_was_taken_back_is_not_renewed_by_the_same_reply(told: Practice) -> None:
    says(told, "stop")
    told.run_once(now=ELEVEN)
    assert told.run("opt-out", "remove", number(17)).exit_code == 0
    told.run_once(now=TWELVE)
    assert opted_out(told) == []


# ---------------------------------------------------------------- faults


@pytest.mark.parametrize(
    "answer",
    [
        Answer(http_status=500),
        Answer(http_status=401),
        Answer(body="<html>"),
        Answer(body='"nothing"'),
        Answer(hang_up=True),
    ],
    ids=["500", "401", "no JSON", "no list", "hung up"],
)
def test_a_gateway_that_cannot_be_asked_is_a_warning_and_asked_again(told: Practice, answer: Answer) -> None:
    says(told, "nein")
    told.gateway.script = lambda request: answer if request.path == "/incomings" else None
    ran = told.run_once(now=ELEVEN)
    assert [each for each in ran.json["warnings"] if "what customers answered" in each]
    assert kinds(ran) == []
    told.gateway.script = None
    assert kinds(told.run_once(now=TWELVE)) == [("wants_to_cancel", "17")]


def test_all_pages_are_read(told: Practice) -> None:
    for minute in range(35):
        says(told, f"Frage {minute}", at=f"2026-11-24 10:{minute + 10}", sender=number(minute), named=False)
    assert len(kinds(told.run_once(now=ELEVEN))) == 35


def test_replies_that_there_was_no_time_for_are_warned_about_and_read_by_the_next_run(
    practice: Practice, gateway: LoopbackGateway
) -> None:
    """By a clock that a question puts on. What is left lies behind what the next run gives first again."""
    answered_by(practice, gateway)
    practice.book("1")
    practice.run_once()
    says(practice, "nein", at="2026-11-24 10:20")
    for nth in range(350):
        says(practice, f"Frage {nth}", at="2026-11-24 10:30", sender=OURS, named=False)

    def slow(request: Request) -> None:
        if request.operation in {"incomings", "inbound"}:
            practice.pass_time(10)

    practice.gateway.script = slow
    ran = practice.run_once(now=ELEVEN)
    assert not [each for each in kinds(ran) if each == ("wants_to_cancel", "17")]
    assert [each for each in ran.json["warnings"] if "no time to fetch all that customers answered" in each]
    later = [practice.run_once(now=f"2026-11-24 {hour}:00") for hour in (12, 13, 14, 15)]
    assert ("wants_to_cancel", "17") in [each for ran in later for each in kinds(ran)]
    assert any(not ran.json["warnings"] for ran in later)


def test_a_gateway_that_gives_the_same_page_for_ever_is_left(told: Practice) -> None:
    page = {"hydra:member": [{"uuid": "a", "from": number(17), "text": "nein", "received_at": 1795000000}]}
    told.gateway.script = lambda request: (
        Answer(body=json.dumps(page)) if request.path == "/incomings" else None
    )
    told.run_once(now=ELEVEN)
    asked = [request for request in told.gateway.requests if request.path == "/incomings"]
    assert len(asked) <= 2 + 1


def test_what_is_dated_far_ahead_waits(told: Practice) -> None:
    says(told, "nein", at="2026-11-27 10:00")
    assert kinds(told.run_once(now=ELEVEN)) == []


def test_replies_come_back_after_a_run_whose_clock_was_ahead(told: Practice) -> None:
    told.run_once(now="2028-03-01 10:00")
    says(told, "nein")
    assert kinds(told.run_once(now=ELEVEN)) == [("wants_to_cancel", "17")]


# ---------------------------------------------------------------- privacy


def test_texts_and_numbers_are_shown_where_a_person_asks_and_nowhere_else(told: Practice) -> None:
    says(told, "Bin im Krankenhaus\x1b[2J, bitte anrufen")
    ran = told.run("-v", "run-once", now=ELEVEN)
    assert ran.exit_code == 1
    shown = ran.stdout + ran.stderr
    assert "Krankenhaus" not in shown
    assert number(17) not in shown


def test_the_quiet_report_says_what_to_do(told: Practice) -> None:
    says(told, "Nein!")
    ran = told.run("run-once", "--quiet", now=ELEVEN)
    assert ran.exit_code == 1
    assert "wants_to_cancel: customer 17 (+49171•••017), appointment 1: the customer will not come" in (
        " ".join(ran.stdout.split())
    )
    assert told.run("run-once", "--quiet", now=TWELVE).stdout == ""


CANNOT = [
    # what the configuration says of the sender; what config check says
    ({"sender": "OptikNord"}, "sms.sender"),
    ({"provider": "smscreator"}, "smscreator"),
]


@pytest.mark.parametrize(("sms", "word"), CANNOT)
def test_config_check_refuses_who_cannot_be_answered(
    told: Practice, sms: Mapping[str, str], word: str
) -> None:
    told.configure(sms=dict(sms))
    ran = told.run("config", "check")
    assert ran.exit_code == 2
    assert "with replies.enabled" in ran.stderr
    assert word in ran.stderr


def test_config_check_refuses_a_branch_that_cannot_be_answered(told: Practice, tmp_path: Path) -> None:
    told.configure(branches={"HH1": {"sms_sender": "OptikHH"}})
    ran = told.run("config", "check")
    assert ran.exit_code == 2
    assert "branches.HH1.sms_sender" in ran.stderr


# ---------------------------------------------------------------- the staff list


def to_call(practice: Practice, now: str = ELEVEN) -> list[tuple[str, str]]:
    """Customer and reason, in the order of the list."""
    listed = practice.run("staff-list", "--json", now=now).json["customers"]
    return [(each["customer_id"], each["reason"]) for each in listed]


def test_who_wants_to_cancel_is_first_and_who_asked_is_quoted(
    either_practice: Practice, gateway: LoopbackGateway
) -> None:
    practice = answered_by(either_practice, gateway)
    practice.book("1", "2026-11-25 08:30", customer=1, mobile="", email="", preferred_channel="Brief")
    practice.book("2", "2026-11-25 08:40", customer=2)
    practice.book("3", "2026-11-25 08:50", customer=3)
    practice.book("4", "2026-11-25 09:00", customer=4)
    practice.run_once()
    says(practice, "Kann ich meine Tochter\x1b[2J mitbringen?", customer=2)
    says(practice, "NEIN", customer=3)
    says(practice, "ja", customer=4)
    practice.run_once(now=ELEVEN)
    assert to_call(practice) == [("3", "wants_to_cancel"), ("1", "manual_contact"), ("2", "reply")]
    listed = practice.run("staff-list", now=ELEVEN).stdout
    assert "Kann ich meine Tochter [2J mitbringen?" in " ".join(listed.split())
    assert "\x1b" not in listed
    (asked,) = practice.run("staff-list", "--json", now=ELEVEN).json["customers"][2]["appointments"]
    assert asked["said"] == [
        {
            "at": "2026-11-24T10:30:00+01:00",
            "text": "Kann ich meine Tochter [2J mitbringen?",
            "answer": "other",
        }
    ]


SETTLES = [
    # what happens; who is on the list then
    pytest.param(lambda told: told.cancel("1"), [], id="cancelled, as they asked"),
    pytest.param(lambda told: told.remove("1"), [], id="taken out"),
    pytest.param(lambda told: told.run("staff-list", "done", "1", now=ELEVEN), [], id="ticked off"),
    pytest.param(lambda told: told.change("1", last_contacted_at="2026-11-24 10:45"), [], id="called since"),
    pytest.param(
        lambda told: told.change("1", last_contacted_at="2026-11-24 10:15"),
        [("17", "wants_to_cancel")],
        id="called before",
    ),
    pytest.param(
        lambda told: told.change("1", starts_at="2026-11-25 09:30"),
        [("17", "wants_to_cancel")],
        id="moved, and nobody told them",
    ),
]


@pytest.mark.parametrize(("settle", "listed"), SETTLES)
def test_what_settles_the_wish_to_cancel(
    told: Practice, settle: Callable[[Practice], object], listed: list[tuple[str, str]]
) -> None:
    says(told, "nein")
    told.run_once(now=ELEVEN)
    assert to_call(told) == [("17", "wants_to_cancel")]
    settle(told)
    assert to_call(told, "2026-11-24 11:10") == listed


def test_told_of_the_new_start_the_wish_to_cancel_the_old_one_is_over(told: Practice) -> None:
    says(told, "nein")
    told.run_once(now=ELEVEN)
    told.change("1", starts_at="2026-11-25 09:30")
    assert told.run_once(now=TWELVE).outcomes == {"1": "sent"}
    assert to_call(told, TWELVE) == []


MADE_ANEW = [
    # what the desk does after she was told as customer 17 of appointment 1, and who she is then
    pytest.param(lambda told: told.remove("1"), {}, "17", id="deleted and made anew"),
    pytest.param(lambda told: told.cancel("1"), {}, "17", id="cancelled and made anew"),
    pytest.param(
        lambda told: told.remove("1"),
        {"customer": 18, "last_name": "Berger17", "mobile": "0171 5500017", "email": ""},
        "18",
        id="deleted and made anew, her record merged with another",
    ),
]


@pytest.mark.parametrize("answered_first", [True, False])
@pytest.mark.parametrize(("off", "columns", "customer"), MADE_ANEW)
def test_the_wish_to_cancel_holds_for_the_row_that_was_made_anew(
    told: Practice,
    off: Callable[[Practice], object],
    columns: dict[str, Any],
    customer: str,
    answered_first: bool,
) -> None:
    if answered_first:
        says(told, "nein")
        told.run_once(now=ELEVEN)
    off(told)
    told.book("2", **columns)
    if not answered_first:
        says(told, "nein")
        told.run_once(now=ELEVEN)
    assert told.run_once(now=TWELVE).outcomes == {}
    assert to_call(told, TWELVE) == [(customer, "wants_to_cancel")]
    found = told.run("search", "--json", "--state", "wants-to-cancel", now=TWELVE).json["appointments"]
    assert "2" in [each["appointment_id"] for each in found]


def test_a_namesake_s_answer_is_nobody_else_s(told: Practice) -> None:
    says(told, "nein")
    told.run_once(now=ELEVEN)
    told.remove("1")
    told.book("2", customer=18, last_name="Berger17")  # at another number
    told.run_once(now=TWELVE)
    assert to_call(told, TWELVE) == []


def test_a_row_made_anew_for_a_merged_record_is_as_confirmed_as_before(told: Practice) -> None:
    told.configure(reminders=[reminder(48, "früh"), reminder(24) | {"unless_confirmed": True}])
    told.change("1", starts_at="2026-11-26 09:30")
    told.run_once(now=ELEVEN)
    says(told, "ja", at="2026-11-24 11:30")
    told.run_once(now=TWELVE)
    told.remove("1")
    told.book("2", "2026-11-26 09:30", customer=18, last_name="Berger17", mobile=number(17), email="")
    assert told.run_once(now="2026-11-25 10:00").outcomes == {}


def test_who_changed_their_mind_after_it_was_cancelled_is_called(told: Practice) -> None:
    says(told, "nein", at="2026-11-24 10:20")
    told.run_once(now=ELEVEN)
    told.cancel("1")
    assert to_call(told) == []
    says(told, "ja", at="2026-11-24 11:20")
    told.run_once(now=TWELVE)
    assert to_call(told, TWELVE) == [("17", "cancelled")]


def test_a_question_about_a_cancelled_appointment_is_read(told: Practice) -> None:
    told.cancel("1")
    says(told, "Wieso das?")
    told.run_once(now=ELEVEN)
    (entry,) = told.run("staff-list", "--json", now=ELEVEN).json["customers"]
    assert {each["text"] for each in entry["appointments"][0]["said"]} == {"Wieso das?"}


def test_a_strangers_answer_is_listed_by_the_number_until_it_is_ticked_off(told: Practice) -> None:
    says(told, "Falsche Nummer!", sender="+491719999999", named=False)
    says(told, "ja", sender="+491719999999", named=False)
    told.run_once(now=ELEVEN)
    (entry,) = told.run("staff-list", "--json", now=ELEVEN).json["customers"]
    assert (entry["customer_id"], entry["starts_at"]) == ("+491719999999", None)
    assert (entry["mobile"], entry["appointment_ids"]) == ("+491719999999", ["+491719999999"])
    assert {each["text"] for each in entry["appointments"][0]["said"]} == {"Falsche Nummer!", "ja"}
    assert told.run("staff-list", "done", "+491719999999", now=ELEVEN).exit_code == 0
    assert to_call(told) == []


def test_an_answer_that_comes_when_all_is_over_is_read_as_well(told: Practice) -> None:
    says(told, "Habe es vergessen, tut mir leid", at="2026-11-25 09:10")
    ran = told.run_once(now="2026-11-25 10:00")
    assert (ran.exit_code, kinds(ran)) == (1, [("reply", "17")])
    assert to_call(told, "2026-11-25 10:10") == [("17", "reply")]
    assert told.run("staff-list", "done", "1", now="2026-11-25 10:20").exit_code == 0
    assert to_call(told, "2026-11-25 10:30") == []


def test_an_answer_that_was_listed_before_its_appointment_goes_with_it(told: Practice) -> None:
    says(told, "Bin fünf Minuten später da")
    told.run_once(now=ELEVEN)
    assert to_call(told) == [("17", "reply")]
    assert to_call(told, "2026-11-25 09:10") == []


def test_the_page_and_the_mail_show_what_was_answered(told: Practice) -> None:
    says(told, "<b>Komme</b> später")
    told.run_once(now=ELEVEN)
    told.run("staff-list", "--html", str(told.folder / "liste.html"), now=ELEVEN)
    page = (told.folder / "liste.html").read_text(encoding="utf-8")
    assert "Antwort 24.11.2026, 10:30 Uhr: „&lt;b&gt;Komme&lt;/b&gt; später“" in page
    told.configure(staff_list={"recipients": ["empfang@example.org"], "send_at": "07:30"})
    told.run_once(now=TWELVE)
    (mail,) = told.mail.received
    body = mail.message.get_body(("plain",))
    assert body is not None
    assert "Hat auf die SMS geantwortet" in body.get_content()


# ---------------------------------------------------------------- who confirmed


@pytest.fixture
def answered(told: Practice) -> Practice:
    """One confirmed, one will not come, one asked something, one said nothing."""
    told.book("2", "2026-11-25 09:10", customer=2)
    told.book("3", "2026-11-25 09:20", customer=3)
    told.book("4", "2026-11-25 09:30", customer=4)
    told.run_once(now="2026-11-24 10:10")
    says(told, "Ja!")
    says(told, "Nein", customer=2)
    says(told, "Wie lange dauert das?", customer=3)
    told.run_once(now=ELEVEN)
    return told


@pytest.mark.parametrize(
    ("state", "expected"),
    [("confirmed", ["1"]), ("wants-to-cancel", ["2"]), ("sent", ["1", "2", "3", "4"]), ("not-notified", [])],
)
def test_tomorrows_list_can_show_who_confirmed(answered: Practice, state: str, expected: list[str]) -> None:
    options = ("--day", "2026-11-25", "--state", state)
    ran = answered.run("search", "--json", *options, now=ELEVEN)
    assert [each["appointment_id"] for each in ran.json["appointments"]] == expected


def test_search_says_what_was_answered(answered: Practice) -> None:
    rows = answered.run("search", "--json", now=ELEVEN).json["appointments"]
    assert [each["state"] for each in rows] == ["confirmed", "wants-to-cancel", "sent", "sent"]
    assert [[reply["text"] for reply in each["replies"]] for each in rows] == [
        ["Ja!"],
        ["Nein"],
        ["Wie lange dauert das?"],
        [],
    ]
    assert "confirmed (sent)" in answered.run("search", now=ELEVEN).stdout


def test_explain_and_history_show_the_answer(answered: Practice) -> None:
    explained = answered.run("explain", "1", now=ELEVEN)
    assert "Answered 2026-11-24 10:30 (confirmed): Ja!" in explained.stdout
    assert answered.run("explain", "1", "--json", now=ELEVEN).json["replies"][0]["answer"] == "yes"
    shown = answered.run("history", "--appointment", "2", now=ELEVEN).stdout
    assert "2026-11-24 10:30 answered (no): Nein" in shown
    (message,) = answered.run("history", "--json", "--appointment", "3", now=ELEVEN).json["messages"]
    assert message["replies"] == [
        {
            "at": "2026-11-24T10:30:00+01:00",
            "sender": number(3),
            "answer": "other",
            "text": "Wie lange dauert das?",
        }
    ]
    assert "answered: Wie lange dauert das?" in answered.run("history", "--csv", now=ELEVEN).stdout


def test_a_moved_appointment_is_confirmed_no_more(answered: Practice) -> None:
    answered.change("1", starts_at="2026-11-25 11:00")
    rows = answered.run("search", "--json", "--customer", "17", now=ELEVEN).json["appointments"]
    assert [each["state"] for each in rows] == ["not-notified"]


def test_a_reminder_with_unless_confirmed_leaves_alone_who_confirmed(
    either_practice: Practice, gateway: LoopbackGateway
) -> None:
    practice = answered_by(either_practice, gateway)
    second = reminder(24) | {"unless_confirmed": True}
    practice.configure(reminders=[reminder(72, "früh"), second], rules={"hours_between_messages": 1})
    practice.book("1", "2026-11-27 09:00", customer=1)
    practice.book("2", "2026-11-27 09:10", customer=2)
    practice.run_once()
    practice.run_once(now=ELEVEN)
    says(practice, "ok", at="2026-11-24 11:30", customer=1)
    practice.run_once(now=TWELVE)
    ran = practice.run_once(now="2026-11-26 10:00")
    assert ran.outcomes == {"2": "sent"}
    assert [each["reason"] for each in ran.json["skipped"] if each["appointment_id"] == "1"] == [
        "confirmed",
        "already_notified",
    ]
    # and where she takes it back, she is reminded after all
    says(practice, "nein", at="2026-11-26 10:30", customer=1)
    assert practice.run_once(now="2026-11-26 11:00").outcomes == {"1": "sent"}


# ---------------------------------------------------------------- the figures


def test_the_figures_know_who_confirmed_and_came(answered: Practice) -> None:
    says(answered, "ja", at="2026-11-25 09:40", customer=4)  # when it was over
    says(answered, "ja", customer=2, at="2026-11-24 12:30")  # a no, then a yes
    says(answered, "Schönen Tag!", customer=2, at="2026-11-24 12:40")
    answered.run_once(now="2026-11-25 10:00")
    answered.change("1", status="Geplatzt")
    ran = answered.run(
        "figures", "--json", "--from", "2026-11-20", "--to", "2026-11-30", now="2026-11-26 10:00"
    )
    groups = ran.json["total"]["appointments"]
    assert groups["told"]["count"] == 4
    assert groups["confirmed"]["count"] == 2
    assert (groups["confirmed"]["came"]["count"], groups["confirmed"]["no_show"]["count"]) == (1, 1)
    csv = answered.run(
        "figures", "--csv", "--from", "2026-11-20", "--to", "2026-11-30", now="2026-11-26 10:00"
    ).stdout.splitlines()
    total = dict(zip(csv[0].split(","), csv[1].split(","), strict=True))
    assert (total["confirmed_came"], total["confirmed_no_show"], total["told_came"]) == ("1", "1", "3")


def test_config_check_says_that_nobody_can_confirm(practice: Practice) -> None:
    practice.configure(reminders=[reminder() | {"unless_confirmed": True}])
    ran = practice.run("config", "check")
    assert ran.exit_code == 0
    assert "unless_confirmed of Terminerinnerung means nothing" in ran.stdout + ran.stderr


# ---------------------------------------------------------------- off and on again


def test_who_confirmed_and_was_told_that_it_is_off_is_told_anew(told: Practice) -> None:
    told.configure(reminders=[reminder() | {"unless_confirmed": True}])
    says(told, "ja")
    told.run_once(now=ELEVEN)
    told.cancel("1")
    assert to_call(told) == [("17", "cancelled")]
    assert told.run("staff-list", "done", "1", now="2026-11-24 11:30").exit_code == 0
    told.change("1", status="Geplant")
    ran = told.run_once(now=TWELVE)
    assert ran.outcomes == {"1": "sent"}
    rows = told.run("search", "--json", now=TWELVE).json["appointments"]
    assert [each["state"] for each in rows] == ["sent"]  # the yes was to what was off since


@pytest.fixture
def correcting(told: Practice) -> Practice:
    told.configure(corrections={"enabled": True})
    return told


def test_an_ok_to_a_cancellation_confirms_nothing_and_a_no_is_read(correcting: Practice) -> None:
    correcting.cancel("1")
    correcting.run_once(now=ELEVEN)
    assert correcting.run_once(now=TWELVE).outcomes == {"1": "sent"}
    says(correcting, "ok", at="2026-11-24 12:10")
    says(correcting, "Nein", at="2026-11-24 12:20")
    ran = correcting.run_once(now=ONE)
    assert (ran.exit_code, kinds(ran)) == (1, [("noted", "17"), ("reply", "17")])
    assert to_call(correcting, ONE) == [("17", "reply")]
    rows = correcting.run("search", "--json", now=ONE).json["appointments"]
    assert "confirmed" not in {each["state"] for each in rows}


def test_a_yes_to_the_new_time_confirms_it(correcting: Practice) -> None:
    correcting.change("1", starts_at="2026-11-27 15:00")
    correcting.run_once(now=ELEVEN)
    assert correcting.run_once(now=TWELVE).outcomes == {"1": "sent"}
    says(correcting, "ja", at="2026-11-24 12:10")
    assert kinds(correcting.run_once(now=ONE)) == [("confirmed", "17")]
    rows = correcting.run("search", "--json", "--state", "confirmed", now=ONE).json["appointments"]
    assert [each["starts_at"] for each in rows] == ["2026-11-27T15:00:00+01:00"]


def test_who_said_stop_hears_of_no_correction(correcting: Practice) -> None:
    says(correcting, "STOP")
    correcting.run_once(now=ELEVEN)
    correcting.cancel("1")
    for now in (TWELVE, ONE, "2026-11-24 14:00"):
        correcting.run_once(now=now)
    assert len(correcting.gateway.jobs) == 1
