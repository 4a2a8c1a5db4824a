"""`notify`: chosen appointments, by hand, under the same promises (contract, section 7)."""

import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from practice import REMINDER, Practice, Ran, address, days_ahead, number, reminder
from terminbenachrichtigung.demo.loopback import Answer, Request

EARLY = "Vorankündigung"


def by_hand(practice: Practice, *arguments: str, now: str | None = None) -> Ran:
    return practice.run("notify", "--yes", "--json", *arguments, now=now)


# ---------------------------------------------------------------- never twice


def test_what_was_sent_by_hand_is_not_sent_by_a_run_and_not_by_hand_again(either_practice: Practice) -> None:
    practice = either_practice
    practice.book("1", "2026-11-26 09:00")  # not due yet
    ran = by_hand(practice, "1")
    assert (ran.exit_code, ran.outcomes) == (0, {"1": "sent"})
    assert practice.texted == [number(17)]
    assert practice.run_once(now="2026-11-25 10:00").reasons == {"1": "already_notified"}
    ran = by_hand(practice, "1")
    assert (ran.exit_code, ran.outcomes, ran.reasons) == (0, {}, {"1": "already_notified"})
    assert practice.received == 1


def test_one_id_of_different_people_is_told_to_none_of_those_chosen(either_practice: Practice) -> None:
    practice = either_practice
    practice.book("1", first_name="Ida", last_name="Meier", mobile=number(1), email="")
    practice.book("2", "2026-11-25 09:30", first_name="Eva", last_name="Schulz", mobile=number(2), email="")
    ran = by_hand(practice, "1", "2")
    assert (ran.outcomes, practice.received) == ({}, 0)
    assert [each["appointment_id"] for each in ran.json["bad_rows"]] == ["1", "2"]


@pytest.mark.parametrize("down", [Answer(http_status=503), Answer(status_code="AccountLocked")])
def test_what_was_sent_again_by_hand_in_vain_is_left_over_for_no_run(
    either_practice: Practice, down: Answer
) -> None:
    practice = either_practice
    practice.configure(reminders=[reminder(24, channels=("sms",))])
    practice.book("1", customer=1)
    assert practice.run_once().outcomes == {"1": "sent"}
    practice.gateway.script = lambda request: down if request.operation == "SendSimpleSMS" else None
    assert by_hand(practice, "1", "--again", now="2026-11-24 10:30").outcomes == {"1": "retry"}
    practice.gateway.script = None
    for hour in (11, 12, 23):
        assert practice.run_once(now=f"2026-11-24 {hour}:00").outcomes == {}
    assert practice.texted == [number(1)]
    # Another try by hand is a new decision.
    assert by_hand(practice, "1", "--again", now="2026-11-24 13:00").outcomes == {"1": "sent"}


def test_what_was_refused_when_sent_again_by_hand_is_sent_by_no_run(either_practice: Practice) -> None:
    practice = either_practice
    practice.configure(reminders=[reminder(24, channels=("sms",))])
    practice.book("1", customer=1)
    assert practice.run_once().outcomes == {"1": "sent"}
    refuses = Answer(status="NoRecipientFound")
    practice.gateway.script = lambda request: refuses if request.operation == "SendSimpleSMS" else None
    assert by_hand(practice, "1", "--again", now="2026-11-24 10:30").outcomes == {"1": "failed"}
    practice.gateway.script = None
    for hour in (11, 12, 23):
        assert practice.run_once(now=f"2026-11-24 {hour}:00").outcomes == {}
    assert practice.texted == [number(1)]


def test_again_sends_once_more_as_a_new_generation(either_practice: Practice) -> None:
    practice = either_practice
    practice.book("1")
    practice.run_once()
    assert by_hand(practice, "1", "--again", now="2026-11-24 10:05").outcomes == {"1": "sent"}
    assert practice.texted == [number(17)] * 2
    generations = practice.sql("SELECT generation FROM journal_notifications ORDER BY 1", "journal")
    assert [row[0] for row in generations] == [1, 2]
    assert practice.run_once(now="2026-11-24 10:50").reasons == {"1": "already_notified"}


def test_it_counts_for_the_gap_of_the_runs_but_does_not_heed_it(practice: Practice) -> None:
    practice.book("1", "2026-11-26 09:00")
    practice.book("2", "2026-11-25 10:30")
    assert by_hand(practice, "1").outcomes == {"1": "sent"}
    assert practice.run_once(now="2026-11-24 10:50").reasons == {"2": "recently_notified"}
    assert by_hand(practice, "2", now="2026-11-24 10:55").outcomes == {"2": "sent"}


def test_it_is_no_complete_run_and_leaves_nothing_for_the_next_one(practice: Practice) -> None:
    practice.book("1", "2026-11-26 09:00")
    by_hand(practice, "1")
    (row,) = practice.sql("SELECT command, complete, ending FROM journal_runs", "journal")
    assert (row.command, bool(row.complete), row.ending) == ("notify", False, "complete")


# ---------------------------------------------------------------- what it passes, and what never


def test_it_passes_windows_the_same_day_and_the_type_flag(practice: Practice) -> None:
    practice.book("in a month", "2026-12-24 09:00", customer=1)
    practice.book("today", "2026-11-24 16:00", customer=2)
    practice.book("of that type", customer=3, type_notifiable=False)
    ran = by_hand(practice, "in a month", "today", "of that type")
    assert ran.outcomes == dict.fromkeys(("in a month", "today", "of that type"), "sent")
    assert sorted(practice.texted) == [number(1), number(2), number(3)]


def test_it_never_passes_start_status_group_opt_out_consent_and_branch(practice: Practice) -> None:
    practice.configure(rules={"require_consent": True, "exclude_branches": ["TEST"]})
    practice.book("started", "2026-11-24 10:00")
    practice.book("cancelled", status="Storniert")
    practice.book("group", is_group=True)
    practice.book("opted out", preferred_channel="keine")
    practice.book("no consent", reminder_consent=False)
    practice.book("other branch", branch_code="TEST")
    chosen = ("started", "cancelled", "group", "opted out", "no consent", "other branch")
    ran = by_hand(practice, *chosen)
    assert (ran.exit_code, ran.outcomes) == (0, {})
    assert ran.reasons == {
        "started": "past",
        "cancelled": "status_excluded",
        "group": "group_appointment",
        "opted out": "opted_out",
        "no consent": "no_consent",
        "other branch": "branch_excluded",
    }
    assert practice.received == 0


def test_in_a_quiet_period_it_sends_nothing_and_says_until_when(practice: Practice) -> None:
    practice.book("1")
    ran = by_hand(practice, "1", now="2026-11-24 20:00")
    assert (ran.exit_code, ran.json["quiet"], ran.json["next_open"]) == (0, True, "2026-11-25T08:00:00+01:00")
    assert practice.received == 0
    assert "nothing is sent" in practice.run("notify", "1", "--yes", now="2026-11-24 20:00").stdout


@pytest.mark.parametrize(
    ("start", "now", "seconds"),
    [
        pytest.param("2026-11-24 10:02", "2026-11-24 10:00", 180, id="the start comes"),
        pytest.param("2026-11-26 09:00", "2026-11-24 19:58", 180, id="the night comes"),
    ],
)
def test_before_each_attempt_the_clock_is_asked_again(
    start: str, now: str, seconds: int, practice: Practice
) -> None:
    """The first channel takes its time and refuses; the second must not be tried any more."""
    practice.configure(sms={"timeout_seconds": 299}, journal={"claim_timeout_minutes": 60})
    practice.book("1", start)

    def slow(request: Request) -> Answer | None:
        if request.operation != "SendSimpleSMS":
            return None
        practice.pass_time(seconds)
        return Answer(status="NoRecipientFound")

    practice.gateway.script = slow
    ran = by_hand(practice, "1", now=now)
    assert ran.outcomes == {"1": "deferred"}
    assert practice.mailed == []


def test_only_recipients_holds_by_hand_too(practice: Practice) -> None:
    practice.configure(safety={"only_recipients": ["+491719999999"]})
    practice.book("1")
    assert by_hand(practice, "1").reasons == {"1": "held_back"}


# ---------------------------------------------------------------- messages


def test_a_customer_gets_one_message_about_what_was_chosen_and_nothing_else(practice: Practice) -> None:
    practice.book("1")
    practice.book("2", "2026-11-27 09:00")
    practice.book("not chosen", "2026-11-25 10:00")
    ran = by_hand(practice, "2", "1", "2")
    (message,) = ran.json["messages"]
    assert message["appointment_ids"] == ["1", "2"]
    assert practice.received == 1
    assert practice.run_once(now="2026-11-24 10:50").reasons["not chosen"] == "recently_notified"


def test_outcomes_and_exit_codes_are_those_of_a_run(practice: Practice) -> None:
    practice.book("1", email="")
    practice.gateway.script = lambda request: (
        Answer(http_status=500) if request.operation == "SendSimpleSMS" else None
    )
    ran = by_hand(practice, "1")
    assert (ran.exit_code, ran.outcomes) == (1, {"1": "unknown"})
    assert len(ran.json["news"]) == 1
    assert by_hand(practice, "1").exit_code == 0  # said once
    assert [m["state"] for m in practice.run("history", "--json").json["messages"]] == ["unknown"]


def test_with_several_reminders_one_is_named(practice: Practice) -> None:
    practice.configure(reminders=[reminder(24), reminder(72, EARLY, ("email",))])
    practice.book("1", "2026-11-26 18:00")
    unnamed = practice.run("notify", "1", "--yes")
    assert (unnamed.exit_code, unnamed.stdout) == (2, "")
    assert f"--reminder: {REMINDER}, {EARLY}" in unnamed.stderr
    assert by_hand(practice, "1", "--reminder", EARLY).outcomes == {"1": "sent"}
    assert (practice.mailed, practice.texted) == ([address(17)], [])
    # with the key of that reminder: the other one follows when it is due
    assert practice.run_once(now="2026-11-25 18:30").outcomes == {"1": "sent"}


# ---------------------------------------------------------------- wrong usage


def test_one_unknown_appointment_stops_all(either_practice: Practice) -> None:
    practice = either_practice
    practice.book("1")
    ran = practice.run("notify", "1", "4711", "--yes")
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert "4711" in ran.stderr
    assert practice.received == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("1",), "no terminal to ask on"),
        (("1", "--json"), "--yes"),
        (("1", "--yes", "--reminder", "Nichts"), f'no reminder "Nichts"; there are: {REMINDER}'),
        (("--yes",), "APPOINTMENT_ID"),
    ],
)
def test_wrong_usage_sends_nothing_and_exits_2(
    arguments: tuple[str, ...], words: str, practice: Practice
) -> None:
    practice.book("1")
    ran = practice.run("notify", *arguments)
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert words in ran.stderr
    assert practice.received == 0


def test_without_a_journal_nothing_can_be_sent_by_hand_either(practice: Practice) -> None:
    practice.book("1")
    (practice.folder / "journal.db").unlink()
    ran = practice.run("notify", "1", "--yes")
    assert ran.exit_code == 3
    assert "journal init" in ran.stderr
    assert practice.received == 0


# ---------------------------------------------------------------- it asks first


class Terminal:
    """The command on a terminal of its own; what it shows, and what is typed."""

    def __init__(self, practice: Practice, *arguments: str) -> None:
        self._master, slave = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "terminbenachrichtigung", "--config", str(practice.config), *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=practice.folder,
            env={**os.environ, "NO_COLOR": "1", "COLUMNS": "200", "LINES": "50"},
        )
        os.close(slave)
        self.shown = ""

    def read_until(self, words: str) -> None:
        ends = time.monotonic() + 60
        while words not in self.shown and time.monotonic() < ends:
            if select.select([self._master], [], [], 0.1)[0]:
                try:
                    self.shown += os.read(self._master, 65536).decode()
                except OSError:  # the other end is closed
                    break
        assert words in self.shown, self.shown

    def wait_until_it_waits(self) -> None:
        """A signal between the prompt and the reading of the answer is seen only with the next key."""
        state = Path(f"/proc/{self.process.pid}/stat")
        while state.read_text().rpartition(")")[2].split()[0] != "S":
            time.sleep(0.01)

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def end(self) -> int:
        code = self.process.wait(60)
        os.close(self._master)
        return code


@pytest.fixture
def open_practice(tmp_path_factory: pytest.TempPathFactory) -> Practice:
    """By the clock on the wall, and open round the clock."""
    return Practice(tmp_path_factory.mktemp("practice"), now=None)


def test_on_a_terminal_it_shows_recipients_and_texts_and_asks_before_it_sends(
    open_practice: Practice,
) -> None:
    with open_practice as practice:
        practice.configure(rules={"quiet_hours": False})
        practice.book("1", days_ahead(5))
        practice.book("2", days_ahead(5), customer=18, status="Storniert")
        terminal = Terminal(practice, "notify", "1", "2")
        terminal.read_until("Send 1 message now? [y/N]")
        assert practice.received == 0
        assert number(17) in terminal.shown
        assert "Guten Tag Frau Berger17" in terminal.shown
        assert "status_excluded" in terminal.shown
        terminal.type("y\n")
        terminal.read_until("1 sent")
        assert terminal.end() == 0
        assert practice.texted == [number(17)]


@pytest.mark.parametrize("typed", ["n\n", "\n"], ids=["no", "enter"])
def test_whoever_does_not_say_yes_sends_nothing(typed: str, open_practice: Practice) -> None:
    with open_practice as practice:
        practice.configure(rules={"quiet_hours": False})
        practice.book("1", days_ahead(5))
        terminal = Terminal(practice, "notify", "1")
        terminal.read_until("[y/N]")
        terminal.type(typed)
        terminal.read_until("Nothing was sent.")
        assert terminal.end() == 0
        assert practice.received == 0


def test_ctrl_c_ends_the_question_at_once_and_sends_nothing(open_practice: Practice) -> None:
    with open_practice as practice:
        practice.configure(rules={"quiet_hours": False})
        practice.book("1", days_ahead(5))
        terminal = Terminal(practice, "notify", "1")
        terminal.read_until("[y/N]")
        terminal.wait_until_it_waits()
        terminal.process.send_signal(signal.SIGINT)
        assert terminal.end() == 1
        assert practice.received == 0
        assert practice.sql("SELECT count(*) FROM journal_messages", "journal") == [(0,)]


def test_what_changes_while_it_asks_is_not_sent(open_practice: Practice) -> None:
    with open_practice as practice:
        practice.configure(rules={"quiet_hours": False})
        for appointment in ("moved", "cancelled", "removed", "unchanged"):
            practice.book(appointment, days_ahead(5), customer=len(appointment))
        terminal = Terminal(practice, "notify", "moved", "cancelled", "removed", "unchanged")
        terminal.read_until("[y/N]")
        practice.change("moved", starts_at=days_ahead(6))
        practice.cancel("cancelled")
        practice.remove("removed")
        terminal.type("y\n")
        terminal.read_until("3 skipped")
        assert terminal.end() == 0
        assert terminal.shown.count("look at it again") == 2
        assert "no longer in the schedule" in terminal.shown
        assert practice.texted == [number(len("unchanged"))]
