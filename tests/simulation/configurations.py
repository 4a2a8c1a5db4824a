"""The practices that are simulated: a seed takes one of them after the other."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from terminbenachrichtigung.config.settings import Settings

_ENTRIES = (
    "{% for a in appointments %}{{ a.date_short }} {{ a.time }} in der {{ a.branch.name }}"
    "{{ ', ' if not loop.last }}{% endfor %}"
)
SMS_TEMPLATE = "{{ customer.last_name }}: " + _ENTRIES
"""`oracle.text_about` says the same without Jinja."""
_TOLD = "{{ told.date_short }} {{ told.time }}"
_CORRECTIONS = {
    "terminabsage": "{{ customer.last_name }}: " + _TOLD + " entfällt",
    "terminverschiebung": "{{ customer.last_name }}: statt " + _TOLD + " nun " + _ENTRIES,
}
LONG_CLOSING = ". " + "Bitte sagen Sie uns so bald wie möglich, wenn Sie nicht kommen. " * 2
"""With it, one appointment already takes an SMS of two parts."""


@dataclass(frozen=True)
class Configuration:
    """One practice, and when its simulation begins, by its own clock."""

    name: str
    begins: str
    timezone: str = "Europe/Berlin"
    rules: dict[str, Any] = field(default_factory=dict)
    reminders: tuple[tuple[str, int | tuple[int, str], tuple[str, ...]], ...] = (
        ("Terminerinnerung", 24, ("sms", "email")),
    )
    """Each with its hours before, or its days before and the time of day; and its channels."""
    safety: dict[str, Any] = field(default_factory=dict)
    sms: dict[str, Any] = field(default_factory=dict)
    journal: dict[str, Any] = field(default_factory=dict)
    without: tuple[str, ...] = ()  # channels
    has_created_at: bool = True
    local_text: bool = True
    adopt: bool = False
    ticks: bool = False
    """Whether staff call those who are on their list, and tick them off."""
    renames: bool = False
    """Whether the first reminder gets another name at half-time."""
    confirms: bool = False
    corrects: bool = False
    credits: int = 1_000_000
    """SMS credits with which it begins, and which it buys when they are used up."""
    closing: str = ""
    """What every text ends with."""
    few_allowed: bool = False
    """Whether `only_recipients` names a few."""

    def settings(self, folder: Path) -> Settings:
        """The configuration as the loader would make it."""
        text = SMS_TEMPLATE + self.closing
        sections: dict[str, Any] = {
            "sms": {"serial": "1", "password": "x", "sender": "Optik", "concurrency": 1} | self.sms,
            "email": {
                "host": "mail.example.org",
                "sender": "termine@example.org",
                "concurrency": 1,
                "calendar_attachment": False,
            },
        }
        return Settings.model_validate(
            {
                "timezone": self.timezone,
                "schedule": {"url": f"sqlite:///{folder / 'schedule.db'}", "midnight_starts": True},
                "journal": {"url": f"sqlite:///{folder / 'journal.db'}"} | self.journal,
                "rules": self.rules,
                "safety": self.safety,
                "corrections": {"enabled": self.corrects},
                "confirmation": {"enabled": self.confirms, "template": "t"},
                "reminders": tuple(
                    {"name": name, "channels": channels, "template": "t"} | _lead(lead)
                    for name, lead, channels in self.reminders
                ),
                "templates": {
                    name: {"de": {"sms": each, "email_subject": "Termin", "email_body": each}}
                    for name, each in (("t", text), *_CORRECTIONS.items())
                },
                **{name: section for name, section in sections.items() if name not in self.without},
            }
        )

    def start(self) -> datetime:
        """The first moment."""
        return datetime.fromisoformat(self.begins)


def _lead(lead: int | tuple[int, str]) -> dict[str, object]:
    if isinstance(lead, int):
        return {"hours_before": lead}
    days, at = lead
    return {"days_before": days, "at": at}


_BOTH = ("sms", "email")
_THREE = (("Drei Tage", 72, ("email",)), ("Ein Tag", 24, _BOTH), ("Zwei Stunden", 2, ("sms",)))

CONFIGURATIONS = (
    Configuration("the defaults", "2026-11-16 06:00", confirms=True, closing=LONG_CLOSING),
    Configuration(
        "three reminders, also on the day itself",
        "2026-11-30 06:00",
        credits=40,
        reminders=_THREE,
        rules={"same_day": True},
    ),
    Configuration(
        "two reminders, fallback after unknown",
        "2027-02-01 06:00",
        reminders=_THREE[:2],
        rules={"on_unknown": "fallback", "hours_between_messages": 20},
    ),
    Configuration(
        "Christmas and New Year in Hamburg",
        "2026-12-19 06:00",
        rules={
            "quiet_days": ["saturday", "sunday"],
            "quiet_dates": ["2026-12-24", "2026-12-31"],
            "quiet_holidays": "DE-HH",
        },
    ),
    Configuration(
        "no booking times", "2026-11-16 06:00", has_created_at=False, rules={"quiet_days": ["sunday"]}
    ),
    Configuration(
        "no booking times, two reminders, on the day itself",
        "2027-05-10 06:00",
        has_created_at=False,
        reminders=(_THREE[1], _THREE[2]),
        rules={"same_day": True, "pre_quiet_minutes": 0},
    ),
    Configuration(
        "consent, and time after booking",
        "2027-01-11 06:00",
        confirms=True,
        rules={"require_consent": True, "hours_after_booking": 6},
    ),
    Configuration(
        "summer time begins, no quiet hours",
        "2027-03-22 06:00",
        rules={"quiet_hours": False},
        local_text=False,
    ),
    Configuration("summer time ends, two reminders", "2026-10-19 06:00", reminders=_THREE[:2]),
    Configuration(
        "29 February, long gap, nothing before quiet",
        "2028-02-21 06:00",
        rules={"pre_quiet_minutes": 0, "hours_between_messages": 48},
    ),
    Configuration(
        "New York in autumn",
        "2026-10-26 06:00",
        timezone="America/New_York",
        rules={"quiet_holidays": "US-NY"},
    ),
    Configuration(
        "half an hour of summer time",
        "2027-03-29 06:00",
        timezone="Australia/Lord_Howe",
        rules={"quiet_start": "21:30", "quiet_end": "06:45"},
        reminders=_THREE,
    ),
    Configuration(
        "midnight does not exist",
        "2027-04-24 06:00",
        timezone="Africa/Cairo",
        rules={"quiet_start": "01:00", "quiet_end": "05:00", "quiet_days": ["friday"], "same_day": True},
        local_text=False,
    ),
    Configuration(
        "branches, e-mail alone, a gap of one hour",
        "2026-11-16 06:00",
        reminders=(("Mail", 36, ("email",)),),
        without=("sms",),
        rules={"include_branches": ["hh*"], "exclude_branches": ["HH2"], "hours_between_messages": 1},
    ),
    Configuration(
        "one part of an SMS is enough",
        "2027-06-07 06:00",
        sms={"max_parts": 1, "concurrency": 3},
        rules={"hours_between_messages": 99, "on_unknown": "fallback"},
        reminders=(("Zwei Tage", 48, _BOTH),),
    ),
    Configuration(
        "the evening before at six, and a week ahead",
        "2026-12-10 06:00",
        reminders=(("Eine Woche", (7, "09:30"), ("email",)), ("Am Abend davor", (1, "18:00"), _BOTH)),
        rules={"quiet_days": ["sunday"], "quiet_dates": ["2026-12-24"]},
    ),
    Configuration(
        "hours and days change places, summer time begins",
        "2027-03-22 06:00",
        reminders=(("Ein Tag", 24, ("sms",)), ("Am Abend davor", (1, "17:15"), ("email", "sms"))),
        rules={"quiet_days": ["saturday", "sunday"], "hours_between_messages": 3},
    ),
    Configuration("a trial with few recipients", "2026-11-16 06:00", few_allowed=True),
    Configuration(
        "a brake, and SMS from a later day on",
        "2026-11-16 06:00",
        safety={"max_messages_per_run": 9},
        sms={"active_from": "2026-11-20"},
        adopt=True,
    ),
    Configuration(
        "a short memory",
        "2026-11-16 06:00",
        journal={"retention_days": 2},
        reminders=(("Vier Tage", 96, _BOTH), ("Ein Tag", 24, _BOTH)),
        sms={"concurrency": 2},
    ),
    Configuration("corrections", "2026-11-16 06:00", corrects=True),
    Configuration(
        "corrections of reminders and confirmations, fallback after unknown",
        "2026-11-23 06:00",
        corrects=True,
        confirms=True,
        reminders=_THREE[:2],
        rules={"on_unknown": "fallback", "quiet_days": ["sunday"]},
    ),
    Configuration(
        "corrections on the day itself, no booking times, nothing before quiet",
        "2027-03-22 06:00",
        corrects=True,
        has_created_at=False,
        reminders=_THREE,
        rules={"same_day": True, "pre_quiet_minutes": 0},
    ),
    Configuration(
        "a reminder gets another name", "2026-11-16 06:00", reminders=_THREE[:2], confirms=True, renames=True
    ),
    Configuration(
        "no booking times, on the day itself, the only reminder gets another name",
        "2026-12-07 06:00",
        has_created_at=False,
        rules={"same_day": True, "hours_between_messages": 6},
        renames=True,
    ),
    Configuration("staff call, and tick off", "2026-11-16 06:00", reminders=_THREE[:2], ticks=True),
)
