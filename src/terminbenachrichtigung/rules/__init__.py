"""Whom a run notifies, and why it leaves all others alone (contract, section 2).

Pure functions of the appointments, the settings, what the journal knows, and `now`:

    verdicts: every rule, in order    ->  contact, missed, gap: the three that need more than a line
    planning: all pairs of appointment and reminder  ->  bundles: one message per customer
"""

from terminbenachrichtigung.rules.contact import Parts
from terminbenachrichtigung.rules.planning import Judgement, judge, plan
from terminbenachrichtigung.rules.verdicts import Verdict

__all__ = ["Judgement", "Parts", "Verdict", "judge", "plan"]
