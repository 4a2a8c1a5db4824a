"""Why somebody is on the staff list."""

from enum import StrEnum


class StaffReason(StrEnum):
    """Why a person must do it, the most urgent first: `unknown` may have reached the customer after all.

    The words are those of `Reason` and `MessageOutcome`, so `StaffReason(skip.reason)` is the way here; and
    those for customers who were told what holds no more, or to whom it may not have come.
    """

    WANTS_TO_CANCEL = "wants_to_cancel"
    MISSED = "missed"
    CANCELLED = "cancelled"
    MOVED = "moved"
    REINSTATED = "reinstated"
    REPLY = "reply"
    NUMBER_CHANGED = "number_changed"
    IMPORT = "import"
    FAILED = "failed"
    NO_CONTACT = "no_contact"
    MANUAL_CONTACT = "manual_contact"
    UNKNOWN = "unknown"
    BAD_ROW = "bad_row"


WORDING = {
    StaffReason.WANTS_TO_CANCEL: "the customer answered that they will not come",
    StaffReason.MISSED: "nobody told the customer in time",
    StaffReason.CANCELLED: "the customer was told of an appointment that is theirs no more",
    StaffReason.MOVED: "the customer was told another time, and no run will tell the new one",
    StaffReason.REINSTATED: "the customer was told that it is off; it stands again, and no run will say so",
    StaffReason.REPLY: "somebody answered an SMS, and a person must read it",
    StaffReason.NUMBER_CHANGED: "the customer was told at a number or address that was corrected since",
    StaffReason.IMPORT: "an import could not read the line of the appointment",
    StaffReason.FAILED: "every channel refused the message",
    StaffReason.NO_CONTACT: "there is no number or address that can be used",
    StaffReason.MANUAL_CONTACT: "the customer wants a letter or a call",
    StaffReason.UNKNOWN: "the message may or may not have arrived",
    StaffReason.BAD_ROW: "no run can read the row, so nobody is told of it",
}
