"""Pure: a rendered e-mail → the bytes that go over the line, in which nothing can be injected."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.policy import Policy
from typing import Self
from urllib.parse import quote

from email_validator import validate_email

from terminbenachrichtigung.config.channels import EmailSettings
from terminbenachrichtigung.config.filters import branch_settings
from terminbenachrichtigung.config.settings import Branch
from terminbenachrichtigung.model.delivery import Content

_PLAIN_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")


@dataclass(frozen=True, slots=True)
class Mail:
    """What goes over the line for one message."""

    sender: str
    recipient: str
    data: bytes  # the whole message, lines ended by CRLF


def compose(
    settings: EmailSettings,
    branches: Mapping[str, Branch],
    content: Content,
    message_id: str,
    now: datetime,
    *,
    for_customer: bool = True,
) -> Mail:
    """Write the message down.

    Always quoted-printable: every server takes it, so that the text need not depend on what one offers.

    Args:
        settings: the section `[email]`.
        branches: the sections `[branches.*]`, for the reply address.
        content: the rendered e-mail.
        message_id: becomes the Message-ID, at the sender's domain.
        now: aware; becomes the Date.
        for_customer: who may answer that they want no more of these; staff may not.

    Raises:
        ValueError, MessageError: an address, the subject or the text cannot stand in an e-mail.
    """
    reply_to = (
        branch_settings(branches, content.branch_code).reply_to or settings.reply_to or content.reply_to
    )
    if any("=?" in value for value in (content.recipient, reply_to, content.language)):
        # The standard library reads an encoded word in what it is to write, and up to 3.11.9 and 3.12.4 it
        # writes a line break that hides in one as a line break (CVE-2024-6923). No real value looks like it.
        raise ValueError("an encoded word")
    message = EmailMessage(policy=SMTP_POLICY)
    message["From"] = settings.sender
    sender = message["From"].addresses[0]
    recipient = _ascii_address(content.recipient)
    message["To"] = Address(addr_spec=recipient)
    message["Subject"] = _Subject(content.subject or "")
    message["Date"] = now
    message["Message-ID"] = f"<{message_id}@{sender.domain}>"
    if reply_to:
        message["Reply-To"] = reply_to
    message["Auto-Submitted"] = "auto-generated"
    if for_customer:
        answers = message["Reply-To"].addresses[0] if reply_to else sender
        message["List-Unsubscribe"] = f"<mailto:{quote(answers.addr_spec, safe='@')}>"
    message.set_content(content.text, cte="quoted-printable")
    if content.html is not None:
        message.add_alternative(content.html, subtype="html", cte="quoted-printable")
    if content.language:
        message["Content-Language"] = content.language
    if content.calendar is not None and settings.calendar_attachment:
        message.add_attachment(
            content.calendar,
            maintype="text",
            subtype="calendar",
            filename="termin.ics",
            params={"method": content.calendar_method, "charset": "utf-8"},
        )
    return Mail(sender.addr_spec, recipient, message.as_bytes())


def sender_address(settings: EmailSettings) -> str:
    """The address alone of the configured sender."""
    message = EmailMessage(policy=SMTP_POLICY)
    message["From"] = settings.sender
    return str(message["From"].addresses[0].addr_spec)


class _Subject(str):
    """A subject that arrives as it was, whatever it holds: `email` takes a value with this shape as it is.

    Left to itself it would read encoded words into the text, and lose spaces where it folds a long line
    between two words that are not ASCII.
    """

    __slots__ = ()
    name = "Subject"

    def __new__(cls, text: str) -> Self:
        if "".join(text.splitlines()) != text:
            raise ValueError("a line break in the subject")
        return super().__new__(cls, text)

    def fold(self, *, policy: Policy) -> str:
        plain = self.isascii() and self.isprintable() and "=?" not in self
        header = Header(str(self), "us-ascii" if plain else "utf-8", header_name=self.name)
        return f"{self.name}: {header.encode(linesep=policy.linesep)}{policy.linesep}"


def _ascii_address(address: str) -> str:
    """The address as any server takes it: a domain with an umlaut in its ASCII form (IDNA 2008).

    The form is asked for here, however well it was checked before: a stray space, comma or bracket would
    have the mail server, or the standard library, read another address than we did.
    """
    if not address.isascii():
        address = validate_email(address, check_deliverability=False).ascii_email or ""
    if not _PLAIN_ADDRESS.fullmatch(address):
        raise ValueError("not a plain address")
    return address
