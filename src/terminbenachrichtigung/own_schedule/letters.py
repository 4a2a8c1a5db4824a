"""Bytes of a file → its text, and whether its letters are those that were typed.

UTF-8, UTF-16 and Windows-1252 are read. In any other encoding a customer would read a garbled name, so lines
whose letters do not look right are refused.
"""

import html
import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

from terminbenachrichtigung.errors import ConfigError

BROKEN = "\ufffd"

_TEXT_PER_NUL = 100  # signs; what has more is a program's own file
_UTF8_SEQUENCE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_HIGH = re.compile(rb"[\x80-\xff]")
# ä ö ü ß Ä Ö Ü in Windows-1252; in CP850 and Mac Roman the umlauts are bytes below 0xA0.
_GERMAN = re.compile(rb"[\xe4\xf6\xfc\xdf\xc4\xd6\xdc]")
_OTHER_CODE_PAGE = re.compile(
    rb"[\x81\x8d\x8f\x90\x9d]"  # no sign of Windows-1252
    rb"|(?<=[A-Za-z])[\x80\x82-\x87\x89\x8b\x93-\x95\x98\x99\x9b\xa1-\xac\xae-\xb3\xb5-\xb9\xbc-\xbf](?=[A-Za-z])"
    rb"|(?<=[aAoOEe][iIuU])\xe1|(?<=[aAoO])\xe1(?=e)|(?<=[aAoO])\xe1(?![A-Za-z])"  # the sharp s of CP850
)
_LETTERS_OF_OTHERS = re.compile(rb"(?<=[A-Za-z])[\x8a\x8e\x9a\x9e\x9f]|[\x8a\x8e\x9a\x9e\x9f](?=[a-z])")

_ESCAPED = re.compile(r"=[0-9A-F]{2}(?:=[0-9A-F]{2}|[a-z])|%C3%|\\u00[0-9a-fA-F]{2}")
_BROKEN = re.compile(f"[{BROKEN}\x80-\x9f]")
_FOREIGN = re.compile(r"[^\x00-\x7f]{2,}")
_LETTER = r"[^\W\d_]"
_LOST = re.compile(rf"{_LETTER}\?{_LETTER}")
_INSIDE = re.compile(rf"(?<={_LETTER})((?!{_LETTER})[^\x00-\x7f])(?={_LETTER})")
# Polish and Czech letters of Windows-1250, read as Windows-1252: £ukasz, Mi³osz.
_BESIDE_A_LETTER = re.compile(rf"[£¥¢¤¬¯±²³¶¹¼½¾¿¦©®](?={_LETTER})|(?<={_LETTER})[£¥¢¤¬¯±²³¶¹¼½¾¿¦©®]")
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)\b[^<>]*>|<!--.*?-->", re.S)
_LINE_TAGS = frozenset({"br", "p", "div", "li", "tr", "ul", "ol", "table", "h1", "h2", "h3", "h4", "hr"})


def decoded(content: bytes) -> str:
    """The text of a file; a byte that is no letter of its encoding becomes U+FFFD.

    Raises ConfigError if it is no text.
    """
    text = _decoded(content).rstrip("\x1a")  # DOS programs end a file with it
    if content.startswith(b"PK\x03\x04"):
        raise ConfigError("the file is a workbook (.xlsx, .ods): save it as CSV")
    if text.count("\0") * _TEXT_PER_NUL > len(text):
        raise ConfigError("the file is no text: neither CSV nor iCalendar")
    return text.replace("\0", BROKEN)


def wide_encoding(content: bytes) -> str:
    """UTF-16 or UTF-32, whose bytes cannot be split into lines; empty for other encodings."""
    if content.startswith((b"\xff\xfe\0\0", b"\0\0\xfe\xff")):
        return "utf-32"
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    start = content[:400]
    if len(start) >= 8:  # no byte order mark: in UTF-16 every other byte is zero
        if start[1::2].count(0) > len(start) // 4 and not start[0::2].count(0):
            return "utf-16-le"
        if start[0::2].count(0) > len(start) // 4 and not start[1::2].count(0):
            return "utf-16-be"
    return ""


def _decoded(content: bytes) -> str:
    if wide := wide_encoding(content):
        return content.decode(wide, errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    stray, sequences = _UTF8_SEQUENCE.subn(b"", content)
    if sequences and sequences >= len(_HIGH.findall(stray)):
        return content.decode("utf-8-sig", errors="replace")
    foreign = _OTHER_CODE_PAGE.search(content) or (
        _LETTERS_OF_OTHERS.search(content) and not _GERMAN.search(content)
    )
    return content.decode("ascii" if foreign else "cp1252", errors="replace")


@lru_cache(maxsize=10_000)
def trouble(text: str) -> str:
    """What is wrong with the letters of a text; empty if nothing is."""
    if text.isalpha() and text.isascii():
        return ""
    if _ESCAPED.search(text):
        return "coded letters"
    if _BROKEN.search(text):
        return "broken letters"
    if any(_was_utf8(pair) for pair in _foreign_pairs(text)):
        return "doubly encoded letters"
    if _LOST.search(text):
        return "a letter that was lost"
    return "a sign inside a word that is no letter" if any(map(_is_symbol, _INSIDE.findall(text))) else ""


def trouble_in_name(text: str) -> str:
    """The same for a name; signs such as £ or ³ beside a letter are wrong there too."""
    if why := trouble(text):
        return why
    return "a sign beside a letter that is none" if _BESIDE_A_LETTER.search(text) else ""


def _foreign_pairs(text: str) -> Iterator[str]:
    return (a + b for run in _FOREIGN.findall(text) for a, b in pairwise(run))


def _was_utf8(pair: str) -> bool:
    for encoding in ("cp1252", "latin-1", "cp850", "mac_roman"):
        try:
            pair.encode(encoding).decode()
        except UnicodeError:
            continue
        return True
    return False


def _is_symbol(sign: str) -> bool:
    return unicodedata.category(sign) in ("So", "Sm", "Sc", "No") or sign in "„“”†‡‰§¶¿¡¨"


def without_html(text: str) -> str:
    """The text that a browser shows for HTML, with its line breaks; other text stays as it is."""
    if "<" in text:
        text = _TAG.sub(lambda tag: "\n" if (tag[2] or "").lower() in _LINE_TAGS else "", text)
    if "&" in text:
        text = html.unescape(text)
    return text.replace("\xa0", " ")
