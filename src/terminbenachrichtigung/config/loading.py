"""The configuration file → settings, or every problem with it in one error."""

import dataclasses
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from terminbenachrichtigung.config.checks import cross_checks, e164
from terminbenachrichtigung.config.databases import resolved_url
from terminbenachrichtigung.config.files import read_toml, shipped_templates, written
from terminbenachrichtigung.config.keys import is_secret, overridable, shown_value
from terminbenachrichtigung.config.overlay import Overlay, overlaid
from terminbenachrichtigung.config.problems import ConfigProblems, Problem
from terminbenachrichtigung.config.settings import Settings
from terminbenachrichtigung.config.validation import Draft, validated
from terminbenachrichtigung.config.warnings import readable_by_others, warnings
from terminbenachrichtigung.contact.email_address import checked_address

Check = Callable[[Draft], Iterable[Problem]]
"""A check that a room above this one hands in, such as the compiling of templates."""

_LOGIN = re.compile(r"://[^/@]*:.*@|[?&][a-z_]*passw(or)?d=", re.I)  # a database URL that holds a password


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration without problems."""

    settings: Settings
    path: Path
    warnings: tuple[str, ...] = ()


def load(path: Path, environ: Mapping[str, str], extra_checks: Sequence[Check] = ()) -> Loaded:
    """Read, overlay, validate and check a configuration. Opens no database and sends nothing.

    `extra_checks` are made even if something is wrong already, with the settings that are right, so that all
    problems stand in one list.

    Raises:
        ConfigProblems: everything that is wrong, each with its source, key, value and remedy.
        ConfigError: the file cannot be read, or is not TOML.
    """
    tables = read_toml(path)
    exposed = _holds_plain_secret(tables) and readable_by_others(path)
    settings = settings_from(tables, path, environ, extra_checks)
    return Loaded(settings, path, tuple(warnings(settings, path, exposed=exposed)))


def settings_from(
    tables: dict[str, Any], path: Path, environ: Mapping[str, str], extra_checks: Sequence[Check] = ()
) -> Settings:
    """The settings of a configuration that was read from `path`; relative paths count from its folder.

    Raises:
        ConfigProblems: everything that is wrong.
    """
    overlay = overlaid(tables, environ, path.absolute().parent)
    _put_shipped_templates_under(overlay.tables)
    draft, mistakes = validated(overlay.tables, overlay.broken)
    draft, unresolved = _resolved(draft, path.absolute().parent)
    problems = [*overlay.problems, *mistakes, *unresolved, *cross_checks(draft)]
    for check in extra_checks:
        problems += [found for found in check(draft) if draft.sound(found.key)]
    if problems:
        raise ConfigProblems(list(_presented(problems, overlay, path)))
    return draft.settings


def _put_shipped_templates_under(tables: dict[str, Any]) -> None:
    own = tables.setdefault("templates", {})
    for name, languages in shipped_templates().items():
        for language, texts in languages.items():
            place = own.setdefault(name, {}) if isinstance(own, dict) else None
            place = place.setdefault(language, {}) if isinstance(place, dict) else None
            if isinstance(place, dict):
                place.update({key: text for key, text in texts.items() if key not in place})


def _resolved(draft: Draft, folder: Path) -> tuple[Draft, list[Problem]]:
    """The settings with absolute paths, and with recipients in the form in which they are compared."""
    settings, doubtful, problems = draft.settings, set(draft.doubtful), []
    updates: dict[str, Any] = {}
    for name, section in (("schedule", settings.schedule), ("journal", settings.journal)):
        try:
            url = resolved_url(section.url.get_secret_value(), folder, journal=name == "journal")
        except ValueError as error:
            doubtful.add(f"{name}.url")
            problems.append(Problem(f"{name}.url", str(error)))
        else:
            updates[name] = section.model_copy(update={"url": SecretStr(url)})

    if settings.monitoring.textfile:
        try:
            beside = written(folder / settings.monitoring.textfile)
            updates["monitoring"] = settings.monitoring.model_copy(update={"textfile": beside})
        except ValueError as error:
            problems.append(Problem("monitoring.textfile", str(error)))

    code = settings.sms.country_code if settings.sms else "+49"
    recipients = []
    for number, text in enumerate(settings.safety.only_recipients):
        recipient = _recipient(text, code)
        recipients.append(recipient or text)
        if recipient is None and ("@" in text or draft.sound("sms.country_code")):
            path = ("safety", "only_recipients", number)
            advice = "is neither a valid phone number nor an e-mail address"
            problems.append(Problem(f"safety.only_recipients[{number}]", advice, shown_value(path, text)))
    updates["safety"] = settings.safety.model_copy(update={"only_recipients": tuple(recipients)})
    return Draft(settings.model_copy(update=updates), frozenset(doubtful)), problems


def _recipient(text: str, country_code: str) -> str | None:
    if "@" not in text:
        return e164(text, country_code)
    try:
        return checked_address(text, umlauts_before_the_at=True).lower()
    except ValueError:
        return None


def _presented(problems: Iterable[Problem], overlay: Overlay, path: Path) -> Iterator[Problem]:
    """Each problem once, in the order of the sections, with the place its value came from."""
    order = list(Settings.model_fields)

    def position(problem: Problem) -> int:
        section = problem.key.split(".")[0].split("[")[0]
        return order.index(section) if section in order else len(order)

    for problem in sorted(dict.fromkeys(problems), key=position):
        whole = problem.key.partition("[")[0]  # a variable sets a list as a whole
        source = problem.source or overlay.sources.get(problem.key) or overlay.sources.get(whole)
        yield dataclasses.replace(problem, source=source or str(path))


def _holds_plain_secret(tables: Mapping[str, Any]) -> bool:
    """Whether the file holds a secret. `ping_url` is none here: it only lets others report a success."""
    for path in overridable():
        value: Any = tables
        for step in path:
            value = value.get(step) if isinstance(value, dict) else None
        if not is_secret(path) or not isinstance(value, str) or path[-1] == "ping_url":
            continue
        if value and (path[-1] != "url" or _LOGIN.search(value)):
            return True
    return False
