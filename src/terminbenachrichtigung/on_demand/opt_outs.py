"""Who asked not to be written to: added, taken back, listed."""

import re
from collections.abc import Iterator, Sequence
from datetime import tzinfo

from terminbenachrichtigung.config.settings import Settings
from terminbenachrichtigung.contact.email_address import email_address
from terminbenachrichtigung.contact.phone import mobile_number
from terminbenachrichtigung.errors import ConfigError
from terminbenachrichtigung.model.journal import OptOut
from terminbenachrichtigung.output.tables import Row, Table
from terminbenachrichtigung.output.wording import local_time
from terminbenachrichtigung.safe_text import one_line


def recipient_of(text: str, settings: Settings) -> str:
    """A number or an address as a person types it, in the form in which the journal keeps it.

    Raises:
        ConfigError: it is neither, or holds several, of which only the first would be known.
    """
    words = [word for word in re.split(r"[;,\s]+", text) if "@" in word] or re.split(r"[;,\r\n]+", text)
    beside = text.replace(words[0], "", 1)
    if any(sign.isdecimal() for sign in beside) or "@" in beside:
        raise ConfigError(f'"{one_line(text)}" holds more than one number or address: give one at a time')
    if "@" in text:
        found = email_address(text).address
    else:
        code = settings.sms.country_code if settings.sms else "+49"
        found = mobile_number((text,), code, frozenset()).number
    if found is None:
        raise ConfigError(f'"{text}" is neither a mobile number nor an e-mail address')
    return found.lower()


def opt_outs_as_json(opt_outs: Sequence[OptOut]) -> dict[str, object]:
    """The document of `opt-out list --json`."""
    return {"command": "opt-out list", "opt_outs": opt_outs}


def opt_outs_as_text(opt_outs: Sequence[OptOut], zone: tzinfo) -> Iterator[str | Table]:
    """A table of them."""
    if not opt_outs:
        yield "Nobody has opted out."
    rows = tuple(Row((each.recipient, local_time(each.since, zone), each.why)) for each in opt_outs)
    yield Table("Opted out", ("recipient", "since", "why"), rows)
