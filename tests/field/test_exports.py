"""Exports of other programs: people, ids, what is cancelled, and headings."""

import pytest

from field.conftest import OwnPractice


def csv(head: str, *lines: str) -> str:
    return "\n".join([head, *lines, ""])


# ---------------------------------------------------------------- programs


OUTLOOK = csv(
    '"Subject","Start Date","Start Time","End Date","End Time","All day event","Reminder on/off",'
    '"Description","Categories"',
    '"Sehtest","11/25/2026","9:00:00 AM","11/25/2026","9:30:00 AM","False","True",'
    '"Name: Ida Meier\r\nMobil: 0171 5555001","Sehtest"',
    '"Urlaub","12/24/2026","12:00:00 AM","12/25/2026","12:00:00 AM","True","False","",""',
)
OUTLOOK_GERMAN = csv(
    '"Betreff","Beginnt am","Beginnt um","Endet am","Endet um","Ganztägiges Ereignis","Beschreibung"',
    '"Sehtest","25.11.2026","09:00:00","25.11.2026","09:30:00","Aus",'
    '"Name: Ida Meier\r\nMobil: 0171 5555001"',
)
GOOGLE = csv(
    "Subject,Start Date,Start Time,End Date,End Time,All Day Event,Description,Location,Private",
    'Ida Meier 0171 5555001,11/25/2026,9:00 AM,11/25/2026,9:30 AM,FALSE,"",Praxis,FALSE',
)
SQUARE = csv(
    "Client Name,Client Phone,Client Email,Service,Staff,Date,Start Time,Status",
    'Ida Meier,0171 5555001,ida@example.org,Sehtest,Anna,"Nov 25, 2026",9:00 AM,Accepted',
)


@pytest.mark.parametrize(
    ("export", "options"),
    [
        (OUTLOOK, ()),
        (OUTLOOK_GERMAN, ()),
        (GOOGLE, ("--title", "customer", "--ignore", "Location")),
        (SQUARE, ()),
    ],
)
def test_programs_without_ids_have_a_way_in(own: OwnPractice, export: str, options: tuple[str, ...]) -> None:
    refused = own.bring(export, *options)
    assert refused.exit_code == 2
    assert "--id-from start,customer" in refused.stderr
    stood = own.taken(export, "--id-from", "start,customer", *options)
    assert list(stood.values()) == ["2026-11-25 09:00 Ida Meier 0171 5555001"]
    assert own.taken(export, "--id-from", "start,customer", *options) == stood


DOCTOLIB = csv(
    "Termin-ID;Patient;Geburtsdatum;Telefon;E-Mail;Besuchsgrund;Kalender;Datum;Uhrzeit;Dauer;Status",
    '1;"Meier, Ida";01.02.1980;0171 5555001;i@example.org;Kontrolle;Dr. Kurz;25.11.2026;09:00;30;Bestätigt',
    '2;"Kurz, Eva";01.02.1990;0171 5555002;e@example.org;Kontrolle;Dr. Kurz;25.11.2026;09:30;30;Abgesagt',
)
TERMINLAND = csv(
    "Terminnummer;Datum;Von;Bis;Anrede;Vorname;Nachname;Telefon;Mobiltelefon;Terminart;Storniert am",
    "1;25.11.2026;09:00;09:30;Frau;Ida;Meier;040 123456;0171 5555001;Sehtest;",
    "2;25.11.2026;10:00;10:30;Herr;Max;Lang;;0171 5555002;Sehtest;21.11.2026 08:15",
)
ACUITY = csv(
    "Start Time,End Time,First Name,Last Name,Phone,Email,Type,Calendar,Notes,Label,Appointment ID",
    '"November 25, 2026 9:00 am","November 25, 2026 9:30 am",Ida,Meier,\'0171 5555001,,Sehtest,A,"a\nb",,1',
)
CALENDLY = csv(
    "Event Type Name,Start Date & Time,End Date & Time,Invitee Name,Invitee Email,Invitee Time Zone,"
    "Text Reminder Number,Canceled,Event UUID",
    "Sehtest,2026-11-25 09:00 am,2026-11-25 09:30 am,Ida Meier,,America/New_York,0171 5555001,false,1",
    "Sehtest,2026-11-25 10:00 am,2026-11-25 10:30 am,Eva Kurz,,Europe/Berlin,0171 5555002,true,2",
)
SIMPLYBOOK = csv(
    '"Code";"Date";"Start time";"End time";"Provider";"Service";"Client";"Client phone";"Status"',
    '"1";"25-11-2026";"09:00";"09:30";"Anna";"Sehtest";"Ida Meier";"0171 5555001";"approved"',
    '"2";"25-11-2026";"10:00";"10:30";"Anna";"Sehtest";"Eva Kurz";"0171 5555002";"canceled"',
)
BOOKINGS = csv(
    "Date Time,Customer Name,Customer Email,Customer Phone,Staff Name,Service,Event Type,Booking Id",
    "2026-11-25 09:00,Ida Meier,ida@example.org,0171 5555001,Anna,Sehtest,Appointment,1",
)


TURBOMED = csv(
    "Terminliste Dr. Kurz",
    "Termin-Nr.;Datum;Zeit von;Zeit bis;Pat.-Nr.;Name, Vorname;Geb.-Datum;Tel. mobil;Buchungsstatus",
    "1;Mi 25.11.26;09:00;09:30;4711;Meier, Ida;01.02.80;0171 5555001;offen",
    "2;Mi 25.11.26;10:00;10:30;4712;Kurz, Eva;01.02.80;0171 5555002;abgesagt",
)
BOOKEO = csv(
    '"Booking number","Start","First name (client)","Last name (client)","Mobile phone","Booking state"',
    '"1","2026-11-25 9:00 AM","Ida","Meier","0171 5555001","BOOKED"',
    '"2","2026-11-25 10:00 AM","Eva","Kurz","0171 5555002","canceled_by_customer"',
)

DOCTOLIB_FRENCH = csv(
    "Identifiant;Date;Heure de début;Heure de fin;Civilité;Nom;Prénom;Téléphone;Portable;E-mail;Motif;Statut",
    "1;25/11/2026;09h00;09h30;Mme;Meier;Ida;;0171 5555001;ida@example.org;Consultation;Confirmé",
    "2;25/11/2026;10h00;10h30;M.;Kurz;Max;;0171 5555002;;Consultation;Annulé par le patient",
    "3;25/11/2026;11h00;11h30;M.;Lang;Max;;0171 5555003;;Consultation;Refusé",
)
OUTLOOK_FRENCH = csv(
    '"N° RDV","Objet","Commence le","Commence à","Finit le","Finit à","Journée entière","Description"',
    '"1","Examen","25/11/2026","09:00:00","25/11/2026","09:30:00","Faux",'
    '"Nom : Ida Meier\r\nTél. portable : 0171 5555001"',
    '"2","Annulé : Examen","25/11/2026","10:00:00","25/11/2026","10:30:00","Faux","Nom : Eva Kurz"',
)
GLUED = csv(
    "Termin-ID;Datum;Uhrzeit;Kundenname;Kundentelefon;Mail (Kunde);Terminstatus",
    "1;25.11.2026;09:00;Ida Meier;0171 5555001;ida@example.org;bestätigt",
    "2;25.11.2026;10:00;Eva Kurz;0171 5555002;eva@example.org;abgelehnt",
)


@pytest.mark.parametrize(
    ("export", "options"),
    [
        (DOCTOLIB, ()),
        (DOCTOLIB_FRENCH, ()),
        (TURBOMED, ()),
        (BOOKEO, ()),
        (OUTLOOK_FRENCH, ()),
        (GLUED, ()),
        (TERMINLAND, ()),
        (ACUITY, ()),
        # the zone is the guest's; the start is by the clock of the practice
        (CALENDLY, ("appointment_id=Event UUID", "mobile=Text Reminder Number")),
        (SIMPLYBOOK, ("appointment_id=Code",)),
        (BOOKINGS, ("type_name=Service",)),
    ],
)
def test_exports_with_ids_are_read_and_their_cancelled_lines_left(
    own: OwnPractice, export: str, options: tuple[str, ...]
) -> None:
    told = own.taken(export, *(word for option in options for word in ("--mapping", option)))
    assert told == {"1": "2026-11-25 09:00 Ida Meier 0171 5555001"}


# ---------------------------------------------------------------- ids


NO_IDS = "Beginn;Name;Handy"
IDA = "2026-11-25 09:00;Ida Meier;0171 5555001"
EVA = "2026-11-26 10:00;Eva Kurz;0171 5555002"
MAX = "2026-11-27 11:00;Max Lang;0171 5555003"
ALL = ("--id-from", "start,customer")
FROM_TOMORROW = ("--from", "tomorrow")


def by_name(own: OwnPractice) -> dict[str, tuple[str, str]]:
    """By name: id and time."""
    return {said[17:].partition(" 0171")[0]: (key, said[:16]) for key, said in own.standing().items()}


def test_who_has_moved_keeps_the_id(own: OwnPractice) -> None:
    own.taken(csv(NO_IDS, IDA, EVA, MAX), *ALL)
    before = by_name(own)
    ran = own.bring(csv(NO_IDS, IDA.replace("09:00", "15:00"), EVA, MAX), *ALL)
    assert ran.json["changed"][0]["detail"] == "moved from 2026-11-25 09:00"
    assert by_name(own) == before | {"Ida Meier": (before["Ida Meier"][0], "2026-11-25 15:00")}


def test_what_is_booked_at_the_time_from_which_somebody_moved_away_is_another_appointment(
    own: OwnPractice,
) -> None:
    own.taken(csv(NO_IDS, IDA, EVA, MAX), *ALL)
    own.taken(csv(NO_IDS, IDA.replace("09:00", "15:00"), EVA, MAX), *ALL)
    own.taken(csv(NO_IDS, IDA, IDA.replace("09:00", "15:00"), EVA, MAX), *ALL)
    assert len(own.standing()) == 4


def test_a_new_column_gives_nobody_a_second_appointment(own: OwnPractice) -> None:
    own.taken(csv(NO_IDS, IDA, EVA, MAX), *ALL)
    before = own.standing()
    assert own.taken(csv(f"{NO_IDS};Notiz", f"{IDA};x", f"{EVA};", f"{MAX};"), *ALL) == before
    ran = own.bring(csv(f"{NO_IDS};Notiz", f"{IDA.replace('09:00', '15:00')};x", f"{EVA};", f"{MAX};"), *ALL)
    assert ran.json["changed"][0]["detail"] == "moved from 2026-11-25 09:00"


def test_two_gone_and_one_new_is_no_move(own: OwnPractice) -> None:
    second = IDA.replace("09:00", "12:00")
    own.taken(csv(NO_IDS, IDA, second, EVA, MAX), *ALL)
    ran = own.bring(csv(NO_IDS, IDA.replace("09:00", "15:00"), EVA, MAX), *ALL)
    assert (len(ran.json["new"]), len(ran.json["held"])) == (1, 2)


@pytest.mark.parametrize("options", [(), FROM_TOMORROW, ("--from", "2026-11-26")])
def test_what_the_file_does_not_cover_has_not_moved_to_what_is_new(
    own: OwnPractice, options: tuple[str, ...]
) -> None:
    """The export begins tomorrow, and Ida, who comes today or tomorrow, has one appointment more."""
    day = "2026-11-25 08:00" if "2026-11-26" in options else "2026-11-24 16:00"
    own.taken(csv(NO_IDS, IDA.replace("2026-11-25 09:00", day), EVA, MAX), *ALL)
    before = own.standing()
    later = IDA.replace("2026-11-25 09:00", "2026-11-28 09:00")
    ran = own.bring(csv(NO_IDS, EVA, MAX, later), *ALL, *options)
    assert (ran.exit_code, len(ran.json["uncovered"])) == ((0, 0) if options else (1, 1))
    assert own.standing().items() > before.items()
    assert len(own.standing()) == 4


@pytest.mark.parametrize(
    ("start", "options"),
    [("2026-11-25 09:00", ()), ("2026-11-24 16:00", ("--from", "now")), ("2026-11-25 09:00", FROM_TOMORROW)],
)
def test_what_stood_on_the_first_day_of_an_export_and_moved_keeps_its_id(
    own: OwnPractice, start: str, options: tuple[str, ...]
) -> None:
    """Nobody else comes on that day, so that the file begins a day later now."""
    own.taken(csv(NO_IDS, IDA.replace("2026-11-25 09:00", start), EVA, MAX), *ALL)
    before = by_name(own)
    later = IDA.replace("2026-11-25 09:00", "2026-11-28 09:00")
    own.taken(csv(NO_IDS, EVA, MAX, later), *ALL, *options)
    assert by_name(own) == before | {"Ida Meier": (before["Ida Meier"][0], "2026-11-28 09:00")}


def test_a_name_that_is_corrected_is_the_same_customer_without_any_id(own: OwnPractice) -> None:
    own.taken(csv(NO_IDS, IDA, EVA, MAX), *ALL)
    before = own.standing().keys()
    ran = own.bring(csv(NO_IDS, IDA.replace("Meier", "Meyer"), EVA, MAX), *ALL)
    assert (ran.json["new"], ran.json["held"], ran.exit_code) == ([], [], 0)
    assert own.standing().keys() == before


@pytest.mark.parametrize("head", ["Lfd. Nr", "lfd.Nr.", "Laufende Nummer", "Lfd-Nr", "Zeile", "Row"])
def test_a_running_number_is_no_id(own: OwnPractice, head: str) -> None:
    export = csv(f"{head};{NO_IDS}", f"7;{IDA}", f"8;{EVA}")
    for options in ((), ("--mapping", f"appointment_id={head}")):
        ran = own.bring(export, *options)
        assert ran.exit_code == 2
        assert "--id-from start,customer" in ran.stderr
    own.taken(export, *ALL)


@pytest.mark.parametrize("head", ["Nr", "Nr.", "No", "#", "Nummer"])
def test_a_number_that_counts_the_lines_is_no_id(own: OwnPractice, head: str) -> None:
    mapping = ("--mapping", f"appointment_id={head}")
    ran = own.bring(csv(f"{head};{NO_IDS}", f"1;{IDA}", f"2;{EVA}", f"3;{MAX}"), *mapping)
    assert (ran.exit_code, "--id-from" in ran.stderr) == (2, True)
    own.taken(csv(f"{head};{NO_IDS}", f"4711;{IDA}", f"4713;{EVA}", f"5000;{MAX}"), *mapping)


def test_ids_under_which_the_same_appointments_shift_are_refused(own: OwnPractice) -> None:
    head = f"Termin-ID;{NO_IDS}"
    own.taken(csv(head, f"1;{IDA}", f"2;{EVA}", f"3;{MAX}"))
    before = own.standing()
    early = "2026-11-25 08:00;Udo Frueh;0171 5555004"
    ran = own.bring(csv(head, f"1;{early}", f"2;{IDA}", f"3;{EVA}", f"4;{MAX}"))
    assert ran.exit_code == 2
    assert "running numbers" in ran.stderr
    assert own.standing() == before


def test_who_comes_a_week_later_each_time_has_moved_and_spoils_no_import(own: OwnPractice) -> None:
    """Each of her appointments stands where the next one stood."""
    weeks = [f"2026-{day} 09:00;Ida Meier;0171 5555001" for day in ("11-25", "12-02", "12-09", "12-16")]
    others = [f"{n};2026-11-26 {n}:00;Kunde{n};0171 55551{n}" for n in range(10, 20)]
    head = f"Termin-ID;{NO_IDS}"
    own.taken(csv(head, *others, *(f"{n};{each}" for n, each in enumerate(weeks[:3], start=1))))
    standing = own.taken(csv(head, *others, *(f"{n};{each}" for n, each in enumerate(weeks[1:], start=1))))
    assert [standing[n][:10] for n in ("1", "2", "3")] == ["2026-12-02", "2026-12-09", "2026-12-16"]


def test_two_who_change_places_at_the_desk_are_no_shift(own: OwnPractice) -> None:
    head = f"Termin-ID;{NO_IDS}"
    own.taken(csv(head, f"1;{IDA}", f"2;{EVA}", f"3;{MAX}"))
    swapped = (f"1;2026-11-26 10:00;{IDA[17:]}", f"2;2026-11-25 09:00;{EVA[17:]}")
    own.taken(csv(head, *swapped, f"3;{MAX}"))
    assert own.standing()["1"].startswith("2026-11-26 10:00 Ida")


def test_two_who_change_rooms_at_one_time_are_no_shift(own: OwnPractice) -> None:
    head = f"Termin-ID;{NO_IDS}"
    eva = EVA.replace("2026-11-26 10:00", "2026-11-25 09:00")
    own.taken(csv(head, f"1;{IDA}", f"2;{eva}", f"3;{MAX}"))
    own.taken(csv(head, f"1;{eva}", f"2;{IDA}", f"3;{MAX}"))
    assert own.standing()["1"] == "2026-11-25 09:00 Eva Kurz 0171 5555002"


@pytest.mark.parametrize(
    ("appointment_id", "exit_code"),
    [
        ("4711.0", 0),
        ("'4711", 0),
        ('"=""4711"""', 0),
        ("4,711E+12", 1),
        ("4.711E+12", 1),
        ("NULL", 1),
        ("nan", 1),
        ("", 1),
    ],
)
def test_what_a_spreadsheet_leaves_of_an_id(own: OwnPractice, appointment_id: str, exit_code: int) -> None:
    head = f"Termin-ID;{NO_IDS}"
    assert own.bring(csv(head, f"{appointment_id};{IDA}")).exit_code == exit_code
    assert list(own.standing()) == ([] if exit_code else ["4711"])


@pytest.mark.parametrize(
    ("written", "taken"),
    [
        ("12.0", "12"),
        ("12.00", "12"),
        ("12,0", "12"),
        ("12,00", "12"),
        ("12.000", "12.000"),
        ("12,000", "12,000"),
    ],
)
def test_twelve_thousand_is_not_twelve(own: OwnPractice, written: str, taken: str) -> None:
    """Excel writes 12000 with a sign for thousands, where a column is formatted so."""
    own.taken(csv(f"Termin-ID;{NO_IDS}", f"12;{IDA}"))
    own.bring(csv(f"Termin-ID;{NO_IDS}", f"12;{IDA}", f"{written};{EVA}"), "--partial")
    assert own.standing().keys() == ({"12", taken} if taken != "12" else set())


# ---------------------------------------------------------------- people


WITH_CUSTOMERS = "Termin-ID;Beginn;Kundennummer;Name;Handy"


@pytest.mark.parametrize(
    "customer",
    ["NULL", "null", "None", "nan", "#NV", "(null)", "-", "n/a", "4,71E+12", "4.71E+12", "0", "99999"],
)
def test_people_who_share_what_is_no_id_are_refused(own: OwnPractice, customer: str) -> None:
    ran = own.bring(
        csv(
            WITH_CUSTOMERS,
            f"1;2026-11-25 09:00;{customer};Ida Meier;0171 5555001",
            f"2;2026-11-25 10:00;{customer};Udo Schulz;0171 5555002",
            "3;2026-11-25 11:00;17;Eva Kurz;0171 5555003",
        )
    )
    assert ran.exit_code == 1
    assert [line["appointment_id"] for line in ran.json["refused"]] == ["1", "2"]
    assert own.standing().keys() == {"3"}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Ida Meier;0171 5555001", "Meier;0171 5555001", True),
        ("Ida Meier;0171 5555001", "Meier;0172 1111111", True),  # one name, and a second number
        ("Ida Meier;0171 5555001", "Ida Schulz;0171 5555001", True),  # she has married
        ("Ida Meier;0171 5555001", "IDA MEIER;", True),
        ("Ida Meier;0171 5555001", "Eva Kurz;0172 1111111", False),
        ("Ida Meier;", "Eva Kurz;", False),
    ],
)
def test_one_customer_number_for_two_names(own: OwnPractice, one: str, other: str, same: bool) -> None:
    ran = own.bring(csv(WITH_CUSTOMERS, f"1;2026-11-25 09:00;17;{one}", f"2;2026-11-26 09:00;17;{other}"))
    assert len(ran.json["refused"]) == (0 if same else 2)


NAMELESS = "Termin-ID;Beginn;Name;Handy"


def customers(own: OwnPractice) -> dict[str, str]:
    rows = own.practice.sql("SELECT appointment_id, customer_id FROM appointments ORDER BY 1")
    return {str(row.appointment_id): str(row.customer_id) for row in rows}


@pytest.mark.parametrize(
    ("changed", "same"),
    [
        ("Ida Meyer;0171 5555001", True),  # the name corrected
        ("Ida Meier;0172 1111111", True),  # the number corrected
        ("IDA  MEIER;+49 171/5555001", True),
        ("Ida Meyer;0172 1111111", False),  # both: somebody else
    ],
)
def test_a_known_appointment_keeps_its_customer_while_name_or_number_stays(
    own: OwnPractice, changed: str, same: bool
) -> None:
    own.taken(csv(NAMELESS, "1;2026-11-25 09:00;Ida Meier;0171 5555001", f"2;{EVA}"))
    before = customers(own)
    own.bring(csv(NAMELESS, f"1;2026-11-25 09:00;{changed}", f"2;{EVA}"))
    assert (customers(own)["1"] == before["1"]) is same
    assert customers(own)["2"] == before["2"]
    own.taken(csv(NAMELESS, f"1;2026-11-25 09:00;{changed}", f"2;{EVA}"))  # and it stays so
    assert (customers(own)["1"] == before["1"]) is same


def test_a_family_s_number_makes_nobody_another(own: OwnPractice) -> None:
    """Ida's appointment goes to Eva, who has the same number; Ida keeps another one."""
    own.taken(
        csv(
            NAMELESS, "1;2026-11-25 09:00;Ida Meier;0171 5555001", "2;2026-11-26 09:00;Ida Meier;0171 5555001"
        )
    )
    before = customers(own)
    own.bring(
        csv(
            NAMELESS, "1;2026-11-25 09:00;Eva Meier;0171 5555001", "2;2026-11-26 09:00;Ida Meier;0171 5555001"
        )
    )
    after = customers(own)
    assert after["1"] != before["1"]
    assert after["2"] == before["2"]


def test_a_number_that_many_share_makes_nobody_the_same(own: OwnPractice) -> None:
    """The practice's own number in the field of those who have none."""
    shared = [f"{n};2026-11-{25 + n} 09:00;Kunde{n} Lang;040 123456" for n in range(5)]
    own.taken(csv(NAMELESS, *shared))
    before = customers(own)
    own.bring(csv(NAMELESS, shared[0].replace("Kunde0", "Neukunde"), *shared[1:]))
    assert customers(own)["0"] != before["0"]
    assert len({customers(own)[str(n)] for n in range(5)}) == 5


@pytest.mark.parametrize(("sharing", "warned"), [(3, False), (4, True)])
def test_a_number_under_most_names_is_warned_about(own: OwnPractice, sharing: int, warned: bool) -> None:
    lines = [f"{n};2026-11-{25 + n} 09:00;Kunde{n};040 123456" for n in range(sharing)]
    ran = own.bring(csv(NAMELESS, *lines, "9;2026-11-25 08:00;Ida Meier;0171 5555001"))
    assert any("is it the practice's own?" in warning for warning in ran.json["warnings"]) is warned


def test_two_names_that_are_exchanged_are_given_away_and_not_corrected(own: OwnPractice) -> None:
    own.taken(
        csv(NAMELESS, "1;2026-11-25 09:00;Ida Meier;0171 5555001", "2;2026-11-26 09:00;Eva Kurz;0171 5555002")
    )
    before = customers(own)
    own.bring(
        csv(
            NAMELESS, "1;2026-11-25 09:00;Eva Kurz;0171 5555002", "2;2026-11-26 09:00;Ida Meier;0171 5555001"
        ),
        "--force",
    )
    assert customers(own) == {"1": before["2"], "2": before["1"]}


NUMBERED = "Termin-ID;Beginn;Kundennummer;Name;Handy"
IDAS = ["a1;2026-11-25 09:00;17;Ida Meier;0171 5555001", "a2;2026-12-15 09:00;17;Ida Meier;0171 5555001"]
EVAS = "b1;2026-11-26 10:00;17;Eva Kurz;0171 5555002"


@pytest.mark.parametrize("options", [("--source", "another"), ("--source", "another", "--force"), ()])
def test_nobody_takes_over_another_s_number_and_is_told_their_appointments(
    own: OwnPractice, options: tuple[str, ...]
) -> None:
    """Two programs number their customers from 1, or one does it in each file anew."""
    own.taken(csv(NUMBERED, *IDAS), "--source", "first")
    ran = own.bring(csv(NUMBERED, EVAS), *(options or ("--source", "first")))
    (line,) = ran.json["refused"]
    assert (ran.exit_code, line["appointment_id"]) == (1, "b1")
    assert line["reason"].startswith("customer_id: '17' is another customer's in")
    assert {said[17:] for said in own.standing().values()} == {"Ida Meier 0171 5555001"}
    apart = ("--source", "another", "--ignore", "Kundennummer", "--partial")
    assert own.bring(csv(NUMBERED, EVAS), *apart).exit_code == 0
    assert own.standing()["b1"].endswith("Eva Kurz 0171 5555002")
    assert own.standing()["a2"].endswith("Ida Meier 0171 5555001")


@pytest.mark.parametrize(
    ("head", "soonest", "later", "said"),
    [
        ("Handy", "0171 5555001", "", "0171 5555001"),
        ("Handy", "", "0171 5555001", "0171 5555001"),
        ("Handy", "0171 5555001", "0171 5555009", "0171 5555001"),
        ("Kontaktkanal", "keine SMS", "", "keine SMS"),  # an empty cell is no leave
        ("Kontaktkanal", "", "keine SMS", "keine SMS"),
        ("SMS erlaubt", "", "nein", 0),
        ("SMS erlaubt", "ja", "nein", 0),
        ("SMS erlaubt", "", "ja", 1),
        ("Einwilligung", "ja", "nein", 0),
        ("Einwilligung", "ja", "ja", 1),
        ("Letzter Kontakt", "2026-11-20 09:00", "2026-11-23 09:00", "2026-11-23 09:00:00+01:00"),
    ],
)
def test_of_a_customer_s_lines_the_soonest_counts_in_whatever_order_they_stand(
    own: OwnPractice, head: str, soonest: str, later: str, said: object
) -> None:
    lines = [
        "0;2026-10-25 09:00;17;Meier;",  # over
        f"2;2026-11-26 09:00;17;Ida Meier;{later}",
        f"1;2026-11-25 09:00;17;Ida Meier;{soonest}",
    ]
    for here in (lines, lines[::-1]):
        ran = own.bring(csv(f"Termin-ID;Beginn;Kundennummer;Name;{head}", *here))
        column = next(key for key, heading in ran.json["understood"]["columns"].items() if heading == head)
        found = own.practice.sql(f"SELECT first_name, {column} FROM customers")
        assert found == [("Ida", said)]


def test_the_leave_for_a_channel_that_an_export_names_is_heeded(own: OwnPractice) -> None:
    """An empty cell says nothing; a file without the column leaves it as it was."""
    head = f"Termin-ID;{NO_IDS};E-Mail"
    lines = [f"1;{IDA};i@example.org", f"2;{EVA.replace('26 10', '25 10')};"]
    own.taken(csv(f"{head};SMS erlaubt", f"{lines[0]};nein", f"{lines[1]};"))
    own.bring(csv(head, *lines), "--force")
    sent = own.practice.run("dry-run", "--json").json["messages"]
    assert {each["recipient"] for each in sent} == {"i@example.org", "+491715555002"}


@pytest.mark.parametrize(
    ("day", "cell", "leave"), [("26", "", 0), ("24", "", None), ("26", "ja", 1), ("26", "nein", 0)]
)
def test_an_empty_cell_of_another_source_gives_no_leave_that_the_sooner_one_refuses(
    own: OwnPractice, day: str, cell: str, leave: object
) -> None:
    head = "Termin-ID;Beginn;Kundennummer;Name;Handy;SMS erlaubt"
    own.taken(csv(head, "1;2026-11-25 09:00;17;Ida Meier;0171 5555001;nein"))
    line = f"2;2026-11-{day} 16:00;17;Ida Meier;0171 5555001;{cell}"
    own.taken(csv(head, line), "--source", "other")
    assert own.practice.sql("SELECT sms_allowed FROM customers") == [(leave,)]


def test_a_file_in_which_nobody_has_a_number_takes_none_away(own: OwnPractice) -> None:
    """The columns of the export are empty since its last version."""
    lines = [IDAS[0], EVAS.replace(";17;", ";18;")]
    known = own.taken(csv(NUMBERED, *lines))
    blank = [each.rpartition(";")[0] + ";" for each in lines]
    assert own.bring(csv(NUMBERED, *blank)).exit_code == 1
    assert own.standing() == known
    own.bring(csv(NUMBERED, blank[0], lines[1]))  # where others have some, it was taken out
    assert own.standing()["a1"] == "2026-11-25 09:00 Ida Meier"
    own.bring(csv(NUMBERED, blank[1]), "--partial")  # one alone may have asked for it
    assert own.standing()["b1"] == "2026-11-26 10:00 Eva Kurz"


def test_a_branch_that_gets_another_name_is_warned_about(own: OwnPractice) -> None:
    """Two programs that number their branches from 1."""
    head = f"{NAMELESS};Filiale;Filialname"
    own.taken(csv(head, f"1;{IDA};1;Hamburg"), "--source", "a")
    (warning,) = own.bring(csv(head, f"2;{EVA};1;Bremen"), "--source", "b").json["warnings"]
    assert 'the branch "1" was "Hamburg" until now, and "Bremen"' in warning
    assert own.bring(csv(head, f"2;{EVA};1;Bremen"), "--source", "b").json["warnings"] == []


def test_an_appointment_is_held_whose_line_gives_it_to_a_customer_with_another_s_number(
    own: OwnPractice,
) -> None:
    own.taken(csv(NUMBERED, *IDAS))
    own.bring(csv(NUMBERED, EVAS.replace("b1;2026-11-26 10:00", "a1;2026-11-25 09:00")))
    assert own.state("a1") == ("", "held")
    assert own.standing() == {"a2": "2026-12-15 09:00 Ida Meier 0171 5555001"}


@pytest.mark.parametrize(
    ("lines", "options"),
    [
        ([each.replace("Ida Meier;0171 5555001", "Eva Kurz;0171 5555002") for each in IDAS], ("--force",)),
        ([IDAS[0].replace("Ida Meier", "Ida Kurz")], ()),  # married
        ([IDAS[0].replace("5555001", "5555009")], ()),
        ([IDAS[0].replace("Ida Meier;0171 5555001", "Ida Kurz;0171 5555002")], ("--force",)),  # and moved
    ],
)
def test_a_customer_whose_data_change_keeps_their_number(
    own: OwnPractice, lines: list[str], options: tuple[str, ...]
) -> None:
    own.taken(csv(NUMBERED, *IDAS))
    assert own.taken(csv(NUMBERED, *lines), *options)["a2"][17:] == lines[0].partition(";17;")[2].replace(
        ";", " "
    )


# ---------------------------------------------------------------- cancelled


@pytest.mark.parametrize(
    ("status", "becomes"),
    [
        ("Abgesagt vom Kunden", "Storniert"),
        ("Cancelled by client", "Storniert"),
        ("canceled", "Storniert"),
        ("STORNO", "Storniert"),
        ("Annulliert", "Storniert"),
        ("Entfällt", "Storniert"),
        ("Declined", "Storniert"),
        ("No Show", "Storniert"),
        ("Geplatzt", "Geplatzt"),  # excluded already: it keeps its own name
        ("storniert", "storniert"),
        ("Bestätigt", "Bestätigt"),
        ("Termin storniert", "Termin storniert"),  # warned about
        ("Warteliste", "Warteliste"),
        ("Abgeschlossen", "Abgeschlossen"),  # begins like it, and is none
        ("Abgesprochen", "Abgesprochen"),
        ("abges.", "Storniert"),
        ("geloescht", "Storniert"),
        ("Abgelehnt", "Storniert"),  # declined, in other words
        ("Rejected by staff", "Storniert"),
        ("Refusé", "Storniert"),
        ("Décliné", "Storniert"),
        ("Supprimé", "Storniert"),
        ("Annulé par le patient", "Storniert"),
        ("Reporté", "Reporté"),
        ("", ""),
    ],
)
def test_statuses_that_mean_a_cancellation(own: OwnPractice, status: str, becomes: str) -> None:
    ran = own.bring(csv(f"{NAMELESS};Status", f"1;{IDA};{status}", f"2;{EVA};Geplant"))
    assert own.state("1") == (becomes, "")
    assert bool(ran.json["warnings"]) is (becomes == "Termin storniert")
    off = {status: 1} if becomes.casefold() in ("storniert", "geplatzt") else {}
    assert ran.json["understood"]["statuses_off"] == off


def test_what_a_status_means_can_be_said_and_the_configuration_wins(own: OwnPractice) -> None:
    lines = [f"1;{IDA};Termin storniert", f"2;{EVA};Storno-Anfrage", f"3;{MAX};Geplatzt"]
    ran = own.bring(
        csv(f"{NAMELESS};Status", *lines),
        *(
            "--status",
            "Termin storniert=cancelled",
            "--status",
            "storno-anfrage=stands",
            "--status",
            "Geplatzt=stands",
        ),
    )
    assert (ran.exit_code, ran.json["warnings"]) == (0, [])
    assert [own.state(key)[0] for key in "123"] == ["Storniert", "Storno-Anfrage", "Geplatzt"]
    assert own.bring(csv(NAMELESS, f"1;{IDA}"), "--status", "x=vielleicht").exit_code == 2


@pytest.mark.parametrize(
    ("head", "value", "cancelled"),
    [
        ("Storniert", "ja", True),
        ("Storniert", "nein", False),
        ("Storniert", "", False),
        ("Storniert am", "24.11.2026", True),
        ("Abgesagt am", "24.11.2026 08:00", True),
        ("Cancelled at", "2026-11-24T08:00:00Z", True),
        ("Canceled", "true", True),
        ("Is Cancelled", "0", False),
        ("Cancelled at", "", False),
        ("Cancelled at", "NULL", False),  # how programs write that there is nothing
        ("Cancelled at", "0000-00-00 00:00:00", False),
        ("Cancelled at", "0001-01-01T00:00:00", False),
        ("Storniert am", "30.12.1899", False),
        ("Storniert", "0.0", False),
        ("Storniert", "1.0", True),
        ("Storniert", "-1", True),  # Access
        ("Storniert", "✓", True),
        ("Stornierbar bis", "24.11.2026", False),
        ("Stornogrund", "krank", False),
        ("Stornogebühr", "20", False),
    ],
)
def test_columns_that_say_whether_it_is_cancelled(
    own: OwnPractice, head: str, value: str, cancelled: bool
) -> None:
    own.taken(csv(f"{NAMELESS};{head}", f"1;{IDA};{value}", f"2;{EVA};"))
    assert own.state("1")[0] == ("Storniert" if cancelled else "")


@pytest.mark.parametrize(
    ("head", "value", "warned"),
    [
        ("Termin abgesagt", "ja", True),
        ("Ist storniert", "x", True),
        ("Cancel reason", "ill", True),
        ("Termin abgesagt", "nein", False),
        ("Termin abgesagt", "", False),
        ("Stornierbar", "NULL", False),
        ("Bemerkung", "ja", False),
        ("Activation State", "cancelled_by_customer", True),
        ("Label", "Canceled", True),  # no word in the heading, but one below it
        ("Bemerkung", "ABGESAGT!", True),
        ("Bemerkung", "storno", True),
        ("Bemerkung", "Storno bis 24 h vorher möglich", False),
        ("Bemerkung", "Entfernung", False),
    ],
)
def test_a_column_that_may_say_that_it_is_cancelled_and_is_not_used_is_warned_about(
    own: OwnPractice, head: str, value: str, warned: bool
) -> None:
    export = csv(f"{NAMELESS};{head}", f"1;{IDA};{value}", f"2;{EVA};")
    assert [f'--mapping cancelled="{head}"' in said for said in own.bring(export).json["warnings"]] == [
        True
    ] * warned
    assert own.bring(export, "--ignore", head).json["warnings"] == []


@pytest.mark.parametrize(
    ("head", "cells", "name"),
    [
        ("Name", "Ida Meier (abgesagt)", "Ida Meier"),
        ("Name", "ABGESAGT Ida Meier", "Ida Meier"),
        ("Name", "Abgesagt: Meier, Ida", "Ida Meier"),
        ("Name", "Meier, Ida - Storno", "Ida Meier"),
        ("Nachname;Vorname", "Meier *storniert*;Ida", "Ida Meier"),
        ("Nachname;Vorname", "Meier;abgesagt", "Meier"),
        ("Beschreibung", "Name: Ida Meier (cancelled)", "Ida Meier"),
        # people's names
        ("Name", "Ida Cancellara", None),
        ("Name", "Cancel-Meier", None),
        ("Nachname;Vorname", "Storno;Ida", None),
        ("Nachname;Vorname", "Stornig;Ida", None),
        ("Name", "Meier (Sohn)", None),
    ],
)
def test_a_cancellation_written_beside_a_name_counts_and_is_no_part_of_it(
    own: OwnPractice, head: str, cells: str, name: str | None
) -> None:
    own.bring(csv(f"Termin-ID;Beginn;Handy;{head}", f"1;2026-11-25 09:00;0171 5555001;{cells}"))
    assert own.state("1")[0] == ("Storniert" if name else "")
    (row,) = own.practice.sql("SELECT TRIM(first_name || ' ' || last_name) FROM customers")
    assert name in (None, row[0])


def test_what_was_off_by_its_name_alone_stands_again_with_the_name(own: OwnPractice) -> None:
    off = csv(NAMELESS, f"1;{IDA.replace('Meier', 'Meier (abgesagt)')}", f"2;{EVA}")
    own.bring(off)
    assert own.state("1")[0] == "Storniert"
    own.taken(csv(NAMELESS, f"1;{IDA}", f"2;{EVA}"))
    assert own.standing().keys() == {"1", "2"}


@pytest.mark.parametrize(
    ("type_name", "warned"),
    [("Abgesagt", True), ("canceled", True), ("ABGESAGT: Sehtest", True), ("Entfernung", False)],
)
def test_a_type_that_is_a_cancellation_is_warned_about_until_it_is_taken_out(
    own: OwnPractice, type_name: str, warned: bool
) -> None:
    export = csv(f"{NAMELESS};Terminart", f"1;{IDA};{type_name}", f"2;{EVA};Sehtest")
    assert [f'"{type_name}" is a word for' in said for said in own.bring(export).json["warnings"]] == [
        True
    ] * warned
    own.practice.sql("UPDATE appointment_types SET notifiable = false WHERE name = :type", type=type_name)
    assert own.bring(export).json["warnings"] == []


def test_a_column_of_labels_may_be_named_as_the_one_that_says_it(own: OwnPractice) -> None:
    """As Setmore and Acuity have it: what is no cancellation stands."""
    export = csv(f"{NAMELESS};Label", f"1;{IDA};Canceled", f"2;{EVA};No Label", f"3;{MAX};Termin storniert?")
    ran = own.bring(export, "--mapping", "cancelled=Label")
    assert (set(own.standing()), [line["appointment_id"] for line in ran.json["refused"]]) == ({"2"}, ["3"])


def test_a_cancellation_typed_beside_the_table_is_warned_about(own: OwnPractice) -> None:
    ran = own.bring(csv(f"{NAMELESS};", f"1;{IDA};abgesagt", f"2;{EVA};"))
    (warning,) = ran.json["warnings"]
    assert "'abgesagt' stands below column 5, which has no heading" in warning


@pytest.mark.parametrize("nothing", ["NULL", "null", "None", "nan", "#NV", "(null)", "NaT", "\\N", "<NA>"])
def test_a_word_for_nothing_in_any_column_is_nothing(own: OwnPractice, nothing: str) -> None:
    columns = "Status;Gruppe;Zeitzone;Ende;Terminart;Filiale;Handy;E-Mail;Einwilligung;Letzter Kontakt;Anrede"
    line = ";".join([nothing] * 6 + ["0171 5555001"] + [nothing] * 4)
    ran = own.bring(csv(f"Termin-ID;Beginn;Name;{columns}", f"1;2026-11-25 09:00;Ida Meier;{line}"))
    assert (ran.exit_code, ran.json["warnings"]) == (0, []), ran.stdout
    assert own.standing() == {"1": "2026-11-25 09:00 Ida Meier 0171 5555001"}
    (row,) = own.practice.sql("SELECT status, type_name, branch_code, salutation FROM reminder_appointments")
    assert [value or "" for value in row] == ["", "Termin", "", ""]


def test_a_column_that_says_neither_yes_nor_no_refuses_the_line(own: OwnPractice) -> None:
    ran = own.bring(csv(f"{NAMELESS};Storniert", f"1;{IDA};vielleicht", f"2;{EVA};nein"))
    assert (ran.exit_code, set(own.standing())) == (1, {"2"})


@pytest.mark.parametrize(
    ("head", "cell", "column"),
    [
        ("Status", "Storniert", "status"),
        ("Storniert", "ja", "status"),
        ("E-Mail", "ida@example.org", "email"),
    ],
)
@pytest.mark.parametrize("source", [(), ("--source", "praxis")])
def test_what_a_file_says_no_more_stays_as_it_was_and_is_named(
    own: OwnPractice, source: tuple[str, ...], head: str, cell: str, column: str
) -> None:
    """The exporting program calls its columns otherwise since its last version."""
    lines = [f"1;{IDA};{cell}", f"2;{EVA};"]
    own.bring(csv(f"{NAMELESS};{head}", *lines), *source)
    before = own.standing()
    ran = own.bring(csv(f"{NAMELESS};Vermerk", *lines), *source)
    assert own.standing() == before
    assert ran.exit_code == (not source), ran.stdout  # another source: once
    said = [
        text for text in (*ran.json["warnings"], *ran.json["problems"]) if "which an earlier one had" in text
    ]
    assert [f"--mapping {column}=HEADING" in text for text in said] == [True]


def test_storniert_must_be_excluded(own: OwnPractice) -> None:
    own.practice.configure(rules={"excluded_statuses": ["Geplatzt"]})
    ran = own.bring(csv(NAMELESS, f"1;{IDA}"))
    assert ran.exit_code == 2
    assert "Storniert" in ran.stderr


# ---------------------------------------------------------------- headings and lines


@pytest.mark.parametrize(
    ("head", "column"),
    [
        ("Telefon mobil", "mobile"),
        ("Tel. mobil", "mobile"),
        ("Handy-Nr", "mobile"),
        ("Mobilfunknummer", "mobile"),
        ("Kunde Handy", "mobile"),
        ("Client Phone", "phone"),
        ("Telefon privat", "phone"),
        ("Patient: E-Mail", "email"),
        ("Kundentelefon", "phone"),
        ("Telefon Kunde", "phone"),
        ("E-Mail (Patient)", "email"),
        ("Téléphone du client", "phone"),
        ("Tél. portable", "mobile"),
        ("TELEPHONE PORTABLE", "mobile"),
        ("Telefon 1", "phone"),
        ("Home Phone", "phone"),
        ("TelMobil", "mobile"),
        ("TelPriv", "phone"),
        ("Contact Number", "phone"),
        ("Kundendienst-Telefon", None),
        ("Telefon Gastgeber", None),
        ("Fax Kunde", None),
        ("Fax", None),
        ("Telefon Arzt", None),
    ],
)
def test_headings_of_contact_data(own: OwnPractice, head: str, column: str | None) -> None:
    value = "ida@example.org" if column == "email" else "0171 5555001"
    ran = own.bring(csv(f"Termin-ID;Beginn;Name;{head}", f"1;2026-11-25 09:00;Ida Meier;{value}"))
    assert ran.exit_code == (0 if column else 1)  # nobody has a number: what was understood is said
    assert ran.json["understood"]["columns"].get(column or "") == (head if column else None)
    assert ran.json["understood"]["unused_headings"] == ([] if column else [head])


def test_a_heading_can_be_mapped_or_ignored(own: OwnPractice) -> None:
    export = csv(
        "Termin-ID;Beginn;Name;Telefon;Tel;Handynr. alt",
        "1;2026-11-25 09:00;Ida Meier;0171 1;0171 5555001;0171 2222222",
    )
    assert own.bring(export).exit_code == 2
    assert own.taken(export, "--ignore", "Telefon")["1"].endswith("0171 5555001")
    assert own.bring(export, "--ignore", "Fon").exit_code == 2


@pytest.mark.parametrize(
    ("head", "cells", "right"),
    [
        ("Termin;Uhrzeit;Telefon;Telefon dienstlich", "25.11.2026;09:00;0171 5555001;040 1", "0171 5555001"),
        ("Uhrzeit;Termin;Telefon dienstlich;Telefon", "09:00;25.11.2026;040 1;0171 5555001", "0171 5555001"),
        ("Datum;Termin;Telefon privat;Tel. Arbeit", "25.11.2026;09:00;0171 5555001;040 1", "0171 5555001"),
    ],
)
def test_headings_that_could_be_taken_for_each_other(
    own: OwnPractice, head: str, cells: str, right: str
) -> None:
    stood = own.taken(csv(f"Termin-ID;Name;{head}", f"1;Ida Meier;{cells}"))
    assert stood == {"1": f"2026-11-25 09:00 Ida Meier {right}"}


def test_a_line_with_more_cells_than_headings_is_refused(own: OwnPractice) -> None:
    ran = own.bring(csv(NAMELESS, f"1;{IDA.replace('Meier', 'M&uuml;ller')}", f"2;{EVA}"))
    assert (ran.exit_code, set(own.standing())) == (1, {"2"})


MARKED = [f"{n};2026-11-25 {n + 8:02}:00;Kunde{n};0171 55550{n:03}" for n in range(1, 5)]


@pytest.mark.parametrize(
    ("first", "third", "cut"),
    [
        ('"Kunde1', 'Kunde3"', False),  # in the same column
        ('"Kunde1', '"Kunde3"', False),
        ('"Kunde1', "Kunde3", True),  # never closed: everything below would be one cell
    ],
)
def test_a_quotation_mark_that_is_not_closed_on_its_line_costs_that_line_alone(
    own: OwnPractice, first: str, third: str, cut: bool
) -> None:
    """Else one customer would have the names of three, and be reached by the number of the third."""
    own.taken(csv(NAMELESS, *MARKED))
    lines = [MARKED[0].replace("Kunde1", first), MARKED[1], MARKED[2].replace("Kunde3", third), MARKED[3]]
    ran = own.bring(csv(NAMELESS, *lines))
    assert ran.exit_code == 1
    assert [line["line"] for line in ran.json["refused"]] == ([2, 5] if cut else [2])
    assert ran.json["refused"][0]["appointment_id"] == "1"
    assert bool(ran.json["problems"]) is cut
    assert {"2", "3"} <= own.standing().keys()
    assert "Kunde2 0171 55550002" in own.standing()["2"]


def test_a_note_of_several_lines_is_one_cell(own: OwnPractice) -> None:
    noted = csv(f"{NAMELESS};Notiz", f'1;{IDA};"ruft an;\nbringt mit: a;b;c;d;e\n\nund ""f"""', f"2;{EVA};")
    assert own.taken(noted).keys() == {"1", "2"}


def test_a_note_whose_last_line_has_as_many_commas_as_the_file_columns_is_one_cell(own: OwnPractice) -> None:
    head, ida, eva = (text.replace(";", ",") for text in (f"{NAMELESS};Notiz", f"1;{IDA}", f"2;{EVA}"))
    noted = csv(head, f'{ida},"bringt mit:\nBrille, Etui, Tuch, Rezept, Karte"', f"{eva},")
    assert own.taken(noted).keys() == {"1", "2"}


def test_lines_above_the_headings_are_passed_over(own: OwnPractice) -> None:
    assert own.taken(csv("Terminliste vom 24.11.2026", "", NAMELESS, f"1;{IDA}")).keys() == {"1"}


@pytest.mark.parametrize("line", ["---------;-----;----;-----", "----+----", "=" * 40, "|---|---|", "; - ;;"])
def test_a_line_that_is_drawn_is_none(own: OwnPractice, line: str) -> None:
    own.taken(csv(f"Termin-ID;{NO_IDS}", line, f"1;{IDA}", line, f"2;{EVA}", line))
    assert own.standing().keys() == {"1", "2"}


def test_headings_that_come_again_in_the_midst_are_no_line(own: OwnPractice) -> None:
    pages = csv(NAMELESS, f"1;{IDA}", NAMELESS, f"2;{EVA}") + "\ufeff" + csv(NAMELESS, f"3;{MAX}")
    assert set(own.taken(pages)) == {"1", "2", "3"}
    numbered = NAMELESS.replace("Termin-ID", "Nr")
    assert own.bring(csv(numbered, f"1;{IDA}", numbered, f"2;{EVA}", f"3;{MAX}")).exit_code == 2


def test_the_sign_that_ends_a_file_of_dos_is_no_line(own: OwnPractice) -> None:
    assert set(own.taken(csv(NAMELESS, f"1;{IDA}") + "\x1a")) == {"1"}


def test_a_file_of_which_everything_is_over_is_warned_about(own: OwnPractice) -> None:
    ran = own.bring(csv(NAMELESS, f"1;{IDA.replace('2026-11-25', '26-11-25')}"))  # the 26th of 2025
    assert "nothing in the file lies ahead" in ran.json["warnings"][0]
    assert own.bring(csv(NAMELESS, f"1;{IDA}")).json["warnings"] == []


@pytest.mark.parametrize(
    ("name", "described", "refused"),
    [
        ("Ida Meier", "Name: Ida Meier", False),
        ("Meier", "Name: Frau Ida Meier", False),
        ("", "Name: Ida Meier", False),
        ("Ida Meier", "Name: Eva Kurz", True),  # whose number stands beside it?
    ],
)
def test_a_description_that_names_somebody_else_is_refused(
    own: OwnPractice, name: str, described: str, refused: bool
) -> None:
    ran = own.bring(
        csv(
            "Termin-ID;Beginn;Name;Beschreibung",
            f'1;2026-11-25 09:00;{name};"{described}\nMobil: 0171 5555001"',
        )
    )
    assert ran.exit_code == refused
    assert len(own.standing()) == (not refused)


def test_a_refused_line_is_news_once_and_once_more_when_it_is_another(own: OwnPractice) -> None:
    bad = csv(NAMELESS, "1;bald;Ida Meier;0171 5555001", f"2;{EVA}")
    assert own.bring(bad).exit_code == 1
    ran = own.bring(bad)
    assert (ran.exit_code, [line["new"] for line in ran.json["refused"]]) == (0, [False])
    assert (
        own.bring(csv(NAMELESS, f"2;{EVA}", "1;bald;Ida Meier;0171 5555001")).exit_code == 0
    )  # another line
    assert own.bring(bad.replace("bald", "demnächst")).exit_code == 1
    own.taken(csv(NAMELESS, f"1;{IDA}", f"2;{EVA}"))
    assert own.bring(bad).exit_code == 1  # it was settled in between


def test_the_hour_of_the_export_beside_a_refused_line_makes_it_no_news(own: OwnPractice) -> None:
    bad = csv(f"{NAMELESS};Stand", "1;bald;Ida Meier;0171 5555001;9 Uhr", f"2;{EVA};9 Uhr")
    assert own.bring(bad).exit_code == 1
    assert own.bring(bad.replace("9 Uhr", "10 Uhr")).exit_code == 0


def test_a_part_of_the_schedule_settles_no_refused_line_but_its_own(own: OwnPractice) -> None:
    bad = csv(NAMELESS, "1;bald;Ida Meier;0171 5555001", f"2;{EVA}")
    assert own.bring(bad).exit_code == 1
    own.bring(csv(NAMELESS, f"2;{EVA}"), "--partial")
    assert [line["new"] for line in own.bring(bad).json["refused"]] == [False]
    own.bring(csv(NAMELESS, f"1;{IDA}"), "--partial")
    assert [line["new"] for line in own.bring(bad).json["refused"]] == [True]
    own.bring(csv(NAMELESS, f"2;{EVA}"))  # the whole schedule, in which that line is no more
    assert [line["new"] for line in own.bring(bad).json["refused"]] == [True]


def test_the_appointment_of_a_refused_line_is_held_unless_its_start_is_unchanged(own: OwnPractice) -> None:
    head = f"{NAMELESS};Gruppe"
    own.taken(csv(head, f"1;{IDA};", f"2;{EVA};", f"3;{MAX};"))
    own.bring(csv(head, f"1;{IDA.replace('09:00', '99:00')};", f"2;{EVA};vielleicht", f"3;{MAX};"))
    assert [own.state(key) for key in "123"] == [("", "held"), ("", ""), ("", "")]
    own.taken(csv(head, f"1;{IDA};", f"2;{EVA};", f"3;{MAX};"))
    assert len(own.standing()) == 3


@pytest.mark.parametrize(
    ("before", "after", "held"),
    [("", "Storniert", True), ("Storniert", "", True), ("Storniert", "abgesagt", False), ("", "neu", False)],
)
def test_the_appointment_of_a_refused_line_is_held_where_the_line_says_whether_it_is_off(
    own: OwnPractice, before: str, after: str, held: bool
) -> None:
    """Nobody is reminded of what the newest line cancels, nor told that it is off where it stands again."""
    head = f"Termin-ID;{NO_IDS};Status"
    own.bring(csv(head, f"1;{IDA};{before}", f"2;{EVA};"))
    ran = own.bring(csv(head, f"1;{IDA.replace('Meier', 'M?ller')};{after}", f"2;{EVA};"))
    assert (len(ran.json["refused"]), own.state("1")) == (1, (before, "held" if held else ""))


def test_an_appointment_is_held_of_whose_two_lines_one_says_that_it_is_off(own: OwnPractice) -> None:
    head = f"Termin-ID;{NO_IDS};Status"
    own.bring(csv(head, f"1;{IDA};", f"2;{EVA};"))
    own.bring(csv(head, f"1;{IDA};", f"2;{EVA};", f"1;{IDA};Storniert"))
    assert own.state("1") == ("", "held")


def test_while_a_line_has_no_id_what_is_gone_is_only_held(own: OwnPractice) -> None:
    own.taken(csv(NAMELESS, f"1;{IDA}", f"2;{EVA}", f"3;{MAX}"))
    own.bring(csv(NAMELESS, f"1;{IDA}", f"3;{MAX}", f";{EVA}"))
    own.bring(csv(NAMELESS, f"1;{IDA}", f"3;{MAX}", f";{EVA}", "4;2026-11-26 15:00;Uwe Neu;0171 5555009"))
    assert own.state("2") == ("", "held")


def test_an_entry_that_names_nobody_any_more_takes_its_customer_away(own: OwnPractice) -> None:
    own.taken(csv(NAMELESS, f"1;{IDA}", f"2;{EVA}"))
    own.bring(csv(NAMELESS, "1;2026-11-25 09:00;;", f"2;{EVA}"))
    assert own.standing().keys() == {"2"}
