"""What a single value must look like: the types of the settings, each with its sentence of advice.

Large libraries are imported only where they are needed: each import costs time in every hourly run.
"""

import ipaddress
import re
import zoneinfo
from collections.abc import Callable, Iterator
from datetime import date, datetime, time
from difflib import get_close_matches
from typing import Annotated, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, WithJsonSchema

from terminbenachrichtigung.contact.email_address import checked_address

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_HOST = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_-]+)*\.?")

_MAILBOX = re.compile(
    r"(?P<name>(?:\"(?:[^\"\\]|\\.)*\"|[^<>])*)<\s*(?P<address>[^<>\s]+)\s*>|(?P<alone>[^<>\s,;]+)"
)
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')

T = TypeVar("T")


def nearest(word: str, known: list[str]) -> str:
    """The sentence that names the known word which was probably meant; empty when there is none."""
    lowered = {each.lower(): each for each in known}
    close = get_close_matches(word.lower(), lowered, n=1)
    return f'did you mean "{lowered[close[0]]}"?' if close else ""


def is_loopback(host: str) -> bool:
    """Whether a host name or address means this machine: what is sent there cannot be overheard."""
    name = host.lower().rstrip(".").strip("[]")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _one_line(text: str) -> str:
    text = text.strip()
    if not text:
        raise ValueError("must not be empty")
    _check_characters(text)
    return text


def _check_characters(text: str) -> None:
    if any(ord(sign) < 32 or ord(sign) == 127 or 0xD800 <= ord(sign) <= 0xDFFF for sign in text):
        raise ValueError("must be one line without control characters")


def _key(secret: SecretStr) -> SecretStr:
    word = secret.get_secret_value()  # it stands in a header, which takes nothing else
    if not word.isascii() or " " in word:
        raise ValueError("must be the key as the gateway shows it: no blanks, umlauts or typographic quotes")
    return secret


def _secret(secret: SecretStr) -> SecretStr:
    _check_characters(secret.get_secret_value())  # such as a line end, from a file
    return secret


def _filled(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be empty; leave the line out to use the text of another language")
    return text


def _time_of_day(value: object) -> object:
    advice = 'must be a time of day in quotes, as in "20:00"'
    if isinstance(value, str) and (found := re.fullmatch(r"([0-9]{1,2}):([0-9]{2})", value.strip())):
        hour, minute = int(found[1]), int(found[2])
        if hour == 24 and minute == 0:
            raise ValueError('midnight is written "00:00"')
        if hour > 23 or minute > 59:
            raise ValueError(advice)
        return time(hour, minute)
    # A TOML time (20:00:00) is taken too. Seconds are refused: no run is that precise.
    if not isinstance(value, time) or value.tzinfo or value.second or value.microsecond:
        raise ValueError(advice)
    return value


def _with_a_run_after_it(value: time) -> time:
    if value > time(23, 0):
        raise ValueError('must be "23:00" or earlier: an hourly run has to follow on the same day')
    return value


def _calendar_date(value: object) -> object:
    advice = "must be a date without a time, as in 2026-12-24"
    if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value.strip()):
        try:
            return date.fromisoformat(value.strip())
        except ValueError:
            raise ValueError("is no day of the calendar; " + advice) from None
    if isinstance(value, datetime) or not isinstance(value, date):
        raise ValueError(advice)  # noqa: TRY004  # the one error that pydantic collects
    return value


def _lower(value: object) -> object:
    return value.strip().lower() if isinstance(value, str) else value


_ZONES_OF_THE_MACHINE = frozenset({"localtime", "posixrules", "Factory"})
"""Files of the zone database under which two machines may have two clocks."""


def _zone(name: str) -> str:
    if name in _ZONES_OF_THE_MACHINE or name.startswith("right/"):
        raise ValueError('is what this machine is set to, or has leap seconds; as in "Europe/Berlin"')
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        hint = nearest(name, sorted(zoneinfo.available_timezones()))
        raise ValueError(
            f'is no known time zone, as in "Europe/Berlin"{"; " + hint if hint else ""}'
        ) from None
    return name


def _language(code: str) -> str:
    if not _LANGUAGE.fullmatch(code):
        raise ValueError('must be a language code in lower case, as in "de" or "de-AT"')
    return code


def with_bases(*languages: str) -> Iterator[str]:
    """Each language in lower case, then its base: de-at, de. At most 35 signs each (RFC 5646, 4.4.1)."""
    for language in languages:
        tag = language.strip().lower().replace("_", "-")[:35]
        while tag:
            yield tag
            tag = tag.rpartition("-")[0]


def _holidays(code: str) -> str:
    if not code:
        return code
    country, _, subdivision = code.partition("-")
    if re.fullmatch(r"[A-Z]{2}", country) and (subdivision or "-" not in code):
        import holidays  # noqa: PLC0415  # 60 ms that only those pay who use it

        try:
            holidays.country_holidays(country, subdiv=subdivision or None)
        except NotImplementedError:
            pass
        else:
            return code
    raise ValueError('no public holidays are known by this code; as in "DE-HH" (Hamburg), "AT" or "CH-ZH"')


def _country_code(code: str) -> str:
    advice = 'must be "+" and the country\'s dialling code, as in "+49"'
    if not re.fullmatch(r"\+[1-9][0-9]{0,2}", code):
        raise ValueError(advice)
    if code != "+49":
        from phonenumbers import COUNTRY_CODE_TO_REGION_CODE  # noqa: PLC0415  # 20 ms, only when asked

        if COUNTRY_CODE_TO_REGION_CODE.get(int(code[1:]), ("001",)) == ("001",):
            raise ValueError("is no country's dialling code; " + advice)
    return code


def _country(code: str) -> str:
    from phonenumbers import SUPPORTED_REGIONS  # noqa: PLC0415  # 20 ms, only when countries are limited

    if code.upper() not in SUPPORTED_REGIONS:
        raise ValueError('must be a country\'s two letters (ISO 3166), as in "DE", "AT", "CH"')
    return code.upper()


def _web_address(url: str) -> str:
    example = '"https://www.smscreator.de/gateway"'
    return _over_tls(url, example, "the password", takes_query=False).rstrip("/")


def _ping_url(secret: SecretStr) -> SecretStr:
    url = secret.get_secret_value().strip()
    if not url:
        return SecretStr("")
    return SecretStr(_over_tls(url, "https://hc-ping.com/your-uuid", "what it says", takes_query=True))


def _over_tls(url: str, example: str, readable: str, *, takes_query: bool) -> str:
    """The URL; `readable` is what others could read on its way, were it not encrypted."""
    advice = f"must be a web address, as in {example}"  # never the value: it may be a secret
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError(advice) from None
    if parts.scheme not in {"http", "https"} or not host or not url.isascii() or re.search(r"\s", url):
        raise ValueError(advice)
    if takes_query and (parts.username is not None or parts.fragment):
        raise ValueError("must hold no user, password or #")
    if not takes_query and (parts.username is not None or parts.query or parts.fragment):
        raise ValueError("must hold no user, password, ? or #; the account has keys of its own")
    if parts.scheme == "http" and not is_loopback(host):
        raise ValueError(f"must begin with https://, or {readable} would travel readable for everybody")
    return url


def _metrics_file(path: str) -> str:
    if path and not path.endswith(".prom"):
        raise ValueError('must end with ".prom", or node_exporter does not read it')
    return path


def _proxy_host(name: str) -> str:
    if "@" in name:  # a login, so this problem must not show the value
        raise ValueError(
            "must be a host name alone; the login has its own keys, proxy_user and proxy_password"
        )
    return _host(name)


def _host(name: str) -> str:
    name = name.strip()
    try:
        return str(ipaddress.ip_address(name.strip("[]")))
    except ValueError:
        if not _HOST.fullmatch(name):
            raise ValueError(
                'must be a host name or address alone, as in "mail.example.org"; the port has its own key'
            ) from None
    return name


def _mailbox(text: str) -> str:
    """An address with or without a name, in the form in which it is written into the header."""
    from email.headerregistry import Address  # noqa: PLC0415  # only with [email]

    name, address = _name_and_address(text)
    try:
        # Customers must be able to answer from anywhere, so an umlaut is fine in the domain only.
        valid = checked_address(address)
    except ValueError as error:
        raise ValueError(f"is no e-mail address: {error}") from None
    return str(Address(name, addr_spec=valid))


def _name_and_address(text: str) -> tuple[str, str]:
    """Name and address of `Praxis: Nord <t@example.org>`, with or without quotes around the name."""
    advice = 'must be one address, as in "Praxis <termine@example.org>"; quote a name with a comma'
    found = _MAILBOX.fullmatch(text.strip())
    if found is None:
        raise ValueError(advice)
    name, address = (found["name"] or "").strip(), found["address"] or found["alone"]
    if _QUOTED.fullmatch(name):
        return re.sub(r"\\(.)", r"\1", name[1:-1]), address
    if any(sign in name for sign in ',;"'):
        raise ValueError(advice)
    return name, address


def _address(text: str) -> str:
    return _name_and_address(_mailbox(text))[1]


def _unless_empty(check: Callable[[str], str]) -> Callable[[str], str]:
    return lambda text: check(text) if text.strip() else ""


def _distinct(values: tuple[T, ...]) -> tuple[T, ...]:
    if len(set(values)) < len(values):
        raise ValueError("must not name one twice")
    return values


def some(values: tuple[T, ...]) -> tuple[T, ...]:
    """A list that must hold something."""
    if not values:
        raise ValueError("must not be empty")
    return values


Line = Annotated[str, AfterValidator(_one_line)]
LineOrNothing = Annotated[str, AfterValidator(_unless_empty(_one_line))]
Text = Annotated[str, AfterValidator(_filled)]
Switch = Annotated[bool, Field(strict=True)]
ApiKey = Annotated[SecretStr, Field(min_length=1), AfterValidator(_secret), AfterValidator(_key)]
Secret = Annotated[SecretStr, Field(json_schema_extra={"default": ""}), AfterValidator(_secret)]
"""Its default is empty; pydantic would put `**********` into the JSON Schema."""
Whole = Annotated[int, Field(strict=True)]
Seconds = Annotated[Whole, Field(ge=1, le=300)]
Concurrency = Annotated[Whole, Field(ge=1, le=32)]
Port = Annotated[Whole, Field(ge=1, le=65535)]
Amount = Annotated[float, Field(strict=True, ge=0, allow_inf_nan=False)]
PerSecond = Annotated[Amount, Field(le=1000)]
TimeOfDay = Annotated[
    time,
    BeforeValidator(_time_of_day),
    WithJsonSchema({"type": "string", "pattern": "^([01]?[0-9]|2[0-3]):[0-5][0-9]$"}),
]
SendAt = Annotated[TimeOfDay, AfterValidator(_with_a_run_after_it)]
CalendarDate = Annotated[date, BeforeValidator(_calendar_date)]
Weekday = Annotated[
    Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"],
    BeforeValidator(_lower),
]
Zone = Annotated[str, AfterValidator(_zone)]
Language = Annotated[str, AfterValidator(_language)]
BranchLanguage = Annotated[str, AfterValidator(_unless_empty(_language))]
Holidays = Annotated[str, AfterValidator(_holidays)]
CountryCode = Annotated[str, AfterValidator(_country_code)]
Country = Annotated[str, AfterValidator(_country)]
Gateway = Annotated[str, AfterValidator(_unless_empty(_web_address))]
TokenUrl = Annotated[str, AfterValidator(_one_line), AfterValidator(_web_address)]
PingUrl = Annotated[SecretStr, AfterValidator(_ping_url)]
MetricsFile = Annotated[str, AfterValidator(_metrics_file)]
Host = Annotated[str, AfterValidator(_host)]
Proxy = Annotated[str, AfterValidator(_unless_empty(_proxy_host))]
Mailbox = Annotated[str, AfterValidator(_one_line), AfterValidator(_mailbox)]
Address = Annotated[str, AfterValidator(_one_line), AfterValidator(_address)]
ReplyTo = Annotated[str, AfterValidator(_unless_empty(_one_line)), AfterValidator(_unless_empty(_mailbox))]
# Not Field(min_length=1): pydantic would also call a list too short from which it refused the items.
Channels = Annotated[
    tuple[Literal["sms", "email"], ...],
    AfterValidator(some),
    AfterValidator(_distinct),
    Field(json_schema_extra={"minItems": 1, "uniqueItems": True}),
]
