"""Whom a run notifies, and why it does not notify the others (contract, section 2).

Pure functions of the appointments, the settings, what the journal knows, and `now`:

    verdicts: every rule, in order    ->  contact, told, missed, gap: those that need many lines
    planning: all pairs of appointment and reminder  ->  bundles: one message per customer

Beside the reminders: `confirming`, which bookings are confirmed; `corrections`, who is told of changes.
Beside the runs: `by_hand`, what a person may send all the same; `forecast`, what the next runs would do.
"""
