"""What all sections of the configuration have in common."""

from collections.abc import Callable
from typing import Any

from pydantic import BaseModel, ConfigDict

PASSWORD_FILE = "File that holds the password instead"  # noqa: S105  # a description
URL_FILE = "File that holds the URL instead"


class Section(BaseModel):
    """Base of all sections: frozen, and unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, defer_build=True)


def or_its_file(key: str) -> Callable[[dict[str, Any]], None]:
    """For the JSON Schema: a secret is needed, or the file that holds it."""

    def change(schema: dict[str, Any]) -> None:
        schema["required"].remove(key)
        schema["anyOf"] = [{"required": [key]}, {"required": [f"{key}_file"]}]

    return change
