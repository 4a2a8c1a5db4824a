"""The configuration: frozen settings, their loading, and every problem in one message."""

from terminbenachrichtigung.config.settings import (
    Branch,
    Confirmation,
    EmailSettings,
    JournalSettings,
    Reminder,
    Rules,
    Safety,
    ScheduleSettings,
    Settings,
    SmsSettings,
    TemplateTexts,
)

__all__ = [
    "Branch",
    "Confirmation",
    "EmailSettings",
    "JournalSettings",
    "Reminder",
    "Rules",
    "Safety",
    "ScheduleSettings",
    "Settings",
    "SmsSettings",
    "TemplateTexts",
]
