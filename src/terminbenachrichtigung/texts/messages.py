"""Appointments -> the texts that their customer receives, in the customer's language."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import parseaddr
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Literal

from terminbenachrichtigung.config.fields import with_bases
from terminbenachrichtigung.config.filters import branch_settings
from terminbenachrichtigung.config.settings import Settings, TemplateTexts
from terminbenachrichtigung.contact.email_address import email_address
from terminbenachrichtigung.errors import MessageError
from terminbenachrichtigung.model.appointment import Appointment, to_the_minute
from terminbenachrichtigung.model.delivery import Content
from terminbenachrichtigung.model.plan import Channel, Correction, Route
from terminbenachrichtigung.safe_text import one_line
from terminbenachrichtigung.texts.icalendar import Event, calendar, method
from terminbenachrichtigung.texts.sms import SmsText, sms_text
from terminbenachrichtigung.texts.values import shown

if TYPE_CHECKING:
    from terminbenachrichtigung.texts.templates import Text

TextKind = Literal["sms", "email_subject", "email_body"]

_LONGEST_SUBJECT = 150  # signs: more than any program shows, and far below what a mail server refuses
_REMEMBERED = 4096  # SMS: planning asks for the length of each, and sending for the same text again
_SPACES = re.compile(" {2,}")
_BLANK_LINES = re.compile(r"\n[ \t]*\n(?:[ \t]*\n)+")
_SUMMARY = {"de": "Termin", "en": "Appointment", "fr": "Rendez-vous"}


@dataclass(frozen=True, slots=True)
class Sms(SmsText):
    """A rendered SMS, which is never empty."""

    language: str


@dataclass(frozen=True, slots=True)
class Email:
    """A rendered e-mail: the subject is one line, the lines of the body end with \\n. The body's language."""

    subject: str
    body: str
    language: str


class Texts:
    """All texts of the configuration, ready to be filled in. Made once in a run.

    Jinja is imported with the first text that is asked for: a run in which nothing is due never asks.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._zone = settings.zone
        self._transliterate = settings.sms is None or settings.sms.transliterate
        self._sms = lru_cache(maxsize=_REMEMBERED)(self._render_sms)

    @cached_property
    def _texts(self) -> "dict[tuple[str, TextKind], dict[str, Text]]":
        found: dict[tuple[str, TextKind], dict[str, Text]] = {}
        for text, template, kind in texts_of(self._settings.templates):
            found.setdefault((template, kind), {})[next(with_bases(text.language))] = text
        return found

    def sms(
        self, template: str, appointments: Sequence[Appointment], correction: Correction | None = None
    ) -> Sms:
        """Render the SMS for the appointments of one customer, soonest first.

        Runs of spaces become one, as an empty placeholder leaves two. Raises MessageError if there is
        no such text, it cannot be rendered, or nothing is in it.
        """
        return self._sms(template, tuple(appointments), _told(correction))

    def _render_sms(self, template: str, appointments: tuple[Appointment, ...], told: datetime | None) -> Sms:
        text = self.text(template, "sms", *self._wanted(_soonest(appointments)))
        rendered = text.render(appointments, self._zone, told)
        answer = sms_text(_SPACES.sub(" ", rendered).strip(), transliterate=self._transliterate)
        if not answer.text:
            raise MessageError(f"{text.path}: the text is empty")
        return Sms(answer.text, answer.parts, answer.encoding, text.language)

    def email(
        self, template: str, appointments: Sequence[Appointment], correction: Correction | None = None
    ) -> Email:
        """Render the e-mail for the appointments of one customer, soonest first.

        Several blank lines become one. Raises MessageError like `sms`.
        """
        languages, told = self._wanted(_soonest(appointments)), _told(correction)
        subject_text = self.text(template, "email_subject", *languages)
        subject = one_line(subject_text.render(appointments, self._zone, told))
        if len(subject) > _LONGEST_SUBJECT:
            subject = f"{subject[: _LONGEST_SUBJECT - 1]}…"
        body_text = self.text(template, "email_body", *languages)
        body = unicodedata.normalize("NFC", body_text.render(appointments, self._zone, told))
        body = _BLANK_LINES.sub("\n\n", body.replace("\r\n", "\n").replace("\r", "\n")).strip()
        for text, rendered in ((subject_text, subject), (body_text, body)):
            if not rendered:
                raise MessageError(f"{text.path}: the text is empty")
        return Email(subject, f"{body}\n", body_text.language)

    def content(
        self,
        template: str,
        appointments: Sequence[Appointment],
        route: Route,
        now: datetime,
        correction: Correction | None = None,
    ) -> Content:
        """Render what goes out on the route: the text, and for e-mail the reply address and the calendar.

        `now` dates the calendar file. Raises MessageError like `sms`.
        """
        soonest = _soonest(appointments)
        match route.channel:
            case Channel.SMS:
                sms = self.sms(template, appointments, correction)
                return Content(
                    Channel.SMS,
                    route.recipient,
                    sms.language,
                    sms.text,
                    parts=sms.parts,
                    encoding=sms.encoding,
                    branch_code=soonest.branch_code,
                )
            case Channel.EMAIL:
                email = self.email(template, appointments, correction)
                return Content(
                    Channel.EMAIL,
                    route.recipient,
                    email.language,
                    email.body,
                    subject=email.subject,
                    branch_code=soonest.branch_code,
                    reply_to=email_address(soonest.branch_email).address or "",
                    calendar=self._calendar(appointments, email.language, now, correction),
                    calendar_method=method(cancelled=_is_off(correction)),
                )

    def _wanted(self, appointment: Appointment) -> tuple[str, ...]:
        """The customer's language, then the one of the branch: each text is looked for in that order."""
        branch = branch_settings(self._settings.branches, appointment.branch_code).language
        return (appointment.language, branch)

    def text(self, template: str, kind: TextKind, *languages: str) -> "Text":
        """Return the text in the first of these languages that has it, or its base; else in the default one.

        Raises MessageError if there is none.
        """
        texts = self._texts.get((template, kind), {})
        for tag in with_bases(*languages, self._settings.default_language):
            if tag in texts:
                return texts[tag]
        default = self._settings.default_language
        raise MessageError(f"templates.{template}: there is no {kind} in {default!r}, the default language")

    def _calendar(
        self,
        appointments: Sequence[Appointment],
        language: str,
        now: datetime,
        correction: Correction | None,
    ) -> bytes | None:
        if self._settings.email is None or not self._settings.email.calendar_attachment:
            return None
        from terminbenachrichtigung.texts.templates import said_once  # noqa: PLC0415 - imports Jinja

        name, address = parseaddr(self._settings.email.sender)
        words = (_SUMMARY.get(tag) for tag in with_bases(language, self._settings.default_language))
        summary = next(filter(None, words), _SUMMARY["de"])
        off = _is_off(correction)
        # A cancellation names every entry that the customer may have; else two chairs are entered once.
        entered = appointments if off else said_once(appointments)
        events = [
            Event(
                appointment.appointment_id,
                correction.told if correction is not None and off else appointment.starts_at,
                None if off else appointment.ends_at,
                summary=f"{summary} {shown(appointment.branch_name)}",
                location=shown(appointment.branch_address),
                description=f"Tel. {phone}" if (phone := shown(appointment.branch_phone)) else "",
            )
            for appointment in entered
        ]
        return calendar(events, now, address, name, cancelled=off)


def _soonest(appointments: Sequence[Appointment]) -> Appointment:
    """The soonest appointment, by the row of it that names its branch, if one does."""
    first = appointments[0]
    minute = to_the_minute(first.starts_at)
    rows = (row for row in appointments if to_the_minute(row.starts_at) == minute)
    return next((row for row in rows if row.branch_code or row.branch_name), first)


def _told(correction: Correction | None) -> datetime | None:
    return None if correction is None else correction.told


def _is_off(correction: Correction | None) -> bool:
    return correction is not None and correction.cancelled


def texts_of(
    templates: Mapping[str, Mapping[str, TemplateTexts]],
) -> "Iterator[tuple[Text, str, TextKind]]":
    """Every text there is, with the name of its template and its kind."""
    from terminbenachrichtigung.texts.templates import Text  # noqa: PLC0415 - imports Jinja

    kinds: tuple[TextKind, ...] = ("sms", "email_subject", "email_body")
    for template, languages in templates.items():
        for language, texts in languages.items():
            for kind in kinds:
                source = getattr(texts, kind)
                if source is not None:
                    yield Text(f"templates.{template}.{language}.{kind}", language, source), template, kind
