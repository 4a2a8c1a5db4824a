"""Text from outside (schedule, gateway, files), made safe for one line, a header or a terminal.

This is the one place for it: what is printed, logged or sent goes through one of these two functions.
"""

import re
import unicodedata

# Signs that show nothing. Marks of direction (U+202A-E, U+2066-9) also turn the text around them, so
# that a name could rewrite the time that stands behind it. The joiners U+200C and U+200D and the
# variation selectors stay: Persian names and emoji need them. Half a surrogate pair cannot be sent.
_UNSEEN = re.compile(
    "[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_UNSEEN_MARKS = frozenset({"\u034f", *map(chr, range(0xFE00, 0xFE10))})  # joiner of marks, selectors
_GAPS = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")
_PRINTED = {"Cc": " ", "Zl": " ", "Zp": " ", "Cf": "", "Cs": "\ufffd", "Co": "\ufffd", "Cn": "\ufffd"}
"""Unicode category → what is printed instead of such a sign."""


def one_line(value: str) -> str:
    """Return the value as a customer may read it: no line breaks, control characters or unseen signs.

    Line breaks, control characters and every other kind of white space become one space each run.
    """
    if value.isprintable() and "  " not in value and value == value.strip():
        return value
    return _GAPS.sub(" ", _UNSEEN.sub("", value)).strip()


def compared(word: str) -> str:
    """A word as it is compared: without case and unseen signs, in whatever form its letters came."""
    if word.isascii() and word.isprintable():
        return word.strip().casefold()
    seen = "".join(c for c in word if unicodedata.category(c) != "Cf" and c not in _UNSEEN_MARKS)
    return one_line(unicodedata.normalize("NFKC", seen)).casefold()


def printable(text: str) -> str:
    """Return the text on one line that a terminal only shows, and never obeys.

    Line breaks, tabs and other control characters (among them the escape that starts a terminal's commands)
    become blanks. Invisible format characters go, because the bidirectional ones among them rearrange what
    stands beside them. What no stream can write or no font can show becomes U+FFFD.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_PRINTED.get(unicodedata.category(c), c) for c in unicodedata.normalize("NFC", text))


def printable_lines(text: str) -> str:
    """Make a text of several lines safe for a terminal or a log.

    Every line but the first begins with a blank, so that none of them can pass for an entry of its own.
    """
    first, *others = map(printable, text.splitlines() or [""])
    indent = "" if all(line.startswith(" ") for line in others) else "  "
    return "\n".join([first, *(indent + line for line in others)])
