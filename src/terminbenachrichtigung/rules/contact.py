"""On which channels a reminder can reach a customer, in which order, and why not on the others.

The order and what "usable" means are those of the contract, section 3.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import Protocol

from terminbenachrichtigung.config.settings import Reminder, Settings
from terminbenachrichtigung.contact import email_address as email_addresses
from terminbenachrichtigung.contact import phone
from terminbenachrichtigung.contact.email_address import EmailRefusal, email_address
from terminbenachrichtigung.contact.phone import PhoneRefusal, mobile_number
from terminbenachrichtigung.errors import MessageError
from terminbenachrichtigung.model.appointment import Appointment
from terminbenachrichtigung.model.plan import Channel, Correction, Route
from terminbenachrichtigung.safe_text import compared, one_line

_OPTED_OUT = "the recipient asked not to be written to (opt-out)"
SHOWN = 80  # characters of what somebody typed are shown


class Parts(Protocol):
    """How many parts of an SMS the text for these appointments takes; for an e-mail the number is ignored.

    Raises MessageError if the text cannot be rendered.
    """

    def __call__(
        self,
        reminder: str,
        channel: Channel,
        appointments: Sequence[Appointment],
        correction: Correction | None = None,
        /,
    ) -> int: ...


class Preference(StrEnum):
    """How a customer wants to be reached (AMPAREX: bevorzugter Kontaktkanal)."""

    SMS = "sms"
    EMAIL = "email"
    LETTER = "letter"
    PHONE = "phone"
    NONE = "none"
    UNCLEAR = "unclear"  # refuses something, and nobody knows what: a person decides


_PREFERENCES = {
    "sms": Preference.SMS,
    "email": Preference.EMAIL,
    "e-mail": Preference.EMAIL,
    "letter": Preference.LETTER,
    "brief": Preference.LETTER,
    "phone": Preference.PHONE,
    "telefon": Preference.PHONE,
    "none": Preference.NONE,
    "keine": Preference.NONE,
}

_REFUSING = frozenset(
    {"nicht", "nein", "nie", "niemals", "ohne"}
    | {"no", "not", "never", "without", "stop", "stopp"}
    | {"non", "pas", "jamais", "sans", "arrêt"}
)
_REFUSING_BEGINNINGS = ("kein", "aucun", "refus", "widerspr", "gesperrt", "verboten", "untersagt")
_LETTERS = re.compile(r"[^\W\d_]+")
_PUNCTUATION = " .,;:!?()[]\"'"

PHONE_REFUSALS = {
    PhoneRefusal.NO_DIGITS: "no number",
    PhoneRefusal.LETTERS_LEFT: "unclear letters beside it",
    PhoneRefusal.EXTENSION: "has an extension",
    PhoneRefusal.NOT_VALID: "not a valid number",
    PhoneRefusal.NOT_MOBILE: "not a mobile number",
    PhoneRefusal.COUNTRY_NOT_ALLOWED: "of a country that sms.countries leaves out",
}

EMAIL_REFUSALS = {
    EmailRefusal.SEVERAL: "more than one address",
    EmailRefusal.LOCAL_PART_NOT_ASCII: "letters before the @ that many mail servers refuse",
    EmailRefusal.NOT_VALID: "not a valid address",
}


@dataclass(frozen=True, slots=True)
class Contact:
    """The routes that can be used, in the order in which they are tried; and why the others cannot."""

    routes: tuple[Route, ...]
    unusable: tuple[tuple[Channel, str], ...]
    opted_out: bool = False  # no route is left, and a recipient asked not to be written to

    @property
    def detail(self) -> str:
        """What staff read: `sms: no number; email: no address`. Holds numbers as they were typed."""
        return "; ".join(f"{channel}: {why}" for channel, why in self.unusable)


def preference(appointment: Appointment) -> Preference | None:
    """The customer's preferred channel; None without one, and for a word that nobody knows."""
    return _preference(appointment.preferred_channel) if appointment.preferred_channel else None


@lru_cache
def _preference(word: str) -> Preference | None:
    # An unseen sign that came along, wide letters or a full stop must not hide what a customer refuses.
    plain = compared(word)
    known = _PREFERENCES.get(plain.strip(_PUNCTUATION))
    if known is not None:
        return known
    refuses = any(
        each in _REFUSING or each.startswith(_REFUSING_BEGINNINGS) for each in _LETTERS.findall(plain)
    )
    return Preference.UNCLEAR if refuses else None


def is_unknown_word(word: str) -> bool:
    """Whether a preferred channel is neither empty nor one of the contract's words, and refuses nothing."""
    return one_line(word) != "" and _preference(word) is None


def contact(
    appointment: Appointment,
    reminder: Reminder,
    settings: Settings,
    *,
    today: date,
    rejected: frozenset[str],
    opted_out: frozenset[str],
    parts: Parts,
) -> Contact:
    """Find the usable channels of a reminder for one appointment, on the local date `today`.

    Recipients in `rejected` were refused for this appointment before, and are not tried again. Those in
    `opted_out` asked not to be written to: the next number of a field does not take their place.
    """
    routes: list[Route] = []
    unusable: list[tuple[Channel, str]] = []
    for channel in _in_order(reminder.channels, preference(appointment)):
        recipient, why = _recipient(channel, appointment, settings, today)
        if recipient is not None and recipient.lower() in opted_out:
            why = _OPTED_OUT
        elif recipient in rejected:
            why = "it was refused for this appointment before"
        elif recipient is not None:
            why = _too_long(channel, appointment, reminder, settings, parts)
        if recipient is None or why:
            unusable.append((channel, why))
        else:
            routes.append(Route(channel, recipient))
    left_alone = any(why is _OPTED_OUT for _, why in unusable)
    return Contact(tuple(routes), tuple(unusable), opted_out=left_alone and not routes)


def still_names(appointment: Appointment, route: Route, settings: Settings) -> bool:
    """Whether a number or address that was written to is anywhere in the fields of its kind."""
    match route.channel:
        case Channel.SMS:
            country = settings.sms.country_code if settings.sms is not None else ""
            typed = phone.pieces((appointment.mobile, appointment.phone))
            return any(
                mobile_number((each,), country, frozenset()).number == route.recipient for each in typed
            )
        case Channel.EMAIL:
            found = (email_address(each).address for each in email_addresses.pieces(appointment.email))
            return any(address and address.casefold() == route.recipient.casefold() for address in found)


def max_parts(settings: Settings, channel: Channel) -> int | None:
    """The most parts that a text may take on a channel; None for no limit."""
    return settings.sms.max_parts if channel is Channel.SMS and settings.sms is not None else None


@lru_cache
def _in_order(channels: tuple[str, ...], preferred: Preference | None) -> tuple[Channel, ...]:
    first = preferred.value if preferred is not None else None
    return tuple(sorted(map(Channel, channels), key=lambda channel: channel.value != first))


def _recipient(
    channel: Channel, appointment: Appointment, settings: Settings, today: date
) -> tuple[str | None, str]:
    """The address on a channel, or why there is none."""
    match channel:
        case Channel.SMS:
            return _number(appointment, settings, today)
        case Channel.EMAIL:
            return _address(appointment, settings)


def _number(appointment: Appointment, settings: Settings, today: date) -> tuple[str | None, str]:
    sms = settings.sms
    if sms is None:
        return None, "not configured"
    if sms.active_from is not None and today < sms.active_from:
        return None, f"active from {sms.active_from}"
    if not appointment.sms_allowed:
        return None, "the customer did not agree to it (sms_allowed)"
    found = mobile_number((appointment.mobile, appointment.phone), sms.country_code, frozenset(sms.countries))
    if found.number is not None or not found.refused:
        return found.number, "no number"
    why = ", ".join(f"{refusal.typed}: {PHONE_REFUSALS[refusal.code]}" for refusal in found.refused)
    return None, f"no mobile number ({why})"


def _address(appointment: Appointment, settings: Settings) -> tuple[str | None, str]:
    if settings.email is None:
        return None, "not configured"
    if not appointment.email_allowed:
        return None, "the customer did not agree to it (email_allowed)"
    found = email_address(appointment.email)
    if found.refused is None:
        return found.address, "no address"
    return None, f"{EMAIL_REFUSALS[found.refused]} ({one_line(appointment.email[:SHOWN])})"


def _too_long(
    channel: Channel, appointment: Appointment, reminder: Reminder, settings: Settings, parts: Parts
) -> str:
    """Why the text for this appointment alone cannot be sent on a channel; empty if it can."""
    try:
        count = parts(reminder.name, channel, (appointment,))
    except MessageError as error:
        return f"template error: {error}"
    limit = max_parts(settings, channel)
    return f"the text has {count} parts, at most {limit} are allowed" if limit and count > limit else ""
