"""The templates' language: Jinja in a sandbox, and the placeholders in reach (contract, section 6)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from itertools import islice
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

from jinja2 import StrictUndefined, Template, nodes
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context
from jinja2.sandbox import SandboxedEnvironment

from terminbenachrichtigung.errors import MessageError
from terminbenachrichtigung.model.appointment import Appointment, to_the_minute
from terminbenachrichtigung.safe_text import one_line
from terminbenachrichtigung.texts import values
from terminbenachrichtigung.texts.dates import words

_MOST_PIECES = 10_000  # of text that one message may be put together from: hundreds of appointments
_LONGEST = 1_000_000  # signs of one text, for the same reason
_LARGEST_NUMBER = 99_999
_LARGE_WIDTH = re.compile(r"(%(\(\w*\))?[^a-z%]*|\{[^{}]*)\d{6}", re.IGNORECASE)
"""A width in a format, by which "%1000000000d" fills the memory before anybody can see how long it is."""


@dataclass(frozen=True, slots=True)
class ShownCustomer:
    """`customer` in a template: from the soonest appointment's row, each value one line."""

    salutation: str  # empty where the schedule's is no form of address
    first_name: str
    last_name: str
    name: str  # Frau Müller; without salutation or last name: Anna Müller, or what there is of it


@dataclass(frozen=True, slots=True)
class ShownBranch:
    """`appointment.branch` in a template."""

    name: str
    phone: str
    address: str
    code: str
    email: str


@dataclass(frozen=True, slots=True)
class ShownExtra:
    """`appointment.extra` in a template: the columns of `schedule.extra_columns`, each by its name."""

    _values: tuple[tuple[str, str], ...]

    def __getattr__(self, name: str) -> str:
        for known, value in self._values:
            if known == name:
                return value
        raise AttributeError(name)


@dataclass(frozen=True, slots=True)
class ShownAppointment:
    """`appointment`, and each of `appointments`, in a template."""

    weekday: str
    date: str
    date_short: str
    day_month: str
    day: str  # as day_month; with the year where `told` lies in another: else 24. November is the day before
    time: str
    end: str  # 09:30; empty where the schedule does not say
    type: str
    branch: ShownBranch
    extra: ShownExtra


_SHOWN = frozenset({ShownCustomer, ShownBranch, ShownAppointment})


def said_once(appointments: Sequence[Appointment]) -> tuple[Appointment, ...]:
    """The appointments without those at the same minute in the same branch: two chairs, two colleagues.

    A row without a branch is in none other: of an export and a calendar, both imported, only one names it.
    """
    by_place: dict[tuple[datetime, str, str], Appointment] = {}
    for row in appointments:
        by_place.setdefault((to_the_minute(row.starts_at), row.branch_code, row.branch_name), row)
    placed = {minute for minute, *branch in by_place if any(branch)}
    return tuple(row for (minute, *branch), row in by_place.items() if any(branch) or minute not in placed)


def _placeholders(
    appointments: Sequence[Appointment],
    zone: ZoneInfo,
    language: str,
    *,
    in_sms: bool,
    told: datetime | None,
) -> dict[str, Any]:
    """Return what a template can name, for the appointments of one customer, soonest first."""
    listed = tuple(_appointment(row, zone, language, told) for row in said_once(appointments))
    customer = _customer(appointments[0], in_sms=in_sms)
    names = {"customer": customer, "appointment": listed[0], "appointments": listed}
    if told is not None:
        # The end of an appointment that has moved is not the one that was told.
        as_told = replace(appointments[0], starts_at=told, ends_at=None)
        names["told"] = _appointment(as_told, zone, language, told)
    return names


def _customer(row: Appointment, *, in_sms: bool) -> ShownCustomer:
    parts = (
        values.salutation(row.salutation),
        values.part_of_name(row.first_name),
        values.part_of_name(row.last_name),
    )
    salutation, first_name, last_name = map(values.name_in_sms, parts) if in_sms else parts
    name = values.greeted(salutation, first_name, last_name)
    return ShownCustomer(salutation, first_name, last_name, name)


def _appointment(row: Appointment, zone: ZoneInfo, language: str, told: datetime | None) -> ShownAppointment:
    when = words(row.starts_at, zone, language)
    another_year = told is not None and told.astimezone(zone).year != row.starts_at.astimezone(zone).year
    return ShownAppointment(
        when.weekday,
        when.date,
        when.date_short,
        when.day_month,
        when.date if another_year else when.day_month,
        when.time,
        words(row.ends_at, zone, language).time if row.ends_at is not None else "",
        values.shown(row.type_name),
        _branch(row.branch_name, row.branch_phone, row.branch_address, row.branch_code, row.branch_email),
        ShownExtra(tuple((name, values.shown(value)) for name, value in row.extra.items())),
    )


@lru_cache(maxsize=1024)
def _branch(*texts: str) -> ShownBranch:
    return ShownBranch(*map(values.shown, texts))


class _Environment(SandboxedEnvironment):
    """Without what could make a run hang: no `range`, no multiplication (2 ** 9 ** 9), no files."""

    intercepted_binops = frozenset({"*", "**"})

    def __init__(self) -> None:
        super().__init__(undefined=StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True)
        self.globals = {name: self.globals[name] for name in ("namespace", "joiner", "cycler")}

    def getattr(self, obj: Any, attribute: str) -> Any:
        """A placeholder's own value, without the sandbox's checks, which cost a third of a text's time."""
        if type(obj) in _SHOWN and attribute in obj.__slots__:
            return getattr(obj, attribute)
        return super().getattr(obj, attribute)

    def call_binop(self, context: Context, operator: str, left: object, right: object) -> NoReturn:  # noqa: ARG002
        raise SecurityError(f"{operator} is not available in templates")


ENVIRONMENT = _Environment()


@dataclass(frozen=True, slots=True)
class Text:
    """One text of a template in one language, as it stands in the configuration."""

    path: str  # the key: templates.terminerinnerung.de.sms
    language: str
    source: str

    def render(
        self, appointments: Sequence[Appointment], zone: ZoneInfo, told: datetime | None = None
    ) -> str:
        """Fill in the placeholders for the appointments of one customer, soonest first.

        `told` is the start that a correction takes back; only corrections have it.

        Raises MessageError with the key and the reason, whatever goes wrong.
        """
        try:
            names = _placeholders(
                appointments, zone, self.language, in_sms=self.path.endswith(".sms"), told=told
            )
            pieces = list(islice(_compiled(self.source).generate(names), _MOST_PIECES + 1))
        except Exception as error:
            # A template can do anything that Python can in one expression, and fail in as many ways.
            raise MessageError(f"{self.path}: {one_line(str(error)) or type(error).__name__}") from error
        if len(pieces) > _MOST_PIECES or sum(map(len, pieces)) > _LONGEST:
            raise MessageError(f"{self.path}: the text never ends")
        return "".join(pieces)


@lru_cache(maxsize=256)
def _compiled(source: str) -> Template:
    """Compiling takes twenty times as long as rendering, so each text is compiled once in a run."""
    template = ENVIRONMENT.parse(source)
    for each in template.find_all(nodes.Const):
        if _is_large(each.value):
            raise SecurityError(
                f"line {each.lineno}: a number above {_LARGEST_NUMBER} is not available in templates"
            )
    return ENVIRONMENT.from_string(template)


def _is_large(value: object) -> bool:
    return (isinstance(value, int) and value > _LARGEST_NUMBER) or (
        isinstance(value, str) and _LARGE_WIDTH.search(value) is not None
    )
