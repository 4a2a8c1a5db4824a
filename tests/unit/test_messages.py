"""Texts from templates: languages, placeholders, and data that stays data (contract, section 6)."""

import dataclasses
import unicodedata
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar
from message_scene import ANNA, EMAIL, NOW, anna, settings, texts

from terminbenachrichtigung.errors import MessageError
from terminbenachrichtigung.model.appointment import Appointment
from terminbenachrichtigung.model.plan import Channel, Route
from terminbenachrichtigung.texts.messages import Texts

SMS = Route(Channel.SMS, "+491715555555")
MAIL = Route(Channel.EMAIL, "anna@example.org")


@pytest.mark.parametrize(
    ("placeholder", "text"),
    [
        # the placeholders of the contract, with its examples
        ("customer.salutation", "Frau"),
        ("customer.first_name", "Anna"),
        ("customer.last_name", "Müller"),
        ("appointment.weekday", "Mittwoch"),
        ("appointment.date", "25. November 2026"),
        ("appointment.date_short", "25.11.2026"),
        ("appointment.time", "09:00"),
        ("appointment.type", "Hörtest"),
        ("appointment.branch.name", "Optik Meier"),
        ("appointment.branch.phone", "040 123456"),
        ("appointment.branch.address", "Hauptstraße 1, 20095 Hamburg"),
        ("appointment.branch.code", "HH1"),
        ("appointment.branch.email", "hh1@example.org"),
        ("appointment.end", "09:30"),
        ("appointments[0].time", "09:00"),
        ("appointments | length", "1"),
        # ours beside them
        ("customer.name", "Frau Müller"),
        ("appointment.day_month", "25. November"),
    ],
)
def test_every_placeholder_is_in_reach(placeholder: str, text: str) -> None:
    assert texts(sms=f"{{{{ {placeholder} }}}}").sms("t", [ANNA]).text == text


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("de", "Dienstag|1. September 2026|01.09.2026|1. September|15:05"),
        ("de-AT", "Dienstag|1. September 2026|01.09.2026|1. September|15:05"),
        ("en", "Tuesday|1 September 2026|01/09/2026|1 September|15:05"),  # as in Europe: 24 hours, day first
        ("en-US", "Tuesday|September 1, 2026|9/1/2026|September 1|15:05"),
        ("fr", "mardi|1er septembre 2026|01/09/2026|1er septembre|15:05"),
        ("tr", "Salı|1 Eylül 2026|1.09.2026|1 Eylül|15:05"),
        ("pl", "wtorek|1 września 2026|1.09.2026|1 września|15:05"),
        ("da", "tirsdag|1. september 2026|01.09.2026|1. september|15.05"),
    ],
)
def test_dates_are_in_the_form_of_the_messages_language(language: str, words: str) -> None:
    body = "{{ [a.weekday, a.date, a.date_short, a.day_month, a.time] | join('|') }}"
    body = "{% set a = appointment %}" + body
    made = Texts(
        settings({"t": {language: {"email_subject": "x", "email_body": body}}}, default_language=language)
    )
    start = datetime(2026, 9, 1, 13, 5, tzinfo=UTC)
    assert made.email("t", [anna(starts_at=start)]).body == f"{words}\n"


@pytest.mark.parametrize(
    ("start", "local"),
    [
        (datetime(2026, 11, 24, 23, 0, tzinfo=UTC), "25.11.2026 00:00"),  # midnight is 00, not 24 or 12
        (datetime(2026, 11, 25, 11, 0, tzinfo=UTC), "25.11.2026 12:00"),
        (datetime(2026, 11, 25, 12, 0, tzinfo=UTC), "25.11.2026 13:00"),
        (datetime(2026, 7, 1, 7, 0, tzinfo=UTC), "01.07.2026 09:00"),  # summer time
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "25.10.2026 02:30"),  # the hour that comes twice ...
        (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), "25.10.2026 02:30"),
        (datetime(2027, 3, 28, 0, 59, tzinfo=UTC), "28.03.2027 01:59"),  # ... and the one that is left out
        (datetime(2027, 3, 28, 1, 0, tzinfo=UTC), "28.03.2027 03:00"),
    ],
)
def test_times_are_the_practices_local_times(start: datetime, local: str) -> None:
    template = texts(sms="{{ appointment.date_short }} {{ appointment.time }}")
    assert template.sms("t", [anna(starts_at=start)]).text == local


def test_times_follow_the_configured_time_zone() -> None:
    made = texts(sms="{{ appointment.time }}", timezone="Europe/London")
    assert made.sms("t", [ANNA]).text == "08:00"


# ---------------------------------------------------------------- languages

IN_THREE = {
    "t": {
        "de": {"sms": "deutsch", "email_subject": "Betreff", "email_body": "deutsch"},
        "de-AT": {"sms": "österreichisch"},
        "fr": {"sms": "francais", "email_body": "francais"},
        "en-GB": {"sms": "english"},
    }
}


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("", "deutsch"),  # none: the default
        ("de", "deutsch"),
        ("DE", "deutsch"),
        ("FR", "francais"),
        (" fr ", "francais"),
        ("fr-CH", "francais"),  # its base
        ("fr_CH", "francais"),
        ("fr-Latn-CH", "francais"),
        ("de-AT", "österreichisch"),  # itself before its base
        ("de_at", "österreichisch"),
        ("en-GB", "english"),
        ("en", "deutsch"),  # a base does not stand for all its countries
        ("it", "deutsch"),  # no text: the default
        ("Französisch", "deutsch"),
        ("-", "deutsch"),
        ("fr\0", "deutsch"),
        pytest.param("x-" * 500_000, "deutsch", id="a million signs"),
    ],
)
def test_the_language_is_the_customers_then_its_base_then_the_default(language: str, text: str) -> None:
    assert Texts(settings(IN_THREE)).sms("t", [anna(language=language)]).text == text


@pytest.mark.parametrize(
    ("customer", "branch", "text"),
    [
        ("", "fr", "francais"),
        ("", "fr-CH", "francais"),
        ("en-GB", "fr", "english"),  # the customer's own goes first
        ("it", "fr", "francais"),  # there is none in hers
        ("", "", "deutsch"),
        ("", "it", "deutsch"),
    ],
)
def test_without_a_language_of_her_own_a_customer_reads_her_branchs(
    customer: str, branch: str, text: str
) -> None:
    made = Texts(settings(IN_THREE, branches={"hh1": {"language": branch}}))
    assert made.sms("t", [anna(language=customer, branch_code="HH1")]).text == text


def test_each_text_looks_for_its_language_by_itself() -> None:
    mail = Texts(settings(IN_THREE)).email("t", [anna(language="fr")])
    assert (mail.subject, mail.body, mail.language) == ("Betreff", "francais\n", "fr")


def test_a_default_language_with_a_country_stands_for_its_base_too() -> None:
    made = Texts(settings(IN_THREE, default_language="de-CH"))
    assert made.sms("t", [anna(language="it")]).text == "deutsch"


def test_dates_are_in_the_language_of_the_text_not_of_the_customer() -> None:
    mail = texts(body="{{ appointment.weekday }}").email("t", [anna(language="fr")])
    assert (mail.body, mail.language) == ("Mittwoch\n", "de")


def test_a_text_that_is_nowhere_is_an_error_that_names_it() -> None:
    with pytest.raises(MessageError, match=r"templates\.t: there is no sms in 'it'"):
        Texts(settings(IN_THREE, default_language="it")).sms("t", [ANNA])
    with pytest.raises(MessageError, match=r"templates\.other"):
        Texts(settings(IN_THREE)).sms("other", [ANNA])


# ---------------------------------------------------------------- several appointments


def test_appointment_is_the_soonest_and_customer_data_come_from_its_row() -> None:
    later = anna(starts_at=ANNA.starts_at + timedelta(hours=5), last_name="Alt")
    template = (
        "{{ customer.last_name }} {{ appointment.time }}:{% for a in appointments %} {{ a.time }}{% endfor %}"
    )
    assert texts(sms=template).sms("t", [ANNA, later]).text == "Müller 09:00: 09:00 14:00"


@pytest.mark.parametrize(
    ("salutation", "first_name", "last_name", "name"),
    [
        ("Frau", "Anna", "Müller", "Frau Müller"),
        ("Herr Dr.", "", "Müller", "Herr Dr. Müller"),
        ("", "Anna", "Müller", "Anna Müller"),
        ("Frau", "Anna", "", "Anna"),  # "Frau" alone greets nobody
        ("Frau", "", "", ""),
        ("", "", "Müller", "Müller"),
        ("Divers", "Kim", "Müller", "Kim Müller"),  # a category, no form of address
        ("m", "Kim", "Kurz", "Kim Kurz"),
        ("W", "Kim", "Kurz", "Kim Kurz"),
        ("m/w/d", "Kim", "Kurz", "Kim Kurz"),
        ("weibl.", "Kim", "Kurz", "Kim Kurz"),
        ("Unbekannt", "Kim", "Kurz", "Kim Kurz"),
        ("keine Angabe", "Kim", "Kurz", "Kim Kurz"),
        ("k. A.", "Kim", "Kurz", "Kim Kurz"),
        ("männlich", "Kim", "Kurz", "Kim Kurz"),
        ("1", "Kim", "Kurz", "Kim Kurz"),
        ("-", "Kim", "Kurz", "Kim Kurz"),
        ("NULL", "Kim", "Kurz", "Kim Kurz"),
        ("(null)", "Kim", "Kurz", "Kim Kurz"),
        ("None", "Kim", "Kurz", "Kim Kurz"),
        ("#NV", "Kim", "Kurz", "Kim Kurz"),
        ("Hr.", "Kim", "Kurz", "Hr. Kurz"),
        ("Dr.", "Kim", "Kurz", "Dr. Kurz"),
        ("Г-жа", "Kim", "Kurz", "Г-жа Kurz"),
        ("Neutral", "Kim", "Kurz", "Kim Kurz"),
        ("Sonstige", "Kim", "Kurz", "Kim Kurz"),
        ("nicht-binär", "Kim", "Kurz", "Kim Kurz"),
        ("unbestimmt", "Kim", "Kurz", "Kim Kurz"),
        ("Kind", "Kim", "Kurz", "Kim Kurz"),
        ("Frau/Herr", "Kim", "Kurz", "Kim Kurz"),  # nobody has chosen
        ("Herr oder Frau", "Kim", "Kurz", "Kim Kurz"),
        ("Herr und Frau", "Kim", "Kurz", "Herr und Frau Kurz"),
        ("Herrn", "Kim", "Kurz", "Herr Kurz"),  # as on an envelope
        ("An Herrn Dr.", "Kim", "Kurz", "Herr Dr. Kurz"),
        ("Sehr geehrte Frau", "Kim", "Kurz", "Frau Kurz"),  # as at the head of a letter
        ("Sehr geehrter Herr Dr. Kurz", "Kim", "Kurz", "Herr Dr. Kurz"),
        ("Lieber Herr Kurz,", "Kim", "Kurz", "Herr Kurz"),
        ("Liebe", "Kim", "Kurz", "Kim Kurz"),
        ("Sehr geehrte Damen und Herren", "Kim", "Kurz", "Kim Kurz"),
        ("Dear Ms", "Kim", "Kurz", "Ms Kurz"),
        ("Chère Madame", "Kim", "Kurz", "Madame Kurz"),
        ("Familie", "Kim", "Kurz", "Familie Kurz"),
        ("Frau", "Anna", "Frau Kurz", "Frau Kurz"),
        ("Frau", "Anna", "Au", "Frau Au"),
        ("Frau", "Anna", "Frau", "Frau Frau"),
        ("Andrea", "Kim", "Kurz", "Andrea Kurz"),  # in the wrong column
        ("Frau", "NULL", "NULL", ""),
        ("Frau", "NULL", "Kurz", "Frau Kurz"),
        ("Frau", "Anna", "nan", "Anna"),
        ("Frau", "NaT", "\\N", ""),
        ("Frau", "#BEZUG!", "#NAME?", ""),
        ("Frau", "-", "-", ""),
        ("Frau", "Anna", "---", "Anna"),
        ("", "*", "Kurz", "Kurz"),
        ("Frau", "Anna", "Null", "Frau Null"),  # a surname
        ("Frau", "Ida", "Meier (Allergie)", "Frau Meier"),  # what is noted beside a name is nobody's to read
        ("Frau", "Ida Meier", "(Allergie)", "Ida Meier"),
        ("Frau", "Ida", "Meier, *01.02.1980", "Frau Meier"),
        ("", "", "", ""),
    ],
)
def test_a_name_is_sensible_when_parts_of_it_are_missing(
    salutation: str, first_name: str, last_name: str, name: str
) -> None:
    row = anna(salutation=salutation, first_name=first_name, last_name=last_name)
    assert texts(sms="[{{ customer.name }}]").sms("t", [row]).text == f"[{name}]"


# ---------------------------------------------------------------- values are data


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("Müller\nBcc: eve@example.net", "Müller Bcc: eve@example.net"),
        ("Mül\r\n\r\nler", "Mül ler"),
        ("A\x00B\x07C\x1bD\x85E\u2028F", "A B C D E F"),
        ("  Anna \t Maria\u00a0 ", "Anna Maria"),
        ("Anna\u202emoc.live\u202c", "Annamoc.live"),  # would turn what stands behind it
        ("\u2066Anna\u2069", "Anna"),
        ("An\u00adna\u200b\ufeff", "Anna"),
        ("An\ud800na", "Anna"),  # half of a surrogate pair cannot be sent
        ("{{ customer.last_name }}", "{{ customer.last_name }}"),
        ("{% for a in appointments %}", "{% for a in appointments %}"),
        ("{# no #}", "{# no #}"),
        ("<b>&amp;</b>", "<b>&amp;</b>"),  # plain text: nothing to escape
        ("نرگس‌خانم", "نرگس‌خانم"),  # a joiner that belongs to the name
        ("👩\u200d⚕️ Anna", "👩\u200d⚕️ Anna"),
    ],
)
def test_a_value_from_the_schedule_is_one_line_of_text_and_never_code(typed: str, shown: str) -> None:
    made = texts(
        sms="[{{ appointment.type }}]",  # a name is shortened beside
        subject="{{ customer.first_name }}",
        body="{{ customer.first_name }}",
    )
    row = anna(first_name=typed, type_name=typed)
    mail = made.email("t", [row])
    assert made.sms("t", [row]).text == f"[{shown}]"
    assert (mail.subject, mail.body) == (shown, f"{shown}\n")


TEXT_FIELDS = [
    field.name
    for field in dataclasses.fields(Appointment)
    if field.type is str and field.name not in ("appointment_id", "language")
]


@given(st.fixed_dictionaries({name: st.text(max_size=20) for name in TEXT_FIELDS}))
def test_no_value_breaks_a_line_of_a_shipped_text(values: dict[str, str]) -> None:
    row = anna(**values)
    shipped = Texts(settings())
    sms = shipped.sms("terminerinnerung", [row])
    mail = shipped.email("terminerinnerung", [row])
    for line in (sms.text, mail.subject, *mail.body.split("\n")):
        assert len(line.splitlines()) <= 1
        assert not any(unicodedata.category(sign) == "Cc" for sign in line)
        line.encode("utf-8")
    assert mail.body.count("\n") <= 14  # as many as for Anna Müller


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        # what a phone would make a link of, under the practice's name
        ("https://evil.example/x Anna", "Anna"),
        ("Anna,https://evil.example", ""),  # one word
        ("HTTP://EVIL.EXAMPLE Anna", "Anna"),
        ("ftp://evil.example", ""),
        ("www.evil.example Anna", "Anna"),
        ("evil.example/win Anna", "Anna"),
        ("evil.example:8080/win Anna", "Anna"),
        ("Gewonnen: evil.example", "Gewonnen: evil. example"),
        ("evil.c0m", "evil. c0m"),
        ("a.b.c.d", "a. b. c. d"),
        ("10.0.0.1", "10. 0. 0. 1"),
        ("evil。example", "evil. example"),  # phones take other full stops for one
        ("evil．example", "evil. example"),
        ("evil.\u200bexample", "evil. example"),
        ("eve@evil.example", "eve@evil. example"),
        # accents and joiners beside a full stop, without which a text is made that GSM-7 holds
        ("evil.\u0301example", "evil. example"),
        ("evil\u0301.example", "evil. example"),
        ("evil.\u200dexample", "evil. example"),
        ("evil.\u200cexample/win Anna", "Anna"),
        ("www\u200c.evil Anna", "Anna"),
        ("https:\u0301//evil Anna", "Anna"),
        ("Bitte 0900 5 123456 anrufen", "Bitte anrufen"),
        ("Anna +49(0)900-512345", "Anna"),
        ("Anna 0900/123 456.78 Meier", "Anna Meier"),
        ("Anna0900512345", "Anna"),
        ("Anna 0\u03019\u200d0\u201100,5*1_2:345", "Anna"),  # whatever stands between its digits
        # what is a name
        ("Anna 2", "Anna 2"),
        ("Meier 12345", "Meier 12345"),
        ("Dr. med. Müller", "Dr. med. Müller"),
        ("Dr.med. Müller", "Dr. med. Müller"),
        ("St. Clair", "St. Clair"),
        ("मि.शर्मा", "मि. शर्मा"),  # a vowel sign is no letter by itself
        ("Meier/Schulz", "Meier/Schulz"),
        ("J.-P.", "J.-P."),
        # at most 40 signs
        ("M" * 10_000, "M" * 40),
        ("Leutheusser " * 10, "Leutheusser Leutheusser Leutheusser Leut"),
        ("u\u0308" * 50, "ü" * 40),  # a letter and its accent, as Macs write them, are one sign
    ],
)
def test_a_name_in_an_sms_is_short_and_carries_no_web_address_nor_number(typed: str, said: str) -> None:
    made = texts(sms="[{{ customer.first_name }}|{{ customer.last_name }}]")
    assert made.sms("t", [anna(first_name=typed, last_name=typed)]).text == f"[{said}|{said}]"
    assert said in texts(sms="[{{ customer.name }}]").sms("t", [anna(last_name=typed)]).text


def test_what_only_says_that_there_is_nothing_is_empty_in_a_text() -> None:
    row = anna(branch_name="NULL", branch_phone="-", type_name="#NV", branch_address="(null)")
    template = "[{{ appointment.branch.name }}{{ appointment.branch.phone }}{{ appointment.type }}]"
    assert texts(sms=template).sms("t", [row]).text == "[]"
    content = texts().content("t", [row], MAIL, NOW)
    assert content.calendar is not None
    assert b"NULL" not in content.calendar
    assert b"Tel." not in content.calendar


def test_two_rows_of_one_start_and_branch_are_said_once() -> None:
    """Two chairs, two colleagues. Another branch, or another minute, is another appointment."""
    again = anna(appointment_id="4712", starts_at=ANNA.starts_at + timedelta(seconds=30), type_name="Sehtest")
    later = anna(appointment_id="4713", starts_at=ANNA.starts_at + timedelta(hours=1))
    elsewhere = anna(appointment_id="4714", branch_code="HH2", branch_name="Optik Süd")
    template = texts(sms="{% for a in appointments %}{{ a.time }} {{ a.branch.name }};{% endfor %}")
    assert template.sms("t", [ANNA, again]).text == "09:00 Optik Meier;"
    assert template.sms("t", [ANNA, again, later]).text == "09:00 Optik Meier;10:00 Optik Meier;"
    assert template.sms("t", [ANNA, elsewhere]).text == "09:00 Optik Meier;09:00 Optik Süd;"
    nowhere = anna(appointment_id="4710", branch_code="", branch_name="")
    assert template.sms("t", [nowhere, ANNA]).text == "09:00 Optik Meier;"  # a calendar names no branch
    assert template.sms("t", [ANNA, nowhere, elsewhere]).text == "09:00 Optik Meier;09:00 Optik Süd;"
    assert template.sms("t", [nowhere, later]).text == "09:00 ;10:00 Optik Meier;"
    mail = texts().content("t", [nowhere, ANNA], MAIL, NOW)
    assert (mail.branch_code, mail.reply_to) == (ANNA.branch_code, ANNA.branch_email)
    assert texts().content("t", [nowhere, later], MAIL, NOW).branch_code == ""
    content = texts().content("t", [ANNA, again, later], MAIL, NOW)
    assert content.calendar is not None
    assert len(Calendar.from_ical(content.calendar).walk("VEVENT")) == 2


@pytest.mark.parametrize("name", ["room", "items", "Raum", "values"])
def test_a_further_column_of_the_schedule_is_in_reach(name: str) -> None:
    """A column may bear the name of something that every mapping can do."""
    row = anna(extra={name: " 4\n", "other": "NULL"})
    template = f"[{{{{ appointment.extra.{name} }}}}{{{{ appointments[0].extra['other'] }}}}]"
    assert texts(sms=template).sms("t", [row]).text == "[4]"
    with pytest.raises(MessageError):
        texts(sms="{{ appointment.extra.nothing }}").sms("t", [row])
    with pytest.raises(MessageError):
        texts(sms="{{ appointment.extra._values }}").sms("t", [row])


def test_an_appointment_without_an_end_says_none() -> None:
    assert texts(sms="[{{ appointment.end }}]").sms("t", [anna(ends_at=None)]).text == "[]"


def test_a_name_of_10000_signs_makes_a_short_sms_a_long_mail_and_a_short_subject() -> None:
    row = anna(last_name="M" * 10_000)
    made = texts(
        sms="{{ customer.last_name }}", subject="{{ customer.last_name }}", body="{{ customer.last_name }}"
    )
    assert made.sms("t", [row]).text == "M" * 40
    mail = made.email("t", [row])
    assert (len(mail.subject), mail.subject[-1]) == (150, "…")
    assert len(mail.body) == 10_001


def test_a_missing_value_is_empty_and_leaves_no_double_space_in_an_sms() -> None:
    row = Appointment("1", ANNA.starts_at, "17", type_notifiable=True, is_group=False)
    template = "Guten Tag {{ customer.salutation }} {{ customer.last_name }} !"
    assert texts(sms=template).sms("t", [row]).text == "Guten Tag !"


# ---------------------------------------------------------------- the form of texts


def test_an_sms_is_normalised_counted_and_transliterated_as_the_settings_say() -> None:
    sms = texts(sms="\n„Işık“ – {{ appointment.time }}\n").sms("t", [ANNA])
    assert (sms.text, sms.parts, sms.encoding, sms.language) == ('"Isik" - 09:00', 1, "gsm7", "de")


def test_a_subject_is_always_one_line() -> None:
    mail = texts(subject="Ihr\nTermin\r\nBcc: eve@example.net").email("t", [ANNA])
    assert mail.subject == "Ihr Termin Bcc: eve@example.net"


def test_a_body_has_plain_line_ends_and_no_holes_where_a_line_is_empty() -> None:
    mail = texts(body="\n\na\r\n{{ '' }}\n{{ '' }}\n{{ '' }}\nb\n\n\n").email("t", [ANNA])
    assert mail.body == "a\n\nb\n"


# ---------------------------------------------------------------- templates that fail


@pytest.mark.parametrize(
    "broken",
    [
        "{{ customer.frist_name }}",
        "{{ nobody }}",
        "{{ 1 / 0 }}",
        "{{ ",
        "{{ 'x' | nothing }}",
        "{{ customer.__class__.__mro__ }}",
        "{{ ''.__class__ }}",
        "{{ customer.last_name.format.__globals__ }}",
        "{% include 'other' %}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% for i in range(10 ** 9) %}x{% endfor %}",
        "{{ 'x' * 10 ** 2 }}",
        "{{ 9 ** 9 }}",
        "{% for a in 'x' | center(200) %}{% for b in 'x' | center(200) %}x{% endfor %}{% endfor %}",
        "{{ '' }}",  # nothing to send
    ],
)
def test_a_template_that_fails_is_an_error_that_names_it(broken: str) -> None:
    with pytest.raises(MessageError, match=r"^templates\.t\.de\.sms: ."):
        texts(sms=broken).sms("t", [ANNA])
    with pytest.raises(MessageError, match=r"^templates\.t\.de\.email_subject: ."):
        texts(subject=broken).email("t", [ANNA])
    with pytest.raises(MessageError, match=r"^templates\.t\.de\.email_body: ."):
        texts(body=broken).email("t", [ANNA])


# ---------------------------------------------------------------- what goes to a channel


def test_an_sms_has_its_parts_its_branch_and_nothing_of_an_email() -> None:
    content = texts(sms="Termin {{ appointment.time }}").content("t", [ANNA], SMS, NOW)
    assert dataclasses.asdict(content) == {
        "channel": Channel.SMS,
        "recipient": "+491715555555",
        "language": "de",
        "text": "Termin 09:00",
        "subject": None,
        "parts": 1,
        "encoding": "gsm7",
        "branch_code": "HH1",
        "reply_to": "",
        "calendar": None,
        "calendar_method": "PUBLISH",
        "html": None,
    }


def test_an_email_has_its_subject_reply_address_and_calendar() -> None:
    content = texts(subject="Betreff", body="Text").content("t", [ANNA], MAIL, NOW)
    assert (content.channel, content.recipient, content.language) == (Channel.EMAIL, "anna@example.org", "de")
    assert (content.subject, content.text, content.parts, content.encoding) == (
        "Betreff",
        "Text\n",
        None,
        None,
    )
    assert (content.branch_code, content.reply_to) == ("HH1", "hh1@example.org")
    assert content.calendar is not None
    event = Calendar.from_ical(content.calendar).walk("VEVENT")[0]
    assert (event["SUMMARY"], event["LOCATION"]) == ("Termin Optik Meier", "Hauptstraße 1, 20095 Hamburg")
    assert event.decoded("DTSTAMP") == NOW


@pytest.mark.parametrize(
    ("branch_email", "reply_to"),
    [
        (" hh1@example.org ", "hh1@example.org"),
        ("", ""),
        ("hh1@example.org\nBcc: x@example.net", "hh1@example.org"),  # and nothing of the rest
        ("HH1", ""),
    ],
)
def test_only_a_valid_branch_address_is_replied_to(branch_email: str, reply_to: str) -> None:
    row = anna(branch_email=branch_email)
    later = anna(branch_email="later@example.org")
    assert texts().content("t", [row, later], MAIL, NOW).reply_to == reply_to


def test_the_calendar_can_be_left_out() -> None:
    email = EMAIL.model_copy(update={"calendar_attachment": False})
    assert texts(email=email).content("t", [ANNA], MAIL, NOW).calendar is None


@pytest.mark.parametrize(
    ("language", "summary"),
    [
        ("de", "Termin Optik Meier"),
        ("en-GB", "Appointment Optik Meier"),
        ("fr", "Rendez-vous Optik Meier"),
        ("it", "Termin Optik Meier"),
    ],
)
def test_the_calendar_speaks_the_messages_language_and_never_names_the_type(
    language: str, summary: str
) -> None:
    kinds = {"email_subject": "x", "email_body": "x"}
    made = Texts(settings({"t": {"de": kinds, language: kinds}}))
    content = made.content("t", [anna(language=language)], MAIL, NOW)
    assert content.calendar is not None
    assert Calendar.from_ical(content.calendar).walk("VEVENT")[0]["SUMMARY"] == summary
    assert "Hörtest" not in content.calendar.decode()
