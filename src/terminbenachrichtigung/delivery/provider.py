"""What a gateway's own file says about it, and what several of them say in the same way."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from terminbenachrichtigung.config.channels import SmsSettings
from terminbenachrichtigung.config.checks import e164
from terminbenachrichtigung.config.keys import expectation
from terminbenachrichtigung.config.problems import KeyPath, Problem, path_text
from terminbenachrichtigung.config.settings import Branch
from terminbenachrichtigung.delivery.channel import Gateway
from terminbenachrichtigung.delivery.exchange import Line

Branches = Mapping[str, Branch]


@dataclass(frozen=True, slots=True)
class Provider:
    """A gateway that can be configured. Pure: its adapter is handed the line to the network."""

    base_url: str
    """Where it is reached if `base_url` is empty."""
    make: Callable[[SmsSettings, Branches, Callable[[], datetime], Line], Gateway]
    sender_problem: Callable[[str, str], str]
    """What is wrong with a sender, given the country's dialling code; empty if nothing is."""
    problems: Callable[[SmsSettings], Iterator[Problem]]
    """What it misses, or cannot do, in the section `[sms]` and in its own."""
    reply_problem: Callable[[SmsSettings, str], str]
    """Why nobody can answer what goes out by a sender; empty if they can."""
    warnings: Callable[[SmsSettings], Iterator[str]] = lambda _sms: iter(())
    """What is allowed, and probably not meant."""


def missing(*path: str) -> Problem:
    """A key that this gateway needs is not there."""
    key: KeyPath = path
    return Problem(path_text(key), f"is missing; it must be {expectation(key)}")


def sender_problem(sender: str, country_code: str, *, alphanumeric: re.Pattern[str], words: str) -> str:
    """What is wrong with a sender that may be a short name, or a phone number.

    Args:
        sender: as configured.
        country_code: how a national number is read.
        alphanumeric: the names that the gateway takes.
        words: the same for people, as the rest of a sentence that begins with "up to".
    """
    if alphanumeric.fullmatch(sender):
        return ""
    if e164(sender, country_code) is not None:
        return ""
    return f'is neither up to {words} nor a valid phone number, as in "+491715555555"'


def is_number(sender: str, country_code: str) -> bool:
    """Whether a sender is a phone number, and not a name, which nobody can answer."""
    return e164(sender, country_code) is not None
