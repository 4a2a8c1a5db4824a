"""Whether two names can be one person's."""

import pytest

from terminbenachrichtigung.contact.names import name_words, same_name, without_notes


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
        ("NULL", "NULL", False),  # what stands where a name is missing: everybody has it
        ("NaT", "NaT", False),
        ("\\N", "\\N", False),
        ("#BEZUG!", "#BEZUG!", False),
        ("n/a", "n/a", False),
        ("-", "-", False),
        ("???", "???", False),
        ("Null", "Null", True),  # a surname
        ("Ida & Otto Meier", "Ida Otto Meier", True),
    ],
)
def test_two_names_are_one_person_s(one: str, other: str, same: bool) -> None:
    assert same_name(name_words(one), name_words(other)) is same
    assert same_name(name_words(other), name_words(one)) is same


@pytest.mark.parametrize(
    "word", ["Frau", "Herr", "Herrn", "Fr.", "Hr.", "Mr", "Mrs.", "Ms", "Dr.", "Dr. med.", "Prof. Dr."]
)
def test_a_salutation_or_a_title_is_no_part_of_a_name(word: str) -> None:
    assert name_words(f"{word} Ida Meier") == {"ida", "meier"}
    assert name_words(word) == frozenset()


@pytest.mark.parametrize(
    ("letters", "plain"),
    [
        ("äöü", "aeoeue"),
        ("ß", "ss"),
        ("øæå", "oeaeaa"),
        ("ÄÖÜ", "aeoeue"),
        ("łŁ", "ll"),
        ("éčñ", "ecn"),
        ("ő", "o"),
    ],
)
def test_letters_are_compared_without_their_signs(letters: str, plain: str) -> None:
    assert name_words(f"X{letters}") == {f"x{plain}"}


def test_a_column_that_only_says_that_there_is_nothing_is_no_part_of_a_name() -> None:
    assert name_words("NULL", "Meier") == name_words("-", "Meier") == {"meier"}


def test_first_and_last_name_in_two_columns_are_one_name() -> None:
    assert name_words("Ida", "Meier") == name_words("Ida Meier")


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Ida Meier (Allergie!)", "Ida Meier"),
        ("Meier [neu], Ida", "Meier, Ida"),
        ("Meier (4711), Ida", "Meier, Ida"),
        ("Meier Ida (0171 5555009", "Meier Ida"),  # cut by its column
        ("Meier, Ida, 01.02.1980", "Meier, Ida"),
        ("Meier, Ida (*01.02.1980)", "Meier, Ida"),
        ("Ida Meier *1980", "Ida Meier"),
        ("Ida Meier geb. am 1.2.80", "Ida Meier"),
        ("Ida Meier, geb. 01/02/1980", "Ida Meier"),
        ("(Allergie)", ""),
        # names
        ("Ida Meier geb. Lang", "Ida Meier geb. Lang"),
        ("Meier 12345", "Meier 12345"),
        ("Meier  Lang", "Meier  Lang"),
        ("von der Tann", "von der Tann"),
    ],
)
def test_what_is_noted_beside_a_name_is_no_part_of_it(typed: str, name: str) -> None:
    assert without_notes(typed) == name
