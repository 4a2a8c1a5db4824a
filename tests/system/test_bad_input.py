"""Whatever stands in the schedule: the message is right, or the row is listed, and nobody else suffers."""

import pytest

from practice import TYPES, Practice, Ran, address, number

LONG = "x" * 10_000
RIGHT_TO_LEFT = "נועה כהן"


def run_beside_a_good_row(practice: Practice, **columns: object) -> Ran:
    """A run over one strange appointment ("1") and one with which all is well ("2"), which must be told."""
    practice.book("1", "2026-11-25 09:00", customer=1, **columns)
    practice.book("2", "2026-11-25 09:30", customer=2)
    ran = practice.run_once()
    assert ran.outcomes["2"] == "sent"
    assert number(2) in practice.texted
    return ran


def sms_to_1(practice: Practice) -> str:
    (text,) = [job.text for job in practice.gateway.jobs if job.recipient.endswith("00001")]
    return text


# ---------------------------------------------------------------- rows that are listed


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"starts_at": "tomorrow at nine"}, "starts_at"),
        ({"starts_at": "25.11.2026 09:00"}, "starts_at"),
        ({"starts_at": "2026-11-25"}, "starts_at"),  # no time of day
        ({"starts_at": None}, "starts_at"),
        ({"starts_at": ""}, "starts_at"),
        ({"type_notifiable": "perhaps"}, "type_notifiable"),
        ({"is_group": 7}, "is_group"),
        ({"customer_id": "1\0"}, "customer_id"),
        ({"customer_id": LONG}, "customer_id"),
    ],
)
def test_a_row_whose_needed_value_cannot_be_read_is_listed_once_and_passed_over(
    columns: dict[str, object], words: str, practice: Practice
) -> None:
    ran = run_beside_a_good_row(practice, **columns)
    (bad,) = ran.json["bad_rows"]
    assert bad["appointment_id"] == "1"
    assert words in bad["detail"]
    assert len(bad["detail"]) < 200
    assert ran.exit_code == 1
    again = practice.run_once(now="2026-11-24 11:00")
    assert (again.exit_code, len(again.json["bad_rows"]), again.json["news"]) == (0, 1, [])


def test_a_row_without_an_id_is_listed_with_what_helps_to_find_it(practice: Practice) -> None:
    practice.book(None, "2026-11-25 09:00", customer=1)
    (bad,) = practice.run_once().json["bad_rows"]
    assert bad["appointment_id"] is None
    assert "2026-11-25 09:00" in bad["detail"]
    assert "customer_id 1" in bad["detail"]


def test_an_id_that_comes_twice_with_different_content_is_a_bad_row_and_nobody_is_told(
    practice: Practice,
) -> None:
    practice.book("1", "2026-11-25 09:00", customer=1)
    practice.book("1", "2026-11-25 09:00", customer=2)
    practice.book("3", "2026-11-25 09:00", customer=3)
    practice.book("3", "2026-11-25 09:00", customer=3)  # the same twice: a join multiplied it
    ran = practice.run_once()
    assert [bad["appointment_id"] for bad in ran.json["bad_rows"]] == ["1"]
    assert (ran.exit_code, ran.outcomes, practice.texted) == (1, {"3": "sent"}, [number(3)])


def test_a_daily_series_under_one_id_is_news_once_for_each_occurrence(practice: Practice) -> None:
    for day in range(25, 30):
        practice.book("series", f"2026-11-{day} 09:00", customer=1)
    news = [practice.run_once(now=f"2026-11-{day} 10:00").json["news"] for day in (24, 25, 26, 27)]
    # On Tuesday a run sees only Wednesday's. Each later day shows it one more, of which nobody is told.
    assert [len(lines) for lines in news] == [0, 2, 1, 1]


def test_a_start_at_midnight_is_listed_once_and_nobody_is_told_of_it(practice: Practice) -> None:
    ran = run_beside_a_good_row(practice, starts_at="2026-11-25 00:00:00")
    (bad,) = ran.json["bad_rows"]
    assert (bad["appointment_id"], bad["detail"].partition(",")[0]) == ("1", "starts_at: midnight")
    assert ran.exit_code == 1
    assert practice.run_once(now="2026-11-24 11:00").exit_code == 0


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"created_at": "long ago"}, "created_at"),
        ({"last_contacted_at": "yesterday"}, "last_contacted_at"),
        ({"ends_at": "later"}, "ends_at"),
        ({"reminder_consent": "maybe"}, "reminder_consent"),
        ({"preferred_channel": "pigeon"}, "pigeon"),
        ({"first_name": b"\xff\xfe"}, "first_name"),
    ],
)
def test_an_optional_value_that_cannot_be_read_is_left_out_and_warned_about(
    columns: dict[str, object], words: str, practice: Practice
) -> None:
    ran = run_beside_a_good_row(practice, **columns)
    assert (ran.exit_code, ran.outcomes["1"]) == (0, "sent")
    assert words in ran.json["warnings"][0]


# ---------------------------------------------------------------- rows that are told


@pytest.mark.parametrize(
    ("last_name", "said"),
    [
        ("Berger\r\nBcc: all@localhost", "Berger Bcc: all@localhost"),
        ("{{ 7*7 }}", "{{ 7*7 }}"),
        ("{% for x in y %}", "{% for x in y %}"),
        ("Ber\0ger", "Ber ger"),
        ("Berger 🙂", "Berger 🙂"),
        (RIGHT_TO_LEFT, RIGHT_TO_LEFT),
        ("\u202eregreB", "regreB"),
        ("<b>&amp;</b>", "<b>&amp;</b>"),
        ("'; DROP TABLE x; --", "'; DROP TABLE x; --"),
        ("]]><Status>Ok</Status>", "]]><Status>Ok</Status>"),
    ],
)
def test_a_name_is_data_wherever_it_appears(last_name: str, said: str, practice: Practice) -> None:
    practice.book("3", "2026-11-25 09:15", customer=3, last_name=last_name, preferred_channel="email")
    ran = run_beside_a_good_row(practice, last_name=last_name)
    assert ran.outcomes == {"1": "sent", "2": "sent", "3": "sent"}
    assert f"Guten Tag Frau {said}," in sms_to_1(practice)
    (mail,) = practice.mail.received
    assert (mail.recipient, mail.message.get_all("Bcc")) == (address(3), None)
    body = mail.message.get_body(("plain",))
    assert body is not None
    assert f"Guten Tag Frau {said}," in body.get_content()


def test_a_name_in_the_subject_cannot_add_a_header(practice: Practice) -> None:
    practice.configure(
        templates={"terminerinnerung": {"de": {"email_subject": "Hallo {{ customer.last_name }}"}}}
    )
    practice.book("1", mobile="", last_name="Berger\r\nBcc: all@example.org\r\n\r\nText")
    practice.run_once()
    (mail,) = practice.mail.received
    assert mail.message["Subject"] == "Hallo Berger Bcc: all@example.org Text"
    assert (mail.recipient, mail.message.get_all("Bcc")) == (address(17), None)


def test_a_name_of_10000_characters_is_cut_to_40_in_an_sms(practice: Practice) -> None:
    ran = run_beside_a_good_row(practice, last_name=LONG)
    assert ran.told["1"] == ["sms sent"]
    assert LONG[:40] in sms_to_1(practice)
    assert LONG[:41] not in sms_to_1(practice)


def test_a_link_in_a_name_does_not_travel_under_the_practices_name(practice: Practice) -> None:
    run_beside_a_good_row(practice, first_name="", last_name="Gewonnen! https://evil.example/x evil.example")
    assert "Gewonnen! evil. example, wir" in sms_to_1(practice)
    assert "evil.example" not in sms_to_1(practice)


@pytest.mark.parametrize(
    ("columns", "greeting", "warned"),
    [
        ({"salutation": "m", "last_name": "Kurz"}, "Guten Tag Anna Kurz,", False),
        ({"salutation": "NULL", "last_name": "Kurz"}, "Guten Tag Anna Kurz,", False),
        ({"last_name": "NULL"}, "Guten Tag Anna,", True),
        ({"last_name": "NULL", "first_name": "NULL"}, "Guten Tag,", True),
        ({"last_name": "MÃ¼ller"}, "Guten Tag Frau MÃ¼ller,", True),
        ({"last_name": "M\ufffdller"}, "Guten Tag Frau M\ufffdller,", True),
        ({"last_name": "M?ller"}, "Guten Tag Frau M?ller,", True),
        ({"last_name": "M&uuml;ller"}, "Guten Tag Frau M&uuml;ller,", True),
        ({"last_name": "<b>Kurz</b>"}, "Guten Tag Frau <b>Kurz</b>,", True),
        ({"last_name": "Müller"}, "Guten Tag Frau Müller,", False),
        ({"last_name": "Müller & Kurz?"}, "Guten Tag Frau Müller & Kurz?,", False),
        ({"last_name": "Null"}, "Guten Tag Frau Null,", False),
    ],
)
def test_a_greeting_names_no_word_for_nothing_and_a_name_that_is_none_is_warned_about(
    columns: dict[str, str], greeting: str, warned: bool, practice: Practice
) -> None:
    ran = run_beside_a_good_row(practice, **columns)
    assert sms_to_1(practice).startswith(greeting)
    assert any("a name that is none" in warning for warning in ran.json["warnings"]) is warned


def test_two_appointments_of_one_start_and_branch_are_said_once_and_both_are_told(practice: Practice) -> None:
    practice.book("1")
    practice.book("2", type_name="Sehtest")
    ran = practice.run_once()
    assert ran.outcomes == {"1": "sent", "2": "sent"}
    (job,) = practice.gateway.jobs
    assert job.text.count("09:00") == 1
    assert practice.run_once(now="2026-11-24 11:00").outcomes == {}


@pytest.mark.parametrize(
    "email",
    [
        "anna@example.org\0",
        "anna@example.org&bert@example.org",
        "a" * 10_000 + "@example.org",
        "<script>@example.org",
        "@",
    ],
)
def test_what_is_no_email_address_is_not_used(email: str, practice: Practice) -> None:
    ran = run_beside_a_good_row(practice, mobile="", email=email)
    assert (ran.outcomes, ran.reasons) == ({"2": "sent"}, {"1": "no_contact"})
    assert (ran.exit_code, practice.mailed) == (0, [])


@pytest.mark.parametrize(
    "email",
    [
        "anna@example.org; bert@example.org",
        "anna@example.org,bert@example.org",
        "anna@example.org\r\nBcc: all@example.org",
        "mailto:anna@example.org?cc=bert@example.org&bcc=all@example.org",
    ],
)
def test_of_several_addresses_in_a_field_the_first_alone_is_written_to(
    email: str, practice: Practice
) -> None:
    run_beside_a_good_row(practice, mobile="", email=email)
    (mail,) = practice.mail.received
    assert mail.recipient == "anna@example.org"
    assert (mail.message["To"], mail.message["Cc"], mail.message["Bcc"]) == ("anna@example.org", None, None)


@pytest.mark.parametrize(
    ("mobile", "texted"),
    [
        ("1715500001.0", "+491715500001"),  # pandas, LibreOffice, Access
        ("+491715500001.0", "+491715500001"),
        ("'01715500001", "+491715500001"),
        ("1,71E+10", None),  # nobody knows any more whose number that was
        ("0171 5500001.0", None),
    ],
)
def test_what_a_spreadsheet_made_of_a_number_never_texts_a_stranger(
    mobile: str, texted: str | None, practice: Practice
) -> None:
    run_beside_a_good_row(practice, mobile=mobile, email="")
    assert sorted(practice.texted) == sorted(filter(None, [texted, number(2)]))


@pytest.mark.parametrize("command", ["-v run-once", "search", "staff-list"])
def test_a_field_of_ten_megabytes_neither_stops_a_command_nor_fills_the_screen(
    command: str, practice: Practice
) -> None:
    """It took 17 seconds and 1.5 GB, and a run reads each such field several times."""
    practice.book("1", mobile="0171 5555555; " * 700_000, phone="x" * 10_000_000, email="a@b.de " * 1_400_000)
    practice.book("2", customer=2)
    ran = practice.run(*command.split())
    assert ran.exit_code == 0
    assert len(ran.stdout + ran.stderr) < 20_000


@pytest.mark.parametrize(
    "mobile", ["0171 5555 Ute", "\0", "0" * 10_000, "🙂", "٠١٧١", "+49\r\n171", "0171 5555555 Durchwahl 5"]
)
def test_a_number_that_is_not_clearly_a_mobile_is_not_used(mobile: str, practice: Practice) -> None:
    ran = run_beside_a_good_row(practice, mobile=mobile, email="")
    assert ran.reasons == {"1": "no_contact"}
    assert practice.texted == [number(2)]


def test_people_can_read_of_strange_data_whatever_the_command(practice: Practice) -> None:
    strange = ("B\r\nX", "{{ x }}", LONG, "\0", "🙂", RIGHT_TO_LEFT, "\u202eX", "\x1b[31mred\x07")
    for customer, value in enumerate(strange, 1):
        practice.book(
            str(customer), customer=customer, last_name=value, mobile=value, email=value, status=value
        )
    practice.book("bad", "\x1b[31m", customer=99)
    reads = [practice.run(*command.split()) for command in ("dry-run", "run-once", "staff-list", "history")]
    assert [ran.exit_code for ran in reads] == [0, 1, 0, 0]
    for ran in reads:
        assert len(ran.stdout) < 20_000
        assert not [sign for sign in ran.stdout if not sign.isprintable() and sign != "\n"]


def test_integer_keys_and_nulls_in_every_optional_column_are_fine(practice: Practice) -> None:
    needed = {"appointment_id", "starts_at", "customer_id", "type_notifiable", "is_group"}
    nothing = dict.fromkeys(TYPES.keys() - needed - {"mobile"})
    practice.book(4711, customer=1, **nothing)
    ran = practice.run_once()
    assert (ran.exit_code, ran.outcomes) == (0, {"4711": "sent"})
    assert "None" not in sms_to_1(practice)
    assert practice.run_once().reasons == {"4711": "already_notified"}


@pytest.mark.parametrize(
    "start",
    [
        "2026-11-25 09:00:00",
        "2026-11-25T09:00",
        "2026-11-25T09:00:00.000",
        "2026-11-25T09:00:00+01:00",
        "2026-11-25 08:00:00Z",
        "2026-11-24T22:00:00-10:00",
    ],
)
def test_every_form_of_a_timestamp_means_the_same_hour(start: str, practice: Practice) -> None:
    practice.book("1", start, customer=1)
    assert practice.run_once().outcomes == {"1": "sent"}
    assert "um 09:00 Uhr" in sms_to_1(practice)


def test_the_staff_list_ends_with_the_rows_of_which_no_run_tells_anybody(either_practice: Practice) -> None:
    practice = either_practice
    practice.book("series", "2026-11-25 09:00", customer=1)
    practice.book("series", "2026-11-25 09:40", customer=1)
    practice.book("midnight", "2026-11-25 00:00", customer=2)
    practice.book("nothing", "2026-11-25 08:30", customer=3, mobile="", email="")
    practice.book("past", "2026-11-23 00:00", customer=4)
    listed = practice.run("staff-list", "--json").json["customers"]
    assert [(entry["appointment_ids"], entry["reason"]) for entry in listed] == [
        (["nothing"], "no_contact"),
        (["midnight"], "bad_row"),
        (["series"], "bad_row"),
    ]
    assert "comes more than once" in listed[2]["detail"]
    practice.run_once()
    assert practice.run("staff-list", "done", "series").exit_code == 0
    left = practice.run("staff-list", "--json").json["customers"]
    assert [entry["appointment_ids"] for entry in left] == [["nothing"], ["midnight"]]
    # Another occurrence is another matter, although it bears the same id.
    practice.book("series", "2026-11-26 09:00", customer=1)
    practice.book("series", "2026-11-26 07:00", customer=1)
    later = practice.run("staff-list", "--json", now="2026-11-25 08:00").json["customers"]
    assert ["series"] in [entry["appointment_ids"] for entry in later]
