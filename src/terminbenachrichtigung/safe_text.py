"""Values from the schedule are data: one line of printable text, whatever was typed or pasted."""

import re

# Signs that show nothing. Marks of direction (U+202A-E, U+2066-9) also turn the text around them, so
# that a name could rewrite the time that stands behind it. The joiners U+200C and U+200D and the
# variation selectors stay: Persian names and emoji need them. Half a surrogate pair cannot be sent.
_UNSEEN = re.compile(
    "[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_GAPS = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")


def one_line(value: str) -> str:
    """Return the value without line breaks, control characters and signs that show nothing.

    Line breaks, control characters and every other kind of white space become one space each run.
    """
    if value.isprintable() and "  " not in value and value == value.strip():
        return value
    return _GAPS.sub(" ", _UNSEEN.sub("", value)).strip()
