"""The commands beside the run: journal, history, staff list, test messages (contract, section 7)."""

import json
import re
import socket

import pytest

from practice import Practice, address, number, reminder
from terminbenachrichtigung.demo.loopback import Answer


def gateway_says(practice: Practice, **answer: object) -> None:
    practice.gateway.script = lambda request: (
        Answer(**answer) if request.operation == "SendSimpleSMS" else None  # type: ignore[arg-type]
    )


# ---------------------------------------------------------------- journal init


def test_journal_init_leaves_a_journal_as_it_is(either_practice: Practice) -> None:
    either_practice.book("1")
    either_practice.run_once()
    again = either_practice.run("journal", "init")
    assert (again.exit_code, again.stderr) == (0, "")
    assert "already" in again.stdout
    assert either_practice.run_once().reasons == {"1": "already_notified"}


@pytest.mark.parametrize("lost", [False, True], ids=["on an existing journal", "after the journal was lost"])
def test_adopt_marks_what_is_due_as_handled_elsewhere_and_the_rest_is_told_in_time(
    lost: bool, practice: Practice
) -> None:
    practice.book("due", "2026-11-25 09:00", customer=1)
    practice.book("opted out today", "2026-11-25 09:00", customer=2, preferred_channel="keine")
    practice.book("cancelled", "2026-11-25 09:00", customer=3, status="Storniert")
    practice.book("later", "2026-11-25 16:00", customer=4)
    if lost:
        (practice.folder / "journal.db").unlink()
    adopted = practice.run("journal", "init", "--adopt")
    assert (adopted.exit_code, adopted.stderr) == (0, "")
    assert "2 due appointments" in adopted.stdout

    ran = practice.run_once()
    assert (ran.exit_code, ran.outcomes) == (0, {})
    assert ran.reasons == dict.fromkeys(("due", "opted out today"), "already_notified") | {
        "cancelled": "status_excluded"
    }
    states = {m["appointment_ids"][0]: m["state"] for m in practice.run("history", "--json").json["messages"]}
    assert states == {"due": "adopted", "opted out today": "adopted"}

    assert "0 due appointments" in practice.run("journal", "init", "--adopt").stdout
    assert practice.run_once(now="2026-11-24 16:00").outcomes == {"later": "sent"}
    practice.change("due", starts_at="2026-11-25 11:00")  # moved: the other system told the old time
    assert practice.run_once(now="2026-11-24 16:00").outcomes == {"due": "sent"}


def test_adopt_at_night_marks_what_the_next_open_moment_would_send(practice: Practice) -> None:
    practice.book("1", "2026-11-26 07:00")
    practice.run("journal", "init", "--adopt", now="2026-11-24 23:00")
    assert practice.run_once(now="2026-11-25 08:00").reasons == {"1": "already_notified"}


def test_adopting_without_a_schedule_says_that_nothing_is_marked(practice: Practice) -> None:
    """The journal is ready then, and the first run would tell again whom another system told."""
    (practice.folder / "journal.db").unlink()
    practice.configure(schedule={"url": "sqlite:///nowhere.db"})
    ran = practice.run("journal", "init", "--adopt")
    assert (ran.exit_code, ran.stdout) == (3, "The journal is ready.\n")
    assert (
        "Nothing is marked as handled yet: call journal init --adopt again before the first run."
        in ran.stderr
    )


# ---------------------------------------------------------------- history


def test_history_tells_who_was_sent_what_and_with_which_outcome(either_practice: Practice) -> None:
    practice = either_practice
    practice.book("1", customer=1)
    practice.book("2", customer=2, preferred_channel="email")
    gateway_says(practice, status="NoRecipientFound")
    practice.run_once()
    document = practice.run("history", "--json")
    assert (document.exit_code, document.stderr, document.json["command"]) == (0, "", "history")
    by_customer = {message["customer_id"]: message for message in document.json["messages"]}
    first = by_customer["1"]
    assert first.keys() >= {
        "message_id", "run_id", "reminder", "customer_id", "appointment_ids", "state", "channel", "recipient",
        "claimed_at", "settled_at", "attempts",
    }  # fmt: skip
    assert (first["state"], first["channel"], first["recipient"]) == ("sent", "email", address(1))
    assert [(a["channel"], a["recipient"], a["outcome"]) for a in first["attempts"]] == [
        ("sms", number(1), "rejected"),
        ("email", address(1), "sent"),
    ]
    assert [a["outcome"] for a in by_customer["2"]["attempts"]] == ["sent"]
    plain = practice.run("history").stdout
    for words in (number(1), address(1), address(2), "sent", "rejected: NoRecipientFound", "2 messages"):
        assert words in plain


def test_the_newest_messages_come_first_and_the_limit_cuts_the_oldest(practice: Practice) -> None:
    practice.book("1", customer=1)
    practice.run_once()
    practice.book("2", customer=2)
    practice.run_once(now="2026-11-24 10:30")
    assert [m["customer_id"] for m in practice.run("history", "--json").json["messages"]] == ["2", "1"]
    one = practice.run("history", "--json", "--limit", "1").json["messages"]
    assert [m["customer_id"] for m in one] == ["2"]


def unknown_message(practice: Practice) -> str:
    """A message that nobody knows to be sent; gives its id."""
    practice.book("1")
    gateway_says(practice, http_status=500)
    practice.run_once()
    practice.gateway.script = None
    message_id: str = practice.run("history", "--json").json["messages"][0]["message_id"]
    return message_id


def test_an_unknown_message_resolved_as_sent_is_done_with(practice: Practice) -> None:
    resolved = practice.run("history", "resolve", unknown_message(practice), "--sent")
    assert (resolved.exit_code, resolved.stderr) == (0, "")
    assert practice.run("history", "--json").json["messages"][0]["state"] == "sent"
    ran = practice.run_once(now="2026-11-24 11:00")
    assert (ran.exit_code, ran.reasons) == (0, {"1": "already_notified"})
    assert practice.run("staff-list", "--json").json["customers"] == []


@pytest.mark.parametrize("state", ["claimed", "sent", "delivered", "released", "adopted", None])
def test_what_is_not_open_to_doubt_is_not_settled_by_hand(practice: Practice, state: str | None) -> None:
    message_id = unknown_message(practice)
    if state is None:
        message_id = "00000000-0000-4000-8000-000000000000"
    practice.sql("UPDATE journal_messages SET state = :state", "journal", state=state or "sent")
    for option in ("--sent", "--not-sent"):
        ran = practice.run("history", "resolve", message_id, option)
        assert (ran.exit_code, ran.stdout) == (2, "")
        assert (f"is {state}; only" if state else "there is no message") in ran.stderr
    assert practice.sql("SELECT state FROM journal_messages", "journal")[0][0] == (state or "sent")


def test_an_unknown_message_resolved_as_not_sent_is_sent_by_the_next_run(practice: Practice) -> None:
    resolved = practice.run("history", "resolve", unknown_message(practice), "--not-sent")
    assert resolved.exit_code == 0
    assert practice.received == 0
    ran = practice.run_once(now="2026-11-24 11:00")
    assert (ran.exit_code, ran.told) == (0, {"1": ["sms sent"]})
    assert practice.run_once(now="2026-11-24 12:00").outcomes == {}


def test_a_failed_message_resolved_as_not_sent_may_use_the_same_recipient_again(practice: Practice) -> None:
    practice.configure(reminders=[reminder(channels=("sms",))])
    practice.book("1")
    gateway_says(practice, status="NoRecipientFound")
    practice.run_once()
    practice.gateway.script = None
    (message,) = practice.run("history", "--json").json["messages"]
    assert practice.run("history", "resolve", message["message_id"], "--not-sent").exit_code == 0
    assert practice.run_once(now="2026-11-24 11:00").outcomes == {"1": "sent"}


# ---------------------------------------------------------------- staff-list


def test_the_staff_list_names_each_customer_once_with_the_most_urgent_reason(practice: Practice) -> None:
    practice.configure(reminders=[reminder(48, "früh"), reminder(24, "spät")])
    practice.book("letter", "2026-11-25 09:00", customer=1, preferred_channel="Brief")
    practice.book("letter too", "2026-11-26 09:00", customer=1, preferred_channel="Brief")
    practice.book("no contact", "2026-11-24 16:00", customer=2, mobile="0171 5555 Ute", email="")
    practice.book("opted out", "2026-11-25 09:00", customer=3, preferred_channel="keine")
    practice.book("reached", "2026-11-25 09:00", customer=4)
    practice.book("failed", "2026-11-25 10:00", customer=5, email="")
    practice.book("cancelled", "2026-11-25 09:00", customer=6, mobile="", email="", status="Storniert")
    gateway_says(practice, status="NoRecipientFound")
    practice.run_once()

    listed = practice.run("staff-list", "--json")
    assert (listed.exit_code, listed.stderr, listed.json["command"]) == (0, "", "staff-list")
    customers = listed.json["customers"]
    assert [(c["customer_id"], c["reason"], c["appointment_ids"]) for c in customers] == [
        ("2", "no_contact", ["no contact"]),
        ("1", "manual_contact", ["letter", "letter too"]),
        ("5", "failed", ["failed"]),
    ]
    assert (customers[0]["name"], customers[0]["mobile"]) == ("Frau Anna Berger2", "0171 5555 Ute")
    assert "unclear letters" in customers[0]["detail"]
    plain = practice.run("staff-list").stdout
    assert [plain.count(f"Berger{customer}") for customer in (1, 2, 5)] == [1, 1, 1]
    assert "0171 5555 Ute" in plain


def test_no_contact_is_nothing_for_staff_where_another_reminder_can_reach_the_customer(
    practice: Practice,
) -> None:
    practice.configure(reminders=[reminder(48, "früh", ("email",)), reminder(24, "spät", ("sms",))])
    practice.book("1", "2026-11-26 09:00", email="")
    practice.book("2", "2026-11-26 09:00", customer=2, email="", mobile="")
    assert [c["customer_id"] for c in practice.run("staff-list", "--json").json["customers"]] == ["2"]


def test_the_staff_list_looks_at_the_whole_of_today_however_short_the_reminder(practice: Practice) -> None:
    practice.configure(reminders=[reminder(2)], rules={"same_day": True})
    practice.book("today", "2026-11-24 18:00", customer=1, preferred_channel="telefon")
    practice.book("tomorrow", "2026-11-25 18:00", customer=2, preferred_channel="telefon")
    assert [c["customer_id"] for c in practice.run("staff-list", "--json").json["customers"]] == ["1"]


def test_an_empty_staff_list_says_so_and_needs_no_journal(practice: Practice) -> None:
    (practice.folder / "journal.db").unlink()
    assert practice.run("staff-list").stdout == "Nobody needs to be called or written to.\n"
    assert practice.run("staff-list", "--json").json == {"command": "staff-list", "customers": []}


# ---------------------------------------------------------------- trying out


def test_a_test_message_goes_through_the_real_channel_and_is_marked(practice: Practice) -> None:
    sms = practice.run("test-message", "--channel", "sms", "--to", "0171 5555555")
    mail = practice.run("test-message", "--channel", "email", "--to", "admin@example.org")
    assert (sms.exit_code, mail.exit_code, sms.stdout.split(":")[0]) == (0, 0, "sent")
    (job,) = practice.gateway.jobs
    (received,) = practice.mail.received
    assert (practice.texted, received.recipient) == (["+491715555555"], "admin@example.org")
    assert job.text.startswith("TEST")
    assert received.message["Subject"].startswith("TEST")
    assert practice.run("history", "--json").json["messages"] == []


@pytest.mark.parametrize(
    ("channel", "to"),
    [
        ("sms", "040 123456"),
        ("sms", "0171 5555 Ute"),
        ("email", "admin"),
        ("email", "a@example.org, b@example.org"),
    ],
)
def test_a_test_message_to_nobody_is_wrong_usage(channel: str, to: str, practice: Practice) -> None:
    ran = practice.run("test-message", "--channel", channel, "--to", to)
    assert (ran.exit_code, ran.stdout, practice.received) == (2, "", 0)
    assert to in ran.stderr


def test_a_test_message_that_is_refused_exits_with_1_and_says_why(practice: Practice) -> None:
    practice.gateway.password = "changed"
    ran = practice.run("test-message", "--channel", "sms", "--to", "0171 5555555")
    assert (ran.exit_code, practice.received) == (1, 0)
    assert "InvalidUser" in ran.stdout


def test_a_test_message_on_a_channel_that_is_not_configured_is_wrong_usage(practice: Practice) -> None:
    practice.configure(email=None, reminders=[reminder(channels=("sms",))])
    ran = practice.run("test-message", "--channel", "email", "--to", "admin@example.org")
    assert (ran.exit_code, ran.stderr.count("\n")) == (2, 1)
    assert "[email]" in ran.stderr


def test_only_recipients_holds_back_everybody_else_also_from_test_messages(practice: Practice) -> None:
    practice.configure(safety={"only_recipients": ["0171 5500001", "ADMIN@example.org"]})
    practice.book("1", customer=1)
    practice.book("2", customer=2)
    practice.book("3", customer=3, email="Admin@example.org")
    ran = practice.run_once()
    assert ran.told == {"1": ["sms sent"], "3": ["email sent"]}
    assert ran.reasons == {"2": "held_back"}
    allowed = practice.run("test-message", "--channel", "email", "--to", "admin@example.org")
    refused = practice.run("test-message", "--channel", "sms", "--to", "0171 5500002")
    assert (allowed.exit_code, refused.exit_code) == (0, 2)
    assert "only_recipients" in refused.stderr
    assert practice.texted == [number(1)]


# ---------------------------------------------------------------- configuration


def test_a_configuration_with_ten_mistakes_is_one_message_that_lists_all_ten(practice: Practice) -> None:
    practice.config.write_text(
        """
        timezone = "Europe/Berlim"
        default_language = "klingonisch"
        max_run_minutes = 0
        [rules]
        quiet_start = "25:00"
        hours_between_messages = 100
        quiet_holidays = "DE-XX"
        same_dya = true
        [[reminders]]
        name = "Erinnerung"
        hours_before = "24"
        channels = ["sms", "fax"]
        [sms]
        base_url = "http://gateway.example.org"
        serial = "1"
        password = "s3cr3t"
        sender = "Augenoptik Müller"
        """,
        encoding="utf-8",
    )
    ran = practice.run("config", "check")
    assert (ran.exit_code, ran.stdout) == (2, "")
    for key in (
        "timezone",
        "default_language",
        "max_run_minutes",
        "rules.quiet_start",
        "rules.hours_between_messages",
        "rules.quiet_holidays",
        "rules.same_dya",
        "reminders[0].hours_before",
        "reminders[0].channels",
        "sms.base_url",
        "sms.sender",
    ):
        assert key in ran.stderr
    assert "same_day" in ran.stderr  # the key that was probably meant
    assert str(practice.config) in ran.stderr
    assert "s3cr3t" not in ran.stderr


def test_config_check_says_that_all_is_well_and_strict_turns_warnings_into_errors(practice: Practice) -> None:
    practice.configure(email={"sender": "Optik Nord <termine@optik-nord.de>"})
    fine = practice.run("config", "check", "--strict")
    assert (fine.exit_code, fine.stderr) == (0, "")
    practice.configure(email={"sender": "Optik Nord <termine@example.org>"})
    assert practice.run("config", "check", "--strict").exit_code == 2
    practice.configure(safety={"max_messages_per_run": 0})
    warned = practice.run("config", "check")
    assert (warned.exit_code, "max_messages_per_run" in warned.stderr) == (0, True)
    assert practice.run("config", "check", "--strict").exit_code == 2


def test_config_check_takes_a_file_by_name(practice: Practice) -> None:
    other = practice.folder / "other.toml"
    other.write_text("nonsense = true")
    assert practice.run("config", "check", str(other)).exit_code == 2
    missing = practice.run("config", "check", str(practice.folder / "missing.toml"))
    assert (missing.exit_code, missing.stderr.count("\n")) == (2, 1)


def test_connect_tries_schedule_journal_gateway_and_mail_server(either_practice: Practice) -> None:
    practice = either_practice
    practice.book("1", "2024-01-01 09:00")
    practice.book("1", "2024-01-01 10:00")  # far from any run, but bad
    ran = practice.run("config", "check", "--connect")
    assert ran.exit_code == 0
    assert [line.split(":")[0] for line in ran.stdout.splitlines()][:4] == [
        "schedule",
        "journal",
        "sms",
        "email",
    ]
    assert "1000 credits" in ran.stdout
    assert "bad row 1" in ran.stderr
    assert practice.run("config", "check", "--connect", "--strict").exit_code == 2
    assert practice.received == 0


def test_connect_says_what_a_start_without_an_index_costs(either_practice: Practice) -> None:
    either_practice.sql("DROP INDEX reminder_appointments_by_start")
    warning = r"starts_at cannot use an index: .* took \d+\.\d\d s just now"
    assert re.search(warning, either_practice.run("config", "check", "--connect").stderr)
    either_practice.sql("CREATE INDEX by_start ON reminder_appointments (starts_at)")
    assert "index" not in either_practice.run("config", "check", "--connect").stderr


def test_connect_exits_with_3_and_names_each_one_that_fails(practice: Practice) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        practice.configure(email={"port": nobody.getsockname()[1], "sender": "termine@optik-nord.de"})
    practice.gateway.password = "changed"
    (practice.folder / "schedule.db").unlink()
    (practice.folder / "journal.db").unlink()
    ran = practice.run("config", "check", "--connect")
    assert ran.exit_code == 3
    assert [line.split(":")[0] for line in ran.stderr.splitlines()] == ["schedule", "journal", "sms", "email"]


def test_config_show_masks_secrets_and_shows_every_value_in_force(practice: Practice) -> None:
    practice.configure(sms={"password": "s3cr3t"}, journal={"url": "postgresql://me:s3cr3t@db.example.org/j"})
    ran = practice.process("config", "show", environ={"TERMINBENACHRICHTIGUNG_RULES__SAME_DAY": "true"})
    assert (ran.exit_code, ran.stderr) == (0, "")
    assert "s3cr3t" not in ran.stdout
    assert "same_day = true" in ran.stdout
    assert "hours_between_messages = 12" in ran.stdout


def test_secrets_and_urls_may_lie_in_files_beside_the_configuration(practice: Practice) -> None:
    (practice.folder / "secrets").mkdir()
    for name, content in (("password", "demo\n"), ("journal", "sqlite:///journal.db\n")):
        (practice.folder / "secrets" / name).write_text(content)
    practice.configure(sms=None, journal=None)
    practice.configure(
        sms={
            "base_url": practice.gateway.url,
            "serial": "4711",
            "password_file": "secrets/password",
            "sender": "OptikNord",
        },
        journal={"url_file": "secrets/journal"},
    )
    practice.book("1")
    assert practice.run_once().told == {"1": ["sms sent"]}


def test_config_init_writes_a_file_for_its_owner_alone_and_never_overwrites_one(practice: Practice) -> None:
    made = practice.folder / "made.toml"
    assert practice.run("config", "init", str(made)).exit_code == 0
    assert made.stat().st_mode & 0o077 == 0
    assert practice.run("config", "check", str(made)).exit_code == 0
    before = made.read_text()
    again = practice.run("config", "init", str(made))
    assert (again.exit_code, made.read_text()) == (2, before)


def test_config_schema_is_a_json_schema(practice: Practice) -> None:
    schema = json.loads(practice.run("config", "schema").stdout)
    assert schema["properties"].keys() >= {"rules", "sms", "email", "reminders", "journal", "schedule"}
