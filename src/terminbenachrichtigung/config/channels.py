"""The sections for what sends: `[sms]`, those of its gateways, and `[email]`."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, SecretStr

from terminbenachrichtigung.config.fields import (
    Amount,
    ApiKey,
    CalendarDate,
    Concurrency,
    Country,
    CountryCode,
    Gateway,
    Host,
    Line,
    LineOrNothing,
    Mailbox,
    PerSecond,
    Port,
    Proxy,
    ReplyTo,
    Seconds,
    Secret,
    Switch,
    TokenUrl,
    Whole,
)
from terminbenachrichtigung.config.section import PASSWORD_FILE, Section, or_its_file

ProviderName = Literal["smscreator", "lox24", "seven"]
"""What `[sms] provider` may say; `delivery.registry` knows the same names."""


class Lox24Settings(Section):
    """LOX24."""

    model_config = ConfigDict(json_schema_extra=or_its_file("token"))

    token: Annotated[ApiKey, Field(description="The API key: key id and secret", examples=["id:secret"])]
    token_file: Annotated[str, Field(description="File that holds the token instead")] = ""
    service: Annotated[
        Literal["direct", "pro", "economy"], Field(description="Quality and price of the way")
    ] = "direct"


class SevenSettings(Section):
    """seven.io."""

    model_config = ConfigDict(json_schema_extra=or_its_file("api_key"))

    api_key: Annotated[ApiKey, Field(description="The API key", examples=["..."])]
    api_key_file: Annotated[str, Field(description="File that holds the API key instead")] = ""


class SmsSettings(Section):
    """The SMS gateway (AMPAREX: SMS | Schnittstellen)."""

    provider: Annotated[ProviderName, Field(description="The gateway")] = "smscreator"
    base_url: Annotated[
        Gateway, Field(description="The gateway's address, http only to this machine; empty: its usual one")
    ] = ""
    serial: Annotated[
        LineOrNothing, Field(description="smscreator: the account (Seriennummer)", examples=["12345"])
    ] = ""
    password: Annotated[Secret, Field(description="smscreator: the account's password (Passwort)")] = (
        SecretStr("")
    )
    password_file: Annotated[str, Field(description=PASSWORD_FILE)] = ""
    sender: Annotated[
        Line,
        Field(
            description="Up to 11 letters and digits, or a phone number (Absender)", examples=["MeinePraxis"]
        ),
    ]
    country_code: Annotated[CountryCode, Field(description="How national numbers are read (Landescode)")] = (
        "+49"
    )
    countries: Annotated[
        tuple[Country, ...],
        Field(description="Countries that may be texted; empty: all", examples=[["DE", "AT"]]),
    ] = ()
    sms_type: Annotated[Line, Field(description='smscreator: "auto", or one of the gateway\'s types')] = (
        "auto"
    )
    max_parts: Annotated[Whole, Field(ge=1, le=10, description="A text with more parts is not sent")] = 3
    transliterate: Annotated[
        Switch, Field(description="Whether rare Latin letters become their nearest to save parts")
    ] = True
    proxy_server: Annotated[Proxy, Field(description="Host name (Proxy Server); empty: none")] = ""
    proxy_port: Annotated[Port, Field(description="(Proxy Port)")] = 3128
    proxy_user: Annotated[LineOrNothing, Field(description="Empty: no login at the proxy")] = ""
    proxy_password: Annotated[Secret, Field(description="Goes with `proxy_user`")] = SecretStr("")
    proxy_password_file: Annotated[str, Field(description=PASSWORD_FILE)] = ""
    active_from: Annotated[
        CalendarDate | None, Field(description="First day on which SMS are sent (Start)")
    ] = None
    check_balance: Annotated[Switch, Field(description="Whether a run asks for credit first")] = True
    credits_warn_below: Annotated[
        Amount,
        Field(
            le=1_000_000,
            description="In credits, or the account's money; a person is told once a day; 0: never",
        ),
    ] = 0
    price_per_part: Annotated[
        Amount,
        Field(
            le=1000, description="In credits, or the account's money; 0: as the gateway says, else unknown"
        ),
    ] = 0
    delivery_reports: Annotated[Switch, Field(description="Whether a run asks which SMS have arrived")] = True
    timeout_seconds: Annotated[Seconds, Field(description="Total deadline of one attempt")] = 10
    concurrency: Annotated[Concurrency, Field(description="Messages at a time")] = 8
    max_per_second: Annotated[PerSecond, Field(description="0: no limit")] = 0
    lox24: Annotated[Lox24Settings | None, Field(description="Needed if `provider` is lox24")] = None
    seven: Annotated[SevenSettings | None, Field(description="Needed if `provider` is seven")] = None


class OAuth2Settings(Section):
    """The login at the mail server by a token (SMTP AUTH XOAUTH2): Microsoft 365, Google."""

    token_url: Annotated[
        TokenUrl,
        Field(
            description="Where tokens come from, http only on this machine",
            examples=["https://login.microsoftonline.com/TENANT/oauth2/v2.0/token"],
        ),
    ]
    client_id: Annotated[Line, Field(description="The application's id", examples=["0a1b2c3d"])]
    client_secret: Annotated[Secret, Field(description="The application's secret")] = SecretStr("")
    client_secret_file: Annotated[str, Field(description="File that holds the secret instead")] = ""
    refresh_token: Annotated[Secret, Field(description="Empty: client credentials")] = SecretStr("")
    refresh_token_file: Annotated[str, Field(description="File that holds the token instead")] = ""
    scope: Annotated[
        LineOrNothing,
        Field(
            description="What the token is for; empty: none is named",
            examples=["https://outlook.office365.com/.default"],
        ),
    ] = ""


class EmailSettings(Section):
    """The mail server."""

    host: Annotated[Host, Field(description="The mail server's name", examples=["mail.example.org"])]
    port: Annotated[Port, Field(description="The mail server's port")] = 587
    security: Annotated[
        Literal["tls", "starttls", "none"], Field(description="`none` with a password: only on this machine")
    ] = "starttls"
    auth: Annotated[
        Literal["password", "oauth2"], Field(description="How to log in; oauth2: Microsoft 365, Google")
    ] = "password"
    username: Annotated[str, Field(description="Empty: no login")] = ""
    password: Annotated[Secret, Field(description="Goes with `username`")] = SecretStr("")
    password_file: Annotated[str, Field(description=PASSWORD_FILE)] = ""
    sender: Annotated[
        Mailbox,
        Field(description="Address, with or without a name", examples=["Praxis <termine@example.org>"]),
    ]
    reply_to: Annotated[ReplyTo, Field(description="Where answers go; empty: the branch's address")] = ""
    timeout_seconds: Annotated[Seconds, Field(description="Total deadline of one attempt")] = 20
    concurrency: Annotated[Concurrency, Field(description="Messages at a time")] = 2
    max_per_second: Annotated[PerSecond, Field(description="0: no limit")] = 0
    calendar_attachment: Annotated[Switch, Field(description="Whether the mail carries a calendar file")] = (
        True
    )
    oauth2: Annotated[OAuth2Settings | None, Field(description="Needed if `auth` is oauth2")] = None
