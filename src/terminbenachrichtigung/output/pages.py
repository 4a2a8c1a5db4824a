"""The HTML pages: their templates, and the language whose words they are in."""

from collections.abc import Container
from functools import cache
from importlib.resources import files

from jinja2 import Environment, StrictUndefined, Template


@cache
def template(room: str, name: str) -> Template:
    """A template that lies beside the code of a room, such as `staff_list` and `page.html`.

    It escapes what it is given: names, numbers, branches and types are what anybody typed.
    """
    text = files(f"terminbenachrichtigung.{room}").joinpath(name).read_text(encoding="utf-8")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(text)


def known_language(language: str, known: Container[str]) -> str:
    """The language, or its base (`de` of `de-AT`), if it is known; otherwise German."""
    return next((each for each in (language, language.partition("-")[0]) if each in known), "de")
