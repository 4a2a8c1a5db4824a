"""`schedule inspect`, and its warnings in `config check --connect`: what the schedule's words mean."""

from typing import Any

import pytest

from practice import REMINDER, Practice, number, reminder


def inspected(practice: Practice) -> dict[str, Any]:
    ran = practice.run("schedule", "inspect", "--json")
    assert (ran.exit_code, ran.stderr) == (0, "")
    document: dict[str, Any] = ran.json
    return document


def meanings(document: dict[str, Any], column: str) -> dict[str, tuple[int, str]]:
    return {each["value"]: (each["count"], each["meaning"]) for each in document[column]}


def the_warning(practice: Practice, word: str) -> str:
    """The one warning with this word, which `config check --connect` gives too."""
    (warning,) = [each for each in inspected(practice)["warnings"] if word in each]
    assert warning in practice.run("config", "check", "--connect").stderr
    return str(warning)


def test_each_word_has_its_count_and_what_the_configuration_does_with_it(either_practice: Practice) -> None:
    practice = either_practice
    practice.configure(
        rules={"exclude_branches": ["TEST*"]},
        branches={"HH1": {"reply_to": "hh1@example.org"}},
        reminders=[
            {**reminder(), "types": ["Sehtest*"]},
            {**reminder(48, "Hörtest"), "types": ["Hör*", "Sehtest*"]},
        ],
    )
    practice.book("1", "2026-11-25 09:00", 1, status="Geplant", type_name="Sehtest", branch_code="HH1")
    practice.book("2", "2027-06-25 09:00", 2, status=" storniert", type_name="Hörtest", branch_code="TEST1")
    practice.book(
        "3",
        "2026-11-25 10:00",
        3,
        status="Geplant",
        type_name="Abholung",
        preferred_channel="Brief",
        language="de_CH",
    )
    practice.book(
        "4", "2026-11-25 11:00", 4, type_name="Intern", type_notifiable=False, preferred_channel="Taube"
    )
    practice.book("5", "2026-11-25 12:00", 5, type_name="Sehtest", type_notifiable=False, language="de-AT")
    practice.book("6", "2026-11-25 13:00", 6, type_name="Sehtest", language="tlh", branch_code="hh1 ")
    practice.book("past", "2026-11-24 09:59", 7, status="Vorbei")
    document = inspected(practice)
    assert (document["command"], document["appointments"], document["customers"]) == (
        "schedule inspect",
        6,
        6,
    )
    assert meanings(document, "status") == {
        "Geplant": (5, "reminded"),
        "storniert": (1, "excluded"),
    }
    assert meanings(document, "type_name") == {
        "Sehtest": (3, "reminded; 1 not allowed (type_notifiable)"),
        "Hörtest": (1, "reminded by Hörtest"),
        "Abholung": (1, "no reminder is for it"),
        "Intern": (1, "not allowed (type_notifiable)"),
    }
    branches = meanings(document, "branch_code")
    assert branches["HH1"] == (4, "reminded, has its own section")
    assert branches["hh1"] == (1, "reminded, has its own section")  # as its messages are sent
    assert branches["TEST1"] == (1, "left out")
    preferred = meanings(document, "preferred_channel")
    assert preferred["Brief"] == (1, "prefers letter")
    assert preferred["Taube"] == (1, "not understood: no preference")
    languages = meanings(document, "language")
    assert languages["de-AT"] == (1, "texts in de")
    assert languages["de_CH"] == (1, "texts in de")
    assert languages["tlh"] == (1, "no texts: de, or the branch's")


@pytest.mark.parametrize(
    "status",
    [
        "Termin storniert",
        "Abgesagt durch Patient",
        "CANCELLED",
        "annulliert",
        "Entfallen",
        "No-Show",
        "no show",
        "Nicht erschienen",
        "Refusé",  # as imports know it
        *(
            pytest.param(word, marks=pytest.mark.full)
            for word in ("Absage", "Gelöscht", "Abgelehnt", "rejected", "(abgesagt)")
        ),
    ],
)
def test_a_status_that_reads_like_a_cancellation_is_named_before_the_first_message(
    practice: Practice, status: str
) -> None:
    practice.book("1", status=status)
    warning = the_warning(practice, "reads like a cancellation")
    assert warning.startswith(f'the status "{status}" (1 appointment ahead)')
    practice.configure(rules={"excluded_statuses": [status.upper()]})
    assert inspected(practice)["warnings"] == []


@pytest.mark.parametrize(
    "status", ["Warteliste", "Geplant", "Bestätigt", "Absprache", "Restorniert", "Abgesprochen"]
)
def test_another_status_is_only_counted(practice: Practice, status: str) -> None:
    practice.book("1", status=status)
    document = inspected(practice)
    assert meanings(document, "status") == {status: (1, "reminded")}
    assert document["warnings"] == []


NOBODY = [
    pytest.param({"customer_id": None}, "5 without customer_id", id="no customers"),
    pytest.param({"type_notifiable": False}, "5 not type_notifiable", id="no type allows it"),
    pytest.param({"is_group": True}, "5 is_group", id="groups"),
    pytest.param({"branch_code": "TEST"}, "5 left out by branch", id="one branch"),
]


@pytest.mark.parametrize(("columns", "why"), NOBODY)
def test_that_nobody_at_all_may_be_told_is_said(
    either_practice: Practice, columns: dict[str, Any], why: str
) -> None:
    practice = either_practice
    practice.configure(rules={"exclude_branches": ["TEST"]})
    for number_ in range(5):
        practice.book(str(number_), customer=number_, **columns)
    practice.book("cancelled", customer=9, status="Storniert")
    assert the_warning(practice, "may be told") == f"none of the 5 appointments ahead may be told: {why}"
    practice.book("good", customer=10)
    assert not [each for each in inspected(practice)["warnings"] if "may be told" in each]


def test_people_are_told_apart_as_a_run_does_it(practice: Practice) -> None:
    practice.book("1", first_name="", last_name="Meier", mobile="0171 5555001", email="")
    practice.book("2", first_name="Ida", last_name="Meier", mobile="+49 171/5555001", email="")
    practice.book("3", first_name="Ida", last_name="Kurz", mobile="01715555001; 040 123456", email="")
    assert inspected(practice)["warnings"] == []  # one number, however it is typed
    practice.change("2", mobile="")
    practice.change("3", first_name="Eva", last_name="Meier", mobile="")
    assert "17 (Ida Meier; Eva Meier)" in the_warning(practice, "different people")  # Meier is both


FILTERS: list[tuple[dict[str, Any], str]] = [
    (
        {"rules": {"include_branches": ["HH01"]}},
        'rules.include_branches: "HH01" matches no branch_code of what lies ahead; did you mean "HH1"?',
    ),
    (
        {"rules": {"exclude_branches": ["Berlin*"]}},
        'rules.exclude_branches: "Berlin*" matches no branch_code of what lies ahead',
    ),
    (
        {"branches": {"hh1": {"reply_to": "hh1@example.org"}}},
        'branches: "hh1" matches no branch_code of what lies ahead; did you mean "HH1"?',
    ),
    (
        {"rules": {"excluded_statuses": ["Storniert", "Stornirt"]}},
        'rules.excluded_statuses: "Stornirt" matches no status of what lies ahead; did you mean "Storniert"?',
    ),
    (
        {"rules": {"excluded_statuses": ["Gelpant"]}},  # Geplant does not read like a cancellation
        'rules.excluded_statuses: "Gelpant" matches no status of what lies ahead',
    ),
    (
        {"reminders": [{**reminder(), "types": ["Sehtets"]}]},
        f'types of {REMINDER}: "Sehtets" matches no type_name of what lies ahead; did you mean "Sehtest"?',
    ),
    (
        {"reminders": [{**reminder(), "branches": ["HH01"]}]},
        f'branches of {REMINDER}: "HH01" matches no branch_code of what lies ahead; did you mean "HH1"?',
    ),
]


@pytest.mark.parametrize(
    ("sections", "expected"), FILTERS, ids=[each[1].partition(":")[0] for each in FILTERS]
)
def test_what_matches_nothing_is_named_with_the_nearest_value_that_exists(
    practice: Practice, sections: dict[str, Any], expected: str
) -> None:
    practice.book("1", branch_code="HH1", status="Geplant", type_name="Sehtest")
    practice.book("2", branch_code="HH1", status="Storniert", type_name="Sehtest")
    practice.configure(**sections)
    assert the_warning(practice, "matches no") == expected


def test_people_who_share_an_id_and_a_number_that_many_share_are_named(practice: Practice) -> None:
    for customer in range(1, 5):
        practice.book(f"n{customer}", customer=customer, mobile="0171 5555555", email="")
        practice.book(f"x{customer}", customer=customer + 20, mobile="", phone="-")  # which share no number
    practice.book("a", customer=9, first_name="Ida", last_name="Meier", mobile=number(91), email="")
    practice.book("b", customer=9, first_name="Eva", last_name="Schulz", mobile=number(92), email="")
    practice.book("c", customer=8, first_name="Ida", last_name="Meier")
    practice.book("d", customer=8, first_name="", last_name="Meier", mobile=number(93))
    assert the_warning(practice, "different people") == (
        "1 customer id belongs to different people, such as 9 (Ida Meier; Eva Schulz)"
    )
    shared = the_warning(practice, "many customers share")
    assert shared.startswith("1 number that many customers share")
    assert "(4 customers)" in shared
    assert "5555555" not in shared


def test_midnights_unread_rows_and_customers_without_address_are_counted(either_practice: Practice) -> None:
    practice = either_practice
    practice.book("m", "2026-11-30 00:00", 1)
    practice.book("g", "2026-11-30 00:00", 2, is_group=True)  # nobody would be told
    practice.book("twice", "2026-12-01 09:00", 3)
    practice.book("twice", "2026-12-02 09:00", 3)
    practice.book("away", "2026-12-03 09:00", 4, mobile="Ute", email="@")
    assert the_warning(practice, "midnight") == ("1 start at midnight sharp, bad rows, for instance m")
    assert the_warning(practice, "no run would read") == (
        "1 row that no run would read, for instance twice: "
        "appointment_id: comes more than once, with different content"
    )
    assert the_warning(practice, "usable address") == (
        "1 customer of 3 without a usable address, for instance 4"
    )


def test_a_customer_is_judged_by_the_soonest_row_that_may_be_told(either_practice: Practice) -> None:
    """As a run does, in whatever order the database gives the rows."""
    practice = either_practice
    practice.book("later", "2026-12-03 09:00", 1, mobile="", email="")
    practice.book("soonest", "2026-12-01 09:00", 1)
    practice.book("off", "2026-12-01 09:00", 2, status="Storniert")
    practice.book("stands", "2026-12-02 09:00", 2, mobile="", email="")
    assert the_warning(practice, "usable address") == (
        "1 customer of 2 without a usable address, for instance 2"
    )


def test_a_renamed_reminder_is_named_with_how_many_it_told(either_practice: Practice) -> None:
    practice = either_practice
    practice.book("1", "2026-11-25 09:00", 1)
    practice.book("2", "2026-11-25 09:30", 2)
    practice.run_once()
    assert not any("configured" in warning for warning in inspected(practice)["warnings"])
    practice.configure(reminders=[reminder(name="Erinnerung")])
    assert the_warning(practice, "configured no more") == (
        f'2 appointments ahead were told by the reminder "{REMINDER}", which is configured no more: '
        "they count as told for every reminder"
    )
    practice.book("3", "2026-11-25 10:30", 3)
    practice.run_once(now="2026-11-24 11:00")
    assert the_warning(practice, "configured no more").endswith("for every reminder")


def test_two_configurations_on_one_journal_are_named(practice: Practice) -> None:
    """Each takes what the other tells as told by a renamed reminder, and the other's runs for its own."""
    for nth, (name, hour) in enumerate((("Nord", 10), ("Süd", 11), ("Nord", 12), ("Süd", 13)), start=1):
        practice.book(str(nth), f"2026-11-25 {hour}:00", nth)
        practice.configure(reminders=[reminder(name=name)])
        practice.run_once(now=f"2026-11-24 {hour}:00")
    assert "if another configuration uses this journal" in the_warning(practice, '"Nord"')


def test_a_start_without_a_zone_on_postgres_is_said_to_be_local(postgres_practice: Practice) -> None:
    postgres_practice.book("1")
    assert "starts_at AT TIME ZONE 'UTC'" in the_warning(postgres_practice, "no time zone")


def test_for_people_it_is_a_page(practice: Practice) -> None:
    practice.book("1", status="Abgesagt vom Kunden", last_name="Mei\x1b[31mer")
    said = practice.run("schedule", "inspect")
    assert said.exit_code == 0
    assert said.stdout.splitlines()[0] == "After 2026-11-24 10:00: 1 appointment of 1 customer."
    assert "statuses" in said.stdout
    assert 'Warning: the status "Abgesagt vom Kunden"' in said.stdout
    assert "\x1b" not in said.stdout


def test_an_empty_schedule_and_no_journal_are_no_trouble(practice: Practice) -> None:
    said = practice.run("schedule", "inspect")
    assert said.exit_code == 0
    assert "0 appointments of 0 customers." in said.stdout
    assert "Nothing odd was found." in said.stdout


def test_it_reads_and_writes_nothing(practice: Practice) -> None:
    practice.book("1")
    before = [path.read_bytes() for path in sorted(practice.folder.glob("*.db"))]
    inspected(practice)
    assert [path.read_bytes() for path in sorted(practice.folder.glob("*.db"))] == before
