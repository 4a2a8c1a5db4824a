"""What an export writes into a cell beside the text that was meant."""

import pytest

from terminbenachrichtigung.errors import ConfigError
from terminbenachrichtigung.own_schedule.letters import (
    BROKEN,
    decoded,
    trouble,
    trouble_in_name,
    wide_encoding,
    without_html,
)


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


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("Müller".encode(), "Müller"),
        ("Müller".encode("utf-8-sig"), "Müller"),
        ("Müller".encode("utf-16"), "Müller"),
        ("Müller".encode("utf-32"), "Müller"),
        ("Müller".encode("utf-16") + b"x", f"Müller{BROKEN}"),  # half of a letter
        (b"\xfe\xff" + "Müller".encode("utf-16-be"), "Müller"),
        ("Termin Müller".encode("utf-16-le"), "Termin Müller"),  # without a mark
        ("Termin Müller".encode("utf-16-be"), "Termin Müller"),
        ("Müller".encode("cp1252"), "Müller"),
        ("Ida – 5 €".encode("cp1252"), "Ida – 5 €"),
        (b"Ida\x1a", "Ida"),  # as DOS ends a file
        (b"", ""),
        # a stray byte in UTF-8 is one broken sign; of as many of both kinds it is UTF-8 still
        ("Müller Schröder ".encode() + b"\xfc", f"Müller Schröder {BROKEN}"),
        ("Müller ".encode() + b"\xfc", f"Müller {BROKEN}"),
        ("Müller ".encode() + b"\xfc\xfc", "MÃ¼ller üü"),  # else Windows-1252, refused by its letters
        # other code pages: what is no plain sign is broken, and no other letter
        ("Müller".encode("cp850"), f"M{BROKEN}ller"),
        ("Müller".encode("mac_roman"), f"M{BROKEN}ller"),
        ("Weiß".encode("cp850"), f"Wei{BROKEN}"),
        (b"Ida\x81", f"Ida{BROKEN}"),  # no sign of Windows-1252
        # letters that Windows-1252 has too, but not without umlauts
        ("Šimek".encode("cp1252"), f"{BROKEN}imek"),
        ("Šimek und Müller".encode("cp1252"), "Šimek und Müller"),
        (b"Ida" * 100 + b"\0", "Ida" * 100 + BROKEN),  # one that strayed into a text
    ],
)
def test_the_bytes_of_a_file_are_the_letters_that_were_typed(content: bytes, text: str) -> None:
    assert decoded(content) == text


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"PK\x03\x04", "a workbook"),
        (b"Ida\0", "the file is no text"),
        (b"x" * 99 + b"\0", None),
        (b"x" * 98 + b"\0", "the file is no text"),
    ],
)
def test_what_is_no_text_is_refused(content: bytes, words: str | None) -> None:
    if words:
        with pytest.raises(ConfigError, match=words):
            decoded(content)
    else:
        assert decoded(content).endswith(BROKEN)


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (b"\xff\xfe\0\0", "utf-32"),
        (b"\0\0\xfe\xff", "utf-32"),
        (b"\xff\xfea\0", "utf-16"),
        (b"\xfe\xff\0a", "utf-16"),
        (b"a\0b\0c\0d\0", "utf-16-le"),
        (b"\0a\0b\0c\0d", "utf-16-be"),
        (b"a\0b\0c\0", ""),  # too short to tell
        # no zeros at every other place alone
        (b"\0" * 8, ""),
        (b"a\0b\0c\0\0\0", ""),
        (b"\0a\0b\0c\0\0", ""),
        # nor more than a few
        (b"a\0b\0cdef", ""),
        (b"\0a\0bcdef", ""),
        (b"a\0bbb\0cc", ""),
        (b"abcdefgh", ""),
    ],
)
def test_encodings_whose_lines_no_byte_ends(content: bytes, encoding: str) -> None:
    assert wide_encoding(content) == encoding
