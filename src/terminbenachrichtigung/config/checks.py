"""Checks of keys that are right by themselves, and contradict each other.

Each check says which keys it relies on, and stays silent when one of them is only a stand-in.
"""

from collections.abc import Iterator, Mapping
from datetime import time

from terminbenachrichtigung.config.databases import same_sqlite_file
from terminbenachrichtigung.config.fields import is_loopback, nearest, with_bases
from terminbenachrichtigung.config.keys import shown_value
from terminbenachrichtigung.config.problems import KeyPath, Problem, path_text
from terminbenachrichtigung.config.settings import CORRECTION_TEMPLATES, Rules, Settings
from terminbenachrichtigung.config.validation import Draft
from terminbenachrichtigung.model.journal import BESIDE_REMINDERS, CONFIRMATION

ATTEMPTS = 3  # tries of one message on one channel in a run (contract, section 3)
PAUSES_SECONDS = 5  # the pauses between them, about 1 s and 4 s

_ONE_LEAD = "a whole number from 1 to 99; or set days_before and at instead"
_NEEDED_TEXTS = {"sms": ("sms",), "email": ("email_subject", "email_body")}


def cross_checks(draft: Draft) -> Iterator[Problem]:
    """All contradictions between keys."""
    for check in (
        _quiet_periods,
        _reminder_names,
        _leads,
        _sections,
        _templates,
        _login,
        _proxy,
        _credits,
        _claim_timeout,
        _retention,
        _one_file,
    ):
        yield from check(draft)


def longest_delivery_seconds(settings: Settings) -> int:
    """The longest that one message can take: all attempts on every channel in use, with their pauses."""
    used = _channels(settings)
    sections = (("sms", settings.sms), ("email", settings.email))
    return sum(
        ATTEMPTS * section.timeout_seconds + PAUSES_SECONDS
        for name, section in sections
        if section is not None and name in used
    )


def _quiet_periods(draft: Draft) -> Iterator[Problem]:
    rules = draft.settings.rules
    equal = rules.quiet_hours and rules.quiet_start == rules.quiet_end
    if equal and draft.sound("rules.quiet_hours", "rules.quiet_start", "rules.quiet_end"):
        advice = "is the same as quiet_start; for no quiet hours at all set quiet_hours = false"
        yield _problem(("rules", "quiet_end"), advice, rules.quiet_end)
    if draft.sound("rules.quiet_days") and len(set(rules.quiet_days)) == 7:
        advice = "leaves no open time in a week; leave out the days on which messages may be sent"
        yield _problem(("rules", "quiet_days"), advice, rules.quiet_days)


def _reminder_names(draft: Draft) -> Iterator[Problem]:
    seen: set[str] = set()
    for number, reminder in enumerate(draft.settings.reminders):
        path = ("reminders", number, "name")
        if not draft.sound(path_text(path)):
            continue
        if reminder.name in BESIDE_REMINDERS:
            whose = "the confirmation" if reminder.name == CONFIRMATION else "a correction"
            yield _problem(path, f"is the name of {whose}; choose another one", reminder.name)
        if reminder.name in seen:
            yield _problem(path, "is the name of another reminder too; each needs its own", reminder.name)
        seen.add(reminder.name)


def _leads(draft: Draft) -> Iterator[Problem]:
    rules = draft.settings.rules
    for number, reminder in enumerate(draft.settings.reminders):
        path: KeyPath = ("reminders", number)
        keys = {name: path_text((*path, name)) for name in ("hours_before", "days_before", "at")}
        if not draft.sound(*keys.values()):
            continue
        days, at = reminder.days_before, reminder.at
        if reminder.hours_before is not None:
            for name, value in (("days_before", days), ("at", at)):
                if value is not None:
                    advice = "stands beside hours_before: a reminder has one lead, so leave one of them out"
                    yield _problem((*path, name), advice, value)
        elif days is None and at is None:
            yield Problem(keys["hours_before"], f"is missing; it must be {_ONE_LEAD}")
        elif days is None or at is None:
            missing = "days_before" if days is None else "at"
            yield Problem(keys[missing], "is missing: days_before and at are one lead together")
        elif draft.sound("rules") and _is_at_night(at, rules):
            night = f"{rules.quiet_start:%H:%M} to {rules.quiet_end:%H:%M}"
            yield _problem((*path, "at"), f"lies in the quiet hours, which last from {night}", at)


def _is_at_night(clock: time, rules: Rules) -> bool:
    start, end = rules.quiet_start, rules.quiet_end
    within = start <= clock < end if start < end else clock >= start or clock < end
    return rules.quiet_hours and within


def _sections(draft: Draft) -> Iterator[Problem]:
    settings = draft.settings
    for name, section in (("sms", settings.sms), ("email", settings.email)):
        if section is not None or not draft.sound(name):
            continue
        for number, reminder in enumerate(settings.reminders):
            path = ("reminders", number, "channels")
            if name in reminder.channels and draft.sound(path_text(path)):
                advice = f'"{name}" needs a section [{name}]: add it, or leave "{name}" out'
                yield _problem(path, advice, reminder.channels)
    if settings.confirmation.enabled and settings.email is None and draft.sound("confirmation", "email"):
        advice = "confirmations are e-mails: add a section [email], or set it to false"
        yield _problem(("confirmation", "enabled"), advice, True)
    staff: list[tuple[KeyPath, tuple[str, ...]]] = [
        (("staff_list", "recipients"), settings.staff_list.recipients),
        *(
            (("branches", code, "staff_recipients"), branch.staff_recipients)
            for code, branch in settings.branches.items()
        ),
    ]
    for place, recipients in staff:
        if recipients and settings.email is None and draft.sound("email", path_text(place)):
            advice = "the list is sent by e-mail: add a section [email], or leave the list empty"
            yield _problem(place, advice, recipients)


def _templates(draft: Draft) -> Iterator[Problem]:
    settings = draft.settings
    users: list[tuple[KeyPath, str, tuple[str, ...]]] = [
        (("reminders", number), reminder.template, reminder.channels)
        for number, reminder in enumerate(settings.reminders)
    ]
    if settings.confirmation.enabled:
        users.append((("confirmation",), settings.confirmation.template, ("email",)))
    if settings.corrections.enabled:
        by_any = tuple(name for name in _NEEDED_TEXTS if name in _channels(settings))
        users += [(("corrections",), template, by_any) for template in CORRECTION_TEMPLATES.values()]
    for path, template, channels in users:
        if not draft.sound(path_text((*path, "template"))):
            continue
        languages = settings.templates.get(template)
        if languages is None:
            if draft.sound(path_text(("templates", template))):
                known = ", ".join(settings.templates)
                hint = nearest(template, list(settings.templates)) or f"there are {known}"
                yield _problem((*path, "template"), f"there is no such template; {hint}", template)
            continue
        language = settings.default_language
        by_tag = {next(with_bases(known)): texts for known, texts in languages.items()}
        found = [by_tag[tag] for tag in with_bases(language) if tag in by_tag]
        if not draft.sound("default_language", path_text((*path, "channels"))):
            continue
        for channel in channels:
            for name in _NEEDED_TEXTS[channel]:
                missing = ("templates", template, language, name)
                if all(getattr(texts, name) is None for texts in found) and draft.sound(path_text(missing)):
                    whose = f"{path_text(path)} needs it for {channel} in the default language"
                    yield Problem(path_text(missing), f"is missing: {whose}")


def _credits(draft: Draft) -> Iterator[Problem]:
    sms = draft.settings.sms
    if sms is None or not draft.sound("sms.credits_warn_below", "sms.check_balance"):
        return
    if sms.credits_warn_below and not sms.check_balance:
        advice = "needs the balance, which is not asked for: set check_balance = true, or this to 0"
        yield _problem(("sms", "credits_warn_below"), advice, sms.credits_warn_below)


def _login(draft: Draft) -> Iterator[Problem]:
    email = draft.settings.email
    if email is None or not draft.sound("email.username", "email.password", "email.auth", "email.oauth2"):
        return
    password = email.password.get_secret_value()
    by_token = email.auth == "oauth2"
    if by_token and email.oauth2 is None:
        advice = 'is missing: auth is "oauth2", which needs a section [email.oauth2]'
        yield Problem("email.oauth2.token_url", advice)
    if by_token and not email.username:
        yield _problem(("email", "username"), "is missing: it names the mailbox that a token opens", "")
    if not by_token:
        yield from _half_a_login("email", {"username": email.username, "password": password})
    exposed = (password or by_token) and email.security == "none" and not is_loopback(email.host)
    if exposed and draft.sound("email.security", "email.host"):
        what = "token" if by_token else "password"
        advice = f'would send the {what} readable for everybody; use "starttls" or "tls"'
        yield _problem(("email", "security"), advice, email.security)


def _proxy(draft: Draft) -> Iterator[Problem]:
    sms = draft.settings.sms
    keys = ("server", "user", "password")
    if sms is None or not draft.sound("sms.base_url", *(f"sms.proxy_{key}" for key in keys)):
        return
    password = sms.proxy_password.get_secret_value()
    yield from _half_a_login("sms", {"proxy_user": sms.proxy_user, "proxy_password": password})
    remote = sms.proxy_server and not is_loopback(sms.proxy_server)
    if remote and sms.base_url.startswith("http:"):
        advice = "would send the password readable to the proxy; use https, or no proxy"
        yield _problem(("sms", "base_url"), advice, sms.base_url)


def _half_a_login(section: str, login: Mapping[str, str]) -> Iterator[Problem]:
    if missing := [key for key, value in login.items() if not value]:
        for given in login.keys() - set(missing):
            yield Problem(
                f"{section}.{missing[0]}", f"is missing: there is a {given}, and a login needs both"
            )


def _claim_timeout(draft: Draft) -> Iterator[Problem]:
    used = [f"reminders[{number}].channels" for number in range(len(draft.settings.reminders))]
    timeouts = ("journal.claim_timeout_minutes", "sms.timeout_seconds", "email.timeout_seconds")
    if not draft.sound(*used, *timeouts, "confirmation.enabled"):
        return
    minutes = draft.settings.journal.claim_timeout_minutes
    longest = longest_delivery_seconds(draft.settings)
    if minutes * 60 < 2 * longest:
        needed = -(-2 * longest // 60)
        advice = f"must be at least {needed}: twice the longest delivery, which takes {longest} seconds"
        yield _problem(("journal", "claim_timeout_minutes"), advice, minutes)


def _retention(draft: Draft) -> Iterator[Problem]:
    days, gap = draft.settings.journal.retention_days, draft.settings.rules.hours_between_messages
    if draft.sound("journal.retention_days", "rules.hours_between_messages") and days * 24 < gap:
        needed = -(-gap // 24)
        advice = (
            f"must be at least {needed}: the journal has to remember for rules.hours_between_messages = {gap}"
        )
        yield _problem(("journal", "retention_days"), advice, days)


def _one_file(draft: Draft) -> Iterator[Problem]:
    settings = draft.settings
    if draft.sound("schedule.url", "journal.url") and same_sqlite_file(
        settings.schedule.url.get_secret_value(), settings.journal.url.get_secret_value()
    ):
        advice = (
            "names the same SQLite file as schedule.url; the schedule is only read, "
            "so the journal needs a file of its own"
        )
        yield Problem("journal.url", advice)


def e164(number: str, country_code: str) -> str | None:
    """A phone number in its international form; None where it is not a valid one."""
    import phonenumbers  # noqa: PLC0415  # 20 ms, paid only where a number stands in the configuration

    region = phonenumbers.region_code_for_country_code(int(country_code[1:]))
    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(parsed):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def _channels(settings: Settings) -> set[str]:
    used: set[str] = {channel for reminder in settings.reminders for channel in reminder.channels}
    return used | {"email"} if settings.confirmation.enabled else used


def _problem(path: KeyPath, text: str, value: object) -> Problem:
    return Problem(path_text(path), text, shown_value(path, value) if value != "" else "")
