"""What of a number or an address may be seen where no person asked for it (contract, section 8)."""

import re
from collections.abc import Iterable, Iterator

from terminbenachrichtigung.model.appointment import Appointment
from terminbenachrichtigung.model.plan import Channel
from terminbenachrichtigung.model.result import MessageResult

HIDDEN = "•••"

_NUMBER = re.compile(r"\+?\d(?:[\s()/.\-]{0,3}\d)*+")
_DIGITS = re.compile(rf"\+?\d*{HIDDEN}\d*|\+?\d(?:[^\w+\n•]{{0,3}}\d|_{{1,3}}\d)*+")
"""What is masked already; or digits with whatever people put between them: a star, a tilde, an ampersand."""
_ADDRESS = re.compile(r"(?<![^\s<>\"'(),;:\[\]])[^\s<>\"'(),;:\[\]@]++@[^\s<>\"'(),;:\[\]]++")
_DIALLED = re.compile(r"(\+|00?)[1-9]\d{6,}")  # a number as it is dialled, and no id such as 0004711
_DATE = re.compile(r"[0-3]\d\.[01]\d\.20\d\d")
_TELLING = 5  # digits in a row that tell a typed number from an order or a job
_LONGEST_FIELD = 1_000  # signs; of a longer field no more than its beginning is ever quoted


def mask_number(number: str) -> str:
    """`+491715555555` → `+49171•••555`. At least four digits are hidden; of a short number, all."""
    digits = _digits(number)
    if len(digits) < 10:
        return HIDDEN
    plus = "+" if number.lstrip().startswith("+") else ""
    return f"{plus}{digits[: min(5, len(digits) - 7)]}{HIDDEN}{digits[-3:]}"


def mask_address(address: str) -> str:
    """`anna@example.org` → `a•••@example.org`. What is no address is hidden whole."""
    local, at, domain = address.strip().rpartition("@")
    if not at or not domain or not local:
        return HIDDEN
    return f"{local[0] if len(local) > 1 else ''}{HIDDEN}@{domain}"


def mask_recipient(channel: Channel, recipient: str) -> str:
    """Mask a recipient by the kind of its channel."""
    match channel:
        case Channel.SMS:
            return mask_number(recipient)
        case Channel.EMAIL:
            return mask_address(recipient)


def mask_text(text: str, private: Iterable[str] = ()) -> str:
    """Mask what a gateway, a mail server or a rule quoted: addresses, numbers, and everything `private`.

    `private` holds the contact data that belong to this text, as typed or as sent. Their numbers are found in
    any way of writing, by five of their digits in a row; other digits stay, such as a job's number or a date.
    """
    known = [value.strip()[:_LONGEST_FIELD] for value in private]
    for value in known:
        # shorter than a number or an address can be: "-" must not be masked wherever it stands
        if len(value) >= _TELLING:
            text = _without(text, value)
    telling = {gram for value in known for gram in _grams(_digits(value))}

    def number(found: re.Match[str]) -> str:
        if HIDDEN in found[0] or telling.isdisjoint(_grams(_digits(found[0]))):
            return found[0]
        return mask_number(found[0])

    def dialled(found: re.Match[str]) -> str:
        return mask_number(found[0]) if _looks_dialled(found, _digits(found[0])) else found[0]

    text = _ADDRESS.sub(lambda found: mask_address(found[0]), text)
    return _NUMBER.sub(dialled, _DIGITS.sub(number, text) if telling else text)


def _grams(digits: str) -> Iterator[str]:
    return (digits[at : at + _TELLING] for at in range(len(digits) - _TELLING + 1))


def _looks_dialled(found: re.Match[str], digits: str) -> bool:
    before, after = (
        found.string[max(0, found.start() - 1) : found.start()],
        found.string[found.end() : found.end() + 1],
    )
    part_of_a_word = before.isalnum() or before == "-" or after.isalnum()  # of a UUID, for one
    plus = "+" if found[0].startswith("+") else ""
    return not part_of_a_word and not _DATE.match(found[0]) and bool(_DIALLED.fullmatch(plus + digits))


def contact_data(appointment: Appointment) -> tuple[str, ...]:
    """The fields of a row that no masked text may quote."""
    return (appointment.mobile, appointment.phone, appointment.email)


def private_data(result: MessageResult) -> tuple[str, ...]:
    """Everything that a message's own details could quote."""
    routes = (*result.message.routes, *(attempt.route for attempt in result.attempts))
    typed = (value for appointment in result.message.appointments for value in contact_data(appointment))
    return (result.content.recipient, *(route.recipient for route in routes), *typed)


def _without(text: str, value: str) -> str:
    masked = mask_address(value) if "@" in value else mask_number(value)
    return re.sub(re.escape(value), lambda _: masked, text, flags=re.IGNORECASE)


def _digits(text: str) -> str:
    return "".join(str(int(c)) for c in text if c.isdecimal())
