"""What a configuration may say, but rarely means: warnings of `config check`, and errors under `--strict`."""

import os
import re
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import BaseModel, SecretStr

from terminbenachrichtigung.config.fields import nearest, with_bases
from terminbenachrichtigung.config.files import shipped_templates
from terminbenachrichtigung.config.keys import shown_value
from terminbenachrichtigung.config.problems import KeyPath, path_text
from terminbenachrichtigung.config.settings import Settings

_PLACEHOLDER = re.compile(
    r"change-me|your-uuid|^MeinePraxis$|^(?:\.{2,}|…|x{3,})$"
    r"|\bexample\.(com|net|org)\b|\.(example|invalid)\b",
    re.I,
)
"""Placeholders of the example configuration; its domains are those that RFC 2606 keeps free."""
_USUAL_SECURITY = {465: "tls", 587: "starttls"}
"""By port, what mail servers expect there (RFC 8314); otherwise both sides wait for the other to begin."""
_NO_ADDRESSES = frozenset({"templates", "only_recipients"})  # people try out with only_recipients


def warnings(settings: Settings, path: Path, *, exposed: bool) -> Iterator[str]:
    """All of them; `exposed` says that the file at `path` holds a secret and others may read it."""
    if exposed:
        yield f"{path} holds a password and others may read it: chmod 600, or use password_file"
    for key, value in _texts(settings, ()):
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        if str(key[-1]).endswith("_file"):
            if key[-1] != "query_file" and text and readable_by_others(Path(text)):
                yield f"{path_text(key)}: others may read the file {text}, which holds a secret: chmod 600"
        elif _PLACEHOLDER.search(text):
            shown = shown_value(key, value)
            yield f"{path_text(key)} is still a placeholder{shown and f': {shown}'}"
    if settings.safety.only_recipients:
        listed = len(settings.safety.only_recipients)
        yield f"safety.only_recipients is set: nobody but these {listed} will be sent anything"
    if settings.safety.max_messages_per_run == 0:
        yield "safety.max_messages_per_run is 0: no brake holds back a plan gone wrong; a limit is wiser"
    email = settings.email
    if email and email.security not in {"none", usual := _USUAL_SECURITY.get(email.port, email.security)}:
        yield f'email.security is "{email.security}", but on port {email.port} mail servers expect "{usual}"'
    spoken = {language.lower() for texts in settings.templates.values() for language in texts}
    for code, branch in settings.branches.items():
        if branch.language and spoken.isdisjoint(with_bases(branch.language)):
            yield f"branches.{code}.language: there are no texts in {branch.language!r}"
    used = {settings.confirmation.template, *(reminder.template for reminder in settings.reminders)}
    for name in settings.templates:
        if name not in used | shipped_templates().keys():
            advice = nearest(name, sorted(used | shipped_templates().keys()))
            yield f"templates.{name} is used by no reminder" + (f"; {advice}" if advice else "")
    asked = [each.name for each in settings.reminders if each.unless_confirmed]
    if asked and not settings.replies.enabled:
        names = ", ".join(asked)
        yield f"unless_confirmed of {names} means nothing: replies.enabled is false, so nobody confirms"
    if settings.monitoring.textfile and not (home := Path(settings.monitoring.textfile).parent).is_dir():
        yield f"monitoring.textfile cannot be written: there is no folder {home}"


def readable_by_others(path: Path) -> bool:
    """Whether somebody besides the owner may read the file, as far as its mode says."""
    try:
        return os.name == "posix" and bool(stat.S_IMODE(path.stat().st_mode) & 0o077)
    except OSError:  # it was deleted meanwhile
        return False


def _texts(value: object, path: KeyPath) -> Iterator[tuple[KeyPath, str | SecretStr]]:
    """Every text of the settings with its key, whatever section holds it."""
    match value:
        case str() | SecretStr():
            yield path, value
        case BaseModel():
            for name in type(value).model_fields:
                if name not in _NO_ADDRESSES:
                    yield from _texts(getattr(value, name), (*path, name))
        case Mapping():
            for name, each in value.items():
                yield from _texts(each, (*path, name))
        case tuple():
            for number, each in enumerate(value):
                yield from _texts(each, (*path, number))
