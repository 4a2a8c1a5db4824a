"""The order of a run, and the only place that knows it: `run`, on one page; its steps stand beside it."""

from terminbenachrichtigung.pipeline.plans import Planned, judge, plan_confirmations, plan_window
from terminbenachrichtigung.pipeline.run import dry_run, run_once
from terminbenachrichtigung.pipeline.sending import Work, send
from terminbenachrichtigung.pipeline.tools import (
    Outlets,
    Tools,
    ask_journal,
    content_of,
    gap_of,
    text_lengths,
    unsent,
)

__all__ = [
    "Outlets",
    "Planned",
    "Tools",
    "Work",
    "ask_journal",
    "content_of",
    "dry_run",
    "gap_of",
    "judge",
    "plan_confirmations",
    "plan_window",
    "run_once",
    "send",
    "text_lengths",
    "unsent",
]
