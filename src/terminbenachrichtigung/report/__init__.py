"""Results → text, JSON and exit codes, with the wording of every reason. Pure: nothing is printed here."""

from terminbenachrichtigung.report.explaining import (
    Address,
    ConfirmationExplained,
    Explanation,
    ReminderExplained,
    explanation_as_json,
    explanation_as_text,
)
from terminbenachrichtigung.report.finding import Found, FoundState, Search, search_as_json, search_as_text
from terminbenachrichtigung.report.history import (
    history_as_csv,
    history_as_json,
    history_as_text,
    runs_as_csv,
    runs_as_json,
    runs_as_text,
)
from terminbenachrichtigung.report.masking import mask_address, mask_number, mask_recipient, mask_text
from terminbenachrichtigung.report.run import (
    as_json,
    as_quiet_text,
    as_text,
    exit_code,
    message_json,
    message_line,
    skipped_by_reason,
    summary,
)
from terminbenachrichtigung.report.wording import (
    OUTCOMES,
    REASONS,
    local_time,
    needs_a_person,
    stop_sentence,
)

__all__ = [
    "OUTCOMES",
    "REASONS",
    "Address",
    "ConfirmationExplained",
    "Explanation",
    "Found",
    "FoundState",
    "ReminderExplained",
    "Search",
    "as_json",
    "as_quiet_text",
    "as_text",
    "exit_code",
    "explanation_as_json",
    "explanation_as_text",
    "history_as_csv",
    "history_as_json",
    "history_as_text",
    "local_time",
    "mask_address",
    "mask_number",
    "mask_recipient",
    "mask_text",
    "message_json",
    "message_line",
    "needs_a_person",
    "runs_as_csv",
    "runs_as_json",
    "runs_as_text",
    "search_as_json",
    "search_as_text",
    "skipped_by_reason",
    "stop_sentence",
    "summary",
]
