"""Whether two names can be one person's."""

import pytest

from terminbenachrichtigung.contact.names import name_words, same_name


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Ida Meier", "Meier, Ida", True),
        ("Ida Meier", "Meier", True),  # the export that lost the first name
        ("Frau Dr. Ida Müller", "IDA MUELLER", True),
        ("Ida Müller", "Ida Mu\u0308ller", True),  # the same letters, composed and not
        ("René Groß", "Rene GROSS", True),
        ("Ida Meier", "Eva Meier", False),
        ("Ida Meier", "Ida Meyer", False),
        ("Meier", "Meier-Schulz", False),
        ("Meier", "", False),  # an empty name is nobody's
        ("", "", False),
        ("Frau", "Frau", False),  # no name at all
    ],
)
def test_two_names_are_one_person_s(one: str, other: str, same: bool) -> None:
    assert same_name(name_words(one), name_words(other)) is same
    assert same_name(name_words(other), name_words(one)) is same


def test_first_and_last_name_in_two_columns_are_one_name() -> None:
    assert name_words("Ida", "Meier") == name_words("Ida Meier")
