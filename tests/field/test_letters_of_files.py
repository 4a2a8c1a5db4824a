"""Bytes as they came: every encoding gives the right name, or the line is refused; nobody is garbled."""

import pytest

from field.conftest import OwnPractice

CSV = (
    "Termin-ID;Beginn;Vorname;Nachname;Handy\r\n"
    "1;25.11.2026 09:00;Jörg;Müller;0171 5555551\r\n"
    "2;25.11.2026 10:00;Zoë;Weiß;0171 5555552\r\n"
    "3;25.11.2026 11:00;Ida;Meier;0171 5555553\r\n"
)
RIGHT = {"1": "Jörg Müller", "2": "Zoë Weiß", "3": "Ida Meier"}


def names(own: OwnPractice) -> dict[str, str]:
    return {key: said[17:].rpartition(" 0171")[0] for key, said in own.standing().items()}


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
)
def test_what_the_tool_reads_is_read_right(own: OwnPractice, encoding: str) -> None:
    assert own.bring(CSV.encode(encoding)).exit_code == 0
    assert names(own) == RIGHT


PADDED = "".join(f"{n};25.11.2026 09:{n};Kunde{n};0171 55550{n}\n" for n in range(10, 30))


@pytest.mark.parametrize(
    "line",
    [
        "1\0;25.11.2026 09:00;Ida Meier;0171 5555001",
        "1;25.11.2026 09:00\0;Ida Meier;0171 5555001",
        "1;25.11.2026 09:00;Ida\0Meier;0171 5555001",
        "1\ufffd;25.11.2026 09:00;Ida Meier;0171 5555001",
    ],
)
def test_one_sign_that_is_no_letter_costs_its_line_alone(own: OwnPractice, line: str) -> None:
    ran = own.bring(f"Termin-ID;Beginn;Name;Handy\n{PADDED}{line}\n")
    assert (ran.exit_code, [each["line"] for each in ran.json["refused"]]) == (1, [22])
    assert len(own.standing()) == 20


@pytest.mark.parametrize("encoding", ["cp850", "cp437", "mac_roman"])
def test_of_another_code_page_only_the_plain_lines_go_in(own: OwnPractice, encoding: str) -> None:
    ran = own.bring(CSV.replace("Zoë", "Zoe").encode(encoding))
    assert ran.exit_code == 1
    assert [line["appointment_id"] for line in ran.json["refused"]] == ["1", "2"]
    assert names(own) == {"3": "Ida Meier"}


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        ("MÃ¼ller", "utf-8"),  # doubly encoded
        ("MÃ¼ller", "cp1252"),
        ("M√ºller", "utf-8"),  # read as Mac Roman in between
        ("M├╝ller", "utf-8"),  # read as CP850 in between
        ("M\ufffdller", "utf-8"),  # lost by an earlier program
        ("M?ller", "utf-8"),  # the same
        ("M\x81ller", "utf-8"),
        ("M=C3=BCller", "utf-8"),  # coded for a mail
        ("M%C3%BCller", "utf-8"),  # coded for an address
        ("M\\u00fcller", "utf-8"),  # coded for JSON
        ("MÅŸller", "utf-8"),
        ("Mi\u00b3osz", "utf-8"),  # Miłosz, Łukasz and Żak of Windows-1250
        ("£ukasz", "utf-8"),
        ("¯ak", "utf-8"),
    ],
)
def test_a_line_with_letters_that_nobody_typed_is_refused_and_the_others_go_in(
    own: OwnPractice, name: str, encoding: str
) -> None:
    check_that_only_the_first_is_refused(own, CSV.replace("Müller", name).encode(encoding))


def test_one_stray_byte_in_a_file_of_utf_8_costs_its_line_alone(own: OwnPractice) -> None:
    check_that_only_the_first_is_refused(own, CSV.encode().replace("Müller".encode(), b"M\xfcller"))


def check_that_only_the_first_is_refused(own: OwnPractice, content: bytes) -> None:
    ran = own.bring(content)
    assert ran.exit_code == 1
    (line,) = ran.json["refused"]
    assert (line["line"], line["appointment_id"]) == (2, "1")
    assert names(own) == {"2": "Zoë Weiß", "3": "Ida Meier"}


@pytest.mark.parametrize(
    "name",
    [
        "Sánchez", "Núñez", "Đorđević", "Dvořák", "Łukasz", "Yılmaz", "Şahin", "O’Brien", "D'Angelo",
        "D´Angelo", "Mª José", "Gal·la",
        "Müller-Lüdenscheid", "Nguyễn",
        "von der Tann", "Αλέξης", "Иванов", "محمد", "Ægir Þór", "Große Ähre", "Öztürk & Söhne",
    ],
)  # fmt: skip
def test_names_of_people_are_taken_as_they_are(own: OwnPractice, name: str) -> None:
    own.taken(CSV.replace("Müller", name))
    assert names(own) == RIGHT | {"1": f"Jörg {name}"}


@pytest.mark.parametrize("name", ["Sánchez", "Šimek und Müller", "Muñoz", "Lefèvre", "Çelik", "Suárez"])
def test_names_of_people_are_taken_as_they_are_in_windows_1252(own: OwnPractice, name: str) -> None:
    own.taken(CSV.replace("Müller", name).encode("cp1252"))
    assert names(own) == RIGHT | {"1": f"Jörg {name}"}


@pytest.mark.parametrize(
    "name", ["M&uuml;ller", "M&#252;ller", "<b>Müller</b>", '="Müller"', "  Müller ", "Mu\u0308ller"]
)
def test_what_is_wrapped_around_a_name_is_taken_off(own: OwnPractice, name: str) -> None:
    own.taken(CSV.replace(";", ",").replace("Müller", name))
    assert names(own) == RIGHT


def calendar(encoding: str, fold: bytes = b"") -> bytes:
    text = (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART:20261125T080000Z\r\n"
        "SUMMARY:Sehtest\r\nDESCRIPTION:Name: Jörg Müller\\nMobil: 0171 5555551\r\nEND:VEVENT\r\n"
        "END:VCALENDAR\r\n"
    )
    return text.encode(encoding)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_a_calendar_is_read_in_the_same_encodings(own: OwnPractice, encoding: str) -> None:
    assert own.taken(calendar(encoding), name="praxis.ics") == {
        "1": "2026-11-25 09:00 Jörg Müller 0171 5555551"
    }


def test_a_fold_inside_a_letter_breaks_nothing(own: OwnPractice) -> None:
    folded = calendar("utf-8").replace("ü".encode(), b"\xc3\r\n \xbc")
    assert own.taken(folded, name="praxis.ics") == {"1": "2026-11-25 09:00 Jörg Müller 0171 5555551"}


@pytest.mark.parametrize("encoding", ["cp850", "mac_roman"])
def test_a_calendar_of_another_code_page_is_refused_entry_by_entry(own: OwnPractice, encoding: str) -> None:
    ran = own.bring(calendar(encoding), name="praxis.ics")
    assert ran.exit_code == 1
    assert [line["appointment_id"] for line in ran.json["refused"]] == ["1"]
    assert own.standing() == {}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x00\x01\x02\x03" * 100, "neither CSV nor iCalendar"),
        (b"%PDF-1.4\n%\x00\xe2", "neither CSV nor iCalendar"),
        (b"PK\x03\x04" + b"\x00" * 200, "save it as CSV"),
    ],
)
def test_what_is_no_text_is_refused_whole(own: OwnPractice, content: bytes, words: str) -> None:
    ran = own.bring(content)
    assert (ran.exit_code, words in ran.stderr) == (2, True)


def test_an_old_calendar_writes_its_letters_in_a_code(own: OwnPractice) -> None:
    """vCalendar 1.0, as phones export it."""
    content = (
        "BEGIN:VCALENDAR\r\nVERSION:1.0\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART:20261125T080000Z\r\n"
        "DESCRIPTION;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:Name: J=C3=B6rg M=C3=BCller=0A=\r\n"
        "Mobil: 0171 5555001\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    assert own.taken(content, name="praxis.ics") == {"1": "2026-11-25 09:00 Jörg Müller 0171 5555001"}


def test_one_id_in_two_forms_of_unicode_is_one(own: OwnPractice) -> None:
    own.taken(CSV.replace("\r\n1;", "\r\nTermin-Mü;"))
    assert own.taken(CSV.replace("\r\n1;", "\r\nTermin-Mu\u0308;")).keys() == {"Termin-Mü", "2", "3"}
