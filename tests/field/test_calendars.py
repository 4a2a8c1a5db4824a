"""Calendars as programs publish them."""

import pytest

from field.conftest import OwnPractice

IDA = "Name: Ida Meier\\nMobil: 0171 5555001"
DEFINED = """BEGIN:VTIMEZONE
TZID:{name}
{more}BEGIN:DAYLIGHT
TZOFFSETFROM:{standard}
TZOFFSETTO:{daylight}
DTSTART:19700329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
BEGIN:STANDARD
TZOFFSETFROM:{daylight}
TZOFFSETTO:{standard}
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
END:VTIMEZONE"""
BERLIN = {"standard": "+0100", "daylight": "+0200"}
LONDON = {"standard": "+0000", "daylight": "+0100"}


def event(*lines: str, uid: str = "a", start: str = "DTSTART:20261125T080000Z", who: str = IDA) -> str:
    described = [f"DESCRIPTION:{who}"] if who else []
    return "\n".join(
        ["BEGIN:VEVENT", f"UID:{uid}", *([start] if start else []), *described, *lines, "END:VEVENT"]
    )


def calendar(*parts: str, head: str = "") -> str:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", *head.split("\n"), *parts, "END:VCALENDAR", ""]
    return "\r\n".join("\n".join(filter(None, lines)).split("\n")) + "\r\n"


def take(own: OwnPractice, *parts: str, head: str = "", options: tuple[str, ...] = ()) -> dict[str, str]:
    return dict(own.taken(calendar(*parts, head=head), *options, name="praxis.ics"))


# ---------------------------------------------------------------- time zones


@pytest.mark.parametrize(
    ("name", "definition"),
    [
        ("Europe/Berlin", None),
        ("Europe/Berlin", DEFINED.format(name="Europe/Berlin", more="", **BERLIN)),
        ("Europe/Berlin", DEFINED.format(name="Europe/Berlin", more="", **LONDON)),  # a place is a place
        ("/freeassociation.sourceforge.net/Europe/Berlin", None),
        ("/freeassociation.sourceforge.net/Tzfile/Europe/Berlin", None),
        ("/mozilla.org/20050126_1/Europe/Berlin", None),
        ("/citadel.org/20210210_1/Europe/Berlin", None),
        ("W. Europe Standard Time", None),
        ("W. Europe Standard Time", DEFINED.format(name="W. Europe Standard Time", more="", **BERLIN)),
        ('"(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna"', None),
        ('"(GMT+01.00) Amsterdam / Berlin / Bern / Rom / Stockholm / Wien"', None),
        ("Mitteleuropäische Zeit", None),
        ("Meine Zone", DEFINED.format(name="Meine Zone", more="", **BERLIN)),  # a name of its own
        ("Praxis", DEFINED.format(name="Praxis", more="TZID-ALIAS-OF:Europe/Berlin\n", **BERLIN)),
        ("Praxis", DEFINED.format(name="Praxis", more="X-LIC-LOCATION:Europe/Berlin\n", **BERLIN)),
        ("Praxis", DEFINED.format(name="Praxis", more="TZID:Europe/Berlin\n", **BERLIN)),  # two TZIDs
        ("Europe/Berlin", DEFINED.format(name="Praxis", more="TZID:Europe/Berlin\n", **BERLIN)),
        ("Berlin", "BEGIN:VTIMEZONE\nTZID:Berlin\nEND:VTIMEZONE"),  # defined as nothing
    ],
)
def test_a_time_zone_is_read_however_programs_write_its_name(
    own: OwnPractice, name: str, definition: str | None
) -> None:
    start = f"DTSTART;TZID={name}:20261125T090000"
    assert take(own, *filter(None, [definition]), event(start=start)) == {
        "a": "2026-11-25 09:00 Ida Meier 0171 5555001"
    }


@pytest.mark.parametrize(
    ("name", "definition"),
    [
        ("GMT", DEFINED.format(name="GMT", more="", **LONDON)),  # an hour apart, but only in summer
        ("W. Europe Standard Time", DEFINED.format(name="W. Europe Standard Time", more="", **LONDON)),
        ('"(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna"', DEFINED.format(
            name="(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna", more="", **LONDON)),
        ("Nowhere/Land", None),
        ("Europe", None),
        ('"tzone://Microsoft/Custom"', None),
        ("Zone", "\n".join(DEFINED.format(name="Zone", more="", **zone) for zone in (LONDON, BERLIN))),
    ],
)  # fmt: skip
def test_a_time_zone_that_may_be_two_is_refused(own: OwnPractice, name: str, definition: str | None) -> None:
    start = f"DTSTART;TZID={name}:20260725T090000"
    ran = own.bring(
        calendar(*filter(None, [definition]), event(start=start), event(uid="b")), name="praxis.ics"
    )
    assert (ran.exit_code, ran.stderr) == (1, "")
    (line,) = ran.json["refused"]
    assert "time zone" in line["reason"]
    assert own.standing().keys() == {"b"}


def test_a_time_without_a_zone_is_the_calendar_s_or_the_practice_s(own: OwnPractice) -> None:
    floating = event(start="DTSTART:20261125T090000")
    assert take(own, floating)["a"].startswith("2026-11-25 09:00")
    assert take(own, floating, head="X-WR-TIMEZONE:Europe/London")["a"].startswith("2026-11-25 10:00")


# ---------------------------------------------------------------- who is meant


@pytest.mark.parametrize(
    ("lines", "who", "right"),
    [
        (['ATTENDEE;CN="Meier, Ida":mailto:ida@example.org'], "", "Ida Meier ida@example.org"),
        (["ATTENDEE;CN=Meier, Ida:mailto:ida@example.org?subject=Termin"], "", "Ida Meier ida@example.org"),
        (
            [
                "ORGANIZER:mailto:praxis@example.org",
                "ATTENDEE:MAILTO:praxis@example.org",
                "ATTENDEE;CUTYPE=ROOM:mailto:raum@example.org",
                "ATTENDEE;CN=Ida Meier:tel:+491715555001",
            ],
            "",
            "Ida Meier +491715555001",
        ),
        (
            [  # iCloud: one of the two is an id
                "ORGANIZER;EMAIL=praxis@example.org:/1234/principal/",
                "ATTENDEE;EMAIL=Praxis@example.org;ROLE=CHAIR:mailto:praxis@example.org",
                "ATTENDEE;CN=Ida Meier;EMAIL=ida@example.org:mailto:ida@example.org",
            ],
            "",
            "Ida Meier ida@example.org",
        ),
        ([], "Kunde: Frau Ida Meier\\nMobil: 0171 5555001\\nRuft an: 0172 1111111", "Ida Meier 0171 5555001"),
        ([], "Vorname: Ida<br>Nachname: Meier<br/>E-Mail: i@example.org", "Ida Meier i@example.org"),
        (
            [],
            "<html><body><p><b>Name:</b> Ida M&uuml;ller</p><p>Mobil:&nbsp;0171 5555001</p></body></html>",
            "Ida Müller 0171 5555001",
        ),
        (["ATTENDEE;CN=Ida Meier:ida@example.org"], "", "Ida Meier ida@example.org"),  # without its mailto:
        (["ATTENDEE;CN=Ida Meier:MAILTO: ida%40example.org"], "", "Ida Meier ida@example.org"),
        (["ATTENDEE;CN=Ida Meier:sms:+491715555001"], "", "Ida Meier +491715555001"),
        ([], "- Name: Ida Meier\\n- Handy: 0171 5555001", "Ida Meier 0171 5555001"),
        ([], "**Name:** Ida Meier\\n**Handy:** 0171 5555001", "Ida Meier 0171 5555001"),
        (
            [],
            "<table><tr><td>Name:</td><td>Ida Meier</td></tr>"
            "<tr><td>Mobil:</td><td>0171 5555001</td></tr></table>",
            "Ida Meier 0171 5555001",
        ),
        (
            ["X-ALT-DESC;FMTTYPE=text/html:<p>Name: Ida Meier</p><p>Mobil: 0171 5555001</p>"],
            "",
            "Ida Meier 0171 5555001",
        ),
        ([], "Name: Ida Meier\\nMobil: 0171 5555001\\nMobil: +49 171 5555001", "Ida Meier 0171 5555001"),
    ],
)
def test_the_customer_is_the_guest_or_in_the_labelled_lines(
    own: OwnPractice, lines: list[str], who: str, right: str
) -> None:
    assert take(own, event(*lines, who=who)) == {"a": f"2026-11-25 09:00 {right}"}


@pytest.mark.parametrize(
    ("lines", "who", "words"),
    [
        ([], "Name: Ida Meier\\nTelefon: 0171 5555001\\n\\nPraxis\\nTelefon: 040 123456", "stands twice"),
        (
            [],
            "Name: Ida Meier\\nTelefon: 0171 5555001\\nName: Optik Hansen\\nTelefon: 0171 5555001",
            "stands twice",
        ),
        ([], "Name: Ida Meier\\nE-Mail: i@example.org\\nE-Mail: praxis@example.org", "stands twice"),
        (["ATTENDEE:mailto:a@example.org", "ATTENDEE:mailto:b@example.org"], "", "2 people"),
        (
            ["ATTENDEE;CN=Eva Kurz:mailto:eva@example.org"],
            "Name: Ida Meier\\nMobil: 0171 5555001",
            "names 'Eva",
        ),
        ([], "Name: M\ufffdller\\nMobil: 0171 5555001", "broken letters"),
        ([], "Kundennummer: NULL\\nName: Ida Meier\\nMobil: 0171 5555001", "stands for no id"),
    ],
)
def test_where_two_may_be_meant_the_entry_is_refused(
    own: OwnPractice, lines: list[str], who: str, words: str
) -> None:
    ran = own.bring(calendar(event(*lines, who=who)), name="praxis.ics")
    assert ran.exit_code == 1
    (line,) = ran.json["refused"]
    assert words in line["reason"]
    assert (line["line"], line["appointment_id"]) == (4, "a")


@pytest.mark.parametrize(
    ("title", "refused"),
    [
        ("Ida Meier 0171 5555001", False),
        ("Hausbesuch Meier 0171 5555001", False),
        ("Sehtest Eva Kurz", False),  # it brings no number: the guest is the customer
        ("Eva Kurz 0171 5555001", True),
    ],
)
def test_a_title_whose_number_is_another_s_than_the_guest_s_is_refused(
    own: OwnPractice, title: str, refused: bool
) -> None:
    entry = event(f"SUMMARY:{title}", "ATTENDEE;CN=Ida Meier:mailto:ida@example.org", who="")
    ran = own.bring(calendar(entry), "--title", "customer", name="praxis.ics")
    assert ran.exit_code == refused, ran.stdout
    assert len(own.standing()) == (not refused)


def test_what_names_nobody_is_counted_and_left_out(own: OwnPractice) -> None:
    ran = own.bring(
        calendar(
            event(),
            event("SUMMARY:Mittagspause", uid="lunch", who=""),
            event("SUMMARY:Mittagspause", "RRULE:FREQ=DAILY", uid="lunches", who=""),
            event(
                "SUMMARY:Geburtstag Anna",
                "RRULE:FREQ=YEARLY",
                uid="b",
                start="DTSTART;VALUE=DATE:20261126",
                who="",
            ),
            event("SUMMARY:Urlaub", uid="u", start="DTSTART;VALUE=DATE:20261224", who=""),
            event(
                "SUMMARY:Feiertag", "DTEND:20261126T000000", uid="f", start="DTSTART:20261125T000000", who=""
            ),
        ),
        name="praxis.ics",
    )
    assert ran.exit_code == 0
    assert own.standing().keys() == {"a"}
    assert ran.json["understood"]["left_out"] == {
        "all-day entries": 3,
        "entries without a customer": 1,
        "series without a customer": 1,
    }


def test_an_entry_of_a_whole_day_that_names_somebody_is_refused(own: OwnPractice) -> None:
    ran = own.bring(calendar(event(start="DTSTART;VALUE=DATE:20261125")), name="praxis.ics")
    assert (ran.exit_code, own.standing()) == (1, {})
    assert "whole day" in ran.json["refused"][0]["reason"]


@pytest.mark.parametrize(
    ("title", "right"),
    [
        ("Ida Meier 0171 5555001", "Ida Meier 0171 5555001"),
        ("Meier, Ida 0171/5555001", "Ida Meier 0171/5555001"),
        ("Frau Meier Tel. 0171-5555001 Sehtest", "Meier 0171-5555001"),
        ("Sehtest - Ida Meier - +49 171 5555001", "Ida Meier +49 171 5555001"),
        ("Ida Meier (0171 5555001) Brille abholen", "Ida Meier 0171 5555001"),
        ("Hörtest Ida Meier, Mobil: 0171 5555001", "Ida Meier 0171 5555001"),
        ("Ida Meier ida@example.org", "Ida Meier ida@example.org"),
        ("0171 5555001 Ida Meier", "Ida Meier 0171 5555001"),
        ("Mittagspause", None),
        ("Team-Besprechung Raum 5", None),
        ("Ida Meier", None),  # how would she be reached? perhaps it is no customer at all
        ("0171 5555001", None),
    ],
)
def test_name_and_number_in_a_title_as_small_practices_write_them(
    own: OwnPractice, title: str, right: str | None
) -> None:
    other = event(uid="b", who="Name: Eva Kurz\\nMobil: 0171 5555009")
    content = calendar(event(f"SUMMARY:{title.replace(',', chr(92) + ',')}", who=""), other)
    ran = own.bring(content, "--title", "customer", name="praxis.ics")
    assert ran.exit_code == 0
    assert own.standing().get("a") == (right and f"2026-11-25 09:00 {right}")
    assert ran.json["titles_left_out"] == ([] if right else [title])
    again = own.bring(content, "--title", "customer", name="praxis.ics")
    assert again.json["titles_left_out"] == []  # new ones once


@pytest.mark.parametrize(
    ("title", "stands"),
    [
        ("Ida Meier", True),  # the number was taken out
        ("Meier, Ida: ruft zurück", True),
        ("Rückruf", False),
        ("Eva Meier", False),  # somebody else, whom nobody knows
    ],
)
def test_a_known_appointment_keeps_its_customer_while_the_title_has_the_name(
    own: OwnPractice, title: str, stands: bool
) -> None:
    options = ("--title", "customer")
    others = [event(uid=f"b{n}", start=f"DTSTART:2026112{n}T080000Z") for n in range(6, 9)]
    before = take(own, event("SUMMARY:Ida Meier 0171 5555001", who=""), *others, options=options)
    ran = own.bring(calendar(event(f"SUMMARY:{title}", who=""), *others), *options, name="praxis.ics")
    assert own.standing() == ({key: said for key, said in before.items() if key != "a" or stands})
    assert ran.json["titles_left_out"] == ([] if stands else [title])


# ---------------------------------------------------------------- cancelled


@pytest.mark.parametrize(
    ("lines", "cancelled"),
    [
        (["STATUS:CANCELLED"], True),
        (["STATUS:CANCELED"], True),
        (["STATUS:cancelled"], True),
        (["STATUS:Storniert"], True),
        (["STATUS:Abgesagt vom Kunden"], True),
        (["STATUS:NEEDS-ACTION"], False),
        (["SUMMARY:Abgesagt: Sehtest"], True),
        (["SUMMARY:Canceled: Sehtest"], True),
        (["SUMMARY:Storniert - Sehtest"], True),
        (["SUMMARY:[abgesagt] Sehtest"], True),
        (["SUMMARY:ABGESAGT"], True),
        (["SUMMARY:Ida Meier - abgesagt"], True),
        (["SUMMARY:Ida Meier (abgesagt)"], True),
        (["SUMMARY:Ida Meier – storniert!"], True),
        (["SUMMARY:Ida Meier [Annulé]"], True),
        (["SUMMARY:Sehtest: Storno"], True),
        (["SUMMARY:Abgelehnt: Sehtest"], True),
        (["SUMMARY:Refusé : Examen"], True),
        *(
            ([f"SUMMARY:{title}"], False)  # names
            for title in (
                "Sehtest - Stornowski",
                "Cancellara (0171 5555001)",
                "Stornelli-Meier",
                "Stornig: Kontrolle",
                "Deletaille - Sehtest",
                "Cancel (0171 5555001)",
            )
        ),
        (["SUMMARY:CANCEL: Sehtest"], True),
        (["SUMMARY:Abges. - Sehtest"], True),
        (["SUMMARY:Abgesprochen: Abholung"], False),
        (["SUMMARY:Abgeschlossen - Anpassung"], False),
        (["SUMMARY:Abgesagt (Kunde krank)"], True),
        (["SUMMARY:Annulé: Sehtest", "STATUS:CONFIRMED"], True),
        (["SUMMARY:Entfällt: Sehtest"], True),
        (["SUMMARY:No-Show: Sehtest"], True),
        (["ATTENDEE;PARTSTAT=DECLINED:mailto:ida@example.org"], True),
        (
            [
                "ORGANIZER:mailto:praxis@example.org",
                "ATTENDEE;PARTSTAT=ACCEPTED:mailto:praxis@example.org",
                "ATTENDEE;PARTSTAT=DECLINED:mailto:ida@example.org",
            ],
            True,
        ),
        (["SUMMARY:Entfernung Zahnstein"], False),
        (["SUMMARY:Entfernung: Zahnstein"], False),
        (["SUMMARY:Stornierungsgespräch mit Kunde"], False),
        (["STATUS:CONFIRMED"], False),
        (["STATUS:TENTATIVE"], False),
        (["ATTENDEE;PARTSTAT=ACCEPTED:mailto:ida@example.org"], False),
        (
            [
                "ATTENDEE;PARTSTAT=DECLINED:mailto:a@example.org",
                "ATTENDEE;PARTSTAT=ACCEPTED:mailto:b@example.org",
            ],
            False,
        ),
    ],
)
def test_what_is_cancelled_in_a_calendar(own: OwnPractice, lines: list[str], cancelled: bool) -> None:
    own.bring(calendar(event(*lines), event(uid="b")), name="praxis.ics")
    assert own.state("a")[0] == ("Storniert" if cancelled else "")


@pytest.mark.parametrize("title", ["Ida Meier abgesagt", "ABGESAGT Ida Meier", "Rückruf wegen Absage"])
def test_a_word_for_a_cancellation_in_the_midst_of_a_title_is_warned_about(
    own: OwnPractice, title: str
) -> None:
    (warning,) = own.bring(calendar(event(f"SUMMARY:{title}")), name="praxis.ics").json["warnings"]
    assert title in warning
    assert own.standing().keys() == {"a"}
    head, line = "Termin-ID;Beginn;Titel;Name;Handy", f"1;2026-11-25 09:00;{title};Ida Meier;0171 5555001"
    assert title in own.bring(f"{head}\n{line}\n").json["warnings"][0]
    over = line.replace("11-25", "11-20")
    assert title not in " ".join(own.bring(f"{head}\n{over}\n").json["warnings"])


@pytest.mark.parametrize(
    ("line", "warned"),
    [
        ("DESCRIPTION:ABGESAGT\\n{}", "ABGESAGT"),
        ("DESCRIPTION:{}\\nStatus: abgesagt", "Status: abgesagt"),
        ("DESCRIPTION:{}\\nStorniert: ja", "Storniert: ja"),
        ("DESCRIPTION:{}\\nStorniert am: 24.11.2026", "Storniert am: 24.11.2026"),
        ("DESCRIPTION:{}\nCATEGORIES:Sehtest,Abgesagt", "Abgesagt"),
        ("DESCRIPTION:{}\nCATEGORIES:Abgesagt", "Abgesagt"),
        ("DESCRIPTION:{}\\nStatus: gebucht\\nStorniert: nein", ""),
        ("DESCRIPTION:{}\\nCancel: https://example.org/c", ""),
        ("DESCRIPTION:{}\\nStorno: kostenlos bis 24 h vorher\\nAbsage: 040 123456", ""),
        ("DESCRIPTION:{}\\nAbsagen bitte bis zum Vortag", ""),
        ("DESCRIPTION:{}\\nStornieren\\nCancel\\nAnnuler", ""),  # links whose address is gone
        ("DESCRIPTION:{}\\nStorno: 24-48 Stunden vorher\\nAbsage: 040/123456", ""),
    ],
)
def test_a_cancellation_that_stands_beside_the_title_is_warned_about(
    own: OwnPractice, line: str, warned: str
) -> None:
    ran = own.bring(calendar(event(line.format(IDA), who="")), name="praxis.ics")
    assert [warned in said for said in ran.json["warnings"]] == [True] * bool(warned)


@pytest.mark.parametrize(("status", "held"), [("STATUS:CANCELLED", "held"), ("STATUS:CONFIRMED", "")])
def test_an_appointment_is_held_whose_entry_cannot_be_read_and_says_that_it_is_off(
    own: OwnPractice, status: str, held: str
) -> None:
    take(own, event())
    own.bring(calendar(event(status, who=IDA.replace("Meier", "M?ller"))), name="praxis.ics")
    assert own.state("a") == ("", held)


def test_a_status_that_is_excluded_keeps_its_name_in_a_calendar_too(own: OwnPractice) -> None:
    own.bring(calendar(event("STATUS:Geplatzt")), name="praxis.ics")
    assert own.state("a")[0] == "Geplatzt"


def test_what_a_status_means_can_be_said_of_a_calendar_too(own: OwnPractice) -> None:
    tentative = calendar(event("STATUS:TENTATIVE"), event(uid="b"))
    assert own.taken(tentative, name="praxis.ics").keys() == {"a", "b"}
    own.bring(tentative, "--status", "tentative=cancelled", name="praxis.ics")
    assert own.standing().keys() == {"b"}


# ---------------------------------------------------------------- series


WEEKLY = event(
    "RRULE:FREQ=WEEKLY",
    "DTEND;TZID=Europe/Berlin:20261125T093000",
    start="DTSTART;TZID=Europe/Berlin:20261125T090000",
)


def test_a_series_is_spread_over_ninety_days(own: OwnPractice) -> None:
    stood = take(own, WEEKLY)
    assert len(stood) == 13
    assert stood["a/20261125"] == "2026-11-25 09:00 Ida Meier 0171 5555001"
    assert stood["a/20261202"].startswith("2026-12-02 09:00")


def test_occurrences_that_are_left_out_changed_or_cancelled(own: OwnPractice) -> None:
    changed = event(
        "RECURRENCE-ID;TZID=Europe/Berlin:20261209T090000", start="DTSTART;TZID=Europe/Berlin:20261210T110000"
    )
    cancelled = event("RECURRENCE-ID:20261216T080000Z", "STATUS:CANCELLED", start="DTSTART:20261216T080000Z")
    left_out = WEEKLY.replace("RRULE", "EXDATE;TZID=Europe/Berlin:20261202T090000\nRRULE").replace(
        "FREQ=WEEKLY", "FREQ=WEEKLY;UNTIL=20261223T230000Z"
    )
    assert {key: said[:16] for key, said in take(own, left_out, changed, cancelled).items()} == {
        "a/20261125": "2026-11-25 09:00",
        "a/20261209": "2026-12-10 11:00",  # it keeps its id
        "a/20261223": "2026-12-23 09:00",
    }
    assert own.state("a/20261216")[0] == "Storniert"


@pytest.mark.parametrize(
    "named",
    [
        "RECURRENCE-ID;VALUE=DATE:20261202",
        "RECURRENCE-ID:20261202T080000Z",
        "RECURRENCE-ID:20261202",
        "RECURRENCE-ID;TZID=Europe/Berlin:20261202T000000",  # Outlook names the day by its midnight
        "RECURRENCE-ID:20261202T000000Z",
    ],
)
def test_a_changed_occurrence_is_known_however_it_is_named(own: OwnPractice, named: str) -> None:
    weekly = event("RRULE:FREQ=WEEKLY;COUNT=2")
    moved = event(named, start="DTSTART:20261203T100000Z")
    assert take(own, weekly, moved) == {
        "a/20261125": "2026-11-25 09:00 Ida Meier 0171 5555001",
        "a/20261202": "2026-12-03 11:00 Ida Meier 0171 5555001",
    }


def test_a_change_of_one_occurrence_and_all_later_ones_keeps_the_ids_of_all(own: OwnPractice) -> None:
    weekly = event("RRULE:FREQ=WEEKLY;COUNT=4")
    before = take(own, weekly)
    later = event("RECURRENCE-ID;RANGE=THISANDFUTURE:20261202T080000Z", start="DTSTART:20261203T100000Z")
    after = own.bring(calendar(weekly, later), "--force", name="praxis.ics")
    assert after.exit_code == 0, after.stdout
    assert own.standing().keys() == before.keys()
    assert [said[:16] for said in own.standing().values()] == [
        "2026-11-25 09:00",
        "2026-12-03 11:00",
        "2026-12-10 11:00",
        "2026-12-17 11:00",
    ]


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("start", ["DTSTART:bald", "DTSTART;VALUE=DATE:20261203", "DTSTART:20261203T100000Z"])
def test_while_a_change_of_an_occurrence_cannot_be_read_it_is_held(
    own: OwnPractice, start: str, first: bool
) -> None:
    weekly = event("RRULE:FREQ=WEEKLY;COUNT=2")
    if not first:
        take(own, weekly)
    name = "Name: M\ufffdller\\nMobil: 0171 5555001" if start.endswith("Z") else IDA
    change = event("RECURRENCE-ID:20261202T080000Z", start=start, who=name)
    ran = own.bring(calendar(weekly, change), name="praxis.ics")
    assert ran.exit_code == 1
    assert [each["appointment_id"] for each in ran.json["held"]] == ["a/20261202"]
    assert set(own.standing()) == {"a/20261125"}
    right = event("RECURRENCE-ID:20261202T080000Z", start="DTSTART:20261203T100000Z")
    assert take(own, weekly, right)["a/20261202"] == "2026-12-03 11:00 Ida Meier 0171 5555001"


@pytest.mark.parametrize("left_out", [True, False])
def test_an_occurrence_that_may_be_meant_by_a_change_is_held_until_that_is_clear(
    own: OwnPractice, left_out: bool
) -> None:
    """The program is wrong by the hour of summer time, or the whole series was moved since."""
    weekly, deleted = event("RRULE:FREQ=WEEKLY;COUNT=2"), event("RRULE:FREQ=WEEKLY;COUNT=2", "EXDATE:{}")
    off = event("RECURRENCE-ID:{}", "STATUS:CANCELLED", start="DTSTART:20261202T080000Z", who="")

    def brought(named: str) -> tuple[int, list[str]]:
        parts = [deleted.format(named)] if left_out else [weekly, off.format(named)]
        ran = own.bring(calendar(*parts), name="praxis.ics")
        return ran.exit_code, [each["appointment_id"] for each in ran.json["refused"]]

    take(own, weekly)
    assert brought("20261202T070000Z") == (1, ["a/20261202"])
    assert own.state("a/20261202") == ("", "held")
    assert brought("20261202T080000Z") == (0, [])
    assert own.standing().keys() == {"a/20261125"}


def test_a_deleted_occurrence_needs_no_start(own: OwnPractice) -> None:
    deleted = event("RECURRENCE-ID:20261202T080000Z", "STATUS:CANCELLED", start="", who="")
    assert take(own, event("RRULE:FREQ=WEEKLY;COUNT=2"), deleted).keys() == {"a/20261125"}


@pytest.mark.parametrize("start", ["DTSTART:bald", "DTSTART:20261203T250000Z", "DTSTART;VALUE=DATE:20261203"])
def test_a_change_that_names_nobody_and_cannot_be_read_is_its_series_customer_s(
    own: OwnPractice, start: str
) -> None:
    change = event("RECURRENCE-ID:20261202T080000Z", start=start, who="")
    ran = own.bring(calendar(event("RRULE:FREQ=WEEKLY;COUNT=2"), change), name="praxis.ics")
    assert (ran.exit_code, [line["appointment_id"] for line in ran.json["refused"]]) == (1, ["a/20261202"])
    assert own.standing().keys() == {"a/20261125"}


def test_a_series_that_is_moved_as_a_whole_keeps_its_ids(own: OwnPractice) -> None:
    take(own, WEEKLY)
    ran = own.bring(calendar(WEEKLY.replace("T090000", "T100000")), name="praxis.ics")
    assert {change["detail"].partition(" from")[0] for change in ran.json["changed"]} == {"moved"}
    assert (len(ran.json["changed"]), ran.json["counts"]["disturbed"]) == (13, 1)  # it counts once


@pytest.mark.parametrize(
    ("before", "after", "stands"),
    [
        ("FREQ=WEEKLY", "FREQ=WEEKLY;UNTIL=20261202T225959Z", {"a/20261125", "a/20261202"}),
        ("FREQ=WEEKLY;COUNT=4", "FREQ=WEEKLY;COUNT=1", {"a/20261125"}),
        ("FREQ=WEEKLY;COUNT=4", "FREQ=WEEKLY;INTERVAL=2;COUNT=2", {"a/20261125", "a/20261209"}),
        ("FREQ=WEEKLY;COUNT=4", "", {"a"}),  # a single appointment by now
    ],
)
def test_what_a_shortened_series_has_no_more_is_gone_though_it_was_the_last_in_the_calendar(
    own: OwnPractice, before: str, after: str, stands: set[str]
) -> None:
    """Of a series a calendar gives every occurrence, also later than its last day."""
    other = event(uid="b", start="DTSTART:20261126T080000Z")
    take(own, event(f"RRULE:{before}"), other)
    ran = own.bring(calendar(event(f"RRULE:{after}" if after else "CLASS:PUBLIC"), other), name="praxis.ics")
    assert ran.json["held"], ran.stdout
    assert ran.json["understood"]["beyond"] == 0  # what is held is not said to stay
    assert own.standing().keys() == stands | {"b"}


def test_a_changed_occurrence_without_its_series_says_nothing_of_the_others(own: OwnPractice) -> None:
    before = take(own, event("RRULE:FREQ=WEEKLY;COUNT=4"))
    alone = event("RECURRENCE-ID:20261125T080000Z", start="DTSTART:20261125T100000Z")
    assert own.bring(calendar(alone), name="praxis.ics").json["held"] == []
    assert own.standing().keys() == before.keys()


def test_a_field_without_a_value_says_nothing(own: OwnPractice) -> None:
    empty = (
        "DTEND",
        "DURATION",
        "SUMMARY",
        "RRULE",
        "EXDATE",
        "RDATE",
        "RECURRENCE-ID",
        "CATEGORIES",
        "CREATED",
    )
    assert take(own, event(*(f"{name}:" for name in empty))).keys() == {"a"}


@pytest.mark.parametrize("start", ["DTSTART;TZID=Europe/Berlin:20261125T090000", "DTSTART:20261125T080000Z"])
def test_the_last_day_of_a_series_counts_with_all_of_its_hours(own: OwnPractice, start: str) -> None:
    assert take(own, event("RRULE:FREQ=DAILY;UNTIL=20261127", start=start)).keys() == {
        "a/20261125",
        "a/20261126",
        "a/20261127",
    }


def test_a_change_of_all_earlier_occurrences_is_refused(own: OwnPractice) -> None:
    earlier = event("RECURRENCE-ID;RANGE=THISANDPRIOR:20261202T080000Z", start="DTSTART:20261202T100000Z")
    ran = own.bring(calendar(event("RRULE:FREQ=WEEKLY;COUNT=2"), earlier), name="praxis.ics")
    assert "RANGE='THISANDPRIOR'" in ran.json["refused"][0]["reason"]
    assert own.standing().keys() == {"a/20261125"}


@pytest.mark.parametrize("method", ["COUNTER", "DECLINECOUNTER", "REFRESH"])
def test_what_a_guest_asks_for_moves_no_appointment(own: OwnPractice, method: str) -> None:
    before = take(own, event())
    proposal = calendar(event(start="DTSTART:20261125T140000Z"), head=f"METHOD:{method}")
    ran = own.bring(proposal, name="praxis.ics")
    assert (ran.exit_code, f"METHOD:{method}" in ran.stderr) == (2, True)
    assert own.standing() == before


@pytest.mark.parametrize("value", ["urn:uuid:f81d4fae-7dec-11d0", "invalid:nomail", "/1234/principal/"])
def test_a_guest_s_address_may_stand_beside_an_id_of_theirs(own: OwnPractice, value: str) -> None:
    guest = f"ATTENDEE;CN=Ida Meier;EMAIL=ida@example.org:{value}"
    assert take(own, event(guest, who="")) == {"a": "2026-11-25 09:00 Ida Meier ida@example.org"}


def test_a_zone_s_name_without_its_quotation_marks_is_named_whole(own: OwnPractice) -> None:
    start = "DTSTART;TZID=Paris, Madrid:20261125T090000"
    ran = own.bring(calendar(event(start=start)), name="praxis.ics")
    assert "'Paris, Madrid'" in ran.json["refused"][0]["reason"]


def test_further_dates_and_every_day_at_two_times(own: OwnPractice) -> None:
    single = event("RDATE:20261127T080000Z,20261130T100000Z", uid="r")
    twice = event("RRULE:FREQ=DAILY;BYHOUR=8,14;COUNT=4", uid="t", start="DTSTART:20261126T080000Z")
    stood = take(own, single, twice)
    assert {key: said[:16] for key, said in stood.items()} == {
        "r/20261125": "2026-11-25 09:00",
        "r/20261127": "2026-11-27 09:00",
        "r/20261130": "2026-11-30 11:00",
        "t/20261126T0900": "2026-11-26 09:00",
        "t/20261126T1500": "2026-11-26 15:00",
        "t/20261127T0900": "2026-11-27 09:00",
        "t/20261127T1500": "2026-11-27 15:00",
    }


@pytest.mark.parametrize(
    "rule",
    [
        *("FREQ=SECONDLY", "FREQ=MINUTELY;INTERVAL=5", "FREQ=OFTEN", "FREQ=WEEKLY;BYDAY=XX", "x"),
        *("FREQ=WEEKLY;INTERVAL=0", "INTERVAL=00;FREQ=DAILY"),  # the library would never come to an end
    ],
)
def test_a_rule_that_cannot_be_followed_is_refused(own: OwnPractice, rule: str) -> None:
    ran = own.bring(calendar(event(f"RRULE:{rule}"), event(uid="b")), name="praxis.ics")
    assert ran.exit_code == 1
    assert [line["appointment_id"] for line in ran.json["refused"]] == ["a"]
    assert own.standing().keys() == {"b"}


def test_a_series_over_the_change_of_the_clock_stays_at_its_hour(own: OwnPractice) -> None:
    own.bring(calendar(WEEKLY.replace("20261125", "20260923")), name="praxis.ics", now="2026-09-22 10:00")
    assert {said[11:16] for said in own.standing().values()} == {"09:00"}


# ---------------------------------------------------------------- whole files


def test_a_calendar_without_its_end_is_partial(own: OwnPractice) -> None:
    whole = calendar(*(event(uid=str(n), who=IDA.replace("001", f"{n:03}")) for n in range(10)))
    own.taken(whole, name="praxis.ics")
    ran = own.bring(whole[: int(len(whole) * 0.75)], name="praxis.ics")
    assert ran.exit_code == 1
    assert "has no end" in ran.json["problems"][0]
    assert len(own.standing()) >= 9
    assert own.practice.sql("SELECT count(*) FROM appointments WHERE status <> ''") == [(0,)]


@pytest.mark.parametrize(("method", "held"), [("PUBLISH", True), ("REQUEST", False), ("", True)])
def test_an_invitation_says_nothing_of_other_appointments(own: OwnPractice, method: str, held: bool) -> None:
    take(own, event(), event(uid="b"))
    head = f"METHOD:{method}" if method else ""
    own.bring(calendar(event(), head=head), name="praxis.ics")
    assert own.state("b") == ("", "held" if held else "")


def test_of_two_versions_of_an_event_the_later_one_holds(own: OwnPractice) -> None:
    older, newer = event("SEQUENCE:1"), event("SEQUENCE:2", start="DTSTART:20261125T090000Z")
    assert take(own, newer, older)["a"].startswith("2026-11-25 10:00")


def stamped(uid: str, stamp: str, start: str = "20261125T080000Z") -> str:
    return event(
        f"LAST-MODIFIED:{stamp}", uid=uid, start=f"DTSTART:{start}", who=IDA.replace("001", f"{ord(uid):03}")
    )


def test_a_calendar_that_is_older_by_its_own_stamps_moves_nothing(own: OwnPractice) -> None:
    old = calendar(stamped("a", "20261101T080000Z"), stamped("b", "20261102T080000Z"))
    new = calendar(stamped("a", "20261120T080000Z", "20261126T080000Z"), stamped("b", "20261102T080000Z"))
    own.bring(old, name="praxis.ics")
    own.bring(new, name="praxis.ics")
    ran = own.bring(old, name="praxis.ics")
    assert ran.exit_code == 1
    assert own.standing()["a"].startswith("2026-11-26 09:00")


def test_a_stamp_of_a_clock_that_was_wrong_makes_no_later_calendar_older(own: OwnPractice) -> None:
    own.bring(calendar(stamped("a", "20280101T080000Z"), stamped("b", "20261102T080000Z")), name="p.ics")
    right = calendar(stamped("a", "20261124T080000Z", "20261126T080000Z"), stamped("b", "20261102T080000Z"))
    assert own.bring(right, name="p.ics").exit_code == 0
    assert own.standing()["a"].startswith("2026-11-26 09:00")


def test_a_calendar_whose_newest_entry_was_deleted_is_not_older(own: OwnPractice) -> None:
    own.bring(
        calendar(*(stamped(uid, "20261101T080000Z") for uid in "abc"), stamped("d", "20261120T080000Z")),
        name="p.ics",
    )
    ran = own.bring(calendar(*(stamped(uid, "20261101T080000Z") for uid in "abc")), name="p.ics")
    assert ran.exit_code == 0
    assert own.state("d") == ("", "held")


def test_two_calendars_in_one_folder_are_two_sources(own: OwnPractice) -> None:
    for _ in range(2):
        take(own, event(), head="X-WR-CALNAME:Anna")
        take(own, event(uid="b"), head="X-WR-CALNAME:Bernd")
    assert own.standing().keys() == {"a", "b"}


@pytest.mark.parametrize("damage", ["nonsense", "DESCRIPTION:Name: Ida\nMeier", "BEGIN:VEVENT"])
def test_what_is_wrong_with_one_entry_spoils_no_other(own: OwnPractice, damage: str) -> None:
    broken = event(damage, uid="broken", who="")
    ran = own.bring(
        calendar(event(), broken, event(uid="b", who=IDA.replace("001", "002"))), name="praxis.ics"
    )
    assert ran.exit_code == 1
    assert {"a", "b"} <= own.standing().keys()
    assert "Traceback" not in ran.stderr
