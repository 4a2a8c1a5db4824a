"""What an export writes into a cell beside the text that was meant."""

import pytest

from terminbenachrichtigung.own_schedule.letters import trouble, trouble_in_name, without_html


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # tags that begin a line, opened or closed
        *(
            (f"Ida{tag}Meier", "Ida\nMeier")
            for tag in ("<br>", "<p>", "</p>", "<div>", "<li>", "<tr>", "<ul>", "<ol>", "<table>", "<hr>")
        ),
        *((f"Ida<{tag}>Meier", "Ida\nMeier") for tag in ("h1", "h2", "h3", "h4")),
        ("Ida<BR/>Meier", "Ida\nMeier"),
        ('Ida<p class="x">Meier', "Ida\nMeier"),
        # and those that stand inside one
        ("<b>Ida</b> <span style='x'>Meier</span>", "Ida Meier"),
        ("Ida<!-- von Hand -->", "Ida"),
        ("M&uuml;ller &amp; Co", "Müller & Co"),
        ("Ida&nbsp;Meier", "Ida Meier"),
        ("Ida\xa0Meier", "Ida Meier"),
        # no HTML
        ("3 < 4 > 2", "3 < 4 > 2"),
        ("Meier & Söhne", "Meier & Söhne"),
    ],
)
def test_of_html_the_text_is_taken(text: str, expected: str) -> None:
    assert without_html(text) == expected


@pytest.mark.parametrize(
    ("text", "why", "in_a_name"),
    [
        ("Meier", "", ""),
        ("Müller-Lüdenscheidt", "", ""),
        ("Ø'Håkan Nguyễn", "", ""),
        ("M=FCller", "coded letters", None),
        ("M%C3%BCller", "coded letters", None),
        ("M\\u00fcller", "coded letters", None),
        ("M\ufffdller", "broken letters", None),
        ("M\x81ller", "broken letters", None),
        ("MÃ¼ller", "doubly encoded letters", None),
        ("M?ller", "a letter that was lost", None),
        ("Wie geht es? Gut", "", ""),
        ("M³ller", "", "a sign beside a letter that is none"),  # elsewhere it is m³
        ("M©ller", "a sign inside a word that is no letter", None),
        ("M±ller", "a sign inside a word that is no letter", None),
        ("M€ller", "a sign inside a word that is no letter", None),
        ("M†ller", "a sign inside a word that is no letter", None),
        ("O’Neill", "", ""),
        ("£ukasz", "", "a sign beside a letter that is none"),
        ("Micha³", "", "a sign beside a letter that is none"),
        ("5 £", "", ""),
    ],
)
def test_letters_that_nobody_typed(text: str, why: str, in_a_name: str | None) -> None:
    """`in_a_name`: what is said of it in a name, where that is something else."""
    assert trouble(text) == why
    assert trouble_in_name(text) == (why if in_a_name is None else in_a_name)
