"""What the words of an answer are understood as (contract, section 9)."""

import unicodedata

import pytest

from terminbenachrichtigung.model.reply import Answer
from terminbenachrichtigung.rules.replies import understood


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # every word of the contract, and no case, space or punctuation
        *((word, Answer.YES) for word in ("ja", "JA!", " ok. ", "Okay", "bestätigt", "Yes", "oui", "1")),
        *((word, Answer.NO) for word in ("nein", "Absage", "absagen!!", "Storno", "stornieren")),
        *((word, Answer.NO) for word in ("no", "Non.", "cancel", "2")),
        *((word, Answer.STOP) for word in ("STOP", "stopp", "Abmelden", "unsubscribe", "arrêt")),
        (unicodedata.normalize("NFD", "bestätigt"), Answer.YES),  # as some telephones write an umlaut
        (unicodedata.normalize("NFD", "Arrêt"), Answer.STOP),
        ('"Ja"', Answer.YES),
        ("Ja 👍", Answer.YES),
        ("ja\nok", Answer.YES),
        ("Ja, danke", Answer.YES),
        ("Nein danke", Answer.NO),
        ("Bitte absagen", Answer.NO),
        ("STOP STOP", Answer.STOP),
        # a person reads these
        ("", Answer.OTHER),
        ("👍", Answer.OTHER),
        ("danke", Answer.OTHER),
        ("Ja, aber bitte eine Stunde später", Answer.OTHER),
        ("ja nein", Answer.OTHER),
        ("ok stop", Answer.OTHER),
        ("jaja", Answer.OTHER),  # whole words
        ("Janein", Answer.OTHER),
        ("Nordbahnhof", Answer.OTHER),
        ("12", Answer.OTHER),
        ("1 2", Answer.OTHER),
        ("Wer ist das?", Answer.OTHER),
        ("nein das passt", Answer.OTHER),
    ],
)
def test_an_answer_is_understood_only_where_nothing_else_stands_in_it(text: str, expected: Answer) -> None:
    assert understood(text) is expected
