"""What a customer answered to an SMS (AMPAREX: RückSMS)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer, as a gateway hands it out; fetched twice it is the same by its id."""

    reply_id: str  # the gateway's own
    sender: str  # E.164
    text: str  # word for word; for those who ask, never for a log
    received_at: datetime
    job_id: str = ""  # of the SMS that it answers, where the gateway says so


class Answer(StrEnum):
    """What an answer was understood as."""

    YES = "yes"
    NO = "no"
    STOP = "stop"
    OTHER = "other"  # a person reads it
