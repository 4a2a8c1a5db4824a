"""The `email` channel under test, and the mail that its tests send."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from peers import a_claim, now

from terminbenachrichtigung.config.channels import EmailSettings
from terminbenachrichtigung.delivery.smtp import Smtp
from terminbenachrichtigung.model.delivery import Content
from terminbenachrichtigung.model.plan import Channel

PASSWORD = "geheim-und-lang"
RECIPIENT = "anna@example.org"
CONTENT = Content(
    Channel.EMAIL,
    RECIPIENT,
    "de",
    "Guten Tag Ute Öztürk,\n\nbis morgen um 9 Uhr.\n",
    subject="Ihr Termin am Mittwoch, 25. November — Grüße",
)
CLAIM = a_claim(Channel.EMAIL, RECIPIENT)


def mail_content(**changed: Any) -> Content:
    return replace(CONTENT, **changed)


@contextmanager
def mail_channel(
    port: int,
    *,
    trusted: ssl.SSLContext | None = None,
    security: str = "none",
    idle_seconds: float = 30.0,
    **changed: Any,
) -> Iterator[Smtp]:
    given = {
        "host": "127.0.0.1",
        "port": port,
        "security": security,
        "sender": "Praxis Süd <termine@example.org>",
        "timeout_seconds": 20,
        **changed,
    }
    channel = Smtp(EmailSettings.model_validate(given), {}, now, trusted, idle_seconds=idle_seconds)
    try:
        yield channel
    finally:
        channel.close()
