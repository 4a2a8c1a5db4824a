"""On which channels a customer is reached, in which order, and what staff read where none is left."""

from collections.abc import Sequence
from datetime import date

import pytest
from rules_scene import (
    ADDRESS,
    NUMBER,
    OTHER_NUMBER,
    appointment,
    known,
    planned,
    reminder,
    settings,
    verdicts,
)

from terminbenachrichtigung.config.settings import Settings
from terminbenachrichtigung.errors import MessageError
from terminbenachrichtigung.model.appointment import Appointment
from terminbenachrichtigung.model.plan import Channel, Plan, Route
from terminbenachrichtigung.rules.contact import still_names


def routes(result: Plan) -> list[tuple[str, str]]:
    (message,) = result.messages
    return [(route.channel.value, route.recipient) for route in message.routes]


def why_not(result: Plan) -> str:
    (skip,) = result.skips
    assert skip.reason == "no_contact"
    return skip.detail


BY_SMS, BY_EMAIL = ("sms", NUMBER), ("email", ADDRESS)


@pytest.mark.parametrize(
    ("channels", "preferred", "expected"),
    [
        (("sms", "email"), "", [BY_SMS, BY_EMAIL]),  # the reminder's order
        (("email", "sms"), "", [BY_EMAIL, BY_SMS]),
        (("sms", "email"), "email", [BY_EMAIL, BY_SMS]),  # the preferred one first
        (("sms", "email"), " E-Mail ", [BY_EMAIL, BY_SMS]),
        (("email", "sms"), "SMS", [BY_SMS, BY_EMAIL]),
        (("sms",), "email", [BY_SMS]),  # only if the reminder has it
        (("email",), "", [BY_EMAIL]),
        (("sms", "email"), "Fax", [BY_SMS, BY_EMAIL]),  # unknown: no preference
    ],
)
def test_the_preferred_channel_comes_first_and_then_the_reminder_s_order(
    channels: tuple[str, ...], preferred: str, expected: list[tuple[str, str]]
) -> None:
    configured = settings(reminders=(reminder(channels=channels),))
    assert routes(planned(appointment(preferred_channel=preferred), configured=configured)) == expected


@pytest.mark.parametrize(
    ("sms_allowed", "email_allowed", "expected"),
    [(True, True, [BY_SMS, BY_EMAIL]), (False, True, [BY_EMAIL]), (True, False, [BY_SMS])],
)
def test_a_channel_without_the_customer_s_leave_is_not_used(
    sms_allowed: bool, email_allowed: bool, expected: list[tuple[str, str]]
) -> None:
    row = appointment(sms_allowed=sms_allowed, email_allowed=email_allowed, preferred_channel="sms")
    assert routes(planned(row)) == expected


def test_without_leave_for_any_channel_staff_read_why() -> None:
    assert why_not(planned(appointment(sms_allowed=False, email_allowed=False))) == (
        "sms: the customer did not agree to it (sms_allowed); "
        "email: the customer did not agree to it (email_allowed)"
    )


@pytest.mark.parametrize(
    ("contact", "expected"),
    [
        ({"mobile": "", "phone": "0171/5555-555"}, [BY_SMS, BY_EMAIL]),  # mobile, then phone
        ({"mobile": OTHER_NUMBER, "phone": NUMBER}, [("sms", OTHER_NUMBER), BY_EMAIL]),
        ({"mobile": "030 123456; 0171 5555555"}, [BY_SMS, BY_EMAIL]),
        ({"mobile": "", "phone": ""}, [BY_EMAIL]),
        ({"email": ""}, [BY_SMS]),
        ({"email": " anna@example.org "}, [BY_SMS, BY_EMAIL]),
        ({"email": "anna@"}, [BY_SMS]),
    ],
)
def test_a_channel_needs_an_address(contact: dict[str, object], expected: list[tuple[str, str]]) -> None:
    assert routes(planned(appointment(**contact))) == expected


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        # 24 hours later it is the next day; the local date decides, not that of UTC
        ("2026-11-30 19:00", [BY_EMAIL]),
        ("2026-12-01 00:00", [BY_SMS, BY_EMAIL]),
    ],
)
def test_a_channel_is_active_from_its_first_local_day(now: str, expected: list[tuple[str, str]]) -> None:
    configured = settings(sms={"active_from": date(2026, 12, 1)}, quiet_hours=False)
    tomorrow = appointment("1", "2026-12-01 18:00" if now < "2026-12" else "2026-12-02 00:00")
    assert routes(planned(tomorrow, now=now, configured=configured)) == expected


@pytest.mark.parametrize(
    ("rejected", "expected"),
    [
        ({"1": frozenset({NUMBER})}, [BY_EMAIL]),
        ({"1": frozenset({ADDRESS})}, [BY_SMS]),
        ({"1": frozenset({OTHER_NUMBER})}, [BY_SMS, BY_EMAIL]),  # another number, by now corrected
        ({"2": frozenset({NUMBER})}, [BY_SMS, BY_EMAIL]),  # for another appointment
    ],
)
def test_a_recipient_that_was_rejected_is_not_tried_again_for_that_appointment(
    rejected: dict[str, frozenset[str]], expected: list[tuple[str, str]]
) -> None:
    assert routes(planned(appointment(), journal=known(rejected=rejected))) == expected


def sms_takes(count: int) -> object:
    def parts(reminder: str, channel: Channel, appointments: Sequence[Appointment], *_: object) -> int:
        return count if channel is Channel.SMS else 0

    return parts


@pytest.mark.parametrize(("count", "expected"), [(3, [BY_SMS, BY_EMAIL]), (4, [BY_EMAIL])])
def test_a_text_that_is_too_long_even_alone_goes_by_the_next_channel(
    count: int, expected: list[tuple[str, str]]
) -> None:
    assert routes(planned(appointment(), parts=sms_takes(count))) == expected  # type: ignore[arg-type]


def test_the_parts_of_an_email_do_not_count() -> None:
    def endless(reminder: str, channel: Channel, appointments: Sequence[Appointment], *_: object) -> int:
        return 1 if channel is Channel.SMS else 99

    assert routes(planned(appointment(), parts=endless)) == [BY_SMS, BY_EMAIL]


def test_a_text_that_cannot_be_rendered_makes_its_channel_unusable() -> None:
    def broken(reminder: str, channel: Channel, appointments: Sequence[Appointment], *_: object) -> int:
        raise MessageError(f"{reminder}.de.{channel}: 'x' is undefined")

    assert why_not(planned(appointment(), parts=broken)) == (
        "sms: template error: Terminerinnerung.de.sms: 'x' is undefined; "
        "email: template error: Terminerinnerung.de.email: 'x' is undefined"
    )


@pytest.mark.parametrize(
    ("contact", "detail"),
    [
        ({"mobile": "", "email": ""}, "sms: no number; email: no address"),
        ({"mobile": "", "email": "a" * 100}, f"sms: no number; email: not a valid address ({'a' * 80})"),
        (
            {"mobile": "030 123456", "email": "anna@"},
            "sms: no mobile number (030 123456: not a mobile number); email: not a valid address (anna@)",
        ),
        (
            {"mobile": "0171 5555 Ute", "phone": "030 123456", "email": ""},
            "sms: no mobile number (0171 5555 Ute: unclear letters beside it, "
            "030 123456: not a mobile number); email: no address",
        ),
    ],
)
def test_no_contact_says_for_every_channel_why(contact: dict[str, object], detail: str) -> None:
    assert why_not(planned(appointment(**contact))) == detail


@pytest.mark.parametrize(
    ("configured", "detail"),
    [
        (settings(reminders=(reminder(channels=("sms",)),), sms={"active_from": date(2026, 12, 1)}),
         "sms: active from 2026-12-01"),
        (settings(reminders=(reminder(channels=("sms",)),), sms={"countries": ("AT",)}),
         "sms: no mobile number (0171 5555555: of a country that sms.countries leaves out)"),
        (settings(reminders=(reminder(channels=("sms",)),)).model_copy(update={"sms": None}),
         "sms: not configured"),
        (settings(reminders=(reminder(channels=("email",)),)).model_copy(update={"email": None}),
         "email: not configured"),
    ],
)  # fmt: skip
def test_no_contact_names_what_the_settings_leave_out(configured: Settings, detail: str) -> None:
    assert why_not(planned(appointment(), configured=configured)) == detail


def test_no_contact_names_recipients_that_were_refused_and_texts_that_are_too_long() -> None:
    result = planned(
        appointment(), journal=known(rejected={"1": frozenset({ADDRESS})}), parts=sms_takes(4)  # type: ignore[arg-type]
    )  # fmt: skip
    assert why_not(result) == (
        "sms: the text has 4 parts, at most 3 are allowed; email: it was refused for this appointment before"
    )


def test_numbers_are_read_in_the_configured_country() -> None:
    austrian = settings(sms={"country_code": "+43"})
    found = planned(appointment(mobile="0664 1234567", email=""), configured=austrian)
    assert routes(found) == [("sms", "+436641234567")]
    assert verdicts(planned(appointment(mobile="0664 1234567", email=""))) == {"1": "no_contact"}


# What refuses, in whatever words, is for a person to decide; an unknown word is none.
REFUSING = [
    # what was typed as the preferred channel    what becomes of the appointment
    ("keine SMS", "manual_contact"),
    ("KEINERLEI Werbung", "manual_contact"),
    ("nein danke", "manual_contact"),
    ("bitte nicht per SMS", "manual_contact"),
    ("No", "manual_contact"),
    ("please do not text", "manual_contact"),
    ("STOPP!", "manual_contact"),
    ("nie", "manual_contact"),
    ("sms (niemals email)", "manual_contact"),
    ("ohne SMS", "manual_contact"),
    ("ke\u200cine SMS", "manual_contact"),
    ("ke\ufe0fine SMS", "manual_contact"),
    ("Widerspruch vom 3.11.", "manual_contact"),
    ("SMS gesperrt", "manual_contact"),
    ("e-mail without sms", "manual_contact"),
    ("refused", "manual_contact"),
    ("pas de SMS", "manual_contact"),
    ("Aucune", "manual_contact"),
    ("jamais par courriel", "manual_contact"),
    ("non", "manual_contact"),
    ("keine", "opted_out"),  # the contract's own word
    ("none", "opted_out"),
    ("none.", "opted_out"),
    ("ke\u00adine", "opted_out"),  # a soft hyphen that came along
    ("ｋｅｉｎｅ　ＳＭＳ", "manual_contact"),
    ("brief!", "manual_contact"),
    ("brief", "manual_contact"),
    ("Norden", "due"),
    ("Notfall", "due"),
    ("Niedersachsen", "due"),
    ("nichtsdestotrotz", "due"),
    ("Stoppelfeld", "due"),
    ("Passage", "due"),
    ("Ohnesorg", "due"),
    ("Fax", "due"),
    ("sms", "due"),
    ("", "due"),
]


@pytest.mark.parametrize(("typed", "expected"), REFUSING)
def test_a_preferred_channel_that_refuses_fails_closed(typed: str, expected: str) -> None:
    plan = planned(appointment(preferred_channel=typed))
    assert verdicts(plan) == {"1": expected}
    assert bool(plan.warnings) == (expected == "due" and typed.lower() not in ("", "sms"))


# ---------------------------------------------------------------- who was written to, and is named no more


@pytest.mark.parametrize(
    ("route", "changes", "named"),
    [
        # to whom a message went; what the fields say now; whether that is still named
        pytest.param(Route(Channel.SMS, NUMBER), {}, True, id="the number"),
        pytest.param(Route(Channel.SMS, NUMBER), {"mobile": OTHER_NUMBER}, False, id="another number"),
        pytest.param(
            Route(Channel.SMS, NUMBER), {"mobile": f"{OTHER_NUMBER}; {NUMBER}"}, True, id="the second number"
        ),
        pytest.param(
            Route(Channel.SMS, NUMBER),
            {"mobile": OTHER_NUMBER, "phone": NUMBER},
            True,
            id="in the other field",
        ),
        pytest.param(
            Route(Channel.SMS, NUMBER), {"mobile": "", "email": NUMBER}, False, id="of another kind"
        ),
        pytest.param(Route(Channel.EMAIL, ADDRESS), {}, True, id="the address"),
        pytest.param(Route(Channel.EMAIL, ADDRESS), {"email": ADDRESS.upper()}, True, id="in other letters"),
        pytest.param(
            Route(Channel.EMAIL, ADDRESS),
            {"email": f"new@example.org, {ADDRESS}"},
            True,
            id="the second address",
        ),
        pytest.param(
            Route(Channel.EMAIL, ADDRESS), {"email": "new@example.org"}, False, id="another address"
        ),
        pytest.param(
            Route(Channel.EMAIL, "ida&eva@example.org"), {"email": "ida&amp;eva@example.org"}, True, id="HTML"
        ),
        pytest.param(
            Route(Channel.SMS, NUMBER),
            {"mobile": f"{OTHER_NUMBER}\u2028{NUMBER}"},
            True,
            id="the second number, on a line of its own by Unicode",
        ),
        pytest.param(Route(Channel.EMAIL, ADDRESS), {"email": ""}, False, id="none any more"),
    ],
)
def test_whether_a_row_still_names_whom_was_written_to(
    route: Route, changes: dict[str, object], named: bool
) -> None:
    assert still_names(appointment(**changes), route, settings()) is named


# ---------------------------------------------------------------- opt-outs


@pytest.mark.parametrize(
    ("opted_out", "changes", "expected"),
    [
        # who asked not to be written to; by which channel the appointment is told
        pytest.param({NUMBER}, {}, ["email"], id="the number"),
        pytest.param({ADDRESS}, {}, ["sms"], id="the address"),
        pytest.param({NUMBER, ADDRESS}, {}, "opted_out", id="both"),
        pytest.param({NUMBER}, {"email": ""}, "opted_out", id="all there is"),
        pytest.param(
            {NUMBER}, {"mobile": f"{NUMBER}; {OTHER_NUMBER}", "email": ""}, "opted_out", id="no next one"
        ),
        pytest.param({ADDRESS}, {"email": ADDRESS.upper(), "mobile": ""}, "opted_out", id="in other letters"),
        pytest.param({OTHER_NUMBER}, {}, ["sms", "email"], id="somebody else"),
        pytest.param(
            {NUMBER}, {"mobile": "", "email": ""}, "no_contact", id="nobody could be reached anyway"
        ),
    ],
)
def test_who_asked_not_to_be_written_to_is_not(
    opted_out: set[str], changes: dict[str, object], expected: list[str] | str
) -> None:
    result = planned(appointment(**changes), journal=known(opted_out=frozenset(opted_out)))
    channels = [route.channel.value for message in result.messages for route in message.routes]
    assert (channels or verdicts(result)["1"]) == expected


def test_who_asked_not_to_be_written_to_is_named_as_that() -> None:
    row, journal = appointment(email=""), known(opted_out=frozenset({NUMBER}))
    (skip,) = planned(row, journal=journal).skips
    assert skip.detail == "sms: the recipient asked not to be written to (opt-out); email: no address"
