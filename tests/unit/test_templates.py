"""The texts that ship: kind, complete, and cheap (contract, section 6)."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from message_scene import SHIPPED, anna, settings

from terminbenachrichtigung.model.appointment import Appointment
from terminbenachrichtigung.model.plan import Correction
from terminbenachrichtigung.texts.check import check_templates
from terminbenachrichtigung.texts.messages import Texts
from terminbenachrichtigung.texts.templates import Text

LANGUAGES = ("de", "en", "fr")
TEMPLATES = ("terminerinnerung", "terminbestaetigung")
CORRECTIONS = ("terminabsage", "terminverschiebung")
TEXTS = Texts(settings())

LATER = anna(appointment_id="4712", starts_at=anna().starts_at + timedelta(hours=5))
ELSEWHERE = anna(
    appointment_id="4713",
    starts_at=anna().starts_at + timedelta(days=6),
    branch_name="Hörakustik Süd",
    branch_phone="040 999",
    branch_address="Südweg 2",
)


def sms(*appointments: Appointment) -> str:
    return TEXTS.sms("terminerinnerung", appointments).text


def test_what_ships_passes_its_own_check() -> None:
    assert check_templates(settings()) == []


def test_reminder_confirmation_and_corrections_ship_in_three_languages() -> None:
    mail = {"email_subject", "email_body"}
    assert {
        (name, language): set(kinds) for name in SHIPPED for language, kinds in SHIPPED[name].items()
    } == {
        **{("terminerinnerung", language): mail | {"sms"} for language in LANGUAGES},
        **{("terminbestaetigung", language): mail for language in LANGUAGES},
        **{(name, language): mail | {"sms"} for name in CORRECTIONS for language in LANGUAGES},
    }


def test_the_sms_word_for_word() -> None:
    assert sms(anna()) == (
        "Guten Tag Frau Müller, wir erwarten Sie am Mittwoch, 25. November um 09:00 Uhr."
        " Optik Meier, Tel. 040 123456"
    )
    assert sms(anna(language="en", salutation="Ms", last_name="Miller")) == (
        "Hello Ms Miller, we look forward to seeing you on Wednesday, 25 November at 09:00."
        " Optik Meier, tel. 040 123456"
    )
    assert sms(anna(language="fr", salutation="Madame", last_name="Meunier")) == (
        "Bonjour Madame Meunier, nous vous attendons le mercredi 25 novembre à 09:00."
        " Optik Meier, tél. 040 123456"
    )


def test_several_appointments_stand_in_one_sms() -> None:
    assert sms(anna(), LATER) == (
        "Guten Tag Frau Müller, wir erwarten Sie am Mittwoch, 25. November um 09:00 Uhr und um 14:00 Uhr."
        " Optik Meier, Tel. 040 123456"
    )
    assert sms(anna(), LATER, ELSEWHERE) == (
        "Guten Tag Frau Müller, wir erwarten Sie am Mittwoch, 25. November um 09:00 Uhr und um 14:00 Uhr"
        " (Optik Meier) und am Dienstag, 1. Dezember um 09:00 Uhr (Hörakustik Süd)."
        " Optik Meier, Tel. 040 123456; Hörakustik Süd, Tel. 040 999"
    )


def test_the_email_word_for_word() -> None:
    mail = TEXTS.email("terminerinnerung", [anna(), LATER, ELSEWHERE])
    assert mail.subject == "Ihre nächsten Termine – Optik Meier"
    assert mail.body == (
        "Guten Tag Frau Müller,\n"
        "\n"
        "wir erinnern Sie an Ihre Termine:\n"
        "\n"
        "Mittwoch, 25. November 2026 um 09:00 Uhr\n"
        "Mittwoch, 25. November 2026 um 14:00 Uhr\n"
        "Optik Meier\n"
        "Hauptstraße 1, 20095 Hamburg\n"
        "Tel. 040 123456\n"
        "\n"
        "Dienstag, 1. Dezember 2026 um 09:00 Uhr\n"
        "Hörakustik Süd\n"
        "Südweg 2\n"
        "Tel. 040 999\n"
        "\n"
        "Möchten Sie absagen oder einen anderen Termin vereinbaren?"
        " Dann rufen Sie bitte die jeweilige Filiale an.\n"
        "\n"
        "Freundliche Grüße\n"
        "Ihr Team von Optik Meier\n"
    )
    one = TEXTS.email("terminbestaetigung", [anna()])
    assert one.subject == "Terminbestätigung: Mittwoch, 25. November um 09:00 Uhr – Optik Meier"
    assert "Dann rufen Sie uns bitte an: 040 123456.\n" in one.body


# Made up, as long as they come: (salutation, last name, branch, telephone).
LONG = [
    ("Frau", "Lauterbach-Schnackenburger", "Brillen Ahrendt Bad Oldesloe", "05691 8098-0"),
    ("Herr", "Freiherr von Wolfsbruch-Mettenau", "Optik Schütz Ahrensburg", "04102 457890"),
    ("Frau", "Müller-Lüdenscheidt", "Hörgeräte Zander Bremen-Vegesack", "0421 / 66 30 01"),
    ("Frau Dr.", "Schmidt-Oberhausener", "Augenoptik & Hörakustik Petersen", "+49 4321 123456"),
    ("Herr Prof. Dr.", "Ratzenberger-Kowalczyk", "Optik Nord Lübeck-Travemünde", "04502 778899"),
    ("Frau", "Großhennersdorfer", "Sehzentrum Königslutter am Elm", "05353 9876543"),
    ("Herr", "Öztürk-Brändström", "Hörakustik Meister Fürstenfeldbruck", "08141 123456"),
]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("salutation", "last_name", "branch", "phone"), LONG)
def test_one_appointment_fits_into_one_part_with_long_names_on_every_day_of_the_year(
    salutation: str, last_name: str, branch: str, phone: str, language: str
) -> None:
    for day in range(366):
        row = anna(
            starts_at=anna().starts_at + timedelta(days=day),
            salutation=salutation,
            last_name=last_name,
            branch_name=branch,
            branch_phone=phone,
            language=language,
        )
        made = TEXTS.sms("terminerinnerung", [row])
        assert (made.parts, made.encoding) == (1, "gsm7"), made.text


LONGEST_DAY = anna().starts_at + timedelta(days=302)
OFF = Correction(told=LONGEST_DAY, told_by=frozenset(), cancelled=True)
MOVED = Correction(told=LONGEST_DAY, told_by=frozenset())


def corrected(name: str, correction: Correction, *rows: Appointment) -> list[str]:
    """The SMS, the subject and the text of the e-mail."""
    mail = TEXTS.email(name, rows, correction)
    return [TEXTS.sms(name, rows, correction).text, mail.subject, mail.body]


def test_what_is_off_is_said_with_the_start_that_was_told() -> None:
    row = anna(starts_at=LONGEST_DAY + timedelta(days=3))  # where it is now says nothing
    assert corrected("terminabsage", OFF, row)[:2] == [
        "Guten Tag Frau Müller, Ihr Termin am Donnerstag, 23. September um 10:00 Uhr entfällt."
        " Optik Meier, Tel. 040 123456",
        "Ihr Termin am Donnerstag, 23. September um 10:00 Uhr entfällt – Optik Meier",
    ]


def test_what_moved_is_said_with_both_starts_and_the_day_only_where_it_changed() -> None:
    same_day = replace(MOVED, told=anna().starts_at)
    assert corrected("terminverschiebung", same_day, anna(starts_at=LATER.starts_at))[0] == (
        "Guten Tag Frau Müller. Statt Mittwoch, 25. November um 09:00 Uhr nun um 14:00 Uhr."
        " Optik Meier, Tel. 040 123456"
    )
    assert corrected("terminverschiebung", same_day, LATER, ELSEWHERE)[0] == (
        "Guten Tag Frau Müller. Statt Mittwoch, 25. November um 09:00 Uhr nun um 14:00 Uhr (Optik Meier) und"
        " Dienstag, 1. Dezember um 09:00 Uhr (Hörakustik Süd)."
        " Optik Meier, Tel. 040 123456; Hörakustik Süd, Tel. 040 999"
    )
    earlier = anna(appointment_id="4714", starts_at=anna().starts_at - timedelta(days=1))
    assert (
        "nun Dienstag, 24. November um 09:00 Uhr und Mittwoch, 25. November um 14:00 Uhr. Optik"
        in (corrected("terminverschiebung", same_day, earlier, LATER)[0])
    )
    for language, start in (
        ("en", "Instead of Wednesday, 25 November at 09:00 we now expect you at 14:00"),
        ("fr", "Au lieu du mercredi 25 novembre à 09:00, votre rendez-vous est à 14:00"),
    ):
        assert start in corrected("terminverschiebung", same_day, replace(LATER, language=language))[0]


@pytest.mark.parametrize(
    ("language", "sms", "subject"),
    [
        (
            "de",
            "nun Mittwoch, 24. November 2027 um 09:00 Uhr.",
            "nun am Mittwoch, 24. November 2027 um 09:00",
        ),
        ("en", "you on Wednesday, 24 November 2027 at 09:00.", "now on Wednesday, 24 November 2027 at 09:00"),
        ("fr", "est le mercredi 24 novembre 2027 à 09:00.", "le mercredi 24 novembre 2027 à 09:00"),
    ],
)
def test_a_day_of_another_year_is_said_with_its_year(language: str, sms: str, subject: str) -> None:
    # Else "Mittwoch, 24. November" is taken for the day before Wednesday, 25 November 2026.
    told = replace(MOVED, told=anna().starts_at)
    row = anna(language=language, starts_at=anna().starts_at + timedelta(days=364))
    said = corrected("terminverschiebung", told, row)
    assert sms in said[0]
    assert subject in said[1]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("name", "correction"), [("terminabsage", OFF), ("terminverschiebung", MOVED)])
def test_a_correction_is_one_part_of_gsm_7_on_every_day_and_names_person_and_branch(
    name: str, correction: Correction, language: str
) -> None:
    for day in range(366):
        row = anna(language=language, starts_at=anna().starts_at + timedelta(days=day))
        told = replace(correction, told=row.starts_at + timedelta(days=1))
        made = TEXTS.sms(name, [row], told)
        assert (made.parts, made.encoding) == (1, "gsm7"), made.text
    for text in corrected(name, correction, row):
        assert "Optik Meier" in text
        assert "Hörtest" not in text
        assert not SCAR.search(text), text
    for bare in (
        {"branch_name": ""},
        {"branch_phone": ""},
        {"salutation": "", "last_name": "", "first_name": ""},
    ):
        for text in corrected(name, correction, anna(language=language, **bare)):
            assert not re.search(SCAR.pattern, text, re.M), text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("salutation", "last_name", "branch", "phone"), LONG)
def test_a_cancellation_fits_into_one_part_with_long_names(
    salutation: str, last_name: str, branch: str, phone: str, language: str
) -> None:
    names = {"salutation": salutation, "last_name": last_name, "branch_name": branch, "branch_phone": phone}
    made = TEXTS.sms("terminabsage", [anna(language=language, **names)], OFF)
    assert (made.parts, made.encoding) == (1, "gsm7"), made.text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("template", TEMPLATES)
def test_texts_name_the_person_the_branch_and_its_telephone_and_never_the_type(
    template: str, language: str
) -> None:
    for rows in ([anna(language=language)], [anna(language=language), LATER, ELSEWHERE]):
        mail = TEXTS.email(template, rows)
        shown = [f"{mail.subject}\n{mail.body}"]
        if template == "terminerinnerung":
            shown.append(sms(*rows))
        for text in shown:
            assert "Frau Müller" in text
            for row in rows:
                assert row.branch_name in text
                assert row.branch_phone in text
            assert "Hörtest" not in text


SCAR = re.compile(
    r" {2}"  # two words with nothing between them
    r"| [,.;)]|\( ?\)"  # a mark behind nothing
    r"|[,;] ?[,;.]"
    r"|(?:–|;|\bTel\.|\btel\.|\b[Tt]él\.|\bvon|\bat|\bau)$"  # a line that promises more
    r"|None"
)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize(
    "missing",
    [
        ("salutation",),
        ("last_name",),
        ("salutation", "first_name", "last_name"),
        ("branch_name",),
        ("branch_phone",),
        ("branch_address",),
        ("branch_name", "branch_phone"),
        ("branch_name", "branch_phone", "branch_address"),
        (
            "salutation",
            "first_name",
            "last_name",
            "branch_name",
            "branch_phone",
            "branch_address",
            "type_name",
        ),
    ],
    ids="+".join,
)
def test_a_missing_value_leaves_no_scar(template: str, language: str, missing: tuple[str, ...]) -> None:
    empty = dict.fromkeys(missing, "")
    for rows in (
        [anna(language=language, **empty)],
        [anna(language=language, **empty), LATER, ELSEWHERE],
        [anna(language=language), anna(branch_code="HH2", **empty)],
    ):
        mail = TEXTS.email(template, rows)
        shown = [mail.subject, *mail.body.splitlines()]
        if template == "terminerinnerung":
            shown.append(sms(*rows))
        for line in shown:
            assert line == line.strip()
            assert not SCAR.search(line), line
        assert "\n\n\n" not in mail.body


def test_the_day_has_its_year_only_where_it_is_not_the_year_of_what_was_told() -> None:
    told = datetime(2026, 12, 31, 22, 59, tzinfo=UTC)  # 23:59 of New Year's Eve in Hamburg
    text = Text("templates.t.de.sms", "de", "{{ told.day }} → {{ appointment.day }}")
    for minutes, said in ((-1, "31. Dezember"), (1, "1. Januar 2027")):
        row = anna(starts_at=told + timedelta(minutes=minutes))
        assert text.render([row], settings().zone, told) == f"31. Dezember → {said}"
    alone = Text("templates.t.de.sms", "de", "{{ appointment.day }}")
    assert alone.render([anna(starts_at=told)], settings().zone) == "31. Dezember"


@pytest.mark.parametrize(("language", "phone"), [("de", "Tel."), ("en", "Tel."), ("fr", "Tél.")])
def test_a_number_without_the_name_of_a_branch_begins_a_sentence(language: str, phone: str) -> None:
    row = anna(language=language, branch_name="")
    assert sms(row).endswith(f". {phone} 040 123456")
    for name, correction in (("terminabsage", OFF), ("terminverschiebung", MOVED)):
        assert corrected(name, correction, row)[0].endswith(f". {phone} 040 123456")
