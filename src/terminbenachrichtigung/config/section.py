"""What all sections of the configuration have in common."""

from pydantic import BaseModel, ConfigDict

PASSWORD_FILE = "File that holds the password instead"  # noqa: S105  # a description
URL_FILE = "File that holds the URL instead"


class Section(BaseModel):
    """Base of all sections: frozen, and unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
