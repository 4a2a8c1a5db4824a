"""The templates' language: Jinja in a sandbox, and the placeholders in reach (contract, section 6)."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

from jinja2 import StrictUndefined, Template
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context
from jinja2.sandbox import SandboxedEnvironment

from terminbenachrichtigung.errors import MessageError
from terminbenachrichtigung.model.appointment import Appointment
from terminbenachrichtigung.safe_text import one_line
from terminbenachrichtigung.texts.dates import words

_MOST_PIECES = 10_000  # of text that one message may be put together from: hundreds of appointments
_NO_SALUTATION = frozenset({"divers", "keine", "keine angabe", "ohne", "-"})


@dataclass(frozen=True, slots=True)
class ShownCustomer:
    """`customer` in a template: from the soonest appointment's row, each value one line."""

    salutation: str
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


@dataclass(frozen=True, slots=True)
class ShownAppointment:
    """`appointment`, and each of `appointments`, in a template."""

    weekday: str
    date: str
    date_short: str
    day_month: str
    time: str
    type: str
    branch: ShownBranch


_SHOWN = frozenset({ShownCustomer, ShownBranch, ShownAppointment})


def _placeholders(appointments: Sequence[Appointment], zone: ZoneInfo, language: str) -> dict[str, Any]:
    """Return what a template can name, for the appointments of one customer, soonest first."""
    shown = tuple(_appointment(appointment, zone, language) for appointment in appointments)
    return {"customer": _customer(appointments[0]), "appointment": shown[0], "appointments": shown}


def _customer(row: Appointment) -> ShownCustomer:
    salutation, first_name, last_name = map(one_line, (row.salutation, row.first_name, row.last_name))
    if salutation and last_name and salutation.lower() not in _NO_SALUTATION:
        name = f"{salutation} {last_name}"
    else:
        name = f"{first_name} {last_name}".strip()
    return ShownCustomer(salutation, first_name, last_name, name)


def _appointment(row: Appointment, zone: ZoneInfo, language: str) -> ShownAppointment:
    when = words(row.starts_at, zone, language)
    branch = _branch(row.branch_name, row.branch_phone, row.branch_address, row.branch_code)
    return ShownAppointment(
        when.weekday, when.date, when.date_short, when.day_month, when.time, one_line(row.type_name), branch
    )


@lru_cache(maxsize=1024)
def _branch(name: str, phone: str, address: str, code: str) -> ShownBranch:
    return ShownBranch(one_line(name), one_line(phone), one_line(address), one_line(code))


class _Environment(SandboxedEnvironment):
    """No way to make a run stand still: no `range`, no multiplication (2 ** 9 ** 9), no files."""

    intercepted_binops = frozenset({"*", "**"})

    def __init__(self) -> None:
        super().__init__(undefined=StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True)
        self.globals = {name: self.globals[name] for name in ("namespace", "joiner", "cycler")}

    def getattr(self, obj: Any, attribute: str) -> Any:
        """A placeholder's own value at once: the sandbox' questions would cost a third of the text."""
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

    def render(self, appointments: Sequence[Appointment], zone: ZoneInfo) -> str:
        """Fill in the placeholders for the appointments of one customer, soonest first.

        Raises MessageError with the key and the reason, whatever goes wrong.
        """
        try:
            values = _placeholders(appointments, zone, self.language)
            pieces = list(islice(_compiled(self.source).generate(values), _MOST_PIECES + 1))
        except Exception as error:
            # A template can do anything that Python can in one expression, and fail in as many ways.
            raise MessageError(f"{self.path}: {one_line(str(error)) or type(error).__name__}") from error
        if len(pieces) > _MOST_PIECES:
            raise MessageError(f"{self.path}: the text never ends")
        return "".join(pieces)


@lru_cache(maxsize=256)
def _compiled(source: str) -> Template:
    """Compiling takes twenty times as long as rendering, so each text is compiled once in a run."""
    return ENVIRONMENT.from_string(source)
