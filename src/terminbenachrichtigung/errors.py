"""Errors that a user can cause, each with the exit code the contract gives it."""


class TerminbenachrichtigungError(Exception):
    """Base of all errors that end a command with a sentence instead of a traceback."""

    exit_code = 3


class ConfigError(TerminbenachrichtigungError):
    """The configuration or the command line is wrong; nothing was opened or sent."""

    exit_code = 2


class ScheduleError(TerminbenachrichtigungError):
    """The schedule is out of reach, or is not what the contract's section 5 asks for."""


class JournalError(TerminbenachrichtigungError):
    """The journal is missing, out of reach, full, read-only, or of another version."""


class ClaimGoneError(JournalError):
    """A claim of the run at hand is not in the journal any more: it is not the journal that it was."""


class JournalMissingError(JournalError):
    """There is no journal yet; `journal init` makes one. A dry run takes it as empty."""


class DeliveryError(TerminbenachrichtigungError):
    """A gateway or mail server did not answer as it should when it was tried."""


class MessageError(TerminbenachrichtigungError):
    """A template could not be rendered for these appointments."""
