"""`figures`: what was sent, what arrived, and who came (contract, section 10)."""

import stat
from typing import Any

import pytest

from practice import Practice, local, number
from terminbenachrichtigung.demo.loopback import Answer, Request

AFTERWARDS = "2026-11-26 10:00"


@pytest.fixture
def told(either_practice: Practice) -> Practice:
    """Tuesday's run has told customers of Wednesday morning; on Thursday it is known who came."""
    practice = either_practice
    practice.book("came", customer=1)
    practice.book("stayed away", customer=2, branch_code="HH2", branch_name="Optik Süd")
    practice.book("cancelled", customer=3)
    practice.book("by mail", customer=4, mobile="")
    practice.book("nobody knows", customer=5)
    practice.book("refused", customer=6, email="")
    # not told, for whatever reason, but it could have been
    practice.book("wants none", customer=7, preferred_channel="keine")
    # not counted: nobody could be reminded of these
    practice.book("no customer", customer_id=None)
    practice.book("a group", customer=8, is_group=True)
    practice.book("another type", customer=9, type_notifiable=False)

    def script(request: Request) -> Answer | None:
        recipient = request.fields.get("Recipient", "")
        if recipient.endswith(number(6)[1:]):
            return Answer(status="NoRecipientFound")
        return Answer(http_status=500) if recipient.endswith(number(5)[1:]) else None

    practice.gateway.script = script
    practice.run_once()
    practice.change("stayed away", status=" geplatzt ")
    practice.change("cancelled", status="Storniert")
    practice.book("still ahead", "2026-11-27 09:00", customer=1)
    return practice


def counted(practice: Practice, *options: str) -> dict[str, Any]:
    ran = practice.run(
        "figures", "--json", "--from", "2026-11-20", "--to", "2026-11-30", *options, now=AFTERWARDS
    )
    assert (ran.exit_code, ran.stderr) == (0, "")
    document: dict[str, Any] = ran.json
    return document


def ended(section: dict[str, Any], group: str) -> tuple[int, int, int]:
    """How many came, cancelled, and stayed away."""
    groups = section["appointments"][group]
    return groups["came"]["count"], groups["cancelled"]["count"], groups["no_show"]["count"]


def test_it_counts_who_came_among_those_told_and_the_others(told: Practice) -> None:
    total = counted(told)["total"]
    assert ended(total, "told") == (2, 1, 1)
    assert ended(total, "not_told") == (
        2,
        0,
        0,
    )  # the one that was refused, and the one who wants no messages
    assert ended(total, "uncertain") == (1, 0, 0)
    assert total["ahead"] == 1
    assert total["appointments"]["told"]["no_show"] == {"count": 1, "of": 4, "rate": None, "interval": None}


def test_it_counts_messages_by_channel_and_outcome_and_their_parts(told: Practice) -> None:
    total = counted(told)["total"]
    assert total["messages"]["sms"] == {
        "delivered": 0,
        "sent": 3,
        "undelivered": 0,
        "failed": 1,
        "unknown": 1,
    }
    assert total["messages"]["email"]["sent"] == 1
    assert total["sms_parts"] == 4  # three that were sent, and one that may have been
    assert total["lead_times"]["under_24_hours"] == 4


def test_it_counts_by_week_branch_and_type(told: Practice) -> None:
    document = counted(told)
    assert [week["week"] for week in document["weeks"]] == ["2026-11-23"]
    assert {each["branch"]: ended(each, "told") for each in document["branches"]} == {
        "Optik Nord": (2, 1, 0),
        "Optik Süd": (0, 0, 1),
    }
    assert [each["type"] for each in document["types"]] == ["Hörtest"]


def test_a_message_about_two_appointments_is_one_message(either_practice: Practice) -> None:
    either_practice.book("1", customer=1)
    either_practice.book("2", "2026-11-25 09:30", customer=1)
    either_practice.run_once()
    total = counted(either_practice)["total"]
    assert total["messages"]["sms"]["sent"] == 1
    assert ended(total, "told") == (2, 0, 0)


def paid(practice: Practice) -> tuple[int, int]:
    """The SMS parts in all, and those of corrections."""
    total = counted(practice)["total"]
    return total["sms_parts"], total["sms_parts_of_corrections"]


def test_the_parts_of_a_correction_are_paid_for_too(either_practice: Practice) -> None:
    either_practice.configure(corrections={"enabled": True})
    either_practice.book("off", customer=1)
    either_practice.book("moved", customer=2)
    either_practice.run_once()
    either_practice.cancel("off")
    either_practice.change("moved", starts_at="2026-11-27 10:30")
    for now in ("2026-11-24 11:00", "2026-11-24 12:00"):
        either_practice.run_once(now=now)
    total = counted(either_practice)["total"]
    assert len(either_practice.gateway.jobs) == 4
    assert paid(either_practice) == (4, 2)
    assert total["messages"]["sms"]["sent"] == 1  # of the reminders, the one whose appointment stands as told
    (branch,) = counted(either_practice)["branches"]
    assert (branch["sms_parts"], branch["sms_parts_of_corrections"]) == (4, 2)


@pytest.mark.parametrize("elsewhere", ["moved out of the span", "gone", "given to nobody"])
def test_an_sms_was_paid_for_wherever_its_appointment_is_now(
    elsewhere: str, either_practice: Practice
) -> None:
    either_practice.book("1", customer=1)
    either_practice.run_once()
    match elsewhere:
        case "gone":
            either_practice.remove("1")
        case "given to nobody":
            either_practice.change("1", customer_id=None)
        case _:
            either_practice.change("1", starts_at="2027-01-12 09:00")
    assert paid(either_practice) == (1, 0)
    assert [week["sms_parts"] for week in counted(either_practice)["weeks"]] == [1]


def test_what_the_gateway_refused_costs_nothing_and_what_did_not_arrive_does(
    either_practice: Practice,
) -> None:
    either_practice.book("refused", customer=1)  # and told by mail
    either_practice.book("not arrived", customer=2, email="")

    def script(request: Request) -> Answer | None:
        refused = request.fields.get("Recipient", "").endswith(number(1)[1:])
        return Answer(status="NoRecipientFound") if refused else None

    either_practice.gateway.script = script
    assert either_practice.run_once().outcomes == {"refused": "sent", "not arrived": "sent"}
    assert paid(either_practice) == (1, 0)
    (job,) = either_practice.gateway.jobs
    either_practice.gateway.report(job, "Undelivered", done=local("2026-11-24 10:30"))
    either_practice.run_once(now="2026-11-24 11:00")
    total = counted(either_practice)["total"]
    assert (total["messages"]["sms"]["undelivered"], total["sms_parts"]) == (1, 1)


def test_what_was_told_of_another_start_tells_nobody_of_this_one(either_practice: Practice) -> None:
    either_practice.book("moved", customer=1)
    either_practice.run_once()
    either_practice.change("moved", starts_at="2026-11-25 11:00")
    assert ended(counted(either_practice)["total"], "not_told") == (1, 0, 0)


def test_a_start_with_seconds_is_the_one_that_was_told(either_practice: Practice) -> None:
    either_practice.book("1", "2026-11-25 09:00:00.003")
    either_practice.run_once()
    total = counted(either_practice)["total"]
    assert (ended(total, "told"), ended(total, "not_told")) == ((1, 0, 0), (0, 0, 0))
    assert sum(total["messages"]["sms"].values()) == 1


def test_who_was_told_is_counted_where_the_row_was_made_anew_or_merged(
    either_practice: Practice,
) -> None:
    practice = either_practice
    practice.book("old")
    practice.book("another's", customer=18)
    practice.run_once()
    practice.remove("old")
    practice.book("new", customer=19, last_name="Berger17", mobile=number(17))
    total = counted(practice)["total"]
    assert (ended(total, "told"), ended(total, "not_told")) == ((2, 0, 0), (0, 0, 0))
    assert sum(total["messages"]["sms"].values()) == 2
    assert total["lead_times"]["under_24_hours"] == 2


def test_who_confirmed_is_counted_where_the_row_was_made_anew(practice: Practice) -> None:
    practice.book("old")
    practice.run_once()
    practice.sql(
        "INSERT INTO journal_replies"
        " (reply_id, message_id, sender, text, answer, received_at, noted_at, told)"
        " SELECT 'r', message_id, '', '', 'yes', :at, :at, true FROM journal_messages",
        "journal",
        at="2026-11-24 10:00:00.000000",
    )
    practice.remove("old")
    practice.book("new")
    assert ended(counted(practice)["total"], "confirmed") == (1, 0, 0)


def test_who_got_anothers_appointment_was_not_told_of_it(practice: Practice) -> None:
    practice.book("1")
    practice.run_once()
    practice.change("1", customer_id="18", last_name="Kurz", mobile=number(18))
    total = counted(practice)["total"]
    assert (ended(total, "told"), ended(total, "not_told")) == ((0, 0, 0), (1, 0, 0))
    assert (total["sms_parts"], sum(total["messages"]["sms"].values())) == (1, 1)


def test_whoever_else_comes_at_that_start_was_not_told_of_it(practice: Practice) -> None:
    practice.book("told")
    practice.run_once()
    practice.change("told", last_name="Kurz")  # married since: by her id she is the one who was told
    practice.book("a namesake", customer=18, last_name="Berger17", mobile=number(18))
    practice.book("no name is nobody's", customer=19, first_name="", last_name="", mobile=number(17))
    total = counted(practice)["total"]
    assert (ended(total, "told"), ended(total, "not_told")) == ((1, 0, 0), (2, 0, 0))


def test_what_the_journal_forgot_is_not_counted_as_untold(practice: Practice) -> None:
    practice.configure(journal={"retention_days": 30})
    practice.book("long ago", "2026-08-03 09:00", customer=1)
    practice.run_once()
    ran = practice.run("figures", "--json", "--from", "2026-08-01")
    total = ran.json["total"]
    assert ended(total, "not_told") == (0, 0, 0)
    assert ran.json["first_remembered"] > "2026-08-03"


def test_the_branch_filter_leaves_its_branches_out_here_too(told: Practice) -> None:
    told.configure(rules={"exclude_branches": ["hh2"]})
    assert [each["branch"] for each in counted(told)["branches"]] == ["Optik Nord"]


def test_another_status_can_mean_that_nobody_came(told: Practice) -> None:
    told.configure(figures={"no_show_statuses": ["Geplant"]})
    assert ended(counted(told)["total"], "told") == (0, 2, 2)


def test_the_page_is_for_its_owner_alone(told: Practice) -> None:
    page = told.folder / "figures.html"
    ran = told.run("figures", "--html", str(page), now=AFTERWARDS)
    assert ran.stdout == f"{page}: 2026-08-28 to 2026-11-26\n"
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    assert "Was die Terminerinnerungen bewirken" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--from", "yesterday"), "is no date"),
        (("--from", "2026-11-30", "--to", "2026-11-01"), "lies before"),
        (("--csv", "--json"), "give one of the two"),
    ],
)
def test_wrong_usage_is_a_sentence(options: tuple[str, ...], words: str, practice: Practice) -> None:
    ran = practice.run("figures", *options)
    assert ran.exit_code == 2
    assert words in ran.stderr
