"""What is wrong with the templates of a configuration, found before a message is sent."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches

from jinja2 import TemplateSyntaxError, nodes

from terminbenachrichtigung.config.channels import SmsSettings
from terminbenachrichtigung.config.settings import CORRECTION_TEMPLATES, Settings
from terminbenachrichtigung.errors import MessageError
from terminbenachrichtigung.model.appointment import Appointment
from terminbenachrichtigung.safe_text import one_line
from terminbenachrichtigung.texts.dates import locale_of
from terminbenachrichtigung.texts.messages import texts_of
from terminbenachrichtigung.texts.sms import sms_text
from terminbenachrichtigung.texts.templates import (
    ENVIRONMENT,
    ShownAppointment,
    ShownCustomer,
    ShownExtra,
    Text,
)

_SAMPLE = Appointment(
    appointment_id="4711",
    starts_at=datetime(2026, 11, 25, 8, 0, tzinfo=UTC),
    customer_id="17",
    type_notifiable=True,
    is_group=False,
    type_name="Hörtest",
    branch_code="HH1",
    branch_name="Optik Muster",
    branch_phone="040 123456",
    branch_address="Musterweg 1, 20095 Hamburg",
    branch_email="hh1@example.org",
    ends_at=datetime(2026, 11, 25, 8, 30, tzinfo=UTC),
    salutation="Frau",
    first_name="Anna",
    last_name="Muster",
)
_SEVERAL = (
    _SAMPLE,
    replace(_SAMPLE, starts_at=_SAMPLE.starts_at + timedelta(hours=4)),
    replace(_SAMPLE, starts_at=_SAMPLE.starts_at + timedelta(days=1), branch_name="Optik Nord"),
)
_SAMPLES: tuple[tuple[str, tuple[Appointment, ...]], ...] = (
    ("", (_SAMPLE,)),
    (" for several appointments", _SEVERAL),
    (" for two appointments", _SEVERAL[:2]),
    (
        " where the schedule leaves a value empty",
        (Appointment("4711", _SAMPLE.starts_at, "17", type_notifiable=True, is_group=False),),
    ),
)


def check_templates(settings: Settings) -> list[tuple[str, str]]:
    """Return (key path, problem) for everything that would keep a message from being written.

    Names and attributes are found wherever they stand, also in a branch that no sample reaches.
    Texts of all templates are looked at, used or not. `config.checks` finds those that are missing.
    """
    problems: list[tuple[str, str]] = []
    for text, template, _ in texts_of(settings.templates):
        try:
            locale_of(text.language)
        except ValueError as error:
            problems.append((f"templates.{template}.{text.language}", f"{error}, so no date can be written"))
            continue
        problems += [(text.path, problem) for problem in _problems(text, settings)]
    return list(dict.fromkeys(problems))


def _problems(text: Text, settings: Settings) -> list[str]:
    try:
        template = ENVIRONMENT.parse(text.source)
    except TemplateSyntaxError as error:
        return [f"line {error.lineno}: {one_line(error.message or 'cannot be read')}"]
    extra = dict.fromkeys(settings.schedule.extra_columns, "4711")
    corrects = text.path.split(".")[1] in CORRECTION_TEMPLATES.values()
    if problems := list(_unknown_names(template, extra, _CORRECTING if corrects else _ROOTS)):
        return problems
    told = _SAMPLE.starts_at if corrects else None
    for case, appointments in _SAMPLES:
        try:
            rendered = text.render([replace(row, extra=extra) for row in appointments], settings.zone, told)
        except MessageError as error:
            return [f"cannot be rendered{case}: {str(error).removeprefix(f'{text.path}: ')}"]
        if not rendered.strip() and appointments[0].branch_name:
            return [f"is empty{case}"]
    # The last sample has hardly a value in it, so that nobody's text is shorter.
    return list(_too_long(rendered, settings.sms)) if text.path.endswith(".sms") else []


def _too_long(shortest: str, sms: SmsSettings | None) -> Iterator[str]:
    if (
        sms is not None
        and (parts := sms_text(shortest, transliterate=sms.transliterate).parts) > sms.max_parts
    ):
        yield (
            f"takes {parts} parts even without a name, and sms.max_parts = {sms.max_parts}: nobody would get "
            "it; shorten it"
        )


# ---------------------------------------------------------------- names, wherever they stand


@dataclass(frozen=True, slots=True)
class _Several:
    """A list whose items are all of one type."""

    of: type


_Kind = type | _Several | None
"""The type of an expression; None where it cannot be told."""

_ROOTS: dict[str, _Kind] = {
    "customer": ShownCustomer,
    "appointment": ShownAppointment,
    "appointments": _Several(ShownAppointment),
}
_CORRECTING = {**_ROOTS, "told": ShownAppointment}
_OF_JINJA = frozenset({"loop", "caller", "varargs", "kwargs"})
_ONE_OF = frozenset({"first", "last"})
_SOME_OF = frozenset({"list", "sort", "reverse", "unique", "select", "reject", "selectattr", "rejectattr"})


def _unknown_names(
    template: nodes.Template, extra: Mapping[str, str], roots: Mapping[str, _Kind]
) -> Iterator[str]:
    all_names = list(template.find_all(nodes.Name))
    own = {name.name for name in all_names if name.ctx != "load"}
    own |= {macro.name for macro in template.find_all(nodes.Macro)} | ENVIRONMENT.globals.keys() | _OF_JINJA
    for name in all_names:
        if name.name not in own | roots.keys():
            yield f"line {name.lineno}: {name.name} is unknown{_meant(name.name, roots)}"
    for used in template.find_all((nodes.Filter, nodes.Test)):
        known = ENVIRONMENT.filters if isinstance(used, nodes.Filter) else ENVIRONMENT.tests
        if used.name not in known:
            yield f"line {used.lineno}: there is no {type(used).__name__.lower()} {used.name!r}"
    names = _names(template, roots)
    for reach in template.find_all((nodes.Getattr, nodes.Getitem)):
        inner, attribute = _reach(reach)
        owner = _type(inner, names)
        if attribute is None or not isinstance(owner, type):
            continue
        known_here = extra if owner is ShownExtra else _attributes(owner)
        if attribute not in known_here:
            meant = _meant(attribute, known_here)
            yield f"line {reach.lineno}: {_written(inner)}.{attribute} is unknown{meant}"
    for output in template.find_all(nodes.Output):
        for node in output.nodes:
            if _type(node, names) not in (None, str):
                yield f"line {node.lineno}: {_written(node)} is no text: name one of its values"


def _names(template: nodes.Template, roots: Mapping[str, _Kind]) -> dict[str, _Kind]:
    """The type of every name; None where it is unknown or not always the same."""
    names = dict(roots)
    names.update((name.name, None) for name in template.find_all(nodes.Name) if name.ctx == "param")
    for node in template.find_all((nodes.For, nodes.Assign)):
        match node:
            case nodes.For(target=nodes.Name(name=name), iter=items):
                several = _type(items, names)
                kind: _Kind = several.of if isinstance(several, _Several) else None
            case nodes.Assign(target=nodes.Name(name=name), node=value):
                kind = _type(value, names)
            case _:
                continue
        names[name] = kind if names.get(name, kind) == kind else None
    return names


def _type(node: nodes.Node, names: Mapping[str, _Kind]) -> _Kind:
    match node:
        case nodes.Name(name=name):
            return names.get(name)
        case nodes.Getitem(node=inner, arg=index) if isinstance(several := _type(inner, names), _Several):
            return several if isinstance(index, nodes.Slice) else several.of
        case nodes.Getattr() | nodes.Getitem():
            before, attribute = _reach(node)
            owner = _type(before, names)
            return _attributes(owner).get(attribute) if isinstance(owner, type) and attribute else None
        case nodes.Filter(node=nodes.Node() as inner, name=name, kwargs=arguments):
            owner = _type(inner, names)
            if isinstance(owner, _Several):
                return _filtered(owner, name, arguments)
    return None


def _reach(node: nodes.Node) -> tuple[nodes.Node, str | None]:
    """Of `a.time` or `a["time"]`: what stands before it, and the name, if it is one."""
    match node:
        case nodes.Getattr(node=inner, attr=attribute):
            return inner, attribute
        case nodes.Getitem(node=inner, arg=nodes.Const(value=str() as attribute)):
            return inner, attribute
        case nodes.Getitem(node=inner):
            return inner, None
    raise AssertionError(node)


def _filtered(items: _Several, name: str, arguments: Sequence[nodes.Node]) -> _Kind:
    if name in _ONE_OF:
        return items.of
    if name in _SOME_OF:
        return items
    match name, arguments:
        case "map", [nodes.Keyword(key="attribute", value=nodes.Const(value=str() as attribute))]:
            of = _attributes(items.of).get(attribute)
            return _Several(of) if of else None
    return None


def _attributes(owner: type) -> dict[str, type | None]:
    """The names that may stand behind the dot: of placeholders, or of a text's own methods (`upper`)."""
    if owner is str:
        return dict.fromkeys((name for name in dir(str) if not name.startswith("_")), None)
    return {field.name: field.type for field in fields(owner) if isinstance(field.type, type)}


def _written(node: nodes.Node) -> str:
    """A name with its dots as the template has it; anything else is `(...)`."""
    match node:
        case nodes.Name(name=name):
            return str(name)
        case nodes.Getattr(node=inner, attr=attribute):
            return f"{_written(inner)}.{attribute}"
    return "(...)"


def _meant(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name, list(known), n=1)
    return f"; did you mean {near[0]}?" if near else ""
