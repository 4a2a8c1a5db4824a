"""Claims, sends and settles planned messages, one by one, soonest first: where the promises meet.

    backlog: what is planned and not claimed yet  ->  deliveries: from a claim to its settling

For each message the order is fixed: rows at most 30 seconds old, claim, commit, fresh clock, send,
settle, commit.
"""

from terminbenachrichtigung.dispatch.deliveries import Crew, Dispatch
from terminbenachrichtigung.dispatch.stages import Dispatched, Held, Limits, Stages

__all__ = ["Crew", "Dispatch", "Dispatched", "Held", "Limits", "Stages"]
