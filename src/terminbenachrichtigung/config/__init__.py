"""The configuration: frozen settings, their loading, and every problem in one message."""

from terminbenachrichtigung.config.checks import longest_delivery_seconds
from terminbenachrichtigung.config.fields import is_loopback
from terminbenachrichtigung.config.files import find_config, shipped_templates, starter
from terminbenachrichtigung.config.loading import Check, Loaded, load
from terminbenachrichtigung.config.problems import ConfigProblems, Problem
from terminbenachrichtigung.config.settings import (
    Branch,
    Confirmation,
    EmailSettings,
    JournalSettings,
    MonitoringSettings,
    Reminder,
    Rules,
    Safety,
    ScheduleSettings,
    Settings,
    SmsSettings,
    StaffListSettings,
    TemplateTexts,
)
from terminbenachrichtigung.config.showing import json_schema, show

__all__ = [
    "Branch",
    "Check",
    "ConfigProblems",
    "Confirmation",
    "EmailSettings",
    "JournalSettings",
    "Loaded",
    "MonitoringSettings",
    "Problem",
    "Reminder",
    "Rules",
    "Safety",
    "ScheduleSettings",
    "Settings",
    "SmsSettings",
    "StaffListSettings",
    "TemplateTexts",
    "find_config",
    "is_loopback",
    "json_schema",
    "load",
    "longest_delivery_seconds",
    "shipped_templates",
    "show",
    "starter",
]
