"""Does it work at all? One marked test message through a real channel."""

from contextlib import closing

from terminbenachrichtigung.config.settings import Settings
from terminbenachrichtigung.contact.email_address import email_address
from terminbenachrichtigung.contact.phone import mobile_number
from terminbenachrichtigung.errors import ConfigError
from terminbenachrichtigung.model.delivery import Content, Outcome
from terminbenachrichtigung.model.plan import Channel
from terminbenachrichtigung.texts.sms import sms_text
from terminbenachrichtigung.wiring import make_gateway, make_mailer

_TEST_TEXT = "TEST: Diese Nachricht prueft den Versand der Terminerinnerungen. Es gibt keinen Termin."


def test_message(settings: Settings, channel: Channel, recipient: str) -> Outcome:
    """Sends one marked test message through the real channel.

    Raises:
        ConfigError: the channel is not configured, or the recipient is no mobile number or address, or
            not one of `[safety] only_recipients`.
    """
    content = _test_content(settings, channel, recipient)
    only = settings.safety.only_recipients
    if only and content.recipient.lower() not in only:
        raise ConfigError(f"safety.only_recipients does not name {recipient}")
    with closing(make_gateway(settings) if channel is Channel.SMS else make_mailer(settings)) as sender:
        return sender.test(content)


def _test_content(settings: Settings, channel: Channel, recipient: str) -> Content:
    language = settings.default_language
    if channel is Channel.EMAIL:
        if settings.email is None:
            raise ConfigError("there is no section [email] in the configuration")
        address = email_address(recipient).address
        if (
            address is None or recipient.count("@") != 1
        ):  # exactly one recipient, where a field may hold several
            raise ConfigError(f'"{recipient}" is no e-mail address')
        return Content(channel, address, language, _TEST_TEXT + "\n", subject="TEST: terminbenachrichtigung")
    if settings.sms is None:
        raise ConfigError("there is no section [sms] in the configuration")
    number = mobile_number((recipient,), settings.sms.country_code, frozenset(settings.sms.countries)).number
    if number is None:
        raise ConfigError(f'"{recipient}" is no mobile number that may be texted')
    text = sms_text(_TEST_TEXT, transliterate=settings.sms.transliterate)
    return Content(channel, number, language, text.text, parts=text.parts, encoding=text.encoding)
