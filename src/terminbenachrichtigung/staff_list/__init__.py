"""Whom a person must call or write, and why: each customer once, soonest first (contract, section 2)."""

from terminbenachrichtigung.staff_list.changes import cancelled_cases, moved_cases
from terminbenachrichtigung.staff_list.entries import (
    Got,
    Matter,
    StaffCase,
    StaffEntry,
    StaffReason,
    journal_cases,
    staff_list,
    tick,
)
from terminbenachrichtigung.staff_list.listing import WORDING, as_json, as_text
from terminbenachrichtigung.staff_list.page import as_html, as_mail, of_branch

__all__ = [
    "WORDING",
    "Got",
    "Matter",
    "StaffCase",
    "StaffEntry",
    "StaffReason",
    "as_html",
    "as_json",
    "as_mail",
    "as_text",
    "cancelled_cases",
    "journal_cases",
    "moved_cases",
    "of_branch",
    "staff_list",
    "tick",
]
