"""The staff list as a file, and by e-mail: once a day for each list and recipient, beside all messages."""

import os
import signal
import stat
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from practice import Practice, Ran, address
from terminbenachrichtigung.demo.mailserver import HANG_UP, Received

DESK, ALTONA = "empfang@example.org", "altona@example.org"
BEFORE, IN_TIME = "2026-11-24 08:29", "2026-11-24 08:50"
TOMORROW = "2026-11-25 08:45"
EVENING = "2026-11-24 21:00"  # quiet, for customers


@pytest.fixture
def practice(practice: Practice) -> Practice:
    """Its list goes to the reception at half past eight; one customer wants a letter."""
    practice.configure(staff_list={"recipients": [DESK], "send_at": "08:30"})
    practice.book("letter", TOMORROW, customer=1, preferred_channel="Brief", last_name="Öztürk")
    return practice


def lists(practice: Practice) -> list[str]:
    """Who got the staff list, in order."""
    return [mail.recipient for mail in practice.mail.received if mail.recipient in (DESK, ALTONA)]


def run(practice: Practice, now: str) -> Ran:
    ran = practice.run("run-once", "--json", now=now)
    assert ran.stderr == ""
    return ran


def part(received: Received, kind: str) -> str:
    body = received.message.get_body((kind,))
    assert isinstance(body, EmailMessage)
    text: str = body.get_content()
    return text


# ---------------------------------------------------------------- when


def test_the_first_run_after_send_at_mails_the_list_and_no_other_one_that_day(
    either_practice: Practice,
) -> None:
    either_practice.configure(staff_list={"recipients": [DESK], "send_at": "08:30"})
    for day in ("2026-11-24", "2026-11-25"):
        either_practice.book(day, f"{day} 18:00", preferred_channel="Brief")
    sent = []
    for now in (BEFORE, IN_TIME, "2026-11-24 09:50", EVENING, "2026-11-25 08:31"):
        assert run(either_practice, now).exit_code == 0
        sent.append(len(lists(either_practice)))
    assert sent == [0, 1, 1, 1, 2]


def test_the_list_goes_out_in_a_quiet_period_too(practice: Practice) -> None:
    practice.configure(staff_list={"send_at": "20:30"})
    practice.book("1", TOMORROW, customer=2)
    ran = run(practice, EVENING)
    assert (ran.exit_code, ran.json["quiet"], practice.mailed, practice.texted) == (0, True, [DESK], [])


def test_an_empty_list_is_not_sent_and_goes_out_when_somebody_is_on_it(practice: Practice) -> None:
    practice.cancel("letter")
    run(practice, IN_TIME)
    assert lists(practice) == []
    practice.change("letter", status="Geplant")
    run(practice, "2026-11-24 09:50")
    assert lists(practice) == [DESK]


def test_the_customers_come_first(practice: Practice) -> None:
    practice.book("1", TOMORROW, customer=2, preferred_channel="email")
    run(practice, IN_TIME)
    assert practice.mailed == [address(2), DESK]


def test_a_braked_run_mails_no_list(practice: Practice) -> None:
    """A plan gone wrong makes a list gone wrong."""
    practice.configure(safety={"max_messages_per_run": 1})
    for customer in (2, 3):
        practice.book(str(customer), TOMORROW, customer=customer)
    assert run(practice, IN_TIME).json["stopped"]["reason"] == "brake"
    assert practice.mailed == []


# ---------------------------------------------------------------- to whom


def test_a_branch_gets_its_own_customers_and_the_reception_all(practice: Practice) -> None:
    practice.configure(branches={"hh2": {"staff_recipients": [ALTONA]}})
    practice.book("2", TOMORROW, customer=2, preferred_channel="Brief", branch_code="HH2 ")
    run(practice, IN_TIME)
    by_recipient = {mail.recipient: part(mail, "plain") for mail in practice.mail.received}
    assert set(by_recipient) == {DESK, ALTONA}
    assert ("Öztürk" in by_recipient[DESK], "Berger2" in by_recipient[DESK]) == (True, True)
    assert ("Öztürk" in by_recipient[ALTONA], "Berger2" in by_recipient[ALTONA]) == (False, True)


def test_a_branch_with_nobody_to_call_gets_no_mail(practice: Practice) -> None:
    practice.configure(staff_list={"recipients": []}, branches={"HH2": {"staff_recipients": [ALTONA]}})
    assert run(practice, IN_TIME).exit_code == 0
    assert practice.mailed == []


def test_only_recipients_holds_for_staff_too(practice: Practice) -> None:
    practice.configure(
        safety={"only_recipients": ["Altona@example.org"]}, staff_list={"recipients": [DESK, ALTONA]}
    )
    assert run(practice, IN_TIME).exit_code == 0
    assert practice.mailed == [ALTONA]


# ---------------------------------------------------------------- what


def test_the_mail_has_a_page_and_a_text_and_a_subject_that_names_nobody(practice: Practice) -> None:
    practice.change("letter", first_name="<b>Änne</b>")
    run(practice, IN_TIME)
    (mail,) = practice.mail.received
    assert mail.message["Subject"] == "Bitte anrufen: 1 Kunde (24.11.2026)"
    assert mail.message["Content-Language"] == "de"
    assert mail.message.get_content_type() == "multipart/alternative"
    text, page = part(mail, "plain"), part(mail, "html")
    assert "Frau <b>Änne</b> Öztürk" in text
    assert "Frau &lt;b&gt;Änne&lt;/b&gt; Öztürk" in page
    for words in ("Mittwoch, 25.11.2026", "08:45 Uhr", "+4917155000", "Kontaktwunsch: „Brief“."):
        assert words in text
        assert words in page


def test_a_wish_that_refuses_a_call_is_said_to_staff_as_it_was_typed(practice: Practice) -> None:
    practice.change("letter", preferred_channel="bitte kein Anruf")
    run(practice, IN_TIME)
    (mail,) = practice.mail.received
    assert "Kontaktwunsch: „bitte kein Anruf“." in part(mail, "plain")
    assert "einen Anruf" not in part(mail, "plain")


def test_a_staff_mail_is_no_message_to_a_customer(practice: Practice) -> None:
    """Not in the history, and it counts for no gap, though a customer has the same address."""
    practice.book("1", TOMORROW, customer=2, email=DESK, mobile="", preferred_channel="email")
    run(practice, IN_TIME)
    assert len(practice.mailed) == 2
    (message,) = practice.run("history", "--json").json["messages"]
    assert message["appointment_ids"] == ["1"]
    (both,) = practice.sql("SELECT count(*) FROM journal_messages", "journal")
    assert tuple(both) == (1,)


# ---------------------------------------------------------------- what goes wrong


def refuse(command: str, answer: str) -> Any:
    return lambda asked, to: answer if asked == command else None


SURELY_NOT_SENT = [
    # the mail server                                            what the run warns of
    pytest.param(refuse("MAIL", "451 later"), "451 later", id="has no time"),
    pytest.param(refuse("RCPT", "550 no such user"), "550 no such user", id="does not know the address"),
    pytest.param(refuse("DATA", "554 no lists"), "554 no lists", id="refuses the data"),
]


@pytest.mark.parametrize(("script", "words"), SURELY_NOT_SENT)
def test_a_list_that_surely_was_not_sent_is_a_warning_and_tried_by_the_next_run(
    practice: Practice, script: Any, words: str
) -> None:
    practice.mail.script = script
    practice.book("1", TOMORROW, customer=2)
    ran = run(practice, IN_TIME)
    assert (ran.exit_code, ran.outcomes) == (1, {"1": "sent"})
    (warning,) = ran.json["warnings"]
    assert words in warning
    assert "the next run tries again" in warning
    quiet = practice.run("run-once", "--quiet", now="2026-11-24 09:50")
    assert (quiet.exit_code, words in quiet.stdout) == (1, True)
    practice.mail.script = None
    assert run(practice, "2026-11-24 10:50").exit_code == 0
    assert lists(practice) == [DESK]


def test_a_list_of_which_nobody_knows_is_not_sent_again_that_day(practice: Practice) -> None:
    practice.mail.script = refuse("DATA", HANG_UP)
    ran = run(practice, IN_TIME)
    assert ran.exit_code == 1
    assert "may not have reached" in ran.json["warnings"][0]
    practice.mail.script = None
    assert run(practice, "2026-11-24 09:50").exit_code == 0
    assert practice.mailed == []
    run(practice, "2026-11-25 08:31")
    assert practice.mailed == [DESK]


CLAIMED = (
    "INSERT INTO journal_staff_mails "
    "VALUES ('2026-11-24', '', '{}', 'x', 'claimed', datetime('now', '-{} minutes'))"
)


def test_a_mail_that_another_run_is_sending_is_left_to_it(practice: Practice) -> None:
    practice.sql(CLAIMED.format(DESK, 14), "journal")
    assert run(practice, IN_TIME).exit_code == 0
    assert practice.mailed == []


def test_a_mail_whose_run_was_killed_while_it_sent_is_not_sent_again_and_told_once(
    practice: Practice,
) -> None:
    practice.sql(CLAIMED.format(DESK, 16), "journal")
    ran = run(practice, IN_TIME)
    assert (ran.exit_code, len(ran.json["news"])) == (1, 1)
    assert "may not have reached e•••@example.org" in ran.json["news"][0]
    assert run(practice, "2026-11-24 09:50").exit_code == 0
    assert practice.mailed == []


def test_a_mail_server_that_is_away_is_asked_once_and_not_for_each_recipient(practice: Practice) -> None:
    practice.configure(staff_list={"recipients": [DESK, ALTONA]})
    practice.mail.script = refuse("MAIL", "421 going down")
    assert len(run(practice, IN_TIME).json["warnings"]) == 1


def test_a_stop_signal_between_two_lists_is_told_and_the_next_run_sends_the_other(practice: Practice) -> None:
    practice.configure(staff_list={"recipients": [DESK, ALTONA]})
    practice.mail.script = lambda asked, _: os.kill(os.getpid(), signal.SIGTERM) if asked == "DATA" else None
    stopped = practice.run("run-once", "--json", now=IN_TIME)
    assert (stopped.exit_code, lists(practice)) == (1, [DESK])
    assert "before all had the staff list" in stopped.json["news"][0]
    practice.mail.script = None
    assert run(practice, "2026-11-24 09:50").exit_code == 0
    assert lists(practice) == [DESK, ALTONA]


def test_one_unknown_address_does_not_keep_the_list_from_the_others(practice: Practice) -> None:
    practice.configure(staff_list={"recipients": [DESK, ALTONA]})
    practice.mail.script = lambda asked, to: "550 no" if (asked, to) == ("RCPT", DESK) else None
    assert run(practice, IN_TIME).exit_code == 1
    assert practice.mailed == [ALTONA]


def test_without_a_mail_server_the_configuration_is_refused(practice: Practice) -> None:
    practice.configure(
        email=None,
        reminders=[{"name": "Terminerinnerung", "hours_before": 24, "channels": ["sms"]}],
        branches={"HH1": {"staff_recipients": [ALTONA]}},
    )
    checked = practice.run("config", "check")
    assert (checked.exit_code, checked.stdout) == (2, "")
    for key in ("staff_list.recipients", "branches.HH1.staff_recipients"):
        assert f"{key} = " in checked.stderr
    assert checked.stderr.count("add a section [email]") == 2


# ---------------------------------------------------------------- a file


def test_the_page_is_written_for_its_owner_alone(practice: Practice, tmp_path: Path) -> None:
    page = tmp_path / "list.html"
    page.write_text("yesterday's", encoding="utf-8")
    page.chmod(0o644)
    ran = practice.run("staff-list", "--html", str(page))
    assert (ran.exit_code, ran.stdout, ran.stderr) == (0, f"{page}: 1 customer\n", "")
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    assert "Öztürk" in page.read_text(encoding="utf-8")
    assert [each.name for each in tmp_path.iterdir() if "list" in each.name] == ["list.html"]


@pytest.mark.parametrize("language", ["de-AT", "en", "fr", "it"])
def test_the_page_speaks_the_default_language_or_german(practice: Practice, language: str) -> None:
    titles = {"en": "Please call or write", "fr": "À appeler ou à prévenir par écrit"}
    texts = {"sms": "x", "email_subject": "x", "email_body": "x"}
    practice.configure(default_language=language, templates={"terminerinnerung": {language: texts}})
    page = practice.folder / "list.html"
    assert practice.run("staff-list", "--html", str(page)).exit_code == 0
    assert f"<h1>{titles.get(language, 'Bitte anrufen oder schreiben')} " in page.read_text(encoding="utf-8")


def test_json_and_a_page_at_once_leave_stdout_to_the_document(practice: Practice) -> None:
    ran = practice.run("staff-list", "--json", "--html", str(practice.folder / "list.html"))
    assert len(ran.json["customers"]) == 1


def test_a_page_that_cannot_be_written_is_a_sentence(practice: Practice, tmp_path: Path) -> None:
    ran = practice.run("staff-list", "--html", str(tmp_path / "nowhere" / "list.html"))
    assert (ran.exit_code, ran.stdout, ran.stderr.count("\n")) == (2, "", 1)
    assert os.strerror(2) in ran.stderr


def test_one_branch_can_be_asked_for(practice: Practice) -> None:
    practice.book("2", TOMORROW, customer=2, preferred_channel="Brief", branch_code="HH2")
    ran = practice.run("staff-list", "--branch", "hh2", "--json")
    assert [customer["customer_id"] for customer in ran.json["customers"]] == ["2"]


# ---------------------------------------------------------------- how many


def test_the_metrics_say_how_many_are_on_the_list(practice: Practice) -> None:
    metrics = practice.folder / "t.prom"
    practice.configure(monitoring={"textfile": "t.prom"}, staff_list={"recipients": []})
    run(practice, IN_TIME)
    assert "terminbenachrichtigung_staff_list_customers 1\n" in metrics.read_text(encoding="utf-8")
